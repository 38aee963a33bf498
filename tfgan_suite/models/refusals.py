"""What a graph refuses while it runs, and the one line that a person reads of it."""

import contextlib
import re
from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from tfgan_suite.errors import InputError

_SAID = re.compile(r"assertion failed: \[(.* Received:\].*)\]")


def refuse(is_right: tf.Tensor, message: str, *received: tf.Tensor | str) -> tf.Operation | None:
    """Ends the run of a graph with a message where not all is right; outside of a graph at once.

    Nothing waits for the operation by itself: what must not happen otherwise goes under
    `tf.control_dependencies`.

    Args:
        is_right: bool, any shape.
        message: what is wrong and what was expected.
        received: numbers, words and tensors of words that follow "Received:".

    Raises:
        InputError: it is wrong, where no graph is being built.
    """
    # As strings: Assert would hold other numbers in a branch of their own.
    values = [
        value
        if isinstance(value, str) or value.dtype == tf.string
        else tf.strings.as_string(value, shortest=value.dtype.is_floating)
        for value in received
    ]
    if tf.executing_eagerly():
        if not tf.reduce_all(is_right):
            parts = [[value] if isinstance(value, str) else np.ravel(value.numpy()).astype(str) for value in values]
            raise InputError(f"{message} Received: {' '.join(part for words in parts for part in words)}.")
        return None
    return tf.debugging.Assert(tf.reduce_all(is_right), [f"{message} Received:", *values])


def refusal(error: tf.errors.InvalidArgumentError) -> str:
    """What a graph says of inputs that it refuses, in one line; else the error's own text."""
    said = re.search(r"assertion failed: \[(.*)\]", str(error))
    return said[1].replace("] [", " ") if said else str(error)


@contextlib.contextmanager
def refusals_as_input_errors() -> Iterator[None]:
    """Turns what `refuse` has put into a graph into the `InputError` that it is outside of one."""
    try:
        yield
    except tf.errors.InvalidArgumentError as error:
        if not _SAID.search(str(error)):
            raise
        raise InputError(f"{refusal(error)}.") from None
