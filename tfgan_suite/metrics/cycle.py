"""How far pictures are from what comes back of them through both ways, and whether noise between the ways breaks it."""

from collections.abc import Callable
from typing import Any

import numpy as np

from tfgan_suite.arguments import checked_types
from tfgan_suite.errors import DivergenceError, InputError

NOISE_SIGMA = 0.02  # of images in [-1, 1], 2.55 of 255 levels: hardly seen, and more than fine noise can hide under
BATCH_ROWS = 64


@checked_types
def cycle_errors(
    there: Callable[..., Any],
    back: Callable[..., Any],
    sources: np.ndarray,
    sigma: float = NOISE_SIGMA,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """mean |F(G(x)) - x| of each picture x, and the same where Gaussian noise was added to G(x).

    The test of a CycleGAN that hides the picture in fine noise of what it makes of it, and reads it there on the way
    back: a little noise then breaks the cycle. Noise alone comes back as noise, so that the second number of honest
    ways is about as large as the first, or as the noise (a mean of 0.016 for 0.02) where the first is smaller.

    Args:
        there: G: images (n, h, w, C) in [-1, 1], and the number of the first of them -> images (n, H, W, D).
        back: F, the other way, alike.
        sources: x, float (N, h, w, C) in [-1, 1].
        sigma: deviation of the noise, after which G(x) is clipped to [-1, 1]; greater than 0.
        seed: of the noise, which is a picture's own: a function of the seed and of its number.

    Returns:
        Two arrays float64 (N,): without noise, and with it.

    Raises:
        InputError: no images, a sigma that is not greater than 0, or ways that do not lead back to the same shape.
        DivergenceError: images that are not finite.

    Reference: Chu, Zhmoginov and Sandler, 2017, arXiv 1712.02950.
    """
    if sources.ndim != 4 or sources.dtype.kind != "f" or not len(sources):
        raise InputError(
            f"sources must be float (N, H, W, C), at least one. Received: {sources.dtype} {sources.shape}."
        )
    if not 0 < sigma < float("inf"):
        raise InputError(f"sigma must be greater than 0. Received: {sigma}.")
    plain: list[np.ndarray] = []
    noisy: list[np.ndarray] = []
    for start in range(0, len(sources), BATCH_ROWS):
        source = sources[start : start + BATCH_ROWS].astype(np.float32)
        made = np.asarray(there(source, start), np.float32)
        noise = np.stack(
            [np.random.default_rng([seed, start + row]).standard_normal(made.shape[1:]) for row in range(len(made))]
        )
        disturbed = np.clip(made + sigma * noise, -1.0, 1.0).astype(np.float32)
        for middle, errors in ((made, plain), (disturbed, noisy)):
            again = np.asarray(back(middle, start), np.float64)
            if again.shape != source.shape:
                raise InputError(
                    f"What comes back must have the shape of the sources, {source.shape}. Received: {again.shape}."
                )
            if not np.isfinite(again).all():
                raise DivergenceError("The images that come back are not finite: the training has diverged.")
            errors.append(np.abs(again - source).mean(axis=(1, 2, 3)))
    return np.concatenate(plain), np.concatenate(noisy)
