"""Two kinds of images made of one data set: its images as they are, and others of them in another look."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tfgan_suite.arguments import checked_types
from tfgan_suite.data.held_out_images import read_split
from tfgan_suite.data.image_data import ImageData
from tfgan_suite.data.looks import SEED, looked
from tfgan_suite.data.unpaired import UnpairedData
from tfgan_suite.errors import InputError
from tfgan_suite.noise import HALVES_STREAM, row_uniform, stateless_seed
from tfgan_suite.picture_rules import Levels, PictureRules


@checked_types
def load_two_looks(
    dataset: str,
    look: Sequence[str],
    split: str = "train",
    halves: bool = True,
    data_dir: str | None = None,
    image_size: tuple[int, int] | None = None,
    channels: int | None = None,
    skip_damaged: bool = False,
    cache_gigabytes: float = 4.0,
    *,
    fit: str = "crop",
    background: str = "white",
    levels: Levels | None = None,
) -> UnpairedData:
    """The images of a data set as the kind a, and images of it in another look as the kind b.

    Args:
        dataset: see `load_images`.
        look: names in `data.looks.LOOKS`, done in this order.
        split: see `load_images`; of data without `test` a part of `train` is `test`, and no longer of `train`.
        halves: what is learned from: a half of the images is a, and the other half becomes b, so that no image is of
            both kinds. Else every image is of both, as what is measured on must be: see `UnpairedData.pairs`.
        data_dir, image_size, channels, skip_damaged, cache_gigabytes, fit, background, levels: see `load_images`.

    Raises:
        InputError: as `load_images`, one image alone, or images that cannot have the look.
    """
    rules = PictureRules(image_size, channels, fit, background, levels)
    return read_two_looks(dataset, split, data_dir, rules, tuple(look), halves, skip_damaged, cache_gigabytes)


def read_two_looks(
    dataset: str,
    split: str,
    data_dir: str | None,
    rules: PictureRules,
    look: tuple[str, ...],
    halves: bool,
    skip_damaged: bool = False,
    cache_gigabytes: float = 4.0,
) -> UnpairedData:
    """What `load_two_looks` does, by given rules.

    Raises:
        InputError: as `load_two_looks`.
    """
    each = cache_gigabytes / 2
    images, rows, told = read_split(dataset, split, data_dir, rules, skip_damaged, each)
    images = dataclasses.replace(images, notes=(*images.notes, *told))
    return in_two_looks(images, look, halves, rows, each)


def in_two_looks(
    images: ImageData,
    look: tuple[str, ...],
    halves: bool,
    rows: np.ndarray | None = None,
    cache_gigabytes: float = 4.0,
) -> UnpairedData:
    """Images as the kind a, and in another look as the kind b; see `load_two_looks`.

    Args:
        images: of the data set. Labels stay beside b.
        look, halves: see `load_two_looks`.
        rows: the number of each image in its data set, (N,), by which it gets its look; None: as they lie.
        cache_gigabytes: for the images b.

    Raises:
        InputError: one image alone, or images that cannot have the look.
    """
    rows = np.arange(len(images.images)) if rows is None else rows
    a, b = images, images
    if halves:
        if len(rows) < 2:
            raise InputError(
                f"Two looks need at least 2 images, one for each. Received: {len(rows)} of {images.source}."
            )
        of_a, of_b = halves_of(len(rows))
        a, b, rows = images.at(of_a), images.at(of_b), rows[of_b]
    made = looked(b.images, look, rows, cache_gigabytes)
    height, width, channels = a.image_shape
    which = "others" if halves else "the same"
    notes = (
        f"{len(a.images):,} a of {height}x{width}x{channels}",
        f"{len(made):,} b, {which}, {', '.join(look)}",
        *images.notes,
    )
    names = () if halves else tuple(map(str, rows))
    kept = {field.name: getattr(b, field.name) for field in dataclasses.fields(ImageData)}
    return UnpairedData(
        **{**kept, "images": made, "notes": notes, "look": look},
        sources=a.images,
        source_names=names,
        names=names,
        # Grey images of three channels are read as those are that are coloured in white.
        source_look=("coloured",) if "coloured" in look and channels == made.shape[-1] else (),
    )


def halves_of(count: int) -> tuple[np.ndarray, np.ndarray]:
    """The rows of so many that are the kind a, and those that are b, int, each in order: the same for every run.

    Args:
        count: at least 2.
    """
    numbers = row_uniform(stateless_seed(SEED, HALVES_STREAM, 0), tf.constant([count, 1])).numpy()[:, 0]
    order = np.argsort(numbers, kind="stable")
    cut = (count + 1) // 2
    return np.sort(order[:cut]), np.sort(order[cut:])
