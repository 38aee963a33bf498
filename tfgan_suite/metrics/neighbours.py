"""Nearest neighbours: which images lie in the balls that another set of images spans."""

import numpy as np
from sklearn.metrics import pairwise_distances_chunked
from sklearn.neighbors import NearestNeighbors

from tfgan_suite.errors import InputError

WORKING_MEMORY = 128  # MiB of distances at a time: 1,600 rows of 10,000, where larger blocks are no faster


def check_neighbours(k: int) -> int:
    """The smallest number of rows of which each has k others.

    Raises:
        InputError: k is below 1.
    """
    if k < 1:
        raise InputError(f"k must be at least 1. Received: {k}.")
    return k + 1


def count_in_balls(centres: np.ndarray, points: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """How many balls each point lies in, and how many points lie in each ball.

    The ball about a centre c is {x: |x - c| < r}, r the distance to its k-th nearest other centre. The
    rim is outside, as in prdc 0.2; a centre with k copies of itself has r = 0 and an empty ball.

    Distances come from products of rows, |x|^2 + |c|^2 - 2 x.c, which is fast but not exact: a copy would
    be 1e-8 away and a point on a rim on either side of it. What is closer to the rim than the rounding
    error is therefore outside, which is what exact distances would give.

    Args:
        centres: float64 (N, F), N greater than k.
        points: float64 (M, F).
        k: neighbours, at least 1.

    Returns:
        Integers (M,) and (N,).
    """
    # Rounding grows with the distance from 0. A mean would not do: one image far away moves it, and all others off 0.
    middle = np.median(centres, axis=0)
    centres, points = centres - middle, points - middle
    radii = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(centres).kneighbors()[0][:, -1]
    # Ample for d^2 and r^2 together, each the sum of three products of F terms.
    rounding = 4 * (centres.shape[1] + 4) * np.finfo(np.float64).eps
    reach = radii**2 - rounding * np.square(centres).sum(axis=1)
    slack = rounding * np.square(points).sum(axis=1)
    balls_of_points = np.zeros(len(points), np.int64)
    points_of_balls = np.zeros(len(centres), np.int64)
    last = 0
    for squared in pairwise_distances_chunked(
        centres, points, metric="euclidean", squared=True, working_memory=WORKING_MEMORY
    ):
        first, last = last, last + len(squared)
        squared += slack
        inside = squared < reach[first:last, None]
        balls_of_points += np.count_nonzero(inside, axis=0)
        points_of_balls[first:last] = np.count_nonzero(inside, axis=1)
    return balls_of_points, points_of_balls
