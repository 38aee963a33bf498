"""Pixels of images read at other places: by gathers, whose gradients are the adjoint, and theirs the gather again.

TensorFlow's own gradient of `ImageProjectiveTransform` reads the slopes by the inverse map, which is no adjoint.
"""

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


def affine(images: tf.Tensor, maps: tf.Tensor) -> tf.Tensor:
    """Each image under an affine map, bilinear between pixels; beyond an edge lies its mirror image.

    The pixel at an edge is its mirror, not repeated. The identity and whole steps give pixels to the bit.

    Args:
        images: float (N, H, W, C).
        maps: (N, 2, 3), from a place (x to the right, y down, 1) of the result to the place (x, y) of the image that
            is read there; in pixels from the middle.

    Returns:
        The same shape and type.
    """
    height, width = images.shape[1:3]
    middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
    x = tf.range(width, dtype=images.dtype) - middle_x  # (W,)
    y = tf.range(height, dtype=images.dtype)[:, tf.newaxis] - middle_y  # (H, 1)
    parts = maps[..., tf.newaxis, tf.newaxis]  # (N, 2, 3, 1, 1)
    places = parts[:, :, 0] * x + parts[:, :, 1] * y + parts[:, :, 2]  # (N, 2, H, W)
    (left, right), beyond_x = _between(places[:, 0] + middle_x, width)
    (top, bottom), beyond_y = _between(places[:, 1] + middle_y, height)
    above = _mixed(pixels(images, top, left), pixels(images, top, right), beyond_x)
    below = _mixed(pixels(images, bottom, left), pixels(images, bottom, right), beyond_x)
    return _mixed(above, below, beyond_y)


def _between(places: tf.Tensor, size: int) -> tuple[tuple[tf.Tensor, tf.Tensor], tf.Tensor]:
    """The two pixels between which each place lies, and how far it is beyond the first, (N, H, W, 1) in [0, 1)."""
    last = size - 1
    to_and_fro = tf.abs(tf.math.floormod(places + last, 2.0 * max(last, 1)) - last)
    inside = tf.minimum(to_and_fro, last)  # a side of one pixel has nothing between its edges
    first = tf.cast(inside, tf.int32)
    return (first, tf.minimum(first + 1, last)), (inside - tf.cast(first, inside.dtype))[..., tf.newaxis]


def _mixed(one: tf.Tensor, other: tf.Tensor, share: tf.Tensor) -> tf.Tensor:
    """The first to the bit where the share of the other is 0."""
    return one + share * (other - one)
