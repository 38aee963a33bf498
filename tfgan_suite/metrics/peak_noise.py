"""The ratio of the largest signal to the noise."""

import numpy as np

from tfgan_suite.arguments import checked_types
from tfgan_suite.metrics.image_pairs import check_span, image_means

# Of equal images it would be infinite, and so would be the mean over all. Images of 28x28 that differ by one level in
# one pixel have 77 dB.
MOST_DECIBELS = 100.0


@checked_types
def psnr(made: np.ndarray, true: np.ndarray, where: np.ndarray | None = None, span: float = 255.0) -> np.ndarray:
    """10 log10(span^2 / mean (made - true)^2) of each image, in dB, at most 100.

    Of many images the mean of these is meant, not the ratio of the mean error.

    Args:
        made: real numbers (N, H, W, C).
        true: the images that they should be, row with row.
        where: bool (N, H, W), the pixels that count; None: all.
        span: from black to white.

    Returns:
        float64 (N,); NaN for an image without such a pixel.

    Raises:
        InputError: arrays of other kinds or shapes, or a span of 0 or less.
    """
    check_span(span)
    errors = image_means(lambda a, b: (a - b) ** 2, made, true, where)
    with np.errstate(divide="ignore"):
        return np.minimum(10.0 * np.log10(span**2 / errors), MOST_DECIBELS)
