"""The augmentations of ADA, each with a probability p: mirror, turns and shifts, an affine map, colours, cutout.

As published, but for two things. The affine map is bilinear: the paper's filter (a sym6 wavelet, at twice the
resolution) is left out, so that what is made smaller has jagged edges, on real and made images alike. And the set is
R3GAN's: colours come with p / 2, and with p a cutout, which the paper's best set leaves out.

References: Karras et al., 2020, arXiv 2006.06676, appendix B; Huang et al., 2024, arXiv 2501.05441.
"""

import math
from typing import NamedTuple

import tensorflow as tf

from tfgan_suite.objectives.diff_augment import cutout, parted
from tfgan_suite.objectives.warp import affine

DRAWS = 28 + 2 + 1  # of `drawn`, of `cutout`, and whether there is one
# Shifts are shares of a side; of scales, contrast and saturation it is log2 that is normal.
SHIFT = 0.125  # in whole pixels, either way
SCALE_STDDEV, STRETCH_STDDEV, FRACTION_STDDEV = 0.2, 0.2, 0.125
BRIGHTNESS_STDDEV, CONTRAST_STDDEV, SATURATION_STDDEV = 0.2, 0.5, 1.0
COLOUR_SHARE = 0.5  # of p


class Amounts(NamedTuple):
    """How each image is changed, in this order: (N,), or (N, 2) for (x, y); by what stands here, not at all.

    Attributes:
        mirror: -1 for left to right.
        turns: quarter turns against the clock, 0 to 3.
        shift: to the right and down, in whole pixels.
        scale: above 1 is larger.
        first_angle: against the clock, in radians.
        stretch: so many times as wide, and as low.
        second_angle: against the clock, in radians.
        fraction: to the right and down, in pixels.
        brightness: is added.
        contrast: multiplies.
        grey: -1 turns light into dark, at the same hue.
        hue: a turn of colours about the grey ones, in radians.
        saturation: multiplies the distance from grey.
    """

    mirror: tf.Tensor | float = 1.0
    turns: tf.Tensor | float = 0.0
    shift: tf.Tensor | tuple[float, float] = (0.0, 0.0)
    scale: tf.Tensor | float = 1.0
    first_angle: tf.Tensor | float = 0.0
    stretch: tf.Tensor | float = 1.0
    second_angle: tf.Tensor | float = 0.0
    fraction: tf.Tensor | tuple[float, float] = (0.0, 0.0)
    brightness: tf.Tensor | float = 0.0
    contrast: tf.Tensor | float = 1.0
    grey: tf.Tensor | float = 1.0
    hue: tf.Tensor | float = 0.0
    saturation: tf.Tensor | float = 1.0


def ada(images: tf.Tensor, numbers: tf.Tensor, probability: tf.Tensor) -> tf.Tensor:
    """Images after all changes; the same to the bit at p = 0.

    Args:
        images: (N, H, W, C) in [-1, 1].
        numbers: (N, DRAWS) in [0, 1).
        probability: p, at least 0; from 1 on everything is changed always, and above it colours more often still.

    Returns:
        The same shape and type; colours may leave [-1, 1].
    """
    height, width = images.shape[1:3]
    amounts = drawn(numbers[:, :-3], probability, height, width)
    images = recoloured(affine(images, reading_maps(amounts)), amounts)
    is_cut = numbers[:, -1] < probability
    return tf.where(is_cut[:, tf.newaxis, tf.newaxis, tf.newaxis], cutout(images, numbers[:, -3:-1]), images)


