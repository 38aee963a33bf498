"""An end to training when a number is no number any more."""

import math
from typing import Any

import keras

from tfgan_suite.errors import DivergenceError, option
from tfgan_suite.models.finite import first_broken


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
        if not all(math.isfinite((logs or {}).get(key, 0.0)) for key in self.model.logged):
            broken = first_broken(self.model, logs)
            raise DivergenceError(f"In epoch {self._epoch + 1}, step {batch + 1}: {broken}. {_remedy()}")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Checks the weights, since the last step's update comes after its losses.

        Raises:
            DivergenceError: naming the first weight that broke.
        """
        broken = first_broken(self.model)
        if broken is not None:
            raise DivergenceError(f"After epoch {epoch + 1}: {broken}. {_remedy()}")


def _remedy() -> str:
    return f"Begin anew with lower learning rates or another {option('loss')}."
