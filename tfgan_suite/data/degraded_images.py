"""Pairs made of any image data set: its images, and what a degradation leaves of them."""

from dataclasses import replace

from tfgan_suite.arguments import checked_types
from tfgan_suite.data.degradations import Degradation
from tfgan_suite.data.held_out_images import read_split
from tfgan_suite.data.pairs import DegradedData, degraded
from tfgan_suite.picture_rules import Levels, PictureRules


@checked_types
def load_degraded(
    dataset: str,
    degradation: Degradation,
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
) -> DegradedData:
    """The images of a data set as targets of the sources that a degradation makes of them.

    Args:
        dataset: see `load_images`.
        degradation: what makes the sources.
        split: see `load_images`; of data without `test` a part of `train` is `test`, and no longer of `train`.
        data_dir, image_size, channels, skip_damaged, cache_gigabytes, fit, background, levels: see `load_images`.

    Raises:
        InputError: as `load_images`, or images that cannot be degraded so.
    """
    rules = PictureRules(image_size, channels, fit, background, levels)
    return read_degraded(dataset, split, data_dir, rules, degradation, skip_damaged, cache_gigabytes)


def read_degraded(
    dataset: str,
    split: str,
    data_dir: str | None,
    rules: PictureRules,
    degradation: Degradation,
    skip_damaged: bool = False,
    cache_gigabytes: float = 4.0,
) -> DegradedData:
    """What `load_degraded` does, by given rules.

    Raises:
        InputError: as `load_degraded`.
    """
    images, _, told = read_split(dataset, split, data_dir, rules, skip_damaged, cache_gigabytes, "pairs")
    data = degraded(images, degradation)
    return replace(data, notes=(*data.notes, *told))
