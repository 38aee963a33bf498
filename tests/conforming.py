"""Every model that must keep the laws of `tests/test_conformance.py`: a new one enters by one line."""

import dataclasses
import re
from collections.abc import Callable, Iterable
from functools import cache, partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from shrunk import shrunk_model, untuned
from toys.paired import PairedToy
from toys.unpaired import UnpairedToy

from tfgan_suite.layers.keyed_dropout import KeyedDropout
from tfgan_suite.models.algorithm import Algorithm
from tfgan_suite.options.pairs import PairOptions
from tfgan_suite.presets import PRESETS

ROWS = 8  # a step


def _compiled(kind: Callable[..., Algorithm], *arguments: Any, **settings: Any) -> Algorithm:
    keras.utils.set_random_seed(11)  # no step of these weights meets a kink of |x| within rounding
    model = kind(*arguments, **settings)
    model.compile()
    return model


def _template(**settings: Any) -> Algorithm:
    """The template of CONTRIBUTING.md, on small networks with Dropout."""
    keras.utils.set_random_seed(3)
    networks = []
    for end in ("tanh", None):
        images = keras.Input((8, 8, 1))
        x = KeyedDropout(0.3, key=0)(keras.layers.Conv2D(3, 3, padding="same", activation="relu")(images))
        networks.append(keras.Model(images, keras.layers.Conv2D(1, 3, padding="same", activation=end)(x)))
    return _compiled(template_class(), *networks, **settings)


def _augmented(**settings: Any) -> Algorithm:
    """One whose discriminator sees images changed as often as adapts, on its way from a half."""
    model = shrunk_model("mlp_gan", augment="ada", **settings)
    assert model.augmentation is not None
    model.augmentation.assign([0.5, 0.0, 0.0])
    return model


@cache
def template_class() -> type[Algorithm]:
    """What the text says."""
    text = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"<!-- template -->\n```python\n(.*?)```", text, re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(code, "CONTRIBUTING.md", "exec"), names)
    return names["Translator"]


def of_other_steps() -> list[str]:
    """The presets, of those that differ in their data of pairs alone the first."""
    known: dict[str, str] = {}
    of_data = [field.name for field in dataclasses.fields(PairOptions)]
    for name, preset in PRESETS.items():
        step = {key: value for key, value in preset.settings.items() if key not in of_data}
        known.setdefault(repr(sorted(step.items())), name)
    return list(known.values())


def firsts(settings: Iterable[str]) -> list[str]:
    """Of the presets that agree in these settings the first."""
    known: dict[tuple[object, ...], str] = {}
    for name, preset in PRESETS.items():
        known.setdefault(tuple(preset.settings.get(key) for key in settings), name)
    return list(known.values())


# What a preset's networks are given and give.
_ENDS = ("model_class", "body", "degrade", "paste_known")
# And of what layers its generator is; spectral normalisation has a model of its own below.
OF_OTHER_GENERATORS = firsts(
    (*_ENDS, "batch_norm", "generator_norm", "generator_up", "generator_down", "enlarged_skip")
)

# From `ema_momentum` and `seed`, or nothing, to a compiled model of few weights, always the same.
MODELS: dict[str, Callable[..., Algorithm]] = {
    **{name: partial(shrunk_model, name) for name in of_other_steps()},
    "spectral cgan": partial(shrunk_model, "cgan", spectral_norm="both"),
    "template": _template,
    "augmented": _augmented,
    "paired toy": partial(_compiled, PairedToy, (8, 8, 1), (8, 8, 2), ema_momentum=0.9),
    "unpaired toy": partial(_compiled, UnpairedToy, (8, 8, 1)),
}
# Those that laws of arrays, pictures and exports are held to.
ENDS = [name for name in MODELS if name not in PRESETS or name in firsts(_ENDS)]
# A model hands loss and penalty to `judged` and looks at neither: one of each kind. Of rows by themselves, of rows in
# pairs, clipped, with slopes between images, with slopes at images, and with a deviation of all replicas.
OBJECTIVES: list[dict[str, Any]] = [
    {"loss": "hinge"},
    {"loss": "relativistic"},
    {"loss": "wasserstein", "weight_clip": 0.1},
    {"penalty": "gradient_penalty"},
    {"penalty": "r1_r2"},
    {"penalty": "dragan"},
]
every_objective = pytest.mark.parametrize("objective", OBJECTIVES, ids=lambda each: next(iter(each.values())))
# Whose rounding grows, by norms over the four pixels of tiny maps: k replicas are compared in float64.
PRECISE = [name for name in MODELS if name.startswith("cyclegan") or "cut" in name]
# The fast lane's, each for what no other has: all there is of a GAN; pairs; two networks a side.
CORNERS = ("cgan", "paired toy", "unpaired toy")


def of_replicas(name: str) -> Algorithm:
    """A model as it is compared on several replicas, which leave it within `tolerance` of one device."""
    return MODELS[name](dtype_policy="float64") if name in PRECISE else MODELS[name]()


def tolerance(name: str) -> float:
    """How far weights may be from those of one device."""
    return 1e-9 if name in PRECISE else 1e-6 if "toy" in name else 1e-5


def arrays_of(model: Algorithm, rows: int, first: int = 0) -> Any:
    """Right arrays in the form that the model takes, always the same: x, or (x, y)."""
    numbers = np.arange(first, first + rows)
    arrays = tf.nest.map_structure(lambda port: port.example(numbers), model.takes())
    return arrays if len(arrays) > 1 else arrays[0]


def batches_of(model: Algorithm, steps: int, first: int = 0, rows: int = ROWS) -> tf.data.Dataset:
    """So many batches, of which each is another."""
    return dataset_of(model, arrays_of(model, steps * rows, first * rows)).batch(rows)


def dataset_of(model: Algorithm, arrays: Any) -> tf.data.Dataset:
    """The rows of arrays, one at a time: of those that are x alone and several, as (x,)."""
    alone = isinstance(arrays, tuple) and model.expected().y is None
    return untuned(tf.data.Dataset.from_tensor_slices((arrays,) if alone else arrays))
