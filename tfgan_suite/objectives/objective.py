"""What the networks of a model play for."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import tensorflow as tf

from tfgan_suite.errors import InputError, unknown_choice
from tfgan_suite.noise import Step
from tfgan_suite.objectives.augmentations import augmented
from tfgan_suite.objectives.losses import AdversarialLoss, get_loss, per_sample_mean, smooth_real_label
from tfgan_suite.objectives.penalties import PENALTIES, Penalty
from tfgan_suite.options.objective import ObjectiveOptions
from tfgan_suite.options.settings import check_settings

# Karras et al., 2020, arXiv 2006.06676: what the mean sign is held at, and how many images it takes at the fastest from
# no augmentation to all of it.
ADA_TARGET, ADA_IMAGES = 0.6, 500_000

Judge = Callable[[tf.Tensor], tf.Tensor]


@dataclass(frozen=True)
class Objective(ObjectiveOptions):
    """Names and numbers, as JSON has them, and the equations that they choose. All losses are a sample's: (N,).

    Args:
        loss: a name in `LOSSES`, or an `AdversarialLoss`, which cannot be saved.
        label_smoothing: real images' target is 1 - label_smoothing, in [0, 0.5).
        penalty: a name in `PENALTIES`, or `"none"`.
        penalty_weight: what multiplies it; of r1, r2 and r1_r2 it is gamma, and gamma / 2 multiplies; None: its own.
        penalty_weight_final: to where the weight goes by half a cosine within `penalty_burn_in` images; None: it stays.
        penalty_burn_in: images of all steps together, a discriminator step of each.
        penalty_every: k, the steps from one penalty to the next, which is k times as heavy. It is part of its step's
            one update: k steps are k updates, whose gradients add up to those of a penalty in each. So Adam keeps its
            rate and its momenta. StyleGAN2 (Karras et al., 2019, arXiv 1912.04958, appendix B) gives a penalty an
            update of its own, k + 1 in k steps, and corrects Adam for that: c times the rate, beta_1^c and beta_2^c
            with c = k / (k + 1). By the same rule c is k / k = 1 here.
        weight_clip: the discriminator's weights stay within [-weight_clip, weight_clip]; None: no clip.
        clip_norm: the norm of a side's gradient, over all its variables, is at most this; None: as it is.
        augment: names in `AUGMENTATIONS`, separated by commas, done in their order to all that the discriminator sees
            in training; or `"none"`.
        augment_target: to which mean sign of the logits of real images the probability of `ada` adapts; None: 0.6.
        augment_final: the probability of `ada`, in [0, 1]; None: it adapts.
        augment_burn_in: images within which it comes there from 0 by half a cosine; None: it is there from the start.

    Raises:
        InputError: an unknown name, a number out of its range, or settings that do not go together.
    """

    loss: str | AdversarialLoss = "non_saturating"  # type: ignore[assignment]

    def __post_init__(self) -> None:
        check_settings(self)
        smooth_real_label(self.pair, self.label_smoothing)
        if self.penalty != "none" and self.penalty not in PENALTIES:
            raise unknown_choice("penalty", self.penalty, ["none", *PENALTIES])
        self.check_together()
        if self.adapts and self.pair.middle is None:
            raise InputError("augment='ada' adapts to the sign of logits, and those of this loss have no middle.")

    @property
    def pair(self) -> AdversarialLoss:
        """The equations of the loss."""
        return get_loss(self.loss)

    @property
    def rule(self) -> Penalty | None:
        """The penalty; None for none."""
        return PENALTIES.get(self.penalty)

    @property
    def logs(self) -> tuple[str, ...]:
        """What is logged besides the losses and scores."""
        wanted = {
            "penalty": self.rule is not None,
            "wasserstein_distance": self.loss == "wasserstein",
            "augment_probability": "ada" in self.augmentations,
            "real_sign": self.adapts,
        }
        return tuple(name for name, is_wanted in wanted.items() if is_wanted)

    def discriminator_loss(self, real_logits: tf.Tensor, fake_logits: tf.Tensor) -> tf.Tensor:
        """Logits (N, 1) or patches -> (N,)."""
        return smooth_real_label(self.pair, self.label_smoothing)(real_logits, fake_logits)

    def generator_loss(self, real_logits: tf.Tensor | None, fake_logits: tf.Tensor) -> tf.Tensor:
        """Logits (N, 1) or patches -> (N,); the real ones only where `pair.pairs` says so."""
        return self.pair.generator_loss(*((real_logits,) if self.pair.pairs else ()), fake_logits)

    def score(self, logits: tf.Tensor) -> tf.Tensor:
        """How real images look to the discriminator, (N,): its probability, or its mean logit where it has none."""
        return per_sample_mean(tf.sigmoid(logits) if self.pair.logits_are_log_odds else logits)

    def seen(self, images: tf.Tensor, step: Step, draw: int, parts: Sequence[int] = ()) -> tf.Tensor:
        """Images (N, H, W, C) as the discriminator sees them in training: see `augmented`.

        Args:
            images: real or made.
            step: keys what is drawn.
            draw: number within the step of this set of images; sets with the same number are changed alike.
            parts: channels of each image, where several are joined.
        """
        return augmented(self.augmentations, images, step, draw, self.augment_probability(step), parts)

    def augment_probability(self, step: Step) -> tf.Tensor | float:
        """How probable each change of `ada` is in a step; 0 where there is none."""
        if self.augment_final is None:
            return step.augment_probability
        return _moved(0.0, self.augment_final, self.augment_burn_in, step)

    def adapted(self, probability: tf.Tensor, signs: tf.Tensor, images: tf.Tensor) -> tf.Tensor:
        """The probability of `ada` after the discriminator has seen real images: up where it knows them too well.

        Args:
            probability: before.
            signs: the sum of the signs of their logits.
            images: their number since the last time.
        """
        target = ADA_TARGET if self.augment_target is None else self.augment_target
        return tf.maximum(probability + tf.sign(signs - target * images) * images / ADA_IMAGES, 0.0)

    def sign(self, logits: tf.Tensor) -> tf.Tensor:
        """1 where the discriminator takes an image for real, -1 where for made; of patches their mean, (N,)."""
        return per_sample_mean(tf.sign(logits - (self.pair.middle or 0.0)))

    def weight(self, step: Step) -> tf.Tensor:
        """What multiplies the penalty in a step where it is taken."""
        assert self.rule is not None
        weight = self.rule.weight if self.penalty_weight is None else self.penalty_weight
        final = weight if self.penalty_weight_final is None else self.penalty_weight_final
        return _moved(weight, final, self.penalty_burn_in, step) * self.rule.factor


def _moved(start: float, final: float, burn_in: int | None, step: Step) -> tf.Tensor:
    """A number on its way by half a cosine, within so many images of all steps together; None: it is there."""
    if burn_in is None:
        return tf.constant(final, tf.float32)
    images = tf.cast(step.number, tf.float32) * tf.cast(step.rows.total, tf.float32)
    done = tf.minimum(images / burn_in, 1.0)
    return final + (start - final) * 0.5 * (1.0 + tf.cos(math.pi * done))
