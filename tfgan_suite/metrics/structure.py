"""The structural similarity of images to those that they should be."""

import numpy as np

from tfgan_suite.arguments import checked_types
from tfgan_suite.errors import InputError
from tfgan_suite.metrics.image_pairs import check_span, image_means

SIDE, SIGMA = 11, 1.5  # of the window
K1, K2 = 0.01, 0.03
BORDER = SIDE // 2


@checked_types
def ssim(made: np.ndarray, true: np.ndarray, where: np.ndarray | None = None, span: float = 255.0) -> np.ndarray:
    """The structural similarity of each image, as `tf.image.ssim` has it.

    (2 m_a m_b + c1) (2 s_ab + c2) / ((m_a^2 + m_b^2 + c1) (s_a^2 + s_b^2 + c2)), c1 = (.01 span)^2, c2 = (.03 span)^2,
    with means m, variances s^2 (those of the sample, not unbiased) and covariance s_ab under a Gaussian window of 11x11
    pixels, sigma 1.5, at each place where it fits; then the mean over places and channels. Other programs have another
    window (scikit-image 7x7, flat) or another variance, and other numbers.

    Args:
        made: real numbers (N, H, W, C), H and W at least 11.
        true: the images that they should be, row with row.
        where: bool (N, H, W), the pixels whose windows count, those around them; None: all.
        span: from black to white.

    Returns:
        float64 (N,) in [-1, 1], 1 for equal images; NaN for an image without such a window.

    Raises:
        InputError: smaller images, arrays of other kinds or shapes, or a span of 0 or less.

    Reference: Wang, Bovik, Sheikh and Simoncelli, 2004, IEEE Transactions on Image Processing 13(4).
    """
    check_span(span)
    if np.ndim(made) == 4 and min(np.shape(made)[1:3]) < SIDE:
        height, width = np.shape(made)[1:3]
        raise InputError(f"ssim looks through windows of {SIDE}x{SIDE} pixels. Received: images of {height}x{width}.")
    c1, c2 = (K1 * span) ** 2, (K2 * span) ** 2

    def index(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        mean_a, mean_b = _windowed(a), _windowed(b)
        both, squares = mean_a * mean_b, mean_a**2 + mean_b**2
        covariance, variances = _windowed(a * b) - both, _windowed(a**2 + b**2) - squares
        return (2 * both + c1) / (squares + c1) * (2 * covariance + c2) / (variances + c2)

    return image_means(index, made, true, where, BORDER)


def _windowed(images: np.ndarray) -> np.ndarray:
    """(N, H, W, C) -> (N, H - 10, W - 10, C): the mean under the window, first down, then across."""
    weights = np.exp(-((np.arange(SIDE) - BORDER) ** 2) / (2 * SIGMA**2))
    weights /= weights.sum()
    rows, columns = (size - SIDE + 1 for size in images.shape[1:3])
    down = sum(weight * images[:, i : i + rows] for i, weight in enumerate(weights))
    return np.asarray(sum(weight * down[:, :, i : i + columns] for i, weight in enumerate(weights)))
