"""A configuration made into the parts of a run: model, optimizers, first weights."""

import dataclasses
import inspect
from pathlib import Path
from typing import Any

import keras

from tfgan_suite.config import TrainConfig
from tfgan_suite.data.image_data import ImageData
from tfgan_suite.errors import InputError
from tfgan_suite.models.gan import GAN
from tfgan_suite.models.loading import MODELS, load_model
from tfgan_suite.run_folder import RunRecord, newest_of_run
from tfgan_suite.schedules import learning_rate_schedule

STEP_DECAY_EPOCHS = 30
# Flags that only some models take.
NETWORK_FLAGS = (
    "body",
    "projection",
    "generator_units",
    "discriminator_units",
    "batch_norm",
    "base_filters",
    "dropout",
    "initializer_stddev",
)


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
    for name in NETWORK_FLAGS:
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
    decay_steps = (with_fixed_decay(config, steps).decay_steps or 0) * updates_per_step
    schedule = learning_rate_schedule(config.learning_rate_decay, rate, decay_steps, config.decay_rate)
    return keras.optimizers.Adam(schedule, beta_1=config.beta_1)


def with_fixed_decay(config: TrainConfig, steps: int, begun: RunRecord | None = None) -> TrainConfig:
    """The configuration with the decay's length as a number, which a run keeps when its `epochs` are changed.

    Args:
        config: the run.
        steps: generator steps an epoch.
        begun: the same run's first start, where there was one.

    Raises:
        InputError: more epochs than the run was started with, at a rate that is 0 by then.
    """
    if config.learning_rate_decay == "none" or config.decay_steps is not None:
        return config
    epochs = STEP_DECAY_EPOCHS if config.learning_rate_decay == "step" else config.epochs
    fixed = begun.config.decay_steps if begun is not None else None
    if fixed and config.learning_rate_decay != "step" and steps * config.epochs > fixed:
        raise InputError(
            f"The run's learning rate falls to 0 at step {fixed}, the end of its {fixed // steps} epochs: more would "
            f"teach it nothing. Begin anew with --restart --epochs {config.epochs}, or another run with --init-from."
        )
    return dataclasses.replace(config, decay_steps=fixed or steps * epochs)


def start_from(model: GAN, path: str) -> None:
    """Copies the weights of a trained model of the same networks; optimizers start anew.

    Args:
        model: the model to be trained.
        path: a `.keras` file, or a run folder.

    Raises:
        InputError: nothing to load, or networks of other shapes.
    """
    trained = load_model(newest_of_run(path) if Path(path).is_dir() else path)
    for name in ("generator", "discriminator"):
        mine, theirs = getattr(model, name).get_weights(), getattr(trained, name).get_weights()
        if [weight.shape for weight in mine] != [weight.shape for weight in theirs]:
            raise InputError(f"--init-from {path}: its {name} has other shapes than this run's. Use the same model.")
        getattr(model, name).set_weights(theirs)
    if model.ema_generator is not None:
        model.ema_generator.set_weights(trained.sampling_generator.get_weights())
