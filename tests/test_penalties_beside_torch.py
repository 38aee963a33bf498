"""Penalties and their gradients by the weights, in float64, beside PyTorch's."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tfgan_suite.layers.convolutions import ImageConv2D
from tfgan_suite.objectives.penalties import PENALTIES, squared_slopes

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.uniform(-1, 1, (3, 8, 8, 2))
KERNELS = [RANDOM.normal(0, 0.3, shape) for shape in ((4, 4, 2, 3), (4, 4, 3, 5), (20, 1))]
SLOPE = 0.25  # which float32 has exactly: TensorFlow keeps it so, whatever the type of the maps
# PyTorch 2.13: the sum of the penalty, and the norm of its gradient by each of the kernels.
FIGURES = {
    "gradient_penalty": (0.8811530091041079, 2.3430693751477905, 3.1991673068068733, 5.422024656421728),
    "r1": (6.807456488225872, 6.407943205432565, 8.923711988089744, 15.435298247200636),
}


def with_tensorflow(penalty: str) -> list[Any]:
    """The sum of the penalty at the images, and its gradient by each kernel."""
    layers = [ImageConv2D(kernel.shape[-1], 4, 2, "same", use_bias=False, dtype="float64") for kernel in KERNELS[:2]]
    for layer, kernel, shape in zip(layers, KERNELS, ((None, 8, 8, 2), (None, 4, 4, 3)), strict=False):
        layer.build(shape)
        layer.kernel.assign(kernel)
    last = tf.Variable(KERNELS[2])

    def discriminator(x: tf.Tensor) -> tf.Tensor:
        for layer in layers:
            x = tf.nn.leaky_relu(layer(x, training=True), SLOPE)
        return tf.reshape(x, [-1, 20]) @ last

    with tf.GradientTape() as tape:
        value = tf.reduce_sum(PENALTIES[penalty].equation(squared_slopes(discriminator, tf.constant(IMAGES))))
    return [value, *tape.gradient(value, [*(layer.kernel.value for layer in layers), last])]


def with_torch(torch: Any, penalty: str) -> list[Any]:
    """The same of the same networks in PyTorch, kernels in the order of Keras's sides."""
    images = torch.tensor(IMAGES.transpose(0, 3, 1, 2), requires_grad=True)
    kernels = [torch.tensor(kernel.transpose(3, 2, 0, 1), requires_grad=True) for kernel in KERNELS[:2]]
    last = torch.tensor(KERNELS[2], requires_grad=True)
    x = images
    for kernel in kernels:
        x = torch.nn.functional.leaky_relu(torch.nn.functional.conv2d(x, kernel, stride=2, padding=1), SLOPE)
    logits = x.permute(0, 2, 3, 1).reshape(-1, 20) @ last
    (slopes,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
    norms = slopes.square().sum((1, 2, 3)).sqrt()
    value = (norms.square() if penalty == "r1" else (norms - 1).square()).sum()
    gradients = torch.autograd.grad(value, [*kernels, last])
    return [value.detach(), *(each.permute(2, 3, 1, 0) for each in gradients[:2]), gradients[2]]


@pytest.mark.parametrize("penalty", FIGURES)
def test_figures(penalty: str) -> None:
    value, *gradients = with_tensorflow(penalty)
    found = [float(value), *(float(tf.norm(gradient)) for gradient in gradients)]
    np.testing.assert_allclose(found, FIGURES[penalty], rtol=1e-10)


@pytest.mark.parametrize("penalty", FIGURES)
def test_every_number_of_the_gradients(penalty: str) -> None:
    torch = pytest.importorskip("torch")
    for mine, theirs in zip(with_tensorflow(penalty), with_torch(torch, penalty), strict=True):
        np.testing.assert_allclose(mine, theirs.numpy(), rtol=1e-10, atol=1e-13)
