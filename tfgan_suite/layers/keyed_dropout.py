"""Dropout whose masks belong to rows of the global batch, not to a device or to a state."""

from typing import Any

import keras
import tensorflow as tf

from tfgan_suite.errors import InputError
from tfgan_suite.noise import current_mask_key, row_uniform


@keras.saving.register_keras_serializable(package="tfgan_suite")
class KeyedDropout(keras.layers.Layer):
    """`keras.layers.Dropout` with masks that are functions of (seed, step, layer, global row) alone.

    Keras's own layer counts its masks in a variable that no checkpoint restores, and draws the same
    ones on every replica. This one has no state: `train_step` keys it through `noise.mask_key`, so that
    k replicas and a continued run use the masks of one uninterrupted device. Called in training
    outside of `mask_key`, as in a loop of a user's own, it draws from TensorFlow's global generator. Not in training
    it drops where `mask_key` says that masks are in use.

    Args:
        rate: share of the values that become 0, in [0, 1); the others are divided by 1 - rate.
        key: number of the layer in its network; layers with the same number have the same masks.

    Raises:
        InputError: a rate out of its range.

    Reference: Srivastava et al., 2014, JMLR 15.
    """

    def __init__(self, rate: float, key: int, **kwargs: Any):
        if not 0.0 <= rate < 1.0:
            raise InputError(f"rate must be in [0, 1). Received: {rate}.")
        super().__init__(**kwargs)
        self.rate = rate
        self.key = key
        self.supports_masking = True
        self.built = True

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        key = current_mask_key()
        drops = training or (key is not None and key.in_use)
        if not drops or self.rate == 0.0:
            return inputs
        if key is None:
            return tf.nn.dropout(inputs, self.rate)
        seed = tf.random.experimental.stateless_fold_in(key.seed, self.key)
        numbers = row_uniform(seed, tf.shape(inputs), key.first_row)
        return tf.where(numbers >= self.rate, inputs / (1.0 - self.rate), tf.zeros([], inputs.dtype))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate": self.rate, "key": self.key}
