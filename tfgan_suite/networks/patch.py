"""The PatchGAN of pix2pix: a logit for each patch of an image, for any height and width."""

import math
from typing import Any

import keras
from keras import layers

from tfgan_suite.errors import InputError, option
from tfgan_suite.layers.convolutions import ImageConv2D
from tfgan_suite.networks.geometry import DATA_FORMAT, ImageShape, check_image_shape
from tfgan_suite.networks.initializers import (
    in_discriminator,
    kernel_initializer,
    norm_layer,
    outer_dtype,
    resolved_policy,
)
from tfgan_suite.networks.network import Network
from tfgan_suite.options.networks import check_options

KERNEL_SIZE, LEAKY_SLOPE, INITIALIZER_STDDEV = 4, 0.2, 0.02  # appendix 6.1 and 6.2 of the paper
WIDEST = 8  # times the base filters
LOST = 2  # pixels of a side that the last two convolutions take
PATCHES = 14  # a side of the map


def num_halvings(image_shape: ImageShape) -> int:
    """How many bring the shorter side of the map nearest to `PATCHES`, counted in octaves.

    A patch of 70 pixels is a quarter of a side of 256; of a side of 64 it would be the whole image, and the paper's
    table 4 has worse results for patches of the whole image.

    >>> [num_halvings((side, side, 6)) for side in (256, 128, 64, 32, 20, 4)]
    [4, 3, 2, 1, 0, 0]
    """
    return max(0, round(math.log2(min(image_shape[:2]) / (PATCHES + LOST))))


@keras.saving.register_keras_serializable(package="tfgan_suite")
class PatchDiscriminator(Network):
    """x -> (Conv 4x4 stride 2) x n -> Conv 4x4 -> Conv 4x4: a logit a patch; LeakyReLU 0.2, a norm but for the first.

    Args:
        image_shape: (height, width, channels) of what it judges: of pairs the channels of both, joined.
        base_filters: filters of the first stage, twice as many a stage above, at most eight times as many.
        norm: `"batch"` as in the paper, `"instance"`, `"layer"` or `"none"`; see `norm_layer`.
        halvings: n: a logit sees 7, 16, 34, 70, 142 pixels of a side by n from 0 to 4, the paper 70; None: as many as
            bring the map near 14x14; see `num_halvings`.
        initializer_stddev: kernels from N(0, stddev); None: Keras's Glorot uniform.
        spectral_norm: `"discriminator"`, `"both"` divide each kernel by its largest singular value; `"none"`: no.
        dtype: dtype policy of the hidden layers; the logits are float32, or float64 under `"float64"`.

    Call: float32 (N, H, W, C) in [-1, 1] -> float32 (N, h, w, 1), where h is H / 2^n - 2, rounded up.

    Raises:
        InputError: a size that is not positive, an image shape that is none, or halvings that leave no patch.

    Reference: Isola, Zhu, Zhou and Efros, 2016, arXiv 1611.07004, section 6.1.2.
    """

    def __init__(
        self,
        image_shape: ImageShape,
        base_filters: int = 64,
        norm: str = "batch",
        halvings: int | None = None,
        initializer_stddev: float | None = INITIALIZER_STDDEV,
        spectral_norm: str = "none",
        dtype: Any = None,
        name: str = "patch_discriminator",
    ):
        dtype = resolved_policy(dtype)
        image_shape = check_image_shape(image_shape)
        check_options(
            base_filters=base_filters,
            discriminator_norm=norm,
            discriminator_halvings=halvings,
            initializer_stddev=initializer_stddev,
            spectral_norm=spectral_norm,
        )
        strided = num_halvings(image_shape) if halvings is None else halvings
        if -(-min(image_shape[:2]) // 2**strided) <= LOST:
            raise InputError(
                f"{option('discriminator_halvings', halvings)} leaves no patch of {image_shape[0]}x{image_shape[1]} "
                f"pixels. Received: {halvings}. Leave it out, or give {num_halvings(image_shape)}."
            )

        def convolution(filters: int, strides: int, use_bias: bool, policy: str) -> layers.Layer:
            layer = ImageConv2D(
                filters,
                KERNEL_SIZE,
                strides,
                "same" if strides > 1 else "valid",
                data_format=DATA_FORMAT,
                use_bias=use_bias,
                kernel_initializer=kernel_initializer(initializer_stddev),
                dtype=policy,
            )
            return in_discriminator(layer, spectral_norm)

        def bordered(x: Any, policy: str) -> Any:
            return layers.ZeroPadding2D(1, DATA_FORMAT, dtype=policy)(x)

        outer = outer_dtype(dtype)
        images = keras.Input(image_shape, dtype=outer, name="images")
        x = images  # (N, H, W, C)
        for stage in range(strided + 1):
            is_normed = norm != "none" and stage > 0
            is_last = stage == strided
            x = bordered(x, dtype) if is_last else x
            # (N, H / 2, W / 2, base_filters), half the sides a stage; the last (N, h + 1, w + 1, filters)
            x = convolution(base_filters * min(2**stage, WIDEST), 1 if is_last else 2, not is_normed, dtype)(x)
            x = norm_layer(norm, dtype)(x) if is_normed else x
            x = layers.LeakyReLU(LEAKY_SLOPE, dtype=dtype)(x)
        x = convolution(1, 1, True, outer)(bordered(x, outer))  # (N, h, w, 1)
        logits = layers.Activation("linear", dtype=outer, name="logits")(x)
        super().__init__(images, logits, locals())
