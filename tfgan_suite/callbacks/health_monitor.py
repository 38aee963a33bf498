"""What goes wrong while a GAN trains, by name and early, with the option to change."""

import csv
import json
import math
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from tfgan_suite.callbacks.stop_on_non_finite import LOGS_IN_ORDER
from tfgan_suite.errors import DivergenceError, InputError, unknown_choice
from tfgan_suite.images import to_float
from tfgan_suite.losses import smooth_real_label
from tfgan_suite.models.finite import first_broken_weight
from tfgan_suite.models.gan import GAN

ON_COLLAPSE = ("warn", "stop", "rollback")
MAX_REFERENCE = 256  # images; the diversity of more differs by a percent
FEATURE_SIDE = 64  # pixels; larger images are averaged down to it before features are taken

# All five are ours: what healthy and failing runs of the presets gave stands in the tests.
WON_SHARE = 0.05  # of the loss's way from its least value to that at zero logits; healthy: above 0.3
COLLAPSED_RATIO = 0.15  # of the data's diversity; healthy after the grace: above 0.4, collapsed: below 0.1
STILL_NORM, STILL_LOSS = 1e-7, 1e-4  # relative; a step at Adam's 2e-4 moves a norm by some 1e-4
GROWTH_SHARE, GROWTH_MIB = 0.2, 256.0  # of memory, whichever is less
MEMORY_WINDOWS = 4  # memory is judged over so many windows, since caches fill for a while


class CollapseError(DivergenceError):
    """The discriminator has won or the generator has collapsed, and the run was told not to go on so."""


class Check(NamedTuple):
    """One row of `health.csv`: a look at the run after `step` steps.

    Attributes:
        step: the model's steps.
        generator_loss, discriminator_loss, real_score, fake_score: means over the steps since the check before.
        loss_share: the discriminator's loss, scaled: 1 where it cannot tell (zero logits), 0 at its
            least; nan for a loss without a least value.
        pixel_diversity, feature_diversity: of the fixed samples, see `diversity`.
        pixel_ratio, feature_ratio: the same as a share of the data's.
        generator_norm, discriminator_norm: Euclidean norms of the trainable weights.
        memory_mib: resident memory without mapped files, in MiB; nan where there is no /proc.
        broken: the first value that is not finite; empty where all are.
        event: the diagnoses that begin here, and what was done.
        epoch_means: `GAN.epoch_means` in JSON, from which the next row's means are taken.
    """

    step: int
    generator_loss: float
    discriminator_loss: float
    real_score: float
    fake_score: float
    loss_share: float
    pixel_diversity: float
    feature_diversity: float
    pixel_ratio: float
    feature_ratio: float
    generator_norm: float
    discriminator_norm: float
    memory_mib: float
    broken: str = ""
    event: str = ""
    epoch_means: str = "{}"

    @property
    def won(self) -> bool:
        """Whether the discriminator is nearly perfect."""
        return self.loss_share < WON_SHARE

    @property
    def collapsed(self) -> bool:
        """Whether the samples are nearly one image."""
        return min(self.pixel_ratio, self.feature_ratio) < COLLAPSED_RATIO


# ---- diagnoses: functions of the series alone, a line for people or None ------------------------


def recent(checks: Sequence[Check], steps: int, least: int = 3) -> Sequence[Check]:
    """The checks of the last `steps` steps, at least `least`; none where the series is shorter."""
    if len(checks) < least or checks[-1].step - checks[0].step < steps:
        return []
    count = sum(check.step >= checks[-1].step - steps for check in checks)
    return checks[-max(count, least) :]


def not_finite(checks: Sequence[Check], window: int) -> str | None:
    """NaN or infinity in the losses, the scores or the weights at the last check."""
    if not checks or not checks[-1].broken:
        return None
    return f"{checks[-1].broken}. Lower the learning rates, or choose another --loss."


def discriminator_won(checks: Sequence[Check], window: int) -> str | None:
    """A discriminator's loss near its least value all through the window."""
    last = recent(checks, window)
    if not last or not all(check.won for check in last):
        return None
    return (
        f"the discriminator has won: its loss is {last[-1].discriminator_loss:.3g}, {last[-1].loss_share:.1%} of what it "
        f"is where it cannot tell, and was below {WON_SHARE:.0%} for {window} steps, so that the generator learns "
        "little from it. Lower --discriminator-learning-rate, raise --dropout to 0.3 or --label-smoothing to 0.1, "
        "or choose --loss least_squares."
    )


def generator_collapsed(checks: Sequence[Check], window: int) -> str | None:
    """Samples that hardly differ from each other all through the window."""
    last = recent(checks, window)
    if not last or not all(check.collapsed for check in last):
        return None
    return (
        f"the generator has collapsed: its samples differ by {last[-1].pixel_ratio:.1%} of what the data do in pixels "
        f"and {last[-1].feature_ratio:.1%} in features, below {COLLAPSED_RATIO:.0%} for {window} steps, so that they "
        "are nearly one image (with labels: one a label). Lower both learning rates, set --beta-1 0.5 and "
        "--ema-momentum 0.999, or --batch-norm where the networks are mlp."
    )


