"""Holes in images: one box, or strokes as of a brush."""

import math

import tensorflow as tf

from tfgan_suite.data.degrading.painting import between, distance_to_lines, place

# A random box is up to twice as high as wide, or as wide as high.
MOST_ASPECT = 2.0
BOX_NUMBERS = 3
# Strokes turn as a hand does that rubs something out; lengths are of the image's shorter side. The idea is that of
# Yu et al., 2019 (arXiv:1806.03589), but their brush is as wide as is drawn, and how much it covers follows from it.
STROKES_OF_ALL, MOST_STROKES = 12, 6  # as many as would cover an image, and as are drawn at most
STROKE_LINES = 5
LINE_LENGTH = (0.1, 0.4)
LENGTHS = (0.5, 1.0)  # times this, of each image: the shorter its strokes, the wider its brush
MOST_TURN = math.pi / 2.0
THICKNESS = (0.5, 1.0)  # of a stroke, beside the others of its image
STROKE_NUMBERS = 4 + 2 * STROKE_LINES


def number_of_strokes(share: float) -> int:
    """How many strokes make up a share of an image.

    >>> [number_of_strokes(share) for share in (0.05, 0.25, 0.9)]
    [1, 3, 6]
    """
    return min(MOST_STROKES, math.ceil(share * STROKES_OF_ALL))


def numbers_of_hole(kind: str, share: float) -> int:
    """How many random numbers a hole takes."""
    return 1 + number_of_strokes(share) * STROKE_NUMBERS if kind == "strokes" else BOX_NUMBERS


def mask(images: tf.Tensor, numbers: tf.Tensor, kind: str, share: float) -> tf.Tensor:
    """(N, H, W, C) -> (N, H, W, C + 1): 0 in a hole an image, and a last channel that is 1 there and 0 elsewhere.

    Args:
        images: float32 (N, H, W, C) in [-1, 1].
        numbers: float32 (N, K) in [0, 1), K as `numbers_of_hole` says.
        kind: `box`: of a random place, and of an area that is 1/2 to 2 times as high as wide; `centre`: of the
            image's shape, in its middle; `strokes`: 1 to 6, of 5 lines each that turn by up to 90 degrees, one for
            each twelfth of the image that is covered.
        share: of the image's area, in (0, 1).
    """
    height, width = images.shape[1], images.shape[2]
    inside = _strokes(height, width, numbers, share) if kind == "strokes" else _box(height, width, numbers, kind, share)
    hole = tf.cast(inside, tf.float32)[..., None]  # (N, H, W, 1)
    return tf.concat([images * (1.0 - hole), hole], -1)


def _box(height: int, width: int, numbers: tf.Tensor, kind: str, share: float) -> tf.Tensor:
    """Which pixels are in the box, bool (N, H, W)."""
    aspect, top, left = (numbers[:, i] for i in range(3))  # (N,)
    if kind == "centre":
        aspect, top, left = (tf.fill(tf.shape(aspect), 0.5) for _ in range(3))
    # As a share of the image's height; the width then has what is left of the area. Neither exceeds the image.
    side = math.sqrt(share) * MOST_ASPECT ** (aspect - 0.5)
    side = tf.clip_by_value(side, share, 1.0)
    rows = tf.clip_by_value(tf.round(side * height), 1.0, height)
    columns = tf.clip_by_value(tf.round(share * height * width / rows), 1.0, width)
    first_row, first_column = place(top, height - rows), place(left, width - columns)
    y, x = tf.range(height, dtype=tf.float32)[None, :, None], tf.range(width, dtype=tf.float32)[None, None, :]
    first_row, first_column, rows, columns = (each[:, None, None] for each in (first_row, first_column, rows, columns))
    return (y >= first_row) & (y < first_row + rows) & (x >= first_column) & (x < first_column + columns)


def _strokes(height: int, width: int, numbers: tf.Tensor, share: float) -> tf.Tensor:
    """Which pixels are in the strokes, bool (N, H, W): those that are nearest to their lines, as many as the share is.

    So the brush is as wide as it must be: at 64x64 mostly 9 to 16 pixels at its widest.
    """
    strokes = number_of_strokes(share)
    size, shorter = tf.constant([height, width], tf.float32), float(min(height, width))
    of_each = tf.reshape(numbers[:, 1:], [-1, strokes, STROKE_NUMBERS])
    turns, lengths = tf.split(of_each[..., 4:], 2, axis=-1)  # (N, S, L)
    angles = of_each[..., 2:3] * (2.0 * math.pi) + tf.cumsum(between(turns, -MOST_TURN, MOST_TURN), -1)
    lengths = between(lengths, *LINE_LENGTH) * between(numbers[:, 0], *LENGTHS)[:, None, None] * shorter
    ways = tf.stack([tf.sin(angles), tf.cos(angles)], -1) * lengths[..., None]
    points = tf.concat([of_each[:, :, None, :2] * size, ways], 2)
    points = tf.cumsum(points, 2)  # (N, S, L + 1, 2)
    # A stroke that would leave the image comes back as in a mirror.
    points = size - tf.abs(points % (2.0 * size) - size)
    starts, ends = (tf.reshape(part, [-1, strokes * STROKE_LINES, 2]) for part in (points[:, :, :-1], points[:, :, 1:]))
    thickness = tf.repeat(between(of_each[..., 3], *THICKNESS), STROKE_LINES, axis=1)  # (N, S * L)
    distances = distance_to_lines(height, width, starts, ends, thickness)
    pixels = max(1, round(share * height * width))
    farthest = -tf.math.top_k(-tf.reshape(distances, [-1, height * width]), pixels).values[:, -1]
    return distances <= farthest[:, None, None]
