"""A translator from where users have one: an export, a run, a file of Keras."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tfgan_suite.errors import InputError, option
from tfgan_suite.exported import is_translator, way_folder
from tfgan_suite.files import is_run
from tfgan_suite.images import MOST_OF_16_BITS, to_levels
from tfgan_suite.layers.keyed_dropout import KeyedDropout
from tfgan_suite.models.algorithm import Algorithm
from tfgan_suite.models.loading import load_model
from tfgan_suite.models.refusals import refusals_as_input_errors
from tfgan_suite.models.translating import made_of, reading_of, with_reading
from tfgan_suite.noise import Rows, Step
from tfgan_suite.picture_rules import PictureRules
from tfgan_suite.runs.exporting import origin, reading
from tfgan_suite.runs.record import newest_of_run, read_config
from tfgan_suite.serving.saved_translator import SavedTranslator

# uint8 (N, H, W, C), and masks uint8 (N, H, W, 1) or None -> uint8 (N, H, W, D); uint16 both where rules are `deep`.
Translate = Callable[[np.ndarray, np.ndarray | None], np.ndarray]


class Translator(NamedTuple):
    """Makes pictures of pictures.

    Attributes:
        path: where it comes from.
        card: what it says of itself.
        rules: how pictures become what it is given.
        has_mask: whether it takes masks beside them.
        translate: what it does, at most `max_rows` at a time.
        max_rows: see `translate`.
    """

    path: Path
    card: dict[str, Any]
    rules: PictureRules
    has_mask: bool
    translate: Translate
    max_rows: int


def open_translator(
    path: Path | str, dropout_seed: int | None = None, trust: bool = False, direction: str | None = None
) -> Translator:
    """A translator from where users have one.

    Args:
        path: a run folder, of which the newest checkpoint is taken, `RUN/best`, a file NAME.keras, or a folder of a
            SavedModel or of its versions.
        dropout_seed: keys the masks of Dropout, which then stays on; each picture has the same. None: it is off.
        trust: see `SavedTranslator`.
        direction: of a model that translates both ways; None: the first of them.

    Raises:
        InputError: none of these, one that is damaged, a generator of latents, Dropout where there is none, or a
            direction in which it does not go.
    """
    place = Path(path)
    if is_run(place):
        record = read_config(place)
        model = load_model(newest_of_run(place))
        # Of pairs from files with levels 16 bits are kept; images that are degraded, or get another look, have 8.
        deep = record.config.levels is not None and record.config.degrade is None and record.config.look is None
        card = origin(record.config, record.data) | reading(record)
        return _of_model(place, model, card, dropout_seed, direction, deep)
    if place.suffix == ".keras":
        return _of_model(place, load_model(place), {}, dropout_seed, direction)
    if dropout_seed is not None:
        raise InputError(
            f"{option('test_dropout', True)} needs a run folder or a file NAME.keras: Dropout is no part of an export, "
            f"which gives a picture one result. Received: {path}."
        )
    saved = SavedTranslator(way_folder(place, direction), trust)
    return _made(saved.path, saved.card, saved.card, saved.translate, saved.max_rows)


def _of_model(
    path: Path,
    whole: Algorithm,
    card: dict[str, Any],
    dropout_seed: int | None,
    direction: str | None = None,
    deep: bool = False,
) -> Translator:
    model = whole.directed(direction)
    facts = model.facts()
    if not is_translator(facts):
        raise InputError(f"{path} makes images of latents, and no pictures of pictures: use generate.py.")
    endpoint = model.served(card)["serving_default"]
    specs = [port.spec() for port in endpoint.ports.inputs]
    if dropout_seed is not None:
        layers = [layer for network in endpoint.networks for layer in network.layers]
        if not any(isinstance(layer, KeyedDropout) and layer.rate for layer in layers):
            raise InputError(
                f"{option('test_dropout', True)}: {path} has no Dropout, so that a picture has one result."
            )
    # One picture at a time: each has the first row's masks, whatever is translated beside it.
    step, rows = (None, endpoint.max_rows) if dropout_seed is None else (Step(dropout_seed, 0, Rows(1)), 1)
    made = _made(path, facts, card, _in_graph(endpoint.function, specs, step), rows)
    if not deep or made.rules.channels != 1 or facts["target_shape"][2] != 1:
        return made
    levels = made.rules.levels
    assert isinstance(levels, tuple)
    if not 0 <= levels[0] < levels[1] <= MOST_OF_16_BITS:
        raise InputError(
            f"{path} has learned from values of {levels[0]} to {levels[1]}, and no PNG file holds these: call the "
            "model in Python, and to_levels."
        )
    of_floats = _in_graph(partial(made_of, model), [tf.TensorSpec(specs[0].shape, tf.uint16), *specs[1:]], step)

    def translate(images: np.ndarray, masks: np.ndarray | None = None) -> np.ndarray:
        return to_levels(of_floats(images, masks), levels)

    return made._replace(rules=replace(made.rules, deep=True), translate=translate)


def _in_graph(function: Callable[..., tf.Tensor], specs: list[tf.TensorSpec], step: Step | None) -> Translate:
    @tf.function(input_signature=specs)
    def run(*given: tf.Tensor) -> tf.Tensor:
        if step is None:
            return function(*given)
        with step.masks(0, in_use=True):
            return function(*given)

    def translate(images: np.ndarray, masks: np.ndarray | None = None) -> np.ndarray:
        with refusals_as_input_errors():
            return np.asarray(run(*map(tf.constant, [images] if masks is None else [images, masks])))

    return translate


def _made(path: Path, facts: dict[str, Any], card: dict[str, Any], translate: Translate, max_rows: int) -> Translator:
    height, width, channels = facts["source_shape"]
    rules = reading_of(with_reading(facts, card), (height, width, channels - facts["has_mask"]))
    return Translator(path, card, rules, facts["has_mask"], translate, max_rows)
