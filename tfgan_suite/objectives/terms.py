"""What generators go down beside their adversarial loss, where an image has something to be held against."""

import tensorflow as tf


def mean_distance(made: tf.Tensor, true: tf.Tensor) -> tf.Tensor:
    """The mean absolute difference of each image, (N,).

    >>> mean_distance(tf.zeros((1, 2, 1, 1)), tf.constant([[[[1.0]], [[-3.0]]]])).numpy().tolist()
    [2.0]
    """
    return tf.reduce_mean(tf.abs(made - tf.cast(true, made.dtype)), axis=[1, 2, 3])
