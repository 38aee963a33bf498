"""Networks that cannot be right are refused, and doubtful ones are named; looking changes no bit."""

import math
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from shrunk import SHAPE, shrunk_model

from tfgan_suite import GAN, MLPGAN, InputError
from tfgan_suite.models.network_checks import last_activation
from tfgan_suite.objectives.objective import Objective
from tfgan_suite.presets import PRESETS


@keras.saving.register_keras_serializable(package="test_network_checks")
class Squash(layers.Layer):
    """An end that no attribute names."""

    def call(self, inputs: Any) -> Any:
        return keras.ops.sigmoid(inputs)


def generator(*end: layers.Layer, latents: tuple[int, ...] = (4,)) -> keras.Model:
    return keras.Sequential(
        [keras.Input(latents), layers.Flatten(), layers.Dense(math.prod(SHAPE)), layers.Reshape(SHAPE), *end]
    )


def discriminator(*end: layers.Layer) -> keras.Model:
    return keras.Sequential([keras.Input(SHAPE), layers.Flatten(), layers.Dense(1), *end])


def functional(body: Callable[[Any], Any], shape: tuple[int, ...]) -> keras.Model:
    inputs = keras.Input(shape)
    return keras.Model(inputs, body(inputs))


@pytest.mark.parametrize("latents", [(1, 1, 4), (2, 2), (None,)])
def test_latents_that_are_no_vectors_are_refused(latents: tuple[int, ...]) -> None:
    x = keras.Input(latents)
    flat = layers.Reshape((4,))(x)
    images = layers.Reshape(SHAPE)(layers.Dense(math.prod(SHAPE))(flat))
    with pytest.raises(InputError, match=r"shape \(N, latent_dim\)"):
        GAN(keras.Model(x, images), discriminator())


def test_a_second_input_of_one_network_alone_is_refused() -> None:
    z, other = keras.Input((4,)), keras.Input((3,))
    images = layers.Reshape(SHAPE)(layers.Dense(math.prod(SHAPE))(layers.Concatenate()([z, other])))
    with pytest.raises(InputError, match="generator of 2 inputs, a discriminator of 1"):
        GAN(keras.Model([z, other], images), discriminator())


def test_losses_that_no_step_adds_are_named() -> None:
    end = layers.Conv2D(1, 1, kernel_regularizer="l2")
    with pytest.warns(UserWarning, match="weight_decay"):
        GAN(generator(end), discriminator())


SIGMOIDS = {
    "layer": lambda: discriminator(layers.Activation("sigmoid")),
    "behind a reshape": lambda: discriminator(layers.Activation("sigmoid"), layers.Reshape((1,))),
    "in a dense": lambda: keras.Sequential([keras.Input(SHAPE), layers.Flatten(), layers.Dense(1, "sigmoid")]),
    "of keras.ops": lambda: functional(
        lambda x: keras.ops.sigmoid(layers.Dense(1)(layers.Flatten()(x))), SHAPE
    ),
    "nested": lambda: functional(
        lambda x: keras.Sequential([layers.Dense(1, activation="sigmoid")])(layers.Flatten()(x)), SHAPE
    ),
    "patches, averaged": lambda: keras.Sequential(
        [keras.Input(SHAPE), layers.Conv2D(1, 4, 2, activation="sigmoid"), layers.GlobalAveragePooling2D()]
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", SIGMOIDS)
@pytest.mark.parametrize("loss", ["non_saturating", "minimax"])
def test_a_sigmoid_before_a_cross_entropy_is_refused(kind: str, loss: str) -> None:
    with pytest.raises(InputError, match="sigmoid of its output once more"):
        GAN(generator(), SIGMOIDS[kind]()).compile(loss=loss)


@pytest.mark.parametrize("loss", ["least_squares", "hinge"])
def test_other_ends_of_a_discriminator_are_named(loss: str) -> None:
    for end in ("sigmoid", "tanh", "relu", "softmax"):
        with pytest.warns(UserWarning, match=f"ends in {end}"):
            GAN(generator(), discriminator(layers.Activation(end))).compile(loss=loss)


@pytest.mark.parametrize("end", ["sigmoid", "relu", "softplus", "softmax", "own"])
def test_ends_that_make_no_negative_pixel_are_named(end: str) -> None:
    layer = Squash() if end == "own" else layers.Activation(end)
    with pytest.warns(UserWarning, match="no pixel below 0"):
        GAN(generator(layer), discriminator()).compile()


@pytest.mark.parametrize("end", ["tanh", "linear", "softsign", "hard_tanh"])
def test_ends_that_fit_pass_without_a_word(end: str) -> None:
    GAN(generator(layers.Activation(end)), discriminator()).compile()
    GAN(generator(layers.UnitNormalization()), discriminator()).compile()  # tried by a call


@pytest.mark.parametrize("preset", PRESETS)
def test_the_ends_of_every_preset_can_be_read(preset: str) -> None:
    sides = shrunk_model(preset).sides()
    # Behind the generators may stand networks that make no images.
    for generator, discriminator in zip(sides["generator"], sides["discriminator"], strict=False):
        assert last_activation(generator) == ("linear" if preset in ("r3gan", "super_resolve") else "tanh")
        assert last_activation(discriminator) == "linear"


def test_a_model_that_was_saved_is_loaded_with_a_warning(tmp_path: Path) -> None:
    model = GAN(generator(), discriminator(layers.Activation("sigmoid")))
    with pytest.warns(UserWarning):
        model.compile(loss="least_squares")
    model.objective = Objective("non_saturating")  # as a file of before these looks has it
    model.save(tmp_path / "old.keras")
    with pytest.warns(UserWarning, match="once more"):
        copy = keras.saving.load_model(tmp_path / "old.keras")
    np.testing.assert_array_equal(copy.generate(2), model.generate(2))


def test_trying_a_generator_changes_no_bit() -> None:
    def made(end: layers.Layer) -> GAN:
        keras.utils.set_random_seed(5)
        body = [layers.BatchNormalization(), layers.Dropout(0.5), end]
        return GAN(generator(*body), discriminator())

    tried, plain = made(Squash()), made(layers.Activation("sigmoid"))  # one call, and none
    for model in (tried, plain):
        before = [np.array(weight) for weight in model.weights]
        with pytest.warns(UserWarning):
            model.compile()
        for old, new in zip(before, model.weights, strict=True):
            np.testing.assert_array_equal(old, np.array(new))
    drawn = [np.array(keras.random.normal((2,))) for _ in range(2)]
    assert (drawn[0] != drawn[1]).any()
    images = np.random.default_rng(0).uniform(-1, 1, (8, *SHAPE)).astype(np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        histories = [model.fit(images, verbose=0, shuffle=False).history for model in (tried, plain)]
    assert histories[0] == histories[1]


def test_a_model_of_the_suite_is_not_called_in_compile() -> None:
    model = MLPGAN(SHAPE, latent_dim=4, generator_units=(4,), discriminator_units=(4,))
    model.generator.call = None  # it would be missed
    model.compile()
