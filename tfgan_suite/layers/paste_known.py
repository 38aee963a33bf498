"""Known pixels over made ones."""

from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="tfgan_suite")
class PasteKnown(keras.layers.Layer):
    """What is known of a source stays, and what is made fills its hole.

    Call: [made (N, H, W, C), source (N, H, W, C + 1)], where the source's last channel is 1 in the hole and 0 elsewhere
    -> (N, H, W, C).
    """

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
        made, source = inputs
        known, hole = source[..., :-1], source[..., -1:]
        return known * (1 - hole) + tf.cast(made, source.dtype) * hole

    def compute_output_shape(self, input_shape: list[tuple[Any, ...]]) -> tuple[Any, ...]:
        return input_shape[0]
