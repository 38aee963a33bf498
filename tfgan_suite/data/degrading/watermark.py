"""A half-transparent mark on a picture: a word, or a stamp of one's own."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image, ImageDraw, ImageFont

from tfgan_suite.data.degrading.painting import between, grey_of, in_levels, place
from tfgan_suite.errors import InputError, option
from tfgan_suite.images import from_array

WORDS = ("SAMPLE", "PREVIEW", "PROOF", "DRAFT", "COPY")
WORD_SHARE, STAMP_SHARE = 0.75, 0.5  # of the image's width and height that a mark fits into
OPACITY = (0.3, 0.7)
NUMBERS = 4  # which word, down, right, opacity
# Words are drawn larger and then made smaller, so that their rim may be less than a pixel.
DRAWN_HEIGHT, DRAWN_RIM = 96, 6
LARGEST_STAMP = 4096  # pixels a side


def watermark(images: tf.Tensor, numbers: tf.Tensor, stamp: np.ndarray | None) -> tf.Tensor:
    """A mark on each image, at any place where it is whole, of 30 to 70 % opacity.

    Without a stamp it is one of five words in white with a dark rim, three quarters as wide as the image. A stamp is
    made to fit into half of the height and width; its own transparency stays.

    Args:
        images: float32 (N, H, W, C) in [-1, 1], C of 1, 3 or 4.
        numbers: float32 (N, 4) in [0, 1).
        stamp: uint8 (h, w, 4), red, green, blue and alpha; None: words.
    """
    height, width, channels = images.shape[1:]
    drawn = [_word(word) for word in WORDS] if stamp is None else [from_array(stamp)]
    share = WORD_SHARE if stamp is None else STAMP_SHARE
    made = [np.asarray(_fitted(mark, share * height, share * width)) for mark in drawn]
    sizes = tf.constant([mark.shape[:2] for mark in made], tf.float32)  # (M, 2)
    chosen = tf.cast(place(numbers[:, 0], tf.constant(len(made) - 1.0)), tf.int32)  # (N,)
    room = tf.constant([height, width], tf.float32) - tf.gather(sizes, chosen)
    corner = tf.cast(place(numbers[:, 1:3], room), tf.int32)  # (N, 2)
    colours, alpha = _laid(tf.constant(_stacked(made)), chosen, corner, height, width)
    return _over(images, _of_channels(colours, channels), alpha * between(numbers[:, 3], *OPACITY)[:, None, None, None])


def read_stamp(path: str) -> np.ndarray:
    """A picture with transparency, uint8 (h, w, 4).

    Raises:
        InputError: no such file, none in PNG format, one without transparency, or one that is too large.
    """
    if not Path(path).is_file():
        raise InputError(f"The file {path} of {option('stamp')} does not exist. Expected a PNG file with transparency.")
    try:
        with Image.open(path, formats=["PNG"]) as image:
            if max(image.size) > LARGEST_STAMP:
                raise InputError(
                    f"The picture {path} of {option('stamp')} is {image.width}x{image.height} pixels. Expected at most "
                    f"{LARGEST_STAMP} a side: make it smaller."
                )
            pixels = np.asarray(image.convert("RGBA"))
    except (OSError, SyntaxError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"The file {path} of {option('stamp')} is no PNG file, or a damaged one ({error}).") from error
    alpha = pixels[..., 3]
    if alpha.min() == 255 or alpha.max() == 0:
        much = "opaque" if alpha.min() == 255 else "transparent"
        raise InputError(
            f"The picture {path} of {option('stamp')} is {much} everywhere. Expected a logo on a transparent "
            "background."
        )
    return pixels


def _word(word: str) -> Image.Image:
    """White letters with a dark rim on nothing: seen on every colour."""
    font = ImageFont.load_default(DRAWN_HEIGHT)
    left, top, right, bottom = map(round, font.getbbox(word, stroke_width=DRAWN_RIM))
    image = Image.new("RGBA", (right - left, bottom - top), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    draw.text((-left, -top), word, (255, 255, 255, 255), font, stroke_width=DRAWN_RIM, stroke_fill=(0, 0, 0, 255))
    return image


def _fitted(mark: Image.Image, height: float, width: float) -> Image.Image:
    """A mark as large as fits."""
    scale = min(height / mark.height, width / mark.width)
    size = max(1, round(mark.width * scale)), max(1, round(mark.height * scale))
    return mark.resize(size, Image.Resampling.BOX if scale < 1.0 else Image.Resampling.BICUBIC)


def _stacked(marks: Sequence[np.ndarray]) -> np.ndarray:
    """Marks of several sizes in one array, each with nothing around it: float32 (M, h + 2, w + 2, 4) in [0, 1]."""
    height, width = (max(mark.shape[axis] for mark in marks) + 2 for axis in (0, 1))
    stacked = np.zeros((len(marks), height, width, 4), np.float32)
    for made, mark in zip(stacked, marks, strict=True):
        made[1 : 1 + mark.shape[0], 1 : 1 + mark.shape[1]] = mark / np.float32(255.0)
    return stacked


def _laid(
    marks: tf.Tensor, chosen: tf.Tensor, corner: tf.Tensor, height: int, width: int
) -> tuple[tf.Tensor, tf.Tensor]:
    """Each image's mark at its place: colours (N, H, W, 3) and alpha (N, H, W, 1), in [0, 1]."""
    y = tf.clip_by_value(tf.range(height)[None, :] - corner[:, :1] + 1, 0, marks.shape[1] - 1)  # (N, H)
    x = tf.clip_by_value(tf.range(width)[None, :] - corner[:, 1:] + 1, 0, marks.shape[2] - 1)  # (N, W)
    rows = tf.gather(tf.gather(marks, chosen), y, axis=1, batch_dims=1)
    laid = tf.gather(rows, x, axis=2, batch_dims=1)  # (N, H, W, 4)
    return laid[..., :3], laid[..., 3:]


def _of_channels(colours: tf.Tensor, channels: int) -> tf.Tensor:
    """Colours in [0, 1] as those of images, in [-1, 1]."""
    made = 2.0 * colours - 1.0
    return made if channels > 1 else grey_of(made)


def _over(images: tf.Tensor, colours: tf.Tensor, alpha: tf.Tensor) -> tf.Tensor:
    """Colours over images, in levels; where images have transparency, as Porter and Duff have it (1984)."""
    if images.shape[-1] < 4:
        return in_levels(images + (colours - images) * alpha)
    opaque = (images[..., 3:] + 1.0) / 2.0
    both = alpha + opaque * (1.0 - alpha)
    mixed = tf.math.divide_no_nan(colours * alpha + images[..., :3] * opaque * (1.0 - alpha), both)
    return in_levels(tf.concat([tf.where(both > 0.0, mixed, images[..., :3]), 2.0 * both - 1.0], -1))
