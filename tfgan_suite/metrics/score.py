"""The score of a classifier on generated images: the Inception score, where the classifier is Inception."""

from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import log_softmax, logsumexp

from tfgan_suite.arguments import checked_types
from tfgan_suite.errors import InputError
from tfgan_suite.metrics.features import check_rows


@checked_types
def classifier_score(logits: ArrayLike, splits: int = 10, seed: int | None = 0) -> tuple[float, float]:
    """exp(mean KL(p(y|x) || p(y))), p(y|x) the softmax of an image's logits, p(y) its mean over a split.

    Samples that come ordered by class would make the score of a split 1, whatever they are: they are
    shuffled first. No real image is looked at, so that it says nothing about likeness to data.

    Args:
        logits: of generated images (N, K).
        splits: parts of equal size (but for one row) that are scored each, from 1 to N.
        seed: of the shuffle; None leaves the order as it is.

    Returns:
        Mean and standard deviation over the splits (divided by their number). A score is in [1, K]:
        1 for one class or no idea, K for sure answers of which each class has as many.

    Raises:
        InputError: another shape, fewer than 2 rows, NaN or infinity, or `splits` out of its range.

    Reference: Salimans et al., 2016, arXiv 1606.03498, section 4.
    """
    rows = check_rows(logits, "logits", at_least=2)
    if not 1 <= splits <= len(rows):
        raise InputError(f"splits must be from 1 to the number of rows, {len(rows)}. Received: {splits}.")
    if seed is not None:
        rows = rows[np.random.default_rng(seed).permutation(len(rows))]
    log_p = log_softmax(rows, axis=1)
    bounds = np.arange(splits + 1) * len(rows) // splits
    scores = [_score(log_p[first:last]) for first, last in pairwise(bounds)]
    return float(np.mean(scores)), float(np.std(scores))


def _score(log_p: np.ndarray) -> float:
    """The score of one split; in logarithms, where a class that is never likely cannot become 0 times infinity."""
    log_marginal = logsumexp(log_p, axis=0) - np.log(len(log_p))
    return float(np.exp(np.mean(np.sum(np.exp(log_p) * (log_p - log_marginal), axis=1))))
