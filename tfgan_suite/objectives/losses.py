"""Adversarial losses: pairs of functions of the discriminator's logits, one equation each.

Every function takes logits of shape (N, 1), or (N, h, w, 1) from a patch discriminator, and
returns one loss a sample, shape (N,), averaged over a sample's patches. The mean over the batch
is taken by the model alone, so that several replicas train and report what one does.
Notation: l = D(x), a logit; s = sigmoid; softplus(l) = log(1 + exp(l)).
"""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass

import tensorflow as tf

from tfgan_suite.errors import InputError, unknown_choice

REAL_LABEL = 1.0
FAKE_LABEL = 0.0


@dataclass(frozen=True)
class AdversarialLoss:
    """A discriminator's loss with the generator's that belongs to it.

    Attributes:
        discriminator_loss: (real_logits, fake_logits) -> (N,), the sum of a real and a fake term.
        generator_loss: fake_logits -> (N,); or (real_logits, fake_logits) -> (N,), row with row.
        logits_are_log_odds: whether sigmoid(logit) is the probability of "real"; the logged
            scores are then probabilities, else plain logits.
        middle: the logit that says neither "real" nor "made"; None of a loss that looks at differences alone.
    """

    discriminator_loss: Callable[..., tf.Tensor]
    generator_loss: Callable[..., tf.Tensor]
    logits_are_log_odds: bool = True
    middle: float | None = 0.0

    @property
    def pairs(self) -> bool:
        """Whether the generator's loss looks at real images too."""
        parameters = inspect.signature(self.generator_loss).parameters.values()
        return sum(part.default is part.empty and part.kind is not part.VAR_KEYWORD for part in parameters) > 1


def per_sample_mean(values: tf.Tensor) -> tf.Tensor:
    """Mean over all axes but the first: (N, ...) -> (N,)."""
    return tf.reduce_mean(values, axis=tf.range(1, tf.rank(values)))


def _cross_entropy(logits: tf.Tensor, label: float) -> tf.Tensor:
    """-label log s(l) - (1 - label) log(1 - s(l)) = softplus(l) - label l, a sample: (N,)."""
    return per_sample_mean(tf.nn.softplus(logits) - label * logits)


def non_saturating_discriminator_loss(
    real_logits: tf.Tensor, fake_logits: tf.Tensor, real_label: float = REAL_LABEL
) -> tf.Tensor:
    """-log s(D(x)) - log(1 - s(D(G(z)))); 2 ln 2 at zero logits.

    Args:
        real_logits: (N, 1) or patches, D on real images.
        fake_logits: the same shape, D on generated images.
        real_label: the target of real images; 0.9 is the usual one-sided label smoothing
            (Salimans et al., 2016, arXiv 1606.03498).

    Returns:
        (N,), at least 0.

    Reference: Goodfellow et al., 2014, arXiv 1406.2661, equation 1.
    """
    return _cross_entropy(real_logits, real_label) + _cross_entropy(fake_logits, FAKE_LABEL)


def non_saturating_generator_loss(fake_logits: tf.Tensor) -> tf.Tensor:
    """-log s(D(G(z))); ln 2 at zero logits. Its gradient does not vanish while D wins.

    >>> non_saturating_generator_loss(tf.zeros([2, 1])).numpy().round(4).tolist()
    [0.6930999755859375, 0.6930999755859375]

    Reference: Goodfellow et al., 2014, arXiv 1406.2661, section 3.
    """
    return _cross_entropy(fake_logits, REAL_LABEL)


def minimax_generator_loss(fake_logits: tf.Tensor) -> tf.Tensor:
    """log(1 - s(D(G(z)))); -ln 2 at zero logits. It saturates while D wins.

    Reference: Goodfellow et al., 2014, arXiv 1406.2661, equation 1.
    """
    return -_cross_entropy(fake_logits, FAKE_LABEL)


def least_squares_discriminator_loss(
    real_logits: tf.Tensor, fake_logits: tf.Tensor, real_label: float = REAL_LABEL
) -> tf.Tensor:
    """(D(x) - 1)^2 / 2 + D(G(z))^2 / 2; 1/2 at zero logits.

    Reference: Mao et al., 2017, arXiv 1611.04076, equation 9 (a = 0, b = c = 1).
    """
    real_term = per_sample_mean(tf.square(real_logits - real_label))
    fake_term = per_sample_mean(tf.square(fake_logits - FAKE_LABEL))
    return 0.5 * (real_term + fake_term)


def least_squares_generator_loss(fake_logits: tf.Tensor) -> tf.Tensor:
    """(D(G(z)) - 1)^2 / 2; 1/2 at zero logits.

    Reference: Mao et al., 2017, arXiv 1611.04076, equation 9.
    """
    return 0.5 * per_sample_mean(tf.square(fake_logits - REAL_LABEL))


