"""An evaluation as a table and as a file."""

from pathlib import Path
from typing import Any

from tfgan_suite.errors import InputError, option
from tfgan_suite.evaluation.measure import evaluate
from tfgan_suite.evaluation.translators import (
    Choices,
    evaluate_export,
    evaluate_run,
    is_exported_translator,
    run_of_translator,
)
from tfgan_suite.metrics.baselines import INPUT, MEAN
from tfgan_suite.metrics.cycle import NOISE_SIGMA
from tfgan_suite.metrics.records import READING, MetricRecord, difference, read_records, write_records
from tfgan_suite.metrics.zoom_blur import ZOOM_BLUR

CYCLE = (
    f"cycle: from a picture there and back; its noise ratio: after noise of {NOISE_SIGMA:g} on the picture in between, "
    "over that without: at most 2 is wanted, or cycle_l1 is below what noise alone gives"
)


def evaluate_to(output: str | None, compare: str | None, **choices: Any) -> str:
    """A table of an evaluation, which is written as JSON too.

    Args:
        output: JSON file for the records; None: none is written.
        compare: JSON file of other records, measured alike, whose values stand beside these.
        choices: of `evaluate`, or of a model that translates `Choices`.

    Raises:
        InputError: as `evaluate`, or records that were measured otherwise.
    """
    others = [] if compare is None else read_records(compare)
    if output is not None and not Path(output).parent.is_dir():
        raise InputError(f"The folder {Path(output).parent} of --output does not exist.")
    records = read_records(choices["path"]) if choices["path"].endswith(".json") else _measured(**choices)
    if output is not None:
        write_records(output, records)
    return as_table(records, others)


# What a model that translates alone is asked.
_OF_TRANSLATORS = {"source": None, "target": None, "direction": None, "test_dropout": False}


def _measured(path: str, **choices: Any) -> list[MetricRecord]:
    if (run_dir := run_of_translator(path)) is not None:
        return evaluate_run(path, run_dir, Choices(**choices))
    if is_exported_translator(path):
        return evaluate_export(path, Choices(**choices))
    for name, default in _OF_TRANSLATORS.items():
        if choices.pop(name, default) != default:
            raise InputError(f"{option(name)} is of models that translate. Received: {path}. Leave it out.")
    return evaluate(path, **choices)


def as_table(records: list[MetricRecord], others: list[MetricRecord] | None = None) -> str:
    """Records as lines for people: value, uncertainty, floor, what is got without learning, the difference to others.

    Raises:
        InputError: records of one metric that were measured otherwise.
    """
    by_name = {record.metric: record for record in others or []}
    if len(by_name) < len(others or []):
        raise InputError("The records to compare with have a metric more than once. Give those of one generator.")
    baselines = list(dict.fromkeys(name for record in records for name in record.baselines))
    columns = [f"{name:>{max(12, len(name))}}" for name in ["real data", *baselines]]
    head = " ".join([f"{'metric':<28} {'value':>12} {'+-':>10}", *columns]) + (f"{'difference':>13}" if by_name else "")
    lines: list[str] = []
    subject = None
    for record in records:
        if record.subject != subject:
            subject = record.subject
            more = [f", {name}{subject[key]}" for key, name in (("step", "step "), ("direction", "")) if key in subject]
            lines += [*([""] if lines else []), f"{subject.get('path', '-')}{''.join(more)}", head]
        uncertainty = "" if record.uncertainty is None else f"{record.uncertainty:.4g}"
        beside = [record.floor, *(record.baselines.get(name) for name in baselines)]
        line = f"{record.metric:<28} {record.value:>12.5g} {uncertainty:>10}"
        for column, number in zip(columns, beside, strict=True):
            line += f" {'' if number is None else f'{number:.5g}':>{len(column)}}"
        if record.metric in by_name:
            line += f"{difference(record, by_name[record.metric]):>+13.4g}"
        lines.append(line.rstrip())
    lines += sorted({f"warning: {record.metric}: {text}" for record in records for text in record.warnings})
    if records:
        protocols = [record.protocol for record in records]
        networks = {
            f"{told.get('extractor', '?')} ({str(told['extractor_sha256'])[:12]}), {told.get('resize', '?')}"
            for told in protocols
            if told.get("extractor_sha256")
        }
        told = protocols[0]
        counts = [told.get(key, "?") for key in ("num_generated", "num_real")]
        lines.append(
            f"{counts[0]} generated and {'as many' if counts[0] == counts[1] else counts[1]} real images "
            f"({told.get('reference', '?')}), by {' and '.join(sorted(networks)) or 'pixels'}"
        )
        if read := [f"{key} {told[key]}" for key in READING if told.get(key)]:
            lines.append(f"real images were read as the generator's were: {', '.join(read)}")
        if baselines:
            lines.append(
                f"{INPUT}: the source as it is, in the target's form; {MEAN}: of all targets that were learned from"
            )
        if ZOOM_BLUR in baselines:
            lines.append(f"{ZOOM_BLUR}: the input {told[ZOOM_BLUR]}: what a model has that only moves and blurs")
        if any(record.metric == "cycle_noise_ratio" for record in records):
            lines.append(CYCLE)
        if not told.get("held_out", True):
            why = "" if baselines else ": there are no others"
            lines.append(f"the generator has learned from these real images{why}")
    return "\n".join(lines)
