"""Fully connected generator and discriminator, for images of any shape."""

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from tfgan_suite.layers.keyed_dropout import KeyedDropout
from tfgan_suite.networks.geometry import DATA_FORMAT, ImageShape, check_image_shape, check_positive
from tfgan_suite.networks.initializers import (
    in_discriminator,
    in_generator,
    kernel_initializer,
    outer_dtype,
    resolved_policy,
    synchronized_batch_norm,
)
from tfgan_suite.networks.network import Network
from tfgan_suite.options.networks import check_options

LEAKY_SLOPE = 0.2


@keras.saving.register_keras_serializable(package="tfgan_suite")
class MLPGenerator(Network):
    """z -> Dense units, LeakyReLU 0.2, ... -> Dense H*W*C -> tanh.

    Args:
        image_shape: (height, width, channels) of the images.
        latent_dim: length of z.
        units: widths of the hidden layers. 128, 256, 512 is the small tutorial form.
        batch_norm: BatchNorm between each hidden layer and its activation; the layer then has no
            bias, which BatchNorm would only take away again.
        initializer_stddev: kernels from N(0, stddev); None: Keras's Glorot uniform.
        spectral_norm: `"both"` divides each kernel by its largest singular value; `"none"`, `"discriminator"`: no.
        dtype: dtype policy of the hidden layers; the images are float32, or float64 under `"float64"`.

    Call: float32 (N, latent_dim) -> float32 (N, H, W, C) in [-1, 1].

    Raises:
        InputError: a size that is not positive, or an image shape that is none.

    Reference: Goodfellow et al., 2014, arXiv 1406.2661, in the form of today's tutorials.
    """

    def __init__(
        self,
        image_shape: ImageShape,
        latent_dim: int = 100,
        units: Sequence[int] = (128, 256, 512),
        batch_norm: bool = False,
        initializer_stddev: float | None = None,
        spectral_norm: str = "none",
        dtype: Any = None,
        name: str = "mlp_generator",
    ):
        dtype = resolved_policy(dtype)
        image_shape = check_image_shape(image_shape)
        units = tuple(units)
        check_positive(latent_dim=latent_dim, **{f"units[{i}]": width for i, width in enumerate(units)})
        check_options(initializer_stddev=initializer_stddev, spectral_norm=spectral_norm)
        latents = keras.Input((latent_dim,), dtype=outer_dtype(dtype), name="latents")  # (N, latent_dim)
        x = latents
        for width in units:
            dense = layers.Dense(
                width,
                use_bias=not batch_norm,
                kernel_initializer=kernel_initializer(initializer_stddev),
                dtype=dtype,
            )
            x = in_generator(dense, spectral_norm)(x)  # (N, width)
            if batch_norm:
                x = synchronized_batch_norm(dtype)(x)
            x = layers.LeakyReLU(LEAKY_SLOPE, dtype=dtype)(x)
        last = layers.Dense(
            math.prod(image_shape), kernel_initializer=kernel_initializer(initializer_stddev), dtype=dtype
        )
        x = in_generator(last, spectral_norm)(x)  # (N, H * W * C)
        x = layers.Reshape(image_shape, dtype=dtype)(x)  # (N, H, W, C)
        images = layers.Activation("tanh", dtype=outer_dtype(dtype), name="images")(x)
        super().__init__(latents, images, locals())


@keras.saving.register_keras_serializable(package="tfgan_suite")
class MLPDiscriminator(Network):
    """x -> Dense units, LeakyReLU 0.2, dropout, ... -> Dense 1: a logit.

    Args:
        image_shape: (height, width, channels) of the images.
        units: widths of the hidden layers. 512, 256 is the small tutorial form.
        dropout: share of activations dropped after each hidden layer, in [0, 1).
        initializer_stddev: kernels from N(0, stddev); None: Keras's Glorot uniform.
        spectral_norm: `"discriminator"`, `"both"` divide each kernel by its largest singular value; `"none"`: no.
        dtype: dtype policy of the hidden layers; the logits are float32, or float64 under `"float64"`.

    Call: float32 (N, H, W, C) in [-1, 1] -> float32 (N, 1).

    Raises:
        InputError: a size that is not positive, or an image shape that is none.

    Reference: Goodfellow et al., 2014, arXiv 1406.2661, in the form of today's tutorials.
    """

    def __init__(
        self,
        image_shape: ImageShape,
        units: Sequence[int] = (512, 256),
        dropout: float = 0.0,
        initializer_stddev: float | None = None,
        spectral_norm: str = "none",
        dtype: Any = None,
        name: str = "mlp_discriminator",
    ):
        dtype = resolved_policy(dtype)
        image_shape = check_image_shape(image_shape)
        units = tuple(units)
        check_positive(**{f"units[{i}]": width for i, width in enumerate(units)})
        check_options(dropout=dropout, initializer_stddev=initializer_stddev, spectral_norm=spectral_norm)
        images = keras.Input(image_shape, dtype=outer_dtype(dtype), name="images")  # (N, H, W, C)
        x = layers.Flatten(DATA_FORMAT, dtype=dtype)(images)  # (N, H * W * C)
        for key, width in enumerate(units):
            initializer = kernel_initializer(initializer_stddev)
            dense = layers.Dense(width, kernel_initializer=initializer, dtype=dtype)
            x = in_discriminator(dense, spectral_norm)(x)  # (N, width)
            x = layers.LeakyReLU(LEAKY_SLOPE, dtype=dtype)(x)
            if dropout:
                x = KeyedDropout(dropout, key, dtype=dtype)(x)
        last = layers.Dense(
            1, kernel_initializer=kernel_initializer(initializer_stddev), dtype=outer_dtype(dtype), name="logits"
        )
        logits = in_discriminator(last, spectral_norm)(x)  # (N, 1)
        super().__init__(images, logits, locals())
