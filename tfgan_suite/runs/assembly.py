"""A configuration made into the parts of a run: model, optimizers, first weights."""

import dataclasses
import inspect
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from tfgan_suite.callbacks.evaluation import Evaluation
from tfgan_suite.callbacks.measuring import Measuring
from tfgan_suite.callbacks.pair_evaluation import PairEvaluation
from tfgan_suite.config import TrainConfig
from tfgan_suite.data.image_data import ImageData
from tfgan_suite.data.pairs import PairData
from tfgan_suite.data.unpaired import UnpairedData
from tfgan_suite.errors import InputError, option
from tfgan_suite.files import is_run
from tfgan_suite.metrics.catalogue import METRICS, best_of, chosen_metrics
from tfgan_suite.metrics.extractors import load_extractor
from tfgan_suite.metrics.translation import PAIR_METRICS
from tfgan_suite.models.algorithm import Algorithm
from tfgan_suite.models.from_latents import FromLatents
from tfgan_suite.models.loading import load_model, model_classes
from tfgan_suite.options.objective import ObjectiveOptions
from tfgan_suite.runs.record import RunRecord, newest_of_run
from tfgan_suite.runs.schedules import learning_rate_schedule
from tfgan_suite.serving.saved_generator import SavedGenerator

STEP_DECAY_EPOCHS = 30
# What a generator of small pictures needs to be worth looking at: 60 epochs of the digits, 5 of MNIST.
IMAGES_OF_A_NEW_RUN, FEWEST_EPOCHS, MOST_EPOCHS = 300_000, 5, 60
# Of images in [-1, 1]: far above what another kernel or bfloat16 rounds, far below what other weights draw.
SAME_IMAGES = 0.2


def build_model(config: TrainConfig, data: ImageData, steps: int) -> Algorithm:
    """The compiled model of a configuration, for data as they are.

    Args:
        config: the run.
        data: see `Algorithm.arguments_of`.
        steps: generator steps an epoch.

    Raises:
        InputError: data that the model cannot learn from, or a flag that the model does not take.
    """
    model_class = model_classes()[config.model_class]
    try:
        arguments = {**model_class.arguments_of(data), "dtype": config.dtype_policy}
    except InputError as error:
        raise InputError(f"{option('model', config.model)}: {error}") from None
    model = model_class(**arguments, **_flags_of_the_model(config))
    model.compile(
        make_optimizer(config, config.generator_learning_rate, steps, 1),
        make_optimizer(config, config.discriminator_learning_rate, steps, config.discriminator_steps),
        **{field.name: getattr(config, field.name) for field in dataclasses.fields(ObjectiveOptions)},
        steps_per_execution=config.steps_per_execution,
    )
    return model


def _flags_of_the_model(config: TrainConfig) -> dict[str, Any]:
    """The settings that are arguments of a model under the same name; what is None is the model's own default.

    Raises:
        InputError: a flag that another model takes and this one does not.
    """
    of_all = inspect.signature(Algorithm).parameters.keys()
    taken = {name: inspect.signature(model).parameters.keys() | of_all for name, model in model_classes().items()}
    arguments = {}
    for name, value in vars(config).items():
        if name in taken[config.model_class] and value is not None:
            arguments[name] = value
        elif value != getattr(type(config), name) and any(name in names for names in taken.values()):
            raise InputError(f"{option(name)} does not apply to {option('model', config.model)}. Leave it out.")
    return arguments


