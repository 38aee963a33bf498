"""The U-Net of pix2pix: images into images of the same size, for any height and width."""

from typing import Any

import keras
from keras import layers

from tfgan_suite.errors import InputError, option
from tfgan_suite.layers.convolutions import ImageConv2D, ImageConv2DTranspose
from tfgan_suite.layers.keyed_dropout import KeyedDropout
from tfgan_suite.layers.paste_known import PasteKnown
from tfgan_suite.layers.resampling import NearestDoubling, ReflectionPadding
from tfgan_suite.networks.geometry import DATA_FORMAT, ImageShape, check_image_shape, check_positive, surplus
from tfgan_suite.networks.initializers import in_generator, kernel_initializer, norm_layer, outer_dtype, resolved_policy
from tfgan_suite.networks.network import Network
from tfgan_suite.options.networks import check_options

KERNEL_SIZE, LEAKY_SLOPE, INITIALIZER_STDDEV = 4, 0.2, 0.02  # appendix 6.1 and 6.2 of the paper
MAX_LEVELS = 8  # which bring 256x256 to 1x1
WIDEST = 8  # times the base filters
# The paper's network of 8 levels drops in three decoder stages, its authors' smaller ones in one fewer a level.
LEVELS_WITHOUT_DROPOUT = 5


def num_levels(source_shape: ImageShape) -> int:
    """How often the shorter side can be halved, rounding down, at most `MAX_LEVELS` times.

    >>> [num_levels((side, side, 3)) for side in (512, 256, 64, 48, 20)]
    [8, 8, 6, 5, 4]
    """
    return min(MAX_LEVELS, min(source_shape[:2]).bit_length() - 1)


