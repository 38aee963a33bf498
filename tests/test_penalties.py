"""Penalties on the discriminator's slopes: closed forms, second derivatives, and every axis in training."""

import itertools
import math
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from lanes import corners
from shrunk import batches, shrunk_model

from tfgan_suite import DCGAN, GAN, InputError
from tfgan_suite.layers.layer_norm import ImageNormalization
from tfgan_suite.models.judging import judged
from tfgan_suite.noise import Rows, Step
from tfgan_suite.objectives.objective import Objective
from tfgan_suite.objectives.penalties import PENALTIES, around, between
from tfgan_suite.options import objective as options

SLOPE = tf.constant([1.0, -2.0, 0.5, 3.0])
NORM = math.sqrt(14.25)


def step(rows: int = 4, number: int = 0) -> Step:
    return Step(0, number, Rows(rows))


def images(seed: int, rows: int = 4) -> tf.Tensor:
    return tf.constant(np.random.default_rng(seed).uniform(-1, 1, (rows, 2, 2, 1)), tf.float32)


def linear(x: tf.Tensor) -> tf.Tensor:
    """D(x) = <w, x>, whose slope is w everywhere."""
    return tf.linalg.matvec(tf.reshape(x, [-1, 4]), SLOPE)[:, None]


@pytest.mark.parametrize(
    ("penalty", "expected", "weighted"),
    [
        ("gradient_penalty", (NORM - 1) ** 2, 10 * (NORM - 1) ** 2),
        ("one_sided_gradient_penalty", (NORM - 1) ** 2, 10 * (NORM - 1) ** 2),
        ("dragan", (NORM - 1) ** 2, 10 * (NORM - 1) ** 2),
        ("r1", NORM**2, NORM**2 / 2),
        ("r2", NORM**2, NORM**2 / 2),
        ("r1_r2", 2 * NORM**2, NORM**2),
    ],
)
def test_of_a_linear_discriminator(penalty: str, expected: float, weighted: float) -> None:
    found = judged(Objective(penalty=penalty), linear, images(0), images(1), step())
    np.testing.assert_allclose(found.penalty, np.full(4, expected), rtol=1e-5)
    np.testing.assert_allclose(found.weighted_penalty, np.full(4, weighted), rtol=1e-5)
    plain = judged(Objective(), linear, images(0), images(1), step())
    np.testing.assert_allclose(found.discriminator_loss, plain.discriminator_loss, rtol=1e-6)
    np.testing.assert_allclose(found.discriminator_total - plain.discriminator_total, found.weighted_penalty, rtol=1e-4)
    assert judged(Objective(penalty=penalty), linear, images(0), images(1)).penalty is None  # in an evaluation


def test_of_flat_and_gentle_slopes() -> None:
    """At w = 0 the root must have a gradient, and one side is free below 1."""
    flat = tf.Variable(tf.zeros([4]))
    with tf.GradientTape() as tape:
        found = judged(
            Objective(penalty="gradient_penalty"),
            lambda x: tf.linalg.matvec(tf.reshape(x, [-1, 4]), flat)[:, None],
            images(0), images(1), step(),
        )  # fmt: skip
        loss = tf.reduce_sum(found.weighted_penalty)
    np.testing.assert_allclose(found.penalty, np.ones(4), rtol=1e-5)
    assert np.isfinite(tape.gradient(loss, flat)).all()
    gentle = judged(
        Objective(penalty="one_sided_gradient_penalty"), lambda x: 0.1 * linear(x), images(0), images(1), step()
    )
    np.testing.assert_array_equal(gentle.penalty, np.zeros(4))


def test_of_a_quadratic_discriminator() -> None:
    """D(x) = |x|^2 / 2 with x = 0 and G = 1: the norm is a sqrt(d), its mean d / 3 - sqrt(d) + 1 (d = 4: 1/3)."""
    rows = 20_000
    found = judged(
        Objective(penalty="gradient_penalty"),
        lambda x: tf.reduce_sum(tf.square(x), [1, 2, 3])[:, None] / 2,
        tf.zeros([rows, 2, 2, 1]), tf.ones([rows, 2, 2, 1]), step(rows),
    )  # fmt: skip
    assert np.mean(found.penalty) == pytest.approx(4 / 3 - 2 + 1, abs=0.01)


def test_of_patches_after_their_mean() -> None:
    found = judged(
        Objective(penalty="r1"),
        lambda x: tf.stack([linear(x), 3 * linear(x)], 1)[..., None],
        images(0),
        images(1),
        step(),
    )
    np.testing.assert_allclose(found.penalty, np.full(4, 4 * NORM**2), rtol=1e-5)


