"""The networks of R3GAN, for images of any shape: residual, without any norm, started by Fixup.

32x32 gives the published ones. Another shape starts from the smallest grid that reaches it by doublings and is cropped
at the end. A stage is a grid; its width is `base_filters` at full resolution and twice as much a halving, but from 32
pixels (of square images) down it stays, as published: 768 at all four stages of 32x32, 384 and then 768 of 64x64.
"""

import itertools
import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from tfgan_suite.errors import InputError, option
from tfgan_suite.layers.clip import ClipOutsideTraining
from tfgan_suite.layers.convolutions import ImageConv2D
from tfgan_suite.layers.resampling import NearestDoubling
from tfgan_suite.networks.conditional import embed_labels, label_input, label_vector, vector_size
from tfgan_suite.networks.geometry import (
    DATA_FORMAT,
    ImageShape,
    base_grid,
    check_image_shape,
    check_positive,
    num_doublings,
    surplus,
)
from tfgan_suite.networks.initializers import outer_dtype, resolved_policy
from tfgan_suite.networks.network import Network
from tfgan_suite.options.networks import check_options

LEAKY_SLOPE = 0.2
LEAKY_GAIN = math.sqrt(2 / (1 + LEAKY_SLOPE**2))  # keeps the variance through LeakyReLU
BLOCKS = 2  # a stage
WIDENING = 2  # of a block's middle
EQUAL_DOUBLINGS = 3  # from 4 to 32 pixels, over which the width stays
BASE_FILTERS = 64  # for a CPU, of which the 768 of the paper and its ten million images would take years


def stage_widths(base_filters: int, doublings: int) -> list[int]:
    """The width of each stage, from the base grid to full resolution.

    >>> stage_widths(768, 3), stage_widths(384, 4)
    ([768, 768, 768, 768], [768, 768, 768, 768, 384])
    """
    full = max(doublings, EQUAL_DOUBLINGS)
    return [base_filters * 2 ** (full - max(stage, EQUAL_DOUBLINGS)) for stage in range(doublings + 1)]


def check_groups(groups: int, base_filters: int) -> None:
    """Refuses groups into which the middle of a block cannot be divided.

    Raises:
        InputError: naming both.
    """
    if WIDENING * base_filters % groups:
        raise InputError(
            f"{option('groups')} must divide {WIDENING} x {option('base_filters')}, {WIDENING * base_filters}. "
            f"Received: {groups}."
        )


def _normal(stddev: float) -> keras.initializers.Initializer:
    return keras.initializers.RandomNormal(0.0, stddev)


def _conv1(filters: int, fan_in: int, dtype: str, gain: float = 1.0, use_bias: bool = False) -> layers.Layer:
    return layers.Conv2D(
        filters,
        1,
        data_format=DATA_FORMAT,
        use_bias=use_bias,
        kernel_initializer=_normal(gain / math.sqrt(fan_in)),
        dtype=dtype,
    )


def _blocks(x: keras.KerasTensor, groups: int, all_blocks: int, dtype: str) -> keras.KerasTensor:
    """The blocks of a stage: Conv 1x1 to twice the width, Conv 3x3, Conv 1x1 to the width; beside it the input itself.

    With Fixup the last convolution starts from 0, so that a block starts as the identity, and the others from numbers
    that are the smaller the more blocks a network has: L^(-1 / (2 m - 2)) times for L blocks of m = 3 convolutions.
    """
    width = x.shape[-1]
    middle = WIDENING * width
    gain = LEAKY_GAIN * all_blocks ** (-1 / 4)
    for _ in range(BLOCKS):
        inner = _conv1(middle, width, dtype, gain, use_bias=True)(x)  # (N, h, w, 2C)
        inner = layers.LeakyReLU(LEAKY_SLOPE, dtype=dtype)(inner)
        inner = ImageConv2D(
            middle,
            3,
            padding="same",
            data_format=DATA_FORMAT,
            groups=groups,
            kernel_initializer=_normal(gain / math.sqrt(9 * middle / groups)),
            dtype=dtype,
        )(inner)
        inner = layers.LeakyReLU(LEAKY_SLOPE, dtype=dtype)(inner)
        inner = _conv1(width, middle, dtype, gain=0.0)(inner)  # (N, h, w, C)
        x = layers.Add(dtype=dtype)([x, inner])
    return x


