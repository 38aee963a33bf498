"""Maps of other sides."""

from collections.abc import Sequence
from typing import Any

import keras
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