def test_points_are_functions_of_the_row() -> None:
    real, fake = images(0, 8), images(1, 8)
    whole = between(real, fake, step(8), 1)
    share = ((whole - real) / (fake - real)).numpy()
    assert np.ptp(share, axis=(1, 2, 3)).max() < 1e-4  # one number a sample
    assert share.min() >= 0 and share.max() < 1 and np.unique(share[:, 0, 0, 0].round(4)).size == 8
    part = between(real[4:], fake[4:], Step(0, 0, Rows(4, 4)), 1)
    np.testing.assert_array_equal(whole[4:], part)
    moved = around(real, step(8), 1) - real
    assert moved.numpy().min() >= 0 and moved.numpy().max() <= 0.5 * np.std(real) + 1e-6
    for other in (step(8, 1), step(8)._replace(seed=1)):
        assert np.abs(between(real, fake, other, 1) - whole).max() > 1e-3
    assert np.abs(between(real, fake, step(8), 5) - whole).max() > 1e-3


def test_the_weight_falls_by_half_a_cosine() -> None:
    objective = Objective(penalty="r1_r2", penalty_weight=1.0, penalty_weight_final=0.1, penalty_burn_in=400)
    found = [2 * float(objective.weight(step(4, number))) for number in (0, 25, 50, 100, 1000)]
    np.testing.assert_allclose(found, [1.0, 0.1 + 0.9 * (1 + math.cos(math.pi / 4)) / 2, 0.55, 0.1, 0.1], rtol=1e-5)


def test_now_and_then_it_is_so_many_times_as_heavy() -> None:
    objective = Objective(penalty="r1", penalty_weight=3.0, penalty_every=4)
    found = [judged(objective, linear, images(0), images(1), step(4, number)) for number in range(5)]
    expected = [4 * NORM**2, 0, 0, 0, 4 * NORM**2]
    for each, value in zip(found, expected, strict=True):
        np.testing.assert_allclose(each.penalty, np.full(4, value), rtol=1e-5)
        np.testing.assert_allclose(each.weighted_penalty, np.full(4, 1.5 * value), rtol=1e-5)


def test_now_and_then_leaves_adam_as_it_is() -> None:
    """Of the same four batches at a rate of 0 only the penalty's gradient p differs: Adam's first momentum is a sum of
    gradients with the weights (1 - b) b^(steps ago), so that p stands in it with (1 - b^4) where it is taken in each
    step, and with 4 (1 - b) b^3 where it was taken in the first alone."""

    def trained(**settings: Any) -> GAN:
        model = shrunk_model("mlp_gan", dropout=0.0, beta_1=0.7, beta_2=0.9, **settings)
        for optimizer in model.optimizer.optimizers:
            assert (float(optimizer.learning_rate), optimizer.beta_1, optimizer.beta_2) == (
                pytest.approx(2e-4), 0.7, 0.9,
            )  # fmt: skip
            optimizer.learning_rate = 0.0
        model.fit(batches(8).repeat(4), verbose=0)
        assert int(model.discriminator_optimizer.iterations.numpy()) == 4  # an update a step
        return model

    settings = {"penalty": "r1", "penalty_weight": 1.0}
    plain, each, lazy = trained(), trained(**settings), trained(**settings, penalty_every=4)
    momentums = [[np.array(m) for m in model.discriminator_optimizer._momentums] for model in (plain, each, lazy)]
    for without, always, first in zip(*momentums, strict=True):
        share = 4 * 0.3 * 0.7**3 / (1 - 0.7**4)
        np.testing.assert_allclose(first - without, share * (always - without), rtol=1e-4, atol=1e-5)
    assert max(np.abs(always - without).max() for without, always, _ in zip(*momentums, strict=True)) > 1e-3


@pytest.mark.parametrize("penalty", ["r1_r2", "gradient_penalty"])
def test_second_derivatives_are_those_of_a_difference(penalty: str) -> None:
    """The gradient of the penalty by the weights, in float64, against central differences."""
    keras.utils.set_random_seed(0)
    model = DCGAN((16, 16, 1), 4, base_filters=3, discriminator_norm="layer", dtype="float64")
    assert any(isinstance(layer, ImageNormalization) for layer in model.discriminator.layers)
    real, fake = (tf.constant(np.random.default_rng(s).uniform(-1, 1, (3, 16, 16, 1))) for s in (0, 1))
    objective, kernel = Objective(penalty=penalty), model.discriminator.trainable_variables[0]

    def total() -> tf.Tensor:
        return tf.reduce_sum(judged(objective, model.discriminator, real, fake, step(3)).penalty)

    with tf.GradientTape() as tape:
        value = total()
    gradient = tape.gradient(value, kernel.value).numpy()
    direction = np.random.default_rng(2).normal(size=kernel.shape)
    # So small that no activation crosses the kink of its LeakyReLU, where slopes jump.
    start, size, ends = np.array(kernel), 1e-7, []
    for sign in (1, -1):
        kernel.assign(start + sign * size * direction)
        ends.append(float(total()))
    assert (ends[0] - ends[1]) / (2 * size) == pytest.approx(np.sum(gradient * direction), rel=1e-5)


