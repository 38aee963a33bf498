"""A word at once when a process is asked to stop, even where compiled code keeps Python from acting on it yet."""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator

# What the process will do; training says here what it waits for.
PLAN = "stopping as soon as what is being computed is done"
_plan = PLAN
_said: set[int] = set()  # the signals that have had their line
_saying = threading.RLock()  # a handler may interrupt another


def say(number: int) -> None:
    """Writes the line of a signal on standard error, once, in one piece and past Python's buffers."""
    with _saying:
        if number in _said:
            return
        _said.add(number)
        with contextlib.suppress(OSError):  # closed: nobody listens
            os.write(2, f"\n{signal.Signals(number).name}: {_plan}.\n".encode())


def expect_signals() -> None:
    """Lets each signal have its line once more."""
    _said.clear()


def plan(text: str = PLAN) -> None:
    """Sets what the next line says that the process will do."""
    global _plan
    _plan = text


@contextlib.contextmanager
def answered() -> Iterator[None]:
    """Answers Ctrl-C, and SIGTERM where it is handled, with a line while the body runs.

    Python runs its handlers between two of its own instructions. The number of the signal comes through
    a pipe without them, and a thread reads it while TensorFlow computes. A handler that comes first says it itself.
    """
    if threading.current_thread() is not threading.main_thread():  # which has the signals
        yield
        return
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    thread = threading.Thread(target=_listen, args=(reading,), daemon=True)
    expect_signals()
    thread.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        os.close(writing)
        thread.join()
        os.close(reading)


def _listen(reading: int) -> None:
    while number := int.from_bytes(os.read(reading, 1)):
        if number in (signal.SIGINT, signal.SIGTERM):
            say(number)
