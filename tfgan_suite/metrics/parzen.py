"""The Parzen-window log-likelihood of 2014: a history, never a measure of quality.

It is how the first GANs were compared, and the figures of those papers can be met with it. It does
not tell good images from bad: 10,000 k-means centres of the training set score higher than 10,000
of its images (281 against 244 on MNIST), and it says nothing at all in a dimension as high as that
of images (Theis 2016, arXiv 1511.01844).
"""

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.special import logsumexp

from tfgan_suite.arguments import checked_types
from tfgan_suite.errors import InputError
from tfgan_suite.metrics.features import check_rows

# The published protocol: ten widths between 0.1 and 1, judged by 1,000 validation images.
SIGMAS = tuple(float(sigma) for sigma in np.logspace(-1, 0, 10))
VALIDATION_ROWS = 1000
# Distances held at once: 32 MB of float64.
BLOCK_ENTRIES = 2**22


def _pixels(values: np.ndarray, name: str) -> np.ndarray:
    """Rows as float64 (N, D), refused where they are not in [0, 1]."""
    rows = check_rows(values, name, 1)
    if rows.min() < 0 or rows.max() > 1:
        raise InputError(
            f"{name} must be pixels in [0, 1]: the likelihood depends on the scale. "
            f"Received: {rows.min():g} to {rows.max():g}. Divide uint8 pixels by 255."
        )
    return rows


def _check(samples: np.ndarray, others: np.ndarray, name: str, sigmas: Sequence[float]) -> None:
    if samples.shape[1] != others.shape[1]:
        raise InputError(
            f"samples and {name} must have equally many pixels. Received: {samples.shape[1]} and {others.shape[1]}."
        )
    if not len(sigmas) or not all(0 < sigma < np.inf for sigma in sigmas):
        raise InputError(f"sigma must be a number above 0. Received: {sigmas}.")


def _squared_distances(rows: np.ndarray, samples: np.ndarray) -> Iterator[np.ndarray]:
    """Blocks (n, S) of |t - s|^2 = |t|^2 + |s|^2 - 2 t.s, in the order of the rows.

    The dot products are a hundred times as fast as the differences. In float64 they cost some
    1e-16 of |t|^2 + |s|^2, 1e-12 at most for 784 pixels in [0, 1]: below 1e-10 nats at sigma 0.1.
    """
    sample_norms = np.einsum("ij,ij->i", samples, samples)
    size = max(1, BLOCK_ENTRIES // len(samples))
    for start in range(0, len(rows), size):
        block = rows[start : start + size]
        squares = block @ samples.T
        squares *= -2
        squares += sample_norms
        squares += np.einsum("ij,ij->i", block, block)[:, None]
        yield squares


def _log_likelihoods(rows: np.ndarray, samples: np.ndarray, sigmas: Sequence[float]) -> np.ndarray:
    """float64 (len(sigmas), N): log p(row) for each width, the distances taken once."""
    count, dimension = samples.shape
    parts = [
        [logsumexp(squares * (-0.5 / sigma**2), axis=1) for sigma in sigmas]
        for squares in _squared_distances(rows, samples)
    ]
    constants = np.log(count) + 0.5 * dimension * np.log(2 * np.pi * np.square(sigmas))
    return np.concatenate(parts, axis=1) - constants[:, None]


@checked_types
def parzen_log_likelihood(samples: np.ndarray, test: np.ndarray, sigma: float) -> tuple[float, float]:
    """Mean log-likelihood of test images under Gaussians around generated ones; a history, not a quality.

    log p(t) = log sum_s exp(-|t - s|^2 / (2 sigma^2)) - log S - D/2 log(2 pi sigma^2)

    Args:
        samples: generated images as rows (S, D) in [0, 1]; 10,000 in the literature.
        test: real images that neither the generator nor sigma was chosen by, (T, D) in [0, 1].
        sigma: standard deviation of the Gaussians, above 0: see `choose_sigma`.

    Returns:
        The mean in nats, and its standard error over the test images: their standard deviation
        (divided by T, not T - 1, as in the published figures) over sqrt(T).

    Raises:
        InputError: other shapes, values outside [0, 1], or sigma not above 0.

    Reference: Breuleux, Bengio, Vincent 2011, Neural Computation 23(8); Goodfellow et al. 2014, arXiv 1406.2661;
        against it: Theis, van den Oord, Bethge 2016, arXiv 1511.01844.
    """
    samples, test = _pixels(samples, "samples"), _pixels(test, "test")
    _check(samples, test, "test", [sigma])
    values = _log_likelihoods(test, samples, [sigma])[0]
    return float(values.mean()), float(values.std() / np.sqrt(len(values)))


@checked_types
def choose_sigma(samples: np.ndarray, validation: np.ndarray, sigmas: Sequence[float] = SIGMAS) -> float:
    """The width under which held-out images are the likeliest.

    The protocol of 2014: ten widths, evenly spaced in the logarithm from 0.1 to 1; the mean
    log-likelihood of the first 1,000 validation images, which are not test images. A choice at an end
    of the range asks for a wider range.

    Args:
        samples: generated images as rows (S, D) in [0, 1].
        validation: real images (V, D) in [0, 1], of which the first 1,000 are used: in no order of classes.
        sigmas: widths to choose from, each above 0.

    Returns:
        One of `sigmas`.

    Raises:
        InputError: as `parzen_log_likelihood`, or no widths.

    Reference: Breuleux, Bengio, Vincent 2011; Goodfellow et al. 2014, arXiv 1406.2661.
    """
    samples, validation = _pixels(samples, "samples"), _pixels(validation[:VALIDATION_ROWS], "validation")
    _check(samples, validation, "validation", sigmas)
    return float(sigmas[int(np.argmax(_log_likelihoods(validation, samples, sigmas).mean(axis=1)))])
