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
