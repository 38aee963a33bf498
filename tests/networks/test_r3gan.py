"""Values of the networks of R3GAN worked by hand, and the sizes that are published."""

import math

import keras
import numpy as np
import pytest

from tfgan_suite.errors import InputError
from tfgan_suite.networks.r3gan import (
    R3GANDiscriminator,
    R3GANGenerator,
    doubled,
    halved,
    stage_widths,
)

SIDES = (R3GANGenerator, R3GANDiscriminator)


def kinds(network: keras.Model, kind: type) -> list[keras.layers.Layer]:
    return [layer for layer in network.layers if isinstance(layer, kind)]


def resampled(way: object, images: np.ndarray) -> np.ndarray:
    inputs = keras.Input(images.shape[1:])
    return np.array(keras.Model(inputs, way(inputs, "float32"))(images))  # type: ignore[operator]


def test_an_impulse_doubled_by_hand() -> None:
    """[1, 2, 1] / 2 along each axis, and by the gain of 4 four times the sum."""
    impulse = np.zeros((1, 4, 4, 1), np.float32)
    impulse[0, 1, 2] = 1
    expected = np.zeros((8, 8))
    expected[1:4, 3:6] = np.outer([1, 2, 1], [1, 2, 1]) / 4
    np.testing.assert_array_equal(resampled(doubled, impulse)[0, :, :, 0], expected)


def test_impulses_halved_by_hand() -> None:
    """[1, 2, 1] / 4 along each axis: the middle of the filter lies on pixels of odd rows and columns."""
    for row, column, expected in ((3, 3, [[0, 0], [0, 4]]), (2, 2, [[1, 1], [1, 1]]), (2, 3, [[0, 2], [0, 2]])):
        impulse = np.zeros((1, 8, 8, 1), np.float32)
        impulse[0, row, column] = 1
        found = resampled(halved, impulse)[0, :, :, 0]
        np.testing.assert_array_equal(found[:2, :2], np.array(expected) / 16)
        assert found.sum() == np.sum(expected) / 16


