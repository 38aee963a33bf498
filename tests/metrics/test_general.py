"""The network `general`: what images of any kind are compared by."""

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_suite import load_images
from tfgan_suite.commands.train_classifier import train_classifier_to
from tfgan_suite.data.image_data import ImageData
from tfgan_suite.errors import InputError
from tfgan_suite.files import sha256_of
from tfgan_suite.images import on_white, to_float
from tfgan_suite.metrics import extractors, general
from tfgan_suite.metrics.extractors import Extractor, load_extractor
from tfgan_suite.metrics.frechet import frechet_distance
from tfgan_suite.metrics.general import build_general, fold_batch_norm, general_data, train_general, vary
from tfgan_suite.metrics.kernel import kernel_distance
from tfgan_suite.networks.bundled import GENERAL, WEIGHTS, bundled_facts
from tfgan_suite.picture_rules import PictureRules

FILE = WEIGHTS / f"{GENERAL}.keras"
ACCURACY = {"cifar10": 0.65, "fashion_mnist": 0.88}


@pytest.fixture(scope="module")
def extractor() -> Extractor:
    return load_extractor(GENERAL)


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)


def test_the_file_is_the_one_that_was_measured(extractor: Extractor) -> None:
    facts = bundled_facts(GENERAL)
    assert facts["sha256"] == sha256_of(FILE) == extractor.sha256
    assert facts["command"].startswith(f"python scripts/train_classifier.py --dataset {GENERAL} --output {FILE.name} ")
    assert FILE.stat().st_size <= 1_000_000
    for start, name in ((0, "cifar10"), (10, "fashion_mnist")):
        assert np.mean(facts["accuracy_of_class"][start : start + 10]) >= ACCURACY[name]


def test_the_page_says_what_the_file_is() -> None:
    facts = bundled_facts(GENERAL)
    page = (Path(__file__).parents[2] / "docs/general_extractor.md").read_text(encoding="utf-8")
    assert facts["sha256"] in page and facts["command"] in page and f"{facts['accuracy']:.2%}" in page
    for start in (0, 10):
        assert f"{np.mean(facts['accuracy_of_class'][start : start + 10]):.2%}" in page


@pytest.mark.parametrize(("name", "first_class"), [("cifar10", 0), ("fashion_mnist", 10)])
def test_accuracy(name: str, first_class: int, tfds_dir: str) -> None:
    """On a tenth of each test set, to three standard errors."""
    test = load_images(name, "test[:1000]", tfds_dir, (32, 32), channels=3)
    logits = keras.saving.load_model(FILE, compile=False).predict(to_float(test.images), batch_size=250, verbose=0)
    assert test.labels is not None
    of_file = np.mean(bundled_facts(GENERAL)["accuracy_of_class"][first_class : first_class + 10])
    assert np.mean(logits.argmax(1) == test.labels + first_class) == pytest.approx(of_file, abs=0.04)


@pytest.mark.parametrize("shape", [(64, 64, 3), (20, 30, 4), (8, 8, 1), (200, 200, 3), (1, 1, 4)])
def test_images_of_any_size_and_channels(shape: tuple[int, int, int], extractor: Extractor) -> None:
    found = extractor(noise(3, *shape))
    assert found.logits is None and found.features.shape == (3, extractor.num_features) == (3, 208)
    assert np.isfinite(found.features).all() and (found.features >= 0).all()


def test_rgba_is_seen_on_white(extractor: Extractor) -> None:
    """The colours of clear pixels have no part in it, and half of them half a part."""
    images = noise(4, 64, 64, 4)
    images[:2, ..., 3] = 0
    seen = on_white(to_float(images)).numpy()
    np.testing.assert_allclose(seen[:2], 1.0)
    alpha = images[2:, ..., 3:] / 255
    np.testing.assert_allclose(seen[2:], (images[2:, ..., :3] / 255 * alpha + 1 - alpha) * 2 - 1, atol=1e-5)
    features = extractor(images).features
    np.testing.assert_allclose(features[0], features[1], rtol=1e-5)
    np.testing.assert_allclose(features, extractor.of_floats(seen).features, rtol=1e-4, atol=1e-5)
    assert "on white" in extractor.protocol(4)["resize"] and "on white" not in extractor.protocol(3)["resize"]


