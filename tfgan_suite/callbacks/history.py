"""The history of a run: a CSV file of one row an epoch."""

import csv
import io
from pathlib import Path
from typing import Any

import keras

from tfgan_suite.arguments import checked_types
from tfgan_suite.errors import InputError
from tfgan_suite.files import write_whole


class EpochHistory(keras.callbacks.CSVLogger):
    """Writes a row an epoch, counted from 1, with a column for each number that is logged.

    A file that is there is gone on with, and counted as it was begun: Keras's own logger counts from 0. A number
    that is new, such as one of a callback that was not there before, becomes a new column, with NA in the rows above.

    Args:
        path: of the CSV file.
    """

    @checked_types
    def __init__(self, path: Path | str):
        super().__init__(str(path), append=True)
        self.path = Path(path)

    def on_train_begin(self, logs: Any = None) -> None:
        self._first = first_epoch(self.path)
        columns = _table(self.path)[:1]
        super().on_train_begin(logs)
        self.keys = columns[0][1:] if columns else None

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        logs = logs or {}
        if self.keys is None:
            self.keys = sorted(logs)  # left to Keras, each has an empty val_ column too
        elif new := sorted(logs.keys() - set(self.keys)):
            self._widen(new)
        super().on_epoch_end(epoch + self._first, logs)

    def _widen(self, new: list[str]) -> None:
        header, *rows = _table(self.path)
        text = io.StringIO(newline="")
        csv.writer(text).writerows([[*header, *new], *([*row, *["NA"] * len(new)] for row in rows)])
        self.close()
        write_whole(self.path, text.getvalue())
        super().on_train_begin()
        self.keys = [*header[1:], *new]

    def close(self) -> None:
        """Closes the file, which Keras leaves open where training is cut off."""
        if self.csv_file:
            self.csv_file.close()


@checked_types
def cut_history(path: Path, epochs: int) -> None:
    """Keeps the rows of the first epochs of a CSV file whose first column is `epoch`; the others are written again.

    Args:
        path: a file of `EpochHistory`, which counts from 1, or of `keras.callbacks.CSVLogger`, which counts from 0.
        epochs: how many rows to keep.

    Raises:
        InputError: a number of epochs below 0.
    """
    if epochs < 0:
        raise InputError(f"epochs must be at least 0. Received: {epochs}.")
    if not path.exists():
        return
    end = epochs + first_epoch(path)
    with path.open(newline="", encoding="utf-8") as stream:
        header, *rows = stream.read().splitlines(keepends=True) or [""]
    numbered = [(row.partition(",")[0], row) for row in rows if row.endswith("\n")]
    kept = [row for number, row in numbered if number.isdecimal() and int(number) < end]
    if kept:
        write_whole(path, "".join([header, *kept]))
    else:
        path.unlink()  # the logger writes the header


def first_epoch(path: Path) -> int:
    """What the file calls the first epoch of a run: 0 where its first row does, else 1."""
    return 0 if [row[:1] for row in _table(path)[1:2]] == [["0"]] else 1


def epochs_in(path: Path) -> int:
    """Rows of a CSV file, without its header; 0 where there is none."""
    return max(0, len(_table(path)) - 1)


def _table(path: Path) -> list[list[str]]:
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.reader(stream))
