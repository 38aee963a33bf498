"""What is done to images to make the sources from which a model shall restore them.

Each degradation is a function of images and of a row of numbers in [0, 1) for each; where the numbers come from says
whether it is another one at each step or stays the same for an image. What makes a picture (noise, smaller, grey) has
the 256 levels of a file, so that a model sees in training what it is given later.
"""

import hashlib
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tfgan_suite.arguments import Range
from tfgan_suite.errors import InputError, option, unknown_choice
from tfgan_suite.images import to_float
from tfgan_suite.noise import DEGRADATION_STREAM, FIXED_DEGRADATION_STREAM, row_uniform, stateless_seed

Shape = tuple[int, int, int]
MASK_KINDS = ("box", "centre")
SCALES = (2, 4)
# A random box is up to twice as high as wide, or as wide as high.
MOST_ASPECT = 2.0
# Grey of red, green and blue as ITU-R BT.601 weighs them, in units of 2**-16: as Pillow does.
GREY_WEIGHTS = (19_595, 38_470, 7_471)
_SHARE = Range(math.ulp(0.0), 1.0, "between 0 and 1")
_SIGMA = Range(math.ulp(0.0), 255.0, "between 0 and 255")


@dataclass(frozen=True)
class Degradation:
    """What makes a source of a target, and how much of it.

    Attributes:
        kind: `mask` (a hole, and a last channel that says where: 1 in it, 0 elsewhere; the pixels in it are 0, the
            middle of [-1, 1]), `noise`, `downscale` or `grey`.
        mask_share: of the image's area that the hole has.
        mask_kind: `box`, of a random place and shape, or `centre`, of the image's shape in its middle.
        noise_sigma: standard deviation of the noise, in levels of 0 to 255.
        scale: how many times smaller a source is than its target, 2 or 4: bicubic, antialiased.

    Raises:
        InputError: none of these.
    """

    kind: str
    mask_share: float = 0.25
    mask_kind: str = "box"
    noise_sigma: float = 25.0
    scale: int = 2

    def __post_init__(self) -> None:
        if self.kind not in DEGRADATIONS:
            raise unknown_choice(option("degrade"), self.kind, tuple(DEGRADATIONS))
        if self.mask_kind not in MASK_KINDS:
            raise unknown_choice(option("mask_kind"), self.mask_kind, MASK_KINDS)
        _SHARE.refuse(option("mask_share"), self.mask_share)
        _SIGMA.refuse(option("noise_sigma"), self.noise_sigma)
        if self.scale not in SCALES:
            raise InputError(f"{option('scale')} must be 2 or 4. Received: {self.scale}.")

    def source_shape(self, image_shape: Shape) -> Shape:
        """The shape of the sources of such images.

        Raises:
            InputError: images that cannot be degraded so.
        """
        height, width, channels = image_shape
        if self.kind == "grey" and channels != 3:
            raise InputError(
                f"{option('degrade', 'grey')} makes grey of 3 channels. Received: images of {channels}. Convert them "
                f"with {option('channels', 3)}, or degrade them in another way."
            )
        if self.kind == "downscale" and (height % self.scale or width % self.scale):
            raise InputError(
                f"{option('degrade', 'downscale')} needs a height and width that {option('scale', self.scale)} "
                f"divides. Received: images of {height}x{width}. Give another {option('image_size')}."
            )
        if self.kind == "downscale":
            return height // self.scale, width // self.scale, channels
        return height, width, {"mask": channels + 1, "grey": 1}.get(self.kind, channels)

    def facts(self) -> dict[str, Any]:
        """Its kind and the settings that this kind has; JSON types."""
        kept = {"mask": ("mask_share", "mask_kind"), "noise": ("noise_sigma",), "downscale": ("scale",)}
        return {key: value for key, value in asdict(self).items() if key in ("kind", *kept.get(self.kind, ()))}

    def sources(self, images: tf.Tensor, numbers: tf.Tensor) -> tf.Tensor:
        """The sources of images.

        Args:
            images: float32 (N, H, W, C) in [-1, 1].
            numbers: float32 (N, K) in [0, 1), K as `row_size` says.

        Returns:
            float32 (N, *source_shape).
        """
        made = DEGRADATIONS[self.kind].degrade(images, numbers, self)
        return tf.ensure_shape(made, [images.shape[0], *self.source_shape(tuple(images.shape[1:]))])

    def row_size(self, image_shape: Shape) -> int:
        """How many random numbers an image takes."""
        return DEGRADATIONS[self.kind].row_size(image_shape)

    def of_step(self, images: tf.Tensor, seed: int, step: tf.Tensor, first_row: tf.Tensor | int = 0) -> tf.Tensor:
        """The sources of a batch of training: others at each step, of each row.

        Args:
            images: float32 (N, H, W, C) in [-1, 1].
            seed: of the run.
            step: of the run, counted from 0.
            first_row: the index in the global batch of the first of them.
        """
        shape = tf.stack([tf.shape(images)[0], self.row_size(tuple(images.shape[1:]))])
        return self.sources(images, row_uniform(stateless_seed(seed, DEGRADATION_STREAM, step), shape, first_row))

    def fixed(self, images: np.ndarray) -> np.ndarray:
        """The sources of images that are looked at or measured: of an image always the same, whatever stands beside it.

        Args:
            images: uint8 (N, H, W, C).

        Returns:
            float32 (N, *source_shape).
        """
        seed, size = stateless_seed(0, FIXED_DEGRADATION_STREAM, 0), self.row_size(tuple(images.shape[1:]))
        # Each image has the row that its pixels say.
        rows = [int.from_bytes(hashlib.sha256(image.tobytes()).digest()[:4], "big") for image in images]
        numbers = [row_uniform(seed, tf.constant([1, size]), tf.constant(row, tf.int64)) for row in rows]
        return self.sources(to_float(images), tf.concat([tf.zeros([0, size]), *numbers], 0)).numpy()


