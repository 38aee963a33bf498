"""The best checkpoint of a run, by a number that is measured as it goes."""

import math
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from tfgan_suite.arguments import checked_types
from tfgan_suite.continuation.checkpoints import (
    Checkpoint,
    complete_checkpoints,
    delete_checkpoints_but,
    save_checkpoint,
)
from tfgan_suite.continuation.exact_checkpoint import step_of
from tfgan_suite.errors import InputError, unknown_choice

_SIGNS = {"lowest": 1.0, "highest": -1.0}


class KeepBest(keras.callbacks.Callback):
    """Keeps the state after the epoch with the best value of a number; of equal ones the older stays.

    The value is written down with the checkpoint, so that a run that is cut and continued knows it.

    Args:
        directory: for the one checkpoint that is kept; see `read_best`.
        metric: what is logged at the end of an epoch, such as `frechet_distance` of an `Evaluation`, which must stand
            before this in the list of callbacks. NaN is never the best.
        best: `lowest` or `highest`.

    Raises:
        InputError: `best` is neither; at the end of an epoch, nothing of that name is logged.
    """

    @checked_types
    def __init__(self, directory: Path | str, metric: str, best: str = "lowest"):
        super().__init__()
        if best not in _SIGNS:
            raise unknown_choice("best", best, _SIGNS)
        self.directory = str(directory)
        self.metric = metric
        self.best = best

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        logs = logs or {}
        if self.metric not in logs:
            raise InputError(f"KeepBest looks at {self.metric!r}, which is not logged. Logged are: {sorted(logs)}.")
        value = float(logs[self.metric])
        kept = read_best(self.directory, self.metric, self.best)
        sign = _SIGNS[self.best]
        if math.isnan(value) or (kept is not None and sign * value >= sign * kept.noted[self.metric]):
            return
        tf.io.gfile.makedirs(self.directory)
        noted = {self.metric: value, "epoch": epoch + 1}
        # Beside it the one before, and one that a cut left: what is kept is always there.
        save_checkpoint(self.model, self.directory, keep=3, between_epochs=True, noted=noted)
        delete_checkpoints_but(self.directory, step_of(self.model))


def read_best(directory: Path | str, metric: str, best: str = "lowest") -> Checkpoint | None:
    """The checkpoint that `KeepBest` keeps: `noted` has its value and its epoch; None where there is none.

    Args:
        directory, metric, best: of `KeepBest`.
    """
    # A cut between writing a new one and deleting the one before leaves both.
    kept = [checkpoint for checkpoint in complete_checkpoints(directory) if metric in checkpoint.noted]
    return min(kept, key=lambda checkpoint: (_SIGNS[best] * checkpoint.noted[metric], checkpoint.step), default=None)
