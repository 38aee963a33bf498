"""The law of formats: every generator of a preset is the same in each. The other laws: `tests/test_conformance.py`."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from conforming import MODELS, OF_OTHER_GENERATORS
from runtimes import FORMATS, needs_runtimes, run_alone, run_translator
from shrunk import OF_LATENTS, shrunk_config, shrunk_model, tiny_unpaired
from small_translators import masks_of, pictures_of

from tfgan_suite.models.algorithm import Algorithm
from tfgan_suite.presets.pairs import PAIRS
from tfgan_suite.presets.unpaired import UNPAIRED
from tfgan_suite.runs.assembly import build_model
from tfgan_suite.serving.export import export_generator
from tfgan_suite.serving.saved_translator import SavedTranslator

pytestmark = [needs_runtimes, pytest.mark.slow]


def moved(model: Algorithm) -> Algorithm:
    """With weights that are as little as those of training what they were made as."""
    random = np.random.default_rng(0)
    for weight in model.weights:
        if "float" in weight.dtype and "moving_variance" not in weight.path:
            weight.assign_add(random.normal(0, 0.02, weight.shape))
    return model


@pytest.mark.parametrize("format", ["litert", "onnx"])
@pytest.mark.parametrize("name", [name for name in OF_LATENTS if name in OF_OTHER_GENERATORS])
def test_a_preset_is_the_same_in_other_formats(name: str, format: str, tmp_path: Path) -> None:
    model = moved(MODELS[name]())
    ending, write = FORMATS[format]
    path = tmp_path / f"generator{ending}"
    assert write(export_generator(model, tmp_path / "out", verify=False), path).difference < 1e-5
    latents = np.random.default_rng(0).normal(size=(3, model.latent_dim)).astype(np.float32)
    labels = model.check_labels(None, 3)
    expected = model.images_from_latents(tf.constant(latents), None if labels is None else tf.constant(labels))
    np.testing.assert_allclose(run_alone(path, latents, labels), expected, atol=1e-5)


@pytest.mark.parametrize("format", ["litert", "onnx"])
@pytest.mark.parametrize("name", [name for name in (*PAIRS, *UNPAIRED) if name in OF_OTHER_GENERATORS])
def test_a_preset_of_translators_makes_the_same_pixels(name: str, format: str, tmp_path: Path) -> None:
    # Over the four pixels that two halvings leave of 8x8, norms would make rounding as large as a level.
    data = tiny_unpaired(times=2)
    model = moved(shrunk_model(name) if name in PAIRS else build_model(shrunk_config(name), data, steps=4))
    ending, write = FORMATS[format]
    path, version = tmp_path / f"translator{ending}", export_generator(model, tmp_path / "out", verify=False)
    assert write(version, path).difference <= 1
    saved = SavedTranslator(version)
    (height, width, channels), has_mask = saved.card["source_shape"], saved.card["has_mask"]
    source, masks = pictures_of((height, width, channels - has_mask), 3), masks_of((height, width), 3)
    given = (source, masks if has_mask else None)
    distance = np.abs(run_translator(path, *given) - saved.translate(*given).astype(int))
    assert distance.max() <= 1 and distance.mean() <= 0.01
