"""Exports of shrunk models, whose numbers are large enough to differ."""

from pathlib import Path

import keras
import numpy as np
from shrunk import shrunk_model

from tfgan_suite.models.gan import GAN
from tfgan_suite.models.pix2pix import Pix2Pix
from tfgan_suite.serving.export import export_generator


def lively_model(name: str, **settings: object) -> GAN:
    """A shrunk model with moving statistics and weights as after training, so that its images are not grey."""
    model = shrunk_model(name, **settings)
    random = np.random.default_rng(0)
    for network in (model.sampling_generator, model.discriminator):
        for weight in network.weights:
            if "moving_variance" in weight.path:
                weight.assign(random.uniform(0.01, 0.1, weight.shape))
            elif "moving_mean" in weight.path or len(weight.shape) > 1:
                weight.assign(random.normal(0, 0.1, weight.shape))
    return model


def exported(name: str, base: Path, **settings: object) -> Path:
    """The version's folder of a lively model with its discriminator, unchecked."""
    return export_generator(lively_model(name, **settings), base, with_discriminator=True, verify=False)


def lively_translator(
    channels: tuple[int, int] = (3, 3), has_mask: bool = False, sides: tuple[int, int] = (12, 16), **settings: object
) -> Pix2Pix:
    """A small one with weights as after training, so that what it makes is not grey.

    Args:
        channels: of its pictures, without a mask, and of what it makes of them.
        has_mask: see `Pix2Pix`.
        sides: of both.
        settings: of `Pix2Pix`.
    """
    keras.utils.set_random_seed(1)
    small = {"base_filters": 4, "initializer_stddev": 0.2, **settings}
    model = Pix2Pix((*sides, channels[0] + has_mask), (*sides, channels[1]), has_mask=has_mask, **small)
    random = np.random.default_rng(0)
    for weight in model.translating_generator.weights:
        if "moving_variance" in weight.path:
            weight.assign(random.uniform(0.5, 1.5, weight.shape))
    return model
