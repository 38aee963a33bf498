"""The best zoom and blur of sources: what a model that only moves and blurs pictures is worth."""

import itertools
from typing import NamedTuple

import numpy as np
from scipy import ndimage

ZOOM_BLUR = "zoom and blur"
ZOOMS = tuple(round(0.8 + 0.05 * step, 2) for step in range(9))
SIGMAS = (0.0, 0.5, 1.0, 1.5, 2.0)
# By which the best is chosen: 500 pairs of 64x64 in colour, or fewer of larger pictures, but at least 16.
MOST_PAIRS, FEWEST_PAIRS, MOST_NUMBERS = 500, 16, 500 * 64 * 64 * 3


class ZoomBlur(NamedTuple):
    """A zoom about the middle, and a Gaussian blur after it.

    Attributes:
        zoom: above 1 what is shown grows, below 1 the picture's edge goes on around it.
        sigma: deviation of the blur in pixels; 0 for none.
    """

    zoom: float
    sigma: float

    def __str__(self) -> str:
        return f"zoomed {self.zoom:g} times and blurred by {self.sigma:g} pixels"


def zoom_and_blur(sources: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, ZoomBlur]:
    """Sources under that zoom and blur of a small grid which brings them closest to their targets in `l1`.

    No pairs are learned from, so that the choice is made on those that are measured: it is the least that an L1 can be
    brought to by such means, to the grid's step.

    Args:
        sources: uint8 (N, H, W, C), in the targets' form.
        targets: uint8 (N, H, W, C).

    Returns:
        uint8 (N, H, W, C), and the choice; of equals the first, with the smallest zoom.
    """
    count = max(FEWEST_PAIRS, min(MOST_PAIRS, MOST_NUMBERS // sources[0].size))
    rows = np.linspace(0, len(sources) - 1, min(count, len(sources))).round().astype(int)
    few, true = sources[rows], targets[rows].astype(np.float32)
    best = min(
        (ZoomBlur(*each) for each in itertools.product(ZOOMS, SIGMAS)),
        key=lambda how: float(np.abs(changed(few, how) - true).mean(dtype=np.float64)),
    )
    parts = [sources[start : start + count] for start in range(0, len(sources), count)]
    return np.concatenate([changed(part, best).astype(np.uint8) for part in parts]), best


def changed(images: np.ndarray, how: ZoomBlur) -> np.ndarray:
    """Images under a zoom (bilinear) and a blur, in whole levels: float32 (N, H, W, C).

    Both act on rows and columns alone, so that each is a matrix of a side.
    """
    down, across = (_matrix(side, how) for side in images.shape[1:3])
    rows = np.einsum("vw,njwc->njvc", across, images, optimize=True)
    return np.rint(np.einsum("ij,njwc->niwc", down, rows, optimize=True))


def _matrix(side: int, how: ZoomBlur) -> np.ndarray:
    """(side, side): what each new pixel takes of the old ones along an axis; beyond the edge its pixel goes on."""
    middle = (side - 1) / 2
    zoomed = ndimage.affine_transform(
        np.eye(side), [1 / how.zoom, 1.0], [middle - middle / how.zoom, 0.0], order=1, mode="nearest"
    )
    blurred = ndimage.gaussian_filter1d(zoomed, how.sigma, axis=0, mode="nearest") if how.sigma else zoomed
    return blurred.astype(np.float32)
