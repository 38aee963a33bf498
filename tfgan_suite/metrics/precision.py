"""Precision and recall: how many generated images could be real, and how many real ones could be generated."""

import numpy as np
from numpy.typing import ArrayLike

from tfgan_suite.arguments import checked_types
from tfgan_suite.metrics.features import check_features
from tfgan_suite.metrics.neighbours import check_neighbours, count_in_balls


@checked_types
def precision_recall(real: ArrayLike, generated: ArrayLike, k: int = 5) -> tuple[float, float]:
    """The share of generated images in a ball of a real one, and of real images in a ball of a generated one.

    The ball about an image reaches to its k-th nearest neighbour of the same set and leaves its rim out,
    |x - c| < r: an image with k copies of itself has an empty ball. The paper counts the rim in; prdc,
    which most published numbers come from, does not. One real image far from all others has a ball so
    large that precision forgives much; density does not.

    Args:
        real: features of real images (N, F).
        generated: features of generated images (M, F).
        k: neighbours; N and M must be greater. 3 in the paper, 5 in prdc.

    Returns:
        Precision and recall, in [0, 1].

    Raises:
        InputError: another shape, at most k rows, NaN or infinity, different numbers of features, k < 1.

    Reference: Kynkaanniemi et al., 2019, arXiv 1904.06991, equations 1 and 2.
    """
    real_rows, generated_rows = check_features(real, generated, at_least=check_neighbours(k))
    real_balls, _ = count_in_balls(real_rows, generated_rows, k)
    generated_balls, _ = count_in_balls(generated_rows, real_rows, k)
    return float(np.mean(real_balls > 0)), float(np.mean(generated_balls > 0))
