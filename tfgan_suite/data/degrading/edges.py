"""The edges of a picture as a person would draw them: thin dark lines on white paper."""

import math

import tensorflow as tf

from tfgan_suite.data.degrading.painting import blurred, grey_of

SIGMA = 1.0  # pixels
# How much the grey changes over a pixel, of black to white: where a line begins, and where it still goes on.
CLEAR, FAINT = 0.04, 0.02
REACH = 8  # pixels that a line goes on from where it is clear
SHORTEST = 3  # pixels of a line within 5x5: what is shorter is a speck


def edges(images: tf.Tensor) -> tf.Tensor:
    """(N, H, W, C) -> (N, H, W, 1): lines of one pixel, black (-1) on white (1), where the grey changes.

    The operator of Canny, 1986: a blur of 1 pixel, Sobel's slopes, of them those that are the largest across their
    line, begun where the grey changes by 4 % a pixel and followed for up to 8 pixels down to 2 %, without specks of
    less than 3 pixels. Of four channels the picture lies on white. No levels between: a pen draws or it does not.

    Args:
        images: float32 (N, H, W, C) in [-1, 1], C of 1, 3 or 4.
    """
    slopes = tf.image.sobel_edges(blurred(_grey(images), tf.fill(tf.shape(images)[:1], SIGMA), SIGMA))
    # Sobel's sums are 8 slopes, and [-1, 1] is twice as wide as black to white.
    down, right = slopes[..., 0] / 16.0, slopes[..., 1] / 16.0  # (N, H, W, 1)
    steepness = tf.sqrt(tf.square(down) + tf.square(right))
    line = _is_ridge(steepness, down, right)
    faint = line & (steepness >= FAINT)
    drawn = tf.cast(line & (steepness >= CLEAR), tf.float32)
    for _ in range(REACH):
        drawn = tf.where(faint, tf.nn.max_pool2d(drawn, 3, 1, "SAME"), 0.0)
    near = tf.nn.conv2d(drawn, tf.ones([5, 5, 1, 1]), 1, "SAME")
    return tf.where((drawn > 0.0) & (near > SHORTEST - 0.5), -1.0, 1.0)


def _grey(images: tf.Tensor) -> tf.Tensor:
    if images.shape[-1] == 1:
        return images
    if images.shape[-1] == 4:
        opaque = (images[..., 3:] + 1.0) / 2.0
        images = 1.0 + (images[..., :3] - 1.0) * opaque
    return grey_of(images)


def _is_ridge(steepness: tf.Tensor, down: tf.Tensor, right: tf.Tensor) -> tf.Tensor:
    """Whether a pixel is steeper than its neighbours across the line, bool (N, H, W, 1): thin lines are left."""
    height, width = steepness.shape[1], steepness.shape[2]
    around = tf.pad(steepness, [[0, 0], [1, 1], [1, 1], [0, 0]])

    def neighbour(y: int, x: int) -> tf.Tensor:
        return around[:, 1 + y : 1 + y + height, 1 + x : 1 + x + width]

    # Across the line by the nearest eighth of a turn.
    steep = math.tan(3.0 * math.pi / 8.0)
    is_down = tf.abs(down) > steep * tf.abs(right)
    is_right = tf.abs(right) > steep * tf.abs(down)
    falls = down * right > 0.0  # to the lower right
    return tf.where(
        is_down,
        _peak(steepness, neighbour(-1, 0), neighbour(1, 0)),
        tf.where(
            is_right,
            _peak(steepness, neighbour(0, -1), neighbour(0, 1)),
            tf.where(
                falls,
                _peak(steepness, neighbour(-1, -1), neighbour(1, 1)),
                _peak(steepness, neighbour(-1, 1), neighbour(1, -1)),
            ),
        ),
    )


def _peak(middle: tf.Tensor, before: tf.Tensor, after: tf.Tensor) -> tf.Tensor:
    """Of two equal ones the first."""
    return (middle > before) & (middle >= after)
