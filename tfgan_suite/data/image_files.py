"""Images from files: a folder, with or without a subfolder a class, or a CSV of paths and labels."""

import csv
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from tfgan_suite.data.image_data import ImageData
from tfgan_suite.data.image_store import allocate
from tfgan_suite.errors import InputError
from tfgan_suite.images import convert, read_picture

SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff"}
PATH_COLUMN = "path"
LABEL_COLUMN = "label"
ATTRIBUTE_PREFIX = "label_"


class DamagedImageError(InputError):
    """A file that cannot be decoded, which `skip_damaged` leaves out."""


def load_folder(
    folder: Path, size: tuple[int, int] | None, channels: int | None, skip_damaged: bool, cache_gigabytes: float
) -> ImageData:
    """Every image below a folder; where it has subfolders with images, their names are the classes.

    Args:
        folder: images side by side (unlabelled), or one subfolder a class.
        size: (height, width) to resize to; None: all images must have one size.
        channels: 1, 3 or 4; None: all images must have the same.
        skip_damaged: leave out what cannot be decoded, instead of refusing it.
        cache_gigabytes: images beyond this lie in a temporary file.

    Raises:
        InputError: no image, images beside subfolders, a damaged image, or several sizes.
    """
    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    if not paths:
        raise InputError(f"The folder {folder} has no images ({', '.join(sorted(SUFFIXES))}).")
    classes = [path.relative_to(folder).parts[0] if path.parent != folder else None for path in paths]
    names = sorted({name for name in classes if name is not None})
    labels = None
    if names:
        if None in classes:
            stray = paths[classes.index(None)]
            raise InputError(
                f"The folder {folder} has both subfolders (classes) and images beside them, such as {stray.name}. "
                "Move every image into a subfolder, or all into one folder."
            )
        labels = np.array([names.index(name) for name in classes if name is not None], np.int32)
    return _load(paths, labels, tuple(names), str(folder), size, channels, skip_damaged, cache_gigabytes)


def load_csv(
    file: Path, size: tuple[int, int] | None, channels: int | None, skip_damaged: bool, cache_gigabytes: float
) -> ImageData:
    """Images named by the column `path` of a CSV, relative to it.

    A column `label` names each image's class (names or numbers, in sorted order); columns
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
        values = [row[LABEL_COLUMN] for row in rows]
        numeric = all(value.isdecimal() for value in values)
        names = tuple(sorted(set(values), key=int if numeric else str))
        labels = np.array([names.index(value) for value in values], np.int32)
    elif attributes:
        for number, row in numbered:
            for column in attributes:
                if row[column] not in ("0", "1"):
                    raise InputError(f"{file}, line {number}: {column} must be 0 or 1. Received: {row[column]!r}.")
        names = tuple(column.removeprefix(ATTRIBUTE_PREFIX) for column in attributes)
        labels = np.array([[float(row[column]) for column in attributes] for row in rows], np.float32)
    paths = [file.parent / row[PATH_COLUMN] for row in rows]
    return _load(paths, labels, names, str(file), size, channels, skip_damaged, cache_gigabytes)


def _load(
    paths: Sequence[Path],
    labels: np.ndarray | None,
    names: tuple[str, ...],
    source: str,
    size: tuple[int, int] | None,
    channels: int | None,
    skip_damaged: bool,
    cache_gigabytes: float,
) -> ImageData:
    if skip_damaged:
        with ThreadPoolExecutor() as pool:
            whole = list(pool.map(_is_whole, paths))
        if not any(whole):
            raise InputError(f"{source}: none of the {len(paths)} images can be decoded.")
    else:
        whole = [True] * len(paths)
    kept = [path for path, good in zip(paths, whole, strict=True) if good]
    first = _open(kept[0])
    natural = _natural_channels(first)
    shape = convert(first, size, channels or natural).shape
    images = allocate((len(kept), *shape), cache_gigabytes)

    def decode(index: int) -> None:
        image = _open(kept[index])
        if channels is None and _natural_channels(image) != natural:
            raise InputError(
                f"{kept[index]} has {_natural_channels(image)} channels, {kept[0]} has {natural}. "
                "Give one number for all with --channels."
            )
        pixels = convert(image, size, channels or natural)
        if pixels.shape != shape:
            raise InputError(
                f"{kept[index]} is {pixels.shape[0]}x{pixels.shape[1]} pixels, {kept[0]} is {shape[0]}x{shape[1]}. "
                "Give one size for all with --image-size HEIGHTxWIDTH."
            )
        images[index] = pixels

    with ThreadPoolExecutor() as pool:
        for _ in pool.map(decode, range(len(kept))):
            pass
    labels = None if labels is None else labels[np.array(whole)]
    return ImageData(images, labels, names, f"{source} ({len(kept)} images)", whole.count(False))


def _natural_channels(image: Image.Image) -> int:
    if image.mode in ("1", "L") or image.mode.startswith("I;16"):
        return 1
    return 4 if image.mode in ("RGBA", "LA", "PA") else 3


def _open(path: Path) -> Image.Image:
    """A decoded image.

    Raises:
        InputError: the file is missing or cannot be decoded; its name is given.
    """
    try:
        image = read_picture(path)
    except FileNotFoundError:
        raise InputError(f"The image {path} does not exist.") from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DamagedImageError(
            f"The image {path} is damaged or not an image ({error}). Mend or remove it, or leave such images out "
            "with --skip-damaged."
        ) from error
    if image.mode in ("I", "F"):
        raise InputError(f"The image {path} has 32 bits a pixel in one channel. Expected 8 or 16: convert it first.")
    return ImageOps.exif_transpose(image)  # photos of a phone that was held upright


def _is_whole(path: Path) -> bool:
    try:
        _open(path)
    except DamagedImageError:
        return False
    return True
