"""The series of `health.csv`, and what it says: one function a diagnosis."""

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tfgan_suite.errors import InputError, option
from tfgan_suite.files import writing_whole

# Ours, from runs of up to 2,400 steps. Healthy: mlp_gan, dcgan and cgan on MNIST and the embedded digits, with three
# losses. Failing: mlp_gan_wide on MNIST, cgan_mirza2014 on the digits.
WON_SHARE = 0.05  # of the loss's way from its least value to that at zero logits; healthy: 0.2 to 1, won: below 0.01
COLLAPSED_RATIO = 0.25  # of the data's diversity; healthy after 500 steps: above 0.5, one image a class: up to 0.23
COPIED_RATIO = 0.1  # of the targets' distance from their sources
CHECKERBOARD_LEVELS = 2.0  # of 255
INVERTED_CORRELATION = -0.5  # of results and sources in the mean; emoji of two makers: 0.5, and -1 of a negative
STILL_NORM, STILL_LOSS = 1e-7, 1e-4  # relative; healthy: above 1e-5 and 1e-3 from one check to the next
GROWTH_SHARE, GROWTH_MIB = 0.2, 256.0  # of memory, whichever is less; healthy: some MiB
MEMORY_WINDOWS = 4  # memory is judged over so many windows, since caches fill for a while

# The last columns, and those that a series may lack that was begun before they came.
TEXTS = ("broken", "event", "epoch_means")
LATER_COLUMNS = ("source_ratio", "alternation", "source_correlation")


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
        source_ratio: of what is made of images, its mean distance from them as a share of their targets', or without
            pairs of other images of the targets' kind; None of samples, and where the sources are no images of it.
        alternation: how far every second pixel of it stands out more than in the targets, in levels of 0 to 255; None
            of samples.
        source_correlation: of what is made without pairs, its correlation with its source over the pixels, in the mean;
            None of samples and of pairs, and as `source_ratio`.
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
    source_ratio: float | None = None
    alternation: float | None = None
    source_correlation: float | None = None
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

    @property
    def of_sources(self) -> bool:
        """Whether the images are made of images."""
        return self.alternation is not None

    @property
    def without_pairs(self) -> bool:
        """Whether the images are made of images, by what learns without pairs."""
        return self.source_correlation is not None


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
        f"{checks[-1].broken}. Lower {option('generator_learning_rate')} and {option('discriminator_learning_rate')}, "
        f"or choose another {option('loss')}."
    )


def discriminator_won(checks: Sequence[Check], window: int) -> str | None:
    """A discriminator's loss near its least value all through the window."""
    last = recent(checks, window)
    if not last or not all(check.won for check in last):
        return None
    check = last[-1]
    if check.discriminator_loss < 0:  # of wasserstein alone
        return (
            f"the discriminator runs away: D(x) is {-check.discriminator_loss:.3g} above D(G(z)), about as much as "
            f"images can differ or more, for {window} steps: nothing holds its slopes at 1. Add "
            f"{option('penalty', 'gradient_penalty')}, raise {option('penalty_weight')}, or give "
            f"{option('weight_clip', 0.01)}."
        )
    return (
        f"the discriminator has won: its loss is {check.discriminator_loss:.3g}, {check.loss_share:.1%} of what "
        f"it is where it cannot tell, and was below {WON_SHARE:.0%} for {window} steps, so that the generator learns "
        f"little from it. Lower {option('discriminator_learning_rate')}, raise {option('dropout')} to 0.3 or "
        f"{option('label_smoothing')} to 0.1, or choose {option('loss', 'least_squares')}."
    )


def generator_collapsed(checks: Sequence[Check], window: int) -> str | None:
    """Samples that hardly differ from each other all through the window."""
    last = recent(checks, window)
    if not last or not all(check.collapsed for check in last):
        return None
    if last[-1].of_sources:
        rates = f"{option('generator_learning_rate')} and {option('discriminator_learning_rate')}"
        look = "L" if last[-1].without_pairs else "See whether each source stands beside its own target, or l"
        return (
            f"the generator has collapsed: its results differ by {last[-1].pixel_ratio:.1%} of what the targets do in "
            f"pixels and {last[-1].feature_ratio:.1%} in features, below {COLLAPSED_RATIO:.0%} for {window} steps: "
            f"whatever the source, it makes nearly one image. {look}ower {rates}."
        )
    return (
        f"the generator has collapsed: its samples differ by {last[-1].pixel_ratio:.1%} of what the data do in pixels "
        f"and {last[-1].feature_ratio:.1%} in features, below {COLLAPSED_RATIO:.0%} for {window} steps, so that they "
        f"are nearly one image (with labels: one a label). Set {option('beta_1', 0.5)} and "
        f"{option('ema_momentum', 0.999)}, with {option('body', 'mlp')} and {option('batch_norm')} True too, or lower "
        f"{option('generator_learning_rate')} and {option('discriminator_learning_rate')}."
    )


