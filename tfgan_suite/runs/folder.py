"""The folder of a run as a place: whose it is, who trains in it, and what is said when it fails."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import filelock
import tensorflow as tf

from tfgan_suite.errors import InputError, option
from tfgan_suite.files import CONFIG, PARTIAL

# What TensorFlow raises where Python would raise an OSError.
STORAGE_ERRORS = (
    tf.errors.ResourceExhaustedError,
    tf.errors.NotFoundError,
    tf.errors.PermissionDeniedError,
    tf.errors.FailedPreconditionError,
    tf.errors.DataLossError,
)


def refuse_unwritable(folder: Path) -> None:
    """Refuses a folder that could not be made or written, without making it.

    Raises:
        InputError: the nearest folder above that exists is a file, or may not be written.
    """
    existing = folder
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        raise InputError(f"The folder {folder} cannot be written: {existing} does not allow it. Choose another.")


def refuse_foreign(run_dir: Path) -> None:
    """Refuses a folder with anything in it that is no run of ours.

    Raises:
        InputError: the folder is a file, or holds files but no `config.json`.
    """
    if not run_dir.exists() or (run_dir / CONFIG).exists():
        return
    # What a cut in writing the first config.json leaves is nobody's.
    if not run_dir.is_dir() or any(not entry.name.startswith(PARTIAL) for entry in run_dir.iterdir()):
        raise InputError(
            f"The run folder {run_dir} holds something, but no run (it has no {CONFIG}). Choose another with "
            f"{option('run_dir')}."
        )


@contextlib.contextmanager
def locked(run_dir: Path) -> Iterator[None]:
    """Keeps other processes out of a run folder; the lock of a process that died is none.

    Raises:
        InputError: another process trains in it.
    """
    path = _lock_of(run_dir)
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(path)
    try:
        lock.acquire(blocking=False)
    except filelock.Timeout:
        raise InputError(
            f"Another process trains in the run folder {run_dir}. Wait for its end, or choose another with "
            f"{option('run_dir')}."
        ) from None
    try:
        yield
    finally:
        lock.release()


def refuse_busy(run_dir: Path) -> None:
    """Refuses a run folder that another process trains in, as `locked` does, without leaving a trace.

    Raises:
        InputError: another process trains in it.
    """
    if _lock_of(run_dir).exists():
        with locked(run_dir):
            pass


def _lock_of(run_dir: Path) -> Path:
    run_dir = run_dir.resolve()  # one lock, whatever the folder is called
    return run_dir.with_name(f".{run_dir.name}.lock")


def move_aside(run_dir: Path) -> Path | None:
    """Renames a run folder to the first free name such as `run_old1`; None where there is none."""
    run_dir = run_dir.resolve()
    if not run_dir.exists():
        return None
    number = 1
    while (aside := run_dir.with_name(f"{run_dir.name}_old{number}")).exists():
        number += 1
    return run_dir.rename(aside)


@contextlib.contextmanager
def failures_named(run_dir: Path) -> Iterator[None]:
    """Turns a full disk, or a folder that is gone or read-only, into one line that says how to go on."""
    try:
        yield
    except (OSError, *STORAGE_ERRORS) as error:
        reason = getattr(error, "message", None) or str(error) or type(error).__name__
        raise InputError(
            f"The run in {run_dir} stopped: {reason}. Its checkpoints stay as they are: mend the cause, and the same "
            "command goes on from the newest."
        ) from error
