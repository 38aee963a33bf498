"""Many images in one picture: grids with the names of their labels, and frames with a caption."""

import math
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tfgan_suite.errors import printable
from tfgan_suite.images import from_array

# In pixels.
LEAST_WIDTH = 600
GAP, GROUP_GAP = 4, 12
FONT_SIZES = (16, 14, 12)
LEAST_LETTERS = 4  # of a name that is cut, the mark of the cut among them

# A name, and what stands for it where it cannot be drawn.
Title = tuple[str, str]


def grid(images: np.ndarray, columns: int) -> np.ndarray:
    """Images side by side, row by row, two pixels apart, pixel by pixel; missing ones stay white.

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


def sheet(images: np.ndarray, period: int = 1, titles: Sequence[Title] = ()) -> np.ndarray:
    """Images large enough to look at, those of a label together, below its name; missing ones stay white.

    Each pixel becomes a square of pixels, so that the whole is at least 600 wide. It is near square: few labels have
    several columns each, and many stand in several bands.

    Args:
        images: uint8 (N, H, W, C).
        period: P, after how many images the labels repeat: image i is of label i modulo P.
        titles: a name for each of the P labels, and its index, which stands for a name with a letter that the font
            has not; none: no line for them.

    Returns:
        uint8 (height, width, C).
    """
    count, height, width, channels = images.shape
    across, columns, rows = _layout(count, period, height / width)
    gap = GROUP_GAP if columns > 1 else GAP
    gaps = (columns - 1) * across * GAP + (across - 1) * gap
    scale = max(1, -(-(LEAST_WIDTH - gaps) // (across * columns * width)))
    high, wide = height * scale + GAP, width * scale + GAP
    group_wide = columns * wide - GAP
    font, texts = _fitted(titles, group_wide) if titles else (None, [])
    line = 0 if font is None else _line(font)
    band_high, bands = line + rows * high - GAP, -(-period // across)
    size = (bands * (band_high + GROUP_GAP) - GROUP_GAP, across * (group_wide + gap) - gap)
    canvas = np.full((*size, channels), 255, np.uint8)
    places = [((c // across) * (band_high + GROUP_GAP), (c % across) * (group_wide + gap)) for c in range(period)]
    for index, image in enumerate(images.repeat(scale, axis=1).repeat(scale, axis=2)):
        number, (top, left) = index // period, places[index % period]
        y, x = top + line + number // columns * high, left + number % columns * wide
        canvas[y : y + len(image), x : x + image.shape[1]] = image
    if font is None:
        return canvas
    drawn = from_array(canvas)
    for text, (top, left) in zip(texts, places, strict=True):
        _write(drawn, text, font, left + group_wide // 2, top)
    return np.asarray(drawn, np.uint8).reshape(canvas.shape)


def captioned(picture: Image.Image, title: Title) -> Image.Image:
    """A picture below a line of text, in the middle; the shorter text where the other is too wide."""
    font = _font(FONT_SIZES[0])
    text = title[0] if font.getlength(title[0]) <= picture.width else title[1]
    line = _line(font)
    whole = Image.new(picture.mode, (picture.width, picture.height + line), "white")
    whole.paste(picture, (0, line))
    _write(whole, text, font, picture.width // 2, 0)
    return whole


def _layout(count: int, period: int, aspect: float) -> tuple[int, int, int]:
    """Labels side by side, columns of each, and rows of each, for a picture that is near square.

    >>> _layout(64, 1, 1.0), _layout(64, 2, 1.0), _layout(60, 10, 1.0), _layout(100, 100, 1.0)
    ((1, 8, 8), (2, 4, 8), (10, 1, 6), (10, 1, 1))

    Args:
        count: N images.
        period: P labels.
        aspect: height of an image, divided by its width.
    """
    each = -(-count // period)
    wanted = math.sqrt(period * each * aspect)  # columns of the whole
    bands = min(period, max(1, round(period / wanted)))
    across = -(-period // bands)
    rows = -(-each // max(1, round(wanted / across)))
    return across, -(-each // rows), rows


def _font(size: int) -> ImageFont.FreeTypeFont:
    """DejaVu Sans, which comes with Matplotlib: Pillow's own font has no letter beyond ASCII."""
    import matplotlib  # here, since it takes a third of a second

    return ImageFont.truetype(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf", size)


def _line(font: ImageFont.FreeTypeFont) -> int:
    """Height of a line of text with the gap below it."""
    return sum(font.getmetrics()) + GAP


def _fitted(titles: Sequence[Title], width: int) -> tuple[ImageFont.FreeTypeFont, list[str]]:
    """The largest font in which all names fit; else the smallest, with those cut that are too long.

    Names that are cut to the same have their index before them, and an index stands for those of which nothing is left.
    """
    fonts = [_font(size) for size in FONT_SIZES]
    names = [_drawable(*title, fonts[0]) for title in titles]
    for font in fonts:
        if all(font.getlength(name) <= width for name in names):
            return font, names
    font, texts = fonts[-1], [_cut(name, width, fonts[-1]) for name in names]
    times = Counter(texts)
    for place, (text, name, (_, index)) in enumerate(zip(texts, names, titles, strict=True)):
        if text != name and times[text] > 1:
            text = texts[place] = _cut(f"{index} {name}", width, font)
        if text != name and len(text) < LEAST_LETTERS:
            texts[place] = index
    return font, texts


def _drawable(name: str, index: str, font: ImageFont.FreeTypeFont) -> str:
    """A name in one line; its index where the font has not all of its letters."""
    name = unicodedata.normalize("NFC", printable(" ".join(name.split())))
    no_glyph = bytes(font.getmask("\uffff"))
    return name if name and all(bytes(font.getmask(letter)) != no_glyph for letter in name) else index


def _cut(text: str, width: int, font: ImageFont.FreeTypeFont) -> str:
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(f"{text}\u2026") > width:
        text = text[:-1]
    return f"{text}\u2026"


def _write(picture: Image.Image, text: str, font: ImageFont.FreeTypeFont, x: int, y: int) -> None:
    ImageDraw.Draw(picture).text((x, y), text, fill="black", font=font, anchor="ma")
