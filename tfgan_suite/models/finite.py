"""Whether a model's weights are still numbers."""

import numpy as np

from tfgan_suite.models.gan import GAN


def first_broken_weight(model: GAN) -> str | None:
    """The path of the first weight that is not finite, the discriminator's first; None where all are."""
    for network in (model.discriminator, model.generator):
        for variable in network.weights:
            if not np.isfinite(np.asarray(variable.value, np.float32)).all():
                return str(variable.path)
    return None