def hinge_discriminator_loss(real_logits: tf.Tensor, fake_logits: tf.Tensor) -> tf.Tensor:
    """max(0, 1 - D(x)) + max(0, 1 + D(G(z))); 2 at zero logits.

    Reference: Lim and Ye, 2017, arXiv 1705.02894; Miyato et al., 2018, arXiv 1802.05957.
    """
    return per_sample_mean(tf.nn.relu(1.0 - real_logits)) + per_sample_mean(tf.nn.relu(1.0 + fake_logits))


def hinge_generator_loss(fake_logits: tf.Tensor) -> tf.Tensor:
    """-D(G(z)); 0 at zero logits.

    Reference: Lim and Ye, 2017, arXiv 1705.02894.
    """
    return -per_sample_mean(fake_logits)


def wasserstein_discriminator_loss(real_logits: tf.Tensor, fake_logits: tf.Tensor) -> tf.Tensor:
    """D(G(z)) - D(x); 0 at zero logits. With its sign turned, the critic's estimate of the distance.

    It has no least value: it needs a penalty, or weights that are clipped.

    Reference: Arjovsky, Chintala and Bottou, 2017, arXiv 1701.07875, algorithm 1.
    """
    return per_sample_mean(fake_logits) - per_sample_mean(real_logits)


def relativistic_discriminator_loss(real_logits: tf.Tensor, fake_logits: tf.Tensor) -> tf.Tensor:
    """-log s(D(x) - D(G(z))), row with row; ln 2 at zero logits.

    Reference: Jolicoeur-Martineau, 2018, arXiv 1807.00734, equation 3; Huang et al., 2024, arXiv 2501.05441.
    """
    return _cross_entropy(real_logits - fake_logits, REAL_LABEL)


def relativistic_generator_loss(real_logits: tf.Tensor, fake_logits: tf.Tensor) -> tf.Tensor:
    """-log s(D(G(z)) - D(x)), row with row; ln 2 at zero logits.

    Reference: Jolicoeur-Martineau, 2018, arXiv 1807.00734, equation 4.
    """
    return _cross_entropy(fake_logits - real_logits, REAL_LABEL)


LOSSES: dict[str, AdversarialLoss] = {
    "non_saturating": AdversarialLoss(non_saturating_discriminator_loss, non_saturating_generator_loss),
    "minimax": AdversarialLoss(non_saturating_discriminator_loss, minimax_generator_loss),
    "least_squares": AdversarialLoss(
        least_squares_discriminator_loss,
        least_squares_generator_loss,
        logits_are_log_odds=False,
        middle=(REAL_LABEL + FAKE_LABEL) / 2,
    ),
    "hinge": AdversarialLoss(hinge_discriminator_loss, hinge_generator_loss, logits_are_log_odds=False),
    # The generator's is the hinge's: -D(G(z)).
    "wasserstein": AdversarialLoss(
        wasserstein_discriminator_loss, hinge_generator_loss, logits_are_log_odds=False, middle=None
    ),
    "relativistic": AdversarialLoss(
        relativistic_discriminator_loss, relativistic_generator_loss, logits_are_log_odds=False, middle=None
    ),
}


def get_loss(loss: str | AdversarialLoss) -> AdversarialLoss:
    """The pair of a name in `LOSSES`; a pair of the user's own is returned as it is.

    Raises:
        InputError: the name is not in `LOSSES`.
    """
    if isinstance(loss, AdversarialLoss):
        return loss
    if loss not in LOSSES:
        raise unknown_choice("loss", loss, LOSSES)
    return LOSSES[loss]


def smooth_real_label(loss: AdversarialLoss, label_smoothing: float) -> Callable[..., tf.Tensor]:
    """The discriminator's loss with the real label lowered to 1 - label_smoothing.

    One-sided: the fake label stays 0, since a smoothed one rewards the generator for its own
    mistakes (Salimans et al., 2016, arXiv 1606.03498, section 3.4).

    Raises:
        InputError: `label_smoothing` is not in [0, 0.5), or the loss has no real label.
    """
    if not 0.0 <= label_smoothing < 0.5:
        raise InputError(f"label_smoothing must be in [0, 0.5). Received: {label_smoothing}.")
    if label_smoothing == 0.0:
        return loss.discriminator_loss
    if "real_label" not in inspect.signature(loss.discriminator_loss).parameters:
        name = getattr(loss.discriminator_loss, "__name__", loss.discriminator_loss)
        raise InputError(
            f"label_smoothing needs a loss with a real label (non_saturating, minimax, least_squares). "
            f"Received: {name} with label_smoothing={label_smoothing}."
        )
    return functools.partial(loss.discriminator_loss, real_label=REAL_LABEL - label_smoothing)
