"""Small generators of every kind, whose weights are as after training."""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
from shrunk import SHAPE

from tfgan_suite.models.conditional_gan import ConditionalGAN
from tfgan_suite.models.dcgan import DCGAN
from tfgan_suite.models.gan import GAN
from tfgan_suite.models.mlp_gan import MLPGAN
from tfgan_suite.serving.export import export_generator

NAMES = ["ship", "cat", "Füße"]
CARD = {"model": "cgan", "dataset": "tiny, train (32 images)", "label_names": NAMES, "licence": "CC0-1.0"}
HALF = {"dtype": "mixed_bfloat16"}

GENERATORS: dict[str, Callable[[], GAN]] = {
    "tutorial": lambda: DCGAN((28, 28, 1), 6, base_filters=4),
    "oblong": lambda: DCGAN((48, 64, 3), 6, body="dcgan_radford2015", base_filters=2),
    "odd": lambda: DCGAN((13, 11, 3), 6, base_filters=4),
    "odd_tutorial": lambda: DCGAN((13, 11, 2), 6, body="dcgan_tutorial", base_filters=4),
    "mlp_of_4_channels": lambda: MLPGAN((5, 7, 4), 6, (16, 16), (8,), batch_norm=True),
    "classes": lambda: ConditionalGAN(SHAPE, num_classes=3, latent_dim=6, base_filters=4),
    "attributes": lambda: ConditionalGAN((9, 8, 3), num_attributes=3, latent_dim=6, base_filters=4),
    "half_classes": lambda: ConditionalGAN(SHAPE, num_classes=3, latent_dim=6, base_filters=4, **HALF),
    "spectral": lambda: ConditionalGAN(SHAPE, num_classes=3, latent_dim=6, base_filters=4, spectral_norm="both"),
    "resnet_classes": lambda: ConditionalGAN((13, 11, 3), 3, latent_dim=6, base_filters=4, body="resnet"),
    "resnet_attributes": lambda: ConditionalGAN(SHAPE, None, 3, latent_dim=6, base_filters=4, body="resnet"),
    "half_resnet": lambda: DCGAN(SHAPE, 6, base_filters=4, body="resnet", **HALF),
    "r3gan": lambda: DCGAN((13, 11, 3), 6, base_filters=4, groups=2, body="r3gan"),
    "r3gan_classes": lambda: ConditionalGAN(SHAPE, 3, latent_dim=6, base_filters=4, body="r3gan"),
    "half_r3gan": lambda: DCGAN(SHAPE, 6, base_filters=4, body="r3gan", **HALF),
    "wide": lambda: DCGAN((28, 28, 1), 16, base_filters=24),
}


def small_generator(name: str) -> GAN:
    """A model of `GENERATORS` with images that differ from seed to seed."""
    keras.utils.set_random_seed(1)
    return as_trained(GENERATORS[name](), 1.2 if "resnet" in name or "r3gan" in name else 3.0)


def as_trained(model: GAN, scale: float = 3.0) -> GAN:
    """The model, with weights whose images differ from seed to seed; many layers with large ones multiply rounding."""
    random = np.random.default_rng(0)
    for weight in model.sampling_generator.weights:
        if "moving_variance" in weight.path:
            weight.assign(random.uniform(0.5, 1.5, weight.shape))
        elif "moving_mean" in weight.path:
            weight.assign(random.normal(0, 0.1, weight.shape))
        elif len(weight.shape) > 1:
            fan_in = np.prod(weight.shape) / min(weight.shape[-2:])
            weight.assign(random.normal(0, scale / fan_in**0.5, weight.shape))
    return model


def exported(name: str, base: Path) -> Path:
    """The version's folder of a generator, unchecked; of classes or attributes with names."""
    return export_generator(
        small_generator(name), base, CARD if "tributes" in name or "classes" in name else {}, verify=False
    )
