"""From the name of a data set to its images."""

import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from tfgan_suite.arguments import checked_types
from tfgan_suite.data.digits import load_digits
from tfgan_suite.data.folder_scan import splits_of_folder
from tfgan_suite.data.image_data import ImageData
from tfgan_suite.data.image_files import load_csv, load_folder
from tfgan_suite.data.stacked_mnist import COUNTS, load_stacked_mnist
from tfgan_suite.data.tfds_images import load_tfds, split_names
from tfgan_suite.errors import InputError
from tfgan_suite.files import refuse_missing_data
from tfgan_suite.picture_rules import DATA_RULES, Levels, PictureRules

HELD_OUT_SHARE = 0.2  # of data without a split `test`


class Source(NamedTuple):
    """A data set that is known by name.

    Attributes:
        load: split, folder of TensorFlow Datasets and rules -> the images.
        splits: their names; empty where the data are one whole, which is `train`.
    """

    load: Callable[[str, str | None, PictureRules], ImageData]
    splits: tuple[str, ...] = ()


# Any other name is looked for as a path, then among TFDS's.
DATASETS = {
    "digits": Source(lambda split, data_dir, rules: load_digits(rules)),
    "stacked_mnist": Source(load_stacked_mnist, tuple(COUNTS)),
}


@checked_types
def load_images(
    dataset: str,
    split: str = "train",
    data_dir: str | None = None,
    image_size: tuple[int, int] | None = None,
    channels: int | None = None,
    skip_damaged: bool = False,
    cache_gigabytes: float = 4.0,
    *,
    fit: str = "crop",
    background: str = "white",
    levels: Levels | None = None,
    data_rules: int = DATA_RULES,
) -> ImageData:
    """A data set by name or path, whole, as uint8.

    Args:
        dataset: a key of `DATASETS`, a folder of images, a CSV file, or the name of a TFDS data set.
        split: of a TFDS data set, or of a folder with `train`, `test` and `val` on top.
        data_dir: where TFDS keeps its data.
        image_size: (height, width) to resize to, antialiased; None: as they are.
        channels: 1, 3 or 4; None: as they are.
        skip_damaged: leave out files that cannot be decoded.
        cache_gigabytes: images beyond this lie in a temporary file that is mapped to memory.
        fit, background, levels, data_rules: see `PictureRules`.

    Raises:
        InputError: the data set is not found, empty, damaged, or of several sizes.
    """
    rules = PictureRules(image_size, channels, fit, background, levels, data_rules)
    data = read_images(dataset, split, data_dir, rules, skip_damaged, cache_gigabytes)
    for text in data.warnings:
        warnings.warn(f"{data.source}: {text}", UserWarning, stacklevel=2)
    return data


def read_images(
    dataset: str,
    split: str,
    data_dir: str | None,
    rules: PictureRules,
    skip_damaged: bool = False,
    cache_gigabytes: float = 4.0,
) -> ImageData:
    """What `load_images` does, by given rules; warnings are left in the data, for a command to print."""
    if not dataset:
        raise InputError("The data set has no name. Expected digits, a folder of images, a CSV file, or a TFDS name.")
    if not cache_gigabytes >= 0:  # true for NaN
        raise InputError(f"cache_gigabytes must be at least 0. Received: {cache_gigabytes}.")
    refuse_missing_data(dataset)
    path = Path(dataset).expanduser()
    has_splits = path.is_dir() and not rules.are_old
    if dataset in DATASETS:
        has_splits = bool(DATASETS[dataset].splits)
    if split != "train" and not has_splits and (dataset in DATASETS or path.exists()):
        raise InputError(
            "Only data sets of TensorFlow Datasets, and folders with train/ and test/ on top, have splits. "
            f"Received: split {split!r} of {dataset}."
        )
    if dataset in DATASETS:
        data = DATASETS[dataset].load(split, data_dir, rules)
    elif path.is_dir():
        data = load_folder(path, split, rules, skip_damaged, cache_gigabytes)
    elif path.suffix.lower() == ".csv":
        data = load_csv(path, rules, skip_damaged, cache_gigabytes)
    elif path.is_file():
        raise InputError(f"{path} is a file. Expected a folder of images or a CSV file NAME.csv.")
    else:
        data = load_tfds(dataset, split, data_dir, rules, cache_gigabytes)
    return data.checked()


def load_train_and_test(
    dataset: str, data_dir: str | None = None, rules: PictureRules | None = None
) -> tuple[ImageData, ImageData]:
    """The splits `train` and `test`; of data without a split `test`, a random fifth is the second.

    Args:
        dataset, data_dir: see `load_images`.
        rules: how pictures are read; None: as they are.

    Raises:
        InputError: as `load_images`.
    """
    rules = rules or PictureRules()
    train = read_images(dataset, "train", data_dir, rules)
    if "test" in splits_of(dataset, data_dir, rules):
        return train, read_images(dataset, "test", data_dir, as_read(rules, train))
    return train.split(HELD_OUT_SHARE)


def as_read(rules: PictureRules, data: ImageData) -> PictureRules:
    """The rules with the data's own numbers in the place of levels of `auto`."""
    found = data.effects.get("levels")
    return replace(rules, levels=tuple(found)) if found and not rules.are_old else rules


def splits_of(dataset: str, data_dir: str | None, rules: PictureRules, download: bool = False) -> tuple[str, ...]:
    """The splits of a folder or of a data set of TensorFlow Datasets; see `split_names`. Any other has none."""
    path = Path(dataset).expanduser()
    if dataset in DATASETS:
        return DATASETS[dataset].splits
    if path.is_file() or (path.is_dir() and rules.are_old):
        return ()
    return splits_of_folder(path) if path.is_dir() else split_names(dataset, data_dir, download)
