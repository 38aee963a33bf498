"""Training that goes on where it was cut off, in the middle of an epoch too."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from tfgan_suite.arguments import checked_types
from tfgan_suite.callbacks.stop_on_signal import StopOnSignal, StoppedBySignalError
from tfgan_suite.continuation.exact_checkpoint import ExactCheckpoint
from tfgan_suite.errors import InputError
from tfgan_suite.models.algorithm import Algorithm


@checked_types
def resume_fit(
    model: Algorithm,
    batches: Callable[[int], tf.data.Dataset],
    epochs: int,
    steps_per_epoch: int,
    checkpoint: ExactCheckpoint,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    **kwargs: Any,
) -> int:
    """`fit` from the newest checkpoint, or from the start where there is none.

    A run that is cut and continued ends in the same weights, optimizers and history, bit for bit
    (with op determinism, on the same devices), as one that was not: the rest of the cut epoch is
    trained first, and its means go on from those of its first part.

        batches = lambda step: training_batches(data, 128, epochs, seed, start_step=step)
        resume_fit(model, batches, epochs, steps, ExactCheckpoint("checkpoints", every=500))

    Args:
        model: compiled; its weights are the start where there is no checkpoint.
        batches: from the number of a step, counted from 0 over the whole run, to the batches from
            there on; they must not depend on where the run was cut. For a dataset that is the same at
            each iteration and holds all epochs: `dataset.skip`.
        epochs: of the whole run.
        steps_per_epoch: steps in an epoch.
        checkpoint: where the state lies; it is called after all other callbacks.
        callbacks: all others. After SIGKILL the file of an `EpochHistory` needs
            `tfgan_suite.cut_history`, since a row may have been written that no checkpoint knows of. Those
            that gather state of their own, such as `EarlyStopping`, start anew.
        kwargs: all else that `Algorithm.fit` takes.

    Returns:
        The step that training went on from.

    Raises:
        InputError: no checkpoint is whole, or the newest is not one of this model.
        StoppedBySignalError: a `StopOnSignal` among the callbacks saw a signal; the state is saved.
    """
    refuse_other_callbacks(callbacks)
    start = checkpoint.restore(model)
    epoch, done = divmod(start, steps_per_epoch)
    callbacks = [*callbacks, checkpoint]
    on_signal = [callback for callback in callbacks if isinstance(callback, StopOnSignal)]
    stopped = False  # by a callback; `fit` forgets it
    try:
        if done and epoch < epochs:
            for callback in on_signal:
                callback.goes_on = epoch + 1 < epochs
            rest = _OneEpoch()
            model.fit(
                batches(start),
                initial_epoch=epoch,
                epochs=epochs,  # what is shown beside the number of the epoch
                steps_per_epoch=steps_per_epoch - done,
                callbacks=[*callbacks, rest],
                **kwargs,
            )
            epoch += 1
            stopped = rest.stopped
            for callback in on_signal:
                callback.goes_on = False
                if stopped:
                    callback.restore()
        if epoch < epochs and not stopped:
            model.fit(
                batches(epoch * steps_per_epoch),
                initial_epoch=epoch,
                epochs=epochs,
                steps_per_epoch=steps_per_epoch,
                callbacks=callbacks,
                **kwargs,
            )
    except StoppedBySignalError:
        checkpoint.save(model)
        raise
    return start


class _OneEpoch(keras.callbacks.Callback):
    """Ends `fit` after one epoch; to stand last.

    Attributes:
        stopped: whether another callback has ended it.
    """

    stopped = False

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.stopped = self.model.stop_training
        self.model.stop_training = True


def refuse_other_callbacks(callbacks: Sequence[Any]) -> None:
    """Refuses what is no callback before anything is written or trained.

    Raises:
        InputError: naming it.
    """
    for callback in callbacks:
        if not isinstance(callback, keras.callbacks.Callback):
            raise InputError(
                f"callbacks must be objects of keras.callbacks.Callback. Received: {callback!r}. Call the class, such "
                "as keras.callbacks.EarlyStopping(...)."
            )
