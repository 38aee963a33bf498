"""What several degradations do: levels, grey, blur, normal numbers, and how far pixels lie from lines."""

import math

import tensorflow as tf

from tfgan_suite.images import to_float

# Grey of red, green and blue as ITU-R BT.601 weighs them, in units of 2**-16: as Pillow does.
GREY_WEIGHTS = (19_595, 38_470, 7_471)
BLUR_REACH = 3  # standard deviations at which a blur ends


def in_levels(images: tf.Tensor) -> tf.Tensor:
    """The nearest of the 256 levels of a file, in [-1, 1]."""
    return to_float(levels_of(images))


def levels_of(images: tf.Tensor) -> tf.Tensor:
    """[-1, 1] -> the nearest whole number of 0 to 255, float32."""
    return tf.clip_by_value(tf.round((images + 1.0) * 127.5), 0.0, 255.0)


def grey_of(images: tf.Tensor) -> tf.Tensor:
    """(N, H, W, 3) -> (N, H, W, 1), in levels."""
    total = tf.reduce_sum(tf.cast(levels_of(images), tf.int32) * tf.constant(GREY_WEIGHTS), -1, keepdims=True)
    return to_float((total + 2**15) // 2**16)


def normal(numbers: tf.Tensor) -> tf.Tensor:
    """Uniform (N, 2 K) -> N(0, 1), (N, K): a normal number of two uniform ones, as Box and Muller have it (1958)."""
    first, second = tf.split(numbers, 2, axis=1)
    return tf.sqrt(-2.0 * tf.math.log(1.0 - first)) * tf.cos(2.0 * math.pi * second)


def between(numbers: tf.Tensor, low: float, high: float) -> tf.Tensor:
    """[0, 1) -> [low, high)."""
    return low + numbers * (high - low)


def place(number: tf.Tensor, room: tf.Tensor) -> tf.Tensor:
    """A whole number of 0 to `room`, both among them; of 0.5 the middle."""
    return tf.minimum(tf.floor(number * (room + 1.0)), room)


def blurred(images: tf.Tensor, sigma: tf.Tensor, most: float) -> tf.Tensor:
    """Each image blurred by a Gaussian of its own; what lies beyond an edge is its mirror image.

    Args:
        images: float32 (N, H, W, C).
        sigma: standard deviations in pixels, above 0 and up to `most`, float32 (N,).
        most: the largest of them.
    """
    reach = math.ceil(BLUR_REACH * most)
    offsets = tf.range(-reach, reach + 1, dtype=tf.float32)
    weights = tf.exp(-0.5 * tf.square(offsets[None] / sigma[:, None]))  # (N, K)
    weights /= tf.reduce_sum(weights, 1, keepdims=True)
    for axis in (1, 2):
        size = images.shape[axis]
        indices = _mirrored(tf.range(-reach, size + reach), size)
        padded = tf.gather(images, indices, axis=axis)
        made = tf.zeros_like(images)
        for k in range(2 * reach + 1):
            part = padded[:, k : k + size] if axis == 1 else padded[:, :, k : k + size]
            made += part * weights[:, k, None, None, None]
        images = made
    return images


def _mirrored(indices: tf.Tensor, size: int) -> tf.Tensor:
    """Whole numbers of any size as indices of 0 to `size` - 1: there and back, the last of them twice."""
    within = indices % (2 * size)
    return tf.minimum(within, 2 * size - 1 - within)


def distance_to_lines(height: int, width: int, starts: tf.Tensor, ends: tf.Tensor, thickness: tf.Tensor) -> tf.Tensor:
    """How far the middle of each pixel lies from the nearest of an image's lines, in units of a line's thickness.

    Args:
        height, width: of the images.
        starts, ends: of the lines, (y, x) in pixels, float32 (N, K, 2).
        thickness: of each line, float32 (N, K).

    Returns:
        float32 (N, height, width).
    """
    y = tf.range(height, dtype=tf.float32)[None, :, None] + 0.5
    x = tf.range(width, dtype=tf.float32)[None, None, :] + 0.5
    nearest: tf.Tensor | None = None
    for k in range(starts.shape[1]):
        (start_y, start_x), (end_y, end_x) = (
            (point[:, k, 0, None, None], point[:, k, 1, None, None]) for point in (starts, ends)
        )
        way_y, way_x = end_y - start_y, end_x - start_x
        squared = tf.maximum(way_y**2 + way_x**2, 1e-6)
        # How far along the line its nearest point is: 0 at its start, 1 at its end.
        along = tf.clip_by_value((y - start_y) * (way_y / squared) + (x - start_x) * (way_x / squared), 0.0, 1.0)
        distance = tf.square(y - start_y - along * way_y) + tf.square(x - start_x - along * way_x)
        distance /= thickness[:, k, None, None] ** 2
        nearest = distance if nearest is None else tf.minimum(nearest, distance)
    return tf.sqrt(nearest)
