import functools
import math
from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf

from tfgan_suite.config import CHOICES
from tfgan_suite.errors import InputError
from tfgan_suite.objectives.losses import (
    LOSSES,
    AdversarialLoss,
    get_loss,
    hinge_discriminator_loss,
    hinge_generator_loss,
    per_sample_mean,
    smooth_real_label,
)
from tfgan_suite.objectives.objective import Objective

LN2 = math.log(2)
REAL = [2.0, -1.0, 0.0, 0.3]
FAKE = [0.5, -3.0, 0.0, 1.7]


def sigmoid(logit: float) -> float:
    return 1 / (1 + math.exp(-logit))


def column(values: list[float]) -> tf.Tensor:
    return tf.constant(values, tf.float32)[:, None]


def cross_entropies(real: float, fake: float) -> float:
    return -math.log(sigmoid(real)) - math.log(1 - sigmoid(fake))


Equation = Callable[[float, float], float]
# The papers' equations, one sample, of (D(x), D(G(z))): the discriminator's and the generator's.
EQUATIONS: dict[str, tuple[Equation, Equation]] = {
    "non_saturating": (cross_entropies, lambda real, fake: -math.log(sigmoid(fake))),
    "minimax": (cross_entropies, lambda real, fake: math.log(1 - sigmoid(fake))),
    "least_squares": (lambda real, fake: (real - 1) ** 2 / 2 + fake**2 / 2, lambda real, fake: (fake - 1) ** 2 / 2),
    "hinge": (lambda real, fake: max(0, 1 - real) + max(0, 1 + fake), lambda real, fake: -fake),
    "wasserstein": (lambda real, fake: fake - real, lambda real, fake: -fake),
    "relativistic": (
        lambda real, fake: -math.log(sigmoid(real - fake)),
        lambda real, fake: -math.log(sigmoid(fake - real)),
    ),
}
AT_ZERO = {
    "non_saturating": (2 * LN2, LN2),
    "minimax": (2 * LN2, -LN2),
    "least_squares": (0.5, 0.5),
    "hinge": (2.0, 0.0),
    "wasserstein": (0.0, 0.0),
    "relativistic": (LN2, LN2),
}
# d generator_loss / d D(G(z)) in closed form.
GRADIENTS: dict[str, Equation] = {
    "non_saturating": lambda real, fake: sigmoid(fake) - 1,
    "minimax": lambda real, fake: -sigmoid(fake),
    "least_squares": lambda real, fake: fake - 1,
    "hinge": lambda real, fake: -1.0,
    "wasserstein": lambda real, fake: -1.0,
    "relativistic": lambda real, fake: sigmoid(fake - real) - 1,
}


