"""Floating-point operations of networks and steps, counted by their layers."""

import math
from typing import Any


def forward_flops(network: Any) -> list[int]:
    """Floating-point operations of each dense or convolutional layer's forward pass on one image, in order.

    Two for each multiply-add of the direct way: edges count as if the padding were multiplied, a layer that goes
    through the Fourier transform as if it did not, all other layers as nothing.
    """
    from keras import layers

    flops = []
    for layer in network.layers:
        if isinstance(layer, layers.Conv2DTranspose):
            positions = math.prod(layer.input.shape[1:-1])
        elif isinstance(layer, layers.Conv2D):
            positions = math.prod(layer.output.shape[1:-1])
        elif isinstance(layer, layers.Dense):
            positions = 1
        else:
            continue
        flops.append(2 * positions * math.prod(layer.kernel.shape))
    return flops


def count_step_flops(generator: Any, discriminator: Any) -> int:
    """Floating-point operations of an alternating step with shared fake images, for each image of the batch.

    A layer's gradient by its kernel and the one by its input each cost what the forward pass costs;
    the first layer of a network needs none by its input, but for the generator's gradient through the
    discriminator, which needs no gradient by a kernel.
    """
    g, d = forward_flops(generator), forward_flops(discriminator)
    generator_flops = 3 * sum(g) - g[0]
    discriminator_flops = 2 * (3 * sum(d) - d[0])  # on real and on fake images
    return generator_flops + discriminator_flops + 2 * sum(d)
