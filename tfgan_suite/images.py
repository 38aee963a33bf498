"""The value range and everything that turns arrays of images into pictures.

Images are uint8 in [0, 255] at both ends (files, data sets, pictures) and float32 in [-1, 1]
between them. These two functions are the only places that know so.
"""

from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image, PngImagePlugin

from tfgan_suite.errors import InputError
from tfgan_suite.files import writing_whole

MODES = {1: "L", 3: "RGB", 4: "RGBA"}
# The PNG specification's keyword for the program that made an image, which other programs show as well.
SOFTWARE = "Software"


def to_float(images: tf.Tensor) -> tf.Tensor:
    """uint8 [0, 255] -> float32 [-1, 1], any shape."""
    return tf.cast(images, tf.float32) / 127.5 - 1.0


def to_uint8(images: np.ndarray) -> np.ndarray:
    """float [-1, 1] -> uint8 [0, 255] to the nearest level, any shape; values beyond are clipped.

    >>> to_uint8(np.array([-1.0, 0.0, 1.0, 1.5])).tolist()
    [0, 128, 255, 255]
    """
    levels = (np.asarray(images, np.float32) + 1.0) * 127.5
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


def convert(image: Image.Image, size: tuple[int, int] | None, channels: int) -> np.ndarray:
    """A picture with the wanted channels and size, resized with antialiasing.

    Args:
        image: any Pillow image; 16-bit grey is scaled to 8 bit.
        size: (height, width), or None to keep it.
        channels: 1 (grey), 3 (RGB) or 4 (RGBA).

    Returns:
        uint8 (H, W, C).
    """
    if image.mode.startswith("I;16"):
        image = Image.fromarray((np.asarray(image, np.uint32) // 257).astype(np.uint8))
    if image.mode == "P" and "transparency" in image.info:
        image = image.convert("RGBA")  # straight to another mode Pillow warns
    image = image.convert(MODES[channels])
    if size is not None and image.size != size[::-1]:
        image = image.resize(size[::-1], Image.Resampling.BICUBIC)
    pixels = np.asarray(image, np.uint8)
    return pixels.reshape(*pixels.shape[:2], channels)


def from_array(pixels: np.ndarray) -> Image.Image:
    """uint8 (H, W, C) with C of 1, 3 or 4 -> a Pillow image."""
    return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)


def grid(images: np.ndarray, columns: int) -> np.ndarray:
    """Images side by side, row by row, two pixels apart; missing ones stay white.

    Args:
        images: uint8 (N, H, W, C).
        columns: images in a row.

    Returns:
        uint8 (rows * (H + 2) - 2, columns * (W + 2) - 2, C).
    """
    count, height, width, channels = images.shape
    rows = -(-count // columns)
    canvas = np.full((rows * (height + 2) - 2, columns * (width + 2) - 2, channels), 255, np.uint8)
    for index, image in enumerate(images):
        top, left = (index // columns) * (height + 2), (index % columns) * (width + 2)
        canvas[top : top + height, left : left + width] = image
    return canvas


def save_png(path: Path | str, pixels: np.ndarray, facts: Mapping[str, object] | None = None) -> None:
    """Writes uint8 (H, W, C) as a PNG file, whole or not at all.

    Args:
        path: the file.
        pixels: uint8 (H, W, C).
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


def save_gif(path: Path | str, frames: Sequence[Image.Image], milliseconds: int = 200) -> None:
    """Writes frames of one size as an animated GIF that loops; the last frame stays for two seconds."""
    durations = [milliseconds] * (len(frames) - 1) + [2000]
    with writing_whole(path) as partial:
        frames[0].save(partial, format="GIF", save_all=True, append_images=frames[1:], duration=durations, loop=0)
