"""Random flips, crops and rotations, keyed by (seed, step, row) so that they can be repeated."""

import math

import tensorflow as tf

from tfgan_suite.noise import AUGMENTATION_STREAM, SECOND_AUGMENTATION_STREAM, stateless_seed


def augment(
    images: tf.Tensor,
    seed: int,
    step: tf.Tensor,
    flip: bool = False,
    crop: int = 0,
    rotation: float = 0.0,
    interpolation: str = "bilinear",
    kind: int = 0,
) -> tf.Tensor:
    """Each image flipped, shifted and rotated by numbers of its own; what lies beyond an edge is its mirror image.

    Args:
        images: float (N, H, W, C).
        seed: the run's seed.
        step: the training step.
        flip: left to right, in half of the images.
        crop: a window is cut from the image after padding by so many pixels: a shift by up to
            `crop` whole pixels up or down and left or right.
        rotation: largest angle in degrees, either way, about the middle.
        interpolation: `bilinear` between pixels, or `nearest`, which makes no new values.
        kind: 0, or 1 of the second of two kinds of images, which is moved by numbers of its own.

    Returns:
        The same shape and type; unchanged where nothing is asked for.
    """
    if not (flip or crop or rotation):
        return images
    key = stateless_seed(seed, (AUGMENTATION_STREAM, SECOND_AUGMENTATION_STREAM)[kind], step)
    count, height, width = tf.shape(images)[0], images.shape[1], images.shape[2]
    numbers = tf.random.stateless_uniform([count, 4], key, alg="philox")
    sign = tf.where(numbers[:, 0] < 0.5, -1.0, 1.0) if flip else tf.ones([count])
    shifts = tf.floor(numbers[:, 1:3] * (2 * crop + 1)) - crop  # whole pixels in [-crop, crop]
    angle = (2.0 * numbers[:, 3] - 1.0) * (rotation * math.pi / 180.0)
    cosine, sine = tf.cos(angle), tf.sin(angle)
    # The pixel (x, y) of the result is read at A (x - mx, y - my) + (mx, my) + shift of the image.
    mx, my = (width - 1) / 2.0, (height - 1) / 2.0
    a0, a1 = cosine * sign, -sine * sign
    b0, b1 = sine, cosine
    a2 = mx - a0 * mx - a1 * my + shifts[:, 0]
    b2 = my - b0 * mx - b1 * my + shifts[:, 1]
    zero = tf.zeros([count])
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=tf.stack([a0, a1, a2, b0, b1, b2, zero, zero], axis=1),  # (N, 8)
        output_shape=[height, width],
        fill_value=0.0,
        interpolation=interpolation.upper(),
        fill_mode="REFLECT",
    )
