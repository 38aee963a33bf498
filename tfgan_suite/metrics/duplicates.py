"""Whether a generator repeats itself."""

import numpy as np
from sklearn.neighbors import NearestNeighbors

from tfgan_suite.arguments import checked_types
from tfgan_suite.errors import InputError
from tfgan_suite.metrics.memorisation import QUANTILE, closest_quantile, distances_between, image_rows


def nearest_other_distances(rows: np.ndarray) -> np.ndarray:
    """The distance of each row (N, D) to the nearest of the other rows: float64 (N,)."""
    search = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(rows)
    # Without an argument a row is not its own neighbour, even where it has copies.
    return distances_between(rows, rows[search.kneighbors(return_distance=False)[:, 0]])


@checked_types
def duplicate_share(generated: np.ndarray, real: np.ndarray, quantile: float = QUANTILE) -> float:
    """The share of generated images with a near copy among the generated.

    mean_g [min_g' |g - g'| <= the `quantile` of min_r' |r - r'| over as many real images]

    How near a copy lies is read off the data: no farther than the nearest neighbours of the closest
    hundredth of real images. A fixed tolerance would mean another thing for each data set and size,
    and exact equality hardly ever happens to a generator, whose copies differ in their last digits.
    As many real images are taken as there are generated ones, because neighbours come nearer the more
    there are. Real data have `quantile`; a generator that knows one image has 1. Less than `quantile`
    is no merit: noise has 0.

    The birthday paradox is why this measures the support: of N samples from K equally likely images
    a share of about 1 - exp(-N / K) have a copy, so that 1,000 samples show a support of 10,000 by 10 %.

    Args:
        generated: images or features (N, ...), N at least 1 / quantile.
        real: at least as many (M, ...); N of them are drawn, always the same.
        quantile: how near is near.

    Returns:
        In [0, 1].

    Raises:
        InputError: arrays that do not fit each other, or too few.

    Reference: after Arora, Zhang 2017, arXiv 1706.08224.
    """
    generated, real = image_rows(generated=generated, real=real)
    if not 2 <= len(generated) <= len(real):
        raise InputError(
            f"duplicate_share needs at least 2 generated images and as many real ones. "
            f"Received: {len(generated)} generated, {len(real)} real."
        )
    # At random, because data often lie in the order of their classes.
    drawn = real[np.random.default_rng(0).permutation(len(real))[: len(generated)]]
    near = closest_quantile(nearest_other_distances(drawn), quantile, "real images")
    return float(np.mean(nearest_other_distances(generated) <= near))
