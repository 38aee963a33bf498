"""Labels from the outside, made into arrays: classes int32 (N,), attributes float32 (N, A)."""

from typing import Any

import numpy as np

from tfgan_suite.errors import InputError


def parse_labels(text: str, num_attributes: int | None) -> np.ndarray:
    """Labels of the command line: int32 (M,) classes, or float32 (M, A) attributes.

    >>> parse_labels("3,1,4", num_attributes=None).tolist()
    [3, 1, 4]
    >>> parse_labels("011,100", num_attributes=3).tolist()
    [[0.0, 1.0, 1.0], [1.0, 0.0, 0.0]]

    Raises:
        InputError: the text is not of that form.
    """
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() for part in parts):
        raise InputError(f"Labels are numbers, separated by commas. Received: {text!r}.")
    if num_attributes is None:
        if max(int(part) for part in parts) >= 2**31:
            raise InputError(f"Labels must be below 2**31. Received: {text!r}.")
        return np.array([int(part) for part in parts], np.int32)
    if not all(len(part) == num_attributes and set(part) <= {"0", "1"} for part in parts):
        raise InputError(
            f"A label has one digit, 0 or 1, for each of the {num_attributes} attributes, such as "
            f"{'01' * (num_attributes // 2) + '0' * (num_attributes % 2)}. Received: {text!r}."
        )
    return np.array([[float(digit) for digit in part] for part in parts], np.float32)


def check_labels(labels: Any, count: int, num_classes: int | None, num_attributes: int | None) -> np.ndarray:
    """`count` labels: those given, repeated from the start as often as needed.

    Args:
        labels: a class, (M,) classes, or (M, A) attributes; None: every class in turn, or for
            attributes each alone in turn.
        count: N, how many are needed.
        num_classes: number of classes; None for attributes.
        num_attributes: A; None for classes.

    Returns:
        int32 (N,) or float32 (N, A).

    Raises:
        InputError: labels of another shape, or out of range.
    """
    if labels is not None and np.ndim(labels) and len(labels) > count:
        raise InputError(f"There are more labels than images. Received: {len(labels)} labels for {count}.")
    if num_classes is not None:
        values = np.arange(num_classes) if labels is None else np.atleast_1d(np.asarray(labels))
        if values.ndim != 1 or not len(values) or not np.issubdtype(values.dtype, np.integer):
            raise InputError(
                f"Labels must be integers, one an image. Received: {values.dtype} of shape {values.shape}."
            )
        if values.min() < 0 or values.max() >= num_classes:
            wrong = values[(values < 0) | (values >= num_classes)][0]
            raise InputError(f"Labels must be in 0..{num_classes - 1}. Received: {wrong}.")
        return np.resize(values.astype(np.int32), count)
    assert num_attributes is not None
    values = np.eye(num_attributes) if labels is None else np.array(labels, ndmin=2)
    if values.shape[1:] != (num_attributes,) or not len(values) or not np.isin(values, (0, 1)).all():
        raise InputError(
            f"Labels must be rows of {num_attributes} zeros and ones, one row an image. "
            f"Received: shape {values.shape} with values {np.unique(values)[:5].tolist()}."
        )
    return np.resize(values.astype(np.float32), (count, num_attributes))
