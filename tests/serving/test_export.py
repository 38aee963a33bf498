import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from shrunk import SHAPE, shrunk_model

from tfgan_suite import InputError
from tfgan_suite.serving.export import export_generator, next_version
from tfgan_suite.serving.saved_generator import SavedGenerator, version_folder

PLAIN_PYTHON = """
import sys, numpy as np, tensorflow as tf
model = tf.saved_model.load(sys.argv[1])
images = model.signatures["sample"](seeds=tf.constant([4, 2], tf.int64))["images"]
assert "tfgan_suite" not in sys.modules
np.save(sys.argv[2], images)
"""


def run_in_session(folder: Path, signature: str, feeds: dict[str, np.ndarray]) -> np.ndarray:
    """As TensorFlow Serving does: a graph of its own, a Session, the signature's tensors by name."""
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        meta = tf.compat.v1.saved_model.load(session, ["serve"], str(folder))
        info = meta.signature_def[signature]
        assert set(info.inputs) == set(feeds)
        feed = {info.inputs[key].name: value for key, value in feeds.items()}
        return session.run(info.outputs["images"].name, feed)


@pytest.mark.filterwarnings("ignore:.*loader.load.*:DeprecationWarning")
@pytest.mark.parametrize("name", ["mlp_gan", "dcgan", "cgan"])
def test_signatures_in_a_session_equal_the_model(name: str, tmp_path: Path) -> None:
    model = shrunk_model(name)
    folder = export_generator(model, tmp_path)
    labels = {"labels": np.array([2, 0], np.int32)} if name == "cgan" else {}
    seeds = np.array([4, 5], np.int64)
    sampled = run_in_session(folder, "sample", {"seeds": seeds, **labels})
    np.testing.assert_allclose(sampled, model.generate(2, seed=4, labels=labels.get("labels")), atol=1e-6)
    latents = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    labels = {key: np.array([1, 1, 0], np.int32) for key in labels}
    served = run_in_session(folder, "serving_default", {"latents": latents, **labels})
    inputs = [latents, labels["labels"]] if labels else latents
    np.testing.assert_allclose(served, np.array(model(inputs)), atol=1e-6)


def test_signatures_have_free_batches_and_named_outputs(tmp_path: Path) -> None:
    loaded = tf.saved_model.load(str(export_generator(shrunk_model("cgan"), tmp_path)))
    assert set(loaded.signatures) == {"serving_default", "sample"}
    for name, first in (
        ("serving_default", ("latents", tf.float32, [None, 4])),
        ("sample", ("seeds", tf.int64, [None])),
    ):
        signature = loaded.signatures[name]
        inputs = signature.structured_input_signature[1]
        assert set(inputs) == {first[0], "labels"}
        assert (inputs[first[0]].dtype, inputs[first[0]].shape.as_list()) == first[1:]
        assert (inputs["labels"].dtype, inputs["labels"].shape.as_list()) == (tf.int32, [None])
        output = signature.structured_outputs["images"]
        assert (output.dtype, output.shape.as_list()) == (tf.float32, [None, *SHAPE])


def test_loads_where_there_is_no_tfgan_suite(tmp_path: Path) -> None:
    model = shrunk_model("dcgan")
    folder = export_generator(model, tmp_path / "out")
    (tmp_path / "plain.py").write_text(PLAIN_PYTHON)
    command = [sys.executable, str(tmp_path / "plain.py"), str(folder), str(tmp_path / "images.npy")]
    subprocess.run(command, check=True, cwd=tmp_path)
    expected = np.concatenate([model.generate(1, seed=4), model.generate(1, seed=2)])
    np.testing.assert_allclose(np.load(tmp_path / "images.npy"), expected, atol=1e-6)


def test_weights_are_written_once(tmp_path: Path) -> None:
    model = shrunk_model("dcgan", base_filters=64)
    folder = export_generator(model, tmp_path)
    size = sum(path.stat().st_size for path in (folder / "variables").iterdir())
    assert size < 1.1 * 4 * model.generator.count_params()


def test_versions_count_up_and_nothing_partial_stays(tmp_path: Path) -> None:
    model = shrunk_model("mlp_gan")
    assert [export_generator(model, tmp_path).name for _ in range(2)] == ["1", "2"]
    (tmp_path / "7").mkdir()
    assert next_version(tmp_path) == 8
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1", "2", "7"]
    assert version_folder(tmp_path).name == "2"  # 7 holds no SavedModel
    assert version_folder(tmp_path / "1").name == "1"


def test_what_is_no_generator_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no SavedModel"):
        SavedGenerator(tmp_path)
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "saved_model.pb").write_bytes(b"not a model")
    with pytest.raises(InputError, match="cannot be loaded"):
        SavedGenerator(tmp_path / "damaged")
    module = tf.Module()
    module.double = tf.function(lambda x: 2 * x, input_signature=[tf.TensorSpec([None])])
    tf.saved_model.save(module, str(tmp_path / "foreign"))
    with pytest.raises(InputError, match="no generator"):
        SavedGenerator(tmp_path / "foreign")
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="is a file"):
        export_generator(shrunk_model("mlp_gan"), tmp_path / "file")
