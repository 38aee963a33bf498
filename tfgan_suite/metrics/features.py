"""Features of images, as the distances between two sets of images take them: one row an image."""

import numpy as np
from numpy.typing import ArrayLike

from tfgan_suite.errors import InputError


def check_rows(values: ArrayLike, name: str, at_least: int) -> np.ndarray:
    """The values as float64 (N, F), N rows of finite numbers.

    Args:
        values: real numbers (N, F).
        name: what the values are, for the message.
        at_least: the smallest N that will do.

    Raises:
        InputError: another shape, too few rows, NaN or infinity.
    """
    try:
        rows = np.asarray(values, np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} must be numbers, one row an image. Received: a {type(values).__name__}.") from error
    if rows.ndim != 2 or rows.shape[1] == 0:
        raise InputError(f"{name} must have the shape (rows, columns). Received: {rows.shape}. Give one row an image.")
    if len(rows) < at_least:
        raise InputError(f"{name} must have at least {at_least} rows. Received: {len(rows)}. Take more images.")
    damaged = len(rows) - np.count_nonzero(np.isfinite(rows).all(axis=1))
    if damaged:
        raise InputError(
            f"{name} must be finite. Received: NaN or infinity in {damaged} of {len(rows)} rows. "
            "Look at the images and the network that these rows come from."
        )
    return rows


def check_features(real: ArrayLike, generated: ArrayLike, at_least: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """The features of two sets of images as float64 (N, F) and (M, F).

    Args:
        real: features of real images (N, F).
        generated: features of generated images (M, F).
        at_least: the smallest N and M that will do.

    Raises:
        InputError: another shape, too few rows, NaN or infinity, or different numbers of features.
    """
    real_rows = check_rows(real, "real", at_least)
    generated_rows = check_rows(generated, "generated", at_least)
    if real_rows.shape[1] != generated_rows.shape[1]:
        raise InputError(
            "real and generated must have the same number of features. "
            f"Received: {real_rows.shape[1]} and {generated_rows.shape[1]}. Take both from the same network."
        )
    return real_rows, generated_rows
