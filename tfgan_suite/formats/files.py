"""A converted generator or translator: checked, written, and of a translator with a card beside its file."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tfgan_suite.files import writing_whole
from tfgan_suite.formats.conversion import Conversion, Difference, check_exact, check_lossy, check_refusals
from tfgan_suite.formats.pixels import PixelDifference, check_pixels
from tfgan_suite.formats.source import Source
from tfgan_suite.formats.translator import TranslatorSource

CARD_SUFFIX = ".json"  # behind the whole name of a file

AnyDifference = Difference | PixelDifference
Run = Callable[[dict[str, np.ndarray]], np.ndarray]


def checked(run: Run, source: Source | TranslatorSource, lossy: str = "") -> tuple[AnyDifference, str]:
    """The difference of a conversion, and a note.

    Args:
        run: the new format, from inputs by name to images.
        source: what was converted.
        lossy: what rounds its weights; empty: nothing.

    Raises:
        InputError: it does not keep to what `check_exact`, `check_lossy` and `check_refusals`, or `check_pixels`, say.
    """
    names = [spec.name for spec in source.frozen.specs]

    def converted(*given: Any) -> np.ndarray:
        return run({name: value for name, value in zip(names, given, strict=False) if value is not None})

    if isinstance(source, TranslatorSource):
        return check_pixels(converted, source, lossy)
    found = (check_lossy(converted, source), lossy) if lossy else check_exact(converted, source)
    check_refusals(converted, source)
    return found


def written(
    path: Path, content: bytes, source: Source | TranslatorSource, difference: AnyDifference, note: str
) -> Conversion:
    """Writes a file; of a translator first its card, which says how pictures are read, as NAME.SUFFIX.json."""
    if isinstance(source, TranslatorSource):
        card = json.dumps(card_of(source, difference, note), indent=2) + "\n"
        with writing_whole(path.with_name(path.name + CARD_SUFFIX)) as partial:
            partial.write_text(card, encoding="utf-8")
    with writing_whole(path) as partial:
        partial.write_bytes(content)
    in_levels = isinstance(source, TranslatorSource)
    return Conversion(path, len(content), difference.largest, difference.mean, note, in_levels)


def card_of(source: TranslatorSource, difference: AnyDifference, note: str) -> dict[str, Any]:
    """What an export says of itself, with what its conversion takes and gives, and by how much it differs."""
    levels = {"largest": int(difference.largest), "mean": float(f"{difference.mean:.2g}")}
    said = {**source.said(), "levels_from_saved_model": levels}
    return {**source.card, "name": source.name, "converted": {**said, **({"note": note} if note else {})}}
