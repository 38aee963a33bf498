"""Files that are written whole or not at all, and where those of a run lie. Standard library only."""

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from tfgan_suite.errors import InputError

# What a name begins with while its file or folder is being written.
PARTIAL = ".partial_"
# In a run folder.
CONFIG = "config.json"
FINISHED = "finished.json"
HISTORY = "history.csv"
HEALTH = "health.csv"
CHECKPOINTS = "checkpoints"
BEST = "best"
CONTENT_STAGE = "content_stage.keras"


@contextlib.contextmanager
def writing_whole(path: Path | str) -> Iterator[Path]:
    """A path beside a file to write instead; renamed at the end, so that a cut leaves the old file or the new one."""
    partial = Path(path).with_name(f"{PARTIAL}{Path(path).name}")
    partial.unlink(missing_ok=True)
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextlib.contextmanager
def writing_folder(path: Path | str) -> Iterator[Path]:
    """A folder beside one that is empty or not there, to be filled instead; it takes its place at the end.

    What fails leaves nothing.
    """
    path = Path(path).absolute()
    partial = path.with_name(f"{PARTIAL}{path.name}_{os.getpid()}")
    try:
        partial.mkdir(parents=True)
        yield partial
        if path.exists():
            path.rmdir()  # not every system renames onto a folder
        partial.rename(path)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def write_whole(path: Path, text: str) -> None:
    """Writes a text file whole or not at all."""
    with writing_whole(path) as partial:
        partial.write_text(text, encoding="utf-8", newline="")


def refuse_missing(path: str | None, expected: str) -> None:
    """Refuses a path that leads nowhere, before anything else is waited for.

    Raises:
        InputError: saying what was expected there.
    """
    if path is not None and not Path(path).exists() and not is_run(path):
        raise InputError(f"{path} does not exist. Expected {expected}.")


def refuse_missing_data(dataset: str) -> None:
    """Refuses what can only be the path of data, and leads nowhere.

    Raises:
        InputError: the file or the folder does not exist.
    """
    path = Path(dataset).expanduser()
    if not dataset or path.exists():
        return
    if path.suffix.lower() == ".csv":
        raise InputError(f"The CSV file {path} does not exist.")
    if path.is_absolute() or path.suffix[1:].isalpha() or dataset[0] in ".~" or dataset[-1] in "/\\":
        raise InputError(f"The folder {dataset} does not exist. Expected a folder of images or a file NAME.csv.")


def refuse_full(folder: Path) -> None:
    """Refuses an output folder that holds anything.

    Raises:
        InputError: it does, or is a file.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"The output folder {folder} is not empty. Choose another.")


def run_of(path: Path | str) -> Path:
    """The run folder that a path means: itself, or what `RUN/best` lies in.

    Where there is neither it is the path itself.
    """
    path = Path(path)
    if path.name == BEST and not (path / CONFIG).is_file() and (path.parent / CONFIG).is_file():
        return path.parent
    return path


def is_run(path: Path | str) -> bool:
    """Whether a path is a run folder, or its `RUN/best`."""
    return (run_of(path) / CONFIG).is_file()


def checkpoints_of(path: Path | str) -> Path:
    """The folder of checkpoints that a path means: the newest ones of a run folder, or the one of `RUN/best`."""
    return Path(path) if run_of(path) != Path(path) else Path(path) / CHECKPOINTS


def sha256_of(path: Path | str) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
