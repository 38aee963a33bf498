"""Two kinds of images from where they lie: two folders, what holds pairs, or splits of a TFDS data set."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tfgan_suite.arguments import checked_types
from tfgan_suite.data.folder_scan import SPLITS, Parts, scan_folder
from tfgan_suite.data.image_data import ImageData
from tfgan_suite.data.pair_files import read_pairs, refuse_arrays
from tfgan_suite.data.pair_scan import ARRAYS, Pair, PairRules, Pairs, by_name, names_of_halves, of_split
from tfgan_suite.data.picture_files import read_pictures
from tfgan_suite.data.sources import DATASETS
from tfgan_suite.data.tfds_images import load_tfds, split_names
from tfgan_suite.data.unpaired import UnpairedData, broken
from tfgan_suite.errors import InputError, option, printable
from tfgan_suite.files import refuse_missing_data
from tfgan_suite.picture_rules import Levels, PictureRules


@checked_types
def load_unpaired(
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
) -> UnpairedData:
    """Two kinds of images by the name or path of their data set, whole, as uint8, or uint16 where `levels` are given.

    Args:
        dataset: a folder, or whatever `load_pairs` takes, whose pairs are then taken apart.
        source: the name of the kind a: the folder DATASET/NAME, DATASET/SPLIT/NAME or DATASET/SPLITNAME, such as
            `trainA`; of a TFDS data set its splits SPLITNAME, or a feature.
        target: the name of the kind b.
        split: `train`, `test` or `val`; of a kind without `test` a part is held out of `train`, see `held_out`.
        data_dir, image_size, channels, skip_damaged, cache_gigabytes, pair_layout, reverse, source_kind, fit,
            background, levels: see `load_pairs`.

    Raises:
        InputError: no images, images of several sizes, or what `load_images` refuses.
    """
    how = PairRules(source, target, pair_layout, reverse, source_kind)
    rules = PictureRules(image_size, channels, fit, background, levels)
    return read_unpaired(dataset, split, data_dir, rules, how, skip_damaged, cache_gigabytes)


def read_unpaired(
    dataset: str,
    split: str,
    data_dir: str | None,
    rules: PictureRules,
    how: PairRules,
    skip_damaged: bool = False,
    cache_gigabytes: float = 4.0,
) -> UnpairedData:
    """What `load_unpaired` does, by given rules.

    Raises:
        InputError: as `load_unpaired`.
    """
    if rules.levels == "auto":
        raise InputError(f"Two kinds of images take {option('levels', ('MIN', 'MAX'))}. Received: auto.")
    refuse_missing_data(dataset)
    if dataset in DATASETS:
        raise InputError(
            f"{dataset} has one kind of images. Expected a data set of two, such as a folder of two; or make the other "
            f"kind of it with {option('look')}, such as inverted."
        )
    path = Path(dataset).expanduser()
    if path.is_dir() and how.layout == "separate":
        return _in_folders(path, split, rules, how, skip_damaged, cache_gigabytes)
    if not path.exists() and how.source and how.target:
        splits = split_names(dataset, data_dir, download=True)
        if {f"train{name}" for name in (how.source, how.target)} <= set(splits):
            return _of_splits(dataset, split, data_dir, rules, how, cache_gigabytes)
    return broken(read_pairs(dataset, split, data_dir, rules, how, skip_damaged, cache_gigabytes))


def _in_folders(
    folder: Path, split: str, rules: PictureRules, how: PairRules, skip_damaged: bool, cache_gigabytes: float
) -> UnpairedData:
    """FOLDER/NAME/..., FOLDER/SPLIT/NAME/... or FOLDER/SPLITNAME/..., with a NAME for each kind."""
    names = names_of_halves(how, f"Two kinds of images in the folder {folder}", "folders")
    scan = scan_folder(folder, ARRAYS)
    rules = replace(rules, deep=rules.levels is not None)
    resampled = replace(rules, resampling="nearest") if how.source_kind == "labels" else rules
    kinds, notes = [], []
    for name, how_read in zip(names, (resampled, rules), strict=True):
        chosen, told = of_split(_kind(scan.pictures, folder, name), split, "images")
        refuse_arrays([each.source for each in chosen], rules)
        where = f"{folder}, {name}, {split}"
        data = read_pictures(
            [each.source for each in chosen], None, (), where, how_read, skip_damaged, cache_gigabytes / 2
        )
        # Of images that are left out nobody knows the names.
        kinds.append((data, () if data.num_damaged else tuple(each.name for each in chosen)))
        notes += [f"{name}: {text}" for text in told]
    (a, names_of_a), (b, names_of_b) = kinds
    return _beside(a, b, f"{folder}, {split}", (*notes, *scan.told()), names_of_a, names_of_b)


def _kind(pictures: Sequence[Parts], folder: Path, name: str) -> Pairs:
    """The pictures of one kind, each as both halves of a pair, in each split; one named `train` without splits."""
    found: dict[str, dict[int, list[Parts]]] = {}
    for parts in pictures:
        place = _place(parts, name)
        if place is not None:
            split, depth = place
            found.setdefault(split, {}).setdefault(depth, []).append(parts)
    if not found:
        tops = ", ".join(sorted({printable(parts[0]) for parts in pictures if len(parts) > 1})[:10])
        raise InputError(f"The folder {folder} has no folder {name} with pictures. It has: {tops or 'none'}.")
    if len({depth for below in found.values() for depth in below}) > 1:
        raise InputError(f"The folder {folder} has pictures of {name} on top and in folders of splits. Expected one.")
    splits = {
        split: [
            Pair(each, path, path)
            for depth, parts in below.items()
            for each, path in by_name(parts, folder, name, depth).items()
        ]
        for split, below in ((name, found[name]) for name in dict.fromkeys(SPLITS.values()) if name in found)
    }
    return Pairs(f"{folder}, {name}", splits)


def _place(parts: Parts, name: str) -> tuple[str, int] | None:
    """The split of a picture of a kind, and how many folders its name lies below; None where it is of no such kind.

    >>> [_place(parts, "A") for parts in (("A", "1.png"), ("test", "A", "1.png"), ("trainA", "1.png"), ("B", "1.png"))]
    [('train', 1), ('test', 2), ('train', 1), None]
    """
    top = parts[0].casefold()
    if parts[0] == name:
        return "train", 1
    if top in SPLITS and len(parts) > 2 and parts[1] == name:
        return SPLITS[top], 2
    split = SPLITS.get(top.removesuffix(name.casefold()).rstrip("_-"))
    return (split, 1) if split is not None and parts[0].endswith(name) and len(parts) > 1 else None


def _of_splits(
    dataset: str, split: str, data_dir: str | None, rules: PictureRules, how: PairRules, cache_gigabytes: float
) -> UnpairedData:
    """The splits SPLITNAME of a data set of TensorFlow Datasets, such as `trainA` of cycle_gan/horse2zebra."""
    resampled = replace(rules, resampling="nearest") if how.source_kind == "labels" else rules
    a, b = (
        load_tfds(dataset, f"{split}{name}", data_dir, how_read, cache_gigabytes / 2)
        for name, how_read in ((how.source, resampled), (how.target, rules))
    )
    return _beside(a, b, f"{dataset}, {split}", ())


def _beside(
    a: ImageData,
    b: ImageData,
    where: str,
    notes: tuple[str, ...],
    names_of_a: tuple[str, ...] = (),
    names_of_b: tuple[str, ...] = (),
) -> UnpairedData:
    """Two lists of pictures as two kinds of images; what is said of both is said once."""
    height, width, channels = a.image_shape
    of_a = [f"of a {note}" for note in a.notes if note not in b.notes]
    return UnpairedData(
        images=b.images,
        labels=None,
        label_names=(),
        source=where,
        num_damaged=a.num_damaged + b.num_damaged,
        notes=(f"{len(a.images):,} a of {height}x{width}x{channels}", f"{len(b.images):,} b", *b.notes, *of_a, *notes),
        effects=b.effects | {f"source_{key}": value for key, value in a.effects.items()},
        warnings=tuple(dict.fromkeys((*b.warnings, *a.warnings))),
        sources=a.images,
        source_names=names_of_a,
        names=names_of_b,
    )
