"""Whether a generator repeats what it has learned from."""

from typing import NamedTuple

import numpy as np
from sklearn.metrics import pairwise_distances_argmin

from tfgan_suite.arguments import checked_types
from tfgan_suite.errors import InputError

# The closest hundredth of real images: seldom enough to stand out from, often enough to be counted.
QUANTILE = 0.01
BLOCK_ROWS = 1000


class Memorisation(NamedTuple):
    """How near generated images lie to the training images.

    Attributes:
        ratio: their median distance to the nearest training image over that of held-out images.
        share: of them, no farther from a training image than the closest `quantile` of held-out images.
    """

    ratio: float
    share: float


def image_rows(**images: np.ndarray) -> list[np.ndarray]:
    """Images or features on one scale as rows (N, D), for distances between them.

    Args:
        images: arrays (N, ...) by name, of one shape but for N, all whole numbers or all floats.

    Returns:
        float32 (N, D) each, float64 where float32 would not hold the values.

    Raises:
        InputError: no rows, other shapes or types, whole numbers among floats, NaN or infinity.
    """
    arrays = {name: np.asarray(values) for name, values in images.items()}
    received = ", ".join(f"{name} {array.dtype} {array.shape}" for name, array in arrays.items())
    if any(array.ndim < 2 or not array.size for array in arrays.values()):
        raise InputError(f"Images or features must be (N, ...), with at least one row. Received: {received}.")
    if len({array.shape[1:] for array in arrays.values()}) > 1:
        raise InputError(f"Images or features must be of one shape. Received: {received}.")
    kinds = {"int" if array.dtype.kind in "iub" else array.dtype.kind for array in arrays.values()}
    if kinds != {"int"} and kinds != {"f"}:
        raise InputError(f"Images or features must be on one scale: all uint8, or all floats. Received: {received}.")
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise InputError(f"Images or features must be finite. Received: NaN or infinity in {received}.")
    dtype = np.result_type(np.float32, *(array.dtype for array in arrays.values()))
    return [array.reshape(len(array), -1).astype(dtype) for array in arrays.values()]


def closest_quantile(distances: np.ndarray, quantile: float, name: str) -> float:
    """The distance below which a share of `quantile` lies.

    Raises:
        InputError: a quantile out of range, or too few distances to tell.
    """
    if not 0 < quantile < 1:
        raise InputError(f"quantile must be between 0 and 1. Received: {quantile}.")
    if len(distances) * quantile < 1 - 1e-9:
        raise InputError(
            f"The closest {quantile:.2%} of {name} take at least {int(np.ceil(1 / quantile))} of them. "
            f"Received: {len(distances)}. Give more, or a larger quantile."
        )
    return float(np.quantile(distances, quantile))


def distances_between(rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    """|row - other|, pair by pair: float64 (N,)."""
    starts = range(0, len(rows), BLOCK_ROWS)
    blocks = (slice(start, start + BLOCK_ROWS) for start in starts)
    return np.concatenate([np.linalg.norm(np.subtract(rows[b], others[b], dtype=np.float64), axis=1) for b in blocks])


def nearest_distances(rows: np.ndarray, among: np.ndarray) -> np.ndarray:
    """The distance of each row (N, D) to its nearest among others (M, D): float64 (N,).

    The nearest is found by dot products, which leave a distance of 1e-7 between equal rows; the
    distance is then taken again from the difference, so that a copy has exactly 0.
    """
    return distances_between(rows, among[pairwise_distances_argmin(rows, among)])


@checked_types
def memorisation_ratio(
    generated: np.ndarray, train: np.ndarray, held_out: np.ndarray, quantile: float = QUANTILE
) -> Memorisation:
    """The nearest training image of generated images, held against that of held-out ones.

    ratio = median_g min_t |g - t| / median_h min_t |h - t|
    share = mean_g [min_t |g - t| <= the `quantile` of min_t |h - t|]

    A copy of the training set has ratio 0 and share 1; real images have about 1 and `quantile`.
    Neither proves anything alone. Blurred images lie nearer to everything: real ones of MNIST have the
    ratio 0.96, and have no memory. Noise or a shift takes a copy away from its original: the training
    images themselves, moved by one pixel, have 1.08, so that a ratio of 1 is no acquittal. In features
    that do not see the shift they are found. A tenth of copies shows in the share, not in the ratio.

    Args:
        generated: images or features (N, ...).
        train: what the generator has learned from, (M, ...), all of it.
        held_out: real images that it has not, (K, ...), K at least 1 / quantile.
        quantile: how near is near.

    Returns:
        The ratio, 0 or more, and the share in [0, 1].

    Raises:
        InputError: arrays that do not fit each other, too few held-out images, or held-out images that are
            for the most part training images.

    Reference: after Meehan, Chaudhuri, Dasgupta 2020, arXiv 2004.05675, who compare the same three sets by ranks.
    """
    generated, train, held_out = image_rows(generated=generated, train=train, held_out=held_out)
    expected = nearest_distances(held_out, train)
    near = closest_quantile(expected, quantile, "held-out images")
    if not np.median(expected):
        raise InputError("held_out must not be images of train. Received: most of them are. Split the data first.")
    distances = nearest_distances(generated, train)
    return Memorisation(float(np.median(distances) / np.median(expected)), float(np.mean(distances <= near)))
