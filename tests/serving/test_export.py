import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from lanes import corners
from shrunk import SHAPE, shrunk_model

from tfgan_suite import InputError
from tfgan_suite.latents import interpolated, latents_from_seeds
from tfgan_suite.serving.export import export_generator, next_version
from tfgan_suite.serving.saved_generator import CARD, SavedGenerator, read_card, version_folder
from tfgan_suite.serving.warmup import WARMUP

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
@pytest.mark.parametrize("name", corners(["mlp_gan", "dcgan", "cgan"], "cgan"))
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


EVERY_INPUT = {
    "latents": (tf.float32, [None, 4]),
    "latents_a": (tf.float32, [None, 4]),
    "latents_b": (tf.float32, [None, 4]),
    "t": (tf.float32, [None]),
    "truncation": (tf.float32, [None]),
    "seeds": (tf.int64, [None]),
    "labels": (tf.int32, [None]),
    "images": (tf.float32, [None, *SHAPE]),
}
INPUTS_OF = {
    "serving_default": {"latents"},
    "sample": {"seeds"},
    "sample_truncated": {"seeds", "truncation"},
    "sample_png": {"seeds"},
    "interpolate": {"latents_a", "latents_b", "t"},
    "score": {"images"},
}


def test_signatures_have_free_batches_and_named_outputs(cgan_version: Path) -> None:
    loaded = tf.saved_model.load(str(cgan_version))
    assert set(loaded.signatures) == set(INPUTS_OF)
    for name, signature in loaded.signatures.items():
        inputs = signature.structured_input_signature[1]
        assert set(inputs) == INPUTS_OF[name] | {"labels"}
        for key, spec in inputs.items():
            assert (spec.dtype, spec.shape.as_list()) == EVERY_INPUT[key]
        ((key, output),) = signature.structured_outputs.items()
        assert (key, output.dtype, output.shape.as_list()) == {
            "sample_png": ("image_bytes", tf.string, [None]),
            "score": ("logits", tf.float32, [None, 1]),
        }.get(name, ("images", tf.float32, [None, *SHAPE]))


def test_the_discriminator_is_written_where_asked_for(tmp_path: Path) -> None:
    model = shrunk_model("mlp_gan")
    loaded = tf.saved_model.load(str(export_generator(model, tmp_path, verify=False)))
    assert set(loaded.signatures) == set(INPUTS_OF) - {"score"}
    loaded = tf.saved_model.load(str(export_generator(model, tmp_path, with_discriminator=True, verify=False)))
    images = np.random.default_rng(0).uniform(-1, 1, (3, *SHAPE)).astype(np.float32)
    logits = loaded.signatures["score"](images=tf.constant(images))["logits"]
    np.testing.assert_allclose(logits, np.array(model.discriminator(images)), atol=1e-6)


@pytest.mark.slow
def test_loads_where_there_is_no_tfgan_suite(tmp_path: Path) -> None:
    model = shrunk_model("dcgan")
    folder = export_generator(model, tmp_path / "out")
    (tmp_path / "plain.py").write_text(PLAIN_PYTHON)
    command = [sys.executable, str(tmp_path / "plain.py"), str(folder), str(tmp_path / "images.npy")]
    subprocess.run(command, check=True, cwd=tmp_path)
    expected = np.concatenate([model.generate(1, seed=4), model.generate(1, seed=2)])
    np.testing.assert_allclose(np.load(tmp_path / "images.npy"), expected, atol=1e-6)


def test_weights_are_written_once(tmp_path: Path) -> None:
    model = shrunk_model("dcgan", base_filters=64, ema_momentum=0.9)
    folder = export_generator(model, tmp_path, verify=False)
    size = sum(path.stat().st_size for path in (folder / "variables").iterdir())
    assert size < 1.1 * 4 * model.generator.count_params()
    assert (folder / "saved_model.pb").stat().st_size < 1e6
    both = export_generator(model, tmp_path, with_discriminator=True, verify=False)
    size = sum(path.stat().st_size for path in (both / "variables").iterdir())
    parameters = model.generator.count_params() + model.discriminator.count_params()
    assert 4 * parameters <= size < 1.1 * 4 * parameters
    assert read_card(both)["parameters"] == parameters


def test_the_card_has_versions_and_no_date(tmp_path: Path) -> None:
    model = shrunk_model("cgan")
    facts = {"dataset": "tiny", "license": "CC0-1.0"}
    first, second = (export_generator(model, tmp_path, facts, verify=False) for _ in range(2))
    assert (first / CARD).read_bytes() == (second / CARD).read_bytes()
    card = read_card(first)
    assert card.items() >= {**facts, "image_shape": SHAPE, "latent_dim": 4, "num_classes": 3}.items()
    assert card["versions"]["tensorflow"] == tf.__version__
    assert (first / WARMUP).read_bytes() == (second / WARMUP).read_bytes()


def test_keep_deletes_the_oldest_of_ours_and_nothing_else(tmp_path: Path) -> None:
    model = shrunk_model("mlp_gan")
    (tmp_path / "3").mkdir()
    (tmp_path / "3" / "saved_model.pb").touch()  # another's
    (tmp_path / "notes").mkdir()
    for _ in range(2):
        export_generator(model, tmp_path, verify=False)
    newest = export_generator(model, tmp_path, keep=2, verify=False)
    assert newest.name == "6"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["3", "5", "6", "notes"]
    for wrong in (0, -1):
        with pytest.raises(InputError, match="keep must be at least 1"):
            export_generator(model, tmp_path, keep=wrong)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["3", "5", "6", "notes"]


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


def test_saved_generator_walks_and_truncates(cgan_version: Path) -> None:
    generator = SavedGenerator(cgan_version)
    seeds, labels = np.arange(5), np.array([0, 1, 2, 0, 1])
    latents = latents_from_seeds(tf.constant(seeds), 4).numpy()
    images = generator.generate(seeds, labels)
    np.testing.assert_allclose(generator.images_from_latents(latents, labels, batch_size=2), images, atol=1e-6)
    np.testing.assert_allclose(generator.generate(seeds, labels, truncation=1e3), images, atol=1e-5)
    assert np.abs(generator.generate(seeds, labels, truncation=0.1) - images).max() > 1e-3
    t = np.linspace(0, 1, 5)
    walk = generator.interpolate(latents, latents[::-1], t, labels, batch_size=3)
    between = interpolated(latents, latents[::-1], t.astype(np.float32)).numpy()
    np.testing.assert_allclose(walk, generator.images_from_latents(between, labels), atol=1e-6)


def test_saved_generator_says_what_the_graph_refuses(dcgan_version: Path) -> None:
    generator = SavedGenerator(dcgan_version)
    with pytest.raises(InputError, match=r"^truncation must be greater than 0. Received: 0 to 0$"):
        generator.generate(np.arange(2), truncation=0.0)
    with pytest.raises(InputError, match=r"^latents must be finite. Received: "):
        generator.images_from_latents(np.full((1, 4), np.nan))
    with pytest.raises(InputError, match=r"^t must be in \[0, 1\]. Received: 2 to 2$"):
        generator.interpolate(np.zeros((1, 4)), np.ones((1, 4)), np.array([2.0]))


def test_loading_is_silent(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """TensorFlow warns of each custom gradient that a SavedModel has not kept."""
    version = export_generator(shrunk_model("dcgan"), tmp_path / "out", with_discriminator=True)
    caplog.clear()
    SavedGenerator(version).generate(np.arange(2))
    assert [record.message for record in caplog.records] == []
