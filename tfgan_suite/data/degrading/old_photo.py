"""A picture as a print that has lain in a drawer for fifty years."""

import tensorflow as tf

from tfgan_suite.data.degrading.painting import between, blurred, distance_to_lines, grey_of, in_levels, normal, place

# Yellowed paper; of grey pictures its grey.
PAPER = (0.94, 0.86, 0.68)
YELLOWED = (0.3, 1.0)  # of the way from white to that
CONTRAST = (0.5, 0.85)
COLOUR = (0.1, 0.7)
BLUR = (0.3, 0.8)  # pixels of an image of 64
GRAIN = (4.0, 10.0)  # levels of 0 to 255
MOST_SCRATCHES = 5
SCRATCH_LENGTH = (0.3, 1.2)  # of the image's longer side
SCRATCH_TILT = 0.3  # radians from upright
SCRATCH_BEND = 0.15  # radians between its halves
SCRATCH_WIDTH = (0.4, 1.0)  # pixels of an image of 64
SCRATCH_DEPTH = (0.4, 0.9)  # of the way to white
OF_ALL, OF_SCRATCH = 6, 7  # numbers
UNIT = 64.0  # the shorter side of which lengths in pixels are said


def numbers_of_photo(height: int, width: int) -> int:
    """How many random numbers an image takes."""
    return OF_ALL + MOST_SCRATCHES * OF_SCRATCH + 2 * height * width


def old_photo(images: tf.Tensor, numbers: tf.Tensor) -> tf.Tensor:
    """Faded, blurred, grainy and scratched, each as much as its numbers say; transparency stays.

    Faded: 10 to 70 % of the colour and 50 to 85 % of the contrast are left, on paper that has yellowed. Blurred: by a
    Gaussian of 0.3 to 0.8 pixels. Grain: N(0, 4 to 10) levels of 255, the same in all colours. Scratched: 1 to 5 light
    lines, within 17 degrees of upright, bent by up to 9, 0.3 to 1.2 of the longer side long, 0.4 to 1 pixel wide. The
    pixels are those of an image whose shorter side has 64, and grow with it, up to 4 times.

    Args:
        images: float32 (N, H, W, C) in [-1, 1], C of 1, 3 or 4.
        numbers: float32 (N, K) in [0, 1), K as `numbers_of_photo` says.
    """
    height, width, channels = images.shape[1:]
    unit = min(max(min(height, width) / UNIT, 0.5), 4.0)
    of_all, rest = numbers[:, :OF_ALL], numbers[:, OF_ALL:]
    of_scratches, of_grain = tf.split(rest, [MOST_SCRATCHES * OF_SCRATCH, 2 * height * width], 1)
    contrast, colour, yellowed, blur, grain, count = tf.unstack(of_all, axis=1)  # (N,)
    picture = (images[..., :3] + 1.0) / 2.0  # of one channel that one
    if channels > 1:
        grey = (grey_of(images[..., :3]) + 1.0) / 2.0
        picture = grey + (picture - grey) * _of_each(colour, COLOUR)
    faded = 1.0 + (picture - 1.0) * _of_each(contrast, CONTRAST)
    faded *= 1.0 + (_paper(channels) - 1.0) * _of_each(yellowed, YELLOWED)
    soft = blurred(faded, between(blur, *BLUR) * unit, BLUR[1] * unit)
    noise = tf.reshape(normal(of_grain), [-1, height, width, 1])
    rough = soft + noise * (_of_each(grain, GRAIN) / 255.0)
    depth = _scratches(height, width, of_scratches, count, unit)
    made = in_levels(2.0 * (rough + (1.0 - rough) * depth[..., None]) - 1.0)
    return made if channels < 4 else tf.concat([made, images[..., 3:]], -1)


def _of_each(numbers: tf.Tensor, bounds: tuple[float, float]) -> tf.Tensor:
    """(N,) in [0, 1) -> between the bounds, to be multiplied with images."""
    return between(numbers, *bounds)[:, None, None, None]


def _paper(channels: int) -> tf.Tensor:
    """Its colour, or its grey, in [0, 1]."""
    colour = tf.constant(PAPER)
    return colour if channels > 1 else (grey_of(2.0 * colour[None, None, None] - 1.0) + 1.0) / 2.0


def _scratches(height: int, width: int, numbers: tf.Tensor, count: tf.Tensor, unit: float) -> tf.Tensor:
    """How much of each pixel is scratched away, float32 (N, H, W) in [0, 1]."""
    of_each = tf.reshape(numbers, [-1, MOST_SCRATCHES, OF_SCRATCH])
    y, x, tilt, bend, length, width_of, depth = (of_each[..., i] for i in range(OF_SCRATCH))  # (N, S)
    tilt, bend = between(tilt, -SCRATCH_TILT, SCRATCH_TILT), between(bend, -SCRATCH_BEND, SCRATCH_BEND) / 2.0
    half = between(length, *SCRATCH_LENGTH) * (max(height, width) / 2.0)
    up, down = (tf.stack([tf.cos(angle) * half, tf.sin(angle) * half], -1) for angle in (tilt + bend, tilt - bend))
    middle = tf.stack([y * height, x * width], -1)  # (N, S, 2)
    starts, ends = tf.stack([middle - up, middle], 2), tf.stack([middle, middle + down], 2)  # (N, S, 2, 2)
    wide = between(width_of, *SCRATCH_WIDTH)[..., None, None] * unit  # (N, S, 1, 1)
    depth = between(depth, *SCRATCH_DEPTH)[..., None, None]
    number = 1.0 + place(count, tf.constant(MOST_SCRATCHES - 1.0))[:, None, None]
    found = tf.zeros([tf.shape(numbers)[0], height, width])
    for i in range(MOST_SCRATCHES):
        distance = distance_to_lines(height, width, starts[:, i], ends[:, i], tf.ones([1, 2]))
        # A pixel at the rim, and one that is wider than the scratch, is covered in part.
        covered = tf.minimum(tf.maximum(0.5 + wide[:, i] / 2.0 - distance, 0.0), tf.minimum(wide[:, i], 1.0))
        found = tf.maximum(found, tf.where(i < number, covered * depth[:, i], 0.0))
    return found
