"""Small translators of every kind, whose weights are as after training."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgan_suite.layers.resampling import ReflectionPadding
from tfgan_suite.models.cycle_gan import CycleGAN
from tfgan_suite.models.pix2pix import Pix2Pix
from tfgan_suite.serving.export import export_generator

CARD = {"model": "pix2pix", "dataset": "tiny, train (32 pairs)", "licence": "CC0-1.0", "fit": "pad"}
CARDS: dict[str, dict[str, Any]] = {
    "lines": {"pairs": {"degrade": "edges"}},
    "holes": {"pairs": {"degrade": "mask"}, "background": "orange"},
    "upscaler": {"fit": "crop"},
}
ODD, EVEN = (13, 18), (16, 12)


def unet(sides: tuple[int, int], channels: int, made: int, has_mask: bool = False, **settings: Any) -> Pix2Pix:
    """One of pictures of so many channels, without a mask."""
    small = {"base_filters": 4, "initializer_stddev": 0.2, **settings}
    return Pix2Pix((*sides, channels + has_mask), (*sides, made), has_mask=has_mask, **small)


@keras.saving.register_keras_serializable(package="tests")
class Mixing(keras.layers.Layer):
    """Channels mixed by einsum."""

    def build(self, shape: tuple[Any, ...]) -> None:
        self.kernel = self.add_weight(shape=(shape[-1], shape[-1]), initializer="orthogonal")

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return tf.einsum("nhwc,cd->nhwd", inputs, self.kernel)


class Upscaler(Pix2Pix):
    """Pictures of twice the sides, by what networks for restoration have and a U-Net has not."""

    def __init__(self) -> None:
        super().__init__((6, 10, 3), (6, 10, 3), base_filters=2, discriminator_halvings=1)
        source = keras.Input((6, 10, 3))
        x = keras.layers.Conv2D(8, 5)(ReflectionPadding(((2, 2), (2, 2)))(source))
        x = keras.layers.PReLU("random_uniform", shared_axes=[1, 2])(x)
        x = keras.layers.Conv2D(12, 3, padding="same")(keras.layers.BatchNormalization()(Mixing()(x)))
        doubled = keras.layers.Lambda(lambda maps: tf.nn.depth_to_space(maps, 2), output_shape=(12, 20, 3))(x)
        self.upscaling = keras.Model(source, keras.layers.Activation("tanh")(doubled))

    @property
    def translating_generator(self) -> keras.Model:
        return self.upscaling

    def _shapes(self) -> dict[str, Any]:
        return {**super()._shapes(), "target_shape": [12, 20, 3]}


def both_ways() -> CycleGAN:
    """One of grey pictures and of coloured ones."""
    small: dict[str, Any] = {"base_filters": 4, "residual_blocks": 1, "initializer_stddev": 0.2}
    return CycleGAN((*EVEN, 1), (*EVEN, 3), identity_weight=0.0, discriminator_halvings=1, **small)


TRANSLATORS: dict[str, Callable[[], Pix2Pix | CycleGAN]] = {
    "nearest": lambda: unet(ODD, 3, 3, has_mask=True, paste_known=True, generator_up="nearest"),
    "transposed": lambda: unet(ODD, 3, 1),
    "instance": lambda: unet(EVEN, 1, 3, generator_norm="instance"),
    "layer": lambda: unet(EVEN, 3, 4, generator_norm="layer", generator_up="nearest"),
    "spectral": lambda: unet(EVEN, 4, 3, has_mask=True, spectral_norm="both", discriminator_norm="none"),
    "half": lambda: unet(ODD, 3, 3, generator_up="nearest", dtype="mixed_bfloat16"),
    "upscaler": Upscaler,
    "both_ways": both_ways,
    # With a page of their own in the tests.
    "lines": lambda: unet((64, 64), 1, 3, generator_up="nearest", initializer_stddev=0.1),
    "holes": lambda: unet((20, 28), 3, 3, has_mask=True, paste_known=True, generator_up="nearest"),
    "wide": lambda: unet((16, 16), 1, 1, base_filters=16, initializer_stddev=0.1),
}


def small_translator(name: str) -> Pix2Pix | CycleGAN:
    """A model of `TRANSLATORS`, always the same."""
    keras.utils.set_random_seed(1)
    model = TRANSLATORS[name]()
    random = np.random.default_rng(0)
    for weight in model.weights:
        if "moving_variance" in weight.path:
            weight.assign(random.uniform(0.5, 1.5, weight.shape))
    return model


def exported(name: str, base: Path, **card: Any) -> Path:
    """The version's folder of a translator, unchecked."""
    model, facts = small_translator(name), {**CARD, **CARDS.get(name, {}), **card}
    way = model.directions[-1] if model.directions else None
    return export_generator(model, base, facts, verify=False, direction=way)


def pictures_of(shape: tuple[int, ...], rows: int, seed: int = 7) -> np.ndarray:
    """Pictures that no conversion looks at: noise on slopes, uint8 (N, H, W, C)."""
    random = np.random.default_rng(seed)
    slopes = np.linspace(0, 255, shape[1])[:, None] * random.uniform(0.2, 1, (rows, shape[0], 1, shape[2]))
    return np.clip(slopes + random.normal(0, 20, (rows, *shape)), 0, 255).astype(np.uint8)


def masks_of(shape: tuple[int, ...], rows: int) -> np.ndarray:
    """Another box for each picture, uint8 (N, H, W, 1)."""
    masks = np.zeros((rows, *shape[:2], 1), np.uint8)
    for row in range(rows):
        masks[row, 2 + row : 7 + row, 3 : 8 + row] = 128 + row
    return masks
