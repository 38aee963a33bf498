"""Noise, a smaller size, grey."""

import tensorflow as tf

from tfgan_suite.data.degrading.painting import in_levels, normal


def noise(images: tf.Tensor, numbers: tf.Tensor, sigma: float) -> tf.Tensor:
    """N(0, sigma) on every value, clipped to the range.

    Args:
        images: float32 (N, H, W, C) in [-1, 1].
        numbers: float32 (N, 2 H W C) in [0, 1).
        sigma: in levels of 0 to 255.
    """
    return in_levels(images + tf.reshape(normal(numbers), tf.shape(images)) * (sigma / 127.5))


def downscale(images: tf.Tensor, scale: int) -> tf.Tensor:
    """(N, H, W, C) -> (N, H / s, W / s, C): bicubic (a = -1/2) and antialiased, as Pillow does it."""
    size = [images.shape[1] // scale, images.shape[2] // scale]
    return in_levels(tf.image.resize(images, size, method="bicubic", antialias=True))
