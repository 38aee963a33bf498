"""The Frechet distance between two sets of features: FID, where the features are those of Inception.

Its bias goes like 1/N: compare numbers of the same N only, or extrapolate them to infinity.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tfgan_suite.arguments import checked_types
from tfgan_suite.errors import InputError
from tfgan_suite.metrics.features import check_features, check_rows

SMALLEST_SHARE = 0.1  # of the samples: 5,000 of 50,000, Chong and Forsyth, 2020
# The bias bends away from 1/N where the samples are few for the features. With equal Gaussians of 128
# features and 2,000 samples, a line from 200 samples on ends 0.3 below the truth, from 400 on 0.1.
SAMPLES_PER_FEATURE = 4


@dataclass(frozen=True, eq=False)
class Moments:
    """What the distance needs to know of a set of features, so that a data set is measured once.

    Attributes:
        count: number of rows N.
        mean: float64 (F,).
        covariance: float64 (F, F), sums divided by N - 1.
    """

    count: int
    mean: np.ndarray
    covariance: np.ndarray


@checked_types
def moments(features: ArrayLike) -> Moments:
    """The moments of features (N, F).

    Raises:
        InputError: another shape, fewer than 2 rows, NaN or infinity.
    """
    rows = check_rows(features, "features", at_least=2)
    return Moments(len(rows), rows.mean(axis=0), np.atleast_2d(np.cov(rows, rowvar=False)))


@checked_types
def frechet_distance(real: ArrayLike, generated: ArrayLike) -> float:
    """|m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^1/2), m the means and S the covariances of the features.

    Args:
        real: features of real images (N, F).
        generated: features of generated images (M, F).

    Returns:
        At least 0 but for rounding; 0 where the moments are equal. In squared units of the features.

    Raises:
        InputError: another shape, fewer than 2 rows, NaN or infinity, or different numbers of features.

    Reference: Heusel et al., 2017, arXiv 1706.08500, equation 6.
    """
    real_rows, generated_rows = check_features(real, generated)
    return frechet_distance_of_moments(moments(real_rows), moments(generated_rows))


@checked_types
def frechet_distance_of_moments(a: Moments, b: Moments) -> float:
    """`frechet_distance` of two sets of features whose moments are known.

    Raises:
        InputError: different numbers of features.
    """
    if len(a.mean) != len(b.mean):
        raise InputError(
            "Moments must have the same number of features. "
            f"Received: {len(a.mean)} and {len(b.mean)}. Take both from the same network."
        )
    return _distance(a, b, _root(a.covariance))


@checked_types
def frechet_standard_error(real: ArrayLike, generated: ArrayLike) -> float:
    """How much the distance would move with other generated images, to first order.

    sqrt(var(f(x)) / M), f(x) = 2 (m2 - m1)^T (x - m2) + (x - m2)^T (I - A) (x - m2) the influence of an image x, A =
    R (R^T S2 R)^-1/2 R^T with R R^T = S1 the derivative of tr (S1 S2)^1/2, twice, by S2. The bias of few images is
    not in it, nor is the choice of the real ones.

    Args:
        real: features of real images (N, F).
        generated: features of generated images (M, F), M well above F.

    Returns:
        The standard error, in the units of the distance.

    Raises:
        InputError: what `frechet_distance` refuses.
    """
    real_rows, generated_rows = check_features(real, generated)
    a, b = moments(real_rows), moments(generated_rows)
    root = _root(a.covariance)
    if root.shape[1] == 0:  # real features that never vary have nothing to be carried to
        root = np.zeros((len(a.mean), 1))
    values, vectors = np.linalg.eigh(root.T @ b.covariance @ root)
    kept = values > values[-1] * len(values) * np.finfo(np.float64).eps
    transport = (root @ vectors[:, kept]) / values[kept] ** 0.25
    rows = generated_rows - b.mean
    influence = 2 * rows @ (b.mean - a.mean) + (rows**2).sum(axis=1) - ((rows @ transport) ** 2).sum(axis=1)
    return float(np.std(influence) / np.sqrt(len(rows)))


@checked_types
def frechet_distance_infinity(real: ArrayLike, generated: ArrayLike, points: int = 15, seed: int = 0) -> float:
    """The distance that infinitely many generated images would have: FID_N = FID_infinity + c / N at 1 / N = 0.

    A straight line through the distances of random subsets of the generated images, whose sizes are
    evenly spaced from max(M / 10, 4 F) to M. The real images are all used every time: their share of the
    bias stays, so that they should be many, and the same wherever two numbers are compared.

    Args:
        real: features of real images (N, F).
        generated: features of generated images (M, F), M at least 8 F.
        points: number of subsets, at least 2.
        seed: of the subsets.

    Returns:
        The intercept; a little below 0 is possible where the distributions are equal.

    Raises:
        InputError: what `frechet_distance` refuses, too few generated images, or too few points.

    Reference: Chong and Forsyth, 2020, arXiv 1911.07023.
    """
    if points < 2:
        raise InputError(f"A line needs at least 2 points. Received: points={points}.")
    real_rows, generated_rows = check_features(real, generated)
    count, num_features = generated_rows.shape
    smallest = SAMPLES_PER_FEATURE * num_features
    if count < 2 * smallest:
        raise InputError(
            f"To extrapolate over {num_features} features takes at least {2 * smallest} generated images. "
            f"Received: {count}. Generate more, or take frechet_distance."
        )
    sizes = np.linspace(max(SMALLEST_SHARE * count, smallest), count, points).astype(int)
    whole = moments(real_rows)
    root = _root(whole.covariance)
    rng = np.random.default_rng(seed)
    subsets = (generated_rows[rng.choice(count, size, replace=False)] for size in sizes)
    return float(np.polyfit(1 / sizes, [_distance(whole, moments(subset), root) for subset in subsets], 1)[1])


def _root(covariance: np.ndarray) -> np.ndarray:
    """R (F, rank) with R R^T = S, of the directions in which the features vary at all."""
    values, vectors = np.linalg.eigh(covariance)
    kept = values > values[-1] * len(values) * np.finfo(np.float64).eps
    return vectors[:, kept] * np.sqrt(values[kept])


def _distance(a: Moments, b: Moments, root: np.ndarray) -> float:
    """The distance, given the root of a's covariance.

    tr (S1 S2)^1/2 is the sum of the singular values of R1^T R2. As roots of the eigenvalues of
    R1^T S2 R1 they would lose half their digits wherever S2 is singular: 1e-5 with fewer rows than features.
    """
    cross = np.linalg.svd(root.T @ _root(b.covariance), compute_uv=False).sum()
    return float(np.sum((a.mean - b.mean) ** 2) + np.trace(a.covariance) + np.trace(b.covariance) - 2 * cross)
