"""From a configuration to a trained, exported generator."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import keras
import tensorflow as tf

from tfgan_suite.arguments import checked_types
from tfgan_suite.config import TrainConfig
from tfgan_suite.continuation.exact_checkpoint import ExactCheckpoint, step_of
from tfgan_suite.continuation.keep_best import read_best
from tfgan_suite.continuation.resume import refuse_other_callbacks
from tfgan_suite.errors import option
from tfgan_suite.files import BEST, CHECKPOINTS
from tfgan_suite.metrics.catalogue import best_of
from tfgan_suite.runs.assembly import check_evaluation, evaluation
from tfgan_suite.runs.devices import chiefs_value, choose_strategy, losing_workers_named
from tfgan_suite.runs.exporting import export_card
from tfgan_suite.runs.folder import failures_named, locked, move_aside, refuse_busy, refuse_foreign, refuse_unwritable
from tfgan_suite.runs.record import Finished, begun_run, is_finished, newest_of_run, write_finished
from tfgan_suite.runs.run import Run, describe, prepared
from tfgan_suite.runs.training import batches_from, fit_run
from tfgan_suite.serving.export import export_model, next_version


@checked_types
def train(config: TrainConfig, callbacks: Sequence[keras.callbacks.Callback] = ()) -> Path | None:
    """Trains and exports as configured, from the start or from where the run folder's run was cut off.

    Args:
        config: the run; see `TrainConfig`.
        callbacks: called besides those of the run, after its alarms and measurements and before what it writes.
            `config.json` names their classes. What they remember is their own: a run that goes on begins them anew.
            Where one stops the run, it is exported as it is, and the same call goes on.

    Returns:
        The exported version's folder; None for a dry run, for a run that was finished before, and on
        all machines but the first.

    Raises:
        InputError: something in the configuration, the data or the run folder cannot be used, or
            a folder could not be written; what the last checkpoint holds is not lost.
        DivergenceError: a loss is no longer finite; the last checkpoint stays.
        StoppedBySignalError: after SIGINT or SIGTERM, with the state saved.
        LostWorkersError: another machine of the run is gone.
    """
    chosen, config = config.export_dir is not None, config.resolved()
    run_dir, export_dir = Path(config.run_dir or ""), Path(config.export_dir or "")
    check_evaluation(config)
    refuse_other_callbacks(callbacks)
    refuse_foreign(run_dir)
    next_version(export_dir)
    for folder in (run_dir, export_dir):
        refuse_unwritable(folder)
    if config.deterministic:
        tf.config.experimental.enable_op_determinism()
    strategy = choose_strategy(config)
    with losing_workers_named(strategy):
        run = prepared(strategy, config, chosen, callbacks)
        if config.dry_run:
            rehearse(run)
            print(describe(run))
            return None
        with locked(run.folder) if run.chief else contextlib.nullcontext(), failures_named(run.folder):
            return carry_out(run)


def carry_out(run: Run) -> Path | None:
    """Trains a prepared run to its end and exports it: what `train` returns."""
    if run.config.restart and (aside := move_aside(run.folder)):
        print(f"the run before it: {aside}. To go on with this one, leave {option('restart')} out.")
    if is_finished(run.folder, run.config, run.facts):
        return None
    if run.chief:
        print(describe(run), flush=True)
    fit_run(run)
    version = None
    if run.chief:
        version = export_model(run.model, run.export_dir, export_card(run.folder, newest_of_run(run.folder)))
        write_finished(run.folder, Finished(step_of(run.model) // run.steps, str(version)))
        print(*what_there_is(run), sep="\n")
    # The others leave when all is written: started again alone, the chief would wait.
    chiefs_value(run.model.distribute_strategy, 0)
    if not run.chief:
        print("done: this worker has trained to the end; the first one has written what there is", flush=True)
    return version


def what_there_is(run: Run) -> Iterator[str]:
    """Lines for people at the end of a run."""
    step, steps, metric = step_of(run.model), run.config.num_epochs * run.steps, run.config.keep_best
    if step < steps:
        yield f"stopped: by a callback, after {step} of {steps} steps; the same call goes on"
    yield f"pictures: {run.folder / 'samples'}, {run.folder / 'training.gif'}, {run.folder / 'losses.png'}"
    folder = run.folder / BEST
    if metric and (best := read_best(folder, metric, best_of(metric) or "lowest")):
        value, epoch = best.noted[metric], best.noted["epoch"]
        yield f"best: {metric} {value:.5g} after epoch {epoch}, in {folder}; export.py {folder} exports it"


def rehearse(run: Run) -> None:
    """Refuses what a run would refuse before its first step, and writes nothing.

    Raises:
        InputError: as `fit_run`; or another process trains in the run folder.
    """
    refuse_busy(run.folder)
    if (watch := evaluation(run.config, run.held_out)) is not None:
        watch.set_model(run.model)
        watch.measure()
    batches_from(run, 0)
    if begun_run(run.folder, run.config) is not None:
        is_finished(run.folder, run.config, run.facts)
        ExactCheckpoint(run.folder / CHECKPOINTS, writes=False).restore(run.model)
