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
from tfgan_suite.models.gan import GAN

ON_COLLAPSE = ("warn", "stop", "rollback")
MAX_REFERENCE = 256  # images; the diversity of more differs by a percent
FEATURE_SIDE = 8  # pixels; larger images are averaged down to it before features are taken

# Ours, from runs of up to 2,400 steps. Healthy: mlp_gan, dcgan and cgan on MNIST and the embedded digits, with three
# losses. Failing: mlp_gan_wide on MNIST, cgan_mirza2014 on the digits.
WON_SHARE = 0.05  # of the loss's way from its least value to that at zero logits; healthy: 0.2 to 1, won: below 0.01
COLLAPSED_RATIO = 0.1  # of the data's diversity; healthy after 500 steps: above 0.2, collapsed: below 0.06
STILL_NORM, STILL_LOSS = 1e-7, 1e-4  # relative; healthy: above 1e-5 and 1e-3 from one check to the next
GROWTH_SHARE, GROWTH_MIB = 0.2, 256.0  # of memory, whichever is less; healthy: some MiB
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
    return (
        f"{checks[-1].broken}. Lower --generator-learning-rate and --discriminator-learning-rate, or choose another "
        "--loss."
    )


def discriminator_won(checks: Sequence[Check], window: int) -> str | None:
    """A discriminator's loss near its least value all through the window."""
    last = recent(checks, window)
    if not last or not all(check.won for check in last):
        return None
    return (
        f"the discriminator has won: its loss is {last[-1].discriminator_loss:.3g}, {last[-1].loss_share:.1%} of what "
        f"it is where it cannot tell, and was below {WON_SHARE:.0%} for {window} steps, so that the generator learns "
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
        "are nearly one image (with labels: one a label). Set --beta-1 0.5 and --ema-momentum 0.999, with --body mlp "
        "--batch-norm too, or lower --generator-learning-rate and --discriminator-learning-rate."
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
            f"{losses[-1][1]:.4g} for {window} steps: the logits no longer depend on the image. Begin anew with a "
            "lower --discriminator-learning-rate or another --seed."
        )
    return None


def is_still(values: Iterable[float], tolerance: float) -> bool:
    """Whether values differ by at most a share of the largest; not where one is no number."""
    series = np.array(list(values))
    with np.errstate(invalid="ignore"):  # inf - inf
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
    parts = [f"{key} is {logs[key]}"] if key else []
    # Scores are taken before a step's updates: where D(x) is a number and D(G(z)) is none, the generator
    # broke first, and the discriminator within the same step.
    for name in ("generator", "discriminator") if key == "fake_score" else ("discriminator", "generator"):
        for variable in getattr(model, name).weights:
            if not np.isfinite(np.asarray(variable.value, np.float32)).all():
                return ", ".join([*parts, f"the {name}'s weight {variable.path} is not finite"])
    return "".join(parts)


# ---- the series on disk -------------------------------------------------------------------------


def read_checks(path: Path) -> list[Check]:
    """The rows of a `health.csv`; none where there is no file. A last line that a cut left unfinished is left out.

    Raises:
        InputError: the file has other columns.
    """
    if not path.exists():
        return []
    checks: list[Check] = []
    with path.open(newline="", encoding="utf-8") as stream:
        lines = csv.reader(stream)
        header = tuple(next(lines, Check._fields))
        if header != Check._fields:
            raise InputError(f"{path} is not a health.csv of this version: its columns are {header}. Move it away.")
        for line in lines:
            try:
                json.loads(line[-1])
                checks.append(Check(int(line[0]), *map(float, line[1:-3]), *line[-3:]))  # type: ignore[arg-type]
            except (ValueError, TypeError, IndexError):
                break
    return checks


def write_checks(path: Path, checks: Sequence[Check]) -> None:
    """Writes a `health.csv`, whole or not at all."""
    partial = path.with_name(f".partial_{path.name}")
    partial.unlink(missing_ok=True)
    append_rows(partial, [Check._fields, *checks])
    partial.replace(path)


