"""Vectors brought to length 1, whose gradient stays bounded."""

from typing import Any

import keras
import tensorflow as tf

EPSILON = 1e-6  # of squares: a length of 0.001


@keras.saving.register_keras_serializable(package="tfgan_suite")
class UnitLength(keras.layers.Layer):
    """x / sqrt(|x|^2 + 1e-6) along the last axis: (..., F) -> (..., F).

    A new network makes vectors near 0 of dark places, and of a pixel that is 0 in all channels the vector 0. There
    `keras.layers.UnitNormalization` has a slope of 1e12, which Adam remembers for thousands of steps; this one of 1e3.
    """

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return inputs * tf.math.rsqrt(tf.reduce_sum(tf.square(inputs), -1, keepdims=True) + EPSILON)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape
