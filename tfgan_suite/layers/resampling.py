"""Maps of other sides."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf


@keras.saving.register_keras_serializable(package="tfgan_suite")
class NearestDoubling(keras.layers.Layer):
    """Each pixel becomes four: (N, H, W, C) -> (N, 2 H, 2 W, C).

    What `keras.layers.UpSampling2D(2)` computes, whose graph does not say the sides of its maps, so that LiteRT cannot
    convert a convolution of them; its second derivatives take a hundred times as long.
    """

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return tf.nn.depth_to_space(tf.concat([inputs] * 4, axis=-1), 2)

    def compute_output_shape(self, input_shape: tuple[Any, ...]) -> tuple[Any, ...]:
        rows, height, width, channels = input_shape
        return rows, 2 * height, 2 * width, channels


@keras.saving.register_keras_serializable(package="tfgan_suite")
class BilinearDoubling(keras.layers.Layer):
    """Maps made larger between their pixels: (N, H, W, C) -> (N, 2 H, 2 W, C).

    What `tf.image.resize` computes bilinearly, and what a blur by 1 3 3 1 makes of maps with zeros in between, but for
    the borders: a new pixel is three quarters of its own and a quarter of the next one.
    """

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return _between(_between(inputs, 1), 2)

    def compute_output_shape(self, input_shape: tuple[Any, ...]) -> tuple[Any, ...]:
        rows, height, width, channels = input_shape
        return rows, 2 * height, 2 * width, channels


@keras.saving.register_keras_serializable(package="tfgan_suite")
class BlurredHalving(keras.layers.Layer):
    """Every second pixel of maps that are blurred by 1 2 1 before, reflected at their borders: (N, H, W, C) ->
    (N, H / 2, W / 2, C), rounded up.

    Reference: Zhang, 2019, arXiv 1904.11486.
    """

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return _blurred(_blurred(inputs, 1), 2)

    def compute_output_shape(self, input_shape: tuple[Any, ...]) -> tuple[Any, ...]:
        rows, height, width, channels = input_shape
        return rows, -(-height // 2), -(-width // 2), channels


def _between(maps: tf.Tensor, axis: int) -> tf.Tensor:
    """Twice as many pixels along an axis."""
    shape = [-1, *maps.shape[1:]]
    shape[axis] *= 2
    around = [[0, 0]] * 4
    around[axis] = [1, 1]
    before, after = (_cut(tf.pad(maps, around, "SYMMETRIC"), axis, first, maps.shape[axis]) for first in (0, 2))
    halves = [0.75 * maps + 0.25 * next_one for next_one in (before, after)]
    return tf.reshape(tf.stack(halves, axis + 1), shape)


def _blurred(maps: tf.Tensor, axis: int) -> tf.Tensor:
    """The first, third, fifth, ... pixel along an axis, each half of itself and a quarter of both beside it."""
    around = [[0, 0]] * 4
    around[axis] = [1, 1]
    count = -(-maps.shape[axis] // 2)
    before, own, after = (_cut(tf.pad(maps, around, "REFLECT"), axis, first, count, 2) for first in range(3))
    return 0.25 * before + 0.5 * own + 0.25 * after


def _cut(maps: tf.Tensor, axis: int, first: int, count: int, every: int = 1) -> tf.Tensor:
    """So many pixels along an axis, from the first on."""
    cut = [slice(None)] * 4
    cut[axis] = slice(first, first + every * (count - 1) + 1, every)
    return maps[tuple(cut)]


@keras.saving.register_keras_serializable(package="tfgan_suite")
class ReflectionPadding(keras.layers.Layer):
    """Images continued beyond their borders by their mirror images, which have the outermost pixel once.

    Args:
        around: rows and columns to add, as ((top, bottom), (left, right)), each fewer than the side has pixels.

    Call: (N, H, W, C) -> (N, H + top + bottom, W + left + right, C).
    """

    def __init__(self, around: Sequence[Sequence[int]], **kwargs: Any):
        super().__init__(**kwargs)
        self.around = [list(sides) for sides in around]

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return tf.pad(inputs, [[0, 0], *self.around, [0, 0]], "REFLECT")

    def compute_output_shape(self, input_shape: tuple[Any, ...]) -> tuple[Any, ...]:
        rows, height, width, channels = input_shape
        (top, bottom), (left, right) = self.around
        return rows, height + top + bottom, width + left + right, channels

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "around": self.around}


@keras.saving.register_keras_serializable(package="tfgan_suite")
class PixelShuffle(keras.layers.Layer):
    """Four channels become four pixels: (N, H, W, 4 C) -> (N, 2 H, 2 W, C).

    Reference: Shi et al., 2016, arXiv 1609.05158.
    """

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return tf.nn.depth_to_space(inputs, 2)

    def compute_output_shape(self, input_shape: tuple[Any, ...]) -> tuple[Any, ...]:
        rows, height, width, channels = input_shape
        return rows, 2 * height, 2 * width, channels // 4


@keras.saving.register_keras_serializable(package="tfgan_suite")
class BicubicEnlarging(keras.layers.Layer):
    """Images enlarged as `tf.image.resize` does it bicubically: (N, H, W, C) -> (N, scale H, scale W, C).

    By two products with fixed matrices, since LiteRT has no bicubic operation.

    Args:
        scale: how many times as high and wide.
    """

    def __init__(self, scale: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.scale = scale

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        _, height, width, _ = inputs.shape
        rows, columns = (tf.constant(self._matrix(side), inputs.dtype) for side in (height, width))
        return tf.einsum("ph,nhwc,qw->npqc", rows, inputs, columns)

    def _matrix(self, side: int) -> np.ndarray:
        """What makes columns of this many pixels so many times longer: (scale side, side)."""
        with tf.init_scope():
            return tf.image.resize(np.eye(side)[..., np.newaxis], (self.scale * side, side), "bicubic").numpy()[..., 0]

    def compute_output_shape(self, input_shape: tuple[Any, ...]) -> tuple[Any, ...]:
        rows, height, width, channels = input_shape
        return rows, self.scale * height, self.scale * width, channels

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "scale": self.scale}
