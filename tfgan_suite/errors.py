"""The errors a user can mend. The command line prints them in one line and exits with 2, or with `DIVERGED`."""

import contextlib
import difflib
from collections.abc import Iterable, Iterator
from contextvars import ContextVar

# A training that diverges is no bad input: who starts many wants to tell the two apart.
DIVERGED = 3
# A stranger may answer a whole page where a line is wanted.
LONGEST_MESSAGE = 300
# Data may have a thousand classes.
MOST_CHOICES = 50
# A thread has it only where it runs in a copy of the context of the one that started it.
_says_flags: ContextVar[bool] = ContextVar("says_flags", default=False)


class InputError(ValueError):
    """Input that cannot be used: what is wrong, what was expected, what was received, what to do."""


class DivergenceError(ArithmeticError):
    """A loss or a weight is no longer a finite number: the run cannot go on from here."""


@contextlib.contextmanager
def saying_flags() -> Iterator[None]:
    """Lets `option` speak of flags while the body runs: a command of the command line."""
    token = _says_flags.set(True)
    try:
        yield
    finally:
        _says_flags.reset(token)


def option(name: str, value: object = None) -> str:
    """What a message calls a setting: in Python an argument, on the command line a flag.

    Args:
        name: of the argument.
        value: that it has or should have, True and False as a flag that is set or not; a pair as a range; in capital
            letters a word that stands for one, such as `N`; None: the name alone.

    >>> option("batch_size"), option("epochs", 5), option("loss", "hinge"), option("epochs", "N"), option("flip", False)
    ('batch_size', 'epochs=5', "loss='hinge'", 'epochs=N', 'flip=False')
    >>> option("levels", (0, 4095)), option("levels", ("MIN", "MAX"))
    ('levels=(0, 4095)', 'levels=(MIN, MAX)')
    >>> with saying_flags():
    ...     option("batch_size"), option("epochs", 5), option("flip", True), option("levels", (0, 4095))
    ('--batch-size', '--epochs 5', '--flip', '--levels 0:4095')
    """
    if not _says_flags.get():
        text = str(value)
        is_plain = isinstance(value, int | float | tuple) or (text.isalpha() and text.isupper())
        shown = text.replace("'", "") if is_plain else repr(text)
        return name if value is None else f"{name}={shown}"
    flag = name.replace("_", "-")
    if value is None or isinstance(value, bool):
        return f"--no-{flag}" if value is False else f"--{flag}"
    return f"--{flag} {':'.join(map(str, value)) if isinstance(value, tuple) else value}"


def unknown_choice(kind: str, received: object, choices: Iterable[str]) -> InputError:
    """The error for a name that is not in a dictionary of ours, with the close names first.

    Args:
        kind: what the name stands for, such as `"loss"`.
        received: the name as given.
        choices: every name that would have worked; the first 50 are told.

    Returns:
        The error, to be raised by the caller.

    >>> print(unknown_choice("loss", "hing", ["hinge", "minimax"]))
    Unknown loss 'hing'. Did you mean hinge? Expected one of: hinge, minimax.
    """
    names = sorted(choices)
    spelled = {name.lower(): name for name in names}
    close = [spelled[match] for match in difflib.get_close_matches(str(received).lower(), spelled, n=2, cutoff=0.55)]
    hint = f" Did you mean {' or '.join(close)}?" if close else ""
    told = ", ".join(names[:MOST_CHOICES]) + (f", ... ({len(names):,} in all)" if len(names) > MOST_CHOICES else "")
    return InputError(f"Unknown {kind} {str(received)!r}.{hint} Expected one of: {told}.")


def one_line(text: str) -> str:
    """A message of a stranger, `printable`, its gaps closed, and cut where it is long.

    >>> one_line("no such" + chr(10) + "  model" + chr(27))
    'no such model?'
    """
    line = printable(" ".join(text.split()))
    return line if len(line) <= LONGEST_MESSAGE else f"{line[:LONGEST_MESSAGE]} ..."


def printable(text: str) -> str:
    """Text of a stranger in one line, without characters that could steer a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
