"""Pairs from where they lie: two folders, pictures of two halves, a CSV, or two features of a TFDS data set."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from tfgan_suite.arguments import checked_types
from tfgan_suite.data.folder_scan import SPLITS, Parts, Scan, scan_folder
from tfgan_suite.data.image_data import ImageData
from tfgan_suite.data.natural_order import composed
from tfgan_suite.data.pairs import StoredPairs, rows_of_split
from tfgan_suite.data.picture_files import ARRAY_SUFFIX, decodable, read_pictures, sizes_of
from tfgan_suite.data.sources import DATASETS
from tfgan_suite.data.tfds_images import load_tfds, split_names
from tfgan_suite.errors import InputError, option, printable, unknown_choice
from tfgan_suite.files import refuse_missing_data
from tfgan_suite.options.pairs import LAYOUTS, SOURCE_KINDS
from tfgan_suite.picture_rules import Levels, PictureRules

ARRAYS = frozenset({ARRAY_SUFFIX})
SOURCE_COLUMN, TARGET_COLUMN, SPLIT_COLUMN = "source", "target", "split"
# How much the shapes of two pictures of a pair may differ that are brought to one size: what rounding makes.
SAME_SHAPE = 0.01


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


@checked_types
def load_pairs(
    dataset: str,
    source: str | None = None,
    target: str | None = None,
    split: str = "train",
    data_dir: str | None = None,
    image_size: tuple[int, int] | None = None,
    channels: int | None = None,
    skip_damaged: bool = False,
    cache_gigabytes: float = 4.0,
    *,
    pair_layout: str = "separate",
    reverse: bool = False,
    source_kind: str = "images",
    fit: str = "crop",
    background: str = "white",
    levels: Levels | None = None,
) -> StoredPairs:
    """Pairs by the name or path of their data set, whole, as uint8, or as uint16 where `levels` are given.

    Args:
        dataset: a folder, a CSV file with the columns `source`, `target` and perhaps `split`, or a TFDS name.
        source, target: the folders DATASET/NAME or DATASET/SPLIT/NAME, below which files of a pair have equal names
            but for the suffix; or features of a TFDS data set.
        split: `train`, `test` or `val`; of data without `test` a part is held out of `train`, see `held_out`.
        data_dir: where TFDS keeps its data.
        image_size: (height, width) to resize to; None: as they are.
        channels: 1, 3 or 4 of both; None: as they are, which may differ.
        skip_damaged: leave out pairs of which a file cannot be decoded.
        cache_gigabytes: images beyond this lie in temporary files.
        pair_layout: `separate`, or `side_by_side`: each picture is its source on the left and its target on the right.
        reverse: of pictures side by side the source is on the right.
        source_kind: `images`, or `labels`: colours that are classes, resized by nearest.
        fit, background: see `PictureRules`.
        levels: (MIN, MAX) of grey pictures of more than 8 bits, and of arrays of whole numbers in files NAME.npy, for
            both halves. These then are uint16, of which `to_float` makes [-1, 1] and `to_levels` of `images` values
            again. None: such pictures become 8 bits.

    Raises:
        InputError: no pairs, a half that is missing, pictures of several sizes, or what `load_images` refuses.
    """
    how = PairRules(source, target, pair_layout, reverse, source_kind)
    rules = PictureRules(image_size, channels, fit, background, levels)
    return read_pairs(dataset, split, data_dir, rules, how, skip_damaged, cache_gigabytes)


def read_pairs(
    dataset: str,
    split: str,
    data_dir: str | None,
    rules: PictureRules,
    how: PairRules,
    skip_damaged: bool = False,
    cache_gigabytes: float = 4.0,
) -> StoredPairs:
    """What `load_pairs` does, by given rules.

    Raises:
        InputError: as `load_pairs`.
    """
    if rules.levels == "auto":
        raise InputError(f"Pairs take {option('levels', ('MIN', 'MAX'))}, the same for both. Received: auto.")
    refuse_missing_data(dataset)
    path = Path(dataset).expanduser()
    if dataset in DATASETS:
        raise InputError(f"{dataset} has no pairs. Make sources of its images with {option('degrade')}, such as mask.")
    if path.is_dir():
        pairs = _side_by_side(path) if how.layout == "side_by_side" else _in_folders(path, how)
    elif path.suffix.lower() == ".csv":
        if how.source or how.target or how.layout != "separate":
            raise InputError(f"{path}: the pairs of a CSV are named by its columns, with no other settings of pairs.")
        pairs = _in_csv(path)
    elif path.is_file():
        raise InputError(f"{path} is a file. Expected a folder of pictures or a CSV file NAME.csv.")
    else:
        return _of_tfds(dataset, split, data_dir, rules, how, cache_gigabytes)
    chosen, note = _of_split(pairs, split)
    data = _read(chosen, f"{pairs.where}, {split}", rules, how, skip_damaged, cache_gigabytes)
    return replace(data, notes=(*data.notes, *note, *pairs.told))


def _in_folders(folder: Path, how: PairRules) -> Pairs:
    """FOLDER/NAME/... or FOLDER/SPLIT/NAME/..., with a NAME for each half."""
    names = _names_of_halves(how, f"Pairs in the folder {folder}", "folders")
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


def _names_of_halves(how: PairRules, what: str, kind: str) -> tuple[str, str]:
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
    sources, targets = (_by_name([parts for parts in pictures if parts[0] == name], folder, name) for name in names)
    for here, there, (name, other) in ((sources, targets, names), (targets, sources, names[::-1])):
        if alone := [each for each in here if each not in there]:
            raise InputError(
                f"The folder {folder}: {len(alone)} of {len(here)} pictures of {name} have no other half in {other}, "
                f"such as {printable(alone[0])}. Expected files of equal names below both, but for the suffix."
            )
    return [Pair(name, path, targets[name]) for name, path in sources.items()]


def _by_name(pictures: Sequence[Parts], folder: Path, half: str) -> dict[str, Path]:
    """Pictures by their names below the folder of their half."""
    if not pictures:
        raise InputError(f"The folder {folder} has no folder {half} with pictures.")
    found: dict[str, Path] = {}
    for parts in pictures:
        name, path = _name(parts[1:] or parts), folder.joinpath(*parts)
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


def _side_by_side(folder: Path) -> Pairs:
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


def _in_csv(file: Path) -> Pairs:
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


def _of_split(pairs: Pairs, split: str) -> tuple[list[Pair], tuple[str, ...]]:
    """The pairs of a split, and what is said of those that are held out."""
    if split in pairs.splits and (split != "train" or "test" in pairs.splits):
        return pairs.splits[split], ()
    if split not in ("train", "test") or "train" not in pairs.splits:
        raise InputError(f"{pairs.where} has no split {split!r}. It has: {', '.join(pairs.splits)}.")
    everything = pairs.splits["train"]
    rows, note = rows_of_split([pair.name for pair in everything], split, pairs.where)
    return [everything[row] for row in rows], (note,)


def _read(
    pairs: Sequence[Pair], where: str, rules: PictureRules, how: PairRules, skip_damaged: bool, cache_gigabytes: float
) -> StoredPairs:
    """The pictures of pairs; where levels are given, those of more than 8 bits keep 16."""
    rules = replace(rules, deep=rules.levels is not None)
    arrays = [path for pair in pairs for path in (pair.source, pair.target) if path.suffix.lower() == ARRAY_SUFFIX]
    if arrays and not rules.deep:
        levels = option("levels", ("MIN", "MAX"))
        raise InputError(f"{arrays[0]} is an array. Give the range of its values with {levels}.")
    halves = (None, None) if how.layout == "separate" else (1, 0) if how.reverse else (0, 1)
    given = len(pairs)
    if skip_damaged:
        whole = decodable([pair.source for pair in pairs], rules) & decodable([pair.target for pair in pairs], rules)
        pairs = [pair for pair, good in zip(pairs, whole, strict=True) if good]
        if not pairs:
            raise InputError(f"{where}: none of the {given} pairs can be decoded.")
    files = [pair.source for pair in pairs], [pair.target for pair in pairs]
    of_source = replace(rules, resampling="nearest") if how.source_kind == "labels" else rules
    sources, targets = (
        read_pictures(paths, None, (), where, how_read, False, cache_gigabytes / 2, half)
        for paths, how_read, half in zip(files, (of_source, rules), halves, strict=True)
    )
    if how.layout == "separate":
        _refuse_other_shapes(*files, rules)
    names = tuple(pair.name for pair in pairs)
    return _paired(sources, targets, f"{where} ({len(names):,} pairs)", how, given - len(pairs), names)


def _refuse_other_shapes(sources: Sequence[Path], targets: Sequence[Path], rules: PictureRules) -> None:
    """Refuses a pair of pictures of two sizes, or where they are brought to one size, of two shapes."""
    sizes = zip(sources, targets, sizes_of(sources, rules), sizes_of(targets, rules), strict=True)
    for source, target, one, other in sizes:
        a, b = one[0] * other[1], other[0] * one[1]
        if abs(a - b) > SAME_SHAPE * max(a, b) if rules.size else one != other:
            remedy = "" if rules.size else f", or one shape and {option('image_size')}"
            raise InputError(
                f"The source {source} is {one[0]}x{one[1]} pixels, its target {target} is {other[0]}x{other[1]}. "
                f"Expected one size for both{remedy}."
            )


def _of_tfds(
    name: str, split: str, data_dir: str | None, rules: PictureRules, how: PairRules, cache_gigabytes: float
) -> StoredPairs:
    """Two features of a data set of TensorFlow Datasets, whose pairs are called by their numbers."""
    if how.layout != "separate":
        raise InputError(f"{option('pair_layout', how.layout)} takes a folder of pictures. Received: {name}.")
    features = _names_of_halves(how, f"Pairs of {name}", "features")
    held_out_of = split in ("train", "test") and "test" not in split_names(name, data_dir, download=True)
    of_source = replace(rules, resampling="nearest") if how.source_kind == "labels" else rules
    sources, targets = (
        load_tfds(name, "train" if held_out_of else split, data_dir, how_read, cache_gigabytes / 2, feature)
        for feature, how_read in zip(features, (of_source, rules), strict=True)
    )
    if sources.image_shape[:2] != targets.image_shape[:2]:
        raise InputError(
            f"The sources of {name} are {sources.image_shape[0]}x{sources.image_shape[1]} pixels, its targets "
            f"{targets.image_shape[0]}x{targets.image_shape[1]}. Give one size for both with {option('image_size')}."
        )
    names = tuple(str(row) for row in range(len(targets.images)))
    data = _paired(sources, targets, targets.source, how, 0, names)
    if not held_out_of:
        return data
    rows, note = rows_of_split(names, split, name)
    return replace(data.at(rows), notes=(*data.notes, note))


def _paired(
    sources: ImageData, targets: ImageData, where: str, how: PairRules, damaged: int, names: tuple[str, ...]
) -> StoredPairs:
    """Two lists of pictures as pairs; what is said of both is said once."""
    height, width, channels = sources.image_shape
    of_sources = [f"of the sources {note}" for note in sources.notes if note not in targets.notes]
    return StoredPairs(
        images=targets.images,
        labels=None,
        label_names=(),
        source=where,
        num_damaged=damaged,
        notes=(f"sources {height}x{width}x{channels}", *targets.notes, *of_sources),
        effects=targets.effects | {f"source_{key}": value for key, value in sources.effects.items()},
        warnings=tuple(dict.fromkeys((*targets.warnings, *sources.warnings))),
        sources=sources.images,
        source_kind=how.source_kind,
        names=names,
    )