@pytest.mark.parametrize(("height", "width"), [(4, 4), (5, 3)])
def test_resampling_keeps_what_is_flat(height: int, width: int) -> None:
    flat = np.full((1, height, width, 2), 0.75, np.float32)
    np.testing.assert_allclose(resampled(doubled, flat), np.full((1, 2 * height, 2 * width, 2), 0.75))
    np.testing.assert_allclose(resampled(halved, flat), np.full((1, -(-height // 2), -(-width // 2), 2), 0.75))


@pytest.mark.parametrize(
    ("base_filters", "doublings", "widths"),
    [
        (768, 3, [768] * 4),  # CIFAR-10 and StackedMNIST
        (384, 4, [768] * 4 + [384]),  # FFHQ-64
        (96, 6, [768] * 4 + [384, 192, 96]),  # FFHQ-256
        (5, 1, [5, 5]),
    ],
)
def test_widths_are_the_published(base_filters: int, doublings: int, widths: list[int]) -> None:
    assert stage_widths(base_filters, doublings) == widths


def test_the_width_changes_by_a_convolution_alone() -> None:
    network = R3GANGenerator((64, 64, 3), 4, 2)
    assert [layer.output.shape[1:] for layer in kinds(network, keras.layers.Add)[::2]] == [
        (4, 4, 4), (8, 8, 4), (16, 16, 4), (32, 32, 4), (64, 64, 2),
    ]  # fmt: skip
    changes = [layer for layer in kinds(network, keras.layers.Conv2D) if layer.kernel.shape == (1, 1, 4, 2)]
    assert sum(np.any(layer.kernel.numpy()) for layer in changes) == 1  # the others end blocks


@pytest.mark.parametrize("network", SIDES)
def test_a_block_starts_as_the_identity(network: type[keras.Model]) -> None:
    built = network((8, 8, 3), base_filters=6)
    adds = kinds(built, keras.layers.Add)
    assert len(adds) == 4
    probe = keras.Model(built.input, [tensor for add in adds for tensor in (add.input[0], add.output)])
    tensors = probe(np.random.default_rng(0).normal(size=(2, *built.input_shape[1:])).astype(np.float32))
    for before, after in zip(tensors[::2], tensors[1::2], strict=True):
        np.testing.assert_array_equal(before, after)
        assert np.std(before) > 0.1


@pytest.mark.parametrize(("groups", "size"), [(1, 16), (4, 16)])
@pytest.mark.parametrize("network", SIDES)
def test_convolutions_start_from_the_published_deviations(network: type[keras.Model], groups: int, size: int) -> None:
    """gain / sqrt(fan_in), of six blocks (16x16) with LeakyReLU's gain and 6^(-1/4); a third of them 0."""
    width = 32
    built = network((size, size, 3), base_filters=width, groups=groups)
    gain, blocks = math.sqrt(2 / 1.04), 6
    expected = {
        (1, 1, width, 2 * width): gain * blocks**-0.25 / math.sqrt(width),
        (3, 3, 2 * width // groups, 2 * width): gain * blocks**-0.25 / math.sqrt(9 * 2 * width / groups),
        (1, 1, 2 * width, width): 0.0,
        (1, 1, 3, width): 1 / math.sqrt(3),
        (1, 1, width, 3): 1 / math.sqrt(width),
    }
    found = kinds(built, keras.layers.Conv2D)
    assert len(found) == 3 * blocks + 1
    for layer in found:
        stddev = expected[tuple(layer.kernel.shape)]
        assert np.std(layer.kernel.numpy()) == pytest.approx(stddev, rel=4 / math.sqrt(2 * layer.kernel.numpy().size))
        assert layer.bias is None or not np.any(layer.bias.numpy())
    for layer in kinds(built, keras.layers.DepthwiseConv2D):
        assert np.std(layer.kernel.numpy()) == pytest.approx(1 / 4, rel=0.15)  # of 4x4 pixels


def test_images_are_bounded_outside_of_training_alone() -> None:
    network = R3GANGenerator((8, 8, 1), 4, 4)
    latents = 9 * np.random.default_rng(0).normal(size=(8, 4)).astype(np.float32)
    free, bounded = network(latents, training=True).numpy(), network(latents).numpy()
    assert np.abs(free).max() > 1
    np.testing.assert_array_equal(bounded, np.clip(free, -1, 1))


def test_the_label_in_the_discriminator_by_hand() -> None:
    """The inner product of features and a class's vector, which starts small by the root of their width."""
    network = R3GANDiscriminator((4, 4, 1), 256, num_classes=3)
    probe = keras.Model(network.inputs, [network.get_layer("features").output, network.output])
    (embedding,) = kinds(network, keras.layers.Embedding)
    images = np.random.default_rng(0).uniform(-1, 1, (2, 4, 4, 1)).astype(np.float32)
    features, logits = probe([images, np.array([2, 0], np.int32)])
    expected = (features * embedding.get_weights()[0][[2, 0]]).numpy().sum(1, keepdims=True)
    np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-6)
    assert embedding.get_weights()[0].std() == pytest.approx(1 / math.sqrt(3 * 256), rel=0.15)


def test_the_label_in_the_generator_is_joined_to_z() -> None:
    network = R3GANGenerator((4, 4, 1), 3, 4, num_attributes=2)
    embedding, joined = kinds(network, keras.layers.Dense)
    assert embedding.kernel.shape == (2, 3) and embedding.bias is None
    latents, labels = np.float32([[1, 2, 3]]), np.float32([[1, 1]])
    found = keras.Model(network.inputs, joined.output)([latents, labels])
    vector = embedding.kernel.numpy().sum(0, keepdims=True)
    np.testing.assert_allclose(found, np.concatenate([latents, vector], 1) @ joined.kernel.numpy(), rtol=1e-5)


@pytest.mark.parametrize("network", SIDES)
def test_groups_divide_the_middle_of_a_block(network: type[keras.Model]) -> None:
    with pytest.raises(InputError, match=r"^groups must divide 2 x base_filters, 10\. Received: 3\.$"):
        network((8, 8, 1), base_filters=5, groups=3)


# Millions of weights, table 9 of the paper's appendix.
PUBLISHED = [
    ((32, 32, 3), 768, {}, "20.73", "20.68"),  # StackedMNIST
    ((32, 32, 3), 768, {"num_classes": 10}, "20.78", "21.28"),  # CIFAR-10
]


def of_a_block(width: int, of_a_group: int) -> int:
    return 2 * width * 2 * width + 9 * 2 * width * of_a_group + 2 * 2 * width


def test_sizes_by_hand() -> None:
    """Of eight blocks, a basis with its Dense of z, the head, and what images are read and written by."""
    blocks = 8 * of_a_block(6, of_a_group=4)
    assert R3GANGenerator((32, 32, 3), 5, 6, 3).count_params() == blocks + 16 * 6 + 5 * 6 + 6 * 3
    assert R3GANDiscriminator((32, 32, 3), 6, 3).count_params() == blocks + 3 * 6 + 16 * 6 + 6


@pytest.mark.slow
@pytest.mark.parametrize(("shape", "width", "labels", "generator", "discriminator"), PUBLISHED)
def test_sizes_are_the_published(
    shape: tuple[int, int, int], width: int, labels: dict[str, int], generator: str, discriminator: str
) -> None:
    groups = 2 * width // 16
    for network, millions in ((R3GANGenerator, generator), (R3GANDiscriminator, discriminator)):
        assert f"{network(shape, base_filters=width, groups=groups, **labels).count_params() / 1e6:.2f}" == millions
