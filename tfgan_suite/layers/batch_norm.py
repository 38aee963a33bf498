"""Keras's BatchNormalization in TensorFlow's fused kernel."""

from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="tfgan_suite")
class FusedBatchNormalization(keras.layers.BatchNormalization):
    """`keras.layers.BatchNormalization` whose training pass is one kernel, and its gradient another.

    Keras 3 composes the pass of some ten operations, each of which reads or writes the whole map, and
    in float32 also under a bfloat16 policy. Variables, configuration, inference and (to rounding)
    numbers are Keras's; a synchronized or masked layer, another axis than the last, renormalisation
    and float64 take Keras's own way.
    """

    def call(self, inputs: tf.Tensor, training: bool | None = None, mask: Any = None) -> tf.Tensor:
        rank = len(inputs.shape)
        fused = training and self.trainable and mask is None and not (self.synchronized or self.renorm)
        fused = fused and self.compute_dtype != "float64"  # the kernel has none
        if not (fused and self.center == self.scale and self.axis in (-1, rank - 1) and rank in (2, 4)):
            return super().call(inputs, training=training, mask=mask)
        maps = inputs if rank == 4 else inputs[:, tf.newaxis, tf.newaxis, :]
        moving_mean = tf.convert_to_tensor(self.moving_mean)
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=maps,
            scale=tf.convert_to_tensor(self.gamma) if self.scale else tf.ones_like(moving_mean),
            offset=tf.convert_to_tensor(self.beta) if self.center else tf.zeros_like(moving_mean),
            mean=tf.constant([]),
            variance=tf.constant([]),
            epsilon=self.epsilon,
        )
        # The kernel gives the unbiased variance, while Keras keeps the biased one.
        count = tf.cast(tf.reduce_prod(tf.shape(maps)[:3]), tf.float32)
        variance *= (count - 1.0) / count
        for moving, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * self.momentum + value * (1.0 - self.momentum))
        return outputs if rank == 4 else outputs[:, 0, 0, :]
