"""A translator made ready to be given away, as `model_card.make_card` does it with a generator of latents."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from tfgan_suite.commands.card_parts import CARD, RECORDS, SAMPLES, made_from, numbers
from tfgan_suite.commands.evaluate import as_table
from tfgan_suite.data.image_data import ImageData
from tfgan_suite.data.pairs import PairData
from tfgan_suite.data.unpaired import UnpairedData
from tfgan_suite.evaluation.translators import Choices, evaluate_run
from tfgan_suite.exported import B_TO_A, read_card
from tfgan_suite.files import write_whole
from tfgan_suite.images import save_png, to_uint8
from tfgan_suite.metrics.records import MetricRecord, write_records
from tfgan_suite.models.loading import load_model
from tfgan_suite.models.one_way_translator import in_one_shape
from tfgan_suite.pictures import sheet
from tfgan_suite.runs.data import read_data
from tfgan_suite.runs.exporting import export_run
from tfgan_suite.runs.record import RunRecord, newest_of_run, read_config

ROWS = 8  # of the grid
UNPAIRED_LIMIT = (
    "- It has learned without pairs: results look like their kind, and nothing in its training has seen that they\n"
    "  show what their sources show.\n"
)
FITTED = {"crop": "cropped to the middle", "pad": "padded with {background}", "stretch": "stretched"}


def make_translator_card(
    run_dir: str,
    base: Path,
    data_dir: str | None,
    count: int,
    extractor: str | None,
    licence: str,
    direction: str | None = None,
) -> str:
    """Exports a run's newest checkpoint with a model card, its measurements and a grid of held-out pictures beside it.

    Args:
        run_dir: run folder of `train`, of a model that makes images of images.
        base: folder of the versions; the card, the records and the grid go there too.
        data_dir, count, extractor: see `Choices`.
        licence: of the data.
        direction: of a model that translates both ways, the one of which it is; None: from a to b.

    Returns:
        The table of the measurements.

    Raises:
        InputError: what `export_run` and `evaluate_run` refuse.
    """
    record = read_config(Path(run_dir))
    model = load_model(newest_of_run(run_dir))
    direction = model.checked_direction(direction)
    dataset = record.config.dataset
    choices = Choices(dataset=dataset, data_dir=data_dir, count=count, extractor=extractor, direction=direction)
    records = evaluate_run(run_dir, Path(run_dir), choices)
    version = export_run(run_dir, base, keep=1, licence=licence, records=records, direction=direction)
    write_records(base / RECORDS, records)
    config = record.config if data_dir is None else replace(record.config, data_dir=data_dir)
    images, columns = _grid(model.directed(direction), direction, read_data(config, record.picture_rules(), "test"))
    words = [(word, word) for word in columns]
    save_png(base / SAMPLES, sheet(to_uint8(images), len(columns), words), {"generator": base.name})
    write_whole(base / CARD, translator_text(base.name, record, read_card(version), records, licence, version))
    return as_table(records)


def _grid(translate: Any, direction: str | None, data: ImageData) -> tuple[np.ndarray, tuple[str, ...]]:
    """Sources, results and, where they are known, targets, one behind the other; and the names of the columns."""
    if isinstance(data, UnpairedData):
        data = data.pairs() if data.num_pairs else data
        data = data.turned() if direction == B_TO_A else data
    source, target = data.examples(ROWS)
    columns = [source, np.asarray(translate(tf.constant(source)), np.float32)]
    columns += [target] if isinstance(data, PairData) else []
    columns = in_one_shape(*columns)
    return np.stack(columns, 1).reshape(-1, *columns[0].shape[1:]), ("source", "result", "target")[: len(columns)]


def translator_text(
    name: str, record: RunRecord, card: dict[str, Any], records: list[MetricRecord], licence: str, version: Path
) -> str:
    """The card in Markdown.

    Args:
        name: of the translator.
        record: of its run.
        card: of its export.
        records: its measurements.
        licence: of the data.
        version: folder of the export.
    """
    height, width, channels = card["source_shape"]
    mask, flag = (", beside a mask of a hole,", " --mask mask.png") if card["has_mask"] else ("", "")
    source = f"{height}x{width}x{channels - card['has_mask']} pictures{mask}"
    target = "x".join(map(str, card["target_shape"]))
    size = sum(path.stat().st_size for path in version.rglob("*") if path.is_file()) / 1e6
    fitted = FITTED[card["fit"]].format(background=card["background"])
    protocol = records[0].protocol
    pairs = "pairs" if "l1" in [each.metric for each in records] else "pictures"
    seen = f"held-out {pairs}" if protocol["held_out"] else f"{pairs} that it has learned from"
    unpaired = "" if record.config.learns_from_pairs else UNPAIRED_LIMIT
    return f"""# {name}

![Sources and results]({SAMPLES})

A translator of {source} into pictures of {target}; {size:.1f} MB as a SavedModel for TensorFlow
Serving. Try it, with the path of this folder:

    python scripts/translate.py PATH photo.jpg --output translated/{flag}

Pictures of another shape are {fitted}, transparent ones lie on {card["background"]}, and a result has the
translator's size. A request of files to a server may have {card["max_rows"]} rows, and {card["max_pixels"]:,} pixels
in all.

## Made from

{made_from(record, records[0].subject["step"], licence)}

## Measured

{numbers(records)}

{protocol["num_generated"]:,} {seen} ({protocol["reference"]}). The columns at the right are what is got without
learning: the source as it is, the mean of all targets, a classical method where there is one. The whole
protocol, and what each "+-" is, are in [{RECORDS}]({RECORDS}). The table is one training seed's.

## Limits

- What it adds to a picture is likely by its data, and not what was there: it is evidence of nothing.
- Pictures unlike those of its data, in what they show or in how they were damaged, give results that mean nothing.
- A picture has one result, where several may be right.
{unpaired}
## Misuse

Its results must not be passed off as what a camera has seen. Pictures that `translate.py` writes say in their text
chunks that they are made; a picture that was encoded again has lost them.
"""
