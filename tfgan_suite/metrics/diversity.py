"""How much images differ from each other."""

import math

import numpy as np
import tensorflow as tf

FEATURE_SIDE = 8  # pixels; larger images are averaged down to it before features are taken


def diversity(values: np.ndarray, groups: np.ndarray) -> float:
    """sqrt(sum (x - mean of its group)^2 / (N - G) / D): the standard deviation within groups, pooled.

    Unbiased in the square, so that few samples compare with many.

    Args:
        values: N rows of D numbers, any shape (N, ...).
        groups: integers (N,), with N greater than the number of groups G.
    """
    rows = np.asarray(values, np.float64).reshape(len(values), -1)
    sizes = np.bincount(groups)
    sums = np.zeros((len(sizes), rows.shape[1]))
    np.add.at(sums, groups, rows)
    deviations = rows - (sums / np.maximum(sizes, 1)[:, None])[groups]
    return math.sqrt((deviations**2).sum() / (len(rows) - np.count_nonzero(sizes)) / rows.shape[1])


def random_features(images: np.ndarray) -> np.ndarray:
    """ReLU of 32 random 5x5 filters on the image averaged to 8x8, averaged to 4x4: (N, H, W, C) -> (N, 512).

    They see shapes and not grain: one image with noise over it that is as diverse in pixels as the
    data has a fifth of their diversity in these. The filters are always the same. Features of the
    discriminator would see more of the content, but move with it: in healthy runs their ratio
    changes by a third from one check to the next.
    """
    channels = images.shape[-1]
    filters = np.random.default_rng(0).normal(size=(5, 5, channels, 32)) / math.sqrt(25 * channels)
    side = [min(size, FEATURE_SIDE) for size in images.shape[1:3]]
    maps = tf.nn.conv2d(tf.image.resize(images, side, method="area"), filters.astype(np.float32), 1, "SAME")
    return tf.image.resize(tf.nn.relu(maps), (4, 4), method="area").numpy().reshape(len(images), -1)


def label_groups(labels: np.ndarray) -> np.ndarray:
    """Equal labels, (N,) or (N, A), by the same number: integers (N,)."""
    return np.unique(labels, axis=0, return_inverse=True)[1].reshape(-1)
