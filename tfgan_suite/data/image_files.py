"""Images from files: a folder, with or without a subfolder a class, or a CSV of paths and labels."""

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from tfgan_suite.data.folder_scan import Listing, classes_of, list_folder
from tfgan_suite.data.image_data import ImageData
from tfgan_suite.data.natural_order import class_names, composed
from tfgan_suite.data.picture_files import read_pictures
from tfgan_suite.errors import InputError
from tfgan_suite.picture_rules import PictureRules

# What runs by the old rules read.
OLD_SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff"}
PATH_COLUMN = "path"
LABEL_COLUMN = "label"
ATTRIBUTE_PREFIX = "label_"


def load_folder(folder: Path, split: str, rules: PictureRules, skip_damaged: bool, cache_gigabytes: float) -> ImageData:
    """Every picture below a folder; where it has subfolders with pictures, their names are the classes.

    Where all folders on top are called train, test or val, they are splits, of which one is loaded; its classes are
    those of all splits together.

    Args:
        folder: images side by side (unlabelled), or one subfolder a class; or folders of splits with either in them.
        split: which of the splits, where there are any.
        rules: how pictures are read.
        skip_damaged: leave out what cannot be decoded, instead of refusing it.
        cache_gigabytes: images beyond this lie in a temporary file.

    Raises:
        InputError: no image, no such split, images beside subfolders, a damaged image, or several sizes.
    """
    listing = _old_listing(folder) if rules.are_old else list_folder(folder, split)
    labels = None
    if listing.classes is not None:
        numbers = {name: number for number, name in enumerate(listing.names)}
        labels = np.array([numbers[name] for name in listing.classes], np.int32)
    data = read_pictures(listing.paths, labels, listing.names, listing.source, rules, skip_damaged, cache_gigabytes)
    return replace(data, notes=(*data.notes, *listing.told))


def _old_listing(folder: Path) -> Listing:
    """The files of a folder by the old rules."""
    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in OLD_SUFFIXES and p.is_file())
    if not paths:
        raise InputError(f"The folder {folder} has no images ({', '.join(sorted(OLD_SUFFIXES))}).")
    found = [path.relative_to(folder).parts for path in paths]
    classes = classes_of(found, folder) and [parts[0] for parts in found]
    return Listing(paths, classes, tuple(sorted(set(classes or ()))), str(folder), ())


def load_csv(file: Path, rules: PictureRules, skip_damaged: bool, cache_gigabytes: float) -> ImageData:
    """Images named by the column `path` of a CSV, relative to it.

    A column `label` names each image's class (numbers by value, names in natural order); columns
    `label_...` of 0 and 1 are attributes. Without either the images are unlabelled.

    Args: see `load_folder`.

    Raises:
        InputError: a column is missing, both kinds of labels, or what `load_folder` raises.
    """
    try:
        with file.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream, skipinitialspace=True)
            numbered = [(reader.line_num, row) for row in reader]
            columns = list(reader.fieldnames or [])
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{file} is not a CSV in UTF-8: {error}.") from error
    rows = [row for _, row in numbered]
    if PATH_COLUMN not in columns:
        raise InputError(
            f"{file} needs a column {PATH_COLUMN!r}, and for labels {LABEL_COLUMN!r} or {ATTRIBUTE_PREFIX!r}*. "
            f"Received the columns: {', '.join(columns) or 'none'}."
        )
    if not rows:
        raise InputError(f"{file} has no rows.")
    attributes = [column for column in columns if column.startswith(ATTRIBUTE_PREFIX)]
    for number, row in numbered:
        for column in (PATH_COLUMN, *attributes, *([LABEL_COLUMN] if LABEL_COLUMN in columns else [])):
            if None in row or row[column] in (None, ""):
                raise InputError(f"{file}, line {number}: expected a value in the column {column!r}.")
    if attributes and LABEL_COLUMN in columns:
        raise InputError(f"{file} has both a column {LABEL_COLUMN!r} and attributes ({', '.join(attributes)}).")
    labels: np.ndarray | None = None
    names: tuple[str, ...] = ()
    if LABEL_COLUMN in columns:
        values = [row[LABEL_COLUMN] if rules.are_old else composed(row[LABEL_COLUMN]) for row in rows]
        names = _old_class_names(values) if rules.are_old else class_names(values)
        labels = np.array([names.index(value) for value in values], np.int32)
    elif attributes:
        for number, row in numbered:
            for column in attributes:
                if row[column] not in ("0", "1"):
                    raise InputError(f"{file}, line {number}: {column} must be 0 or 1. Received: {row[column]!r}.")
        names = tuple(column.removeprefix(ATTRIBUTE_PREFIX) for column in attributes)
        labels = np.array([[float(row[column]) for column in attributes] for row in rows], np.float32)
    paths = [file.parent / row[PATH_COLUMN] for row in rows]
    return read_pictures(paths, labels, names, str(file), rules, skip_damaged, cache_gigabytes)


def _old_class_names(values: Sequence[str]) -> tuple[str, ...]:
    numeric = all(value.isdecimal() for value in values)
    return tuple(sorted(set(values), key=int if numeric else str))
