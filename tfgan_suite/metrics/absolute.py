"""How far images are from those that they should be, pixel by pixel."""

import numpy as np

from tfgan_suite.arguments import checked_types
from tfgan_suite.metrics.image_pairs import image_means


@checked_types
def l1_distance(made: np.ndarray, true: np.ndarray, where: np.ndarray | None = None) -> np.ndarray:
    """mean |made - true| over height, width and channels of each image.

    Args:
        made: real numbers (N, H, W, C).
        true: the images that they should be, row with row.
        where: bool (N, H, W), the pixels that count; None: all.

    Returns:
        float64 (N,), at least 0, in units of the images; NaN for an image without such a pixel.

    Raises:
        InputError: arrays of other kinds or shapes.
    """
    return image_means(lambda a, b: np.abs(a - b), made, true, where)
