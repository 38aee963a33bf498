"""What a run learns from, and what it is held against, as its settings say."""

import dataclasses

from tfgan_suite.config import TrainConfig
from tfgan_suite.data.degradations import Degradation
from tfgan_suite.data.degraded_images import read_degraded
from tfgan_suite.data.image_data import ImageData
from tfgan_suite.data.pair_files import PairRules, read_pairs
from tfgan_suite.data.sources import as_read, read_images
from tfgan_suite.options.pairs import DEGRADATIONS
from tfgan_suite.picture_rules import PictureRules


def read_data(config: TrainConfig, rules: PictureRules, split: str | None = None) -> ImageData:
    """The images or pairs of a run.

    Args:
        config: the run.
        rules: how its pictures are read.
        split: another than the run's.

    Raises:
        InputError: as `read_images`, `read_pairs` or `read_degraded`.
    """
    where = config.dataset, split or config.split, config.data_dir, rules
    limits = config.skip_damaged, config.cache_gigabytes
    if not config.learns_from_pairs:
        return read_images(*where, *limits)
    if config.degrade is not None:
        return read_degraded(*where, degradation(config), *limits)
    how = PairRules(config.source, config.target, config.pair_layout, config.reverse, config.source_kind)
    return read_pairs(*where, how, *limits)


def degradation(config: TrainConfig) -> Degradation:
    """What makes the sources of a run that has `degrade`."""
    kind = str(config.degrade)
    return Degradation(kind, **{name: getattr(config, name) for name in DEGRADATIONS[kind]})


def read_held_out(config: TrainConfig, rules: PictureRules, data: ImageData) -> ImageData:
    """The pairs that a run shows and is measured on: those of the split `test`, which each data set of pairs has.

    Of a run that learns from another split than `train`, and of one that learns from images, its data themselves.

    Args:
        config: the run.
        rules: how its pictures are read.
        data: what it learns from.
    """
    if not config.learns_from_pairs or config.split != "train":
        return data
    config = dataclasses.replace(config, cache_gigabytes=config.cache_gigabytes / 2)
    return read_data(config, as_read(rules, data), "test")
