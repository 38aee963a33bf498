"""How many images a network may make at a time before a server waits too long for them, or holds too much."""

import math
from collections.abc import Iterable

import keras

MOST_SECONDS, MOST_BYTES = 10.0, 2**30
# Operations a second of two cores of a server, counted low: convolutions of many channels reach ten times as many.
OPERATIONS_PER_SECOND = 20e9


def rows_at_once(networks: Iterable[keras.Model]) -> int:
    """How many rows one batch may have, at least 1: one with more would take 10 seconds or hold 1 GiB.

    Counted from the networks and not timed, so that the same model gives the same export on every machine.

    Args:
        networks: that a row goes through.
    """
    operations, numbers = (sum(each) for each in zip(*map(cost, networks), strict=True))
    in_time = int(MOST_SECONDS * OPERATIONS_PER_SECOND // max(1, operations))
    return max(1, min(in_time, MOST_BYTES // (4 * max(1, numbers))))


def cost(network: keras.Model) -> tuple[int, int]:
    """What a row takes: operations, two for a multiplication and an addition, and numbers in all of its maps.

    Not all maps are held at once, and what has no kernel is not counted: the one is too much and the other too little.

    Args:
        network: a functional one, of fixed sizes and channels last.
    """
    operations = numbers = 0
    for layer in network.layers:
        if isinstance(layer, keras.Model):
            within = cost(layer)
            operations, numbers = operations + within[0], numbers + within[1]
            continue
        made = keras.tree.flatten(layer.output)
        numbers += sum(math.prod(tensor.shape[1:]) for tensor in made)
        if kernels := [math.prod(weight.shape) for weight in layer.weights if len(weight.shape) > 1]:
            # A kernel is at work at each place of the smaller map: a convolution's is that which it makes, a transposed
            # one's that which it is given.
            ends = made[0], keras.tree.flatten(layer.input)[0]
            operations += 2 * sum(kernels) * min(math.prod(tensor.shape[1:-1]) for tensor in ends)
    return operations, numbers
