"""The errors a user can mend. The command line prints them in one line and exits with 2."""

import difflib
from collections.abc import Iterable

# A stranger may answer a whole page where a line is wanted.
LONGEST_MESSAGE = 300
# Data may have a thousand classes.
MOST_CHOICES = 50


class InputError(ValueError):
    """Input that cannot be used: what is wrong, what was expected, what was received, what to do."""


class DivergenceError(ArithmeticError):
    """A loss or a weight is no longer a finite number: the run cannot go on from here."""


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
    close = [spelled[match] for match in difflib.get_close_matches(str(received).lower(), spelled, n=2, cutoff=0.5)]
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
