"""Labels from the outside, made into arrays: classes int32 (N,), attributes float32 (N, A)."""

from collections.abc import Callable, Sequence
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
    if labels is None:
        values = np.arange(num_classes) if num_classes is not None else np.eye(num_attributes or 0)
    else:
        values = np.array(labels, ndmin=1 if num_classes is not None else 2)
    check_label_form(values.dtype, values.shape, num_classes, num_attributes)
    if not len(values):
        raise InputError("Labels must be at least one. Received: none.")
    said, is_right = label_range(num_classes)
    if not (right := np.asarray(is_right(values))).all():
        raise InputError(f"Labels {said}. Received: {values[~right][0]}.")
    if num_classes is not None:
        return np.resize(values.reshape(-1).astype(np.int32), count)
    return np.resize(values.astype(np.float32), (count, *values.shape[1:]))


def check_label_form(
    dtype: Any, shape: Sequence[int | None] | None, num_classes: int | None, num_attributes: int | None
) -> None:
    """Refuses labels of another type or shape than a model's; their numbers are those of `label_range`.

    Args:
        dtype: NumPy's.
        shape: (N,) or (N, 1) for classes, (N, A) for attributes; N may be None. None: not known yet.
        num_classes: K; None for attributes.
        num_attributes: A; None for classes.

    Raises:
        InputError: with the way from what was received to what is expected.
    """
    received = f"Received: {np.dtype(dtype).name}" + ("." if shape is None else f" of shape {tuple(shape)}.")
    is_text = np.dtype(dtype).kind in "SUO"
    if num_classes is None:
        if is_text or (shape is not None and (len(shape) != 2 or shape[1] != num_attributes)):
            raise InputError(f"Labels must be rows of {num_attributes} zeros and ones, one row an image. {received}")
        return
    expected = f"Labels must be integers in 0..{num_classes - 1}, one an image, of shape (N,) or (N, 1)."
    if is_text:
        raise InputError(f"{expected} {received} Give the index of each name among the sorted names.")
    if shape is not None and len(shape) == 2 and shape[1] == num_classes > 1:
        raise InputError(f"{expected} {received} They look one-hot: give np.argmax(labels, axis=1).")
    if np.dtype(dtype).kind not in "iu":
        raise InputError(f"{expected} {received} Give labels.astype('int32').")
    if shape is not None and tuple(shape)[1:] not in ((), (1,)):
        raise InputError(f"{expected} {received}")


def label_range(num_classes: int | None) -> tuple[str, Callable[[Any], Any]]:
    """What is said of the numbers of labels, and a function that says of each, in NumPy or TensorFlow, if it is right.

    >>> said, is_right = label_range(3)
    >>> said, is_right(np.array([-1, 0, 2, 3])).tolist()
    ('must be in 0..2', [False, True, True, False])
    """
    if num_classes is not None:
        return f"must be in 0..{num_classes - 1}", lambda labels: (labels >= 0) & (labels < num_classes)
    # In CelebA's files absent is -1.
    return "must be 0 or 1 (-1 and 1 become so by (labels + 1) // 2)", lambda labels: (labels == 0) | (labels == 1)
