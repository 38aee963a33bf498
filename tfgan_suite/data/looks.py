"""Other looks of images, in which they show the same: what makes them, and what of it can be undone.

Each is a function of images uint8 (N, H, W, C), and where it draws something of the number of each in its data set, by
which an image has always the same look, whatever stands beside it.
"""

import itertools
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tfgan_suite.data.image_store import COPIED_ROWS, allocate
from tfgan_suite.errors import InputError, option, unknown_choice
from tfgan_suite.noise import HUE_STREAM, row_uniform, stateless_seed

# Of a look nothing depends on the seed of a run: runs of several seeds learn from the same data.
SEED = 0
_RGBA = 4
_SIDE = 3  # of the square that a stroke is drawn with again, to be thick


class Look(NamedTuple):
    """What is done to images.

    Attributes:
        make: images, numbers of rows -> images.
        undo: images that have the look, or were made to have it -> images without; None where it cannot be undone.
    """

    make: Callable[[np.ndarray, np.ndarray], np.ndarray]
    undo: Callable[[np.ndarray], np.ndarray] | None


def looked(images: np.ndarray, look: Sequence[str], rows: np.ndarray, cache_gigabytes: float = 4.0) -> np.ndarray:
    """Images in another look.

    Args:
        images: uint8 (N, H, W, C).
        look: names in `LOOKS`, done in this order.
        rows: the number of each image in its data set, (N,).
        cache_gigabytes: beyond this the result lies in a file; see `allocate`.

    Returns:
        uint8 (N, H, W, D); D is 3 with `coloured`, else C.

    Raises:
        InputError: an unknown name, or images that cannot have the look.
    """
    for name in look:
        if name not in LOOKS:
            raise unknown_choice(option("look"), name, LOOKS)
    made: np.ndarray | None = None
    for start in range(0, max(1, len(images)), COPIED_ROWS):
        part = slice(start, start + COPIED_ROWS)
        pixels = np.asarray(images[part])
        for name in look:
            pixels = LOOKS[name].make(pixels, rows[part])
        if made is None:
            made = allocate((len(images), *pixels.shape[1:]), cache_gigabytes)
        made[part] = pixels
    assert made is not None
    return made


def undone(images: np.ndarray, look: Sequence[str]) -> np.ndarray:
    """Images as they were before a look, as far as that can be undone; a classifier of the images before can read them.

    Args:
        images: uint8 (N, H, W, D), in the look or made to be in it.
        look: as `looked` was given.

    Returns:
        uint8 (N, H, W, C): what was there before, exactly, but for `thick`; with `coloured` of one channel.
    """
    for name in reversed(look):
        undo = LOOKS[name].undo
        images = images if undo is None else undo(images)
    return images


def inverted(images: np.ndarray) -> np.ndarray:
    """255 minus each level; of RGBA the transparency stays. Its own inverse.

    >>> inverted(np.array([[[[0], [200]]]], np.uint8)).ravel().tolist()
    [255, 55]
    """
    made = 255 - images
    if images.shape[-1] == _RGBA:
        made[..., -1] = images[..., -1]
    return made


def rotated(images: np.ndarray, quarters: int = 1) -> np.ndarray:
    """Turned by so many quarters, counterclockwise.

    Raises:
        InputError: images that are not as high as wide.
    """
    height, width = images.shape[1:3]
    if height != width:
        raise InputError(
            f"{option('look', 'rotated')} needs images as high as wide. Received: images of {height}x{width}. Give "
            f"{option('image_size', max(height, width))}, or leave it out."
        )
    return np.rot90(images, quarters, axes=(1, 2))


def coloured(images: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Grey images in a colour of full saturation each, whose hue the row draws: black stays, white becomes the colour.

    The largest channel of a pixel is the level that was grey.

    Args:
        images: uint8 (N, H, W, 1), or of three channels that are equal.
        rows: (N,).

    Returns:
        uint8 (N, H, W, 3).

    Raises:
        InputError: images that have colours already.
    """
    if images.shape[-1] == _RGBA or (images != images[..., :1]).any():
        raise InputError(
            f"{option('look', 'coloured')} takes grey images. Received: images of {images.shape[-1]} channels that "
            f"have colours already. Leave it out, or give {option('channels', 1)}."
        )
    if not len(images):
        return np.zeros((*images.shape[:3], 3), np.uint8)
    first, seed = int(rows.min()), stateless_seed(SEED, HUE_STREAM, 0)
    numbers = row_uniform(seed, tf.constant([int(rows.max()) + 1 - first, 1]), tf.constant(first, tf.int64)).numpy()
    hues = numbers[rows - first, 0].astype(np.float64)
    return np.rint(images[..., :1] * colours(hues)[:, None, None]).astype(np.uint8)


def colours(hues: np.ndarray) -> np.ndarray:
    """The colours of hues in [0, 1) at full saturation and value, float64 (N, 3) in [0, 1]: HSV to RGB.

    >>> colours(np.array([0, 1 / 6, 1 / 3, 1 / 2])).tolist()
    [[1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 1.0, 1.0]]
    """
    places = (6 * hues[:, None] + np.array([0, 4, 2])) % 6
    return np.clip(np.abs(places - 3) - 1, 0, 1)


def largest_channel(images: np.ndarray) -> np.ndarray:
    """uint8 (N, H, W, 1): undoes `coloured`."""
    return images.max(-1, keepdims=True)


def thick(images: np.ndarray) -> np.ndarray:
    """Strokes thicker by a pixel on each side, be they bright or dark.

    Each pixel becomes that of the 3x3 around it which is furthest from the background, the median of the image's
    border. On black that is a grey dilation by a square of 3x3, on white an erosion.
    """
    border = np.concatenate(
        [images[:, 0], images[:, -1], images[:, 1:-1, 0], images[:, 1:-1, -1]], axis=1
    )  # (N, 2 W + 2 (H - 2), C)
    background = np.median(border, axis=1).astype(np.float32)[:, None, None]
    away = np.abs(images - background).sum(-1)  # (N, H, W)
    (height, width), reach = images.shape[1:3], ((0, 0), (1, 1), (1, 1))
    wide, wide_away = np.pad(images, (*reach, (0, 0)), mode="edge"), np.pad(away, reach, mode="edge")
    made, furthest = images.copy(), away.copy()
    for top, left in itertools.product(range(_SIDE), repeat=2):
        place = np.s_[:, top : top + height, left : left + width]
        further = wide_away[place] > furthest
        made[further], furthest[further] = wide[place][further], wide_away[place][further]
    return made


LOOKS: dict[str, Look] = {
    "inverted": Look(lambda images, rows: inverted(images), inverted),
    "coloured": Look(coloured, largest_channel),
    "rotated": Look(lambda images, rows: rotated(images), lambda images: rotated(images, -1)),
    "thick": Look(lambda images, rows: thick(images), None),
}