def check_evaluation(config: TrainConfig) -> None:
    """Refuses what `--evaluate-every` cannot measure or `--keep-best` cannot rank, before data are waited for.

    Raises:
        InputError: an unknown metric, or a number that none of the metrics gives or that has no best.
    """
    if config.metrics == "all":
        raise InputError(
            f"{option('metrics')} of train.py takes names such as frechet_distance,precision_recall. Received: all."
        )
    names = chosen_metrics(config.measured)
    if others := [name for name in names if (name in PAIR_METRICS) < config.translates]:
        raise InputError(
            f"{option('metrics')}: {others[0]} is not of what is made of images. Expected names of "
            f"{', '.join(PAIR_METRICS)}."
        )
    ranked = [number for name in names for number in METRICS[name].gives if best_of(number)]
    if config.keep_best is not None and config.keep_best not in ranked:
        raise InputError(
            f"{option('keep_best')} takes a number that {option('metrics', config.measured)} gives and that has a best:"
            f" {', '.join(ranked) or 'there is none'}. Received: {config.keep_best}.{_way_to(config.keep_best)}"
        )


def _way_to(number: str) -> str:
    """Which metric gives a number."""
    givers = [name for name, metric in METRICS.items() if number in metric.gives and metric.best]
    return f" Add {givers[0]} to {option('metrics')}." if givers else ""


def evaluation(config: TrainConfig, data: ImageData) -> Measuring | None:
    """The measurement that `--evaluate-every` asks for; None without.

    Args:
        config: the run.
        data: pairs that are held out, or of two kinds of images those of one name; or images that are learned from,
            since those held out stay unseen by the choice of the best.
    """
    if config.evaluate_every is None:
        return None
    if isinstance(data, UnpairedData):
        data = data.pairs()
    if isinstance(data, PairData):
        pairs = data.at(data.rows_of_choice(config.evaluate_count))
        names = chosen_metrics(config.measured)
        on_pixels = all(METRICS[name].on_pixels for name in names)
        network = None if on_pixels else load_extractor(config.extractor, config.dataset)
        return PairEvaluation(pairs, names, network, config.evaluate_every)
    images, labels = data.chosen(config.evaluate_count)
    extractor = load_extractor(config.extractor, config.dataset)
    names, shares = chosen_metrics(config.measured), data.shares()
    return Evaluation(images, extractor, names, config.evaluate_every, labels=labels, class_shares=shares)


def make_optimizer(config: TrainConfig, rate: float, steps: int, updates_per_step: int) -> keras.optimizers.Optimizer:
    """Adam or RMSprop with the run's decay.

    Args:
        config: the run.
        rate: the first learning rate.
        steps: generator steps an epoch.
        updates_per_step: the optimizer's own steps for each generator step.
    """
    decay_steps = (with_fixed_decay(config, steps).decay_steps or 0) * updates_per_step
    schedule = learning_rate_schedule(config.learning_rate_decay, rate, decay_steps, config.decay_rate)
    if config.optimizer == "rmsprop":
        return keras.optimizers.RMSprop(schedule)
    return keras.optimizers.Adam(schedule, beta_1=config.beta_1, beta_2=config.beta_2)


