"""A run from its newest checkpoint to its end: `fit`, and what watches over it and is written."""

import dataclasses
import sys
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgan_suite.callbacks.content_stage import ContentStage
from tfgan_suite.callbacks.health_monitor import HealthMonitor
from tfgan_suite.callbacks.history import EpochHistory, cut_history
from tfgan_suite.callbacks.loss_plot import LossPlot
from tfgan_suite.callbacks.sample_grid import SampleGrid
from tfgan_suite.callbacks.stop_on_non_finite import StopOnNonFinite
from tfgan_suite.callbacks.stop_on_signal import StopOnSignal, StoppedBySignalError
from tfgan_suite.callbacks.time_left import TimeLeft
from tfgan_suite.continuation.checkpoints import newest_checkpoint
from tfgan_suite.continuation.exact_checkpoint import ExactCheckpoint, step_of
from tfgan_suite.continuation.keep_best import KeepBest
from tfgan_suite.continuation.resume import resume_fit
from tfgan_suite.data.pipeline import training_batches
from tfgan_suite.errors import InputError, option
from tfgan_suite.files import BEST, CHECKPOINTS, CONTENT_STAGE, HEALTH, HISTORY
from tfgan_suite.metrics.catalogue import best_of
from tfgan_suite.runs.assembly import evaluation
from tfgan_suite.runs.devices import chiefs_value
from tfgan_suite.runs.record import announce, write_config
from tfgan_suite.runs.run import Run

HEALTH_WINDOW = 500  # steps
HEALTH_PAIRS = 64
STOPPING = "stopping after this step, and saving the state; once more stops at once, without saving"
# Where trouble is found, it began a window and at most two checks of 100 steps before.
ROLL_BACK_STEPS = HEALTH_WINDOW + 200


def batches_from(run: Run, step: int) -> tf.data.Dataset:
    """The batches of a run from one of its steps on, counted from 0."""
    config = run.config
    augmentation = (config.flip, config.crop, config.rotation)
    return training_batches(run.data, run.rows, config.num_epochs, config.seed, run.steps, step, *augmentation)


def fit_run(run: Run) -> None:
    """Trains to the end of the run, from its newest checkpoint where it has one.

    Raises:
        InputError: no checkpoint is whole, or they are not of this run.
        StoppedBySignalError: with the state saved, and the way to go on printed.
    """
    config, model, steps = run.config, run.model, run.steps
    checkpoint = ExactCheckpoint(
        run.folder / CHECKPOINTS,
        config.checkpoint_every,
        config.keep_checkpoints,
        ROLL_BACK_STEPS if config.on_collapse == "rollback" else 0,
        run.chief,
    )
    newest = newest_checkpoint(checkpoint.directory)
    start = 0 if newest is None else newest.step
    if run.chief:
        announce(run.folder, start, steps)
        run.folder.mkdir(parents=True, exist_ok=True)
        names = [type(callback).__name__ for callback in run.callbacks]
        write_config(dataclasses.replace(config, restart=False), run.folder, run.facts, run.data_rules, names)
        cut_history(run.folder / HISTORY, start // steps)
    if (chiefs := chiefs_value(model.distribute_strategy, start)) != start:
        raise InputError(
            f"This worker finds step {start} in {run.folder}, the first one step {chiefs}. All need the same run "
            "folder: put it on a file system that they share."
        )

    def batches(step: int) -> tf.data.Dataset:
        return batches_from(run, step)

    callbacks = run_callbacks(run, checkpoint)
    if run.chief:
        callbacks.append(TimeLeft(config.num_epochs, steps))
    try:
        resume_fit(model, batches, config.num_epochs, steps, checkpoint, callbacks, verbose=_verbosity(run.chief))
        if run.callbacks:
            put_back(run, checkpoint)
    except StoppedBySignalError as stop:
        if run.chief:
            bare = f" without {option('restart', True)}" if config.restart else ""
            print(
                f"\n{stop}: saved after step {step_of(model)}. The same command{bare} goes on from there.", flush=True
            )
        raise
    finally:
        # Keras leaves these as they are when training is cut off.
        for callback in callbacks:
            if isinstance(callback, StopOnSignal):
                callback.restore()
            if isinstance(callback, EpochHistory):
                callback.close()


def _verbosity(is_chief: bool) -> int:
    """Of `fit`: a bar where it can be drawn anew, and in a file a line an epoch, since Keras would write each bar."""
    if not is_chief:
        return 0
    return 1 if sys.stdout.isatty() or "ipykernel" in sys.modules else 2


def put_back(run: Run, checkpoint: ExactCheckpoint) -> None:
    """Gives the model what its last checkpoint holds, which is what goes on and is exported.

    A callback that was added may have changed it since, as `EarlyStopping(restore_best_weights=True)` does.
    """
    before = [np.array(weight) for weight in run.model.weights]
    checkpoint.restore(run.model)
    if any(not np.array_equal(mine, weight) for mine, weight in zip(before, run.model.weights, strict=True)):
        print(
            "warning: a callback has changed the weights after the last step. What the last step gave is exported; "
            f"{option('keep_best')} keeps the best.",
            file=sys.stderr,
        )


def run_callbacks(run: Run, checkpoint: ExactCheckpoint) -> list[keras.callbacks.Callback]:
    """What watches over a run, what a caller has added, and what is written, in the order of their calls."""
    config, data, folder = run.config, run.data, run.folder
    logs, history = folder / "tensorboard", folder / HISTORY
    callbacks: list[keras.callbacks.Callback] = []
    # What only warns, warns once.
    if checkpoint.writes or config.on_collapse != "warn":
        watched: dict[str, Any] = {"real_images": data.images, "labels": data.labels}
        if config.translates:
            watched = dict(zip(("sources", "real_images"), run.held_out.examples(HEALTH_PAIRS), strict=True))
        try:
            monitor = HealthMonitor(
                folder / HEALTH,
                **watched,
                window=HEALTH_WINDOW,
                on_collapse=config.on_collapse,
                rollback=checkpoint.roll_back if config.on_collapse == "rollback" else None,
                writes=checkpoint.writes,
                quiet=["not_finite"],  # StopOnNonFinite says it
            )
            callbacks.append(monitor)
        except InputError as error:  # too few images, or all equal
            print(f"health: not watched: {error}")
    callbacks.append(StopOnNonFinite())
    if checkpoint.writes and (watch := evaluation(config, run.held_out)) is not None:
        callbacks.append(watch)
    callbacks += run.callbacks
    if checkpoint.writes:
        if config.content_only_steps:
            callbacks.append(ContentStage(folder / CONTENT_STAGE))
        if config.keep_best is not None:
            callbacks.append(KeepBest(folder / BEST, config.keep_best, best_of(config.keep_best) or "lowest"))
        callbacks += [
            EpochHistory(history),
            SampleGrid(
                folder / "samples",
                config.sample_count,
                gif=folder / "training.gif",
                log_dir=logs / "samples" if config.tensorboard else None,
                label_names=data.label_names,
                examples=run.held_out.examples(config.sample_count),
                plain=run.data_rules < 2,
            ),
            LossPlot(history, folder / "losses.png"),
        ]
        if config.tensorboard:
            callbacks.append(keras.callbacks.TensorBoard(str(logs), write_graph=False))
    return [*callbacks, StopOnSignal(STOPPING)]
