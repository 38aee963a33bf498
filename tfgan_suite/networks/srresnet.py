"""The residual network of super-resolution, SRResNet, and the discriminator of SRGAN; for any height and width."""

from typing import Any

import keras
from keras import layers

from tfgan_suite.errors import InputError, option
from tfgan_suite.layers.clip import ClipOutsideTraining
from tfgan_suite.layers.convolutions import ImageConv2D
from tfgan_suite.layers.resampling import BicubicEnlarging, NearestDoubling, PixelShuffle
from tfgan_suite.networks.geometry import DATA_FORMAT, ImageShape, check_image_shape, check_positive
from tfgan_suite.networks.initializers import (
    in_discriminator,
    in_generator,
    kernel_initializer,
    norm_layer,
    outer_dtype,
    resolved_policy,
)
from tfgan_suite.networks.network import Network
from tfgan_suite.options.networks import check_options

FILTERS, BLOCKS, OUTER_KERNEL = 64, 16, 9  # figure 4 of the paper
LEAKY_SLOPE, PRELU_SLOPE, INITIALIZER_STDDEV = 0.2, 0.25, 0.02
END = 0.1  # of He's standard deviation
STAGES = (1, 2, 4, 8)  # times the base filters of a discriminator, two convolutions each
DENSE = 16  # times the base filters: the paper's 1,024


@keras.saving.register_keras_serializable(package="tfgan_suite")
class SRResNetGenerator(Network):
    """x -> Conv 9x9 -> residual block x n -> Conv 3x3, beside the first map -> twice the sides -> Conv 9x9.

    A block: Conv 3x3, norm, PReLU, Conv 3x3, norm; beside it x. All maps have the sides of the source until the last
    stages, so that a network of many blocks is quick.

    Without a norm kernels are He's, a tenth of these where a block or the network ends: it starts near the identity.

    Args:
        source_shape: (height, width, channels) of what it is given.
        target_channels: of what it makes.
        scale: how many times as high and wide that is: a power of 2.
        base_filters: filters of all maps.
        residual_blocks: n.
        norm: `"batch"` as in the paper, `"instance"`, `"layer"` or `"none"`; see `norm_layer`. Later networks have
            none: BatchNorm limits the range of maps, and its statistics in training and afterwards differ.
        up: `"pixel_shuffle"` as in the paper: four times the filters become twice the sides; or `"nearest"`: each pixel
            becomes four, then 3x3, which leaves no checkerboard.
        enlarged_skip: adds the source, enlarged bicubically, to what is made, which is then clipped to [-1, 1] outside
            of training; else it ends in tanh. Both need the channels of the source.
        initializer_stddev: kernels of a network with a norm from N(0, stddev); None: Keras's Glorot uniform.
        spectral_norm: `"both"` divides each kernel by its largest singular value; `"none"`, `"discriminator"`: no.
        dtype: dtype policy of the hidden layers; the images are float32, or float64 under `"float64"`.

    Call: float32 (N, H, W, C) in [-1, 1] -> float32 (N, scale H, scale W, target_channels), in [-1, 1] but for training
    with `enlarged_skip`.

    Raises:
        InputError: a size that is not positive, a scale that is no power of 2, or a skip between other channels.

    Reference: Ledig et al., 2016, arXiv 1609.04802, figure 4, which does not say how its output is bounded; Lim et al.,
    2017, arXiv 1707.02921, for no norm; Kim, Lee and Lee, 2015, arXiv 1511.04587, for the enlarged source.
    """

    def __init__(
        self,
        source_shape: ImageShape,
        target_channels: int = 3,
        scale: int = 4,
        base_filters: int = FILTERS,
        residual_blocks: int = BLOCKS,
        norm: str = "batch",
        up: str = "pixel_shuffle",
        enlarged_skip: bool = False,
        initializer_stddev: float | None = INITIALIZER_STDDEV,
        spectral_norm: str = "none",
        dtype: Any = None,
        name: str = "srresnet_generator",
    ):
        dtype = resolved_policy(dtype)
        outer = outer_dtype(dtype)
        source_shape = check_image_shape(source_shape, "source_shape")
        check_positive(target_channels=target_channels, scale=scale)
        check_options(
            base_filters=base_filters,
            residual_blocks=residual_blocks,
            generator_norm=norm,
            generator_up=up,
            enlarged_skip=enlarged_skip,
            initializer_stddev=initializer_stddev,
            spectral_norm=spectral_norm,
        )
        if up not in ("pixel_shuffle", "nearest"):
            raise InputError(f"{option('generator_up')} of SRResNet must be pixel_shuffle or nearest. Received: {up}.")
        if scale < 2 or scale & (scale - 1):
            raise InputError(f"scale must be a power of 2, such as 2 or 4. Received: {scale}.")
        if enlarged_skip and source_shape[2] != target_channels:
            raise InputError(
                f"{option('enlarged_skip')} needs a source of the targets' channels. Received: {source_shape[2]} for "
                f"{target_channels}."
            )

        def convolved(x: Any, filters: int, size: int = 3, is_normed: bool = False, is_end: bool = False) -> Any:
            if norm == "none":
                kernels = keras.initializers.VarianceScaling(2.0 * END**2 if is_end else 2.0)  # He's
            else:
                kernels = kernel_initializer(initializer_stddev)
            layer = ImageConv2D(
                filters,
                size,
                padding="same",
                data_format=DATA_FORMAT,
                use_bias=not is_normed,
                kernel_initializer=kernels,
                dtype=dtype,
            )
            x = in_generator(layer, spectral_norm)(x)
            return norm_layer(norm, dtype)(x) if is_normed else x

        def bent(x: Any) -> Any:
            slopes = keras.initializers.Constant(PRELU_SLOPE)
            return layers.PReLU(alpha_initializer=slopes, shared_axes=[1, 2], dtype=dtype)(x)

        def added(*maps: Any) -> Any:
            return layers.Add(dtype=dtype)(list(maps))

        is_normed = norm != "none"
        source = keras.Input(source_shape, dtype=outer, name="source")
        first = x = bent(convolved(source, base_filters, OUTER_KERNEL))  # (N, H, W, base_filters), as all that follow
        for _ in range(residual_blocks):
            inner = bent(convolved(x, base_filters, is_normed=is_normed))
            x = added(x, convolved(inner, base_filters, is_normed=is_normed, is_end=True))
        x = added(first, convolved(x, base_filters, is_normed=is_normed, is_end=True))
        for _ in range(scale.bit_length() - 1):  # twice the sides
            if up == "nearest":
                x = bent(convolved(NearestDoubling(dtype=dtype)(x), base_filters))
            else:
                x = bent(PixelShuffle(dtype=dtype)(convolved(x, 4 * base_filters)))
        x = convolved(x, target_channels, OUTER_KERNEL, is_end=True)  # (N, scale H, scale W, D)
        if enlarged_skip:
            x = layers.Add(dtype=outer)([x, BicubicEnlarging(scale, dtype=outer)(source)])
            images = ClipOutsideTraining(dtype=outer, name="images")(x)
        else:
            images = layers.Activation("tanh", dtype=outer, name="images")(x)
        super().__init__(source, images, locals())


