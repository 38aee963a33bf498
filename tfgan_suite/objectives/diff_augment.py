"""DiffAugment: colours, shifts and cuts of images, each by random numbers that are given.

Every change takes images (N, H, W, C) in [-1, 1] and numbers (N, n) in [0, 1), and gives images of the same shape and
type; colours may leave [-1, 1].

Reference: Zhao, Liu, Lin, Zhu and Han, 2020, arXiv 2006.10738.
"""

import tensorflow as tf

from tfgan_suite.objectives.warp import pixels

# Of a side: how far images are shifted either way, and how long the rectangle is that is cut out.
SHIFT, CUT = 0.125, 0.5


def color(images: tf.Tensor, numbers: tf.Tensor) -> tf.Tensor:
    """x + U(-1/2, 1/2); then U(0, 2) times as far from each pixel's mean; then U(1/2, 3/2) times from the image's.

    Of RGBA the first three channels alone. Numbers: 3 an image.
    """
    colours, rest = parted(images)
    numbers = numbers[:, tf.newaxis, tf.newaxis, :]  # (N, 1, 1, 3)
    colours += numbers[..., 0:1] - 0.5
    colours = _from(tf.reduce_mean(colours, axis=3, keepdims=True), colours, 2.0 * numbers[..., 1:2])
    colours = _from(tf.reduce_mean(colours, axis=[1, 2, 3], keepdims=True), colours, numbers[..., 2:3] + 0.5)
    return tf.concat([colours, rest], axis=3)


def translation(images: tf.Tensor, numbers: tf.Tensor) -> tf.Tensor:
    """Shifted by whole pixels, up to an eighth of each side either way; zeros come in. Numbers: 2 an image."""
    height, width = images.shape[1:3]
    down, right = int(SHIFT * height + 0.5), int(SHIFT * width + 0.5)
    around = tf.pad(images, [[0, 0], [down, down], [right, right], [0, 0]])
    first = tf.cast(numbers * [2.0 * down + 1.0, 2.0 * right + 1.0], tf.int32)  # of the padded image, (N, 2)
    rows, columns = first[:, :1] + tf.range(height), first[:, 1:] + tf.range(width)
    return pixels(around, rows[:, :, tf.newaxis], columns[:, tf.newaxis, :])


def cutout(images: tf.Tensor, numbers: tf.Tensor) -> tf.Tensor:
    """A rectangle of half of each side set to 0; its middle is any pixel, so that a part may lie outside.

    Numbers: 2 an image.
    """
    inside = []
    for axis, size in enumerate(images.shape[1:3]):
        length = int(CUT * size + 0.5)
        middles = size + 1 - length % 2  # an even length has its middle between two pixels
        first = tf.cast(numbers[:, axis : axis + 1] * middles, tf.int32) - length // 2  # (N, 1)
        places = tf.range(size)
        inside.append((places >= first) & (places < first + length))  # (N, size)
    is_cut = inside[0][:, :, tf.newaxis, tf.newaxis] & inside[1][:, tf.newaxis, :, tf.newaxis]  # (N, H, W, 1)
    return tf.where(is_cut, tf.zeros([], images.dtype), images)


def parted(images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The channels that are colours, and the others: of RGBA the fourth, else none."""
    count = 3 if images.shape[-1] == 4 else images.shape[-1]
    return images[..., :count], images[..., count:]


def _from(mean: tf.Tensor, images: tf.Tensor, factor: tf.Tensor) -> tf.Tensor:
    return mean + factor * (images - mean)
