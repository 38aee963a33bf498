"""Which files are pairs: those of two folders, pictures of two halves, the rows of a CSV."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from tfgan_suite.data.folder_scan import SPLITS, Parts, Scan, scan_folder
from tfgan_suite.data.natural_order import composed
from tfgan_suite.data.pairs import rows_of_split
from tfgan_suite.data.picture_files import ARRAY_SUFFIX
from tfgan_suite.errors import InputError, option, printable, unknown_choice
from tfgan_suite.options.pairs import LAYOUTS, SOURCE_KINDS

ARRAYS = frozenset({ARRAY_SUFFIX})
SOURCE_COLUMN, TARGET_COLUMN, SPLIT_COLUMN = "source", "target", "split"


@dataclass(frozen=True)
class PairRules:
    """Which pictures are pairs.

    Attributes:
        source, target: names of two folders, or of two features of a TFDS data set.
        layout: `separate`, or `side_by_side`: each picture is its source on the left and its target on the right.
        reverse: of pictures side by side the source is on the right.
        source_kind: `images`, or `labels`: colours that are classes, resized by nearest.

    Raises:
        InputError: none of these.
    """

    source: str | None = None
    target: str | None = None
    layout: str = "separate"
    reverse: bool = False
    source_kind: str = "images"

    def __post_init__(self) -> None:
        if self.layout not in LAYOUTS:
            raise unknown_choice(option("pair_layout"), self.layout, LAYOUTS)
        if self.source_kind not in SOURCE_KINDS:
            raise unknown_choice(option("source_kind"), self.source_kind, SOURCE_KINDS)
        halves = option("pair_layout", "side_by_side")
        if self.layout == "side_by_side" and (self.source or self.target):
            raise InputError(f"{halves} takes no {option('source')} and no {option('target')}: they are its halves.")
        if self.layout == "separate" and self.reverse:
            raise InputError(f"{option('reverse', True)} needs {halves}. Else exchange what source and target name.")
        if self.source is not None and self.source == self.target:
            raise InputError(f"{option('source')} and {option('target')} must differ. Received: {self.source!r} twice.")


class Pair(NamedTuple):
    """Where a pair lies.

    Attributes:
        name: what both halves are called, without the suffix.
        source, target: the files, which are one where they lie side by side.
    """

    name: str
    source: Path
    target: Path


@dataclass
class Pairs:
    """The pairs of a data set.

    Attributes:
        where: they lie, for people to read.
        splits: the pairs of each; one named `train` where there are no splits.
        told: what is passed over, for people to read.
    """

    where: str
    splits: dict[str, list[Pair]] = field(default_factory=dict)
    told: tuple[str, ...] = ()


def in_folders(folder: Path, how: PairRules) -> Pairs:
    """FOLDER/NAME/... or FOLDER/SPLIT/NAME/..., with a NAME for each half."""
    names = names_of_halves(how, f"Pairs in the folder {folder}", "folders")
    scan = scan_folder(folder, ARRAYS)
    if any(parts[0] in names for parts in scan.pictures):
        return Pairs(str(folder), {"train": _matched(scan.pictures, folder, names)}, scan.told())
    splits = scan.splits()
    if not splits:
        tops = ", ".join(sorted({printable(parts[0]) for parts in scan.pictures if len(parts) > 1})[:10])
        raise InputError(f"The folder {folder} has no folder {names[0]} with pictures. It has: {tops or 'none'}.")
    found = {
        split: _matched([parts[1:] for parts in scan.pictures if parts[0] == top], folder / top, names)
        for split, top in splits.items()
    }
    return Pairs(str(folder), found, scan.told())


def names_of_halves(how: PairRules, what: str, kind: str) -> tuple[str, str]:
    if not how.source or not how.target:
        raise InputError(
            f"{what} need {option('source')} and {option('target')}, the names of two {kind}; or, of pictures that "
            f"hold both, {option('pair_layout', 'side_by_side')}."
        )
    return how.source, how.target


def _matched(pictures: Sequence[Parts], folder: Path, names: tuple[str, str]) -> list[Pair]:
    """The pairs below two folders, in the order of the sources.

    Raises:
        InputError: no pictures, a half that is missing, or two pictures of one name.
    """
    sources, targets = (by_name([parts for parts in pictures if parts[0] == name], folder, name) for name in names)
    for here, there, (name, other) in ((sources, targets, names), (targets, sources, names[::-1])):
        if alone := [each for each in here if each not in there]:
            raise InputError(
                f"The folder {folder}: {len(alone)} of {len(here)} pictures of {name} have no other half in {other}, "
                f"such as {printable(alone[0])}. Expected files of equal names below both, but for the suffix."
            )
    return [Pair(name, path, targets[name]) for name, path in sources.items()]


def by_name(pictures: Sequence[Parts], folder: Path, half: str, depth: int = 1) -> dict[str, Path]:
    """Pictures by their names below the folder of their half, so many folders below the first.

    Raises:
        InputError: no pictures, or two of one name.
    """
    if not pictures:
        raise InputError(f"The folder {folder} has no folder {half} with pictures.")
    found: dict[str, Path] = {}
    for parts in pictures:
        name, path = _name(parts[depth:] or parts), folder.joinpath(*parts)
        if name in found:
            raise InputError(f"{path} and {found[name].name} have one name but for the suffix. Remove one of them.")
        found[name] = path
    return found


def _name(parts: Parts) -> str:
    """A picture's path without its suffix.

    >>> _name(("faces", "happy.one.png"))
    'faces/happy.one'
    """
    return composed("/".join((*parts[:-1], Path(parts[-1]).stem)))


def in_one_picture(folder: Path) -> Pairs:
    """FOLDER/... or FOLDER/SPLIT/... of pictures that hold both halves."""
    scan: Scan = scan_folder(folder, ARRAYS)
    if not scan.pictures:
        raise InputError(f"The folder {folder} has no images.")
    found: dict[str, list[Pair]] = {}
    tops = {top: split for split, top in scan.splits().items()}
    for parts in scan.pictures:
        path = folder.joinpath(*parts)
        found.setdefault(tops.get(parts[0], "train"), []).append(Pair(_name(parts[1:] if tops else parts), path, path))
    return Pairs(str(folder), found, scan.told())


def in_csv(file: Path) -> Pairs:
    """A row a pair: paths relative to the file, and perhaps the split."""
    try:
        with file.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream, skipinitialspace=True)
            rows = [(reader.line_num, row) for row in reader]
            columns = list(reader.fieldnames or [])
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{file} is not a CSV in UTF-8: {error}.") from error
    if SOURCE_COLUMN not in columns or TARGET_COLUMN not in columns:
        raise InputError(
            f"{file} needs the columns {SOURCE_COLUMN!r} and {TARGET_COLUMN!r}, and perhaps {SPLIT_COLUMN!r}. Received "
            f"the columns: {', '.join(columns) or 'none'}."
        )
    if not rows:
        raise InputError(f"{file} has no rows.")
    splits: dict[str, list[Pair]] = {}
    for number, row in rows:
        for column in (SOURCE_COLUMN, TARGET_COLUMN, *([SPLIT_COLUMN] if SPLIT_COLUMN in columns else [])):
            if None in row or row[column] in (None, ""):
                raise InputError(f"{file}, line {number}: expected a value in the column {column!r}.")
        split = SPLITS.get(row.get(SPLIT_COLUMN, "train").casefold())
        if split is None:
            raise InputError(f"{file}, line {number}: split must be train, test or val. Received: {row['split']!r}.")
        source, target = row[SOURCE_COLUMN], row[TARGET_COLUMN]
        pair = Pair(_name(Path(source).parts), file.parent / source, file.parent / target)
        splits.setdefault(split, []).append(pair)
    return Pairs(str(file), splits)


def of_split(pairs: Pairs, split: str, what: str = "pairs") -> tuple[list[Pair], tuple[str, ...]]:
    """The pairs of a split, and what is said of those that are held out, which are called `what`."""
    if split in pairs.splits and (split != "train" or "test" in pairs.splits):
        return pairs.splits[split], ()
    if split not in ("train", "test") or "train" not in pairs.splits:
        raise InputError(f"{pairs.where} has no split {split!r}. It has: {', '.join(pairs.splits)}.")
    everything = pairs.splits["train"]
    rows, note = rows_of_split([pair.name for pair in everything], split, pairs.where, what)
    return [everything[row] for row in rows], (note,)
