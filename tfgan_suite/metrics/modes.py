"""Data of known modes, and how many of them a generator has found."""

import math
from typing import NamedTuple

import numpy as np
from sklearn.metrics import pairwise_distances_argmin

from tfgan_suite.arguments import checked_types
from tfgan_suite.data.stacked_mnist import CHANNELS, DIGITS, NUM_TRIPLES, number_of
from tfgan_suite.errors import InputError
from tfgan_suite.metrics.classes import check_classes, class_entropy
from tfgan_suite.metrics.features import check_rows

# A sample within so many standard deviations of a centre is one of that mode: Srivastava 2017, Lin 2018.
HIGH_QUALITY_STDDEVS = 3.0


class Mixture(NamedTuple):
    """Equal Gaussians: their centres float64 (K, D), and the standard deviation of each along each axis."""

    centres: np.ndarray
    stddev: float


class ModeReport(NamedTuple):
    """What of a mixture was found.

    Attributes:
        modes: centres with at least one sample of high quality.
        high_quality_share: of all samples.
        kl: KL(shares of the modes among them || uniform) in nats, 0 to ln K; NaN where there are none.
    """

    modes: int
    high_quality_share: float
    kl: float


class StackedModes(NamedTuple):
    """The modes found, of 1,000, and KL(their shares || uniform) in nats, 0 to ln 1000."""

    modes: int
    kl: float


@checked_types
def ring(num_modes: int = 8, radius: float = 2.0, stddev: float = 0.02) -> Mixture:
    """Centres evenly spaced on a circle: radius (cos 2 pi k / K, sin 2 pi k / K).

    The defaults are those of Metz 2016. Radius 1 and standard deviation 0.01, of Srivastava 2017 and Lin
    2018, are the same at half the size.

    Args:
        num_modes: K, at least 1.
        radius: of the circle, above 0.
        stddev: of each Gaussian, above 0.

    Raises:
        InputError: a number out of range.

    Reference: Metz et al. 2016, arXiv 1611.02163; Srivastava et al. 2017 (VEEGAN), arXiv 1705.07761;
        Lin et al. 2018 (PacGAN), arXiv 1712.04086.
    """
    _check_mixture("num_modes", num_modes, "radius", radius, stddev)
    angles = 2 * np.pi * np.arange(num_modes) / num_modes
    return Mixture(radius * np.stack([np.cos(angles), np.sin(angles)], axis=1), stddev)


@checked_types
def square_grid(side: int = 5, spacing: float = 2.0, stddev: float = 0.05) -> Mixture:
    """Centres on a square grid around 0; the defaults are the 25 in [-4, 4] of Srivastava 2017 and Lin 2018.

    Args:
        side: centres in a row; K is its square.
        spacing: between neighbours, above 0.
        stddev: of each Gaussian, above 0.

    Raises:
        InputError: a number out of range.

    Reference: Srivastava et al. 2017 (VEEGAN), arXiv 1705.07761; Lin et al. 2018 (PacGAN), arXiv 1712.04086.
    """
    _check_mixture("side", side, "spacing", spacing, stddev)
    axis = spacing * (np.arange(side) - (side - 1) / 2)
    return Mixture(np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2), stddev)


def _check_mixture(count_name: str, count: int, size_name: str, size: float, stddev: float) -> None:
    if count < 1:
        raise InputError(f"{count_name} must be at least 1. Received: {count}.")
    for name, value in ((size_name, size), ("stddev", stddev)):
        if not 0 < value < math.inf:
            raise InputError(f"{name} must be a number above 0. Received: {value}.")


def _check_draw(count: int, seed: int) -> None:
    if count < 1 or seed < 0:
        raise InputError(f"count must be at least 1 and seed not negative. Received: {count} and {seed}.")


@checked_types
def sample_modes(centres: np.ndarray, stddev: float, count: int, seed: int) -> np.ndarray:
    """Points of a mixture of equal Gaussians, such as `sample_modes(*ring(), count=100_000, seed=0)`.

    Args:
        centres: (K, D).
        stddev: of each along each axis, above 0.
        count: N; the first points are the same whatever it is.
        seed: of the points.

    Returns:
        float32 (N, D).

    Raises:
        InputError: a number out of range, or centres of another shape.
    """
    centres = check_rows(centres, "centres", 1)
    _check_mixture("the number of centres", len(centres), "stddev", stddev, stddev)
    _check_draw(count, seed)
    chosen = np.random.default_rng([seed, 0]).integers(len(centres), size=count)
    noise = np.random.default_rng([seed, 1]).standard_normal((count, centres.shape[1]))
    return (centres[chosen] + stddev * noise).astype(np.float32)


