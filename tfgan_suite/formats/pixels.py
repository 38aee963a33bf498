"""A converted translator held against its SavedModel, pixel by pixel."""

from typing import NamedTuple

import numpy as np

from tfgan_suite.errors import InputError
from tfgan_suite.formats.conversion import BATCH_SIZES, Images, answer
from tfgan_suite.formats.translator import TranslatorSource

# Levels of 255. Kernels that add up in another order differ by less than a hundredth of a level, and so move to another
# level what lies beside a half: fewer than one number in a hundred.
MOST_MEAN = 0.01
# By more than one level only what a network puts on the edge of something, as it may by its last bit: a pixel in ten
# thousand. An operation that was converted wrong shows at borders at least, which are one in a hundred and more.
MOST_APART = 1e-4


class PixelDifference(NamedTuple):
    """Of pictures from those that they must be, in levels of 255.

    Attributes:
        largest: of any number.
        mean: of all of them.
        apart: the share of them that differ by more than one level.
        of_others: the mean between what is made of different pictures.
    """

    largest: float
    mean: float
    apart: float
    of_others: float


def check_pixels(converted: Images, source: TranslatorSource, lossy: str = "") -> tuple[PixelDifference, str]:
    """The difference of a conversion in levels, and a note.

    Args:
        converted: the translator in its new format.
        source: as it was.
        lossy: what rounds its weights; empty: nothing, so that pixels differ by no more than `MOST_MEAN` and
            `MOST_APART`. One that computes in 16 bits is then compared with itself in 32 bits, which is what was
            converted, and to what it was only held as one that rounds.

    Raises:
        InputError: it does not run, or its pixels differ by more.
    """
    was_half = source.frozen.was_half
    if not lossy:
        found = _compare(converted, source, source.wide if was_half else source.images)
        if not (found.mean <= MOST_MEAN and found.apart <= MOST_APART):
            raise InputError(
                f"The converted translator was not written: its pixels differ from those of {source.name} by "
                f"{found.largest:.0f} levels of 255 at most, by {found.mean:.2g} in the mean and by more than one at "
                f"{found.apart:.2g} of them. At most {MOST_MEAN} and {MOST_APART} were expected."
            )
        if not was_half:
            return found, ""
        lossy = "computes in float32 where the source computes in 16 bits"
    found = _compare(converted, source, source.images)
    if not found.mean < found.of_others:
        raise InputError(
            f"The converted translator was not written: its pixels differ by {found.mean:.2g} levels in the mean, "
            f"those made of different pictures by {found.of_others:.2g}."
        )
    return found, lossy


def _compare(converted: Images, source: TranslatorSource, expected: Images) -> PixelDifference:
    distances, of_others = [], 0.0
    for rows in BATCH_SIZES:
        pictures, masks = source.inputs(rows)
        right = expected(pictures, masks)
        distances.append(np.abs(answer(converted, pictures, masks, right.shape) - right.astype(float)).ravel())
        if rows == max(BATCH_SIZES):
            shown = right.astype(float)
            # Of a translator that takes one picture at a time, its negative is the other.
            other = np.roll(shown, 1, axis=0) if len(shown) > 1 else expected(255 - pictures, masks)
            of_others = float(np.abs(other - shown).mean())
    every = np.concatenate(distances)
    return PixelDifference(float(every.max()), float(every.mean()), float((every > 1).mean()), of_others)
