"""The spectral norm of known kernels, and the gradient through it."""

from collections.abc import Callable

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_suite.errors import InputError
from tfgan_suite.layers.convolutions import ImageConv2D, ImageConv2DTranspose
from tfgan_suite.layers.spectral_norm import SpectralNormalization

Maker = Callable[[str], keras.layers.Layer]
# A layer, the shape that it takes, and its kernel as a matrix (outputs, all else).
LAYERS: dict[str, tuple[Maker, tuple[int, ...], Callable[[np.ndarray], np.ndarray]]] = {
    "dense": (lambda dtype: keras.layers.Dense(5, dtype=dtype), (3, 7), lambda kernel: kernel.T),
    "convolution": (
        lambda dtype: ImageConv2D(6, 3, padding="same", dtype=dtype),
        (3, 6, 6, 5),
        lambda kernel: np.moveaxis(kernel, 3, 0).reshape(6, -1),
    ),
    "thin convolution": (
        lambda dtype: ImageConv2D(6, 4, 2, "same", dtype=dtype),
        (3, 8, 8, 2),
        lambda kernel: np.moveaxis(kernel, 3, 0).reshape(6, -1),
    ),
    "thin transposed": (
        lambda dtype: ImageConv2DTranspose(3, 4, 2, "same", dtype=dtype),
        (3, 4, 4, 7),
        lambda kernel: np.moveaxis(kernel, 2, 0).reshape(3, -1),
    ),
    "Fourier transposed": (
        lambda dtype: ImageConv2DTranspose(32, 5, padding="same", dtype=dtype),
        (3, 7, 7, 64),
        lambda kernel: np.moveaxis(kernel, 2, 0).reshape(32, -1),
    ),
}
every_layer = pytest.mark.parametrize("name", LAYERS)


def made(name: str, dtype: str = "float64", moves: int = 0) -> tuple[SpectralNormalization, tf.Tensor]:
    """A built layer whose u has moved so many times, and what to call it on."""
    make, shape, _ = LAYERS[name]
    layer = SpectralNormalization(make(dtype))
    layer.build(shape)
    # One output is louder than all others, so that few moves arrive.
    scale = np.ones(layer.u.shape)
    scale[0] = 4.0
    kernel = layer.layer.kernel
    kernel.assign(kernel.numpy() * (scale[:, None] if "transposed" in name else scale))
    for _ in range(moves):
        layer.move()
    outer = "float64" if dtype == "float64" else "float32"
    return layer, tf.constant(np.random.default_rng(0).normal(size=shape), outer)


def dense_of(matrix: np.ndarray, moves: int) -> SpectralNormalization:
    """A dense layer y = W x."""
    layer = SpectralNormalization(keras.layers.Dense(len(matrix), use_bias=False, dtype="float64"))
    layer.build((None, matrix.shape[1]))
    layer.layer.kernel.assign(matrix.T)
    for _ in range(moves):
        layer.move()
    return layer


def test_of_a_diagonal_and_of_a_matrix_of_rank_one() -> None:
    assert float(dense_of(np.diag([1.0, -7.0, 2.0]), 20).sigma()) == pytest.approx(7.0, rel=1e-12)
    left, right = np.array([3.0, 0.0, 4.0]), np.array([1.0, 2.0])
    # One iteration is enough where there is one direction only.
    assert float(dense_of(np.outer(left, right), 1).sigma()) == pytest.approx(5 * np.sqrt(5), rel=1e-12)


def test_an_iteration_is_that_of_the_paper() -> None:
    """W = [[2, 0], [0, 1]] and u = (3, 4) / 5: v = (6, 4) / sqrt(52), u = (12, 4) / sqrt(160), |W'u| = sqrt(3.7)."""
    layer = dense_of(np.diag([2.0, 1.0]), 0)
    layer.u.assign([0.6, 0.8])
    layer.move()
    np.testing.assert_allclose(layer.u.numpy(), np.array([3.0, 1.0]) / np.sqrt(10), rtol=1e-9)
    assert float(layer.sigma()) == pytest.approx(np.sqrt(3.7), rel=1e-9)


