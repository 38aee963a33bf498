"""CUT: its step by hand, and what it refuses; tests/test_conformance.py holds it to the laws of every model."""

import inspect
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from conforming import arrays_of, every_objective

from tfgan_suite import CUT, InputError
from tfgan_suite.data.image_data import ImageData
from tfgan_suite.data.sources import load_images
from tfgan_suite.errors import saying_flags
from tfgan_suite.exported import read_card
from tfgan_suite.images import to_float
from tfgan_suite.models.cut import _places
from tfgan_suite.models.loading import load_model
from tfgan_suite.noise import MIRROR_STREAM, PATCH_STREAM, Rows, Step, stateless_seed
from tfgan_suite.objectives.patch_nce import mean_patch_nce, patch_nce
from tfgan_suite.presets import PRESETS
from tfgan_suite.serving.export import export_generator

ROWS = 4
SHAPES = {"source_shape": (8, 8, 1), "target_shape": (8, 8, 1)}


def small(name: str = "cut", **settings: Any) -> CUT:
    """A preset on tiny networks."""
    taken = inspect.signature(CUT).parameters
    own = {key: value for key, value in PRESETS[name].settings.items() if key in taken}
    tiny = {"base_filters": 3, "residual_blocks": 1, "discriminator_halvings": 1, "nce_patches": 9, **SHAPES}
    keras.utils.set_random_seed(11)
    model = CUT(**{**own, **tiny, **settings})
    model.compile(loss="least_squares")
    return model


def plain(rates: tuple[float, float] = (0.0, 0.0), name: str = "cut", **settings: Any) -> CUT:
    """Without norms and averages; moved by plain gradients."""
    bare = {"generator_norm": "none", "discriminator_norm": "none", "initializer_stddev": 0.2, "ema_momentum": 0.0}
    model = small(name, **{**bare, **settings})
    model.compile(*(keras.optimizers.SGD(rate) for rate in rates), loss="least_squares")
    return model


def batch_of(model: CUT, rows: int = ROWS) -> tuple[np.ndarray, np.ndarray]:
    a, b = arrays_of(model, rows)
    return a, b


# ---- the contrast -----------------------------------------------------------------------------------


def test_the_contrast_is_worked_by_hand() -> None:
    """Two places: the first is found with e^(1/t) to e^0, the second is held for the first one."""
    queries = np.array([[[1.0, 0.0], [1.0, 0.0]]], np.float32)
    keys = np.array([[[1.0, 0.0], [0.0, 1.0]]], np.float32)
    right, wrong = np.log(1 + np.exp(-1 / 0.5)), np.log(1 + np.exp(1 / 0.5))
    assert float(patch_nce(queries, keys, 0.5)[0]) == pytest.approx((right + wrong) / 2, rel=1e-6)
    both = mean_patch_nce([queries, queries], [keys, queries])
    same = np.log(2)
    usual = np.log(1 + np.exp(-1 / 0.07)) / 2 + np.log(1 + np.exp(1 / 0.07)) / 2
    assert float(both[0]) == pytest.approx((usual + same) / 2, rel=1e-6)


def test_no_gradient_passes_to_what_is_looked_for() -> None:
    queries, keys = tf.Variable([[[0.6, 0.8], [1.0, 0.0]]]), tf.Variable([[[0.0, 1.0], [1.0, 0.0]]])
    with tf.GradientTape() as tape:
        loss = patch_nce(queries, keys)
    of_queries, of_keys = tape.gradient(loss, [queries, keys])
    assert of_keys is None and np.abs(of_queries).max() > 0


def test_places_are_different_ones_and_of_a_small_map_all() -> None:
    few = np.asarray(_places((8, 8, 3), 9, stateless_seed(0, PATCH_STREAM, 3)))
    assert len(set(few.tolist())) == 9 and few.min() >= 0 and few.max() < 64
    assert not np.array_equal(few, _places((8, 8, 3), 9, stateless_seed(0, PATCH_STREAM, 4)))
    np.testing.assert_array_equal(_places((2, 2, 3), 9, stateless_seed(0, PATCH_STREAM, 3)), np.arange(4))


# ---- the step ---------------------------------------------------------------------------------------


