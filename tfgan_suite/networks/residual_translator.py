"""The residual network of CycleGAN and CUT: images into images of the same size, for any height and width."""

from typing import Any

import keras
import tensorflow as tf
from keras import layers

from tfgan_suite.errors import InputError, option
from tfgan_suite.layers.convolutions import ImageConv2D, ImageConv2DTranspose
from tfgan_suite.layers.resampling import BilinearDoubling, BlurredHalving, NearestDoubling, ReflectionPadding
from tfgan_suite.networks.geometry import DATA_FORMAT, ImageShape, check_image_shape, check_positive, surplus
from tfgan_suite.networks.initializers import in_generator, kernel_initializer, norm_layer, outer_dtype, resolved_policy
from tfgan_suite.networks.network import Network
from tfgan_suite.options.networks import check_options

HALVINGS = 2
OUTER_KERNEL, INITIALIZER_STDDEV = 7, 0.02  # appendix 7.2 and section 4 of the paper
LEAST_SIDE = 5  # of which, reflected to 8, the innermost map has the 2 pixels that a block reflects at
BLOCKS, BLOCKS_OF_LARGE, LARGE = 6, 9, 256


def num_blocks(source_shape: ImageShape) -> int:
    """How many residual blocks the paper has: 9 for sides of 256 pixels and more, 6 for shorter ones.

    >>> [num_blocks((side, side, 3)) for side in (64, 128, 256)]
    [6, 6, 9]
    """
    return BLOCKS_OF_LARGE if min(source_shape[:2]) >= LARGE else BLOCKS


