"""From a configuration to a trained, exported generator: the one file that knows every name."""

import contextlib
import dataclasses
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgan_suite.arguments import checked_types
from tfgan_suite.assembly import build_model, start_from, with_fixed_decay
from tfgan_suite.callbacks.exact_checkpoint import ExactCheckpoint, step_of
from tfgan_suite.callbacks.health_monitor import HealthMonitor
from tfgan_suite.callbacks.loss_plot import LossPlot
from tfgan_suite.callbacks.sample_grid import SampleGrid
from tfgan_suite.callbacks.stop_on_non_finite import StopOnNonFinite
from tfgan_suite.callbacks.stop_on_signal import StopOnSignal, StoppedBySignalError
from tfgan_suite.callbacks.time_left import TimeLeft
from tfgan_suite.config import TrainConfig
from tfgan_suite.continuation import resume_fit
from tfgan_suite.data.image_data import ImageData
from tfgan_suite.data.pipeline import steps_per_epoch, training_batches
from tfgan_suite.data.sources import read_images
from tfgan_suite.devices import chiefs_value, choose_strategy, is_chief, losing_workers_named
from tfgan_suite.errors import InputError
from tfgan_suite.exporting import export_card, origin
from tfgan_suite.models.checkpoints import newest_checkpoint, newest_step
from tfgan_suite.models.gan import GAN
from tfgan_suite.picture_rules import DATA_RULES
from tfgan_suite.presets import PRESETS
from tfgan_suite.run_folder import (
    CHECKPOINTS,
    HEALTH,
    HISTORY,
    Finished,
    announce,
    begun_run,
    cut_history,
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
from tfgan_suite.serving.export import export_generator, next_version, signature_facts
from tfgan_suite.serving.succession import check_successor

HEALTH_WINDOW = 500  # steps
STOPPING = "stopping after this step, and saving the state; once more stops at once, without saving"
# Where trouble is found, it began a window and at most two checks of 100 steps before.
ROLL_BACK_STEPS = HEALTH_WINDOW + 200


@checked_types
def train(config: TrainConfig) -> Path | None:
    """Trains and exports as configured, from the start or from where the run folder's run was cut off.

    Args:
        config: the run; see `TrainConfig`.

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
    run_dir, export_dir = Path(config.run_dir or ""), Path(config.export_dir or "")
    refuse_foreign(run_dir)
    next_version(export_dir)
    for folder in (run_dir, export_dir):
        refuse_unwritable(folder)
    if config.deterministic:
        tf.config.experimental.enable_op_determinism()
    strategy = choose_strategy(config)
    with losing_workers_named(strategy):
        return train_under(strategy, config, chosen)


def train_under(strategy: tf.distribute.Strategy, config: TrainConfig, chosen: bool = True) -> Path | None:
    """What `train` does, on the devices that it has chosen.

    Args:
        strategy: the devices.
        config: the resolved configuration.
        chosen: whether the user has named the export folder.
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
    config = with_fixed_decay(config, steps, begun)
    keras.utils.set_random_seed(config.seed)
    with strategy.scope():
        model = build_model(config, data, steps)
        if config.init_from and not (begun and newest_step(run_dir / CHECKPOINTS)):
            start_from(model, config.init_from)
    facts = data.facts()
    if begun is not None:
        refuse_differences(begun, config, facts, run_dir)
    others = check_successor(export_dir, signature_facts(model) | origin(config, facts), chosen)
    if config.dry_run:
        rehearse(config, model, data, steps, facts)
        print(describe(config, data, model, steps, data_rules), *([others] if others else []), sep="\n")
        return None
    with locked(run_dir) if chief else contextlib.nullcontext(), failures_named(run_dir):
        if config.restart and (aside := move_aside(run_dir)):
            print(f"the run before it: {aside}. To go on with this one, leave --restart out.")
        if is_finished(run_dir, config, facts):
            return None
        if chief:
            told = describe(config, data, model, steps, data_rules)
            print(told, *([others] if others else []), sep="\n", flush=True)
        fit_run(config, model, data, steps, facts, chief, data_rules)
        version = None
        if chief:
            version = export_generator(model, export_dir, export_card(run_dir, newest_of_run(run_dir)))
            write_finished(run_dir, Finished(config.epochs, str(version)))
            print(f"pictures: {run_dir / 'samples'}, {run_dir / 'training.gif'}, {run_dir / 'losses.png'}")
        chiefs_value(strategy, 0)  # the others leave when all is written: started again alone, the chief would wait
        if not chief:
            print("done: this worker has trained to the end; the first one has written what there is", flush=True)
        return version


def rehearse(config: TrainConfig, model: GAN, data: ImageData, steps: int, facts: dict[str, Any]) -> None:
    """Refuses what a run would refuse before its first step, and writes nothing.

    Args:
        config, model, data, steps, facts: see `fit_run`.

    Raises:
        InputError: as `fit_run`; or another process trains in the run folder.
    """
    run_dir = Path(config.run_dir or "")
    refuse_busy(run_dir)
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
    return training_batches(data, rows, config.epochs, config.seed, steps, step, *augmentation)


def fit_run(
    config: TrainConfig,
    model: GAN,
    data: ImageData,
    steps: int,
    facts: dict[str, Any],
    chief: bool,
    data_rules: int = DATA_RULES,
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
        write_config(dataclasses.replace(config, restart=False), run_dir, facts, data_rules)
        cut_history(run_dir / HISTORY, start // steps)
    if (chiefs := chiefs_value(model.distribute_strategy, start)) != start:
        raise InputError(
            f"This worker finds step {start} in {run_dir}, the first one step {chiefs}. All need the same run folder: "
            "put it on a file system that they share."
        )

    def batches(step: int) -> tf.data.Dataset:
        return batches_from(step, config, data, steps)

    callbacks = run_callbacks(config, data, checkpoint, data_rules)
    if chief:
        callbacks.append(TimeLeft(config.epochs, steps))
    try:
        resume_fit(model, batches, config.epochs, steps, checkpoint, callbacks, verbose="auto" if chief else 0)
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
            if isinstance(callback, keras.callbacks.CSVLogger) and callback.csv_file:
                callback.csv_file.close()


def describe(config: TrainConfig, data: ImageData, model: GAN, steps: int, data_rules: int = DATA_RULES) -> str:
    """What a run will do, in lines for people; a dry run adds the resolved configuration."""
    labels = "no labels"
    if data.labels is not None and data.num_classes is not None:
        counts = np.bincount(data.labels, minlength=data.num_classes)
        labels = f"{data.num_classes} classes of {counts.min():,} to {counts.max():,} images"
    elif data.num_attributes is not None:
        labels = f"{data.num_attributes} attributes ({', '.join(data.label_names)})"
    sizes = {n.name: f"{n.count_params():,}" for n in (model.generator, model.discriminator)}
    height, width, channels = data.image_shape
    lines = [
        f"data: {data.source}, {height}x{width}x{channels} uint8, "
        f"mean {data.images[:1000].mean():.1f} of 255, {'; '.join([labels, *data.notes])}",
        f"model: {config.model}, " + ", ".join(f"{name} {size} parameters" for name, size in sizes.items()),
        f"run: {config.epochs} epochs of {steps} steps of {config.batch_size * config.discriminator_steps} images, "
        f"in {config.run_dir}",
    ]
    if data.num_damaged:
        lines.insert(1, f"damaged: {data.num_damaged} images are left out")
    if config.dry_run:
        preset = PRESETS[config.model]
        lines += [f"paper: {preset.paper}", f"note: {preset.note}"]
        lines += [f"latents: ({config.latent_dim},) -> images: {model.image_shape} in [-1, 1]"]
        lines += [f"{key} = {value}" for key, value in settings_of(config, data_rules).items()]
    return "\n".join(lines)


def run_callbacks(
    config: TrainConfig, data: ImageData, checkpoint: ExactCheckpoint, data_rules: int
) -> list[keras.callbacks.Callback]:
    """What watches over a run and what it writes, in the order in which they must be called."""
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
    if checkpoint.writes:
        callbacks += [
            keras.callbacks.CSVLogger(str(history), append=True),
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
