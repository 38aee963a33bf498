"""What is done to images to make the sources from which a model shall restore them.

Each degradation is a function of images and of a row of numbers in [0, 1) for each; where the numbers come from says
whether it is another one at each step or stays the same for an image. What makes a picture has the 256 levels of a
file, so that a model sees in training what it is given later. What each does is said in `data/degrading`.
"""

import functools
import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tfgan_suite.data.degrading.edges import edges
from tfgan_suite.data.degrading.holes import mask, numbers_of_hole
from tfgan_suite.data.degrading.jpeg import jpeg
from tfgan_suite.data.degrading.old_photo import numbers_of_photo, old_photo
from tfgan_suite.data.degrading.painting import grey_of
from tfgan_suite.data.degrading.plain import downscale, noise
from tfgan_suite.data.degrading.watermark import NUMBERS as NUMBERS_OF_MARK
from tfgan_suite.data.degrading.watermark import read_stamp, watermark
from tfgan_suite.errors import InputError, option, unknown_choice
from tfgan_suite.images import to_float
from tfgan_suite.noise import DEGRADATION_STREAM, FIXED_DEGRADATION_STREAM, row_uniform, stateless_seed
from tfgan_suite.options.pairs import DEGRADATIONS as SETTINGS
from tfgan_suite.options.pairs import MASK_KINDS, QUALITY, SCALES, SHARE, SIGMA, PairOptions

Shape = tuple[int, int, int]


@dataclass(frozen=True)
class Degradation:
    """What makes a source of a target, and how much of it.

    Attributes:
        kind: `mask` (a hole, and a last channel that says where: 1 in it, 0 elsewhere; the pixels in it are 0, the
            middle of [-1, 1]), `noise`, `downscale`, `grey`, `edges` (black lines on white, one channel), `watermark`,
            `old_photo` or `jpeg`.
        mask_share: of the image's area that the hole has.
        mask_kind: `box`, of a random place and shape, `centre`, of the image's shape in its middle, or `strokes`, as
            of a brush.
        noise_sigma: standard deviation of the noise, in levels of 0 to 255.
        scale: how many times smaller a source is than its target, 2 or 4: bicubic, antialiased.
        stamp: a PNG file with transparency, which is the watermark; None: words.
        jpeg_quality: 1 to 100; None: another for each image, 10 to 50.

    Raises:
        InputError: none of these.
    """

    kind: str
    mask_share: float = PairOptions.mask_share
    mask_kind: str = PairOptions.mask_kind
    noise_sigma: float = PairOptions.noise_sigma
    scale: int = PairOptions.scale
    stamp: str | None = None
    jpeg_quality: int | None = None

    def __post_init__(self) -> None:
        if self.kind not in DEGRADATIONS:
            raise unknown_choice(option("degrade"), self.kind, tuple(DEGRADATIONS))
        if self.mask_kind not in MASK_KINDS:
            raise unknown_choice(option("mask_kind"), self.mask_kind, MASK_KINDS)
        SHARE.refuse(option("mask_share"), self.mask_share)
        SIGMA.refuse(option("noise_sigma"), self.noise_sigma)
        if self.scale not in SCALES:
            raise InputError(f"{option('scale')} must be 2 or 4. Received: {self.scale}.")
        if self.jpeg_quality is not None:
            QUALITY.refuse(option("jpeg_quality"), self.jpeg_quality)
        if self.stamp is not None:
            self.stamp_pixels  # noqa: B018 (refused before data are waited for)

    @functools.cached_property
    def stamp_pixels(self) -> np.ndarray | None:
        """The stamp, uint8 (h, w, 4); None where there is none."""
        return None if self.stamp is None else read_stamp(self.stamp)

    def source_shape(self, image_shape: Shape) -> Shape:
        """The shape of the sources of such images.

        Raises:
            InputError: images that cannot be degraded so.
        """
        (height, width, channels), row = image_shape, DEGRADATIONS[self.kind]
        if row.takes and channels not in row.takes:
            raise InputError(
                f"{option('degrade', self.kind)} takes images of {' or '.join(map(str, row.takes))} channels. "
                f"Received: images of {channels}. Convert them with {option('channels', max(row.takes))}, or degrade "
                "them in another way."
            )
        if self.kind == "downscale" and (height % self.scale or width % self.scale):
            raise InputError(
                f"{option('degrade', 'downscale')} needs a height and width that {option('scale', self.scale)} "
                f"divides. Received: images of {height}x{width}. Give another {option('image_size')}."
            )
        if self.kind == "downscale":
            height, width = height // self.scale, width // self.scale
        return height, width, row.channels(channels)

    def said(self) -> str:
        """Its kind and its settings, for people to read."""
        values = {name: getattr(self, name) for name in SETTINGS[self.kind]}
        return ", ".join([self.kind, *(f"{name} {value}" for name, value in values.items() if value is not None)])

    def facts(self) -> dict[str, Any]:
        """Its kind and the settings that this kind has, and the SHA-256 of a stamp's pixels; JSON types."""
        said = {name: getattr(self, name) for name in ("kind", *SETTINGS[self.kind])}
        if self.kind != "watermark" or self.stamp_pixels is None:
            return said
        return said | {"stamp_sha256": hashlib.sha256(self.stamp_pixels.tobytes()).hexdigest()}

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
        return DEGRADATIONS[self.kind].row_size(image_shape, self)

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
        if not len(images):
            return np.zeros((0, *self.source_shape(images.shape[1:])), np.float32)
        seed, size = stateless_seed(0, FIXED_DEGRADATION_STREAM, 0), self.row_size(tuple(images.shape[1:]))
        # Each image has the row that its pixels say.
        rows = [int.from_bytes(hashlib.sha256(image.tobytes()).digest()[:4], "big") for image in images]
        numbers = [row_uniform(seed, tf.constant([1, size]), tf.constant(row, tf.int64)) for row in rows]
        return self.sources(to_float(images), tf.concat(numbers, 0)).numpy()


