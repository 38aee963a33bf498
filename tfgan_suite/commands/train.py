"""From a configuration to a trained, exported generator: the one file that knows every name."""

import contextlib
import dataclasses
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgan_suite.arguments import checked_types
from tfgan_suite.callbacks.health_monitor import HealthMonitor
from tfgan_suite.callbacks.history import EpochHistory, cut_history
from tfgan_suite.callbacks.loss_plot import LossPlot
from tfgan_suite.callbacks.sample_grid import SampleGrid
from tfgan_suite.callbacks.stop_on_non_finite import StopOnNonFinite
from tfgan_suite.callbacks.stop_on_signal import StopOnSignal, StoppedBySignalError
from tfgan_suite.callbacks.time_left import TimeLeft
from tfgan_suite.config import TrainConfig
from tfgan_suite.continuation.checkpoints import newest_checkpoint, newest_step
from tfgan_suite.continuation.exact_checkpoint import ExactCheckpoint, step_of
from tfgan_suite.continuation.keep_best import KeepBest, read_best
from tfgan_suite.continuation.resume import refuse_other_callbacks, resume_fit
from tfgan_suite.data.image_data import ImageData
from tfgan_suite.data.pipeline import steps_per_epoch, training_batches
from tfgan_suite.data.sources import read_images
from tfgan_suite.errors import InputError
from tfgan_suite.metrics.catalogue import best_of
from tfgan_suite.models.gan import GAN
from tfgan_suite.picture_rules import DATA_RULES
from tfgan_suite.presets import PRESETS
from tfgan_suite.runs.assembly import (
    build_model,
    check_evaluation,
    evaluation,
    start_from,
    with_epochs,
    with_fixed_decay,
)
from tfgan_suite.runs.devices import chiefs_value, choose_strategy, is_chief, losing_workers_named
from tfgan_suite.runs.exporting import export_card, origin
from tfgan_suite.runs.folder import (
    Finished,
    announce,
    begun_run,
    failures_named,
    is_finished,
    locked,
    move_aside,
    newest_of_run,
    picture_rules,
    refuse_busy,
    refuse_differences,
    refuse_foreign,
    refuse_unwritable,
    settings_of,
    write_config,
    write_finished,
)
from tfgan_suite.runs.paths import BEST, CHECKPOINTS, HEALTH, HISTORY
from tfgan_suite.serving.export import export_generator, next_version
from tfgan_suite.serving.signatures import signature_facts
from tfgan_suite.serving.succession import check_successor

EPOCHS_CHOSEN = "as many as show 300,000 images, but 5 to 60"
HEALTH_WINDOW = 500  # steps
STOPPING = "stopping after this step, and saving the state; once more stops at once, without saving"
# Where trouble is found, it began a window and at most two checks of 100 steps before.
ROLL_BACK_STEPS = HEALTH_WINDOW + 200


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
    chosen = config.export_dir is not None
    config = config.resolved()
    check_evaluation(config)
    refuse_other_callbacks(callbacks)
    run_dir, export_dir = Path(config.run_dir or ""), Path(config.export_dir or "")
    refuse_foreign(run_dir)
    next_version(export_dir)
    for folder in (run_dir, export_dir):
        refuse_unwritable(folder)
    if config.deterministic:
        tf.config.experimental.enable_op_determinism()
    strategy = choose_strategy(config)
    with losing_workers_named(strategy):
        return train_under(strategy, config, chosen, callbacks)


