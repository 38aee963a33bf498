"""What a discriminator says of real and of fake images; tests/test_penalties.py has what is added to it."""

import numpy as np
import tensorflow as tf
from shrunk import batches, shrunk_model

from tfgan_suite import GAN
from tfgan_suite.models.judging import judged, judged_fakes
from tfgan_suite.noise import Rows, Step
from tfgan_suite.objectives.objective import Objective

STEP = Step(0, 0, Rows(4))


def images(seed: int) -> tf.Tensor:
    return tf.constant(np.random.default_rng(seed).uniform(-1, 1, (4, 2, 2, 1)), tf.float32)


def test_losses_and_scores_are_those_of_the_logits() -> None:
    """D(x) = 3 mean(x): worked by hand from the formulas of the loss."""
    real, fake = images(0), images(1)
    real_logits, fake_logits = (3 * np.mean(x, axis=(1, 2, 3)) for x in (real, fake))
    found = judged(Objective("non_saturating"), lambda x: 3 * tf.reduce_mean(x, [1, 2, 3])[:, None], real, fake, STEP)
    softplus = lambda x: np.log1p(np.exp(x))  # noqa: E731
    np.testing.assert_allclose(found.discriminator_loss, softplus(-real_logits) + softplus(fake_logits), rtol=1e-5)
    np.testing.assert_allclose(found.generator_loss, softplus(-fake_logits), rtol=1e-5)
    np.testing.assert_allclose(found.real_score, 1 / (1 + np.exp(-real_logits)), rtol=1e-5)
    np.testing.assert_allclose(found.fake_score, 1 / (1 + np.exp(-fake_logits)), rtol=1e-5)
    alone = judged_fakes(Objective(), lambda x: 3 * tf.reduce_mean(x, [1, 2, 3])[:, None], fake, STEP, 0)
    np.testing.assert_allclose(alone, found.generator_loss)


def trained(weight: float | None) -> GAN:
    """Two steps of 8 images."""
    settings = {} if weight is None else {"penalty": "r1", "penalty_weight": weight}
    model = shrunk_model("dcgan", dropout=0.0, discriminator_norm="none", **settings)
    model.fit(batches(16), verbose=0)
    return model


def weights_of(model: GAN) -> np.ndarray:
    return np.concatenate([np.ravel(weight) for weight in model.discriminator.get_weights()])


def test_a_step_goes_down_the_penalty() -> None:
    plain, light, heavy = (weights_of(trained(weight)) for weight in (None, 0.0, 100.0))
    np.testing.assert_allclose(light, plain, atol=1e-7)
    assert np.abs(heavy - plain).max() > 1e-4
