"""What a discriminator makes of images, and the objective of that: the one place where images are judged."""

import contextlib
from collections.abc import Sequence
from typing import NamedTuple

import tensorflow as tf

from tfgan_suite.errors import InputError
from tfgan_suite.noise import Step
from tfgan_suite.objectives.losses import per_sample_mean
from tfgan_suite.objectives.objective import Judge, Objective
from tfgan_suite.objectives.penalties import Penalty, points_of, squared_norms, squared_slopes


class Judgement(NamedTuple):
    """Of N real and N fake images; each (N,).

    Attributes:
        discriminator_loss, generator_loss, real_score, fake_score: see `Objective`; the losses without the penalty.
        penalty: without its weight, in the mean over steps; None where there is none, and in an evaluation.
        weighted_penalty: what is added to the discriminator's loss; None for nothing.
        wasserstein_distance: the critic's estimate, D(x) - D(G(z)); None for other losses.
        augment_probability: of each augmentation of `ada`, the same for all; None for others, and in an evaluation.
        real_sign: the signs of the logits of real images, to which it adapts; None where it does not.
    """

    discriminator_loss: tf.Tensor
    generator_loss: tf.Tensor
    real_score: tf.Tensor
    fake_score: tf.Tensor
    penalty: tf.Tensor | None = None
    weighted_penalty: tf.Tensor | None = None
    wasserstein_distance: tf.Tensor | None = None
    augment_probability: tf.Tensor | None = None
    real_sign: tf.Tensor | None = None

    @property
    def discriminator_total(self) -> tf.Tensor:
        """What the discriminator's step goes down."""
        added = self.weighted_penalty
        return self.discriminator_loss if added is None else self.discriminator_loss + added

    def logs(self) -> dict[str, tf.Tensor]:
        """What is logged of it, by name."""
        return {key: value for key, value in self._asdict().items() if key != "weighted_penalty" and value is not None}

    def of_discriminator(self) -> dict[str, tf.Tensor]:
        """What is logged of a discriminator's step."""
        return {key: value for key, value in self.logs().items() if key != "generator_loss"}


def judged(
    objective: Objective,
    discriminator: Judge,
    real_images: tf.Tensor,
    fake_images: tf.Tensor,
    step: Step | None = None,
    call: int = 0,
    parts: Sequence[int] = (),
) -> Judgement:
    """What a discriminator says of real and of fake images.

    Args:
        objective: the losses and what is added to them.
        discriminator: images -> logits; what else it is told, it knows, and sees as it is: not augmented.
        real_images: (N, H, W, C).
        fake_images: of the same shape; let gradients through or not.
        step: keys Dropout's masks, the penalty's points and how images are augmented; None where there is no training.
        call: number within the step of the first of the two calls.
        parts: channels of each image, where several are joined in channels and judged as one: what they are augmented
            by is the same for all.
    """
    real_judge = _in_training(objective, discriminator, step, call, 2 * call, parts)
    fake_judge = _in_training(objective, discriminator, step, call + 1, 2 * (call + 1), parts)
    rule = None if step is None else objective.rule
    real_images = tf.cast(real_images, fake_images.dtype)  # which a float64 generator makes
    images = {"real": real_images, "fake": fake_images}
    # Two passes: one of both together is no quicker (1.00 times on two cores, with r1_r2), and would need labels twice.
    # Slopes at the images themselves come from the passes that give the losses.
    shares = rule is not None and images.keys() >= set(rule.places) and objective.penalty_every == 1
    tape = tf.GradientTape() if shares else None
    with tape or contextlib.nullcontext():
        if tape is not None:
            tape.watch([real_images, fake_images])
        real_logits, fake_logits = real_judge(real_images), fake_judge(fake_images)
        both = tf.reduce_sum(per_sample_mean(real_logits)) + tf.reduce_sum(per_sample_mean(fake_logits))
    penalty = None
    if rule is not None and step is not None:
        if tape is not None:
            slopes = tape.gradient(both, [images[place] for place in rule.places])
            penalty = tf.add_n([rule.equation(squared_norms(each)) for each in slopes])
        else:
            penalty = _penalty(objective, rule, real_judge, real_images, fake_images, step, call)
    probability = sign = None
    if step is not None and "ada" in objective.augmentations:
        probability = tf.fill(tf.shape(real_images)[:1], objective.augment_probability(step))
        sign = objective.sign(real_logits) if objective.adapts else None
    return Judgement(
        objective.discriminator_loss(real_logits, fake_logits),
        objective.generator_loss(real_logits, fake_logits),
        objective.score(real_logits),
        objective.score(fake_logits),
        penalty,
        None if penalty is None or step is None else penalty * tf.cast(objective.weight(step), penalty.dtype),
        per_sample_mean(real_logits) - per_sample_mean(fake_logits) if objective.loss == "wasserstein" else None,
        probability,
        sign,
    )


def judged_fakes(
    objective: Objective,
    discriminator: Judge,
    fake_images: tf.Tensor,
    step: Step,
    call: int,
    real_images: tf.Tensor | None = None,
    parts: Sequence[int] = (),
) -> tf.Tensor:
    """The generator's loss on each of its images, (N,), by the discriminator as it is now.

    Args:
        objective, discriminator, fake_images, step: see `judged`.
        call: number of the call within the step.
        real_images: beside them, row with row, for a loss that looks at pairs.
        parts: see `judged`.

    Raises:
        InputError: such a loss without real images.
    """
    real_logits = None
    if objective.pair.pairs:
        if real_images is None:
            raise InputError(f"The loss {objective.loss} looks at pairs, which this model does not have.")
        real_logits = _in_training(objective, discriminator, step, call, 2 * call + 1, parts)(real_images)
    fake_logits = _in_training(objective, discriminator, step, call, 2 * call, parts)(fake_images)
    return objective.generator_loss(real_logits, fake_logits)


def _penalty(
    objective: Objective,
    rule: Penalty,
    judge: Judge,
    real_images: tf.Tensor,
    fake_images: tf.Tensor,
    step: Step,
    call: int,
) -> tf.Tensor:
    """The penalty by passes of its own; where it is taken now and then, so many times as large, and 0 between."""
    points = points_of(rule, real_images, fake_images, step, call)

    def taken() -> tf.Tensor:
        return tf.add_n([rule.equation(squared_slopes(judge, images)) for images in points])

    if objective.penalty_every == 1:
        return taken()
    # Nothing in here assigns or reduces over replicas.
    is_due = tf.equal(step.number % objective.penalty_every, 0)
    return tf.cond(is_due, lambda: objective.penalty_every * taken(), lambda: tf.zeros_like(real_images[:, 0, 0, 0]))


def _in_training(
    objective: Objective, discriminator: Judge, step: Step | None, call: int, draw: int, parts: Sequence[int]
) -> Judge:
    """The discriminator with its masks keyed by the call, on images as it sees them; in an evaluation itself.

    A slope by its images is that by the images before they are augmented.
    """
    if step is None:
        return discriminator

    def judge(images: tf.Tensor) -> tf.Tensor:
        with step.masks(call):
            return discriminator(objective.seen(images, step, draw, parts))

    return judge
