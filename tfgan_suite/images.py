"""The value range and everything that turns arrays of images into pictures.

Images are uint8 in [0, 255] at both ends (files, data sets, pictures) and float32 in [-1, 1]
between them; those of pairs may be uint16 in [0, 65535]. These functions are the only places that know so.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image, ImageOps, PngImagePlugin

from tfgan_suite.errors import InputError
from tfgan_suite.files import writing_whole
from tfgan_suite.picture_rules import Levels, PictureRules

if TYPE_CHECKING:
    import tensorflow as tf  # marks are read and pictures made without it

MODES = {1: "L", 3: "RGB", 4: "RGBA"}
# The PNG specification's keyword for the program that made an image, which other programs show as well.
SOFTWARE = "Software"
MOST_OF_16_BITS = 65_535
# Of a mask: from this level on a pixel is in the hole.
HOLE = 128
# A pixel of a smaller picture is in the hole where an eighth of it was: what it shows is no longer to be trusted.
HOLE_SHARE = 32


def to_float(images: "tf.Tensor") -> "tf.Tensor":
    """uint8 [0, 255], or uint16 [0, 65535] -> float32 [-1, 1], any shape."""
    import tensorflow as tf

    images = tf.convert_to_tensor(images)
    return tf.cast(images, tf.float32) / (MOST_OF_16_BITS / 2.0 if images.dtype == tf.uint16 else 127.5) - 1.0


def on_white(images: "np.ndarray | tf.Tensor") -> "tf.Tensor":
    """RGBA on a white ground: float32 (N, H, W, 4) in [-1, 1] -> (N, H, W, 3)."""
    alpha = (images[..., 3:] + 1.0) / 2.0
    return alpha * images[..., :3] + (1.0 - alpha)


def to_uint8(images: np.ndarray) -> np.ndarray:
    """float [-1, 1] -> uint8 [0, 255] to the nearest level, any shape; values beyond are clipped.

    >>> to_uint8(np.array([-1.0, 0.0, 1.0, 1.5])).tolist()
    [0, 128, 255, 255]
    """
    levels = (np.asarray(images, np.float32) + 1.0) * 127.5
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


def to_levels(images: np.ndarray, levels: tuple[int, int]) -> np.ndarray:
    """float [-1, 1] -> the values of pictures of more than 8 bits, whose `levels` were -1 and 1.

    They go by the 65,536 steps in which pairs of such pictures are kept (`PictureRules.deep`). So whole values of up to
    65,536 levels that were read by the same `levels` come back exactly, and those of more levels to the nearest step.
    Pictures that were read in 8 bits have had 256 values, and come back as these.

    Args:
        images: any shape; values beyond [-1, 1] are clipped.
        levels: (MIN, MAX), MIN below MAX.

    Returns:
        uint16 where the levels are in its range, else int32.

    >>> to_levels(np.array([-1.0, 0.0, 1.0, 1.5]), (-1000, 3000)).tolist()
    [-1000, 1000, 3000, 3000]
    """
    low, high = levels
    steps = np.clip(np.rint((np.asarray(images, np.float64) + 1.0) * (MOST_OF_16_BITS / 2.0)), 0, MOST_OF_16_BITS)
    values = np.rint(low + steps * ((high - low) / MOST_OF_16_BITS))
    return values.astype(np.uint16 if low >= 0 and high <= MOST_OF_16_BITS else np.int32)


class Converted(NamedTuple):
    """A picture as `convert` made it.

    Attributes:
        pixels: uint8 (H, W, C); uint16 (H, W, 1) of a picture whose 16 bits the rules keep.
        effects: which of the rules `fit`, `background` and `levels` had a part in it, and `transparent` where it was
            put on the background.
    """

    pixels: np.ndarray
    effects: frozenset[str]


def convert(image: Image.Image, rules: PictureRules) -> Converted:
    """A picture with the wanted channels and size, resized with antialiasing: the one place of conversion.

    Args:
        image: any Pillow image; one channel of 16 bits becomes 8, unless the rules are `deep`.
        rules: see `PictureRules`; levels of `auto` must be numbers by now.

    Raises:
        InputError: a mode of pixels that Pillow cannot make grey, RGB or RGBA of.
    """
    channels = rules.channels or natural_channels(image)
    effects = set()
    stays_deep = rules.deep and channels == 1 and is_deep(image)
    if is_deep(image):
        image = _in_levels(image, rules.levels, whole=not stays_deep)
        effects.add("levels")
    if channels < 4 and _is_transparent(image):
        effects |= {"background"} if rules.are_old else {"background", "transparent"}
        image = image if rules.are_old else _on_background(image, rules.background)
    image = image if stays_deep else _of_mode(image, MODES[channels])
    if rules.size is not None and image.size != rules.size[::-1]:
        if image.width * rules.size[0] != image.height * rules.size[1]:
            effects |= {"fit", "background"} if rules.fit == "pad" and not rules.are_old else {"fit"}
        image = _fitted(image, replace(rules, fit="stretch") if rules.are_old else rules)
    pixels = np.asarray(image)
    if stays_deep:
        pixels = np.clip(np.rint(pixels * 257.0), 0, MOST_OF_16_BITS).astype(np.uint16)
    return Converted(pixels.reshape(*pixels.shape[:2], channels), frozenset(effects))


def mask_of(image: Image.Image, rules: PictureRules) -> np.ndarray:
    """A mask brought to the size to which the rules bring its picture; what lies outside of a picture is no hole.

    Args:
        image: white in the hole and black elsewhere; what is transparent is black.
        rules: of the picture.

    Returns:
        uint8 (H, W, 1), 255 in the hole and 0 elsewhere.
    """
    grey = convert(image, PictureRules(channels=1, background="black")).pixels[..., 0]
    hole = Image.fromarray(np.where(grey >= HOLE, 255, 0).astype(np.uint8))
    if rules.size is not None and hole.size != rules.size[::-1]:
        hole = _fitted(hole, replace(rules, background="black"), Image.Resampling.BILINEAR)
        hole = Image.fromarray(np.where(np.asarray(hole) >= HOLE_SHARE, 255, 0).astype(np.uint8))
    return np.asarray(hole)[..., np.newaxis]


def natural_channels(image: Image.Image) -> int:
    """The channels of a picture as it is: 1, 3, or 4 where its pixels have transparency of their own."""
    if image.mode in ("1", "L") or is_deep(image):
        return 1
    return 4 if image.mode in ("RGBA", "LA", "PA") else 3


def is_deep(image: Image.Image) -> bool:
    """Whether a picture has one channel of more than 8 bits."""
    return image.mode == "I" or image.mode.startswith("I;16")


def _in_levels(image: Image.Image, levels: Levels | None, whole: bool) -> Image.Image:
    """Values as 0 to 255: whole ones of 8 bits, or in steps of 1 / 257 as float32, which has room for 16 bits."""
    values = np.asarray(image).astype(np.int64)
    if levels is None:
        return Image.fromarray(np.clip(values // 257, 0, 255).astype(np.uint8))
    assert levels != "auto"
    low, high = levels
    top = 255 if whole else MOST_OF_16_BITS
    steps = np.clip(np.rint((values - low) * (top / (high - low))), 0, top)
    return Image.fromarray(steps.astype(np.uint8) if whole else (steps / 257.0).astype(np.float32))


def _is_transparent(image: Image.Image) -> bool:
    """Whether a pixel is not opaque."""
    if not image.has_transparency_data:
        return False
    lowest = _of_mode(image, "RGBA").getchannel("A").getextrema()[0]
    assert isinstance(lowest, int | float)
    return lowest < 255


def _on_background(image: Image.Image, background: str) -> Image.Image:
    layer = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, background), layer)


def _of_mode(image: Image.Image, mode: str) -> Image.Image:
    if "transparency" in image.info and image.mode != mode:
        image = image.convert("RGBA")  # straight to another mode Pillow warns
    try:
        return image.convert("RGB").convert(mode) if image.mode == "LAB" else image.convert(mode)
    except ValueError as error:
        raise InputError(f"Pixels of the mode {image.mode} cannot be made {mode}: convert them first.") from error


def _fitted(image: Image.Image, rules: PictureRules, method: Image.Resampling | None = None) -> Image.Image:
    """A picture of the rules' size, distorted where `fit` is `stretch` alone; by their resampling, or another."""
    assert rules.size is not None
    height, width = rules.size
    method = Image.Resampling[rules.resampling.upper()] if method is None else method
    if rules.fit == "crop":
        return ImageOps.fit(image, (width, height), method)
    if rules.fit == "stretch" or image.width * height == image.height * width:
        return image.resize((width, height), method)
    scale = min(width / image.width, height / image.height)
    inner = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    canvas = Image.new(image.mode, (width, height), rules.background)
    canvas.paste(image.resize(inner, method), ((width - inner[0]) // 2, (height - inner[1]) // 2))
    return canvas


def from_array(pixels: np.ndarray) -> Image.Image:
    """uint8 (H, W, C) with C of 1, 3 or 4, or uint16 (H, W, 1) -> a Pillow image."""
    return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)


def save_png(path: Path | str, pixels: np.ndarray, facts: Mapping[str, object] | None = None) -> None:
    """Writes uint8 (H, W, C), or uint16 (H, W, 1), as a PNG file, whole or not at all.

    Args:
        path: the file.
        pixels: uint8 (H, W, C), or uint16 (H, W, 1).
        facts: of a generated image, such as its seed. They become its mark: text chunks, after one that names
            tfgan_suite and its version; see `read_mark`. None: no mark.
    """
    with writing_whole(path) as partial:
        from_array(pixels).save(partial, format="PNG", pnginfo=None if facts is None else _chunks(facts))


def _chunks(facts: Mapping[str, object]) -> PngImagePlugin.PngInfo:
    chunks = PngImagePlugin.PngInfo()
    for key, value in {SOFTWARE: f"tfgan_suite {metadata.version('tfgan_suite')}", **facts}.items():
        chunks.add_text(key, str(value))
    return chunks


def read_mark(path: Path | str) -> dict[str, str]:
    """The text chunks of a PNG file that `save_png` has marked as generated.

    A mark is a label, not a watermark: it lies beside the pixels, not in them. It is lost when the picture is
    encoded again (converted, uploaded to most sites, captured from a screen), and anyone can remove or forge it.
    That a picture has none does not say that it is a photo.

    Returns:
        Keywords and texts in the file's order.

    Raises:
        InputError: no file, none in PNG format, a damaged one, or one without the mark.
    """
    if not Path(path).is_file():
        raise InputError(f"The file {path} does not exist.")
    try:
        with Image.open(path, formats=["PNG"]) as image:
            image.verify()  # the checksums of the pixels, at which decoding does not look
        with Image.open(path, formats=["PNG"]) as image:
            image.load()
            assert isinstance(image, PngImagePlugin.PngImageFile)
            texts = {key: str(text) for key, text in image.text.items()}
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise InputError(f"{path} carries no mark of tfgan_suite: it is no PNG file, or a damaged one.") from error
    if texts.get(SOFTWARE, "").partition(" ")[0] != "tfgan_suite":
        raise InputError(
            f"{path} carries no mark of tfgan_suite. Expected a PNG file as generate.py wrote it: to encode a picture "
            "again takes its mark away."
        )
    return texts


def read_picture(path: Path | str) -> Image.Image:
    """A picture, decoded, its file closed again."""
    with Image.open(path) as image:
        image.load()
        return image


def save_gif(path: Path | str, frames: Iterable[Image.Image], count: int, milliseconds: int = 200) -> None:
    """Writes frames of one size as an animated GIF that loops; the last frame stays for two seconds.

    Args:
        path: the file.
        frames: taken one by one, so that they need not all be in memory.
        count: how many there are.
        milliseconds: that each stays.
    """
    rest = iter(frames)
    durations = [milliseconds] * (count - 1) + [2000]
    with writing_whole(path) as partial:
        next(rest).save(partial, format="GIF", save_all=True, append_images=rest, duration=durations, loop=0)
