"""What is written only to be looked at, so seldom that training does not wait for it."""

import time
from collections.abc import Callable

SHARE = 1 / 20  # of the time


class Throttle:
    """Does a piece of work now and then, so that it takes at most a twentieth of the time.

    Args:
        work: what makes a file anew from what else was written, so that it can be left out until the end.
    """

    def __init__(self, work: Callable[[], None]):
        self._work = work
        self._next = 0.0
        self._behind = True

    def perhaps(self) -> None:
        """Does it, or leaves it for later where it was done a short while ago."""
        began = time.monotonic()
        self._behind = began < self._next
        if not self._behind:
            self._work()
            now = time.monotonic()
            self._next = now + (now - began) / SHARE

    def finish(self) -> None:
        """Does it where it was left out the last time."""
        if self._behind:
            self._work()
            self._behind = False
