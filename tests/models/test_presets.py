"""What presets take besides the laws of `tests/test_conformance.py`: another policy, attributes."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from conforming import arrays_of, batches_of, firsts
from lanes import corners
from shrunk import OF_LATENTS, batches, shrunk_model

from tfgan_suite.presets import PRESETS
from tfgan_suite.serving.export import export_generator
from tfgan_suite.serving.saved_generator import SavedGenerator


@pytest.mark.parametrize("name", corners(OF_LATENTS, "cgan"))
def test_bfloat16_trains_and_makes_float32_images(name: str, tmp_path: Path) -> None:
    model = shrunk_model(name, dtype_policy="mixed_bfloat16")
    model.fit(batches(), verbose=0)
    assert {w.dtype for w in model.generator.weights} == {"float32"}
    images = model.generate(3)
    assert images.dtype == np.float32
    saved = SavedGenerator(export_generator(model, tmp_path / "out"))
    np.testing.assert_allclose(saved.generate(np.arange(3)), images, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in firsts(["model_class"]) if name not in OF_LATENTS])
def test_bfloat16_makes_pictures_of_pictures_as_it_is_served(name: str, tmp_path: Path) -> None:
    model = shrunk_model(name, dtype_policy="mixed_bfloat16")
    model.fit(batches_of(model, 2), verbose=0)
    assert {w.dtype for w in model.variables_of("generator")} == {"float32"}
    endpoint = model.endpoints()["serving_default"]
    given = endpoint.ports.examples(3)
    served = tf.saved_model.load(str(export_generator(model, tmp_path / "out"))).signatures["serving_default"]
    (answer,) = served(**{key: tf.constant(value) for key, value in given.items()}).values()
    expected = endpoint.function(*map(tf.constant, given.values()))
    assert answer.dtype == tf.uint8
    # Rounding of bfloat16 may differ from one graph to the other by what a level is worth.
    assert np.abs(np.asarray(answer, int) - np.asarray(expected, int)).max() <= 1
    assert model(arrays_of(model, 3)[0]).dtype == tf.float32


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
