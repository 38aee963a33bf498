"""Where decoded images lie: in RAM, or beyond a limit in a temporary file mapped to memory."""

import tempfile

import numpy as np
from numpy.typing import DTypeLike

GIGABYTE = 2**30
COPIED_ROWS = 1000  # at once


def allocate(shape: tuple[int, ...], cache_gigabytes: float, dtype: DTypeLike = np.uint8) -> np.ndarray:
    """An uninitialised array: in RAM up to `cache_gigabytes`, else in a file.

    The file has no name and vanishes with the process, however that ends.

    Args:
        shape: (N, H, W, C).
        cache_gigabytes: limit in units of 2**30 bytes.
        dtype: of its numbers.
    """
    if np.prod(shape, dtype=np.int64) * np.dtype(dtype).itemsize <= cache_gigabytes * GIGABYTE:
        return np.empty(shape, dtype)
    with tempfile.TemporaryFile(prefix="tfgan_suite_") as file:
        return np.memmap(file, dtype, "w+", shape=shape)


def taken(images: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """These rows, by number: in RAM, or of images in a file in another file."""
    if not isinstance(images, np.memmap):
        return images[rows]
    made = allocate((len(rows), *images.shape[1:]), 0.0, images.dtype)
    for start in range(0, len(rows), COPIED_ROWS):
        made[start : start + COPIED_ROWS] = images[rows[start : start + COPIED_ROWS]]
    return made
