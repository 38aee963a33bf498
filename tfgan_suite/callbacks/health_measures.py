"""What a check of a run measures beside its losses."""

import itertools
import math
import os
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from tfgan_suite.models.algorithm import Algorithm


def loss_range(model: Algorithm) -> tuple[float, float]:
    """The least discriminator's loss, -inf where there is none, and the loss at zero logits.

    Of a model with several discriminators, such as one of each kind of images, the sum over them, which it logs. Of
    `wasserstein` the least that slopes of at most 1 allow: D(x) and D(G(z)) then differ by no more than the images
    themselves, which in [-1, 1] are at most 2 sqrt(H W C) apart.
    """
    loss, judges = model.objective.discriminator_loss, len(model.sides()["discriminator"])
    if model.objective.loss == "wasserstein":
        shapes = [port.row_shape or () for port in model.expected().x]
        return -2.0 * sum(math.sqrt(math.prod(s)) for s in itertools.islice(itertools.cycle(shapes), judges)), 0.0

    def least(limit: float) -> float:
        logits = tf.linspace(-limit, limit, 2401)[:, tf.newaxis]
        zeros = tf.zeros_like(logits)
        if model.objective.pair.pairs:  # of the difference alone
            return float(tf.reduce_min(loss(logits, zeros)))
        # The sum of a real and a fake term, each of which has its own least value.
        return float(tf.reduce_min(loss(logits, zeros)) + tf.reduce_min(loss(zeros, logits)) - loss(zeros, zeros)[0])

    low = least(30.0)
    at_zero = float(loss(tf.zeros((1, 1)), tf.zeros((1, 1)))[0])
    return (judges * low if least(60.0) > low - 1.0 else -math.inf), judges * at_zero


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
