"""CycleGAN: its step by hand, and what it refuses; tests/test_conformance.py holds it to the laws of every model."""

import inspect
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from conforming import arrays_of, every_objective

from tfgan_suite import CycleGAN, InputError
from tfgan_suite.data.image_data import ImageData
from tfgan_suite.data.sources import load_images
from tfgan_suite.errors import saying_flags
from tfgan_suite.exported import DIRECTIONS, read_card, version_folder, way_folder
from tfgan_suite.images import to_float, to_uint8
from tfgan_suite.models.loading import load_model
from tfgan_suite.presets import PRESETS
from tfgan_suite.runs.translating import open_translator
from tfgan_suite.serving.export import export_generator, export_model

ROWS = 4
SCALE = 0.5  # of all squares, as Mao et al., 2016, arXiv 1611.04076; the authors' code has it for discriminators alone
KINDS = {"source_shape": (8, 8, 1), "target_shape": (8, 8, 1)}


def small(name: str = "cyclegan", **settings: Any) -> CycleGAN:
    """A preset on tiny networks."""
    taken = inspect.signature(CycleGAN).parameters
    own = {key: value for key, value in PRESETS[name].settings.items() if key in taken}
    tiny = {"base_filters": 3, "residual_blocks": 1, "discriminator_halvings": 1, **KINDS}
    keras.utils.set_random_seed(11)
    model = CycleGAN(**{**own, **tiny, **settings})
    model.compile(loss="least_squares")
    return model


def plain(
    rates: tuple[float, float] = (0.0, 0.0), objective: dict[str, Any] | None = None, **settings: Any
) -> CycleGAN:
    """Without norms and averages; moved by plain gradients."""
    bare = {"generator_norm": "none", "discriminator_norm": "none", "initializer_stddev": 0.2, "ema_momentum": 0.0}
    model = small(**{**bare, **settings})
    model.compile(*(keras.optimizers.SGD(rate) for rate in rates), **{"loss": "least_squares", **(objective or {})})
    return model


def batch_of(model: CycleGAN, rows: int = ROWS) -> tuple[np.ndarray, np.ndarray]:
    ((a, b),) = (arrays_of(model, rows),) if len(arrays_of(model, rows)) == 2 else arrays_of(model, rows)
    return a, b


def losses_of(model: CycleGAN, a: Any, b: Any) -> dict[str, tf.Tensor]:
    """The formulas of the paper, equations 1 to 3 with squares, and of the identity loss of section 5.2."""
    g, f = model.generator_ab, model.generator_ba
    fake_b, fake_a = g(a), f(b)
    mean = tf.reduce_mean
    squares = [
        (mean((judge(real) - 1) ** 2), mean(judge(fake) ** 2), mean((judge(fake) - 1) ** 2))
        for judge, real, fake in ((model.discriminator_a, a, fake_a), (model.discriminator_b, b, fake_b))
    ]
    return {
        "generator_loss": SCALE * tf.add_n([each[2] for each in squares]),
        "discriminator_loss": SCALE * tf.add_n([each[0] + each[1] for each in squares]),
        "cycle_loss": mean(tf.abs(f(fake_b) - a)) + mean(tf.abs(g(fake_a) - b)),
        "identity_loss": mean(tf.abs(f(a) - a)) + mean(tf.abs(g(b) - b)),
    }


def test_what_is_logged_is_worked_by_hand() -> None:
    model = plain(pool_size=0)
    a, b = batch_of(model)
    expected = {key: float(value) for key, value in losses_of(model, a, b).items()}
    found = model.train_on_batch((a, b), return_dict=True)
    assert {key: float(found[key]) for key in expected} == pytest.approx(expected, rel=1e-5)
    evaluated = model.evaluate((a, b), batch_size=ROWS, verbose=0, return_dict=True)
    assert {key: evaluated[key] for key in expected} == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(("cycle", "identity"), [(10.0, 0.5), (2.0, 0.0), (0.0, 0.5)])
