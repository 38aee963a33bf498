"""Means over images of which some belong together, such as one emoji in all tones of skin."""

import re
from collections.abc import Callable, Sequence

import numpy as np

from tfgan_suite.arguments import checked_types
from tfgan_suite.errors import InputError

# Unicode's five tones of skin, and the selector of emoji that a name with a tone goes without.
_TONES = re.compile(r"-(?:1f3f[b-f]|fe0f)(?=-|$)", re.IGNORECASE)


@checked_types
def grouped_mean(values: np.ndarray, groups: np.ndarray | None = None) -> tuple[float, float]:
    """The mean of the means of groups, and its standard error over groups.

    Args:
        values: real numbers (N,); NaN counts for nothing.
        groups: of each value, (N,), equal within a group; None: each value is one.

    Returns:
        The mean, and the groups' deviation divided by the root of their number; NaN where there are too few.

    Raises:
        InputError: no values, or other shapes.
    """
    values = np.asarray(values)
    if values.ndim != 1 or values.size == 0 or values.dtype.kind not in "uif":
        raise InputError(f"values must be numbers (N,), at least one. Received: {values.dtype} {values.shape}.")
    if groups is not None and np.shape(groups) != values.shape:
        raise InputError(f"groups must be as many as values. Received: {np.shape(groups)} and {values.shape}.")
    known = ~np.isnan(values)
    if not known.any():
        return float("nan"), float("nan")
    means = values[known].astype(np.float64)
    if groups is not None:
        numbers = np.unique(np.asarray(groups)[known], return_inverse=True)[1]
        means = np.bincount(numbers, means) / np.bincount(numbers)
    error = means.std(ddof=1) / np.sqrt(len(means)) if len(means) > 1 else float("nan")
    return float(means.mean()), float(error)


def without_tone(name: str) -> str:
    """The name of an emoji without its tones of skin; any other name as it is.

    >>> without_tone("people/1f44b-1f3fd"), without_tone("people/1f3c4-1f3fb-200d-2640-fe0f"), without_tone("cat-1")
    ('people/1f44b', 'people/1f3c4-200d-2640', 'cat-1')
    """
    return _TONES.sub("", name)


def groups_of(names: Sequence[str], called: Callable[[str], str] = without_tone) -> np.ndarray | None:
    """The groups of images by their names, int64 (N,); None where each is alone, or where they have no names.

    Args:
        names: of the images; empty where they have none.
        called: name -> what its group is called.
    """
    if not names:
        return None
    groups, numbers = np.unique([called(name) for name in names], return_inverse=True)
    return numbers if len(groups) < len(names) else None