def test_stages_can_be_tapped_at_any_size_and_have_gradients() -> None:
    model = keras.saving.load_model(FILE, compile=False)
    assert not [layer.name for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    stages = keras.Model(model.inputs, [model.get_layer(f"stage{number}").output for number in (1, 2, 3, 4)])
    images = tf.constant(noise(1, 40, 24, 3) / 127.5 - 1, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(images)
        maps = stages(images)
        loss = tf.add_n([tf.reduce_mean(part**2) for part in maps])
    assert [tuple(part.shape[1:3]) for part in maps] == [(40, 24), (20, 12), (10, 6), (5, 3)]
    gradient = tape.gradient(loss, images).numpy()
    assert np.isfinite(gradient).all() and (np.abs(gradient).sum(axis=(0, 3)) > 0).all()


def test_a_folded_network_is_the_same_function() -> None:
    trained = build_general(5, batch_norm=True)
    random = np.random.default_rng(0)
    for layer in trained.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([random.uniform(0.5, 1.5, weight.shape) for weight in layer.get_weights()])
    images = random.uniform(-1, 1, (3, 18, 22, 3)).astype(np.float32)
    expected = trained(images, training=False).numpy()
    np.testing.assert_allclose(fold_batch_norm(trained)(images).numpy(), expected, rtol=1e-4, atol=1e-4)


def test_variations_repeat_themselves_and_stay_in_range() -> None:
    images = tf.constant(noise(64, 32, 32, 3) / 127.5 - 1, tf.float32)
    first, again, other = (vary(images, 3, tf.constant(step, tf.int64)).numpy() for step in (7, 7, 8))
    np.testing.assert_array_equal(first, again)
    assert first.shape == images.shape and np.abs(first).max() <= 1
    assert (np.abs(first - other).mean(axis=(1, 2, 3)) > 0.01).all()


@pytest.mark.slow
def test_it_learns() -> None:
    """Left from right of an edge, whatever the colours: half are negatives, and mirrored ones stay what they are."""
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, 512).astype(np.int32)
    stripes = np.where(np.arange(32) % 8 < 4, 60, 200).astype(np.uint8)
    images = np.stack([np.broadcast_to(stripes if label else stripes[:, np.newaxis], (32, 32)) for label in labels])
    data = ImageData(np.repeat(images[..., np.newaxis], 3, axis=-1), labels, ("rows", "columns"), "stripes")
    model = train_general(data, epochs=4, verbose=0)
    assert (model.predict(to_float(data.images), verbose=0).argmax(1) == labels).mean() > 0.95


def test_both_sets_with_their_own_classes(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(name: str, *facts: object) -> tuple[ImageData, ImageData]:
        number = general.DATASETS.index(name)
        part = ImageData(noise(6, 32, 32, 3), np.arange(6, dtype=np.int32) % 2, (f"{name} 0", f"{name} 1"), name)
        return part, ImageData(noise(2 + number, 32, 32, 3), np.ones(2 + number, np.int32), part.label_names, name)

    monkeypatch.setattr(general, "load_train_and_test", load)
    train, test = general_data()
    assert train.num_classes == 4 and train.labels is not None and test.labels is not None
    assert np.bincount(train.labels).tolist() == [3, 3, 3, 3] and test.labels.tolist() == [1, 1, 3, 3, 3]
    assert train.label_names == ("cifar10 0", "cifar10 1", "fashion_mnist 0", "fashion_mnist 1")


DAMAGES = {
    "noise": lambda images: np.clip(images + np.random.default_rng(1).normal(0, 25, images.shape), 0, 255),
    "blur": lambda images: tf.nn.avg_pool2d(tf.cast(images, tf.float32), 5, 1, "SAME").numpy(),
    "negative": lambda images: 255 - images,
    "upside down": lambda images: images[:, ::-1],
    "ten repeated": lambda images: np.resize(images[:10], images.shape),
}


@pytest.fixture(scope="module")
def real(extractor: Extractor) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Images of a data set that it has not learned from: features of 300, and 300 others with theirs."""
    images = load_images("digits", image_size=(28, 28)).images[np.random.default_rng(0).permutation(1797)[:600]]
    features = extractor(images).features
    return features[:300], images[300:], features[300:]


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_it_tells_apart(
    damage: str, extractor: Extractor, real: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> None:
    reference, images, floor = real
    damaged = extractor(np.asarray(DAMAGES[damage](images)).astype(np.uint8)).features
    assert frechet_distance(reference, damaged) > 3 * frechet_distance(reference, floor)
    assert kernel_distance(reference, damaged, 10, 150)[0] > 3 * abs(kernel_distance(reference, floor, 10, 150)[0])


def test_it_is_chosen_where_no_classifier_is() -> None:
    assert load_extractor(None, "digits").name == "classifier of digits"
    assert load_extractor(None, "own/pictures").name == load_extractor(GENERAL, "digits").name == GENERAL
    assert GENERAL not in extractors.bundled_datasets()


def test_its_size_is_its_own(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Leave out --image-size"):
        train_classifier_to(str(tmp_path / "a.keras"), GENERAL, rules=PictureRules(size=(64, 64)))
