"""An end to training when a number is no number any more."""

from typing import Any

import keras
import numpy as np

from tfgan_suite.errors import DivergenceError
from tfgan_suite.models.finite import first_broken_weight

# As a step computes them.
LOGS_IN_ORDER = ("real_score", "fake_score", "discriminator_loss", "generator_loss")
REMEDY = "Lower the learning rates, or choose another --loss."


class StopOnNonFinite(keras.callbacks.Callback):
    """Raises at the first step whose losses or scores are not finite, before anything is saved.

    `keras.callbacks.TerminateOnNaN` looks at the key `loss` alone, which a GAN does not have.
    """

    def __init__(self) -> None:
        super().__init__()
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Checks the logs of a step.

        Raises:
            DivergenceError: naming the first value that broke, and the first weight where there is one.
        """
        for key in LOGS_IN_ORDER:
            value = (logs or {}).get(key, 0.0)
            if not np.isfinite(value):
                weight = first_broken_weight(self.model)
                raise DivergenceError(
                    f"{key} became {value} in epoch {self._epoch + 1}, step {batch + 1}"
                    f"{f', and the weight {weight} with it' if weight else ''}. {REMEDY}"
                )

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Checks the weights, since the last step's update comes after its losses.

        Raises:
            DivergenceError: naming the first weight that broke.
        """
        weight = first_broken_weight(self.model)
        if weight is not None:
            raise DivergenceError(f"The weight {weight} is no longer finite after epoch {epoch + 1}. {REMEDY}")
