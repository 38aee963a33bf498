"""What must hold for every preset."""

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from lanes import corners
from shrunk import ROWS, SHAPE, batches, shrunk_model

import tfgan_suite
from tfgan_suite.models.gan import GAN
from tfgan_suite.presets import PRESETS
from tfgan_suite.serving.export import export_generator
from tfgan_suite.serving.saved_generator import SavedGenerator

every_preset = pytest.mark.parametrize("name", PRESETS)
# One of dense layers, and the one that has all there is: convolutions, BatchNorm, labels.
every_body = pytest.mark.parametrize("name", corners(PRESETS, "mlp_gan", "cgan"))


def snapshot(variables: list) -> list[np.ndarray]:
    return [np.array(variable) for variable in variables]


def moved(before: list[np.ndarray], variables: list) -> list[bool]:
    return [not np.array_equal(old, np.array(new)) for old, new in zip(before, variables, strict=True)]


@every_preset
def test_two_steps_move_both_networks_and_count(name: str) -> None:
    model = shrunk_model(name)
    networks = {key: snapshot(getattr(model, key).trainable_variables) for key in ("generator", "discriminator")}
    average = snapshot(model.ema_generator.weights) if model.ema_generator else None
    history = model.fit(batches().take(2), verbose=0).history
    for key, before in networks.items():
        assert all(moved(before, getattr(model, key).trainable_variables)), key
    if average is not None:
        assert any(moved(average, model.ema_generator.weights))
    assert int(model.step.numpy()) == 2
    assert [int(optimizer.iterations.numpy()) for optimizer in model.optimizer.optimizers] == [2, 2]
    assert set(history) == {"generator_loss", "discriminator_loss", "real_score", "fake_score"}
    assert all(np.isfinite(values[0]) for values in history.values())


@every_body
def test_the_discriminator_step_leaves_the_generator_alone(name: str) -> None:
    model = shrunk_model(name, generator_learning_rate=1e-30)
    before = snapshot(model.generator.trainable_variables)
    model.fit(batches().take(1), verbose=0)
    for old, new in zip(before, model.generator.trainable_variables, strict=True):
        np.testing.assert_allclose(old, np.array(new), atol=1e-12)


@every_body
def test_saved_and_loaded_model_goes_on_as_the_saved_one(name: str, tmp_path: Path) -> None:
    model = shrunk_model(name)
    model.fit(batches(), verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = tfgan_suite.load_model(tmp_path / "model.keras")
    assert type(loaded) is type(model)
    assert loaded.get_config() == model.get_config()
    for model_ in (model, loaded):
        model_.fit(batches(), verbose=0)
    for mine, theirs in zip(all_variables(model), all_variables(loaded), strict=True):
        np.testing.assert_array_equal(np.array(mine), np.array(theirs), err_msg=mine.path)


def all_variables(model: GAN) -> list:
    return [*model.weights, *model.generator_optimizer.variables, *model.discriminator_optimizer.variables]


# Every preset, over more steps: tests/test_replicas.py.
@pytest.mark.parametrize("name", corners(["mlp_gan", "cgan"], "cgan"))
def test_two_replicas_train_what_one_does(name: str, mirrored: tf.distribute.Strategy) -> None:
    one = shrunk_model(name)
    with mirrored.scope():
        two = shrunk_model(name)
    histories = [model.fit(batches(), epochs=2, verbose=0).history for model in (one, two)]
    for key, values in histories[0].items():
        np.testing.assert_allclose(values, histories[1][key], rtol=1e-5, err_msg=key)
    for mine, theirs in zip(one.weights, two.weights, strict=True):
        np.testing.assert_allclose(np.array(mine), np.array(theirs), atol=1e-5, err_msg=mine.path)


@every_body
def test_exported_sample_equals_generate(name: str, tmp_path: Path) -> None:
    model = shrunk_model(name)
    model.fit(batches(), verbose=0)
    saved = SavedGenerator(export_generator(model, tmp_path / "out"))
    images = model.generate(7, seed=5)
    assert images.shape == (7, *SHAPE)
    assert images.dtype == np.float32
    assert np.abs(images).max() <= 1.0
    np.testing.assert_allclose(saved.generate(np.arange(5, 12)), images, atol=1e-6)


@every_preset
def test_config_round_trip(name: str) -> None:
    model = shrunk_model(name, ema_momentum=0.5, discriminator_steps=2)
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(model))
    assert copy.get_config() == model.get_config()
    assert [w.shape for w in copy.weights] == [w.shape for w in model.weights]


@pytest.mark.parametrize("name", corners(PRESETS, "cgan"))
def test_bfloat16_trains_and_makes_float32_images(name: str, tmp_path: Path) -> None:
    model = shrunk_model(name, dtype_policy="mixed_bfloat16")
    model.fit(batches(), verbose=0)
    assert {w.dtype for w in model.generator.weights} == {"float32"}
    images = model.generate(3)
    assert images.dtype == np.float32
    saved = SavedGenerator(export_generator(model, tmp_path / "out"))
    np.testing.assert_allclose(saved.generate(np.arange(3)), images, atol=1e-6)


@pytest.mark.parametrize("name", corners((name for name in PRESETS if name.startswith("cgan")), "cgan_mirza2014"))
def test_attributes_in_place_of_classes(name: str, tmp_path: Path) -> None:
    model = shrunk_model(name, attributes=True)
    model.fit(batches(attributes=True), verbose=0)
    labels = [[1, 0, 1], [0, 0, 0]]
    images = model.generate(4, labels=labels)
    saved = SavedGenerator(export_generator(model, tmp_path / "out"))
    assert saved.num_attributes == 3
    np.testing.assert_allclose(saved.generate(np.arange(4), labels), images, atol=1e-6)
    assert np.abs(model.generate(1, labels=[[1, 1, 1]]) - model.generate(1, labels=[[0, 0, 0]])).max() > 1e-4


def test_sizes_of_the_shrunk_run() -> None:
    assert next(iter(batches()))[0].shape == (ROWS, *SHAPE)