AXES: dict[str, dict[str, Any]] = {
    **{f"wasserstein {name}": {"loss": "wasserstein", "penalty": name} for name in PENALTIES},
    "relativistic": {"loss": "relativistic"},
    "relativistic r1_r2": {"loss": "relativistic", "penalty": "r1_r2", "penalty_weight_final": 0.1,
                           "penalty_burn_in": 20},
    "hinge lazy r1": {"loss": "hinge", "penalty": "r1", "penalty_every": 2},
    "clipped": {"loss": "wasserstein", "weight_clip": 0.01},
}  # fmt: skip
BODIES = ("mlp_gan", "dcgan", "cgan")  # at this size no discriminator has a norm


def model_of(body: str, axis: str, **settings: Any) -> GAN:
    return shrunk_model(body, **AXES[axis], **settings)


@pytest.mark.parametrize(
    ("body", "axis"),
    # Each axis on one body, in turn, since a penalty looks at none; and more of those that leave labels out.
    corners(
        [*zip(itertools.cycle(BODIES), AXES), ("cgan", "wasserstein gradient_penalty"), ("cgan", "hinge lazy r1")],
        ("cgan", "wasserstein dragan"),
    ),
)
def test_every_axis_trains_a_body_on_one_and_on_two(
    body: str, axis: str, mirrored: tf.distribute.Strategy, tmp_path: Any
) -> None:
    one = model_of(body, axis)
    with mirrored.scope():
        two = model_of(body, axis)
    histories = [model.fit(batches(), verbose=0).history for model in (one, two)]
    assert set(histories[0]) == {*one.KEYS, *one.objective.logs}
    for key, values in histories[0].items():
        assert np.isfinite(values).all()
        np.testing.assert_allclose(histories[1][key], values, rtol=1e-4, atol=1e-6, err_msg=key)
    for mine, theirs in zip(one.weights, two.weights, strict=True):
        np.testing.assert_allclose(np.array(mine), np.array(theirs), atol=1e-5, err_msg=mine.path)
    if "clipped" in axis:
        assert max(np.abs(weight).max() for weight in one.discriminator.get_weights()) <= 0.01 + 1e-7
    if "wasserstein" in axis:
        distance, loss = histories[0]["wasserstein_distance"][0], histories[0]["discriminator_loss"][0]
        assert distance == pytest.approx(-loss, rel=1e-4)
    one.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.objective == one.objective
    found = one.evaluate(batches(8), return_dict=True, verbose=0)
    assert "penalty" not in found and set(found) >= set(one.KEYS)


def test_updates_and_steps_of_the_discriminator_go_with_it() -> None:
    for settings in ({"updates": "simultaneous"}, {"discriminator_steps": 2}):
        history = model_of("mlp_gan", "relativistic r1_r2", **settings).fit(batches(), verbose=0).history
        assert np.isfinite(history["penalty"]).all() and history["penalty"][0] > 0


@pytest.mark.parametrize("penalty", ["dragan", "r1_r2"])
def test_float64_meets_real_images_in_float32(penalty: str) -> None:
    model = shrunk_model("mlp_gan", dtype_policy="float64", penalty=penalty)
    history = model.fit(batches(), verbose=0).history
    assert np.isfinite(history["penalty"]).all()


def test_batch_norm_is_refused_with_the_way_out() -> None:
    model = DCGAN((16, 16, 1), 4, base_filters=2)
    with pytest.raises(InputError, match=r"mixes the images of a batch\. Give discriminator_norm layer or none"):
        model.compile(penalty="r1")
    for norm in ("layer", "none"):
        DCGAN((16, 16, 1), 4, base_filters=2, discriminator_norm=norm).compile(penalty="r1")
    with pytest.raises(InputError, match="Unknown discriminator_norm 'group'"):
        DCGAN((16, 16, 1), 4, discriminator_norm="group")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"penalty": "r3"}, "Unknown penalty 'r3'"),
        ({"penalty_weight": 1.0}, "penalty_weight needs penalty"),
        ({"penalty_every": 2}, "penalty_every needs penalty"),
        ({"penalty": "r1", "penalty_weight": -1.0}, "penalty_weight must be at least 0"),
        ({"penalty": "r1", "penalty_weight": math.nan}, "penalty_weight must be at least 0"),
        ({"penalty": "r1", "weight_clip": 0.01}, "both hold the discriminator's slopes"),
        ({"weight_clip": 0.0}, "weight_clip must be greater than 0"),
        ({"penalty": "r1", "penalty_weight_final": 0.1}, "need each other"),
        ({"penalty": "r1_r2", "penalty_every": 4}, "does not converge"),
        ({"loss": "wasserstein", "label_smoothing": 0.1}, "label_smoothing"),
        ({"loss": "relativistic", "label_smoothing": 0.1}, "label_smoothing"),
    ],
)
def test_what_does_not_go_together_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        Objective(**settings)
    assert "\n" not in str(caught.value)
    model = shrunk_model("mlp_gan")
    with pytest.raises(InputError, match=message):
        model.compile(**settings)


def test_names_are_those_of_the_equations() -> None:
    assert ("none", *PENALTIES) == options.PENALTIES
