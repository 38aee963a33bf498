"""Any image data set with a split `test`, which of data without one is a part of `train`."""

import hashlib
from typing import NamedTuple

import numpy as np

from tfgan_suite.data.image_data import ImageData
from tfgan_suite.data.pairs import rows_of_split
from tfgan_suite.data.sources import read_images, splits_of
from tfgan_suite.files import refuse_missing_data
from tfgan_suite.picture_rules import PictureRules


class Split(NamedTuple):
    """The images of a split.

    Attributes:
        images: the images.
        rows: the number of each in its data set, or in its part of it, int (N,).
        told: what was held out, for people to read.
    """

    images: ImageData
    rows: np.ndarray
    told: tuple[str, ...]


def read_split(
    dataset: str,
    split: str,
    data_dir: str | None,
    rules: PictureRules,
    skip_damaged: bool = False,
    cache_gigabytes: float = 4.0,
    what: str = "images",
) -> Split:
    """A split of images by given rules; of data without `test` a part of `train` is `test`, and no longer of `train`.

    Args:
        dataset, split, data_dir, rules, skip_damaged, cache_gigabytes: see `read_images`.
        what: the images become, for people to read.

    Raises:
        InputError: as `read_images`.
    """
    refuse_missing_data(dataset)
    whole = split in ("train", "test") and "test" not in splits_of(dataset, data_dir, rules, download=True)
    images = read_images(dataset, "train" if whole else split, data_dir, rules, skip_damaged, cache_gigabytes)
    if not whole:
        return Split(images, np.arange(len(images.images)), ())
    # Images have no names: their pixels say which are held out, wherever they stand.
    names = [hashlib.sha256(image.tobytes()).hexdigest() for image in images.images]
    chosen, note = rows_of_split(names, split, images.source, what)
    return Split(images.at(chosen), chosen, (note,))
