"""Maps of twice the sides."""

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
