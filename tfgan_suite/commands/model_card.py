"""A generator made ready to be given away: exported, measured, shown, and described by a model card."""

from collections.abc import Sequence
from pathlib import Path

from tfgan_suite.commands.card_parts import CARD as CARD
from tfgan_suite.commands.card_parts import RECORDS as RECORDS
from tfgan_suite.commands.card_parts import SAMPLES as SAMPLES
from tfgan_suite.commands.card_parts import made_from, numbers
from tfgan_suite.commands.evaluate import as_table
from tfgan_suite.commands.generate import generate_to
from tfgan_suite.commands.translator_card import make_translator_card
from tfgan_suite.errors import InputError, option
from tfgan_suite.evaluation.measure import evaluate
from tfgan_suite.files import write_whole
from tfgan_suite.metrics.extractors import load_extractor
from tfgan_suite.metrics.records import MetricRecord, write_records
from tfgan_suite.runs.exporting import LICENCES, export_run
from tfgan_suite.runs.record import RunRecord, read_config
from tfgan_suite.serving.saved_generator import SavedGenerator

GRID = 100


def make_card(
    run_dir: str,
    output: str,
    *,
    data_dir: str | None = None,
    count: int = 10_000,
    extractor: str | None = None,
    licence: str | None = None,
    direction: str | None = None,
) -> str:
    """Exports a run's newest checkpoint with a model card, its measurements and its samples beside it.

    Args:
        run_dir: run folder of `train`.
        output: base folder of the versions; the card, the records and the grid go there too.
        data_dir: where TensorFlow Datasets keeps its data.
        count: samples to measure, or of a translator pairs at most.
        extractor: see `load_extractor`.
        licence: of the data; None: as `LICENCES` has it.
        direction: of a run that translates both ways, the one whose card is made; None: from a to b.

    Returns:
        The table of the measurements.

    Raises:
        InputError: no run, data without a known licence, a direction of a model that has none, or what `export_run` and
            `evaluate` refuse.
    """
    record = read_config(Path(run_dir))
    licence = licence or LICENCES.get(record.config.dataset)
    if licence is None:
        raise InputError(f"The licence of {record.config.dataset} is not known. Give it with --licence.")
    base = Path(output)
    if record.config.translates:
        return make_translator_card(run_dir, base, data_dir, count, extractor, licence, direction)
    if direction is not None:
        raise InputError(
            f"{run_dir} makes images of latents. Received: {option('direction', direction)}. Leave it out."
        )
    load_extractor(extractor, record.config.dataset)  # refused before anything is written
    records = evaluate(run_dir, record.config.dataset, data_dir=data_dir, count=count, extractor=extractor)
    version = export_run(run_dir, base, keep=1, licence=licence, records=records)
    write_records(base / RECORDS, records)
    generator = SavedGenerator(base)
    generate_to(str(base), str(base / SAMPLES), GRID)
    write_whole(base / CARD, card_text(base.name, record, generator, records, licence, version))
    return as_table(records)


def card_text(
    name: str,
    record: RunRecord,
    generator: SavedGenerator,
    records: list[MetricRecord],
    licence: str,
    version: Path,
) -> str:
    """The card in Markdown.

    Args:
        name: of the generator.
        record: of its run.
        generator: as exported.
        records: its measurements.
        licence: of the data.
        version: folder of the export.
    """
    height, width, channels = generator.image_shape
    told = _labels(generator, record.data["label_names"])
    size = sum(path.stat().st_size for path in version.rglob("*") if path.is_file()) / 1e6
    protocol = records[0].protocol
    seeds = "seeds {} to {}".format(*protocol["sample_seeds"])
    extractor = f"{protocol['extractor']} ({protocol['extractor_sha256'][:16]})"
    seen = "" if protocol["held_out"] else " that it has learned from"
    return f"""# {name}

![Samples of the seeds 0 to {GRID - 1}]({SAMPLES})

A generator of {height}x{width}x{channels} images, {told}, latents of {generator.latent_dim} numbers; {size:.1f} MB as a
SavedModel for TensorFlow Serving. Try it, with the path of this folder:

    python scripts/generate.py PATH --output samples.png

## Made from

{made_from(record, records[0].subject["step"], licence)}

## Measured

{numbers(records)}

{protocol["num_generated"]:,} samples of the {seeds} against as many real images{seen} ({protocol["reference"]}), by the
{extractor}; "real data" is what other real images get in the samples' place.
The whole protocol, and what each "+-" is, are in [{RECORDS}]({RECORDS}). The table is one training seed's.

## Limits

- It makes what its data show and nothing else, at their size; its samples are not evidence of anything.
- Rare forms are rarer still among its samples: see coverage and recall.
- Latents far from N(0, 1) give images that it was never trained to make.

## Misuse

Its samples must not be passed off as real data, nor as handwriting or goods of anyone. Pictures that `generate.py`
writes say in their text chunks that they are generated; a picture that was encoded again has lost them.
"""


def _labels(generator: SavedGenerator, names: Sequence[str]) -> str:
    """What it is told, with the names of the classes or attributes where they are more than their numbers."""
    if generator.labels is None:
        return "no labels"
    told = f"{generator.labels.size} {generator.labels.kind}"
    named = ", ".join(f"{number} {name}" for number, name in enumerate(names) if name != str(number))
    return f"{told} as labels" + (f" ({named})" if named else "")
