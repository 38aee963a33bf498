"""Exports of shrunk models, whose numbers are large enough to differ."""

from pathlib import Path

import numpy as np
from shrunk import shrunk_model

from tfgan_suite.models.gan import GAN
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