def _mean_of_2x2(x: keras.KerasTensor, strides: int, dtype: str) -> keras.KerasTensor:
    return layers.AveragePooling2D(2, strides, "same", data_format=DATA_FORMAT, dtype=dtype)(x)


def doubled(x: keras.KerasTensor, dtype: str) -> keras.KerasTensor:
    """Twice the sides: zeros between pixels, filtered by [1, 2, 1] / 2 along each axis; edges go on as they end.

    The same as the mean of 2x2 of the nearest pixels. The paper's code has zeros beyond the edges.
    """
    return _mean_of_2x2(NearestDoubling(dtype=dtype)(x), 1, dtype)


def halved(x: keras.KerasTensor, dtype: str) -> keras.KerasTensor:
    """Half the sides, rounded up: filtered by [1, 2, 1] / 4 along each axis, every second pixel; see `doubled`."""
    return _mean_of_2x2(_mean_of_2x2(x, 1, dtype), 2, dtype)


@keras.saving.register_keras_serializable(package="tfgan_suite")
class ChannelScaledBasis(keras.layers.Layer):
    """A learned map whose channels are scaled: (N, C) -> (N, *grid, C), from N(0, 1).

    Args:
        grid: height and width.
    """

    def __init__(self, grid: Sequence[int], **kwargs: Any):
        super().__init__(**kwargs)
        self.grid = tuple(grid)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.basis = self.add_weight(shape=(*self.grid, input_shape[-1]), initializer=_normal(1.0), name="basis")

    def call(self, inputs: Any) -> Any:
        return inputs[:, None, None, :] * self.basis

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape[0], *self.grid, input_shape[-1]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "grid": list(self.grid)}


@keras.saving.register_keras_serializable(package="tfgan_suite")
class R3GANGenerator(Network):
    """z -> a learned map, its channels scaled by Dense(z) -> (2 blocks, x2) x n -> 2 blocks -> Conv 1x1.

    No tanh: in training the images are as the last convolution makes them, so that the discriminator sees what lies
    beyond [-1, 1]; everywhere else they are clipped, see `ClipOutsideTraining`. A label's learned vector, as long as z,
    is joined to z.

    Args:
        image_shape: (height, width, channels) of the images. 32x32 has four stages, from 4x4.
        latent_dim: length of z.
        base_filters: width at full resolution; see the module. The paper's is 768 for 32x32.
        groups: of the 3x3 convolutions of every stage; the paper's are of 16 channels, 96 at a width of 768. On a CPU
            they cost as much as one.
        num_classes: K, for integer labels beside z; None for attributes or for no labels.
        num_attributes: A, for multi-hot labels beside z; None for classes or for no labels.
        dtype: dtype policy of the hidden layers; the images are float32, or float64 under `"float64"`.

    Call: float32 (N, latent_dim), or [this, labels] -> float32 (N, H, W, C) in [-1, 1], in training about that.

    Raises:
        InputError: a size that is not positive, groups that do not divide, or an image shape that is none.

    Reference: Huang et al., 2024, arXiv 2501.05441, with the initialization of Zhang et al., 2019, arXiv 1901.09321.
    """

    def __init__(
        self,
        image_shape: ImageShape,
        latent_dim: int = 64,
        base_filters: int = BASE_FILTERS,
        groups: int = 1,
        num_classes: int | None = None,
        num_attributes: int | None = None,
        dtype: Any = None,
        name: str = "r3gan_generator",
    ):
        dtype = resolved_policy(dtype)
        image_shape = check_image_shape(image_shape)
        check_positive(latent_dim=latent_dim)
        check_options(base_filters=base_filters, groups=groups)
        check_groups(groups, base_filters)
        doublings = num_doublings(image_shape)
        widths = stage_widths(base_filters, doublings)

        inputs = keras.Input((latent_dim,), dtype=outer_dtype(dtype), name="latents")
        x, joined_dim = inputs, latent_dim  # (N, latent_dim)
        if size := vector_size(num_classes, num_attributes):
            labels = label_input(num_attributes)  # (N,) or (N, A)
            embedding = layers.Dense(
                latent_dim, use_bias=False, kernel_initializer=_normal(1 / math.sqrt(size)), dtype=dtype
            )(label_vector(labels, num_classes))  # (N, latent_dim)
            x, joined_dim = layers.Concatenate(dtype=dtype)([x, embedding]), 2 * latent_dim
            inputs = [inputs, labels]
        x = layers.Dense(widths[0], use_bias=False, kernel_initializer=_normal(1 / math.sqrt(joined_dim)), dtype=dtype)(
            x
        )
        x = ChannelScaledBasis(base_grid(image_shape, doublings), dtype=dtype)(x)  # (N, h, w, C), of 32x32 (N, 4, 4, C)
        x = _blocks(x, groups, BLOCKS * len(widths), dtype)
        for before, width in itertools.pairwise(widths):
            if width != before:
                x = _conv1(width, before, dtype)(x)  # before it grows a quarter of the products give the same
            x = _blocks(doubled(x, dtype), groups, BLOCKS * len(widths), dtype)  # (N, 2h, 2w, width)
        x = _conv1(image_shape[2], widths[-1], dtype)(x)  # (N, H or more, W or more, C)
        if any(map(any, surplus(image_shape, doublings))):
            x = layers.Cropping2D(surplus(image_shape, doublings), DATA_FORMAT, dtype=dtype)(x)  # (N, H, W, C)
        images = ClipOutsideTraining(dtype=outer_dtype(dtype), name="images")(x)
        super().__init__(inputs, images, locals())


