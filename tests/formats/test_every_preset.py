"""The law of formats: every preset's generator of latents is the same in each, and no other is written; the other laws
are in `tests/test_conformance.py`."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from conforming import MODELS, batches_of
from runtimes import FORMATS, needs_runtimes, run_alone
from shrunk import OF_LATENTS

from tfgan_suite.errors import InputError
from tfgan_suite.serving.export import export_generator

pytestmark = [needs_runtimes, pytest.mark.slow]


@pytest.mark.parametrize("format", ["litert", "onnx"])
@pytest.mark.parametrize("name", OF_LATENTS)
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
def test_what_makes_pictures_of_pictures_is_refused(format: str, tmp_path: Path) -> None:
    ending, write = FORMATS[format]
    with pytest.raises(InputError, match="makes no images of latents, but pictures of pictures"):
        write(export_generator(MODELS["pix2pix"](), tmp_path / "out", verify=False), tmp_path / f"generator{ending}")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
