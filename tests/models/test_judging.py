"""What a discriminator says, and what an objective may add to it: shown by a penalty of twenty lines."""

from dataclasses import dataclass

import numpy as np
import pytest
import tensorflow as tf
from shrunk import batches, shrunk_model

from tfgan_suite import GAN
from tfgan_suite.models.judging import judged, judged_fakes
from tfgan_suite.noise import Rows, Step
from tfgan_suite.objectives.objective import Judge, Objective

STEP = Step(0, 0, Rows(4))


@dataclass(frozen=True)
class R1(Objective):
    """The mean square slope of the discriminator at real images: weight / 2 |grad D(x)|^2.

    Reference: Mescheder, Geiger and Nowozin, 2018, arXiv 1801.04406, equation 9.
    """

    weight: float = 1.0

    def penalty(self, discriminator: Judge, real_images: tf.Tensor, fake_images: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(real_images)
            logits = tf.reduce_sum(discriminator(real_images))
        slopes = tape.gradient(logits, real_images)
        return self.weight / 2 * tf.reduce_sum(tf.square(slopes), axis=[1, 2, 3])


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


def test_a_penalty_is_added_in_training_alone() -> None:
    """D(x) = w x has the slope w everywhere: weight / 2 |w|^2 a sample."""
    weights = tf.constant([1.0, -2.0, 0.5, 3.0])

    def discriminator(x: tf.Tensor) -> tf.Tensor:
        return tf.linalg.matvec(tf.reshape(x, [4, 4]), weights)[:, None]

    plain, penalised = (judged(o, discriminator, images(0), images(1), STEP) for o in (Objective(), R1(weight=5.0)))
    np.testing.assert_allclose(
        penalised.discriminator_loss - plain.discriminator_loss, np.full(4, 5 / 2 * 14.25), rtol=1e-5
    )
    np.testing.assert_array_equal(penalised.generator_loss, plain.generator_loss)
    evaluated = judged(R1(weight=5.0), discriminator, images(0), images(1))
    np.testing.assert_allclose(evaluated.discriminator_loss, plain.discriminator_loss)


def trained(weight: float | None, strategy: tf.distribute.Strategy | None = None) -> GAN:
    """Two steps of 8 images."""
    with (strategy or tf.distribute.get_strategy()).scope():
        model = shrunk_model("dcgan", dropout=0.0)
        if weight is not None:
            model.objective = R1(weight=weight)
    model.fit(batches(16), verbose=0)
    return model


def weights_of(model: GAN) -> np.ndarray:
    return np.concatenate([np.ravel(weight) for weight in model.discriminator.get_weights()])


def test_a_step_goes_down_the_penalty(mirrored: tf.distribute.MirroredStrategy) -> None:
    plain, light, heavy = (weights_of(trained(weight)) for weight in (None, 0.0, 100.0))
    np.testing.assert_array_equal(light, plain)
    assert np.abs(heavy - plain).max() > 1e-4
    np.testing.assert_allclose(weights_of(trained(100.0, mirrored)), heavy, atol=1e-6)


@pytest.mark.parametrize("preset", ["mlp_gan_small", "cgan"])
def test_every_body_can_carry_it(preset: str) -> None:
    model = shrunk_model(preset)
    model.objective = R1(weight=1.0)
    history = model.fit(batches(), verbose=0).history
    assert np.isfinite(history["discriminator_loss"]).all()