class Row(NamedTuple):
    """A degradation.

    Attributes:
        degrade: images, numbers, settings -> sources.
        row_size: shape of an image, settings -> how many random numbers it takes.
        channels: of an image -> of its source.
        takes: the numbers of channels that images may have; empty: any.
    """

    degrade: Callable[[tf.Tensor, tf.Tensor, Degradation], tf.Tensor]
    row_size: Callable[[Shape, Degradation], int] = lambda shape, how: 0
    channels: Callable[[int], int] = lambda channels: channels
    takes: tuple[int, ...] = ()


DEGRADATIONS = {
    "mask": Row(
        lambda images, numbers, how: mask(images, numbers, how.mask_kind, how.mask_share),
        lambda shape, how: numbers_of_hole(how.mask_kind, how.mask_share),
        lambda channels: channels + 1,
    ),
    "noise": Row(
        lambda images, numbers, how: noise(images, numbers, how.noise_sigma),
        lambda shape, how: 2 * math.prod(shape),
    ),
    "downscale": Row(lambda images, numbers, how: downscale(images, how.scale)),
    "grey": Row(lambda images, numbers, how: grey_of(images), channels=lambda channels: 1, takes=(3,)),
    "edges": Row(lambda images, numbers, how: edges(images), channels=lambda channels: 1, takes=(1, 3, 4)),
    "watermark": Row(
        lambda images, numbers, how: watermark(images, numbers, how.stamp_pixels),
        lambda shape, how: NUMBERS_OF_MARK,
        takes=(1, 3, 4),
    ),
    "old_photo": Row(
        lambda images, numbers, how: old_photo(images, numbers),
        lambda shape, how: numbers_of_photo(*shape[:2]),
        takes=(1, 3, 4),
    ),
    "jpeg": Row(
        lambda images, numbers, how: jpeg(images, numbers, how.jpeg_quality),
        lambda shape, how: 1,
        takes=(1, 3),
    ),
}
