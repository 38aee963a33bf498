"""An end to training when a number is no number any more."""

from typing import Any

import keras
import numpy as np

from tfgan_suite.errors import DivergenceError


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
        for key, value in (logs or {}).items():
            if not np.isfinite(value):
                weight = self._first_broken_weight()
                raise DivergenceError(
                    f"{key} became {value} in epoch {self._epoch + 1}, step {batch + 1}"
                    f"{f', and the weight {weight} with it' if weight else ''}. "
                    "Lower the learning rates, or choose another --loss."
                )

    def _first_broken_weight(self) -> str | None:
        for variable in self.model.weights:
            if not np.isfinite(np.asarray(variable.value, np.float32)).all():
                return str(variable.path)
        return None
