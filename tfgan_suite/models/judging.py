"""What a discriminator makes of images, and the objective of that: the one place where images are judged."""

from typing import NamedTuple

import tensorflow as tf

from tfgan_suite.noise import Step
from tfgan_suite.objectives.objective import Judge, Objective


class Judgement(NamedTuple):
    """Of N real and N fake images; each (N,)."""

    discriminator_loss: tf.Tensor
    generator_loss: tf.Tensor
    real_score: tf.Tensor
    fake_score: tf.Tensor

    def of_discriminator(self) -> dict[str, tf.Tensor]:
        """What is logged of a discriminator's step."""
        return {key: value for key, value in self._asdict().items() if key != "generator_loss"}


def judged(
    objective: Objective,
    discriminator: Judge,
    real_images: tf.Tensor,
    fake_images: tf.Tensor,
    step: Step | None = None,
    call: int = 0,
) -> Judgement:
    """What a discriminator says of real and of fake images.

    Args:
        objective: the losses and what is added to them.
        discriminator: images -> logits; what else it is told, it knows.
        real_images: (N, H, W, C).
        fake_images: of the same shape; let gradients through or not.
        step: keys Dropout's masks; None where there is no training.
        call: number within the step of the first of the two calls.
    """
    real_logits = _called(discriminator, real_images, step, call)
    fake_logits = _called(discriminator, fake_images, step, call + 1)
    loss = objective.discriminator_loss(real_logits, fake_logits)
    penalty = None if step is None else objective.penalty(discriminator, real_images, fake_images)
    return Judgement(
        loss if penalty is None else loss + penalty,
        objective.generator_loss(fake_logits),
        objective.score(real_logits),
        objective.score(fake_logits),
    )


def judged_fakes(
    objective: Objective, discriminator: Judge, fake_images: tf.Tensor, step: Step, call: int
) -> tf.Tensor:
    """The generator's loss on each of its images, (N,), by the discriminator as it is now.

    Args:
        objective, discriminator, fake_images, step: see `judged`.
        call: number of the call within the step.
    """
    return objective.generator_loss(_called(discriminator, fake_images, step, call))


def _called(discriminator: Judge, images: tf.Tensor, step: Step | None, call: int) -> tf.Tensor:
    if step is None:
        return discriminator(images)
    with step.masks(call):
        return discriminator(images)
