"""A range for images whose network does not bound them."""

from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="tfgan_suite")
class ClipOutsideTraining(keras.layers.Layer):
    """Brings numbers to [-1, 1] where nothing is learned: x in training, else min(max(x, -1), 1); any shape.

    In training a clip would stop the gradient of every pixel beyond the range, so that nothing would bring it back.
    """

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        return inputs if training else tf.clip_by_value(inputs, -1.0, 1.0)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape
