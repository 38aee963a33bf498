"""From a configuration to a trained, exported generator: the one room that knows every name."""

import dataclasses
import inspect
import json
import math
import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from tfgan_suite.callbacks.epoch_checkpoint import EpochCheckpoint, newest_checkpoint, save_checkpoint
from tfgan_suite.callbacks.loss_plot import LossPlot
from tfgan_suite.callbacks.sample_grid import SampleGrid
from tfgan_suite.callbacks.stop_on_non_finite import StopOnNonFinite
from tfgan_suite.callbacks.stop_on_signal import StoppedBySignal, StopOnSignal
from tfgan_suite.config import PRESETS, TrainConfig, parse_size
from tfgan_suite.data.image_data import ImageData
from tfgan_suite.data.pipeline import steps_per_epoch, training_batches
from tfgan_suite.data.sources import load_images
from tfgan_suite.errors import InputError
from tfgan_suite.models.gan import GAN
from tfgan_suite.models.loading import MODELS, load_model
from tfgan_suite.schedules import learning_rate_schedule
from tfgan_suite.serving.export import export_generator, next_version

STEP_DECAY_EPOCHS = 30
VERSIONED = ("tfgan_suite", "tensorflow", "keras", "numpy", "tensorflow-datasets")


def train(config: TrainConfig) -> Path | None:
    """Trains and exports as configured; what happened lies in the run folder.

    Args:
        config: the run; see `TrainConfig`.

    Returns:
        The exported version's folder; None for a dry run.

    Raises:
        InputError: something in the configuration or the data cannot be used; nothing was written.
        DivergenceError: a loss is no longer finite; the last checkpoint stays.
        StoppedBySignal: after SIGINT or SIGTERM, with the weights saved.
    """
    config = config.resolved()
    assert config.run_dir and config.export_dir
    run_dir = Path(config.run_dir)
    refuse_full(run_dir)
    next_version(config.export_dir)
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
    make_writable(Path(config.export_dir))
    make_writable(run_dir)
    write_config(config, run_dir)
    stop_on_signal = StopOnSignal()
    try:
        model.fit(
            dataset,
            epochs=config.epochs,
            steps_per_epoch=steps,
            callbacks=[stop_on_signal, *run_callbacks(config, run_dir)],
            verbose="auto",
        )
    except StoppedBySignal as stop:
        path = run_dir / "checkpoints" / "stopped.keras"
        save_checkpoint(model, path)
        print(f"{stop}: the weights are saved. Start from them with --init-from {path}", flush=True)
        raise
    finally:
        stop_on_signal.restore()
    version = export_generator(model, config.export_dir, export_card(config, data))
    print(f"pictures: {run_dir / 'samples'}, {run_dir / 'training.gif'}, {run_dir / 'losses.png'}")
    return version


def choose_strategy(config: TrainConfig) -> tf.distribute.Strategy:
    """The strategy of a run; divides the CPU where `logical_devices` asks for it.

    Raises:
        InputError: the CPU cannot be divided any more, or the batch does not suit the devices.
    """
    cpu = tf.config.list_physical_devices("CPU")[0]
    if config.logical_devices > 1:
        wanted = [tf.config.LogicalDeviceConfiguration()] * config.logical_devices
        if len(tf.config.get_logical_device_configuration(cpu) or [None]) != config.logical_devices:
            try:
                tf.config.set_logical_device_configuration(cpu, wanted)
            except RuntimeError as error:
                raise InputError("--logical-devices must be set before TensorFlow is first used.") from error
    gpus = tf.config.list_logical_devices("GPU")
    mirrored = config.strategy == "mirrored" or (config.strategy == "auto" and len(gpus) > 1)
    if not mirrored:
        return tf.distribute.get_strategy()
    devices = [device.name for device in gpus or tf.config.list_logical_devices("CPU")]
    if config.batch_size % len(devices):
        raise InputError(
            f"--batch-size must be a multiple of the {len(devices)} devices. Received: {config.batch_size}."
        )
    if config.steps_per_execution > 1 and len(devices) > 1:
        raise InputError(
            "--steps-per-execution does not work on several devices with this TensorFlow. "
            f"Received: {config.steps_per_execution} with {len(devices)} devices."
        )
    return tf.distribute.MirroredStrategy(devices)


def build_model(config: TrainConfig, data: ImageData, steps: int) -> GAN:
    """The compiled model of a configuration, for images and labels as the data have them.

    Args:
        config: the run.
        data: gives the image shape and the number of classes.
        steps: generator steps an epoch.

    Raises:
        InputError: a conditional model on data without labels, or a flag that the model does not take.
    """
    model_class = MODELS[config.model_class]
    takes = inspect.signature(model_class).parameters
    arguments: dict[str, Any] = {"image_shape": data.image_shape, "dtype": config.dtype_policy}
    if model_class is MODELS["ConditionalGAN"]:
        if data.labels is None:
            raise InputError(
                f"--model {config.model} needs labels, and {data.source} has none. Use subfolders as classes, "
                "a CSV with a column label, or an unconditional model such as dcgan."
            )
        arguments |= {"num_classes": data.num_classes, "num_attributes": data.num_attributes}
    for name in ("body", "label_dim", "generator_units", "discriminator_units", "batch_norm", "base_filters",
                 "dropout", "initializer_stddev"):  # fmt: skip
        value = getattr(config, name)
        if value is None:
            continue
        if name not in takes:
            raise InputError(f"--{name.replace('_', '-')} does not apply to --model {config.model}. Leave it out.")
        arguments[name] = value
    model = model_class(
        **arguments,
        latent_dim=config.latent_dim,
        discriminator_steps=config.discriminator_steps,
        updates=config.updates,
        ema_momentum=config.ema_momentum,
        seed=config.seed,
    )
    model.compile(
        make_optimizer(config, config.generator_learning_rate, steps, 1),
        make_optimizer(config, config.discriminator_learning_rate, steps, config.discriminator_steps),
        loss=config.loss,
        label_smoothing=config.label_smoothing,
        steps_per_execution=config.steps_per_execution,
    )
    return model


