"""What a check of a run measures beside its losses."""

import math
import os
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from tfgan_suite.errors import InputError
from tfgan_suite.images import to_float
from tfgan_suite.metrics.diversity import diversity
from tfgan_suite.models.algorithm import Algorithm

LEAST_IMAGES = 16
MAX_REFERENCE = 256  # images; the diversity of more differs by a percent


def check_reference(images: np.ndarray, labels: np.ndarray | None) -> tuple[np.ndarray, np.ndarray | None]:
    """Up to 256 real images as float32 in [-1, 1], and their labels.

    Raises:
        InputError: fewer than 16 images, another shape or range, or labels that are not one an image.
    """
    if images.ndim != 4 or len(images) < LEAST_IMAGES:
        raise InputError(
            f"real_images must be at least {LEAST_IMAGES} images (N, H, W, C). Received: shape {images.shape}."
        )
    if labels is not None and len(labels) != len(images):
        raise InputError(f"real_images need one label each. Received: {len(labels)} for {len(images)} images.")
    chosen = np.linspace(0, len(images) - 1, min(len(images), MAX_REFERENCE)).round().astype(int)
    images = images[chosen]
    images = to_float(images).numpy() if images.dtype == np.uint8 else np.asarray(images, np.float32)
    if not np.abs(images).max() <= 1.0:
        raise InputError("real_images must be uint8, or float in [-1, 1]. Received: values beyond.")
    if not diversity(images, np.zeros(len(images), int)):
        raise InputError("real_images are all equal: there is no diversity to compare with. Choose others.")
    return images, None if labels is None else np.asarray(labels)[chosen]


def loss_range(model: Algorithm) -> tuple[float, float]:
    """The least discriminator's loss, -inf where there is none, and the loss at zero logits.

    Of `wasserstein` the least that slopes of at most 1 allow: D(x) and D(G(z)) then differ by no more than the images
    themselves, which in [-1, 1] are at most 2 sqrt(H W C) apart.
    """
    loss = model.objective.discriminator_loss
    if model.objective.loss == "wasserstein":
        return -2.0 * math.sqrt(math.prod(model.expected().x[0].row_shape or ())), 0.0

    def least(limit: float) -> float:
        logits = tf.linspace(-limit, limit, 2401)[:, tf.newaxis]
        zeros = tf.zeros_like(logits)
        if model.objective.pair.pairs:  # of the difference alone
            return float(tf.reduce_min(loss(logits, zeros)))
        # The sum of a real and a fake term, each of which has its own least value.
        return float(tf.reduce_min(loss(logits, zeros)) + tf.reduce_min(loss(zeros, logits)) - loss(zeros, zeros)[0])

    low = least(30.0)
    return (low if least(60.0) > low - 1.0 else -math.inf), float(loss(tf.zeros((1, 1)), tf.zeros((1, 1)))[0])


def weight_norm(variables: Sequence[keras.Variable]) -> float:
    """The Euclidean norm of variables; nan where there are none.

    A number of the weights alone, so that a continued run knows whether they moved since the last check.
    """
    squares = [np.square(np.asarray(variable.value, np.float64)).sum() for variable in variables]
    return math.sqrt(sum(squares)) if squares else math.nan


def memory_mib() -> float:
    """Resident memory of this process without mapped files, in MiB; nan where there is no /proc."""
    try:
        _, resident, shared, *_ = Path("/proc/self/statm").read_text(encoding="ascii").split()
    except OSError:
        return math.nan
    return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE") / 2**20
