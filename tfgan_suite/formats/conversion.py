"""A converted generator held against the one it was made from."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tfgan_suite.errors import InputError, one_line
from tfgan_suite.formats.source import Images, Source

# Of float32 kernels that add up in another order.
TOLERANCE = 1e-5
# A trained generator can turn the last bit of its latents into more than that: other kernels came to 2.5 times what
# this bit did in three generators of MNIST. Up to 1e-3: an operation that was converted wrong shows by 1e-2 and more.
LAST_BIT_FACTOR, MOST_TOLERANCE = 10, 1e-3
BATCH_SIZES = (1, 16, 5)


class Conversion(NamedTuple):
    """What a conversion wrote.

    Attributes:
        path: the file or folder.
        size: in bytes.
        difference: the largest of any number of an image to what was converted: of a generator of latents in [-1, 1],
            of a translator in levels of 255.
        mean_difference: the mean of all of them.
        note: what else there is to say of it.
        in_levels: whether the differences are levels.
    """

    path: Path
    size: int
    difference: float
    mean_difference: float
    note: str = ""
    in_levels: bool = False

    def __str__(self) -> str:
        size = f"{self.size / 1e6:.1f} MB" if self.size >= 1e5 else f"{self.size / 1e3:.1f} kB"
        mean = f", {self.mean_difference:.2g} in the mean" if self.note or self.in_levels else ""
        note = f" ({self.note})" if self.note else ""
        levels = "level" if self.difference == 1 else "levels"
        by = f"{self.difference:.0f} {levels} of 255" if self.in_levels else f"{self.difference:.2g}"
        return f"{self.path}: {size}; images differ by {by} at most{mean}{note}"


class Difference(NamedTuple):
    """Of images from those that they must be.

    Attributes:
        largest: of any number, in [-1, 1], or in levels of 255 of a translator.
        mean: of all of them.
        of_others: the mean between images of different seeds, or of different pictures.
        of_last_bit: the largest between images whose latents differ in their last bit.
    """

    largest: float
    mean: float
    of_others: float
    of_last_bit: float


def compare(converted: Images, source: Source, expected: Images) -> Difference:
    """Runs batches of several sizes, as a client would, one after the other.

    Args:
        converted: the generator in its new format.
        source: gives seeds and labels.
        expected: what it must give.

    Raises:
        InputError: it does not run, or gives images of another shape.
    """
    distances, other_seeds, last_bit = [], 0.0, 0.0
    for rows in BATCH_SIZES:
        latents, labels = source.inputs(rows)
        right = expected(latents, labels)
        images = answer(converted, latents, labels, right.shape)
        distances.append(np.abs(images - right).ravel())
        if rows == max(BATCH_SIZES):
            other_seeds = float(np.abs(expected(np.roll(latents, 1, axis=0), labels) - right).mean())
            last_bit = float(np.abs(expected(np.nextafter(latents, np.float32(np.inf)), labels) - right).max())
    every = np.concatenate(distances)
    return Difference(float(every.max()), float(every.mean()), other_seeds, last_bit)


def answer(converted: Images, first: np.ndarray, second: np.ndarray | None, shape: tuple[int, ...]) -> np.ndarray:
    """What a converted generator or translator gives, as a client would ask it.

    Raises:
        InputError: it does not run, or gives images of another shape.
    """
    try:
        images = converted(first, second)
    except Exception as error:  # each runtime raises kinds of its own
        reason = one_line(str(error)) or type(error).__name__
        raise InputError(f"The converted generator does not run with {len(first)} rows: {reason}") from error
    if images.shape != shape:
        raise InputError(f"The converted generator gives {images.shape} where {shape} was expected.")
    return images


def check_exact(converted: Images, source: Source) -> tuple[Difference, str]:
    """Of a conversion that must change nothing: its difference, and a note.

    A generator that computes in 16 bits is compared with itself in 32 bits, which is what was converted;
    the difference that is told is the one to the generator as it was, held to what `check_lossy` allows.

    Raises:
        InputError: it differs by more than `TOLERANCE`, or than what the last bit of latents does ten times over, or
            in any case by more than `MOST_TOLERANCE`.
    """
    was_half = source.frozen.was_half
    to_check = compare(converted, source, _wide(source) if was_half else source.images)
    tolerance = max(TOLERANCE, min(LAST_BIT_FACTOR * to_check.of_last_bit, MOST_TOLERANCE))
    if not to_check.largest <= tolerance:  # true for NaN
        raise InputError(
            f"The converted generator was not written: its images differ from those of {source.name} by "
            f"{to_check.largest:.2g}, where at most {tolerance:.2g} was expected."
        )
    if not was_half:
        return to_check, ""
    return check_lossy(converted, source), "computes in float32 where the source computes in 16 bits"


def check_lossy(converted: Images, source: Source) -> Difference:
    """Of a conversion that rounds weights: its difference.

    Raises:
        InputError: no finite numbers, or images further from the right ones than those of other seeds.
    """
    difference = compare(converted, source, source.images)
    if not difference.mean < difference.of_others:  # true for NaN
        raise InputError(
            f"The converted generator was not written: its images differ by {difference.mean:.2g} in the mean, "
            f"those of different seeds by {difference.of_others:.2g}."
        )
    return difference


def check_refusals(converted: Images, source: Source) -> None:
    """Of wrong inputs: their rows must be NaN, and the rows beside them as they are without them.

    Raises:
        InputError: they are not.
    """
    latents, labels = source.inputs(2)
    right = converted(latents, labels)
    for wrong, first_latents, first_labels in _wrong_first_rows(source, latents, labels):
        images = converted(first_latents, first_labels)
        difference = np.abs(images[1:] - right[1:]).max()
        if not np.isnan(images[0]).all() or not difference <= TOLERANCE:  # true for NaN
            raise InputError(
                f"The converted generator was not written: a row of {wrong} must give NaN and change no other row. "
                f"Received: {images[0].ravel()[0]:.2g}, and another row that differs by {difference:.2g}."
            )


def _wrong_first_rows(source: Source, latents: np.ndarray, labels: Any) -> Iterator[tuple[str, np.ndarray, Any]]:
    for value in (np.nan, np.inf):
        wrong = latents.copy()
        wrong[0, -1] = value
        yield f"latents {value}", wrong, labels
    if source.saved.labels is not None:
        for value in (-1, source.saved.labels.wrong):
            wrong = labels.copy()
            wrong[(0,) * wrong.ndim] = value
            yield f"labels {value}", latents, wrong


def _wide(source: Source) -> Images:
    def images(latents: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
        given = [latents] if labels is None else [latents, labels]
        return source.frozen.function(*given)["images"].numpy()

    return images
