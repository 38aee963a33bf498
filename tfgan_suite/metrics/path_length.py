"""How far features of an image move when its latent vector takes a small step: the smoothness of a generator."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tfgan_suite.arguments import checked_types
from tfgan_suite.errors import InputError, unknown_choice
from tfgan_suite.metrics.features import check_rows

# Karras 2019, and large enough for float32: with an MLP GAN of MNIST and a conditional GAN of the digits, in
# pixels and in a classifier's features, every step from 1e-5 to 1e-3 gives the same within 0.5 %.
# 1e-6 gives 3 to 4 % too much, which is rounding; 1e-1 up to 10 % too little, which is curvature.
EPSILON = 1e-4
BATCH_ROWS = 100
# Where a path is looked at: anywhere on it, or at its end, where the latents are those of the generator's training.
SPACES = ("full", "end")


class PathLength(NamedTuple):
    """A path length.

    Attributes:
        mean: over the paths.
        standard_error: of that mean: sqrt(sum (d - mean)^2 / (N - 1) / N).
    """

    mean: float
    standard_error: float


@checked_types
def slerp(a: np.ndarray, b: np.ndarray, t: np.ndarray | float) -> np.ndarray:
    """Spherical interpolation: the direction on the great circle from a to b, the length linear in t.

    cos(t w) a/|a| + sin(t w)/sin(w) (b/|b| - cos(w) a/|a|), times (1 - t)|a| + t|b|; w is the angle

    A straight line between two normal vectors passes through lengths that a normal vector in many
    dimensions hardly ever has; this way stays as long as the vectors are.

    Args:
        a: float (N, L), no row of zeros.
        b: float (N, L), likewise.
        t: where between a (0) and b (1), a number or (N,); it may lie outside.

    Returns:
        float64 (N, L). Vectors of one direction give that direction.

    Raises:
        InputError: other shapes, a row of zeros, or two vectors that point in opposite directions,
            between which there is no shortest way.

    Reference: Shoemake 1985; White 2016, arXiv 1609.04468.
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if a.ndim != 2 or a.shape != b.shape:
        raise InputError(f"slerp needs two arrays (N, L) of one shape. Received: {a.shape} and {b.shape}.")
    steps = np.asarray(t, np.float64).reshape(-1, 1)
    if len(steps) not in (1, len(a)):
        raise InputError(f"t must be a number, or one a row. Received: {len(steps)} for {len(a)} rows.")
    a_length, b_length = (np.linalg.norm(rows, axis=1, keepdims=True) for rows in (a, b))
    if not (a_length > 0).all() or not (b_length > 0).all():
        raise InputError("slerp needs rows with a direction. Received: a row of zeros or NaN.")
    start, end = a / a_length, b / b_length
    cosine = np.sum(start * end, axis=1, keepdims=True)
    across = end - cosine * start
    sine = np.linalg.norm(across, axis=1, keepdims=True)
    if ((sine < 1e-12) & (cosine < 0)).any():
        raise InputError("slerp needs rows that are not opposite to each other. Received: a row and its negative.")
    # The arc cosine has no digits left for small angles; the arc tangent has all of them.
    angle = np.arctan2(sine, cosine)
    # sin(t w)/sin(w) goes to t with w.
    share = np.divide(np.sin(steps * angle), sine, out=np.broadcast_to(steps, sine.shape).copy(), where=sine > 1e-12)
    return (np.cos(steps * angle) * start + share * across) * ((1 - steps) * a_length + steps * b_length)


def _features(
    generate: Callable[..., Any],
    features: Callable[[np.ndarray], Any],
    latents: np.ndarray,
    labels: np.ndarray | None,
) -> np.ndarray:
    """float64 (n, F) of the images of latents."""
    rows = latents.astype(np.float32)
    images = np.asarray(generate(rows) if labels is None else generate(rows, labels))
    if images.dtype not in (np.float32, np.float64):
        raise InputError(
            f"generate must return float32 images: a small step vanishes in coarser numbers. Received: {images.dtype}."
        )
    values = check_rows(features(images), "features", 1)
    if len(values) != len(rows):
        raise InputError(f"features must return a row an image, {len(rows)}. Received: {len(values)}.")
    return values


def _check(latent_dim: int, count: int, epsilon: float, seed: int, labels: np.ndarray | None, space: str) -> None:
    if space not in SPACES:
        raise unknown_choice("space", space, SPACES)
    if latent_dim < 2:
        raise InputError(f"latent_dim must be at least 2: there is no way round in one. Received: {latent_dim}.")
    if count < 2:
        raise InputError(f"count must be at least 2, for the standard error. Received: {count}.")
    if not 0 < epsilon < 1:
        raise InputError(f"epsilon must be between 0 and 1; the literature has 1e-4. Received: {epsilon}.")
    if seed < 0:
        raise InputError(f"seed must not be negative. Received: {seed}.")
    if labels is not None and len(labels) != count:
        raise InputError(f"labels must be as many as count, {count}. Received: {len(labels)}.")


@checked_types
def perceptual_path_length(
    generate: Callable[..., Any],
    features: Callable[[np.ndarray], Any],
    latent_dim: int,
    count: int,
    epsilon: float = EPSILON,
    seed: int = 0,
    labels: np.ndarray | None = None,
    space: str = "full",
) -> PathLength:
    """How far the features of an image move for a step between two latent vectors, squared, a unit of the way.

    mean |f(G(slerp(a, b, t))) - f(G(slerp(a, b, t + epsilon)))|^2 / epsilon^2,  a, b ~ N(0, I)

    Low means smooth: no feature comes or goes suddenly. It says nothing of quality: a generator with
    one image has 0. The features and their scale are the caller's; two numbers compare within one
    extractor only, and with the published ones (a weighted VGG16 on the crop of a face) not at all.
    The published code leaves out the lowest and the highest hundredth of the paths. This does not:
    the paths that jump are what is asked about, and the standard error tells what they cost.

    Args:
        generate: float32 latents (n, L)[, labels] -> float32 images (n, ...), the same whenever it is
            asked: no dropout, no noise of its own. Not rounded: images from uint8 multiply the result
            by 4 to 64 at the default step, those from bfloat16 by 2 to 5.
        features: those images -> (n, F), in float32 or better.
        latent_dim: L, at least 2.
        count: N paths, at least 2; the literature has 100,000.
        epsilon: the step, as a share of the way from a to b.
        seed: of a, b and t, each a function of the seed and the path's number alone.
        labels: (N,) or (N, A), one a path, the same at both ends of the step; None for a generator without.
        space: `full`: t is uniform in [0, 1); `end`: t = 0.

    Returns:
        The mean and its standard error.

    Raises:
        InputError: numbers out of range, images that are not float32, or features that are not finite rows.

    Reference: Karras, Laine, Aila 2019, arXiv 1812.04948, section 4.1.
    """
    _check(latent_dim, count, epsilon, seed, labels, space)
    a, b = (np.random.default_rng([seed, end]).standard_normal((count, latent_dim)) for end in (0, 1))
    t = np.random.default_rng([seed, 2]).random(count) if space == "full" else np.zeros(count)
    lengths = np.empty(count)
    for first in range(0, count, BATCH_ROWS):
        rows = slice(first, first + BATCH_ROWS)
        own_labels = None if labels is None else labels[rows]
        here, there = (
            _features(generate, features, slerp(a[rows], b[rows], at[rows]), own_labels) for at in (t, t + epsilon)
        )
        lengths[rows] = ((there - here) ** 2).sum(axis=1) / epsilon**2
    return PathLength(float(lengths.mean()), float(lengths.std(ddof=1) / np.sqrt(count)))
