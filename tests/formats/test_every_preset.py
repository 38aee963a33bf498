"""The law of formats: every generator of a preset is the same in each. The other laws: `tests/test_conformance.py`."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from conforming import MODELS, OF_OTHER_GENERATORS, batches_of
from runtimes import FORMATS, needs_runtimes, run_alone, run_translator
from shrunk import OF_LATENTS, shrunk_model
from small_translators import masks_of, pictures_of

from tfgan_suite.presets.pairs import PAIRS
from tfgan_suite.presets.unpaired import UNPAIRED
from tfgan_suite.serving.export import export_generator
from tfgan_suite.serving.saved_translator import SavedTranslator

pytestmark = [needs_runtimes, pytest.mark.slow]


@pytest.mark.parametrize("format", ["litert", "onnx"])
@pytest.mark.parametrize("name", [name for name in OF_LATENTS if name in OF_OTHER_GENERATORS])
def test_a_preset_is_the_same_in_other_formats(name: str, format: str, tmp_path: Path) -> None:
    model = MODELS[name]()
    model.fit(batches_of(model, 2), verbose=0)
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
    model = shrunk_model(name)
    model.fit(batches_of(model, 2), verbose=0)
    ending, write = FORMATS[format]
    path, version = tmp_path / f"translator{ending}", export_generator(model, tmp_path / "out", verify=False)
    assert write(version, path).difference <= 1
    saved = SavedTranslator(version)
    (height, width, channels), has_mask = saved.card["source_shape"], saved.card["has_mask"]
    source, masks = pictures_of((height, width, channels - has_mask), 3), masks_of((height, width), 3)
    given = (source, masks if has_mask else None)
    distance = np.abs(run_translator(path, *given) - saved.translate(*given).astype(int))
    assert distance.max() <= 1 and distance.mean() <= 0.01