def drawn(numbers: tf.Tensor, probability: tf.Tensor, height: int, width: int) -> Amounts:
    """What uniform numbers (N, 28) make of images of a height and a width."""
    draws = iter(tf.unstack(numbers, axis=1))
    sides = tf.constant([width, height], numbers.dtype)
    p = tf.convert_to_tensor(probability, numbers.dtype)
    p_angle = 1 - tf.sqrt(1 - tf.minimum(p, 1))  # of each of two angles, so that p is that of any
    p_colour = COLOUR_SHARE * p
    fewest = 1 if height == width else 2  # of quarter turns that keep the shape

    def perhaps(chance: tf.Tensor, amount: tf.Tensor, unchanged: float) -> tf.Tensor:
        is_on = next(draws) < chance
        return tf.where(is_on if amount.shape.rank == 1 else is_on[:, tf.newaxis], amount, unchanged)

    def pair() -> tf.Tensor:
        return tf.stack([next(draws), next(draws)], axis=1)

    def angle() -> tf.Tensor:
        return (2 * next(draws) - 1) * math.pi

    return Amounts(
        mirror=perhaps(p, 1 - 2 * tf.floor(2 * next(draws)), 1.0),
        turns=perhaps(p, fewest * tf.floor(4 // fewest * next(draws)), 0.0),
        shift=perhaps(p, tf.round((2 * pair() - 1) * SHIFT * sides), 0.0),
        scale=perhaps(p, 2 ** (SCALE_STDDEV * _normal(next(draws))), 1.0),
        first_angle=perhaps(p_angle, angle(), 0.0),
        stretch=perhaps(p, 2 ** (STRETCH_STDDEV * _normal(next(draws))), 1.0),
        second_angle=perhaps(p_angle, angle(), 0.0),
        fraction=perhaps(p, FRACTION_STDDEV * _normal(pair()) * sides, 0.0),
        brightness=perhaps(p_colour, BRIGHTNESS_STDDEV * _normal(next(draws)), 0.0),
        contrast=perhaps(p_colour, 2 ** (CONTRAST_STDDEV * _normal(next(draws))), 1.0),
        grey=perhaps(p_colour, 1 - 2 * tf.floor(2 * next(draws)), 1.0),
        hue=perhaps(p_colour, angle(), 0.0),
        saturation=perhaps(p_colour, 2 ** (SATURATION_STDDEV * _normal(next(draws))), 1.0),
    )


def reading_maps(amounts: Amounts) -> tf.Tensor:
    """The maps (N, 2, 3) of `affine` that change images so: back from the last change to the first."""
    zero, one = tf.zeros_like(amounts.mirror), tf.ones_like(amounts.mirror)

    def scaled(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        return _matrices(x, zero, zero, zero, y, zero)

    def rotated(cosine: tf.Tensor, sine: tf.Tensor) -> tf.Tensor:  # y points down
        return _matrices(cosine, -sine, zero, sine, cosine, zero)

    def moved(pair: tf.Tensor) -> tf.Tensor:
        return _matrices(one, zero, -pair[:, 0], zero, one, -pair[:, 1])

    odd = tf.math.floormod(amounts.turns, 2)
    maps = scaled(amounts.mirror, one)
    for each in (
        rotated((1 - odd) * (1 - amounts.turns), odd * (2 - amounts.turns)),  # whole, where a cosine is rounded
        moved(amounts.shift),
        scaled(1 / amounts.scale, 1 / amounts.scale),
        rotated(tf.cos(amounts.first_angle), tf.sin(amounts.first_angle)),
        scaled(1 / amounts.stretch, amounts.stretch),
        rotated(tf.cos(amounts.second_angle), tf.sin(amounts.second_angle)),
        moved(amounts.fraction),
    ):
        # Not by a product of matrices, which some devices round to ten bits.
        maps = tf.reduce_sum(maps[:, :, :, tf.newaxis] * each[:, tf.newaxis], axis=2)
    return maps[:, :2]


def recoloured(images: tf.Tensor, amounts: Amounts) -> tf.Tensor:
    """Colours brightened, multiplied, and of three channels turned and moved from grey; of RGBA the first three.

    Images of another number of channels have neither hue nor saturation: their brightness and contrast alone change,
    and light and dark.
    """
    brightness, contrast, grey, hue, saturation = (tf.reshape(each, [-1, 1, 1]) for each in amounts[-5:])
    colours, rest = parted(images)
    height, width, count = colours.shape[1:]
    flat = tf.reshape(colours, [-1, height * width, count])  # (N, HW, C)
    one, cross = tf.eye(count, dtype=images.dtype), tf.zeros([], images.dtype)
    mean, along = tf.zeros_like(one), grey
    # The axis of grey: what lies along it is the mean, and a turn about it has the cross product with it.
    if count == 3:
        mean = tf.ones_like(one) / 3
        cross = tf.constant([[0, 1, -1], [-1, 0, 1], [1, -1, 0]], images.dtype) / math.sqrt(3.0)
        along = saturation * tf.cos(hue)
    turned = contrast * (along * one + (grey - along) * mean + saturation * tf.sin(hue) * cross)  # (N, C, C)
    # The difference, so that what is not changed stays as it is, however a device rounds products.
    flat += tf.matmul(flat, turned - one) + contrast * grey * brightness
    return tf.concat([tf.reshape(flat, tf.shape(colours)), rest], axis=3)


def _normal(numbers: tf.Tensor) -> tf.Tensor:
    """N(0, 1) of numbers of [0, 1) that are multiples of 2^-23: moved by half of that, they are finite."""
    return tf.math.ndtri(numbers + 2.0**-24)


def _matrices(*entries: tf.Tensor) -> tf.Tensor:
    """(N, 3, 3) of the entries of the first two rows, each (N,)."""
    zero, one = tf.zeros_like(entries[0]), tf.ones_like(entries[0])
    return tf.reshape(tf.stack([*entries, zero, zero, one], axis=1), [-1, 3, 3])
