"""From a configuration to a trained, exported generator: the one room that knows every name."""

import dataclasses
from pathlib import Path
from typing import Any

import keras
import numpy as np

from tfgan_suite.assembly import build_model, choose_strategy, start_from
from tfgan_suite.callbacks.epoch_checkpoint import STOPPED, EpochCheckpoint, newest_checkpoint, save_checkpoint
from tfgan_suite.callbacks.loss_plot import LossPlot
from tfgan_suite.callbacks.sample_grid import SampleGrid
from tfgan_suite.callbacks.stop_on_non_finite import StopOnNonFinite, first_broken_weight
from tfgan_suite.callbacks.stop_on_signal import StopOnSignal, StoppedBySignalError
from tfgan_suite.config import TrainConfig, parse_size
from tfgan_suite.data.image_data import ImageData
from tfgan_suite.data.pipeline import steps_per_epoch, training_batches
from tfgan_suite.data.sources import load_images
from tfgan_suite.models.gan import GAN
from tfgan_suite.models.loading import load_model
from tfgan_suite.presets import PRESETS
from tfgan_suite.run_folder import read_config, refuse_full, refuse_unwritable, write_config
from tfgan_suite.serving.export import export_generator, next_version


def train(config: TrainConfig) -> Path | None:
    """Trains and exports as configured; what happened lies in the run folder.

    Args:
        config: the run; see `TrainConfig`.

    Returns:
        The exported version's folder; None for a dry run.

    Raises:
        InputError: something in the configuration or the data cannot be used; nothing was written.
        DivergenceError: a loss is no longer finite; the last checkpoint stays.
        StoppedBySignalError: after SIGINT or SIGTERM, with the weights saved.
    """
    config = config.resolved()
    assert config.run_dir and config.export_dir
    run_dir = Path(config.run_dir)
    refuse_full(run_dir)
    next_version(config.export_dir)
    for folder in (run_dir, Path(config.export_dir)):
        refuse_unwritable(folder)
    strategy = choose_strategy(config)
    data = load_images(
        config.dataset,
        config.split,
        config.data_dir,
        parse_size(config.image_size) if config.image_size else None,
        config.channels,
        config.skip_damaged,
        config.cache_gigabytes,
    )
    batch_rows = config.batch_size * config.discriminator_steps
    steps = config.steps_per_epoch or steps_per_epoch(len(data.images), batch_rows)
    dataset = training_batches(
        data, batch_rows, config.epochs, config.seed, steps, 0, config.flip, config.crop, config.rotation
    )
    keras.utils.set_random_seed(config.seed)
    with strategy.scope():
        model = build_model(config, data, steps)
        if config.init_from:
            start_from(model, config.init_from)
    print(describe(config, data, model, steps), flush=True)
    if config.dry_run:
        return None
    run_dir.mkdir(parents=True, exist_ok=True)
    facts = {"source": data.source, "image_shape": data.image_shape, "label_names": data.label_names}
    write_config(config, run_dir, facts)
    callbacks = run_callbacks(config, run_dir)
    try:
        model.fit(
            dataset,
            epochs=config.epochs,
            steps_per_epoch=steps,
            callbacks=callbacks,
            verbose="auto",
        )
    except StoppedBySignalError as stop:
        path = run_dir / "checkpoints" / STOPPED
        if first_broken_weight(model) is None:
            save_checkpoint(model, path)
        else:
            path = newest_checkpoint(run_dir)
        print(f"\n{stop}: the weights are saved. Start from them with --init-from {path}", flush=True)
        raise
    finally:
        # Keras leaves these as they are when training is cut off.
        for callback in callbacks:
            if isinstance(callback, StopOnSignal):
                callback.restore()
            if isinstance(callback, keras.callbacks.CSVLogger) and callback.csv_file:
                callback.csv_file.close()
    version = export_generator(model, config.export_dir, export_card(config, facts))
    print(f"pictures: {run_dir / 'samples'}, {run_dir / 'training.gif'}, {run_dir / 'losses.png'}")
    return version


def describe(config: TrainConfig, data: ImageData, model: GAN, steps: int) -> str:
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
        f"mean {data.images[:1000].mean():.1f} of 255, {labels}",
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
        lines += [f"{key} = {value}" for key, value in dataclasses.asdict(config).items()]
    return "\n".join(lines)


def run_callbacks(config: TrainConfig, run_dir: Path) -> list[keras.callbacks.Callback]:
    """What stops a run, and what it writes: history, samples, checkpoints, plot, TensorBoard."""
    logs = run_dir / "tensorboard"
    history = run_dir / "history.csv"
    callbacks: list[keras.callbacks.Callback] = [
        StopOnSignal(),
        StopOnNonFinite(),
        keras.callbacks.CSVLogger(str(history)),
        SampleGrid(
            run_dir / "samples",
            config.sample_count,
            gif=run_dir / "training.gif",
            log_dir=logs / "samples" if config.tensorboard else None,
        ),
        EpochCheckpoint(run_dir / "checkpoints", config.keep_checkpoints),
        LossPlot(history, run_dir / "losses.png"),
    ]
    if config.tensorboard:
        callbacks.append(keras.callbacks.TensorBoard(str(logs), write_graph=False))
    return callbacks


def export_card(config: TrainConfig, data: dict[str, Any]) -> dict[str, Any]:
    """The facts that an exported generator carries with it."""
    return {"model": config.model, "dataset": data["source"], "label_names": data["label_names"], "seed": config.seed}


def export_run(run_dir: Path | str, export_dir: Path | str | None = None) -> Path:
    """Exports the newest checkpoint of a run.

    Args:
        run_dir: a run folder of `train`.
        export_dir: base folder of the versions; None: the run's own.

    Returns:
        The new version's folder.

    Raises:
        InputError: no run folder, no checkpoint, or an export folder that cannot be written.
    """
    run_dir = Path(run_dir)
    config, data = read_config(run_dir)
    model = load_model(newest_checkpoint(run_dir))
    base = Path(export_dir or config.export_dir or "saved_models")
    refuse_unwritable(base)
    return export_generator(model, base, export_card(config, data))