@every_layer
@pytest.mark.parametrize(("dtype", "rel"), [("float64", 1e-9), ("float32", 1e-5), ("mixed_bfloat16", 1e-5)])
def test_it_arrives_at_the_largest_singular_value(name: str, dtype: str, rel: float) -> None:
    layer, inputs = made(name, dtype, moves=25)
    kernel = layer.layer.kernel.numpy()
    expected = np.linalg.norm(LAYERS[name][2](kernel), 2)
    assert float(layer.sigma()) == pytest.approx(expected, rel=rel)
    outputs = layer(inputs)
    plain = LAYERS[name][0](dtype)
    plain.build(inputs.shape)
    plain.kernel.assign(kernel / expected)
    assert outputs.dtype == plain(inputs).dtype
    tolerance = {"mixed_bfloat16": 0.02, "float32": 1e-4}.get(dtype, 1e-8)
    for training in (True, False):
        mine, theirs = (np.asarray(each(inputs, training=training), np.float64) for each in (layer, plain))
        np.testing.assert_allclose(mine, theirs, atol=tolerance)
    np.testing.assert_array_equal(layer.layer.kernel.numpy(), kernel)


def test_embeddings_are_normalised_as_a_matrix() -> None:
    layer = SpectralNormalization(keras.layers.Embedding(5, 3))
    layer.build((None,))
    for _ in range(50):
        layer.move()
    table = layer.layer.embeddings.numpy()
    np.testing.assert_allclose(layer(np.array([4, 0])), table[[4, 0]] / np.linalg.norm(table, 2), rtol=1e-5)


def loss_and_gradient(layer: SpectralNormalization, inputs: tf.Tensor) -> tuple[tf.Tensor, np.ndarray]:
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.sin(layer(inputs, training=True)))
    return loss, tape.gradient(loss, layer.layer.kernel.value).numpy()


@every_layer
@pytest.mark.parametrize("moves", [0, 25])
def test_a_loss_has_no_slope_along_the_kernel(name: str, moves: int) -> None:
    """f(W / sigma) does not hear the size of W, wherever u is: <gradient, W> = 0."""
    layer, inputs = made(name, moves=moves)
    gradient, kernel = loss_and_gradient(layer, inputs)[1], layer.layer.kernel.numpy()
    size = np.linalg.norm(gradient) * np.linalg.norm(kernel)
    assert size > 1e-3 and abs(np.sum(gradient * kernel)) < 1e-12 * size


@every_layer
def test_the_gradient_is_that_of_a_difference(name: str) -> None:
    """By the kernel divided by its largest singular value, found anew by numpy at each end."""
    layer, inputs = made(name, moves=25)
    gradient, kernel = loss_and_gradient(layer, inputs)[1], layer.layer.kernel.numpy()
    direction = np.random.default_rng(1).normal(size=kernel.shape)
    plain = LAYERS[name][0]("float64")
    plain.build(inputs.shape)

    def loss(moved: np.ndarray) -> float:
        plain.kernel.assign(moved / np.linalg.norm(LAYERS[name][2](moved), 2))
        return float(tf.reduce_sum(tf.sin(plain(inputs, training=True))))

    size = 1e-6
    ends = [loss(kernel + sign * size * direction) for sign in (1, -1)]
    assert (ends[0] - ends[1]) / (2 * size) == pytest.approx(np.sum(gradient * direction), rel=1e-6)


def test_calls_move_nothing() -> None:
    layer, inputs = made("thin convolution")
    before = layer.get_weights()
    for training in (True, False):
        layer(inputs, training=training)
    for mine, old in zip(layer.get_weights(), before, strict=True):
        np.testing.assert_array_equal(mine, old)


def test_a_kernel_of_zeros_gives_numbers() -> None:
    layer = dense_of(np.zeros((2, 3)), 2)
    loss, gradient = loss_and_gradient(layer, tf.ones([1, 3], tf.float64))
    assert float(loss) == 0.0 and np.isfinite(gradient).all() and np.isfinite(layer.u.numpy()).all()


def test_it_is_saved_and_made_again() -> None:
    inputs = keras.Input((4,))
    layer = SpectralNormalization(keras.layers.Dense(3, dtype="mixed_bfloat16", name="last"))
    network = keras.Model(inputs, layer(inputs))
    assert [weight.path for weight in network.weights] == [
        "spectral_last/u",
        "spectral_last/last/kernel",
        "spectral_last/last/bias",
    ]
    assert layer.u.dtype == "float32" and not any(layer.u is weight for weight in network.trainable_weights)
    copy = keras.models.clone_model(network)
    copy.set_weights(network.get_weights())
    x = np.random.default_rng(0).normal(size=(2, 4)).astype(np.float32)
    np.testing.assert_array_equal(np.asarray(copy(x), np.float32), np.asarray(network(x), np.float32))


@pytest.mark.parametrize("layer", [keras.layers.BatchNormalization(), keras.layers.DepthwiseConv2D(3)])
def test_another_layer_is_refused(layer: keras.layers.Layer) -> None:
    with pytest.raises(InputError, match=f"Conv2DTranspose, Embedding. Received: {type(layer).__name__}"):
        SpectralNormalization(layer)
