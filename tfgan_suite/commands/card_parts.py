"""What the cards of all models have: where a model comes from, and its numbers."""

from tfgan_suite.config import settings_of_role
from tfgan_suite.metrics.records import MetricRecord
from tfgan_suite.options.settings import PICTURE, PLACE, WATCH
from tfgan_suite.presets import PRESETS
from tfgan_suite.runs.record import RunRecord

CARD, RECORDS, SAMPLES = "MODEL_CARD.md", "evaluation.json", "samples.png"
# What the command has in other places, or what changes nothing in what is learned.
NOT_SETTINGS = ("dataset", "model", "model_class", *settings_of_role(PLACE, WATCH, PICTURE))


def made_from(record: RunRecord, step: int, licence: str) -> str:
    """Data, command, versions and method, as lines of Markdown.

    Args:
        record: of the run.
        step: that it has come to.
        licence: of the data.
    """
    config = record.config
    versions = ", ".join(f"{package} {number}" for package, number in record.versions.items())
    return f"""- Data: {record.data["source"]}. Licence: {licence}.
- Command: `{command_of(record)}` ({step:,} generator steps, seed {config.seed}).
- Versions: {versions}.
- Method: {PRESETS[config.model].paper}. {PRESETS[config.model].note}"""


def command_of(record: RunRecord) -> str:
    """The command that repeats the run: its preset and what differs from it."""
    config = record.config
    preset = type(config).from_preset(config.model)
    flags = [f"--model {config.model}", f"--dataset {config.dataset}"]
    for field, value in vars(config).items():
        flag = field.replace("_", "-")
        if field in NOT_SETTINGS or value == getattr(preset, field):
            continue
        if isinstance(value, bool):
            flags.append(f"--{flag}" if value else f"--no-{flag}")
        else:
            flags.append(f"--{flag} {' '.join(map(str, value)) if isinstance(value, tuple | list) else value}")
    return f"python scripts/train.py {' '.join(flags)}"


def numbers(records: list[MetricRecord]) -> str:
    """A table of records: value, uncertainty, what real data get, and what is got without learning."""
    others = list(dict.fromkeys(name for record in records for name in record.baselines))
    heads = ["metric", "value", "+-", "real data", *others]
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    for record in records:
        uncertainty = "" if record.uncertainty is None else f"{record.uncertainty:.2g}"
        beside = [record.floor, *(record.baselines.get(name) for name in others)]
        told = [f"{record.value:.4g}", uncertainty, *("" if number is None else f"{number:.4g}" for number in beside)]
        lines.append(f"| {record.metric} | {' | '.join(told)} |")
    return "\n".join(lines)
