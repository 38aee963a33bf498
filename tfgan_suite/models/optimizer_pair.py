"""Two optimizers under the one name that Keras's callbacks look for."""

from typing import Any

import keras


class OptimizerPair:
    """What `model.optimizer` is for a GAN: the generator's and the discriminator's optimizer.

    Keras's learning-rate callbacks and TensorBoard ask `model.optimizer.optimizers` for all that
    there are and treat each: `LearningRateScheduler` calls its function once for each with that
    one's rate, `ReduceLROnPlateau` lowers both by the same factor, and both log
    `learning_rate_generator` and `learning_rate_discriminator`.

    Args:
        generator: the generator's optimizer.
        discriminator: the discriminator's optimizer.
    """

    built = True

    def __init__(self, generator: keras.optimizers.Optimizer, discriminator: keras.optimizers.Optimizer):
        self.optimizers = [generator, discriminator]

    @property
    def iterations(self) -> Any:
        """Steps of the generator, which are the steps of training."""
        return self.optimizers[0].iterations
