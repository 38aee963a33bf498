"""What callbacks that measure have in common: when they do, and where the numbers go."""

from collections.abc import Sequence
from typing import Any

import keras

from tfgan_suite.errors import InputError
from tfgan_suite.metrics.catalogue import METRICS, chosen_metrics


class Measuring(keras.callbacks.Callback):
    """Measures every few epochs, and puts the numbers into the history; a class gives `measure`.

    Args:
        metrics: names in `METRICS`.
        every: epochs from one measurement to the next; the first is after the epoch `every`.

    Raises:
        InputError: an unknown metric, `every` below 1; when training begins, a metric that needs more than is given.
    """

    def __init__(self, metrics: Sequence[str], every: int):
        super().__init__()
        if every < 1:
            raise InputError(f"every must be at least 1. Received: {every}.")
        self.metrics = chosen_metrics(",".join(metrics))
        self.every = every

    def on_train_begin(self, logs: Any = None) -> None:
        """Measures the model as it begins: what cannot be measured is refused before anything is trained.

        Raises:
            InputError: naming what a metric needs.
        """
        self.measure()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        logs = {} if logs is None else logs
        logs.update(self.measure() if (epoch + 1) % self.every == 0 else self.unmeasured())

    def measure(self) -> dict[str, float]:
        """The numbers of the model as it is now, by name; NaN where its images are not finite.

        Raises:
            InputError: naming what a metric needs.
        """
        raise NotImplementedError

    def unmeasured(self) -> dict[str, float]:
        """NaN for each number."""
        return {key: float("nan") for name in self.metrics for key in METRICS[name].gives}
