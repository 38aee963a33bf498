"""Values of the residual networks worked by hand, and the sizes that are published."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_suite import ConditionalGAN
from tfgan_suite.errors import InputError
from tfgan_suite.layers.spectral_norm import SpectralNormalization
from tfgan_suite.networks.bodies import build_conditional_body
from tfgan_suite.networks.resnet import ResNetDiscriminator, ResNetGenerator
from tfgan_suite.options.networks import NetworkOptions


def kinds(network: keras.Model, kind: type) -> list[keras.layers.Layer]:
    return [layer for layer in network.layers if isinstance(layer, kind)]


def test_sizes_of_the_published_form() -> None:
    """Table 4 of arXiv 1802.05957; a BatchNorm has 4 numbers a channel, and the convolutions of blocks no bias."""
    f, block = 256, 2 * 9 * 256 * 256 + 256 * 256 + 2 * 4 * 256
    generator = ResNetGenerator((32, 32, 3))
    assert generator.count_params() == (128 + 1) * 16 * f + 3 * block + 4 * f + (9 * f + 1) * 3
    f, pair = 128, 2 * 9 * 128 * 128 + 2 * 128
    discriminator = ResNetDiscriminator((32, 32, 3))
    first = 9 * 3 * f + f + 9 * f * f + f + 3 * f
    assert discriminator.count_params() == first + (pair + f * f) + 2 * pair + f + 1


@pytest.mark.parametrize(
    ("shape", "generator_blocks", "maps"),
    [
        ((32, 32, 3), 3, [16, 8, 8, 8]),
        ((64, 64, 3), 4, [32, 16, 8, 8, 8]),
        ((28, 28, 1), 3, [14, 7, 7, 7]),
        ((9, 9, 1), 2, [5, 5, 5]),
        ((5, 5, 1), 1, [3, 3, 3]),
    ],
)
def test_as_many_blocks_as_doublings(shape: tuple[int, int, int], generator_blocks: int, maps: list[int]) -> None:
    generator, discriminator = ResNetGenerator(shape, 4, 2), ResNetDiscriminator(shape, 2)
    assert len(kinds(generator, keras.layers.Add)) == generator_blocks
    assert [layer.output.shape[1] for layer in kinds(discriminator, keras.layers.Add)] == maps


def test_convolutions_start_from_the_published_variances() -> None:
    """Glorot's 2 / (fan_in + fan_out), twice as much in residual branches."""
    f = 64
    for network in (ResNetGenerator((16, 16, 3), 32, f), ResNetDiscriminator((32, 32, 3), f)):
        checked = set()
        for layer in kinds(network, keras.layers.Conv2D):
            size, _, fan_in, fan_out = layer.kernel.shape
            if min(fan_in, fan_out) == f:
                variance = (2.0 if size == 3 else 1.0) * 2 / (size * size * (fan_in + fan_out))
                assert np.var(layer.kernel.numpy()) == pytest.approx(variance, rel=0.1)
                checked.add(size)
        assert checked == {1, 3}


def test_scale_and_offset_of_a_class_by_hand() -> None:
    generator = ResNetGenerator((4, 4, 1), 3, 2, num_classes=3)
    gamma, beta = kinds(generator, keras.layers.Dense)[1:3]
    np.testing.assert_array_equal(gamma.kernel, np.ones((3, 2)))
    np.testing.assert_array_equal(beta.kernel, np.zeros((3, 2)))
    gamma.kernel.assign([[1, 2], [3, 4], [5, 6]])
    beta.kernel.assign([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]])
    norm = next(layer for layer in generator.layers if hasattr(layer, "moving_mean"))
    assert norm.gamma is None and norm.beta is None
    added = next(layer for layer in kinds(generator, keras.layers.Add))
    probe = keras.Model(generator.inputs, [norm.output, added.output])
    latents = np.random.default_rng(0).normal(size=(2, 3)).astype(np.float32)
    normed, found = probe([latents, np.array([2, 0], np.int32)])
    expected = np.stack([normed[0] * [5, 6] + [0.5, 0.6], normed[1] * [1, 2] + [0.1, 0.2]])
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_attributes_add_up_from_one_and_zero() -> None:
    generator = ResNetGenerator((4, 4, 1), 3, 2, num_attributes=3)
    gamma, beta = kinds(generator, keras.layers.Dense)[1:3]
    vectors = np.float32([[1, 2], [3, 4], [5, 6]])
    for layer, start in ((gamma, 1), (beta, 0)):
        np.testing.assert_array_equal(layer(np.float32([[1, 0, 1], [0, 0, 0]])), np.full((2, 2), start))
        layer.kernel.assign(vectors)
        np.testing.assert_array_equal(layer(np.float32([[1, 0, 1], [0, 0, 0]])), start + np.float32([[6, 8], [0, 0]]))