class Features:
    """A translator that shows maps of its way: those of the two convolutions that halve, and of the first and the
    middle block.

    It belongs to no model: its layers are the translator's.

    Args:
        translator: a `ResidualTranslator`.

    Call: (N, H, W, C) -> what the translator makes, and the maps, the image itself before them.

    Reference: Park, Efros, Zhang and Zhu, 2020, arXiv 2007.15651: the layers 0, 4, 8, 12 and 16 of its code, of which 0
    is the image with its reflected borders.
    """

    def __init__(self, translator: keras.Model):
        blocks = sum(layer.name.startswith("block_") for layer in translator.layers)
        names = [f"half_{halving}" for halving in range(1, HALVINGS + 1)]
        names += dict.fromkeys(f"block_{block}" for block in (1, 1 + blocks // 2))
        known = {layer.name.removeprefix("spectral_"): layer.output for layer in translator.layers}
        maps = [known[name] for name in names]
        self._way = keras.Model(translator.inputs[0], [*translator.outputs, *maps])
        self._maps = keras.Model(translator.inputs[0], maps)
        self.shapes: list[ImageShape] = [translator.input_shape[1:], *(each.shape[1:] for each in maps)]

    def __call__(self, images: tf.Tensor, training: bool = False) -> tuple[tf.Tensor, list[tf.Tensor]]:
        made, *maps = self._way(images, training=training)
        return made, [images, *maps]

    def maps(self, images: tf.Tensor, training: bool = False) -> list[tf.Tensor]:
        """The maps alone, without the rest of the way."""
        return [images, *self._maps(images, training=training)]


@keras.saving.register_keras_serializable(package="tfgan_suite")
class ResidualTranslator(Network):
    """x -> Conv 7x7 -> (half the sides) x 2 -> residual block x n -> (twice the sides) x 2 -> Conv 7x7 -> tanh.

    A block: Conv 3x3, norm, ReLU, Conv 3x3, norm; beside it x. Each convolution but the last has a norm and, outside of
    blocks, ReLU behind it. Maps are reflected at their borders before the outer convolutions and those of blocks, so
    that images have no frame.

    Sides that are no multiple of 4 are reflected to the next one, and what is made is cropped.

    Args:
        source_shape: (height, width, channels) of what it is given, both sides at least 5 pixels.
        target_channels: of what it makes.
        base_filters: filters at full resolution, twice as many at each half of it.
        residual_blocks: n; None: as many as the paper, see `num_blocks`.
        norm: `"instance"` as in the paper, `"batch"`, `"layer"` or `"none"`; see `norm_layer`.
        up: `"transposed"`, 3x3 with stride 2 as in the paper, or `"nearest"`: each pixel becomes four, or `"bilinear"`:
            four between it and the next ones, then 3x3, which leaves no checkerboard.
        down: `"strided"`, 3x3 with stride 2 as in the paper, or `"blurred"`: 3x3, and a blur before every second pixel
            is taken, as CUT's authors have it beside bilinear maps: small shifts of an image then shift what is made.
        initializer_stddev: kernels from N(0, stddev); None: Keras's Glorot uniform.
        spectral_norm: `"both"` divides each kernel by its largest singular value; `"none"`, `"discriminator"`: no.
        dtype: dtype policy of the hidden layers; the images are float32, or float64 under `"float64"`.

    Call: float32 (N, H, W, C) in [-1, 1] -> float32 (N, H, W, target_channels) in [-1, 1].

    Raises:
        InputError: a size that is not positive, or an image shape that is none or too small.

    Reference: Zhu, Park, Isola and Efros, 2017, arXiv 1703.10593, appendix 7.2, after Johnson, Alahi and Fei-Fei, 2016,
    arXiv 1603.08155. Its norms have a scale and an offset, where the authors' code has none.
    """

    def __init__(
        self,
        source_shape: ImageShape,
        target_channels: int = 3,
        base_filters: int = 64,
        residual_blocks: int | None = None,
        norm: str = "instance",
        up: str = "transposed",
        down: str = "strided",
        initializer_stddev: float | None = INITIALIZER_STDDEV,
        spectral_norm: str = "none",
        dtype: Any = None,
        name: str = "residual_translator",
    ):
        dtype = resolved_policy(dtype)
        outer = outer_dtype(dtype)
        source_shape = check_image_shape(source_shape, "source_shape")
        if min(source_shape[:2]) < LEAST_SIDE:
            raise InputError(
                f"{ResidualTranslator.__name__} needs sides of at least {LEAST_SIDE} pixels. Received: {source_shape}."
            )
        check_positive(target_channels=target_channels)
        check_options(
            base_filters=base_filters,
            residual_blocks=residual_blocks,
            generator_norm=norm,
            generator_up=up,
            generator_down=down,
            initializer_stddev=initializer_stddev,
            spectral_norm=spectral_norm,
        )
        if up == "pixel_shuffle":
            raise InputError(
                f"{option('generator_up')} of a residual translator must be transposed, nearest or bilinear. Received: "
                f"{up}."
            )
        blocks = num_blocks(source_shape) if residual_blocks is None else residual_blocks
        around = surplus(source_shape, HALVINGS)
        is_normed = norm != "none"

        def told(has_norm: bool = is_normed) -> dict[str, Any]:
            kernels = kernel_initializer(initializer_stddev)
            return {"use_bias": not has_norm, "kernel_initializer": kernels, "dtype": dtype}

        def normed(layer: layers.Layer, x: Any) -> Any:
            x = in_generator(layer, spectral_norm)(x)
            return norm_layer(norm, dtype)(x) if is_normed else x

        def reflected(x: Any, pixels: int) -> Any:
            return ReflectionPadding(((pixels, pixels), (pixels, pixels)), dtype=dtype)(x)

        def bent(x: Any) -> Any:
            return layers.ReLU(dtype=dtype)(x)

        def halved(x: Any, filters: int, name: str) -> Any:
            strides = 2 if down == "strided" else 1
            x = normed(ImageConv2D(filters, 3, strides, "same", data_format=DATA_FORMAT, name=name, **told()), x)
            return bent(x) if down == "strided" else BlurredHalving(dtype=dtype)(bent(x))

        def doubled(x: Any, filters: int) -> Any:
            if up == "transposed":
                return bent(normed(ImageConv2DTranspose(filters, 3, 2, "same", data_format=DATA_FORMAT, **told()), x))
            x = (NearestDoubling if up == "nearest" else BilinearDoubling)(dtype=dtype)(x)
            return bent(normed(layers.Conv2D(filters, 3, padding="same", data_format=DATA_FORMAT, **told()), x))

        source = keras.Input(source_shape, dtype=outer, name="source")
        x = source  # (N, H, W, C)
        if any(map(any, around)):
            x = ReflectionPadding(around, dtype=outer)(x)  # (N, H or more, W or more, C)
        x = bent(
            normed(
                ImageConv2D(base_filters, OUTER_KERNEL, data_format=DATA_FORMAT, **told()),
                reflected(x, OUTER_KERNEL // 2),
            )
        )
        for halving in range(1, HALVINGS + 1):  # (N, H / 2, W / 2, 2 base_filters), (N, H / 4, W / 4, 4 base_filters)
            x = halved(x, 2**halving * base_filters, f"half_{halving}")
        for block in range(1, blocks + 1):
            inner = bent(
                normed(ImageConv2D(2**HALVINGS * base_filters, 3, data_format=DATA_FORMAT, **told()), reflected(x, 1))
            )
            inner = normed(
                ImageConv2D(2**HALVINGS * base_filters, 3, data_format=DATA_FORMAT, **told()), reflected(inner, 1)
            )
            x = layers.Add(dtype=dtype, name=f"block_{block}")([x, inner])
        for halving in reversed(range(HALVINGS)):
            x = doubled(x, 2**halving * base_filters)
        last = ImageConv2D(target_channels, OUTER_KERNEL, data_format=DATA_FORMAT, **told(has_norm=False))
        x = in_generator(last, spectral_norm)(reflected(x, OUTER_KERNEL // 2))
        if any(map(any, around)):
            x = layers.Cropping2D(around, DATA_FORMAT, dtype=dtype)(x)  # (N, H, W, D)
        super().__init__(source, layers.Activation("tanh", dtype=outer, name="images")(x), locals())