def source_copied(checks: Sequence[Check], window: int) -> str | None:
    """Results that hardly differ from their sources all through the window."""
    last = recent(checks, window)
    ratios = [check.source_ratio for check in last if check.source_ratio is not None]
    if not ratios or not all(ratio < COPIED_RATIO for ratio in ratios):
        return None
    if last[-1].without_pairs:
        return (
            f"the results are their sources: they differ from them by {ratios[-1]:.1%} of what pictures of the other "
            f"kind do, below {COPIED_RATIO:.0%} for {window} steps: right only if the kinds look almost alike. Else "
            f"begin anew with {option('identity_weight', 0)}, or raise {option('generator_learning_rate')}."
        )
    return (
        f"the results are their sources: they differ from them by {ratios[-1]:.1%} of what the targets do, "
        f"below {COPIED_RATIO:.0%} for {window} steps. Raise {option('l1_weight')} or "
        f"{option('generator_learning_rate')}, and see whether sources and targets are what you mean."
    )


def colours_inverted(checks: Sequence[Check], window: int) -> str | None:
    """Results of a model that learns without pairs that are the negatives of their sources all through the window.

    A cycle is closed by two negatives as well as by none, and nothing in training says which is right: a question.
    """
    last = recent(checks, window)
    found = [check.source_correlation for check in last]
    if not found or not all(value is not None and value < INVERTED_CORRELATION for value in found):
        return None
    return (
        f"what is made is the negative of its source: their correlation is {found[-1]:.2f}, below "
        f"{INVERTED_CORRELATION:g} for {window} steps: right only if the kinds are each other's negatives, such as "
        f"white on black and black on white. Else begin anew with {option('identity_weight', 0.5)} or more, or another "
        f"{option('seed')}."
    )


def checkerboard(checks: Sequence[Check], window: int) -> str | None:
    """Every second pixel stands out all through the window."""
    last = recent(checks, window)
    levels = [check.alternation for check in last if check.alternation is not None]
    if not levels or not all(level > CHECKERBOARD_LEVELS for level in levels):
        return None
    return (
        f"the results have a checkerboard: every second pixel stands out by {levels[-1]:.1f} of 255 levels "
        f"in the mean, above {CHECKERBOARD_LEVELS:g} for {window} steps. Begin anew with "
        f"{option('generator_up', 'nearest')}."
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
            f"{option(f'{names[0]}_learning_rate')}, or see whether {option('learning_rate_decay')} has come to its "
            f"end ({option('decay_steps')})."
        )
    losses = [(check.discriminator_loss, check.generator_loss) for check in last]
    if all(is_still(values, STILL_LOSS) for values in zip(*losses, strict=True)):
        return (
            f"stalled: the losses of discriminator and generator have stood at {losses[-1][0]:.4g} and "
            f"{losses[-1][1]:.4g} for {window} steps: the logits no longer depend on the image. Begin anew with a "
            f"lower {option('discriminator_learning_rate')} or another {option('seed')}."
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
            f"{last[-1].step - last[0].step:,} steps. Lower {option('cache_gigabytes')}, try "
            f"{option('tensorboard', False)}, and look for a callback of your own that keeps tensors."
        )
    return None


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
        if tuple(name for name in Check._fields if name in header or name not in LATER_COLUMNS) != header:
            raise InputError(f"{path} is not a health.csv of this version: its columns are {header}. Move it away.")
        for line in lines:
            try:
                json.loads(line[-1])
                numbers = {
                    name: float(cell) if cell else None for name, cell in zip(header[1:-3], line[1:-3], strict=True)
                }
                checks.append(Check(int(line[0]), **numbers, **dict(zip(TEXTS, line[-3:], strict=True))))  # type: ignore[arg-type]
            except (ValueError, TypeError, IndexError):
                break
    return checks


def write_checks(path: Path, checks: Sequence[Check]) -> None:
    """Writes a `health.csv`, whole or not at all."""
    with writing_whole(path) as partial:
        append_rows(partial, [Check._fields, *checks])


def append_rows(path: Path, rows: Iterable[Sequence[Any]]) -> None:
    """Adds rows to a CSV file, which is on disk whole when this returns."""
    with path.open("a", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(rows)
