"""What a network makes of a row, whatever stands beside it."""

from typing import Any

import keras
import tensorflow as tf


def predict_rows(network: keras.Model, inputs: Any) -> tf.Tensor:
    """`network(inputs, training=False)`, each row to rounding the same in a batch of any size.

    A lone row is given a twin where the network has dense layers alone: one row times a matrix adds up
    in another order than several rows do, which moved images of the MLP generator by 5e-6. Those of
    convolutional generators moved by less than 4e-7, and would pay for the twin.

    Args:
        network: maps (N, ...) to (N, ...).
        inputs: what it takes, a tensor or a list of them.
    """
    if any(len(weight.shape) > 2 for weight in network.weights):
        return network(inputs, training=False)
    rows = tf.shape(tf.nest.flatten(inputs)[0])[0]
    is_lone = tf.cast(tf.equal(rows, 1), tf.int32)
    outputs = network(tf.nest.map_structure(lambda x: tf.concat([x, x[:is_lone]], 0), inputs), training=False)
    return outputs[:rows]