def append_rows(path: Path, rows: Iterable[Sequence[Any]]) -> None:
    """Adds rows to a CSV file, which is on disk whole when this returns."""
    with path.open("a", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(rows)


class HealthMonitor(keras.callbacks.Callback):
    """Warns in one line when training goes wrong, writes the series to `health.csv`, and acts if told to.

    Every so many steps, and at the last step of an epoch, it checks the losses since the last check,
    the diversity of fixed samples (those of `generate(samples, seed=0)`; where they come from a moving
    average, the alarm comes later) beside that of real images, the weights, and the memory. What it
    names: `not_finite`, `discriminator_won`, `generator_collapsed`, `stalled`, `memory_grows`, each once
    until the run has been healthy in that respect again.

    A conditional model's diversity is that within each label, so that one that ignores z is found. A
    generator that still makes several different images, such as one class in many forms, is not
    called collapsed: for that see `scripts/class_shares.py`.

    To stand in the list of callbacks before `StopOnNonFinite`, which ends the run, and before what
    saves checkpoints. All is decided from the rows, which a continued run takes back up to the step
    that it goes on from: it decides as an uncut one does. The memory alone is the process's own.
    Where a loss was not finite, its means are none up to the end of the epoch. With
    `steps_per_execution` checks come at the ends of groups, and where Keras does not know the number
    of steps in an epoch, not at its end.

    Args:
        path: of `health.csv`.
        real_images: uint8, or float in [-1, 1], (N, H, W, C), at least 16; up to 256 evenly spaced ones are used.
        labels: theirs, classes (N,) or attributes (N, A); an unconditional model leaves them aside. Without
            them, or where hardly two of the images share a label, within each label the samples of a
            conditional model are held against all images.
        every: steps between two checks, at multiples of it.
        window: steps for which something must have been wrong.
        grace: first steps in which a discriminator may win and samples be alike: untrained they are.
        samples: generated images at each check.
        on_collapse: what follows where the discriminator has won or the generator has collapsed:
            `"warn"`, `"stop"` (`CollapseError`) or `"rollback"`.
        rollback: for `"rollback"`: gets the last step that was healthy, gives the model the weights and optimizers
            of the newest checkpoint of that step or an earlier one, deletes the later ones, and returns the
            checkpoint's step; None where there is none. The step counter goes on all the same: noise and
            data are functions of it, and the same ones would end in the same way.
        max_rollbacks: after so many the next one is a `CollapseError`.
        writes: whether to write and print, as one of several workers does; all of them read and decide.

    Raises:
        InputError: an argument out of its range, or images that are all equal.
    """

    def __init__(
        self,
        path: Path | str,
        real_images: np.ndarray,
        labels: np.ndarray | None = None,
        *,
        every: int = 100,
        window: int = 500,
        grace: int = 500,
        samples: int = 64,
        on_collapse: str = "warn",
        rollback: Callable[[int], int | None] | None = None,
        max_rollbacks: int = 3,
        writes: bool = True,
    ):
        least = {"every": (every, 1), "window": (window, 1), "grace": (grace, 0), "samples": (samples, 8)}
        for name, (value, low) in {**least, "max_rollbacks": (max_rollbacks, 1)}.items():
            if value < low:
                raise InputError(f"{name} must be at least {low}. Received: {value}.")
        if on_collapse not in ON_COLLAPSE:
            raise unknown_choice("on_collapse", on_collapse, ON_COLLAPSE)
        if (on_collapse == "rollback") != (rollback is not None):
            raise InputError("on_collapse='rollback' and a function rollback go together. Received: one of them.")
        super().__init__()
        self.path = Path(path)
        self.every, self.window, self.grace, self.samples = every, window, grace, samples
        self.on_collapse, self.rollback, self.max_rollbacks = on_collapse, rollback, max_rollbacks
        self.writes = writes
        self.checks: list[Check] = []
        self._real_images, self._labels = check_reference(real_images, labels)
        self._active: set[str] = set()
        self._base: dict[str, list[float]] | None = None
        self._first_step: int | None = None  # of this process

    def on_train_begin(self, logs: Any = None) -> None:
        """Takes the series up where the model stands.

        Raises:
            InputError: the images are not of the model's shape, or the file at `path` is another's.
        """
        if self._real_images.shape[1:] != tuple(self.model.image_shape):
            raise InputError(
                f"real_images must have the model's shape {self.model.image_shape}. "
                f"Received: {self._real_images.shape[1:]}."
            )
        self._start = self._step()
        self._first_step = self._start if self._first_step is None else self._first_step
        self._loss_range = loss_range(self.model)
        self._measure_data()
        self.checks = [check for check in read_checks(self.path) if check.step <= self._start]
        if self.writes:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_checks(self.path, self.checks)
        self._active = set(self.diagnose())

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._base = None

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        if self._base is None:
            # Only now has a checkpoint given a continued epoch its means back.
            means, last = self.model.epoch_means(), self.checks[-1] if self.checks else None
            cut = last is not None and last.step < self._step() and any(count for _, count in means.values())
            self._base = json.loads(last.epoch_means) if last is not None and cut else means

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Checks, where it is time.

        Raises:
            CollapseError: as `on_collapse` says.
        """
        step, last = self._step(), self.checks[-1].step if self.checks else self._start
        # Not in on_epoch_end: by then the epoch's means may be those of the validation.
        epoch_ends = batch + 1 >= (self.params.get("steps") or math.inf)
        broken = not all(math.isfinite((logs or {}).get(key, 0.0)) for key in LOGS_IN_ORDER)
        if epoch_ends or step // self.every > last // self.every or (broken and "not_finite" not in self._active):
            self._check(step, logs or {}, epoch_ends)

    def diagnose(self) -> dict[str, str]:
        """What is wrong at the last check, by name."""
        since = self._last_rollback()
        own = [check for check in self.checks if check.step > since]
        learned = [check for check in own if check.step >= self.grace]
        here = [check for check in self.checks if check.step > (self._first_step or 0) + self.grace]
        found = {
            "not_finite": not_finite(own, self.window),
            "discriminator_won": discriminator_won(learned, self.window),
            "generator_collapsed": generator_collapsed(learned, self.window),
            "stalled": stalled(own, self.window),
            "memory_grows": memory_grows(here, self.window),
        }
        return {name: message for name, message in found.items() if message}

    def _check(self, step: int, logs: dict[str, float], epoch_ends: bool) -> None:
        check = self._measure(step, logs)
        self._base = {} if epoch_ends else self.model.epoch_means()
        self.checks.append(check._replace(epoch_means=json.dumps(self._base)))
        found = self.diagnose()
        events = [name for name in found if name not in self._active]
        for name in events:
            self._say(step, found[name])
        self._active = set(found)
        error = None
        trouble = [found[name] for name in ("discriminator_won", "generator_collapsed") if name in found]
        if trouble and self.on_collapse != "warn":
            event, error = self._act(step, " Also: ".join(trouble))
            events.append(event)
        self.checks[-1] = self.checks[-1]._replace(event="; ".join(events))
        if self.writes:
            append_rows(self.path, self.checks[-1:])
        if error:
            raise CollapseError(f"Step {step}: {error}")

    def _act(self, step: int, message: str) -> tuple[str, str | None]:
        """Goes back to a checkpoint, or says why the run ends: (event, error)."""
        done = sum("rollback" in check.event for check in self.checks)
        if self.rollback is None:
            return "stop", message
        if done == self.max_rollbacks:
            return "stop", f"{message} It went back {done} times, and it came again."
        healthy = [check.step for check in self.checks if not (check.won or check.collapsed)]
        before = max([*healthy, self._last_rollback(), 0])
        means = self.model.epoch_means()
        restored = self.rollback(before)
        if restored is None:
            return "stop", f"{message} There is no checkpoint of step {before} or an earlier one to go back to."
        self.model.step.assign(step)
        self.model.set_epoch_means(means)
        self._active = set()
        self._say(step, f"back to the weights of step {restored}, rollback {done + 1} of {self.max_rollbacks}")
        return f"rollback to {restored}", None

    def _step(self) -> int:
        return int(self.model.step.numpy())

    def _last_rollback(self) -> int:
        return max((check.step for check in self.checks if "rollback" in check.event), default=-1)

    def _measure_data(self) -> None:
        """Chooses the samples' labels, and takes the diversity of the real images."""
        real_images, groups = self._real_images, np.zeros(len(self._real_images), int)
        self._sample_labels, self._sample_groups = None, np.zeros(self.samples, int)
        if self.model.label_spec() is not None:
            labels = self.model.check_labels(None, self.samples) if self._labels is None else self._labels
            # At least four samples a label.
            self._sample_labels = self.model.check_labels(np.unique(labels, axis=0)[: self.samples // 4], self.samples)
            self._sample_groups = label_groups(self._sample_labels)
            if self._labels is not None:
                own = label_groups(self._labels)
                shared = np.bincount(own)[own] > 1
                if shared.sum() >= 16 and diversity(real_images[shared], own[shared]):
                    real_images, groups = real_images[shared], own[shared]
        self._data_diversity = diversity(real_images, groups), diversity(random_features(real_images), groups)

    def _measure(self, step: int, logs: dict[str, float]) -> Check:
        base = self._base or {}
        means = {
            key: (total - base.get(key, (0.0, 0.0))[0]) / ((count - base.get(key, (0.0, 0.0))[1]) or math.nan)
            for key, (total, count) in self.model.epoch_means().items()
        }
        least, at_zero = self._loss_range
        images = self.model.generate(self.samples, labels=self._sample_labels)
        pixels, features = (diversity(v, self._sample_groups) for v in (images, random_features(images)))
        return Check(
            step,
            means["generator_loss"],
            means["discriminator_loss"],
            means["real_score"],
            means["fake_score"],
            loss_share=(means["discriminator_loss"] - least) / (at_zero - least) if math.isfinite(least) else math.nan,
            pixel_diversity=pixels,
            feature_diversity=features,
            pixel_ratio=pixels / self._data_diversity[0],
            feature_ratio=features / self._data_diversity[1],
            generator_norm=weight_norm(self.model.generator),
            discriminator_norm=weight_norm(self.model.discriminator),
            memory_mib=memory_mib(),
            broken=first_broken(self.model, logs),
        )

    def _say(self, step: int, message: str) -> None:
        if self.writes:
            print(f"health: step {step}: {message}", file=sys.stderr, flush=True)


def check_reference(images: np.ndarray, labels: np.ndarray | None) -> tuple[np.ndarray, np.ndarray | None]:
    """Up to 256 real images as float32 in [-1, 1], and their labels.

    Raises:
        InputError: fewer than 16 images, another shape or range, or labels that are not one an image.
    """
    if images.ndim != 4 or len(images) < 16:
        raise InputError(f"real_images must be at least 16 images (N, H, W, C). Received: shape {images.shape}.")
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
