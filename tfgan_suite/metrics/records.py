"""A number with its protocol: what was measured, on what, how; and what a perfect generator would get."""

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import typeguard

from tfgan_suite.arguments import checked_types
from tfgan_suite.errors import InputError
from tfgan_suite.files import write_whole

# How real pictures were read, where that made a difference; a record that does not say so was measured on pictures
# that needed no conversion, or were converted as here.
READING: dict[str, Any] = {"fit": "stretch", "background": "dropped", "levels": None}


@dataclass(frozen=True)
class MetricRecord:
    """One result.

    Attributes:
        metric: its name, such as `frechet_distance`.
        value: the number.
        uncertainty: standard error, or standard deviation over subsets, as `protocol` says; None where none is known.
        floor: the same number with real images in the place of the generated ones; None where that means nothing.
        protocol: everything that another number must share to be compared with this one; JSON types.
        subject: what was measured: where it lies, what it says of itself.
        details: parts of the value, such as one number a class.
        warnings: what makes the number doubtful.
        versions: of the packages that computed it.
        baselines: of a model that translates, the same number of what is got without learning from pairs, by name: see
            `metrics.baselines`.
    """

    metric: str
    value: float
    uncertainty: float | None
    floor: float | None
    protocol: dict[str, Any]
    subject: dict[str, Any] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)
    baselines: dict[str, float] = field(default_factory=dict)


@checked_types
def difference(a: MetricRecord, b: MetricRecord) -> float:
    """a's value minus b's.

    Raises:
        InputError: the two were not measured alike; each point in which they differ is named.
    """
    differences = [] if a.metric == b.metric else [f"metric is {a.metric} and {b.metric}"]
    for key in sorted({*a.protocol, *b.protocol}):
        ours, theirs = (record.protocol.get(key, READING.get(key)) for record in (a, b))
        if ours != theirs:
            differences.append(f"{key} is {ours} and {theirs}")
    if differences:
        raise InputError(
            f"Two values of {a.metric} were not measured alike, so that their difference means nothing: "
            f"{'; '.join(differences)}. Measure both in the same way."
        )
    return a.value - b.value


@checked_types
def write_records(path: Path | str, records: list[MetricRecord]) -> None:
    """Writes records as JSON, whole or not at all."""
    facts = {"records": [dataclasses.asdict(record) for record in records]}
    write_whole(Path(path), json.dumps(facts, indent=2) + "\n")


@checked_types
def read_records(path: Path | str) -> list[MetricRecord]:
    """The records of a file.

    Raises:
        InputError: there is no such file, or it holds something else.
    """
    try:
        facts = json.loads(Path(path).read_text(encoding="utf-8"))["records"]
        records = [MetricRecord(**fact) for fact in facts]
        for record in records:
            for entry in dataclasses.fields(record):
                typeguard.check_type(getattr(record, entry.name), entry.type)
    except FileNotFoundError:
        raise InputError(f"The records {path} do not exist. Expected a file that evaluate.py --output wrote.") from None
    except (ValueError, KeyError, TypeError, typeguard.TypeCheckError) as error:
        raise InputError(f"{path} holds no records of evaluate.py: {error}.") from error
    return records