def mask(images: tf.Tensor, numbers: tf.Tensor, how: Degradation) -> tf.Tensor:
    """(N, H, W, C) -> (N, H, W, C + 1): 0 in one box an image, and a last channel that is 1 there and 0 elsewhere."""
    height, width = images.shape[1], images.shape[2]
    aspect, top, left = (numbers[:, i] for i in range(3))  # (N,)
    if how.mask_kind == "centre":
        aspect, top, left = (tf.fill(tf.shape(aspect), 0.5) for _ in range(3))
    # As a share of the image's height; the width then has what is left of the area. Neither exceeds the image.
    side = math.sqrt(how.mask_share) * MOST_ASPECT ** (aspect - 0.5)
    side = tf.clip_by_value(side, how.mask_share, 1.0)
    rows = tf.clip_by_value(tf.round(side * height), 1.0, height)
    columns = tf.clip_by_value(tf.round(how.mask_share * height * width / rows), 1.0, width)
    first_row, first_column = _place(top, height - rows), _place(left, width - columns)
    y, x = tf.range(height, dtype=tf.float32)[None, :, None], tf.range(width, dtype=tf.float32)[None, None, :]
    first_row, first_column, rows, columns = (each[:, None, None] for each in (first_row, first_column, rows, columns))
    inside = (y >= first_row) & (y < first_row + rows) & (x >= first_column) & (x < first_column + columns)
    hole = tf.cast(inside, tf.float32)[..., None]  # (N, H, W, 1)
    return tf.concat([images * (1.0 - hole), hole], -1)


def _place(number: tf.Tensor, room: tf.Tensor) -> tf.Tensor:
    """A whole number of 0 to `room`, both among them; of 0.5 the middle."""
    return tf.minimum(tf.floor(number * (room + 1.0)), room)


def noise(images: tf.Tensor, numbers: tf.Tensor, how: Degradation) -> tf.Tensor:
    """N(0, sigma) on every value, clipped to the range."""
    first, second = tf.split(numbers, 2, axis=1)
    # Box and Muller, 1958: a normal number of two uniform ones.
    normal = tf.sqrt(-2.0 * tf.math.log(1.0 - first)) * tf.cos(2.0 * math.pi * second)
    return _in_levels(images + tf.reshape(normal, tf.shape(images)) * (how.noise_sigma / 127.5))


def downscale(images: tf.Tensor, numbers: tf.Tensor, how: Degradation) -> tf.Tensor:
    """(N, H, W, C) -> (N, H / s, W / s, C): bicubic (a = -1/2) and antialiased, as Pillow does it."""
    size = [images.shape[1] // how.scale, images.shape[2] // how.scale]
    return _in_levels(tf.image.resize(images, size, method="bicubic", antialias=True))


def grey(images: tf.Tensor, numbers: tf.Tensor, how: Degradation) -> tf.Tensor:
    """(N, H, W, 3) -> (N, H, W, 1)."""
    levels = tf.cast(tf.round((images + 1.0) * 127.5), tf.int32)
    total = tf.reduce_sum(levels * tf.constant(GREY_WEIGHTS), -1, keepdims=True)
    return to_float((total + 2**15) // 2**16)


def _in_levels(images: tf.Tensor) -> tf.Tensor:
    """The nearest of the 256 levels, in [-1, 1]."""
    return to_float(tf.clip_by_value(tf.round((images + 1.0) * 127.5), 0.0, 255.0))


class Row(NamedTuple):
    """A degradation.

    Attributes:
        row_size: shape of an image -> how many random numbers it takes.
        degrade: images, numbers, settings -> sources.
    """

    row_size: Callable[[Shape], int]
    degrade: Callable[[tf.Tensor, tf.Tensor, Degradation], tf.Tensor]


DEGRADATIONS = {
    "mask": Row(lambda shape: 3, mask),
    "noise": Row(lambda shape: 2 * math.prod(shape), noise),
    "downscale": Row(lambda shape: 0, downscale),
    "grey": Row(lambda shape: 0, grey),
}