@keras.saving.register_keras_serializable(package="tfgan_suite")
class R3GANDiscriminator(Network):
    """x -> Conv 1x1 -> (2 blocks, half the sides) x n -> 2 blocks -> depthwise Conv to 1x1 -> Dense: a logit.

    With labels Dense keeps the width C, and the logit is the inner product of its output and a label's learned vector,
    whose numbers start sqrt(C) times smaller than by their count of labels alone.

    Args:
        image_shape: (height, width, channels) of the images.
        base_filters: width at full resolution; see the module. The paper's is 768 for 32x32.
        groups: see `R3GANGenerator`.
        num_classes: K, for integer labels beside x; None for attributes or for no labels.
        num_attributes: A, for multi-hot labels beside x; None for classes or for no labels.
        dtype: dtype policy of the hidden layers; the logits are float32, or float64 under `"float64"`.

    Call: float32 (N, H, W, C) in [-1, 1], or [this, labels] -> float32 (N, 1).

    Raises:
        InputError: a size that is not positive, groups that do not divide, or an image shape that is none.

    Reference: see `R3GANGenerator`.
    """

    def __init__(
        self,
        image_shape: ImageShape,
        base_filters: int = BASE_FILTERS,
        groups: int = 1,
        num_classes: int | None = None,
        num_attributes: int | None = None,
        dtype: Any = None,
        name: str = "r3gan_discriminator",
    ):
        dtype = resolved_policy(dtype)
        outer = outer_dtype(dtype)
        image_shape = check_image_shape(image_shape)
        check_options(base_filters=base_filters, groups=groups)
        check_groups(groups, base_filters)
        doublings = num_doublings(image_shape)
        widths = stage_widths(base_filters, doublings)[::-1]

        images = keras.Input(image_shape, dtype=outer, name="images")  # (N, H, W, C)
        x = _conv1(widths[0], image_shape[2], dtype)(images)  # (N, H, W, width)
        for before, width in itertools.pairwise(widths):
            x = halved(_blocks(x, groups, BLOCKS * len(widths), dtype), dtype)  # (N, h / 2, w / 2, before), rounded up
            if width != before:
                x = _conv1(width, before, dtype)(x)
        x = _blocks(x, groups, BLOCKS * len(widths), dtype)  # (N, h, w, C), the base grid
        grid, width = base_grid(image_shape, doublings), widths[-1]
        x = layers.DepthwiseConv2D(
            grid,
            data_format=DATA_FORMAT,
            use_bias=False,
            depthwise_initializer=_normal(1 / math.sqrt(math.prod(grid))),
            dtype=dtype,
        )(x)  # (N, 1, 1, C)
        x = layers.Reshape((width,), dtype=dtype)(x)
        size = vector_size(num_classes, num_attributes)
        x = layers.Dense(
            width if size else 1,
            use_bias=False,
            kernel_initializer=_normal(1 / math.sqrt(width)),
            dtype=outer,
            name="features" if size else "logits",
        )(x)  # (N, C) or (N, 1)
        inputs, logits = images, x
        if size:
            labels = label_input(num_attributes)
            vector = embed_labels(labels, num_classes, width, 1 / math.sqrt(size * width), outer)  # (N, C)
            inputs, logits = [images, labels], layers.Dot(axes=1, dtype=outer)([x, vector])  # (N, 1)
        super().__init__(inputs, logits, locals())