def generator_loss(name: str, real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
    return Objective(name).generator_loss(real, fake)


every_loss = pytest.mark.parametrize("name", sorted(LOSSES))


def test_names_agree_with_the_configuration_and_with_these_tests() -> None:
    assert list(LOSSES) == list(CHOICES["loss"])
    assert set(LOSSES) == set(EQUATIONS) == set(AT_ZERO) == set(GRADIENTS)


@every_loss
def test_zero_logits(name: str) -> None:
    zeros = tf.zeros([3, 1])
    discriminator_value, generator_value = AT_ZERO[name]
    np.testing.assert_allclose(LOSSES[name].discriminator_loss(zeros, zeros), [discriminator_value] * 3, rtol=1e-6)
    np.testing.assert_allclose(generator_loss(name, zeros, zeros), [generator_value] * 3, rtol=1e-6)


@every_loss
def test_values_follow_the_equations(name: str) -> None:
    discriminator_equation, generator_equation = EQUATIONS[name]
    discriminator_values = LOSSES[name].discriminator_loss(column(REAL), column(FAKE))
    expected = [discriminator_equation(*pair) for pair in zip(REAL, FAKE, strict=True)]
    np.testing.assert_allclose(discriminator_values, expected, rtol=1e-5)
    generator_values = generator_loss(name, column(REAL), column(FAKE))
    expected = [generator_equation(*pair) for pair in zip(REAL, FAKE, strict=True)]
    np.testing.assert_allclose(generator_values, expected, rtol=1e-5, atol=1e-7)


@every_loss
def test_patches_are_averaged_within_their_sample(name: str) -> None:
    real, fake = np.reshape(REAL * 3, (2, 2, 3, 1)), np.reshape(FAKE * 3, (2, 2, 3, 1))
    discriminator_equation, generator_equation = EQUATIONS[name]
    values = LOSSES[name].discriminator_loss(tf.constant(real, tf.float32), tf.constant(fake, tf.float32))
    expected = np.vectorize(discriminator_equation)(real, fake).mean((1, 2, 3))
    assert values.shape == (2,)
    np.testing.assert_allclose(values, expected, rtol=1e-5)
    values = generator_loss(name, tf.constant(real, tf.float32), tf.constant(fake, tf.float32))
    assert values.shape == (2,)
    np.testing.assert_allclose(values, np.vectorize(generator_equation)(real, fake).mean((1, 2, 3)), rtol=1e-5)


@every_loss
def test_generator_gradient_in_closed_form(name: str) -> None:
    logits = column([-8.0, -0.7, 0.0, 2.5])
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = tf.reduce_sum(generator_loss(name, column(REAL), logits))
    pairs = zip(REAL, logits.numpy()[:, 0].tolist(), strict=True)
    expected = [[GRADIENTS[name](*pair)] for pair in pairs]
    np.testing.assert_allclose(tape.gradient(loss, logits), expected, rtol=1e-5)


def test_only_minimax_saturates_while_the_discriminator_wins() -> None:
    gradients = {}
    for name in ("non_saturating", "minimax"):
        fake = column([-10.0])
        with tf.GradientTape() as tape:
            tape.watch(fake)
            loss = LOSSES[name].generator_loss(fake)
        gradients[name] = tape.gradient(loss, fake).numpy().item()
    assert gradients["non_saturating"] == pytest.approx(-0.9999546, rel=1e-6)
    assert gradients["minimax"] == pytest.approx(-4.5398e-5, rel=1e-4)


@every_loss
def test_far_logits_stay_finite(name: str) -> None:
    far = column([-1e4, 1e4])
    with tf.GradientTape() as tape:
        tape.watch(far)
        loss = LOSSES[name].discriminator_loss(far, -far) + generator_loss(name, -far, far)
    assert np.isfinite(loss).all()
    assert np.isfinite(tape.gradient(loss, far)).all()


@pytest.mark.parametrize("name", ["non_saturating", "minimax"])
def test_smoothed_cross_entropy_in_closed_form(name: str) -> None:
    """The real term is 0.9 (-log s) + 0.1 (-log(1 - s)); the fake term stays."""
    values = smooth_real_label(LOSSES[name], 0.1)(column(REAL), column(FAKE))
    expected = [
        -0.9 * math.log(sigmoid(real)) - 0.1 * math.log(1 - sigmoid(real)) - math.log(1 - sigmoid(fake))
        for real, fake in zip(REAL, FAKE, strict=True)
    ]
    np.testing.assert_allclose(values, expected, rtol=1e-5)


def test_smoothed_cross_entropy_is_least_where_the_probability_is_the_target() -> None:
    real = column([math.log(0.9 / 0.1)])
    with tf.GradientTape() as tape:
        tape.watch(real)
        loss = smooth_real_label(LOSSES["non_saturating"], 0.1)(real, column([0.0]))
    assert tape.gradient(loss, real).numpy().item() == pytest.approx(0.0, abs=1e-6)


def test_smoothed_least_squares_in_closed_form() -> None:
    values = smooth_real_label(LOSSES["least_squares"], 0.25)(column(REAL), column(FAKE))
    expected = [(real - 0.75) ** 2 / 2 + fake**2 / 2 for real, fake in zip(REAL, FAKE, strict=True)]
    np.testing.assert_allclose(values, expected, rtol=1e-5)


@every_loss
def test_no_smoothing_is_the_loss_itself(name: str) -> None:
    assert smooth_real_label(LOSSES[name], 0.0) is LOSSES[name].discriminator_loss


@pytest.mark.parametrize("label_smoothing", [-0.1, 0.5, 1.0, math.nan])
def test_smoothing_out_of_range(label_smoothing: float) -> None:
    with pytest.raises(InputError, match=r"in \[0, 0\.5\)"):
        smooth_real_label(LOSSES["non_saturating"], label_smoothing)


def test_hinge_has_no_label_to_smooth() -> None:
    with pytest.raises(InputError, match="hinge_discriminator_loss"):
        smooth_real_label(LOSSES["hinge"], 0.1)


def test_smoothing_a_nameless_loss_without_a_real_label() -> None:
    loss = AdversarialLoss(functools.partial(hinge_discriminator_loss), hinge_generator_loss)
    with pytest.raises(InputError, match="real label"):
        smooth_real_label(loss, 0.1)


@every_loss
def test_get_loss_by_name(name: str) -> None:
    assert get_loss(name) is LOSSES[name]


def test_get_loss_of_the_users_own() -> None:
    own = AdversarialLoss(hinge_discriminator_loss, hinge_generator_loss, logits_are_log_odds=False)
    assert get_loss(own) is own


def test_get_loss_refuses_an_unknown_name() -> None:
    with pytest.raises(InputError, match="Did you mean hinge"):
        get_loss("hing")


def test_scores_are_probabilities_for_the_cross_entropies_only() -> None:
    assert {name for name, loss in LOSSES.items() if loss.logits_are_log_odds} == {"non_saturating", "minimax"}


@pytest.mark.parametrize("shape", [(3,), (3, 2), (3, 2, 4, 1)])
def test_per_sample_mean(shape: tuple[int, ...]) -> None:
    values = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    np.testing.assert_allclose(per_sample_mean(tf.constant(values)), values.reshape(3, -1).mean(1))
