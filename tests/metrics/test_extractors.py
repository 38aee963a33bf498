"""Networks that images are compared by: those that come with the package, InceptionV3, and a user's own."""

import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras.src.applications.inception_v3 import WEIGHTS_PATH
from lanes import corners

from tfgan_suite import load_images
from tfgan_suite.errors import InputError
from tfgan_suite.files import sha256_of
from tfgan_suite.metrics.extractors import Extractor, bundled_classifier, load_extractor
from tfgan_suite.networks import bundled
from tfgan_suite.networks.bundled import WEIGHTS, bundled_facts

ACCURACY = {"mnist": 0.992, "fashion_mnist": 0.91, "digits": 0.97}


@pytest.mark.parametrize("name", ACCURACY)
def test_bundled_classifier_is_the_one_that_was_measured(name: str) -> None:
    path = WEIGHTS / f"{name}.keras"
    facts = bundled_facts(name)
    assert facts["sha256"] == sha256_of(path)
    assert facts["accuracy"] >= ACCURACY[name]
    assert f"--dataset {name} " in facts["command"]
    assert path.stat().st_size <= 1_000_000


@pytest.mark.parametrize("name", corners(["mnist", "fashion_mnist"], "mnist"))
def test_accuracy_of_a_bundled_classifier(name: str, tfds_dir: str) -> None:
    test = load_images(name, split="test", data_dir=tfds_dir)
    logits = bundled_classifier(name)(test.images).logits
    assert logits is not None and test.labels is not None
    accuracy = float(np.mean(logits.argmax(1) == test.labels))
    assert accuracy == pytest.approx(bundled_facts(name)["accuracy"], abs=3e-4)
    assert accuracy >= ACCURACY[name]


def test_accuracy_on_digits_that_were_held_out() -> None:
    _, test = load_images("digits").split(0.2)
    logits = bundled_classifier("digits")(test.images).logits
    assert logits is not None and test.labels is not None
    assert np.mean(logits.argmax(1) == test.labels) == pytest.approx(bundled_facts("digits")["accuracy"], abs=3e-3)


def test_a_stack_is_read_a_channel_at_a_time() -> None:
    """As the classifier reads each channel alone; the class is the number that the three digits are."""
    images = np.stack(
        [load_images("digits", image_size=(28, 28)).images[..., 0][start::3][:40] for start in range(3)], -1
    )
    stacked, alone = load_extractor(None, "stacked_mnist"), bundled_classifier("mnist")
    features, logits = stacked(images)
    each = [alone(images[..., channel : channel + 1]) for channel in range(3)]
    np.testing.assert_allclose(features, np.concatenate([part.features for part in each], axis=1), rtol=1e-5)
    assert logits is not None and logits.shape == (40, 1000) and stacked.num_features == 384
    read = [np.argmax(part.logits, axis=1) for part in each if part.logits is not None]
    np.testing.assert_array_equal(logits.argmax(axis=1), 100 * read[0] + 10 * read[1] + read[2])


def test_features_and_logits() -> None:
    extractor = bundled_classifier("mnist")
    rows: list[int] = []
    features, logits = extractor(np.zeros((600, 28, 28, 1), np.uint8), rows.append)
    assert features.shape == (600, extractor.num_features) == (600, 128)
    assert logits is not None and logits.shape == (600, 10)
    assert sum(rows) == 600
    np.testing.assert_allclose(features[0], features[-1], rtol=1e-5)


def test_resizing_is_antialiased() -> None:
    """A pattern finer than the network's pixels becomes its mean, not the lines that happen to be looked at."""
    model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten()])
    stripes = np.zeros((2, 32, 32, 1), np.uint8)
    stripes[:, ::4] = 255
    features = Extractor(model, "pixels", "0")(stripes).features
    np.testing.assert_allclose(features, -0.5, atol=0.2)
    coarse = tf.image.resize(stripes / 127.5 - 1, (4, 4), method="bicubic")
    assert np.abs(coarse + 0.5).min() > 0.4