@keras.saving.register_keras_serializable(package="tfgan_suite")
class SRGANDiscriminator(Network):
    """x -> (Conv 3x3, Conv 3x3 stride 2) x 4 -> Dense -> Dense: a logit; LeakyReLU 0.2, a norm but for the first.

    Args:
        image_shape: (height, width, channels) of the images.
        base_filters: filters of the first stage, twice as many a stage above; sixteen times as many units at the end.
        norm: `"batch"` as in the paper, `"layer"`, `"instance"` or `"none"`, with which kernels are He's; see
            `norm_layer`.
        initializer_stddev: kernels of a network with a norm from N(0, stddev); None: Keras's Glorot uniform.
        spectral_norm: `"discriminator"`, `"both"` divide each kernel by its largest singular value; `"none"`: no.
        dtype: dtype policy of the hidden layers; the logits are float32, or float64 under `"float64"`.

    Call: float32 (N, H, W, C) in [-1, 1] -> float32 (N, 1).

    Raises:
        InputError: a size that is not positive, or an image shape that is none.

    Reference: Ledig et al., 2016, arXiv 1609.04802, figure 4.
    """

    def __init__(
        self,
        image_shape: ImageShape,
        base_filters: int = FILTERS,
        norm: str = "batch",
        initializer_stddev: float | None = INITIALIZER_STDDEV,
        spectral_norm: str = "none",
        dtype: Any = None,
        name: str = "srgan_discriminator",
    ):
        dtype = resolved_policy(dtype)
        outer = outer_dtype(dtype)
        image_shape = check_image_shape(image_shape)
        check_options(
            base_filters=base_filters,
            discriminator_norm=norm,
            initializer_stddev=initializer_stddev,
            spectral_norm=spectral_norm,
        )

        def kernels() -> keras.initializers.Initializer:
            return keras.initializers.HeNormal() if norm == "none" else kernel_initializer(initializer_stddev)

        def convolved(x: Any, filters: int, strides: int, is_normed: bool) -> Any:
            layer = ImageConv2D(
                filters,
                3,
                strides,
                "same",
                data_format=DATA_FORMAT,
                use_bias=not is_normed,
                kernel_initializer=kernels(),
                dtype=dtype,
            )
            x = in_discriminator(layer, spectral_norm)(x)
            x = norm_layer(norm, dtype)(x) if is_normed else x
            return layers.LeakyReLU(LEAKY_SLOPE, dtype=dtype)(x)

        images = keras.Input(image_shape, dtype=outer, name="images")
        x = images  # (N, H, W, C)
        for stage, times in enumerate(STAGES):
            is_normed = norm != "none"
            x = convolved(x, times * base_filters, 1, is_normed and stage > 0)
            x = convolved(x, times * base_filters, 2, is_normed)  # half the sides, rounded up
        x = layers.Flatten(DATA_FORMAT, dtype=dtype)(x)  # (N, h w 8 base_filters)
        dense = layers.Dense(DENSE * base_filters, kernel_initializer=kernels(), dtype=dtype)
        x = layers.LeakyReLU(LEAKY_SLOPE, dtype=dtype)(in_discriminator(dense, spectral_norm)(x))
        last = layers.Dense(1, kernel_initializer=kernels(), dtype=outer)
        logits = layers.Activation("linear", dtype=outer, name="logits")(in_discriminator(last, spectral_norm)(x))
        super().__init__(images, logits, locals())  # (N, 1)
