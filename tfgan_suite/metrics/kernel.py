"""The kernel distance between two sets of features: KID, where the features are those of Inception."""

import numpy as np
from numpy.typing import ArrayLike

from tfgan_suite.arguments import checked_types
from tfgan_suite.errors import InputError
from tfgan_suite.metrics.features import check_features


@checked_types
def kernel_distance(
    real: ArrayLike, generated: ArrayLike, subsets: int = 100, subset_size: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """The unbiased squared maximum mean discrepancy with the kernel k(x, y) = (x.y / F + 1)^3, over random subsets.

    MMD^2 = mean k(x, x') + mean k(y, y') - 2 mean k(x, y), x and x' two different rows of the real
    features, y and y' of the generated ones. Its expectation does not depend on the number of samples.

    Args:
        real: features of real images (N, F).
        generated: features of generated images (M, F).
        subsets: how many subsets are drawn of each.
        subset_size: rows of a subset, drawn without replacement; at least 2, at most N and M.
        seed: of the subsets.

    Returns:
        Mean and standard deviation over the subsets (divided by their number). 0 is expected of equal
        distributions, so that a mean below 0 is possible. The deviation says how far subsets differ,
        not how sure the mean is: subsets share rows.

    Raises:
        InputError: another shape, fewer than 2 rows, NaN or infinity, different numbers of features, no
            subset, or subsets larger than the samples.

    Reference: Binkowski et al., 2018, arXiv 1801.01401, section 4.
    """
    real_rows, generated_rows = check_features(real, generated)
    if subsets < 1:
        raise InputError(f"subsets must be at least 1. Received: {subsets}.")
    most = min(len(real_rows), len(generated_rows))
    if not 2 <= subset_size <= most:
        raise InputError(
            f"subset_size must be from 2 to the number of samples, {most}. Received: {subset_size}. "
            "Take more images or smaller subsets."
        )
    rng = np.random.default_rng(seed)
    distances = [
        _squared_discrepancy(*(rows[rng.choice(len(rows), subset_size, replace=False)] for rows in pair))
        for pair in [(real_rows, generated_rows)] * subsets
    ]
    return float(np.mean(distances)), float(np.std(distances))


def _squared_discrepancy(x: np.ndarray, y: np.ndarray) -> float:
    """The unbiased MMD^2 of two sets of rows."""
    return _mean_of_pairs(x) + _mean_of_pairs(y) - 2 * _kernel(x @ y.T, x.shape[1]).mean()


def _mean_of_pairs(rows: np.ndarray) -> float:
    """The mean of the kernel over all pairs of different rows."""
    values = _kernel(rows @ rows.T, rows.shape[1])
    return (values.sum() - np.trace(values)) / (len(rows) * (len(rows) - 1))


def _kernel(products: np.ndarray, num_features: int) -> np.ndarray:
    """(x.y / F + 1)^3."""
    base = products / num_features + 1
    return base * base * base  # `**` goes through pow, many times slower