@checked_types
def mode_divergence(shares: np.ndarray, expected: np.ndarray) -> float:
    """KL(shares || expected) in nats: 0 where each mode is found as often as it should be.

    Of N samples of the data themselves it is some (K - 1) / 2N, because they are so few.

    Args:
        shares: of each of K modes among samples, of sum 1.
        expected: of each mode in the data, of sum 1.

    Raises:
        InputError: arrays that are no shares of as many modes, or samples of a mode that the data do not have.
    """
    shares, expected = np.asarray(shares, np.float64), np.asarray(expected, np.float64)
    class_entropy(shares), class_entropy(expected)
    if len(shares) != len(expected):
        raise InputError(f"shares and expected must be as many. Received: {len(shares)} and {len(expected)}.")
    found = shares > 0
    if (missing := np.flatnonzero(found & (expected == 0))).size:
        raise InputError(f"Of mode {missing[0]} there are samples, but no data.")
    return max(0.0, float(np.sum(shares[found] * np.log(shares[found] / expected[found]))))


def _divergence_from_uniform(counts: np.ndarray) -> float:
    """KL(shares || uniform) = ln K - entropy of the shares: float in [0, ln K]."""
    return max(0.0, math.log(len(counts)) - class_entropy(counts / counts.sum()))


@checked_types
def mode_counts(points: np.ndarray, centres: np.ndarray, stddev: float) -> ModeReport:
    """How many modes of a mixture the samples have found, how many samples lie in one, and how evenly.

    A sample is of high quality within 3 standard deviations of its nearest centre. Of real samples in
    two dimensions a share of 1 - exp(-9/2) = 0.9889 is, not all; in more dimensions far fewer. The
    literature takes 2,500 samples.

    Args:
        points: generated samples (N, D).
        centres: (K, D).
        stddev: of each mode along each axis, above 0.

    Returns:
        The number of modes, the share of high quality, and the divergence from uniform of those samples.

    Raises:
        InputError: arrays that do not fit each other, NaN, or a standard deviation not above 0.

    Reference: Srivastava et al. 2017 (VEEGAN), arXiv 1705.07761; Lin et al. 2018 (PacGAN), arXiv 1712.04086.
    """
    points, centres = check_rows(points, "points", 1), check_rows(centres, "centres", 1)
    if points.shape[1] != centres.shape[1]:
        raise InputError(f"points and centres must have one dimension. Received: {points.shape} and {centres.shape}.")
    _check_mixture("the number of centres", len(centres), "stddev", stddev, stddev)
    nearest = pairwise_distances_argmin(points, centres)
    good = np.linalg.norm(points - centres[nearest], axis=1) <= HIGH_QUALITY_STDDEVS * stddev
    counts = np.bincount(nearest[good], minlength=len(centres))
    kl = _divergence_from_uniform(counts) if good.any() else math.nan
    return ModeReport(int(np.count_nonzero(counts)), float(good.mean()), kl)


@checked_types
def stacked_modes(predicted: np.ndarray) -> StackedModes:
    """How many of the 1,000 triples of digits a generator of stacked MNIST makes, and how evenly.

    The literature takes 26,000 samples. As many that are uniform find all 1,000 modes and have a
    divergence of some 999 / 52,000 = 0.019, because they are so few; stacked MNIST itself has 0.024.
    With another count nothing compares.

    Args:
        predicted: integer digits (N, 3) that a classifier reads in the three channels.

    Returns:
        The number of modes, and the divergence from uniform.

    Raises:
        InputError: another shape or type, or no digits.

    Reference: Metz et al. 2016, arXiv 1611.02163; Srivastava et al. 2017, arXiv 1705.07761;
        Lin et al. 2018, arXiv 1712.04086.
    """
    digits = np.asarray(predicted)
    if digits.ndim != 2 or digits.shape[1] != CHANNELS:
        raise InputError(f"predicted must be digits (N, {CHANNELS}), one a channel. Received: shape {digits.shape}.")
    check_classes(digits.reshape(-1), DIGITS, "predicted")
    counts = np.bincount(number_of(digits), minlength=NUM_TRIPLES)
    return StackedModes(int(np.count_nonzero(counts)), _divergence_from_uniform(counts))