def with_epochs(config: TrainConfig, images: int, begun: RunRecord | None = None) -> TrainConfig:
    """The configuration with its epochs as a number: as given, as the run was begun, or as suit the data.

    Args:
        config: the run.
        images: how many an epoch shows.
        begun: the same run's first start, where there was one.
    """
    if config.epochs is not None:
        return config
    begun_with = begun.config.epochs if begun is not None else None
    suited = max(FEWEST_EPOCHS, min(MOST_EPOCHS, IMAGES_OF_A_NEW_RUN // images))
    return dataclasses.replace(config, epochs=begun_with or suited)


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
    epochs = STEP_DECAY_EPOCHS if config.learning_rate_decay == "step" else config.num_epochs
    fixed = begun.config.decay_steps if begun is not None else None
    if fixed and config.learning_rate_decay != "step" and steps * config.num_epochs > fixed:
        raise InputError(
            f"The run's learning rate falls to 0 at step {fixed}, the end of its {fixed // steps} epochs: more would "
            f"teach it nothing. Begin anew with {option('restart', True)} {option('epochs', config.epochs)}, or "
            f"another run with {option('init_from')}."
        )
    return dataclasses.replace(config, decay_steps=fixed or steps * epochs)


def start_from(model: Algorithm, path: str) -> str:
    """Copies the weights of a trained model of the same networks; what has none there starts anew.

    Args:
        model: the model to be trained.
        path: a `.keras` file, a run folder, or a SavedModel, which has the generator's weights alone.

    Returns:
        A line for people: what was taken, and what starts anew.

    Raises:
        InputError: nothing to load, or networks of other shapes.
    """
    if Path(path).is_dir() and not is_run(path):
        if not isinstance(model, FromLatents):
            raise InputError(
                f"{option('init_from', path)}: of a model that makes images of images a run folder or a .keras file is "
                "taken, and no export."
            )
        _start_from_export(model, SavedGenerator(path))
        return f"starts from: the generator of {path}; its discriminator and both optimizers start anew"
    kind = FromLatents if isinstance(model, FromLatents) else type(model)
    trained = load_model(newest_of_run(path) if Path(path).is_dir() else path, kind)
    refuse_other_ends(model, trained.facts(), path)
    for side, networks in model.sides().items():
        for mine, theirs in zip(networks, trained.sides()[side], strict=True):
            if [weight.shape for weight in mine.weights] != [weight.shape for weight in theirs.weights]:
                raise InputError(
                    f"{option('init_from', path)}: its {side} has other shapes than this run's. Use the same model and "
                    "widths."
                )
            mine.set_weights(theirs.get_weights())
    shown = [average for average, _ in trained.averaged()] or trained.sides()["generator"]
    for (average, _), theirs in zip(model.averaged(), shown, strict=False):  # of which there may be none here
        average.set_weights(theirs.get_weights())
    return f"starts from: both networks of {path}; their optimizers start anew"


def _start_from_export(model: FromLatents, exported: SavedGenerator) -> None:
    """Gives the generator, and its moving average, the weights of an exported one."""
    refuse_other_ends(model, exported.card, str(exported.path))
    other = InputError(
        f"{option('init_from', exported.path)}: its generator has other layers than this run's. Use the same model and "
        f"widths{', ' + str(exported.card['model']) if 'model' in exported.card else ''}."
    )
    theirs = exported.weights()
    layers = _by_layer(weight.path for weight in model.generator.weights)
    if [sorted(names) for names in layers] != [sorted(layer) for layer in theirs]:
        raise other
    arrays = [layer[name] for names, layer in zip(layers, theirs, strict=True) for name in names]
    if [array.shape for array in arrays] != [tuple(weight.shape) for weight in model.generator.weights]:
        raise other
    for network in (model.generator, model.ema_generator):
        if network is not None:
            network.set_weights(arrays)
    # Layers of equal shapes in another order would pass until here.
    seeds = np.arange(4, dtype=np.int64)
    labels = model.check_labels(None, len(seeds))
    if np.abs(model.generate(len(seeds), 0, labels) - exported.generate(seeds, labels)).max() > SAME_IMAGES:
        raise other


def refuse_other_ends(model: Algorithm, facts: Mapping[str, Any], path: str) -> None:
    """Refuses to start from a model of other images, latents or labels.

    Args:
        model: to be trained.
        facts: of the other one; see `FromLatents.facts`.
        path: where it lies.

    Raises:
        InputError: naming each difference.
    """
    mine = model.facts()
    differences = [f"{key} is {facts[key]} there and {mine[key]} here" for key in mine if facts[key] != mine[key]]
    if differences:
        raise InputError(f"{option('init_from', path)}: {'; '.join(differences)}. Give this run the same.")


def _by_layer(paths: Iterable[str]) -> list[list[str]]:
    """The names of weights, such as `kernel`, of each layer in order.

    >>> _by_layer(["dense/kernel", "dense/bias", "dense_1/kernel"])
    [['kernel', 'bias'], ['kernel']]
    """
    layers: dict[str, list[str]] = {}
    for path in paths:
        layer, _, name = path.rpartition("/")
        layers.setdefault(layer, []).append(name)
    return list(layers.values())
