"""Ctrl-C and SIGTERM end a step, not the middle of one."""

import math
import signal
import threading
from types import FrameType
from typing import Any

import keras

from tfgan_suite.startup.interrupts import expect_signals, plan, say


class StoppedBySignalError(Exception):
    """Training was asked to stop.

    Attributes:
        number: of the signal; the exit code is 128 more.
    """

    def __init__(self, number: int):
        super().__init__(signal.Signals(number).name)
        self.number = number


class StopOnSignal(keras.callbacks.Callback):
    """Raises `StoppedBySignalError` after the step in which SIGINT or SIGTERM came; a second one acts at once.

    The signal is answered by a line on standard error at once. To stand after the callbacks that write, so that what
    they write at an epoch's end is not lost.

    Args:
        plan: what that line says will be done.

    Attributes:
        goes_on: whether another `fit` follows this one at once, so that a signal between the two is not lost.
    """

    def __init__(self, plan: str = "stopping after this step") -> None:
        super().__init__()
        self.goes_on = False
        self._plan = plan
        self._received: int | None = None
        self._previous: dict[int, Any] = {}

    def on_train_begin(self, logs: Any = None) -> None:
        if not self._previous and threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._previous[number] = signal.signal(number, self._receive)
            plan(self._plan)
            expect_signals()

    def _receive(self, number: int, frame: FrameType | None) -> None:
        self._received = number
        say(number)
        self._restore_handlers()  # a second one acts at once

    def restore(self) -> None:
        """Puts the handlers back that were there before training."""
        self._restore_handlers()
        plan()

    def _restore_handlers(self) -> None:
        while self._previous:
            signal.signal(*self._previous.popitem())

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        # After an epoch's last step the other callbacks write its row of history first.
        if batch + 1 < (self.params.get("steps") or math.inf):
            self._raise_if_received()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self._raise_if_received()

    def _raise_if_received(self) -> None:
        if self._received is not None:
            raise StoppedBySignalError(self._received)

    def on_train_end(self, logs: Any = None) -> None:
        if not self.goes_on:
            self.restore()
        self._raise_if_received()