def train_under(
    strategy: tf.distribute.Strategy,
    config: TrainConfig,
    chosen: bool = True,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> Path | None:
    """What `train` does, on the devices that it has chosen.

    Args:
        strategy: the devices.
        config: the resolved configuration.
        chosen: whether the user has named the export folder.
        callbacks: see `train`.
    """
    run_dir, export_dir = Path(config.run_dir or ""), Path(config.export_dir or "")
    chief = is_chief(strategy)
    begun = begun_run(run_dir, config)
    data_rules = DATA_RULES if begun is None else begun.data_rules
    data = read_images(
        config.dataset,
        config.split,
        config.data_dir,
        picture_rules(config, data_rules),
        config.skip_damaged,
        config.cache_gigabytes,
    )
    for text in data.warnings if chief else ():
        print(f"warning: {text}", file=sys.stderr)
    one_pass = steps_per_epoch(len(data.images), config.batch_size * config.discriminator_steps)
    steps = config.steps_per_epoch or one_pass
    if steps % config.steps_per_execution:
        raise InputError(
            f"--steps-per-execution must divide the {steps} steps of an epoch. Received: {config.steps_per_execution}."
        )
    notes = []
    if config.epochs is None:
        shown = steps * config.batch_size * config.discriminator_steps if config.steps_per_epoch else len(data.images)
        config = with_epochs(config, shown, begun)
        notes.append(f"epochs: {config.epochs}, {'as it was begun' if begun else EPOCHS_CHOSEN}; --epochs N changes it")
    config = with_fixed_decay(config, steps, begun)
    if config.learning_rate_decay in ("linear", "cosine") and (config.decay_steps or 0) < config.num_epochs * steps:
        notes.append(f"the learning rate is 0 from step {config.decay_steps} on: what comes after it teaches nothing")
    keras.utils.set_random_seed(config.seed)
    with strategy.scope():
        model = build_model(config, data, steps)
        if config.init_from and not (begun and newest_step(run_dir / CHECKPOINTS)):
            notes.append(start_from(model, config.init_from))
    facts = data.facts()
    if begun is not None:
        refuse_differences(begun, config, facts, run_dir)
    if others := check_successor(export_dir, signature_facts(model) | origin(config, facts), chosen):
        notes.append(others)
    if config.dry_run:
        rehearse(config, model, data, steps, facts)
        print(describe(config, data, model, steps, data_rules), *notes, sep="\n")
        return None
    with locked(run_dir) if chief else contextlib.nullcontext(), failures_named(run_dir):
        if config.restart and (aside := move_aside(run_dir)):
            print(f"the run before it: {aside}. To go on with this one, leave --restart out.")
        if is_finished(run_dir, config, facts):
            return None
        if chief:
            print(describe(config, data, model, steps, data_rules), *notes, sep="\n", flush=True)
        fit_run(config, model, data, steps, facts, chief, data_rules, callbacks)
        version = None
        if chief:
            version = export_generator(model, export_dir, export_card(run_dir, newest_of_run(run_dir)))
            write_finished(run_dir, Finished(step_of(model) // steps, str(version)))
            print(*what_there_is(config, step_of(model), steps), sep="\n")
        chiefs_value(strategy, 0)  # the others leave when all is written: started again alone, the chief would wait
        if not chief:
            print("done: this worker has trained to the end; the first one has written what there is", flush=True)
        return version


def what_there_is(config: TrainConfig, step: int, steps: int) -> Iterator[str]:
    """Lines for people at the end of a run.

    Args:
        config: the run.
        step: that it has come to.
        steps: generator steps an epoch.
    """
    run_dir = Path(config.run_dir or "")
    if step < config.num_epochs * steps:
        yield f"stopped: by a callback, after {step} of {config.num_epochs * steps} steps; the same call goes on"
    yield f"pictures: {run_dir / 'samples'}, {run_dir / 'training.gif'}, {run_dir / 'losses.png'}"
    metric, folder = config.keep_best, run_dir / BEST
    if metric and (best := read_best(folder, metric, best_of(metric) or "lowest")):
        value, epoch = best.noted[metric], best.noted["epoch"]
        yield f"best: {metric} {value:.5g} after epoch {epoch}, in {folder}; export.py {folder} exports it"


def rehearse(config: TrainConfig, model: GAN, data: ImageData, steps: int, facts: dict[str, Any]) -> None:
    """Refuses what a run would refuse before its first step, and writes nothing.

    Args:
        config, model, data, steps, facts: see `fit_run`.

    Raises:
        InputError: as `fit_run`; or another process trains in the run folder.
    """
    run_dir = Path(config.run_dir or "")
    refuse_busy(run_dir)
    if (watch := evaluation(config, data)) is not None:
        watch.set_model(model)
        watch.measure()
    batches_from(0, config, data, steps)
    if begun_run(run_dir, config) is not None:
        is_finished(run_dir, config, facts)
        ExactCheckpoint(run_dir / CHECKPOINTS, writes=False).restore(model)


def batches_from(step: int, config: TrainConfig, data: ImageData, steps: int) -> tf.data.Dataset:
    """The batches of a run from one of its steps on.

    Args:
        step: counted from 0.
        config: the run.
        data: what it learns from.
        steps: generator steps an epoch.
    """
    rows = config.batch_size * config.discriminator_steps
    augmentation = (config.flip, config.crop, config.rotation)
    return training_batches(data, rows, config.num_epochs, config.seed, steps, step, *augmentation)


def fit_run(
    config: TrainConfig,
    model: GAN,
    data: ImageData,
    steps: int,
    facts: dict[str, Any],
    chief: bool,
    data_rules: int = DATA_RULES,
    more: Sequence[keras.callbacks.Callback] = (),
) -> None:
    """Trains to the end of the run, from its newest checkpoint where it has one.

    Args:
        config: the run.
        model: built in its strategy's scope.
        data: what it learns from.
        steps: generator steps an epoch.
        facts: what `config.json` shall say of the data.
        chief: whether this process writes the run folder.
        data_rules: by which the data were read; by those below 2 grids stay as they were, too.
        more: callbacks besides those of the run; see `train`.

    Raises:
        InputError: no checkpoint is whole, or they are not of this run.
        StoppedBySignalError: with the state saved, and the way to go on printed.
    """
    run_dir = Path(config.run_dir or "")
    checkpoint = ExactCheckpoint(
        run_dir / CHECKPOINTS,
        config.checkpoint_every,
        config.keep_checkpoints,
        ROLL_BACK_STEPS if config.on_collapse == "rollback" else 0,
        chief,
    )
    newest = newest_checkpoint(checkpoint.directory)
    start = 0 if newest is None else newest.step
    if chief:
        announce(run_dir, start, steps)
        run_dir.mkdir(parents=True, exist_ok=True)
        names = [type(callback).__name__ for callback in more]
        write_config(dataclasses.replace(config, restart=False), run_dir, facts, data_rules, names)
        cut_history(run_dir / HISTORY, start // steps)
    if (chiefs := chiefs_value(model.distribute_strategy, start)) != start:
        raise InputError(
            f"This worker finds step {start} in {run_dir}, the first one step {chiefs}. All need the same run folder: "
            "put it on a file system that they share."
        )

    def batches(step: int) -> tf.data.Dataset:
        return batches_from(step, config, data, steps)

    callbacks = run_callbacks(config, data, checkpoint, data_rules, more)
    if chief:
        callbacks.append(TimeLeft(config.num_epochs, steps))
    try:
        resume_fit(model, batches, config.num_epochs, steps, checkpoint, callbacks, verbose="auto" if chief else 0)
        if more:
            put_back(model, checkpoint)
    except StoppedBySignalError as stop:
        if chief:
            bare = " without --restart" if config.restart else ""
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


def put_back(model: GAN, checkpoint: ExactCheckpoint) -> None:
    """Gives the model what its last checkpoint holds, which is what goes on and is exported.

    A callback that was added may have changed it since, as `EarlyStopping(restore_best_weights=True)` does.
    """
    before = [np.array(weight) for weight in model.weights]
    checkpoint.restore(model)
    if any(not np.array_equal(mine, weight) for mine, weight in zip(before, model.weights, strict=True)):
        print(
            "warning: a callback has changed the weights after the last step. What the last step gave is exported; "
            "--keep-best keeps the best.",
            file=sys.stderr,
        )


def describe(config: TrainConfig, data: ImageData, model: GAN, steps: int, data_rules: int = DATA_RULES) -> str:
    """What a run will do, in lines for people; a dry run adds the resolved configuration."""
    labels = "no labels"
    if data.labels is not None and data.num_classes is not None:
        counts = np.bincount(data.labels, minlength=data.num_classes)
        labels = f"{data.num_classes} classes of {counts.min():,} to {counts.max():,} images"
    elif data.labels is not None:
        labels = f"{len(data.label_names)} attributes ({', '.join(data.label_names)})"
    sizes = {n.name: f"{n.count_params():,}" for n in (model.generator, model.discriminator)}
    height, width, channels = data.image_shape
    lines = [
        f"data: {data.source}, {height}x{width}x{channels} uint8, "
        f"mean {data.images[:1000].mean():.1f} of 255, {'; '.join([labels, *data.notes])}",
        f"model: {config.model}, " + ", ".join(f"{name} {size} parameters" for name, size in sizes.items()),
        f"run: {config.epochs} epochs of {steps} steps of {config.batch_size * config.discriminator_steps} images, "
        f"in {config.run_dir}",
    ]
    if config.evaluate_every is not None:
        lines.append(
            f"evaluation: {config.metrics} of {min(config.evaluate_count, len(data.images)):,} samples against as many "
            f"images that are learned from, every {config.evaluate_every} epochs"
        )
    if data.num_damaged:
        lines.insert(1, f"damaged: {data.num_damaged} images are left out")
    if config.dry_run:
        preset = PRESETS[config.model]
        lines += [f"paper: {preset.paper}", f"note: {preset.note}"]
        lines += [f"latents: ({config.latent_dim},) -> images: {model.image_shape} in [-1, 1]"]
        lines += [f"{key} = {value}" for key, value in settings_of(config, data_rules).items()]
    return "\n".join(lines)


def run_callbacks(
    config: TrainConfig,
    data: ImageData,
    checkpoint: ExactCheckpoint,
    data_rules: int,
    more: Sequence[keras.callbacks.Callback] = (),
) -> list[keras.callbacks.Callback]:
    """What watches over a run, what a caller has added, and what is written, in the order of their calls."""
    run_dir = Path(config.run_dir or "")
    logs, history = run_dir / "tensorboard", run_dir / HISTORY
    callbacks: list[keras.callbacks.Callback] = []
    if checkpoint.writes or config.on_collapse != "warn":  # what only warns, warns once
        try:
            monitor = HealthMonitor(
                run_dir / HEALTH,
                data.images,
                data.labels,
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
    if checkpoint.writes and (watch := evaluation(config, data)) is not None:
        callbacks.append(watch)
    callbacks += more
    if checkpoint.writes:
        if config.keep_best is not None:
            callbacks.append(KeepBest(run_dir / BEST, config.keep_best, best_of(config.keep_best) or "lowest"))
        callbacks += [
            EpochHistory(history),
            SampleGrid(
                run_dir / "samples",
                config.sample_count,
                gif=run_dir / "training.gif",
                log_dir=logs / "samples" if config.tensorboard else None,
                label_names=data.label_names,
                plain=data_rules < 2,
            ),
            LossPlot(history, run_dir / "losses.png"),
        ]
        if config.tensorboard:
            callbacks.append(keras.callbacks.TensorBoard(str(logs), write_graph=False))
    return [*callbacks, StopOnSignal(STOPPING)]
