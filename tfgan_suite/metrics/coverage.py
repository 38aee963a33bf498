"""Density and coverage: precision and recall that outliers do not mislead."""

import numpy as np
from numpy.typing import ArrayLike

from tfgan_suite.arguments import checked_types
from tfgan_suite.metrics.features import check_features
from tfgan_suite.metrics.neighbours import check_neighbours, count_in_balls


@checked_types
def density_coverage(real: ArrayLike, generated: ArrayLike, k: int = 5) -> tuple[float, float]:
    """How many balls of real images a generated one lies in, over k, and the share of balls with any in them.

    The ball about a real image reaches to its k-th nearest real neighbour and leaves its rim out,
    |x - c| < r, as in prdc: an image with k copies of itself has an empty ball.

    Args:
        real: features of real images (N, F).
        generated: features of generated images (M, F).
        k: neighbours; N and M must be greater.

    Returns:
        Density, at least 0: 1 for equal distributions, above 1 where generated images crowd where real
        ones are dense. Coverage, in [0, 1]: for equal distributions with N = M about 1 - 2^-k.

    Raises:
        InputError: another shape, at most k rows, NaN or infinity, different numbers of features, k < 1.

    Reference: Naeem et al., 2020, arXiv 2002.09797, section 3.
    """
    real_rows, generated_rows = check_features(real, generated, at_least=check_neighbours(k))
    balls_of_generated, generated_of_balls = count_in_balls(real_rows, generated_rows, k)
    return float(np.sum(balls_of_generated) / (k * len(generated_rows))), float(np.mean(generated_of_balls > 0))
