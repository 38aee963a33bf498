"""What the networks of a run play for."""

from collections.abc import Callable
from dataclasses import dataclass

import tensorflow as tf

from tfgan_suite.objectives.losses import AdversarialLoss, get_loss, per_sample_mean, smooth_real_label

Judge = Callable[[tf.Tensor], tf.Tensor]


@dataclass(frozen=True)
class Objective:
    """Names and numbers, as JSON has them, and the equations that they choose. All losses are a sample's: (N,).

    Args:
        loss: a name in `LOSSES`, or an `AdversarialLoss`, which cannot be saved.
        label_smoothing: real images' target is 1 - label_smoothing, in [0, 0.5).

    Raises:
        InputError: an unknown loss, or a smoothing out of its range or of a loss without a real label.
    """

    loss: str | AdversarialLoss = "non_saturating"
    label_smoothing: float = 0.0

    def __post_init__(self) -> None:
        smooth_real_label(self.pair, self.label_smoothing)

    @property
    def pair(self) -> AdversarialLoss:
        """The equations of the loss."""
        return get_loss(self.loss)

    def discriminator_loss(self, real_logits: tf.Tensor, fake_logits: tf.Tensor) -> tf.Tensor:
        """Logits (N, 1) or patches -> (N,)."""
        return smooth_real_label(self.pair, self.label_smoothing)(real_logits, fake_logits)

    def generator_loss(self, fake_logits: tf.Tensor) -> tf.Tensor:
        """Logits (N, 1) or patches -> (N,)."""
        return self.pair.generator_loss(fake_logits)

    def score(self, logits: tf.Tensor) -> tf.Tensor:
        """How real images look to the discriminator, (N,): its probability, or its mean logit where it has none."""
        return per_sample_mean(tf.sigmoid(logits) if self.pair.logits_are_log_odds else logits)

    def penalty(self, discriminator: Judge, real_images: tf.Tensor, fake_images: tf.Tensor) -> tf.Tensor | None:
        """What is added to the discriminator's loss besides, (N,); None for nothing.

        Args:
            discriminator: images -> logits.
            real_images: (N, H, W, C).
            fake_images: of the same shape.
        """
        return None