@keras.saving.register_keras_serializable(package="tfgan_suite")
class UNetGenerator(Network):
    """x -> (Conv 4x4 stride 2) x n -> (twice the sides, beside the map of the same size on the way down) x n -> tanh.

    LeakyReLU 0.2 on the way down and ReLU on the way up stand before each convolution but the first, a norm behind each
    but the first, the innermost and the last. The innermost map of 256x256 is 1x1, where a norm over pixels would be 0
    at a batch of one image. Half of what follows from the innermost map is dropped in training: the only noise.

    Sides that cannot be halved so often are reflected to the next that can, and what is made is cropped.

    Args:
        source_shape: (height, width, channels) of what it is given. 256x256 has the paper's eight levels; a shorter
            side of half of that has one fewer.
        target_channels: of what it makes.
        base_filters: filters of the outermost level, twice as many a level below, at most eight times as many.
        norm: `"batch"`, `"instance"`, `"layer"` or `"none"`; see `norm_layer`. The paper's BatchNorm takes the
            statistics of the batch also when it is tested: of one image that is `"instance"`.
        up: `"transposed"`, 4x4 with stride 2 as in the paper, or `"nearest"`: each pixel becomes four, then 3x3. A
            transposed convolution leaves a checkerboard where its taps learn unequally.
        dropout: share of activations dropped in the first decoder stages, in [0, 1): three of eight levels, one fewer a
            level, at least one.
        paste_known: the source's last channel is the mask of a hole, 1 in it: what is made fills it, and all else stays
            as the source has it.
        initializer_stddev: kernels from N(0, stddev); None: Keras's Glorot uniform.
        spectral_norm: `"both"` divides each kernel by its largest singular value; `"none"`, `"discriminator"`: no.
        dtype: dtype policy of the hidden layers; the images are float32, or float64 under `"float64"`.

    Call: float32 (N, H, W, C) in [-1, 1] -> float32 (N, H, W, target_channels) in [-1, 1].

    Raises:
        InputError: a size that is not positive, an image shape that is none, or `paste_known` without a mask beside
            channels as they are made.

    Reference: Isola, Zhu, Zhou and Efros, 2016, arXiv 1611.07004, section 6.1.1; without BatchNorm on the innermost
    map as in the authors' code, and with its scales starting at 1, not at N(1, 0.02). Odena, Dumoulin and Olah, 2016,
    doi 10.23915/distill.00003, for `"nearest"`.
    """

    def __init__(
        self,
        source_shape: ImageShape,
        target_channels: int = 3,
        base_filters: int = 64,
        norm: str = "batch",
        up: str = "transposed",
        dropout: float = 0.5,
        paste_known: bool = False,
        initializer_stddev: float | None = INITIALIZER_STDDEV,
        spectral_norm: str = "none",
        dtype: Any = None,
        name: str = "unet_generator",
    ):
        dtype = resolved_policy(dtype)
        outer = outer_dtype(dtype)
        source_shape = check_image_shape(source_shape, "source_shape")
        check_positive(target_channels=target_channels)
        check_options(
            base_filters=base_filters,
            generator_norm=norm,
            generator_up=up,
            dropout=dropout,
            paste_known=paste_known,
            initializer_stddev=initializer_stddev,
            spectral_norm=spectral_norm,
        )
        if up not in ("transposed", "nearest"):
            raise InputError(f"{option('generator_up')} of a U-Net must be transposed or nearest. Received: {up}.")
        if paste_known and source_shape[2] != target_channels + 1:
            raise InputError(
                "paste_known needs a source of the targets' channels and a mask beside them. Received: "
                f"{source_shape[2]} channels for {target_channels}."
            )
        levels = num_levels(source_shape)
        around = surplus(source_shape, levels)
        widths = [base_filters * min(2**level, WIDEST) for level in range(levels)]
        told = {"padding": "same", "dtype": dtype}

        def halved(x: Any, filters: int, is_normed: bool) -> Any:
            kernels = kernel_initializer(initializer_stddev)
            more = {"use_bias": not is_normed, "kernel_initializer": kernels, **told}
            layer = ImageConv2D(filters, KERNEL_SIZE, 2, data_format=DATA_FORMAT, **more)
            x = in_generator(layer, spectral_norm)(x)
            return norm_layer(norm, dtype)(x) if is_normed else x

        def doubled(x: Any, filters: int, is_normed: bool) -> Any:
            kernels = kernel_initializer(initializer_stddev)
            more = {"use_bias": not is_normed, "kernel_initializer": kernels, **told}
            if up == "nearest":
                x = NearestDoubling(dtype=dtype)(x)
                layer = layers.Conv2D(filters, 3, data_format=DATA_FORMAT, **more)
            else:
                layer = ImageConv2DTranspose(filters, KERNEL_SIZE, 2, data_format=DATA_FORMAT, **more)
            x = in_generator(layer, spectral_norm)(x)
            return norm_layer(norm, dtype)(x) if is_normed else x

        source = keras.Input(source_shape, dtype=outer, name="source")
        x, maps = source, []  # (N, H, W, C)
        if any(map(any, around)):
            x = ReflectionPadding(around, dtype=outer)(x)  # (N, H or more, W or more, C)
        for level, width in enumerate(widths):
            x = layers.LeakyReLU(LEAKY_SLOPE, dtype=dtype)(x) if level else x
            x = halved(x, width, is_normed=norm != "none" and 0 < level < levels - 1)
            maps.append(x)  # (N, H / 2, W / 2, base_filters), then half the sides a level
        for stage, (width, beside) in enumerate(zip(widths[-2::-1], maps[-2::-1], strict=True)):
            x = layers.ReLU(dtype=dtype)(x)
            x = doubled(x, width, is_normed=norm != "none")  # twice the sides
            if dropout and stage < max(1, levels - LEVELS_WITHOUT_DROPOUT):
                x = KeyedDropout(dropout, stage, dtype=dtype)(x)
            x = layers.Concatenate(dtype=dtype)([x, beside])  # (N, h, w, 2 width)
        x = doubled(layers.ReLU(dtype=dtype)(x), target_channels, is_normed=False)  # (N, H or more, W or more, D)
        if any(map(any, around)):
            x = layers.Cropping2D(around, DATA_FORMAT, dtype=dtype)(x)  # (N, H, W, D)
        images = layers.Activation("tanh", dtype=outer, name="images")(x)
        if paste_known:
            images = PasteKnown(dtype=outer, name="pasted")([images, source])
        super().__init__(source, images, locals())
