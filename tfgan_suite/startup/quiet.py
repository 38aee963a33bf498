"""Standard streams: silence where a library's log level cannot bring it, and a place for words where there is none."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path


def open_closed_streams() -> None:
    """Opens what a service or `2>&-` has closed of standard input, output and error, on nothing.

    Else the next file that is opened has the number 2, and what compiled libraries say would be written into it.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free, which is this one
        if getattr(sys, name) is None:
            stream = open(number, "r" if number == 0 else "w", encoding="utf-8", closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keeps the notices of compiled libraries off standard error; an exception passes with its own words."""
    _flush()
    try:
        saved = os.dup(2)
    except OSError:  # closed: nothing can be heard
        yield
        return
    with Path(os.devnull).open("wb") as sink:
        os.dup2(sink.fileno(), 2)
    try:
        yield
    finally:
        _flush()
        os.dup2(saved, 2)
        os.close(saved)


def _flush() -> None:
    if sys.stderr is not None:
        sys.stderr.flush()