def contrast_of(model: CUT, made_maps: list[Any], given_maps: list[Any], number: int = 0) -> tf.Tensor:
    """The paper's equations 2 to 4 at the places of a step, a place at a time."""
    losses = []
    vectors = []
    for maps in (made_maps, given_maps):
        at = []
        for index, each in enumerate(maps):
            height, width, channels = each.shape[1:]
            key = stateless_seed(model.seed, PATCH_STREAM + index, number)
            where = _places((height, width, channels), model.nce_patches, key)
            at.append(tf.stack([each[:, place // width, place % width] for place in np.asarray(where)], 1))
        vectors.append(model.projector(at))
    for queries, keys in zip(*vectors, strict=True):
        count = queries.shape[1]
        for place in range(count):
            scores = tf.linalg.matvec(tf.stop_gradient(keys), queries[:, place])  # (N, P)
            picked = [place] * len(scores)
            cross = tf.nn.sparse_softmax_cross_entropy_with_logits(picked, scores / 0.07)
            losses.append(tf.reduce_mean(cross) / count / len(vectors[0]))
    return tf.add_n(losses)


def losses_of(model: CUT, a: Any, b: Any) -> dict[str, tf.Tensor]:
    g, d = model.generator, model.discriminator
    given = a
    which = None
    if model.flip_equivariance:
        which = np.asarray(Step(model.seed, 0, Rows(len(a))).uniform(MIRROR_STREAM)) < 0.5
        assert which.any() and not which.all()
        given = np.where(which[:, None, None, None], a[:, :, ::-1], a)
    maps_of = model._features.maps
    fake = g(given)
    mean = tf.reduce_mean
    found = {
        "generator_loss": mean((d(fake) - 1) ** 2) / 2,
        "discriminator_loss": (mean((d(b) - 1) ** 2) + mean(d(fake) ** 2)) / 2,
    }
    of_fake = maps_of(fake)
    if which is not None:
        of_fake = [
            tf.stack([row[:, ::-1] if f else row for row, f in zip(each, which, strict=True)]) for each in of_fake
        ]
    found["nce_loss"] = contrast_of(model, of_fake, maps_of(a))
    if model.nce_identity:
        found["identity_nce_loss"] = contrast_of(model, maps_of(g(b)), maps_of(b))
    return found


@pytest.mark.parametrize("name", ["cut", "fast_cut"])
def test_what_is_logged_is_worked_by_hand(name: str) -> None:
    model = plain(name=name)
    a, b = batch_of(model)
    expected = {key: float(value) for key, value in losses_of(model, a, b).items()}
    found = model.train_on_batch((a, b), return_dict=True)
    assert {key: float(found[key]) for key in expected} == pytest.approx(expected, rel=1e-4)
    assert ("identity_nce_loss" in found) == (name == "cut")
    if name == "cut":  # nothing is mirrored when it is evaluated
        evaluated = model.evaluate((a, b), batch_size=ROWS, verbose=0, return_dict=True)
        assert {key: evaluated[key] for key in expected} == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(("name", "weight"), [("cut", 1.0), ("fast_cut", 10.0), ("cut", 0.0)])
def test_generator_and_projector_go_down_all_of_their_losses(name: str, weight: float) -> None:
    rate = 1e-3
    model = plain((rate, 0.0), name, nce_weight=weight)
    a, b = batch_of(model)
    variables = model.variables_of("generator")
    assert {id(each) for each in model.projector.trainable_variables} < {id(each) for each in variables}
    before = [np.array(each) for each in variables]
    with tf.GradientTape() as tape:
        losses = losses_of(model, a, b)
        contrasts = [losses[key] for key in losses if "nce" in key]
        loss = losses["generator_loss"] + weight * tf.add_n(contrasts) / len(contrasts)
    slopes = tape.gradient(loss, [each.value for each in variables], unconnected_gradients="zero")
    model.train_on_batch((a, b))
    for old, slope, new in zip(before, slopes, variables, strict=True):
        size = max(1.0, np.abs(slope).max())
        np.testing.assert_allclose((np.array(new) - old) / size, -rate * slope / size, atol=1e-6, err_msg=new.path)


def test_the_projector_is_whole_before_the_first_batch() -> None:
    model = small()
    assert len(model.projector.trainable_variables) == 4 * 4
    assert all(weight.shape.rank for weight in map(tf.convert_to_tensor, model.projector.trainable_variables))


@pytest.mark.slow
@every_objective
def test_it_takes_every_objective(objective: dict[str, Any]) -> None:
    model = small(ema_momentum=0.9, spectral_norm="none" if objective.keys() - {"loss"} else "both")
    model.compile(augment="translation,cutout", **objective)
    found = model.fit(batch_of(model, 2 * ROWS), batch_size=ROWS, verbose=0).history
    assert all(np.isfinite(values[0]) for values in found.values())


@pytest.mark.slow
def test_it_learns_to_invert_digits_without_pairs() -> None:
    digits = to_float(load_images("digits", image_size=(16, 16)).images[:800]).numpy()
    sides = {"source_shape": (16, 16, 1), "target_shape": (16, 16, 1)}
    model = small(**sides, base_filters=8, ema_momentum=0.9, nce_identity=False, nce_patches=64)
    model.compile(*(keras.optimizers.Adam(1e-3, beta_1=0.5) for _ in "gd"), loss="least_squares")
    model.fit((digits[:384], -digits[384:768]), batch_size=8, epochs=5, verbose=0)
    made = np.asarray(model(digits[768:]))
    assert np.abs(made + digits[768:]).mean() < 0.5 * np.abs(2 * digits[768:]).mean()


# ---- images and files -------------------------------------------------------------------------------


def test_it_shows_what_becomes_of_images() -> None:
    model = small()
    a, b = batch_of(model)
    found = model.show(6, (a, b))
    assert found.columns == ("a", "a to b", "b") and found.images.shape == (6, 8, 8, 1)
    np.testing.assert_array_equal(found.images[3], a[1])
    np.testing.assert_allclose(found.images[4], np.asarray(model(a))[1], atol=1e-6)
    np.testing.assert_array_equal(found.images[5], b[1])


@pytest.mark.slow
def test_an_export_is_of_the_generator_alone_and_a_file_of_all(tmp_path: Path) -> None:
    model = small(ema_momentum=0.9)
    model.fit(batch_of(model, 16), batch_size=ROWS, verbose=0)
    assert model.translating_generator is model.ema_generator
    card = read_card(export_generator(model, tmp_path / "out"))
    assert "direction" not in card and card["source_shape"] == [8, 8, 1]
    model.save(tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras")
    assert len(loaded.weights) == len(model.weights)
    for mine, theirs in zip(model.projector.weights, loaded.projector.weights, strict=True):
        np.testing.assert_array_equal(np.array(mine), np.array(theirs))
    a, _ = batch_of(model)
    np.testing.assert_array_equal(np.asarray(model(a)), np.asarray(loaded(a)))


# ---- what it refuses --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"target_shape": (8, 12, 1)}, "must be the same. Received: .8, 8, 1. and .8, 12, 1."),
        ({"target_shape": (8, 8, 3)}, "one number of channels"),
        ({"nce_weight": -1.0}, "nce_weight must be at least 0"),
        ({"nce_weight": float("nan")}, "nce_weight must be at least 0"),
        ({"nce_patches": 1}, "nce_patches must be at least 2"),
        ({"source_shape": (4, 4, 1), "target_shape": (4, 4, 1)}, "at least 5 pixels"),
        ({"generator_up": "pixel_shuffle"}, "transposed, nearest or bilinear"),
        ({"cycle_weight": 1.0}, "cycle_weight"),
    ],
)
def test_arguments_that_cannot_be(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(InputError, match=named) as caught:
        small(**settings)
    assert "\n" not in str(caught.value)


def test_images_of_one_kind_are_refused() -> None:
    data = ImageData(np.zeros((4, 8, 8, 1), np.uint8), None, (), "digits")
    with pytest.raises(InputError, match="CUT learns from images of two kinds, and digits has one"):
        CUT.arguments_of(data)


def test_it_goes_one_way() -> None:
    with saying_flags(), pytest.raises(InputError, match=r"CUT goes one way\. Received: --direction b_to_a"):
        small().directed("b_to_a")
