"""What lies in a folder of images: pictures in natural order, splits, classes, and what is passed over."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from tfgan_suite.data.natural_order import class_names, composed, natural_key
from tfgan_suite.data.picture_files import readable_suffixes
from tfgan_suite.errors import InputError, printable

# Folders that are splits where all on the top level are; others have other names for the same.
SPLITS = {
    "train": "train",
    "training": "train",
    "test": "test",
    "testing": "test",
    "val": "val",
    "valid": "val",
    "validation": "val",
}
# What systems leave beside people's files; a name that begins with a dot is hidden as well.
SYSTEM_NAMES = {
    "__macosx", "icon\r", "thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "$recycle.bin",
    "system volume information", "lost+found", "@eadir", "#recycle", "__pycache__",
}  # fmt: skip
APPLE_DOUBLE = "._"  # the other half of a file on a Mac: never a picture, whatever its name ends with
NAMED = 3  # of each kind that is left out
KINDS = EMPTY, BROKEN, OTHER, HIDDEN = (
    "empty folders", "broken links", "files that are no pictures", "hidden pictures",
)  # fmt: skip

Parts = tuple[str, ...]  # of a path below the folder


@dataclass
class Scan:
    """A folder, walked through.

    Attributes:
        folder: where.
        pictures: the pictures below it in natural order, as parts of their paths.
        folders: the folders on the first two levels.
        left_out: by kind, what is not in `pictures`.
    """

    folder: Path
    pictures: list[Parts] = field(default_factory=list)
    folders: list[Parts] = field(default_factory=list)
    left_out: dict[str, list[Parts]] = field(default_factory=dict)

    def splits(self) -> dict[str, str]:
        """The name of each split and its folder; none where the folders on top are not splits.

        Raises:
            InputError: two folders of one split.
        """
        tops = sorted({parts[0] for parts in self.pictures if len(parts) > 1})
        if not tops or any(top.casefold() not in SPLITS for top in tops):
            return {}
        found: dict[str, str] = {}
        for top in tops:
            name = SPLITS[top.casefold()]
            if name in found:
                raise InputError(
                    f"The folder {self.folder} has two folders of the split {name}: {found[name]} and {top}."
                )
            found[name] = top
        return {name: found[name] for name in SPLITS if name in found}

    def told(self, inside: str | None = None) -> tuple[str, ...]:
        """What is left out, for people: in the whole, or on top and in one folder there."""
        levels = (1, 2) if inside else (1,)
        full = {parts[:level] for parts in self.pictures for level in (0, *levels)}
        empty = [parts for parts in self.folders if len(parts) in levels and parts not in full and parts[:-1] in full]
        kinds = {EMPTY: empty, **self.left_out}
        kept = {kind: [p for p in kinds.get(kind, []) if not inside or len(p) == 1 or p[0] == inside] for kind in KINDS}
        told = [_counted(kind, found) for kind, found in kept.items() if found]
        return (f"left out: {', '.join(told)}",) if told else ()


class Listing(NamedTuple):
    """The pictures of a data set in a folder.

    Attributes:
        paths: the files, in their order.
        classes: the class of each; None where they have none.
        names: of all classes, in their order.
        source: where they lie, for people to read.
        told: what is passed over, for people to read.
    """

    paths: list[Path]
    classes: list[str] | None
    names: tuple[str, ...]
    source: str
    told: tuple[str, ...]


def list_folder(folder: Path, split: str) -> Listing:
    """The pictures of a folder, or of one of its splits, with the classes of all splits together.

    Raises:
        InputError: no picture, no such split, pictures beside folders, or what `scan_folder` raises.
    """
    scan = scan_folder(folder)
    if not scan.pictures:
        told = "".join(f" {text[0].upper()}{text[1:]}." for text in scan.told())
        raise InputError(f"The folder {folder} has no images (.png, .jpg or another format that Pillow reads).{told}")
    classes = classes_of(scan.pictures, folder)
    splits = scan.splits()
    if split not in (splits or ("train",)):
        has = f"It has: {', '.join(splits)}" if splits else "It has none: not all folders on top are train, test or val"
        raise InputError(f"The folder {folder} has no split {split!r}. {has}.")
    if not splits:
        paths = [folder.joinpath(*parts) for parts in scan.pictures]
        names, around = class_names(classes or ()), tuple[str, ...]()
        if len(names) == 1 and any(len(parts) > 2 for parts in scan.pictures):
            around = (f"one class: for the folders in it give {folder / scan.pictures[0][0]}",)
        return Listing(paths, classes, names, str(folder), (*around, *scan.told()))
    top = splits[split]
    pictures = [parts for parts in scan.pictures if parts[0] == top]
    classes = classes_of([parts[1:] for parts in pictures], folder / top)
    everywhere = class_names(composed(parts[1]) for parts in scan.pictures if len(parts) > 2)
    paths = [folder.joinpath(*parts) for parts in pictures]
    return Listing(paths, classes, everywhere if classes else (), f"{folder}, {split}", scan.told(top))


def splits_of_folder(folder: Path) -> tuple[str, ...]:
    """The splits that a folder has; none where the folders on top are classes."""
    return tuple(scan_folder(folder).splits())


def classes_of(pictures: Sequence[Parts], top: Path) -> list[str] | None:
    """The class of each picture, which is the first folder of its path; None where all lie side by side.

    Raises:
        InputError: some lie in folders and some beside them.
    """
    stray = [parts for parts in pictures if len(parts) == 1]
    if stray and len(stray) < len(pictures):
        raise InputError(
            f"The folder {top} has both subfolders (classes) and images beside them, such as {stray[0][0]}. "
            "Move every image into a subfolder, or all into one folder."
        )
    return None if stray else [composed(parts[0]) for parts in pictures]


def scan_folder(folder: Path, also: frozenset[str] = frozenset()) -> Scan:
    """Walks through a folder, following links.

    Args:
        folder: where.
        also: how names of pictures end beside those that Pillow reads.

    Raises:
        InputError: a folder that cannot be read, or a link that leads back to a folder above it.
    """
    scan = Scan(folder)
    suffixes = readable_suffixes() | also
    # Folders to look into: where, below the top, whether hidden, and what it and those above it are on disk.
    waiting: list[tuple[str, Parts, bool, tuple[tuple[int, int], ...]]]
    waiting = [(str(folder), (), False, (_identity(folder.stat()),))]
    while waiting:
        where, inside, hidden, above = waiting.pop()
        for entry in _entries(where, hidden):
            parts = (*inside, entry.name)
            unseen = hidden or is_hidden(entry.name)
            if unseen and entry.is_symlink():
                continue
            kind = _kind(entry)
            if kind == "folder":
                here = _identity(entry.stat())
                if here in above:
                    raise InputError(
                        f"The link {entry.path} leads back to a folder above it, so that the folder {folder} has "
                        "no end. Remove the link."
                    )
                waiting.append((entry.path, parts, unseen, (*above, here)))
                if not unseen and len(parts) <= 2:
                    scan.folders.append(parts)
            elif kind == "file" and Path(entry.name).suffix.lower() in suffixes:
                if not unseen:
                    scan.pictures.append(parts)
                elif not entry.name.startswith(APPLE_DOUBLE):
                    scan.left_out.setdefault(HIDDEN, []).append(parts)
            elif not unseen:
                scan.left_out.setdefault(BROKEN if kind == "broken" else OTHER, []).append(parts)
    for found in (scan.pictures, scan.folders, *scan.left_out.values()):
        found.sort(key=lambda parts: [natural_key(part) for part in parts])
    return scan


def is_hidden(name: str) -> bool:
    """Whether a file or folder is hidden, or is a system's own.

    >>> [is_hidden(name) for name in (".ipynb_checkpoints", "Thumbs.db", "cat.png")]
    [True, True, False]
    """
    return name.startswith(".") or name.casefold() in SYSTEM_NAMES


def _entries(folder: str, hidden: bool) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            yield from entries
    except OSError as error:
        if not hidden:  # such as lost+found, which only root may read
            raise InputError(f"The folder {folder} cannot be read: {error.strerror}.") from error


def _kind(entry: os.DirEntry[str]) -> str:
    """What an entry is, behind its link where it is one: folder, file, broken, or other, such as a pipe."""
    try:
        if entry.is_symlink() and not Path(entry.path).exists():
            return "broken"
        return "folder" if entry.is_dir() else "file" if entry.is_file() else "other"
    except OSError as error:
        raise InputError(f"{entry.path} cannot be read: {error.strerror}.") from error


def _identity(facts: os.stat_result) -> tuple[int, int]:
    return facts.st_dev, facts.st_ino


def _counted(kind: str, found: Sequence[Parts]) -> str:
    """A kind with its number and the first names.

    >>> _counted("broken links", [("a", "1.png")])
    '1 broken link (a/1.png)'
    """
    names = [printable("/".join(parts)) for parts in found[:NAMED]]
    more = [f"and {len(found) - NAMED:,} more"] if len(found) > NAMED else []
    what = kind if len(found) != 1 else {OTHER: "file that is no picture"}.get(kind, kind.removesuffix("s"))
    return f"{len(found):,} {what} ({', '.join([*names, *more])})"
