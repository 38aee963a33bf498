"""A converted translator held against its SavedModel, pixel by pixel."""

import numpy as np

from tfgan_suite.errors import InputError
from tfgan_suite.formats.conversion import BATCH_SIZES, Difference, Images, answer
from tfgan_suite.formats.translator import TranslatorSource

# Levels of 255. Kernels that add up in another order differ by less than a hundredth of a level, and so move to another
# level what lies beside a half: fewer than one number in a hundred.
MOST_LEVELS, MOST_MEAN = 1, 0.01


def check_pixels(converted: Images, source: TranslatorSource, lossy: str = "") -> tuple[Difference, str]:
    """The difference of a conversion in levels, and a note.

    Args:
        converted: the translator in its new format.
        source: as it was.
        lossy: what rounds its weights; empty: nothing, so that no pixel may differ by more than a level. One that
            computes in 16 bits is then compared with itself in 32 bits, which is what was converted, and to what it
            was only held as one that rounds.

    Raises:
        InputError: it does not run, or its pixels differ by more.
    """
    was_half = source.frozen.was_half
    if not lossy:
        found = _compare(converted, source, source.wide if was_half else source.images)
        if not (found.largest <= MOST_LEVELS and found.mean <= MOST_MEAN):
            raise InputError(
                f"The converted translator was not written: its pixels differ from those of {source.name} by "
                f"{found.largest:.0f} levels of 255 at most and {found.mean:.2g} in the mean, where at most "
                f"{MOST_LEVELS} and {MOST_MEAN} were expected."
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


def _compare(converted: Images, source: TranslatorSource, expected: Images) -> Difference:
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
    return Difference(float(every.max()), float(every.mean()), of_others, 0.0)
