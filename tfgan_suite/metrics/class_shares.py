"""Which classes a generator makes, and how often."""

import numpy as np


def class_shares(predicted: np.ndarray, num_classes: int) -> np.ndarray:
    """The share of each class among predicted ones; a generator that has collapsed lacks some.

    Args:
        predicted: integer classes (N,).
        num_classes: K.

    Returns:
        float64 (K,), sum 1.
    """
    return np.bincount(predicted, minlength=num_classes) / len(predicted)


def label_accuracy(predicted: np.ndarray, labels: np.ndarray) -> float:
    """The share of images that are read as the class they were made for, in [0, 1]."""
    return float(np.mean(predicted == labels))
