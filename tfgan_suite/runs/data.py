"""What a run learns from, and what it is held against, as its settings say."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from tfgan_suite.config import TrainConfig, as_settings
from tfgan_suite.data.degradations import Degradation
from tfgan_suite.data.degraded_images import read_degraded
from tfgan_suite.data.image_data import ImageData
from tfgan_suite.data.pair_files import read_pairs
from tfgan_suite.data.pair_scan import PairRules
from tfgan_suite.data.sources import as_read, read_images
from tfgan_suite.data.two_looks import read_two_looks
from tfgan_suite.data.unpaired_files import read_unpaired
from tfgan_suite.errors import InputError
from tfgan_suite.options.pairs import DEGRADATIONS, PairOptions
from tfgan_suite.picture_rules import PictureRules
from tfgan_suite.presets import PRESETS


def read_data(config: TrainConfig, rules: PictureRules, split: str | None = None) -> ImageData:
    """The images, the pairs or the two kinds of images of a run.

    Args:
        config: the run.
        rules: how its pictures are read.
        split: another than the run's.

    Raises:
        InputError: as `read_images`, `read_pairs`, `read_unpaired`, `read_two_looks` or `read_degraded`.
    """
    split = split or config.split
    where = config.dataset, split, config.data_dir, rules
    limits = config.skip_damaged, config.cache_gigabytes
    if not config.translates:
        return read_images(*where, *limits)
    if config.degrade is not None:
        return read_degraded(*where, degradation(config), *limits)
    if config.look is not None:
        return read_two_looks(*where, config.look, split == config.split, *limits)
    how = PairRules(config.source, config.target, config.pair_layout, config.reverse, config.source_kind)
    read = read_pairs if config.learns_from_pairs else read_unpaired
    return read(*where, how, *limits)


def pair_settings(config: TrainConfig) -> dict[str, Any]:
    """What a card says of how the pairs of a run were read or made; JSON types."""
    settings = {field.name: getattr(config, field.name) for field in dataclasses.fields(PairOptions)}
    return {name: value for name, value in settings.items() if value != getattr(PairOptions, name)}


def learned_from_pairs(card: Mapping[str, Any]) -> bool:
    """Whether an exported translator has learned from pairs: as its preset does, or one of none if it goes one way."""
    if card.get("model") in PRESETS:
        return TrainConfig.from_preset(card["model"]).learns_from_pairs
    return "direction" not in card


def read_pairs_of(
    settings: Mapping[str, Any],
    dataset: str,
    data_dir: str | None,
    rules: PictureRules,
    split: str,
    learned: str,
    paired: bool = True,
) -> ImageData:
    """Pairs, or two kinds of images, as those that an export was made from.

    Args:
        settings: see `pair_settings`.
        dataset, data_dir: see `TrainConfig`.
        rules: how pictures are read.
        split: `train`, `test` or another.
        learned: the split that was learned from.
        paired: whether its model learns from pairs.

    Raises:
        InputError: as `read_data`, or settings that are none.
    """
    model = "pix2pix" if paired and "look" not in settings else "cyclegan"  # any that reads data of this form
    settings = as_settings(settings)
    try:
        config = TrainConfig.from_preset(model, dataset=dataset, data_dir=data_dir, split=learned, **settings)
    except TypeError as error:
        raise InputError(f"The card says of pairs what this version does not know: {error}.") from error
    return read_data(config, rules, split)


def degradation(config: TrainConfig) -> Degradation:
    """What makes the sources of a run that has `degrade`."""
    kind = str(config.degrade)
    return Degradation(kind, **{name: getattr(config, name) for name in DEGRADATIONS[kind]})


def read_held_out(config: TrainConfig, rules: PictureRules, data: ImageData) -> ImageData:
    """What a run of a translator shows and is measured on: the split `test`, which its data always have.

    Of a run that learns from another split than `train`, and of one that learns from images, its data themselves.

    Args:
        config: the run.
        rules: how its pictures are read.
        data: what it learns from.
    """
    if not config.translates or config.split != "train":
        return data
    config = dataclasses.replace(config, cache_gigabytes=config.cache_gigabytes / 2)
    return read_data(config, as_read(rules, data), "test")