def stalled(checks: Sequence[Check], window: int) -> str | None:
    """A network whose weights, or losses that no longer move over the window."""
    last = recent(checks, window)
    if not last:
        return None
    names = [n for n in ("generator", "discriminator") if is_still((getattr(c, f"{n}_norm") for c in last), STILL_NORM)]
    if names:
        return (
            f"stalled: the weights of the {' and the '.join(names)} have not moved for {window} steps. Raise "
            f"--{names[0]}-learning-rate, or see whether --learning-rate-decay has come to its end (--decay-steps)."
        )
    losses = [(check.discriminator_loss, check.generator_loss) for check in last]
    if all(is_still(values, STILL_LOSS) for values in zip(*losses, strict=True)):
        return (
            f"stalled: the losses of discriminator and generator have stood at {losses[-1][0]:.4g} and "
            f"{losses[-1][1]:.4g} for {window} steps: the logits no longer depend on the image. Begin anew with a lower "
            "--discriminator-learning-rate or another --seed."
        )
    return None


def is_still(values: Iterable[float], tolerance: float) -> bool:
    """Whether values differ by at most a share of the largest; not where one is no number."""
    series = np.array(list(values))
    return bool(np.ptp(series) <= tolerance * np.abs(series).max())


def memory_grows(checks: Sequence[Check], window: int) -> str | None:
    """Memory that rises in every quarter of a long window, together by more than a fifth or 256 MiB."""
    last = recent(checks, MEMORY_WINDOWS * window, 8)
    if not last:
        return None
    # The least of a quarter: what a check or a checkpoint takes and gives back does not count.
    lows = [min(part) for part in np.array_split([check.memory_mib for check in last], 4)]
    growth = lows[-1] - lows[0]
    # Steady: each quarter adds at least half of what it would if all added the same.
    if growth > min(GROWTH_SHARE * lows[0], GROWTH_MIB) and np.diff(lows).min() >= growth / 6:
        return (
            f"memory grows: from {lows[0]:,.0f} to {lows[-1]:,.0f} MiB within the last "
            f"{last[-1].step - last[0].step:,} steps. Lower --cache-gigabytes, try --no-tensorboard, and look for a "
            "callback of your own that keeps tensors."
        )
    return None


DIAGNOSES: tuple[Callable[[Sequence[Check], int], str | None], ...] = (
    not_finite,
    discriminator_won,
    generator_collapsed,
    stalled,
)


# ---- what is measured ---------------------------------------------------------------------------


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
    """ReLU of 32 random 5x5 filters, averaged over a grid of 4x4: (N, H, W, C) in [-1, 1] -> (N, 512).

    Averages see the shapes and not the grain: a generator that adds noise to one image is diverse in
    pixels and not in these. The filters are always the same. Features of the discriminator would see
    more of the content, but move with it: in healthy runs they differ by half from one check to the next.
    """
    channels = images.shape[-1]
    filters = np.random.default_rng(0).normal(size=(5, 5, channels, 32)) / math.sqrt(25 * channels)
    side = [min(size, FEATURE_SIDE) for size in images.shape[1:3]]
    maps = tf.nn.conv2d(tf.image.resize(images, side, method="area"), filters.astype(np.float32), 2, "SAME")
    return tf.image.resize(tf.nn.relu(maps), (4, 4), method="area").numpy().reshape(len(images), -1)


def label_groups(labels: np.ndarray) -> np.ndarray:
    """Equal labels, (N,) or (N, A), by the same number: integers (N,)."""
    return np.unique(labels, axis=0, return_inverse=True)[1].reshape(-1)


def loss_range(model: GAN) -> tuple[float, float]:
    """The least discriminator's loss, -inf where there is none, and the loss at zero logits."""
    loss = smooth_real_label(model.loss_pair, model.label_smoothing)

    def least(limit: float) -> float:
        # The sum of a real and a fake term, each of which has its own least value.
        logits = tf.linspace(-limit, limit, 2401)[:, tf.newaxis]
        zeros = tf.zeros_like(logits)
        return float(tf.reduce_min(loss(logits, zeros)) + tf.reduce_min(loss(zeros, logits)) - loss(zeros, zeros)[0])

    low = least(30.0)
    return (low if least(60.0) > low - 1.0 else -math.inf), float(loss(tf.zeros((1, 1)), tf.zeros((1, 1)))[0])


def weight_norm(network: keras.Model) -> float:
    """The Euclidean norm of the trainable weights; nan where there are none.

    A number of the weights alone, so that a continued run knows whether they moved since the last check.
    """
    squares = [np.square(np.asarray(variable.value, np.float64)).sum() for variable in network.trainable_variables]
    return math.sqrt(sum(squares)) if squares else math.nan


def memory_mib() -> float:
    """Resident memory of this process without mapped files, in MiB; nan where there is no /proc."""
    try:
        _, resident, shared, *_ = Path("/proc/self/statm").read_text(encoding="ascii").split()
    except OSError:
        return math.nan
    return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE") / 2**20


def first_broken(model: GAN, logs: dict[str, float]) -> str:
    """The first value that is not finite, and the first weight of the network that broke first; empty where all are."""
    key = next((key for key in LOGS_IN_ORDER if not math.isfinite(logs.get(key, 0.0))), None)
    weight = first_broken_weight(model)
    if key == "fake_score":
        # Scores are taken before the step's updates: where D(x) is a number and D(G(z)) is none, the
        # generator broke first, and the discriminator with it within the step.
        paths = (v.path for v in model.generator.weights if not np.isfinite(np.asarray(v.value, np.float32)).all())
        weight = next(paths, weight)
    parts = [f"{key} is {logs[key]}"] if key else []
    return ", ".join([*parts, f"the weight {weight} is not finite"] if weight else parts)
