"""What an export can be asked, and what it refuses.

Every input and output has one leading dimension, the rows, and row i of an output depends on row i of
the inputs alone: TensorFlow Serving puts the requests of several clients into one batch.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from tfgan_suite.models.endpoints import MAX_ROWS as MAX_ROWS
from tfgan_suite.models.endpoints import Endpoint, Servable
from tfgan_suite.models.refusals import refuse
from tfgan_suite.ports import Port, Ports


class Signature(NamedTuple):
    """A function of an export, what it takes and gives, and how many rows at most."""

    function: Callable[..., dict[str, tf.Tensor]]
    ports: Ports
    max_rows: int = MAX_ROWS


def signatures(model: Servable, card: Mapping[str, Any], with_discriminator: bool = False) -> dict[str, Signature]:
    """The endpoints of a model by name, each behind the refusals of its ports.

    Args:
        model: to be exported.
        card: what the export says of itself; see `Algorithm.served`.
        with_discriminator: whether the discriminator may be asked too.
    """
    found = model.served(card, with_discriminator)
    return {name: Signature(_guarded(each), each.ports, each.max_rows) for name, each in found.items()}


def _guarded(endpoint: Endpoint) -> Callable[..., dict[str, tf.Tensor]]:
    inputs, output = endpoint.ports

    def function(*given: tf.Tensor) -> dict[str, tf.Tensor]:
        return {output.name: endpoint.function(*_right(inputs, given, endpoint.max_rows))}

    return function


def _right(ports: Sequence[Port], given: Sequence[tf.Tensor], max_rows: int) -> list[tf.Tensor]:
    """Inputs let through where they are in their range; else the run of the graph ends with a message."""
    # The server feeds what it gets: of 0 x 2**40 numbers a reduction along the rows would make 2**40.
    given = [tf.ensure_shape(value, value.shape) for value in given]
    rows = [tf.shape(value)[0] for value in given]
    # An empty batch comes out of TensorFlow's DepthToSpace with the wrong shape.
    has_rows = (rows[0] >= 1) & (rows[0] <= max_rows)
    asserts = [refuse(has_rows, f"A request must have 1 to {max_rows} rows.", rows[0])]
    for port, count in zip(ports[1:], rows[1:], strict=True):
        message = f"{port.name} must have a row for each of {ports[0].name}."
        asserts.append(refuse(tf.equal(count, rows[0]), message, count, "for", rows[0]))
    for port, value in zip(ports, given, strict=True):
        if port.is_right is not None:
            low, high = tf.reduce_min(value), tf.reduce_max(value)
            asserts.append(refuse(port.is_right(value), f"{port.name} {port.said}.", low, "to", high))
    with tf.control_dependencies(asserts):
        return [tf.identity(value) for value in given]
