"""How long a run will take, said once."""

import time
from typing import Any

import keras


class TimeLeft(keras.callbacks.Callback):
    """Prints after the first epoch of a start what an epoch takes, and all that are left.

    Args:
        epochs: of the whole run.
        steps: in a whole epoch.
    """

    def __init__(self, epochs: int, steps: int):
        super().__init__()
        self.epochs = epochs
        self.steps = steps
        self._seen: list[tuple[int, float]] = []  # the first step, which builds the graph, and the last: index and time
        self._is_said = False

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if not self._is_said:
            self._seen = [*self._seen[:1], (batch, time.perf_counter())]

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        left = self.epochs - epoch - 1
        if self._is_said or len(self._seen) < 2 or not left:
            return
        self._is_said = True
        (first, began), (last, ended) = self._seen
        each = (ended - began) / (last - first) * self.steps
        print(f"\ntime: about {_duration(each)} an epoch, {_duration(each * left)} for the {left} left", flush=True)


def _duration(seconds: float) -> str:
    """In the unit that suits it.

    >>> _duration(4.26), _duration(200), _duration(9000)
    ('4.3 s', '3.3 min', '2.5 h')
    """
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
