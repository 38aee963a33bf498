"""The whole model after each epoch."""

import sys
from pathlib import Path
from typing import Any

import keras

from tfgan_suite.errors import InputError

# What a run that was told to stop saves; its run folder is not used again.
STOPPED = "stopped.keras"


class EpochCheckpoint(keras.callbacks.Callback):
    """Saves `epoch_0001.keras`, ... with networks and optimizers: each is written aside and renamed, whole or absent.

    Args:
        directory: for the files; made when needed.
        keep: how many of the newest stay.
    """

    def __init__(self, directory: Path | str, keep: int = 2):
        super().__init__()
        self.directory = Path(directory)
        self.keep = keep

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        save_checkpoint(self.model, self.directory / f"epoch_{epoch + 1:04d}.keras")
        for old in sorted(self.directory.glob("epoch_*.keras"), key=epoch_of)[: -self.keep]:
            old.unlink()


def save_checkpoint(model: keras.Model, path: Path) -> None:
    """Writes a `.keras` file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".partial_{path.name}")
    model.save(partial)
    partial.replace(path)


def epoch_of(path: Path) -> int:
    """The number in a name such as `epoch_0012.keras`; other names, such as `stopped.keras`, come after all.

    >>> epoch_of(Path("epoch_0012.keras"))
    12
    """
    number = path.stem.removeprefix("epoch_")
    return int(number) if number.isdecimal() else sys.maxsize


def newest_checkpoint(run_dir: Path | str) -> Path:
    """The newest checkpoint of a run folder.

    Raises:
        InputError: the folder is missing or has none.
    """
    checkpoints = [path for path in (Path(run_dir) / "checkpoints").glob("*.keras") if not path.name.startswith(".")]
    if not checkpoints:
        raise InputError(f"{run_dir} has no checkpoint. Expected a run folder of train.py with checkpoints/*.keras.")
    return max(checkpoints, key=epoch_of)
