"""Pixels of images read at other places."""

import tensorflow as tf


def pixels(images: tf.Tensor, rows: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
    """Each image's pixels at whole places.

    Args:
        images: (N, H, W, C).
        rows: integers in [0, H), (N, h, w) or what broadcasts to it.
        columns: in [0, W), alike.

    Returns:
        (N, h, w, C).
    """
    height, width, channels = images.shape[1:]
    flat = tf.reshape(images, [-1, height * width, channels])
    return tf.gather(flat, rows * width + columns, batch_dims=1)
