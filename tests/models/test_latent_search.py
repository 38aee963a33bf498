"""The search for a latent whose image fits around a hole, on generators of which the answer is known."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from lanes import corners

from tfgan_suite import TrainConfig
from tfgan_suite.data.image_data import ImageData
from tfgan_suite.errors import InputError
from tfgan_suite.models.latent_search import Found, importance, mean_square, search_latents
from tfgan_suite.runs.assembly import build_model, start_from
from tfgan_suite.serving.saved_generator import SavedGenerator

SIDE = 9
HOLE = np.zeros((SIDE, SIDE), bool)
HOLE[3:6, 3:6] = True
# Three patterns, mixed by three numbers: what is known says which.
PATTERNS = np.random.default_rng(0).normal(size=(3, SIDE, SIDE, 1)).astype(np.float32)
PRETRAINED = Path(__file__).parents[2] / "saved_models" / "pretrained"
SHIPPED = sorted(path.name for path in PRETRAINED.glob("*") if path.is_dir())


def mixed(latents: tf.Tensor, labels: Any = None) -> tf.Tensor:
    sign = 1.0 if labels is None else tf.cast(2 * labels - 1, tf.float32)[:, None, None, None]
    return sign * tf.tanh(tf.einsum("nl,lhwc->nhwc", latents, tf.constant(PATTERNS)))


def target(*numbers: float) -> np.ndarray:
    return np.asarray(mixed(tf.constant([numbers], tf.float32)))[0]


def search(generate: Any, image: np.ndarray, hole: np.ndarray = HOLE, prior: Any = mean_square, **more: Any) -> Found:
    return search_latents(generate, prior, image, hole, 3, **{"steps": 300, "starts": 3, **more})


def test_importance_by_hand() -> None:
    """One pixel is missing: each within three of it has 1 of 49; of two side by side a neighbour of both has 2."""
    hole = np.zeros((12, 12), bool)
    hole[1, 5] = True
    found = importance(hole) * 49
    expected = np.zeros((12, 12))
    expected[:5, 2:9] = 1
    expected[1, 5] = 0
    np.testing.assert_allclose(found, expected, atol=1e-5)
    hole[1, 6] = True
    found = importance(hole) * 49
    assert found[4, 2] == pytest.approx(1) and found[4, 3] == pytest.approx(2)  # columns 2..8 of one, 3..9 of the other
    assert found[1, 5] == found[1, 6] == found[5, 5] == 0


def test_finds_what_the_generator_can_make() -> None:
    image = target(0.7, -0.4, 0.2)
    broken = np.where(HOLE[..., None], 0, image)
    found = search(mixed, broken)
    assert found.image.shape == (SIDE, SIDE, 1) and found.label is None
    assert np.abs(found.image - image)[HOLE].max() < 0.02
    assert found.distance < 0.01


def test_what_stands_in_the_hole_does_not_matter() -> None:
    image = target(0.7, -0.4, 0.2)
    once, again = (search(mixed, np.where(HOLE[..., None], value, image), steps=20) for value in (-1.0, 1.0))
    np.testing.assert_array_equal(once.image, again.image)


def test_a_search_repeats_itself_and_another_seed_is_another() -> None:
    image = target(0.7, -0.4, 0.2)
    once, again, other = (search(mixed, image, steps=5, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(once.image, again.image)
    assert np.abs(once.image - other.image).max() > 1e-3


def test_the_best_of_several_starts() -> None:
    """Start i is the one of the seed + i: the best of three is the best of each alone."""
    image = target(0.7, -0.4, 0.2)
    together = search(mixed, image, steps=5, starts=3)
    apart = [search(mixed, image, steps=5, starts=1, seed=seed) for seed in range(3)]
    assert together.loss == pytest.approx(min(found.loss for found in apart), rel=1e-5)
    assert len({found.loss for found in apart}) == 3


@pytest.mark.parametrize("label", [0, 1])
def test_the_best_of_all_labels(label: int) -> None:
    """The classes are negatives of each other, and one pattern alone cannot make up for it."""

    def bright(latents: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        sign = tf.cast(2 * labels - 1, tf.float32)[:, None, None, None]
        return sign * (0.6 + 0.1 * tf.tanh(latents[:, :1, None, None])) * tf.ones([1, SIDE, SIDE, 1])

    found = search(bright, np.full((SIDE, SIDE, 1), (2 * label - 1) * 0.55, np.float32), labels=np.array([0, 1]))
    assert found.label == label
    assert found.distance < 0.01


def test_the_loss_by_hand() -> None:
    """Far from all that it can make, z stays at its bound of 3, where both parts are known."""

    def flat(latents: tf.Tensor, labels: Any) -> tf.Tensor:
        return latents[:, :1, None, None] / 4 * tf.ones([1, SIDE, SIDE, 1])

    def weighted(latents: tf.Tensor, images: tf.Tensor, labels: Any) -> tf.Tensor:
        return 100 * latents[:, 0]

    found = search(flat, np.ones((SIDE, SIDE, 1), np.float32), prior=weighted)
    np.testing.assert_allclose(found.image, 3 / 4, rtol=1e-6)
    assert found.distance == pytest.approx(1 / 4, rel=1e-5)
    assert found.loss == pytest.approx(importance(HOLE).sum() / 4 + 0.003 * 300, rel=1e-5)


def test_the_prior_decides_where_nothing_else_does() -> None:
    """A number that the image does not depend on goes where the prior is small."""

    def of_first(latents: tf.Tensor, labels: Any) -> tf.Tensor:
        return tf.tanh(latents[:, :1, None, None]) * tf.ones([1, SIDE, SIDE, 1])

    def wanted(latents: tf.Tensor, images: tf.Tensor, labels: Any) -> tf.Tensor:
        return 1e3 * (latents[:, 1] - 2.0) ** 2

    assert search(of_first, np.zeros((SIDE, SIDE, 1), np.float32), prior=wanted, steps=1).loss > 0.1
    assert search(of_first, np.zeros((SIDE, SIDE, 1), np.float32), prior=wanted).loss < 0.01


@pytest.mark.parametrize(
    ("hole", "more", "message"),
    [
        (
            np.zeros((SIDE, SIDE), bool),
            {},
            "must have a hole, and pixels that are known. Received: 0 of 81 in the hole",
        ),
        (np.ones((SIDE, SIDE), bool), {}, "Received: 81 of 81 in the hole. White is the hole"),
        (HOLE, {"steps": 0}, "steps must be at least 1. Received: 0"),
        (HOLE, {"starts": 0}, "starts must be at least 1. Received: 0"),
    ],
)
def test_refusals(hole: np.ndarray, more: dict[str, int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        search(mixed, target(0.0, 0.0, 0.0), hole, **more)


def hue(latents: tf.Tensor, labels: Any) -> tf.Tensor:
    """By an operation of which TensorFlow has no gradient."""
    images = tf.sigmoid(latents[:, :1, None, None]) * tf.ones([1, SIDE, SIDE, 3])
    return tf.raw_ops.AdjustHue(images=images, delta=latents[0, 0])


def stopped(latents: tf.Tensor, labels: Any) -> tf.Tensor:
    return tf.stop_gradient(mixed(latents))


@pytest.mark.parametrize("generate", [hue, stopped])
def test_a_generator_through_which_no_gradient_passes(generate: Any) -> None:
    channels = 3 if generate is hue else 1
    with pytest.raises(InputError, match=r"No gradient passes .* run folder or the file NAME.keras"):
        search(generate, np.zeros((SIDE, SIDE, channels), np.float32))


@pytest.mark.parametrize("name", corners(SHIPPED, "dcgan_digits", "cgan_mnist"))
def test_gradients_of_an_export_are_those_of_the_keras_model(name: str) -> None:
    """Of every generator that ships, which a new model takes its weights from."""
    exported = SavedGenerator(PRETRAINED / name)
    names = tuple(map(str, range(exported.num_classes or 0)))
    rows = np.arange(6, dtype=np.int32)
    images = np.zeros((len(rows), *exported.image_shape), np.uint8)
    data = ImageData(images, rows if names else None, names, "none")
    model = build_model(TrainConfig.from_preset(exported.card["model"], batch_size=2), data, steps=1)
    start_from(model, str(PRETRAINED / name))
    random = np.random.default_rng(0)
    latents = tf.constant(random.normal(size=(len(rows), exported.latent_dim)), tf.float32)
    wanted = tf.constant(random.uniform(-1, 1, images.shape), tf.float32)
    labels = tf.constant(rows) if names else None

    def gradient(generate: Any) -> np.ndarray:
        with tf.GradientTape() as tape:
            tape.watch(latents)
            loss = tf.reduce_sum(tf.abs(generate(latents, labels) - wanted))
        return np.asarray(tape.gradient(loss, latents))

    of_export, of_model = gradient(exported.graph_of_images), gradient(model.images_from_latents)
    assert np.abs(of_model).max() > 1
    np.testing.assert_allclose(of_export, of_model, rtol=0, atol=1e-5)
