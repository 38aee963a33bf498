"""A labelled synthetic data set, and what it is worth to someone who trains a classifier."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import numpy as np

from tfgan_suite.data.image_data import ImageData
from tfgan_suite.data.sources import HELD_OUT_SHARE, load_train_and_test
from tfgan_suite.errors import InputError
from tfgan_suite.files import refuse_full, write_whole
from tfgan_suite.images import to_uint8
from tfgan_suite.latents import check_count, check_seed
from tfgan_suite.marking import generator_name, samples_of, save_each
from tfgan_suite.metrics.classifier import BATCH_ROWS
from tfgan_suite.metrics.synthetic_worth import Worth, measure
from tfgan_suite.picture_rules import PictureRules
from tfgan_suite.serving.saved_generator import SavedGenerator, read_card
from tfgan_suite.versions import versions

RESULTS = "augment.json"
SEEN_MORE = (
    "A generator that was trained on all real images has seen more than k of a class: a gain here is no gain for "
    "someone who has k of them and no such generator."
)
SEEN_TEST = (
    "The data have no split test: the test images are a share of them that the classifiers have not seen, but the "
    "generator may have been trained on it."
)


def augment_to(
    generator_path: str,
    output: str,
    dataset: str,
    data_dir: str | None = None,
    per_class: int = 1000,
    seed: int = 0,
    real_per_class: Sequence[int] = (10, 100, 1000),
    num_seeds: int = 5,
    steps: int = 500,
    results: str | None = None,
) -> str:
    """Writes a synthetic set as a folder of images, one subfolder a class, and measures what it is worth.

    Args:
        generator_path: folder of a SavedModel of a generator of classes, or of its versions.
        output: the folder, new or empty; pictures are marked as generated.
        dataset: the real images, of the generator's classes; see `load_images`.
        data_dir: where TensorFlow Datasets keeps its data.
        per_class: synthetic images a class.
        seed: of the first synthetic image; image i has the seed `seed` + i and the class i modulo their number.
        real_per_class: the numbers k of real images a class.
        num_seeds: classifiers of each kind; each seed chooses real images, weights and order. 0: the set alone.
        steps: training steps of each classifier, with real images alone or more.
        results: JSON file; None: `augment.json` in the output folder.

    Returns:
        A table for people.

    Raises:
        InputError: no generator of these classes, too few real images, or an output that cannot be written.
    """
    _check(per_class, seed, real_per_class, num_seeds, steps)
    folder, file = Path(output), Path(results or Path(output) / RESULTS)
    refuse_full(folder)
    if results and not file.parent.is_dir():
        raise InputError(f"The folder {file.parent} of --results does not exist.")
    generator = SavedGenerator(generator_path)
    train, test = real_of_classes(generator, dataset, data_dir)
    if num_seeds:
        _check_budget(train, per_class, max(real_per_class), steps)
    synthetic = write_set(generator, folder, train.label_names, per_class, seed)
    written = f"wrote: {folder}, {len(synthetic.images):,} images of {len(train.label_names)} classes"
    if not num_seeds:
        return written
    print(written, flush=True)
    rows = [measure(train, test, synthetic, k, range(num_seeds), steps) for k in real_per_class]
    facts = describe(generator, train, test, rows, per_class, seed)
    write_whole(file, json.dumps(facts, indent=2) + "\n")
    return "\n".join([table(rows, per_class, len(test.images)), *facts["caveats"], f"wrote: {file}"])


def _check(per_class: int, seed: int, real_per_class: Sequence[int], num_seeds: int, steps: int) -> None:
    for flag, value in (("--per-class", per_class), ("--steps", steps)):
        if value < 1:
            raise InputError(f"{flag} must be at least 1. Received: {value}.")
    check_seed(seed)
    if not real_per_class or min(real_per_class) < 1:
        raise InputError(f"--real-per-class must be numbers of at least 1. Received: {list(real_per_class)}.")
    if num_seeds < 0 or num_seeds == 1:
        raise InputError(f"--num-seeds must be at least 2, or 0 for the set alone. Received: {num_seeds}.")


def _check_budget(train: ImageData, per_class: int, most: int, steps: int) -> None:
    assert train.labels is not None
    fewest = int(np.bincount(train.labels, minlength=len(train.label_names)).min())
    if most > fewest:
        raise InputError(
            f"--real-per-class must be at most {fewest}, the real images of the smallest class. Received: {most}."
        )
    needed = -(-(per_class + most) * len(train.label_names) // BATCH_ROWS)
    if steps < needed:
        raise InputError(
            f"--steps must be at least {needed}, so that each image is seen in batches of {BATCH_ROWS}. "
            f"Received: {steps}."
        )


def real_of_classes(generator: SavedGenerator, dataset: str, data_dir: str | None) -> tuple[ImageData, ImageData]:
    """Real images of the generator's shape and classes: to train on, and to test on.

    The test images are the split `test` where there is one, else a fifth of the data.

    Raises:
        InputError: no such data, or the generator makes other classes or none.
    """
    if generator.num_classes is None:
        raise InputError(f"A labelled set needs a generator of classes. {generator.path} has no classes: train a cgan.")
    height, width, channels = generator.image_shape
    rules = replace(PictureRules.of_facts(read_card(generator.path)), size=(height, width), channels=channels)
    train, test = load_train_and_test(dataset, data_dir, rules)
    made = generator.label_names or train.label_names
    if train.num_classes != generator.num_classes or train.label_names != made:
        raise InputError(
            f"The data must have the generator's {generator.num_classes} classes ({', '.join(made)}). "
            f"Received: {train.source} with {', '.join(train.label_names) or 'none'}."
        )
    return train, test


def write_set(generator: SavedGenerator, folder: Path, names: Sequence[str], per_class: int, seed: int) -> ImageData:
    """Makes the synthetic images and writes them as `FOLDER/CLASS/seed_00000007.png`."""
    count = per_class * len(names)
    check_count(count, generator.image_shape)
    labels = generator.check_labels(None, count)
    assert labels is not None
    seeds = np.arange(seed, seed + count, dtype=np.int64)
    images = to_uint8(generator.generate(seeds, labels))
    folders = [folder / name for name in folder_names(names)]
    save_each([folders[label] for label in labels], samples_of(generator, images, seeds, labels))
    return ImageData(images, labels, tuple(names), f"{folder} ({count} generated images)")


def folder_names(names: Sequence[str]) -> list[str]:
    """Names of classes as those of folders on any file system.

    >>> folder_names(["T-shirt/top", "Bag"]), folder_names(["a", "A"])
    (['T-shirt_top', 'Bag'], ['class_0', 'class_1'])
    """
    plain = [re.sub(r"[^\w .-]", "_", name).strip(" .") for name in names]
    if "" in plain or len({name.casefold() for name in plain}) < len(plain):
        return [f"class_{index}" for index in range(len(plain))]
    return plain


def describe(
    generator: SavedGenerator, train: ImageData, test: ImageData, rows: Sequence[Worth], per_class: int, seed: int
) -> dict[str, Any]:
    """The rows with how they were measured; JSON types."""
    has_split = test.source != train.source
    return {
        "generator": generator_name(generator),
        "synthetic": {"per_class": per_class, "first_seed": seed},
        "real": train.source,
        "test": test.source if has_split else f"{HELD_OUT_SHARE:.0%} of {test.source}",
        "num_test_images": len(test.images),
        "batch_rows": BATCH_ROWS,
        "seeds": list(range(len(rows[0].real_only))),
        "rows": [row.facts() for row in rows],
        "caveats": [SEEN_MORE] if has_split else [SEEN_MORE, SEEN_TEST],
        "versions": versions(),
    }


def table(rows: Sequence[Worth], per_class: int, num_test: int) -> str:
    """The rows for people: mean and standard deviation over the seeds."""
    lines = [f"{'k real':>8} {'real only':>18} {f'+ {per_class:,} synthetic':>18} {'difference':>18} {'seeds':>6}"]
    for row in rows:
        cells = " ".join(f"{f'{mean(v):.2%} +- {stdev(v):.2%}':>18}" for v in row.columns().values())
        lines.append(f"{row.real_per_class:>8,} {cells} {len(row.real_only):>6}")
    steps = " and ".join(f"{steps:,}" for steps in sorted({row.steps for row in rows}))
    lines.append(
        f"Accuracy on {num_test:,} test images; images a class. Each classifier takes {steps} steps of {BATCH_ROWS} "
        "images, with synthetic ones or without."
    )
    return "\n".join(lines)
