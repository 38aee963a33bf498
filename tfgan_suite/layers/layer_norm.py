"""Normalisation of each image by itself, whose second derivatives are right."""

from typing import Any

import keras
import tensorflow as tf

# PyTorch's, and so that of what papers measured; Keras's is 1e-3.
EPSILON = 1e-5


@keras.saving.register_keras_serializable(package="tfgan_suite")
class ImageNormalization(keras.layers.Layer):
    """LayerNorm over height, width and channels: (x - mean) / sqrt(variance + epsilon) * gamma + beta.

    What `keras.layers.GroupNormalization(1)` computes. Keras's goes through `tf.nn.moments`, which holds the mean still
    within the variance: its first derivatives are right, its second ones, which a penalty on slopes needs, are not.

    Args:
        epsilon: added to the variance, greater than 0.

    Call: (N, H, W, C) -> the same.

    Reference: Ba, Kiros and Hinton, 2016, arXiv 1607.06450.
    """

    axes: tuple[int, ...] = (1, 2, 3)  # over which the mean and the variance are taken

    def __init__(self, epsilon: float = EPSILON, **kwargs: Any):
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.gamma = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="gamma")
        self.beta = self.add_weight(shape=(input_shape[-1],), initializer="zeros", name="beta")

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        # 16 bits are too few for sums of squares.
        x = tf.cast(inputs, tf.float32) if inputs.dtype in (tf.bfloat16, tf.float16) else inputs
        centred = x - tf.reduce_mean(x, axis=self.axes, keepdims=True)
        variance = tf.reduce_mean(tf.square(centred), axis=self.axes, keepdims=True)
        normalised = tf.cast(centred * tf.math.rsqrt(variance + self.epsilon), inputs.dtype)
        return normalised * self.gamma + self.beta

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "epsilon": self.epsilon}


@keras.saving.register_keras_serializable(package="tfgan_suite")
class InstanceNormalization(ImageNormalization):
    """The same over height and width alone, of each channel: BatchNorm of a batch of one image, in training and after.

    Reference: Ulyanov, Vedaldi and Lempitsky, 2016, arXiv 1607.08022.
    """

    axes = (1, 2)