def test_the_generators_go_down_all_of_their_losses(cycle: float, identity: float) -> None:
    rate = 1e-3
    model = plain((rate, 0.0), cycle_weight=cycle, identity_weight=identity, pool_size=0)
    a, b = batch_of(model)
    before = [np.array(each) for each in model.variables_of("generator")]
    still = [np.array(each) for each in model.variables_of("discriminator")]
    with tf.GradientTape() as tape:
        losses = losses_of(model, a, b)
        loss = losses["generator_loss"] + cycle * losses["cycle_loss"]
        loss += cycle * identity * losses["identity_loss"]
    slopes = tape.gradient(loss, [each.value for each in model.variables_of("generator")])
    found = model.train_on_batch((a, b), return_dict=True)
    assert ("identity_loss" in found) == (identity > 0)
    for old, slope, new in zip(before, slopes, model.variables_of("generator"), strict=True):
        np.testing.assert_allclose(np.array(new) - old, -rate * slope, atol=1e-6, err_msg=new.path)
    for old, new in zip(still, model.variables_of("discriminator"), strict=True):
        np.testing.assert_array_equal(old, np.array(new))


@pytest.mark.slow
def test_the_discriminators_see_what_was_made_before_the_generators_moved() -> None:
    """As the authors' code does, and from a pool that is not full yet what is new."""
    rate = 1e-2
    moved = [plain((own, rate), pool_size=size) for own, size in ((0.0, 0), (0.5, 0), (0.5, 50))]
    a, b = batch_of(moved[0])
    for model in moved:
        model.train_on_batch((a, b))
    for still, *others in zip(*(model.variables_of("discriminator") for model in moved), strict=True):
        for other in others:
            np.testing.assert_allclose(np.array(still), np.array(other), atol=1e-7)


def test_a_full_pool_shows_the_discriminators_earlier_images() -> None:
    models = [plain((1e-1, 1e-2), pool_size=size) for size in (0, ROWS)]
    for step in range(3):
        a, b = (each[step * ROWS : (step + 1) * ROWS] for each in batch_of(models[0], 3 * ROWS))
        for model in models:
            model.train_on_batch((a, b))
        same = [
            np.allclose(np.array(one), np.array(other), atol=1e-7)
            for one, other in zip(*(model.variables_of("discriminator") for model in models), strict=True)
        ]
        assert all(same) == (step == 0)
    assert [pool.images.shape for pool in models[1].pools] == [(ROWS, 8, 8, 1)] * 2


@pytest.mark.slow
@every_objective
def test_it_takes_every_objective(objective: dict[str, Any]) -> None:
    model = small(ema_momentum=0.9, spectral_norm="none" if objective.keys() - {"loss"} else "both")
    model.compile(augment="translation,cutout", **objective)
    a, b = batch_of(model, 2 * ROWS)
    found = model.fit((a, b), batch_size=ROWS, verbose=0).history
    assert all(np.isfinite(values[0]) for values in found.values())


@pytest.mark.slow
def test_an_adaptive_augmentation_hears_both_discriminators() -> None:
    model = plain((0.0, 0.0))
    model.compile(loss="non_saturating", augment="ada")
    model.train_on_batch(batch_of(model))
    probability, signs, images = np.array(model.augmentation)
    assert images == ROWS and abs(signs) <= ROWS and probability == 0


@pytest.mark.slow
def test_it_learns_to_invert_digits_without_pairs() -> None:
    """White on black and black on white: other digits on each side, so that their kind alone says what to do."""
    digits = load_images("digits", image_size=(16, 16)).images[:800]
    digits = to_float(digits).numpy()
    sides = {"source_shape": (16, 16, 1), "target_shape": (16, 16, 1)}
    # An identity loss would hold on to what has to change.
    model = small(**sides, base_filters=8, ema_momentum=0.9, identity_weight=0.0)
    model.compile(*(keras.optimizers.Adam(1e-3, beta_1=0.5) for _ in "gd"), loss="least_squares")
    model.fit((digits[:384], -digits[384:768]), batch_size=8, epochs=5, verbose=0)
    for direction, sign in zip(DIRECTIONS, (1, -1), strict=True):
        given = sign * digits[768:]
        made = np.asarray(model.directed(direction).call(tf.constant(given)))
        # Over four seeds it was .10 to .28 of it.
        assert np.abs(made + given).mean() < 0.5 * np.abs(given + given).mean(), direction


# ---- both ways --------------------------------------------------------------------------------------