def make_optimizer(config: TrainConfig, rate: float, steps: int, updates_per_step: int) -> keras.optimizers.Optimizer:
    """Adam with the run's decay.

    Args:
        config: the run.
        rate: the first learning rate.
        steps: generator steps an epoch.
        updates_per_step: the optimizer's own steps for each generator step.
    """
    epochs = STEP_DECAY_EPOCHS if config.learning_rate_decay == "step" else config.epochs
    decay_steps = (config.decay_steps or steps * epochs) * updates_per_step
    schedule = learning_rate_schedule(config.learning_rate_decay, rate, decay_steps, config.decay_rate)
    return keras.optimizers.Adam(schedule, beta_1=config.beta_1)


def start_from(model: GAN, path: str) -> None:
    """Copies the weights of a trained model of the same networks; optimizers start anew.

    Args:
        model: the model to be trained.
        path: a `.keras` file, or a run folder.

    Raises:
        InputError: nothing to load, or networks of other shapes.
    """
    trained = load_model(newest_checkpoint(path) if Path(path).is_dir() else path)
    for name in ("generator", "discriminator"):
        mine, theirs = getattr(model, name).get_weights(), getattr(trained, name).get_weights()
        if [weight.shape for weight in mine] != [weight.shape for weight in theirs]:
            raise InputError(f"--init-from {path}: its {name} has other shapes than this run's. Use the same model.")
        getattr(model, name).set_weights(theirs)
    if model.ema_generator is not None:
        model.ema_generator.set_weights(trained.sampling_generator.get_weights())


def describe(config: TrainConfig, data: ImageData, model: GAN, steps: int) -> str:
    """What a run will do, in lines for people; a dry run adds the resolved configuration."""
    labels = "no labels"
    if data.num_classes is not None:
        counts = tf.math.bincount(data.labels, minlength=data.num_classes).numpy()
        labels = f"{data.num_classes} classes of {counts.min():,} to {counts.max():,} images"
    elif data.num_attributes is not None:
        labels = f"{data.num_attributes} attributes ({', '.join(data.label_names)})"
    sizes = {n.name: f"{n.count_params():,}" for n in (model.generator, model.discriminator)}
    height, width, channels = data.image_shape
    lines = [
        f"data: {data.source}, {height}x{width}x{channels} uint8, mean {data.images[:1000].mean():.1f} of 255, {labels}",
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


def refuse_full(run_dir: Path) -> None:
    """Refuses a run folder that holds anything.

    Raises:
        InputError: the folder is not empty, or is a file.
    """
    if run_dir.exists() and (not run_dir.is_dir() or any(run_dir.iterdir())):
        raise InputError(
            f"The run folder {run_dir} is not empty. Choose another with --run-dir, or remove it if it is not needed."
        )


def make_writable(folder: Path) -> None:
    """Makes a folder and tries to write into it.

    Raises:
        InputError: it cannot be made or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe_{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise InputError(f"The folder {folder} cannot be written: {error.strerror}. Choose another.") from error


def write_config(config: TrainConfig, run_dir: Path) -> None:
    """Writes `config.json`: the resolved configuration and the versions that ran it."""
    versions = {name: metadata.version(name) for name in VERSIONED} | {"python": platform.python_version()}
    record = {"config": dataclasses.asdict(config), "versions": versions}
    (run_dir / "config.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def read_config(run_dir: Path) -> TrainConfig:
    """The configuration of a run folder.

    Raises:
        InputError: `config.json` is missing or is not one of ours.
    """
    path = run_dir / "config.json"
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))["config"]
        tuples = {key: tuple(value) for key, value in fields.items() if isinstance(value, list)}
        return TrainConfig(**{**fields, **tuples})
    except FileNotFoundError:
        raise InputError(f"{run_dir} is no run folder: it has no config.json.") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path} is no configuration of a run: {error}") from error


def run_callbacks(config: TrainConfig, run_dir: Path) -> list[keras.callbacks.Callback]:
    """What a run writes: history, samples, checkpoints, plot, TensorBoard."""
    logs = run_dir / "tensorboard"
    history = run_dir / "history.csv"
    callbacks: list[keras.callbacks.Callback] = [
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


def export_card(config: TrainConfig, data: ImageData) -> dict[str, Any]:
    """The facts that an exported generator carries with it."""
    return {"model": config.model, "dataset": data.source, "label_names": data.label_names, "seed": config.seed}


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
    config = read_config(run_dir)
    model = load_model(newest_checkpoint(run_dir))
    base = Path(export_dir or config.export_dir or "saved_models")
    make_writable(base)
    return export_generator(model, base, {"model": config.model, "dataset": config.dataset, "seed": config.seed})
