"""A batch on its way into a graph, which lets through what is right and ends its run with a message otherwise."""

import math
from typing import Any

import tensorflow as tf

from tfgan_suite.labels import Labels
from tfgan_suite.models.first_batch import check_form, in_range, shape_said
from tfgan_suite.models.refusals import refuse
from tfgan_suite.ports import LARGEST_PIXEL, Port


def let_through(values: Any, port: Port) -> tf.Tensor:
    """The array of a port, from where the graph goes on only if its shape and its numbers are right.

    Args:
        values: an array or a tensor, (N, ...).
        port: what it must be.

    Returns:
        Images as they are; labels as int32 (N,) or float32 (N, A).

    Raises:
        InputError: another type or shape, or, where no graph is being built, other numbers.
    """
    if port.labels is not None:
        return _labels(values, port.labels)
    check_form(values, port)
    low, high = tf.reduce_min(values), tf.reduce_max(values)
    sides = tf.concat([tf.shape(values)[1:], [0, 0, 0]], 0)[:3]  # of images whose rank is not known before
    # Of each pixel: the smallest and largest of numbers may leave out those that are none.
    right = refuse(tf.abs(values) <= LARGEST_PIXEL, in_range(port), "values from", low, "to", high)
    with after(right, refuse(tf.equal(sides, port.row_shape), shape_said(port), sides)):
        return tf.ensure_shape(values, [None, *(port.row_shape or ())])


def in_form(values: Any, port: Port) -> tf.Tensor:
    """What `let_through` gives, without a look at the numbers.

    Raises:
        InputError: another type or shape.
    """
    if port.labels is not None:
        return _labels_in_form(values, port.labels)
    check_form(values, port)
    return values


def after(*refusals: tf.Operation | None) -> Any:
    """What is computed within waits for the refusals of a graph; outside of one there are none to wait for."""
    return tf.control_dependencies([operation for operation in refusals if operation is not None])


def _labels_in_form(labels: Any, expected: Labels) -> tf.Tensor:
    """int32 (N,) or float32 (N, A), whatever type and shape of those allowed they came in."""
    labels = tf.convert_to_tensor(labels)
    expected.check_form(labels.dtype.as_numpy_dtype, None if labels.shape.rank is None else labels.shape.as_list())
    return tf.cast(tf.reshape(labels, [-1, *expected.row_shape]), expected.dtype)


def _labels(labels: Any, expected: Labels) -> tf.Tensor:
    labels = tf.convert_to_tensor(labels)
    if labels.shape.rank is None:  # known only when the graph runs; the product of no sides is 1
        width, size = tf.reduce_prod(tf.shape(labels)[1:]), math.prod(expected.row_shape)
        with after(refuse(tf.equal(width, size), f"Labels must have the shape (N, {size}).", tf.shape(labels))):
            labels = tf.identity(labels)
    labels = _labels_in_form(labels, expected)
    low, high = tf.reduce_min(labels), tf.reduce_max(labels)
    with after(refuse(expected.is_right(labels), f"Labels {expected.said}.", low, "to", high)):
        return tf.identity(labels)
