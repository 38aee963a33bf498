"""A run that is ready to begin: its data read, its model built, its differences from what was begun refused."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from tfgan_suite.config import TrainConfig
from tfgan_suite.continuation.checkpoints import newest_step
from tfgan_suite.data.image_data import ImageData
from tfgan_suite.data.pipeline import steps_of_pass
from tfgan_suite.data.unpaired import UnpairedData
from tfgan_suite.errors import InputError, option
from tfgan_suite.files import CHECKPOINTS
from tfgan_suite.models.algorithm import Algorithm
from tfgan_suite.models.from_latents import FromLatents
from tfgan_suite.picture_rules import DATA_RULES
from tfgan_suite.presets import PRESETS
from tfgan_suite.runs.assembly import (
    FEWEST_EPOCHS,
    IMAGES_OF_A_NEW_RUN,
    MOST_EPOCHS,
    build_model,
    start_from,
    with_epochs,
    with_fixed_decay,
)
from tfgan_suite.runs.data import read_data, read_held_out
from tfgan_suite.runs.devices import is_chief
from tfgan_suite.runs.exporting import origin
from tfgan_suite.runs.record import begun_run, picture_rules, refuse_differences, settings_of
from tfgan_suite.serving.export import export_folders
from tfgan_suite.serving.succession import check_successor

EPOCHS_CHOSEN = f"as many as show {IMAGES_OF_A_NEW_RUN:,} images, but {FEWEST_EPOCHS} to {MOST_EPOCHS}"


@dataclass(frozen=True)
class Run:
    """What a run is made of.

    Attributes:
        config: resolved, with its epochs and the length of its decay as numbers.
        data: what it learns from.
        held_out: of a translator what it is shown and measured on; else `data`.
        model: compiled, in the scope of its strategy.
        steps: generator steps an epoch.
        facts: what `config.json` shall say of the data.
        data_rules: by which the data were read; by those below 2 grids stay as they were, too.
        chief: whether this process writes the run folder.
        callbacks: besides those of every run.
        notes: what was chosen for the user, in lines for people.
    """

    config: TrainConfig
    data: ImageData
    held_out: ImageData
    model: Algorithm
    steps: int
    facts: dict[str, Any]
    data_rules: int = DATA_RULES
    chief: bool = True
    callbacks: Sequence[keras.callbacks.Callback] = ()
    notes: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """The run folder."""
        return Path(self.config.run_dir or "")

    @property
    def export_dir(self) -> Path:
        """The folder of the SavedModel's versions."""
        return Path(self.config.export_dir or "")

    @property
    def rows(self) -> int:
        """Images of one step, for all devices together."""
        return self.config.batch_size * self.config.discriminator_steps


def prepared(
    strategy: tf.distribute.Strategy,
    config: TrainConfig,
    chosen: bool = True,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> Run:
    """Reads the data and builds the model; nothing is written.

    Args:
        strategy: the devices.
        config: the resolved configuration.
        chosen: whether the user has named the export folder.
        callbacks: see `commands.train.train`.

    Raises:
        InputError: data or settings that cannot be used, or another run or model in the folders.
    """
    folder, chief = Path(config.run_dir or ""), is_chief(strategy)
    begun = begun_run(folder, config)
    data_rules = DATA_RULES if begun is None else begun.data_rules
    rules = picture_rules(config, data_rules)
    data = read_data(config, rules)
    held_out = read_held_out(config, rules, data)
    for text in data.warnings if chief else ():
        print(f"warning: {text}", file=sys.stderr)
    rows, notes = config.batch_size * config.discriminator_steps, []
    one_pass = steps_of_pass(data, rows)  # refuses a batch that is larger than the data
    steps = config.steps_per_epoch or one_pass
    if steps % config.steps_per_execution:
        raise InputError(
            f"{option('steps_per_execution')} must divide the {steps} steps of an epoch. Received: "
            f"{config.steps_per_execution}."
        )
    if config.epochs is None:
        config = with_epochs(config, steps * rows if config.steps_per_epoch else data.num_rows, begun)
        why = "as it was begun" if begun else EPOCHS_CHOSEN
        notes.append(f"epochs: {config.epochs}, {why}; {option('epochs', 'N')} changes it")
    config = with_fixed_decay(config, steps, begun)
    if config.learning_rate_decay in ("linear", "cosine") and (config.decay_steps or 0) < config.num_epochs * steps:
        notes.append(f"the learning rate is 0 from step {config.decay_steps} on: what comes after it teaches nothing")
    if config.evaluate_every is not None and config.evaluate_every > config.num_epochs:
        raise InputError(
            f"{option('evaluate_every', config.evaluate_every)} never comes in {config.num_epochs} epochs. Give a "
            f"smaller number, or more {option('epochs')}."
        )
    keras.utils.set_random_seed(config.seed)
    with strategy.scope():
        model = build_model(config, data, steps)
        if config.init_from and not (begun and newest_step(folder / CHECKPOINTS)):
            notes.append(start_from(model, config.init_from))
    facts = data.facts()
    if begun is not None:
        refuse_differences(begun, config, facts, folder)
    for way, place in export_folders(model, config.export_dir or "").items():
        if others := check_successor(place, model.directed(way).facts() | origin(config, facts), chosen):
            notes.append(others)
    return Run(config, data, held_out, model, steps, facts, data_rules, chief, callbacks, tuple(notes))


def describe(run: Run) -> str:
    """What a run will do, in lines for people; a dry run adds the resolved configuration."""
    config, data, model = run.config, run.data, run.model
    known = data.known_labels()
    told = list(data.notes)
    if not config.translates:
        told.insert(0, "no labels" if known is None or data.labels is None else known.summary(data.labels))
    networks = [network for side in model.sides().values() for network in side]
    sizes = {network.name: f"{network.count_params():,}" for network in networks}
    height, width, channels = data.image_shape
    lines = [
        f"data: {data.source}, {height}x{width}x{channels} uint8, "
        f"mean {data.images[:1000].mean():.1f} of 255, {'; '.join(told)}",
        f"model: {config.model}, " + ", ".join(f"{name} {size} parameters" for name, size in sizes.items()),
        f"run: {config.epochs} epochs of {run.steps} steps of {run.rows} images, in {config.run_dir}",
    ]
    if config.evaluate_every is not None:
        every = "each epoch" if config.evaluate_every == 1 else f"every {config.evaluate_every} epochs"
        measured = run.held_out.pairs() if isinstance(run.held_out, UnpairedData) else run.held_out
        count = min(config.evaluate_count, len(measured.images))
        against = "pairs held out" if config.translates else "samples against as many images that are learned from"
        lines.append(f"evaluation: {config.measured} of {count:,} {against}, after {every}")
    if data.num_damaged:
        lines.insert(1, f"damaged: {data.num_damaged} images are left out")
    if config.dry_run:
        preset = PRESETS[config.model]
        lines += [f"paper: {preset.paper}", f"note: {preset.note}"]
        if isinstance(model, FromLatents):
            lines += [f"latents: ({config.latent_dim},) -> images: {model.image_shape} in [-1, 1]"]
        lines += [f"{key} = {value}" for key, value in settings_of(config, run.data_rules).items()]
    return "\n".join([*lines, *run.notes])
