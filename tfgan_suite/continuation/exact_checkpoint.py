"""Checkpoints from which a run goes on as if it had never been cut."""

import math
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from tfgan_suite.arguments import checked_types
from tfgan_suite.continuation.checkpoints import (
    delete_checkpoints_after,
    newest_checkpoint,
    newest_step,
    restore_checkpoint,
    save_checkpoint,
)
from tfgan_suite.errors import InputError
from tfgan_suite.models.algorithm import Algorithm


class ExactCheckpoint(keras.callbacks.Callback):
    """Saves all that the rest of a run depends on, after each epoch and every so many steps.

    To stand last in the list of callbacks, so that what the others write at an epoch's end is
    there before the checkpoint says that the epoch is over.

    In plain `fit` a run goes on exactly from the end of an epoch, where the data of an epoch depend on
    the epoch alone (a `PyDataset`, arrays with `shuffle=False`; not a reshuffling `tf.data.Dataset`):

        checkpoint = ExactCheckpoint("checkpoints")
        step = checkpoint.restore(model)
        model.fit(data, epochs=10, initial_epoch=step // steps_per_epoch, callbacks=[checkpoint])

    From the middle of an epoch `tfgan_suite.resume_fit` goes on. `keras.callbacks.BackupAndRestore`
    is exact at the ends of epochs under the same condition, and leaves the means of a cut epoch out.

    Args:
        directory: for the files, a path or an address that `tf.io.gfile` knows; made when training begins.
        every: steps between two checkpoints; None: only at the ends of epochs.
        keep: how many of the newest stay.
        keep_before: besides, a checkpoint that is at least so many steps older than the last stays, to roll back to,
            and one that will be; 0: none.
        writes: whether this process saves, or only restores: of several machines the first one saves.

    Raises:
        InputError: `every` or `keep` is below 1, or `keep_before` below 0.
    """

    @checked_types
    def __init__(
        self, directory: Path | str, every: int | None = None, keep: int = 2, keep_before: int = 0, writes: bool = True
    ):
        for name, value, low in (("every", every, 1), ("keep", keep, 1), ("keep_before", keep_before, 0)):
            if value is not None and value < low:
                raise InputError(f"{name} must be at least {low}. Received: {value}.")
        super().__init__()
        self.directory = str(directory)
        self.every = every
        self.keep = keep
        self.keep_before = keep_before
        self.writes = writes
        self._saved_step = 0
        self._means: dict[str, list[float]] | None = None
        self._between_epochs = True

    def restore(self, model: Algorithm) -> int:
        """Puts a model into the state of the newest checkpoint.

        Returns:
            The steps that it has taken; 0 where there is no checkpoint, and the model is left as it is.

        Raises:
            InputError: every checkpoint is damaged, or the newest one is not of this model.
        """
        checkpoint = newest_checkpoint(self.directory)
        if checkpoint is None:
            return 0
        restore_checkpoint(model, checkpoint)
        if self.writes:
            delete_checkpoints_after(self.directory, checkpoint.step)  # damaged, or they would not be later
        # `fit` forgets the means of the epoch as it starts one.
        self._means = checkpoint.epoch_means
        self._saved_step = checkpoint.step
        return checkpoint.step

    def save(self, model: Algorithm | None = None) -> None:
        """Saves the state after the present step, unless it has been saved."""
        model = self.model if model is None else model
        step = step_of(model)
        if self.writes and step != self._saved_step:
            save_checkpoint(model, self.directory, self.keep, self.keep_before, self._between_epochs)
            self._saved_step = step

    def roll_back(self, at_most: int) -> int | None:
        """Puts the model into the state of the newest checkpoint of a step up to `at_most`, and deletes later ones.

        Returns:
            The checkpoint's step; None where there is none.
        """
        checkpoint = newest_checkpoint(self.directory, at_most)
        if checkpoint is None:
            return None
        restore_checkpoint(self.model, checkpoint)
        if self.writes:
            delete_checkpoints_after(self.directory, checkpoint.step)
        self._saved_step = checkpoint.step
        return checkpoint.step

    def on_train_begin(self, logs: Any = None) -> None:
        # Not where a checkpoint is saved: a run whose folder was taken away must not go on in half of one.
        if not self.writes:
            return
        self.model.get_compile_config()  # refuses a loss that could not be saved
        tf.io.gfile.makedirs(self.directory)
        later = newest_step(self.directory)
        if later > step_of(self.model):
            raise InputError(
                f"{self.directory} holds a checkpoint of step {later}, and the model has taken {step_of(self.model)}. "
                "Call restore before fit to go on from it, or choose another folder."
            )

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if self._means is not None:
            self.model.set_epoch_means(self._means)
            self._means = None
        self._between_epochs = False

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        # An epoch's last step is saved by on_epoch_end, after its row of history.
        self._between_epochs = batch + 1 >= (self.params.get("steps") or math.inf)
        if self.every and not self._between_epochs:
            step = step_of(self.model)
            if step // self.every > self._saved_step // self.every:
                self.save()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if self.params.get("steps") is None:
            self._between_epochs = True
        self.save()


def step_of(model: Algorithm) -> int:
    """The steps that a model has been trained for."""
    return int(keras.ops.convert_to_numpy(model.step))
