"""Pairs from where they lie: two folders, pictures of two halves, a CSV, or two features of a TFDS data set."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tfgan_suite.arguments import checked_types
from tfgan_suite.data.image_data import ImageData
from tfgan_suite.data.pair_scan import Pair, PairRules, in_csv, in_folders, in_one_picture, names_of_halves, of_split
from tfgan_suite.data.pairs import StoredPairs, rows_of_split
from tfgan_suite.data.picture_files import ARRAY_SUFFIX, decodable, read_pictures, sizes_of
from tfgan_suite.data.sources import DATASETS
from tfgan_suite.data.tfds_images import load_tfds, split_names
from tfgan_suite.errors import InputError, option
from tfgan_suite.files import refuse_missing_data
from tfgan_suite.picture_rules import Levels, PictureRules

# How much the shapes of two pictures of a pair may differ that are brought to one size: what rounding makes.
SAME_SHAPE = 0.01


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
        pairs = in_one_picture(path) if how.layout == "side_by_side" else in_folders(path, how)
    elif path.suffix.lower() == ".csv":
        if how.source or how.target or how.layout != "separate":
            raise InputError(f"{path}: the pairs of a CSV are named by its columns, with no other settings of pairs.")
        pairs = in_csv(path)
    elif path.is_file():
        raise InputError(f"{path} is a file. Expected a folder of pictures or a CSV file NAME.csv.")
    else:
        return _of_tfds(dataset, split, data_dir, rules, how, cache_gigabytes)
    chosen, note = of_split(pairs, split)
    data = _read(chosen, f"{pairs.where}, {split}", rules, how, skip_damaged, cache_gigabytes)
    return replace(data, notes=(*data.notes, *note, *pairs.told))


def _read(
    pairs: Sequence[Pair], where: str, rules: PictureRules, how: PairRules, skip_damaged: bool, cache_gigabytes: float
) -> StoredPairs:
    """The pictures of pairs; where levels are given, those of more than 8 bits keep 16."""
    rules = replace(rules, deep=rules.levels is not None)
    refuse_arrays([path for pair in pairs for path in (pair.source, pair.target)], rules)
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


def refuse_arrays(paths: Sequence[Path], rules: PictureRules) -> None:
    """Refuses files NAME.npy where no levels say what their values mean."""
    arrays = [path for path in paths if path.suffix.lower() == ARRAY_SUFFIX]
    if arrays and not rules.deep:
        levels = option("levels", ("MIN", "MAX"))
        raise InputError(f"{arrays[0]} is an array. Give the range of its values with {levels}.")


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
    features = names_of_halves(how, f"Pairs of {name}", "features")
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