def test_the_logit_is_a_sum_over_pixels_and_the_projection() -> None:
    network = ResNetDiscriminator((8, 8, 1), 4, num_classes=3)
    last = kinds(network, keras.layers.ReLU)[-1]
    dense, (embedding,) = network.get_layer("logits"), kinds(network, keras.layers.Embedding)
    probe = keras.Model(network.inputs, [last.output, network.output])
    images = np.random.default_rng(0).uniform(-1, 1, (2, 8, 8, 1)).astype(np.float32)
    maps, logits = probe([images, np.array([2, 0], np.int32)])
    features = maps.numpy().sum((1, 2))
    vectors = embedding.get_weights()[0][[2, 0]]
    expected = features @ dense.kernel.numpy() + dense.bias.numpy() + (features * vectors).sum(1, keepdims=True)
    np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("labels", [{}, {"num_classes": 2}, {"num_attributes": 2}], ids=str)
def test_every_variable_of_the_generator_learns(labels: dict[str, int]) -> None:
    """No bias whose effect BatchNorm takes away again: its gradient were rounding, of which Adam makes full steps."""
    generator = ResNetGenerator((8, 8, 1), 4, 3, **labels, dtype="float64")
    random = np.random.default_rng(0)
    latents = tf.constant(random.normal(size=(6, 4)))
    label = tf.constant(
        np.arange(6) % 2 if "num_classes" in labels else random.integers(0, 2, (6, 2)).astype(np.float32)
    )
    weights = tf.constant(random.normal(size=(6, 8, 8, 1)))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(weights * generator([latents, label] if labels else latents, training=True))
    variables = generator.trainable_variables
    for variable, slope in zip(variables, tape.gradient(loss, variables), strict=True):
        assert np.abs(tf.convert_to_tensor(slope)).max() > 1e-6, variable.path


def test_a_body_that_hears_labels_by_projection_alone_needs_it() -> None:
    with pytest.raises(InputError, match=r"body='resnet' hears .*projection must be True"):
        build_conditional_body("resnet", (8, 8, 1), 4, 3, None, projection=False)
    with pytest.raises(InputError, match="projection alone"):
        ConditionalGAN((8, 8, 1), num_classes=2, body="resnet", projection=False)


@pytest.mark.parametrize("spectral_norm", ["none", "discriminator", "both"])
def test_every_kernel_of_a_side_is_divided_by_its_largest_singular_value(spectral_norm: str) -> None:
    """But for scales and offsets of labels; the label's vector in the discriminator is."""
    options = NetworkOptions(base_filters=2, spectral_norm=spectral_norm)
    networks = build_conditional_body("resnet", (8, 8, 1), 4, 3, None, True, options)
    counts = [len(kinds(network, SpectralNormalization)) for network in networks]
    of_discriminator = 3 * 2 + 1 + 1 + 1  # of three blocks, of which one halves; Dense, and the label's vectors
    assert (
        counts
        == {"none": [0, 0], "discriminator": [0, of_discriminator], "both": [1 + 3 + 1, of_discriminator]}[
            spectral_norm
        ]
    )
