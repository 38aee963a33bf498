"""Which classes a generator makes, how often, and whether they are those asked for."""

import numpy as np

from tfgan_suite.arguments import checked_types
from tfgan_suite.errors import InputError

# Shares that were rounded to four digits for a table still count as shares.
SUM_TOLERANCE = 1e-3


def check_classes(values: np.ndarray, num_classes: int | None = None, name: str = "classes") -> np.ndarray:
    """Integer classes (N,), at least one and none negative.

    Args:
        values: classes.
        num_classes: K, of which all must lie below; None: any number.
        name: what the error calls them.

    Returns:
        The same as an array.

    Raises:
        InputError: another shape or type, none at all, or a class out of range.
    """
    values = np.asarray(values)
    if values.ndim != 1 or not len(values) or not np.issubdtype(values.dtype, np.integer):
        raise InputError(
            f"{name} must be integers (N,), one an image. Received: {values.dtype} of shape {values.shape}."
        )
    if num_classes is not None and num_classes < 1:
        raise InputError(f"num_classes must be at least 1. Received: {num_classes}.")
    if values.min() < 0 or (num_classes is not None and values.max() >= num_classes):
        highest = "" if num_classes is None else num_classes - 1
        raise InputError(f"{name} must be in 0..{highest}. Received: {values.min()} to {values.max()}.")
    return values


@checked_types
def class_shares(predicted: np.ndarray, num_classes: int) -> np.ndarray:
    """The share of each class among predicted ones; a generator that has collapsed lacks some.

    Args:
        predicted: integer classes (N,) in 0..K-1.
        num_classes: K.

    Returns:
        float64 (K,), sum 1.

    Raises:
        InputError: no classes, not integers, or out of range.
    """
    return np.bincount(check_classes(predicted, num_classes, "predicted"), minlength=num_classes) / len(predicted)


@checked_types
def class_entropy(shares: np.ndarray) -> float:
    """-sum p log p in nats: ln K for K equal shares, 0 for a single class.

    Args:
        shares: (K,), not negative, sum 1.

    Returns:
        In [0, ln K].

    Raises:
        InputError: the shares are none.
    """
    shares = np.asarray(shares, np.float64)
    # A comparison with NaN is false, so that NaN is refused as well.
    if shares.ndim != 1 or not (shares >= 0).all() or not abs(shares.sum() - 1) <= SUM_TOLERANCE:
        raise InputError(
            f"shares must be (K,), not negative, of sum 1; see class_shares. Received: "
            f"shape {shares.shape}, sum {shares.sum():g}."
        )
    present = shares[shares > 0]
    return float(max(0.0, -(present * np.log(present)).sum()))


def _check_pair(predicted: np.ndarray, labels: np.ndarray, num_classes: int | None = None) -> None:
    if len(check_classes(predicted, num_classes, "predicted")) != len(check_classes(labels, num_classes, "labels")):
        raise InputError(f"predicted and labels must be as many. Received: {len(predicted)} and {len(labels)}.")


@checked_types
def label_accuracy(predicted: np.ndarray, labels: np.ndarray) -> float:
    """The share of images that are read as the class they were made for, in [0, 1].

    Args:
        predicted: integer classes (N,).
        labels: the classes asked for, (N,).

    Raises:
        InputError: not integers, or not as many.
    """
    _check_pair(predicted, labels)
    return float(np.mean(np.asarray(predicted) == np.asarray(labels)))


@checked_types
def class_accuracies(predicted: np.ndarray, labels: np.ndarray, num_classes: int) -> np.ndarray:
    """`label_accuracy` for each class asked for: one class that fails hides in the mean of many.

    Args:
        predicted: integer classes (N,) in 0..K-1.
        labels: the classes asked for, (N,) in 0..K-1.
        num_classes: K.

    Returns:
        float64 (K,) in [0, 1]; NaN for a class that was not asked for.

    Raises:
        InputError: not integers, not as many, or out of range.
    """
    _check_pair(predicted, labels, num_classes)
    asked = np.bincount(labels, minlength=num_classes)
    right = np.bincount(np.asarray(labels)[np.asarray(predicted) == labels], minlength=num_classes)
    return np.divide(right, asked, out=np.full(num_classes, np.nan), where=asked > 0)


@checked_types
def kept_accuracy(predicted: np.ndarray, of_truth: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """The share of label accuracy that images keep of that of the true images in their places.

    1 where as many are read as what they show; above it where what was made is easier to read than the truth.

    Args:
        predicted: integer classes of the images, (N,).
        of_truth: of the true images, (N,).
        labels: what both show, (N,).

    Returns:
        The ratio of their accuracies, and its standard error over pairs: of the ratio of two means of the same pairs.

    Raises:
        InputError: not integers, not as many, or true images of which none is read as what it shows.

    Reference: Cochran, Sampling Techniques, 1977, section 2.11, for the error.
    """
    truth, made = label_accuracy(of_truth, labels), label_accuracy(predicted, labels)
    if not truth:
        raise InputError(f"None of the {len(labels)} true images is read as what it shows: no accuracy can be kept.")
    ratio = made / truth
    right, truly = np.asarray(predicted) == labels, np.asarray(of_truth) == labels
    residues = right.astype(np.float64) - ratio * truly  # of mean 0
    return ratio, float(np.sqrt((residues**2).sum() / max(1, len(residues) - 1) / len(residues)) / truth)
