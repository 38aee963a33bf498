"""A word at once when a process is asked to stop, even where compiled code keeps Python from acting on it yet."""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator

# What the process will do; training says here what it waits for.
PLAN = "stopping as soon as what is being computed is done"
_plan = PLAN
_listening = False


def say(number: int) -> None:
    """Writes the line of a signal on standard error, in one piece and past Python's buffers."""
    with contextlib.suppress(OSError):  # closed: nobody listens
        os.write(2, f"\n{signal.Signals(number).name}: {_plan}.\n".encode())


def say_unless_said(number: int) -> None:
    """Writes the line of a signal where `answered` has not."""
    if not _listening:
        say(number)


def plan(text: str = PLAN) -> None:
    """Sets what the next line says that the process will do."""
    global _plan
    _plan = text


@contextlib.contextmanager
def answered() -> Iterator[None]:
    """Answers Ctrl-C, and SIGTERM where it is handled, with a line while the body runs.

    Python runs its handlers between two of its own instructions. The number of the signal comes through
    a pipe without them, and a thread reads it while TensorFlow computes.
    """
    global _listening
    if threading.current_thread() is not threading.main_thread():  # which has the signals
        yield
        return
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    thread = threading.Thread(target=_listen, args=(reading,), daemon=True)
    thread.start()
    _listening = True
    try:
        yield
    finally:
        _listening = False
        signal.set_wakeup_fd(before)
        os.close(writing)
        thread.join()
        os.close(reading)


def _listen(reading: int) -> None:
    said: set[int] = set()
    while number := int.from_bytes(os.read(reading, 1)):
        if number in (signal.SIGINT, signal.SIGTERM) and number not in said:
            said.add(number)
            say(number)