@pytest.mark.slow
def test_both_ways_are_exported_and_opened(tmp_path: Path) -> None:
    model = small(target_shape=(8, 8, 3), identity_weight=0.0)
    model.save(tmp_path / "model.keras")
    base = export_model(model, tmp_path / "out", {"model": "cyclegan"})
    assert base == tmp_path / "out" and sorted(path.name for path in base.iterdir()) == sorted(DIRECTIONS)
    images = {"a_to_b": np.arange(2 * 64, dtype=np.uint8).reshape(2, 8, 8, 1)}
    images["b_to_a"] = images["a_to_b"].repeat(3, -1)
    for direction in DIRECTIONS:
        card = read_card(version_folder(base / direction))
        assert card["direction"] == direction and card["source_shape"] == list(images[direction].shape[1:])
        own = to_uint8(np.asarray(model.directed(direction).call(to_float(images[direction]))))
        for place in (base, base / direction, tmp_path / "model.keras"):
            answer = open_translator(place, direction=direction).translate(images[direction], None)
            assert np.abs(answer.astype(int) - own).max() <= 1
    assert way_folder(base, None) == base / "a_to_b"
    with pytest.raises(InputError, match=r"holds a model for each direction. Give one of them, such as .*a_to_b"):
        version_folder(base)
    with saying_flags(), pytest.raises(InputError, match=r"goes a_to_b\. Received: --direction b_to_a"):
        open_translator(base / "a_to_b", direction="b_to_a")
    one = export_generator(model, tmp_path / "one", direction="b_to_a")
    assert read_card(one)["direction"] == "b_to_a"


def test_its_ways_have_names() -> None:
    model = small()
    assert model.directions == DIRECTIONS and model.directed(None).facts()["direction"] == "a_to_b"
    with pytest.raises(InputError, match=r"direction.*'a_to_c'"):
        model.directed("a_to_c")


def test_it_shows_both_ways() -> None:
    model = small(target_shape=(8, 8, 3), identity_weight=0.0)
    a, b = batch_of(model)
    found = model.show(8, (a, b))
    assert found.columns == ("a", "a to b", "b", "b to a") and found.images.shape == (8, 8, 8, 3)
    np.testing.assert_array_equal(found.images[4], a[1].repeat(3, -1))
    np.testing.assert_allclose(found.images[5], np.asarray(model(a))[1], atol=1e-6)
    np.testing.assert_array_equal(found.images[6], b[1])


@pytest.mark.slow
def test_the_averages_are_shown_and_loaded(tmp_path: Path) -> None:
    model = small(ema_momentum=0.9)
    model.fit(batch_of(model, 16), batch_size=ROWS, verbose=0)
    averages = [average for average, _ in model.averaged()]
    assert list(model.translating_generators) == averages
    model.save(tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras")
    a, _ = batch_of(model)
    np.testing.assert_array_equal(np.asarray(model(a)), np.asarray(loaded(a)))
    for mine, theirs in zip(model.pools, loaded.pools, strict=True):
        assert int(theirs.num_filled) == 16
        np.testing.assert_array_equal(np.array(mine.images), np.array(theirs.images))


# ---- what it refuses --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"target_shape": (8, 12, 1)}, "same height and width"),
        ({"target_shape": (8, 8, 3)}, "identity_weight holds images of one kind against"),
        ({"cycle_weight": -1.0}, "cycle_weight must be at least 0"),
        ({"identity_weight": -1.0}, "identity_weight must be at least 0"),
        ({"pool_size": -1}, "pool_size must be at least 0"),
        ({"cycle_weight": float("nan")}, "cycle_weight must be at least 0"),
        ({"source_shape": (4, 4, 1), "target_shape": (4, 4, 1)}, "at least 5 pixels"),
        ({"l1_weight": 1.0}, "l1_weight"),
    ],
)
def test_arguments_that_cannot_be(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(InputError, match=named) as caught:
        small(**settings)
    assert "\n" not in str(caught.value)


def test_images_of_one_kind_are_refused() -> None:
    data = ImageData(np.zeros((4, 8, 8, 1), np.uint8), None, (), "digits")
    with pytest.raises(InputError, match="learns from images of two kinds, and digits has one"):
        CycleGAN.arguments_of(data)


def test_a_penalty_refuses_batch_norm() -> None:
    with pytest.raises(InputError, match="Give discriminator_norm layer or none"):
        small(discriminator_norm="batch").compile(penalty="r1")