def test_grey_images_for_a_network_of_colours() -> None:
    model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.GlobalAveragePooling2D()])
    features = Extractor(model, "mean", "0")(np.full((2, 8, 8, 1), 255, np.uint8)).features
    np.testing.assert_allclose(features, 1.0)


def test_colours_for_a_network_of_grey_images() -> None:
    with pytest.raises(InputError, match="takes images of 1 channels"):
        bundled_classifier("mnist")(np.zeros((2, 28, 28, 3), np.uint8))


@pytest.mark.parametrize("images", [np.zeros((2, 28, 28, 1), np.float32), np.zeros((28, 28, 1), np.uint8)])
def test_images_of_another_kind(images: np.ndarray) -> None:
    with pytest.raises(InputError, match="must be uint8"):
        bundled_classifier("mnist")(images)


def test_a_map_of_features_is_averaged(tmp_path: Path) -> None:
    keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(5, 3)]).save(tmp_path / "own.keras")
    extractor = load_extractor(str(tmp_path / "own.keras"), "anything")
    found = extractor(np.zeros((3, 8, 8, 1), np.uint8))
    assert found.features.shape == (3, 5) and found.logits is None
    assert extractor.protocol()["extractor_sha256"] == sha256_of(tmp_path / "own.keras")


def test_damaged_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for suffix in ("keras", "json"):
        shutil.copy(WEIGHTS / f"mnist.{suffix}", tmp_path)
    content = bytearray((tmp_path / "mnist.keras").read_bytes())
    content[5000] ^= 1
    (tmp_path / "mnist.keras").write_bytes(content)
    monkeypatch.setattr(bundled, "WEIGHTS", tmp_path)
    with pytest.raises(InputError, match="is damaged"):
        bundled_classifier("mnist")


def test_unknown_extractors(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"train_classifier\.py --dataset cifar10"):
        load_extractor("classifier", "cifar10")
    with pytest.raises(InputError, match="Unknown extractor 'vgg'"):
        load_extractor("vgg", "mnist")
    with pytest.raises(InputError, match="does not exist"):
        load_extractor(str(tmp_path / "none.keras"), "mnist")
    (tmp_path / "junk.keras").write_bytes(b"junk")
    with pytest.raises(InputError, match="cannot be loaded"):
        load_extractor(str(tmp_path / "junk.keras"), "mnist")


@pytest.mark.slow
@pytest.mark.parametrize("given", [True, False])
def test_inception_from_a_file_or_a_download(given: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "inception.weights.h5"
    keras.applications.InceptionV3(weights=None).save_weights(path)

    def download(name: str, url: str, **more: str) -> str:
        assert not given
        assert (name, url) == (Path(WEIGHTS_PATH).name, WEIGHTS_PATH)
        return str(path)

    monkeypatch.setattr(keras.utils, "get_file", download)
    extractor = load_extractor("inception", "cifar10", str(path) if given else None)
    found = extractor(np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3)).astype(np.uint8))
    assert found.features.shape == (2, 2048)
    assert found.logits is not None and found.logits.shape == (2, 1000)
    assert extractor.sha256 == sha256_of(path)


def test_inception_that_cannot_be_downloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    def download(*facts: str, **more: str) -> str:
        raise Exception(f"URL fetch failure on {facts[1]}: no network")

    monkeypatch.setattr(keras.utils, "get_file", download)
    with pytest.raises(InputError, match=r"no network\. Give a file with inception_weights"):
        load_extractor("inception", "cifar10")


def test_inception_without_its_weights(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="do not exist"):
        load_extractor("inception", "mnist", str(tmp_path / "none.h5"))
    path = tmp_path / "other.weights.h5"
    keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]).save_weights(path)
    with pytest.raises(InputError, match=r"Expected the weights of Keras's InceptionV3"):
        load_extractor("inception", "mnist", str(path))
