"""Every preset, small enough for a test."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgan_suite.config import TrainConfig
from tfgan_suite.data.image_data import ImageData
from tfgan_suite.data.pairs import PairData, StoredPairs, degraded
from tfgan_suite.data.unpaired import UnpairedData
from tfgan_suite.options.pairs import TRANSLATORS, UNPAIRED
from tfgan_suite.presets import PRESETS
from tfgan_suite.runs.assembly import build_model
from tfgan_suite.runs.data import degradation

SHAPE = (8, 8, 1)
OF_LATENTS = [name for name, preset in PRESETS.items() if preset.settings["model_class"] not in TRANSLATORS]
CLASSES = 3
ROWS = 8
NO_DECAY = {"learning_rate_decay": "none", "decay_steps": None}  # tests set rates, which a schedule forbids


def shrunk_config(name: str, **settings: object) -> TrainConfig:
    """A preset with tiny networks, and Dropout where they take it and it has none."""
    preset = PRESETS[name].settings
    small: dict[str, object] = {"batch_size": ROWS, "epochs": 1}
    if preset["model_class"] in TRANSLATORS:
        small |= {"base_filters": 3}
        if preset["model_class"] == "SRGAN":
            small |= {"scale": 2, "residual_blocks": 1, "features": "general"}  # whose weights are there
        else:
            small |= {"discriminator_halvings": 1}
        if preset["model_class"] in UNPAIRED:
            small |= {"residual_blocks": 1}
        if preset["model_class"] == "CycleGAN":
            small |= {"pool_size": 11}  # which two steps fill, and the third exchanges
        if preset["model_class"] == "CUT":
            small |= {"nce_patches": 9}  # of 64 pixels and 16, and of 4 all
        if "content_only_steps" in preset:
            small |= {"content_only_steps": 1}
        if "learning_rate_decay" in preset:
            small |= NO_DECAY
        return TrainConfig.from_preset(name, **{**small, **settings})
    small |= {"latent_dim": 4}
    if preset.get("body") not in ("resnet", "r3gan"):
        small |= {"dropout": 0.3}
    if preset.get("discriminator_steps", 1) > 1:
        small |= {"discriminator_steps": 2}  # by which ROWS can be divided
    if "learning_rate_decay" in preset:
        small |= NO_DECAY
    if "generator_units" in preset:
        small |= {"generator_units": (6, 5), "discriminator_units": (7,)}
    else:
        small |= {"base_filters": 4}
    if "groups" in preset:
        small |= {"groups": 2}
    return TrainConfig.from_preset(name, **{**small, **settings})


def tiny_data(count: int = 32, attributes: bool = False) -> ImageData:
    """Random images with classes, or with attributes."""
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (count, *SHAPE)).astype(np.uint8)
    names = tuple("abc"[:CLASSES])
    labels = np.arange(count, dtype=np.int32) % CLASSES
    if attributes:
        return ImageData(images, (labels[:, None] != np.arange(CLASSES)).astype(np.float32), names, "tiny")
    return ImageData(images, labels, names, "tiny")


def tiny_unpaired(count: int = 32, times: int = 1) -> UnpairedData:
    """Random images of two kinds, of b a few less; so many times as high and wide."""
    images = np.random.default_rng(1).integers(0, 256, (count - 5, *SHAPE)).astype(np.uint8)
    kinds = (each.repeat(times, 1).repeat(times, 2) for each in (tiny_data(count).images, images))
    return UnpairedData.of_arrays(*kinds)


def tiny_pairs(config: TrainConfig, count: int = 32) -> PairData:
    """Random pairs as a configuration makes them, or of other channels on each side."""
    channels = 3 if config.degrade in ("grey", "downscale") else 2  # of colours, also for the features of these
    targets = np.random.default_rng(1).integers(0, 256, (count, *SHAPE[:2], channels)).astype(np.uint8)
    if config.degrade is not None:
        return degraded(ImageData(targets, None, (), "tiny"), degradation(config))
    return StoredPairs.of_arrays(tiny_data(count).images, targets)


def shrunk_model(name: str, attributes: bool = False, **settings: object) -> Any:
    """The compiled model of a shrunk preset, always from the same weights."""
    config = shrunk_config(name, **settings)
    data: Any = tiny_data(attributes=attributes)
    if config.translates:
        data = tiny_pairs(config) if config.learns_from_pairs else tiny_unpaired()
    # No step of pairs from these weights meets a kink of |x| within rounding.
    keras.utils.set_random_seed(11 if config.translates else 3)
    return build_model(config, data, steps=4)


def batches(count: int = 32, batch_rows: int = ROWS, attributes: bool = False) -> tf.data.Dataset:
    """The tiny data in order, float32 in [-1, 1], with labels."""
    data = tiny_data(count, attributes)
    images = data.images.astype(np.float32) / 127.5 - 1.0
    return untuned(tf.data.Dataset.from_tensor_slices((images, data.labels)).batch(batch_rows))


def untuned(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """The dataset without TensorFlow's tuner, whose thread may hold up the end of an iterator for up to a minute."""
    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options)
