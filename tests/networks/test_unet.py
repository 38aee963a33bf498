"""The networks of pix2pix: any shape, the published sizes, and where there must be no norm."""

import json
import math
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tfgan_suite.errors import InputError, saying_flags
from tfgan_suite.layers.keyed_dropout import KeyedDropout
from tfgan_suite.layers.layer_norm import ImageNormalization
from tfgan_suite.layers.resampling import NearestDoubling, ReflectionPadding
from tfgan_suite.networks.initializers import norm_layer
from tfgan_suite.networks.patch import PatchDiscriminator, num_halvings
from tfgan_suite.networks.unet import UNetGenerator, num_levels

Shape = tuple[int, int, int]
NORMS = (layers.BatchNormalization, ImageNormalization)


def images(shape: Shape, rows: int = 2, scale: float = 1.0) -> np.ndarray:
    return (scale * np.random.default_rng(0).uniform(-1, 1, (rows, *shape))).astype(np.float32)


def weights_of(network: keras.Model) -> int:
    return sum(math.prod(weight.shape) for weight in network.trainable_weights)


@pytest.mark.parametrize("up", ["transposed", "nearest"])
@pytest.mark.parametrize("shape", [(33, 20, 3), (64, 48, 1), (4, 5, 2)], ids=str)
def test_a_unet_answers_in_the_size_of_what_it_is_given(shape: Shape, up: str) -> None:
    network = UNetGenerator(shape, 3, base_filters=2, up=up)
    made = network(images(shape, scale=1e6)).numpy()
    assert made.shape == (2, *shape[:2], 3) == (2, *network.output_shape[1:])
    assert made.dtype == np.float32
    assert -1 <= made.min() < -0.5 and 0.5 < made.max() <= 1


@pytest.mark.parametrize(
    ("side", "levels", "innermost"), [(256, 8, 1), (512, 8, 2), (128, 7, 1), (64, 6, 1), (28, 4, 2)]
)
def test_levels_halve_to_the_innermost_map(side: int, levels: int, innermost: int) -> None:
    network = UNetGenerator((side, side, 1), 1, base_filters=1)
    halvings = [
        layer for layer in network.layers if type(layer) is layers.Conv2D or type(layer).__name__ == "ImageConv2D"
    ]
    assert num_levels((side, side, 1)) == len(halvings) == levels
    assert halvings[-1].output.shape[1:3] == (innermost, innermost)
    drops = [layer for layer in network.layers if isinstance(layer, KeyedDropout)]
    # The paper's three: 1x1 to 2x2, 4x4 and 8x8.
    assert [layer.output.shape[1] for layer in drops] == [innermost * 2 ** (1 + i) for i in range(max(1, levels - 5))]
    assert len({layer.key for layer in drops}) == len(drops)


@pytest.mark.parametrize("norm", ["batch", "instance", "layer"])
@pytest.mark.parametrize("shape", [(64, 64, 1), (8, 8, 1), (33, 20, 1)], ids=str)
def test_no_norm_on_the_innermost_map_nor_at_the_ends(shape: Shape, norm: str) -> None:
    network = UNetGenerator(shape, 1, base_filters=1, norm=norm)
    found = [layer for layer in network.layers if isinstance(layer, NORMS)]
    levels = num_levels(shape)
    assert len(found) == (levels - 2) + (levels - 1)  # down without the first and the innermost, up without the last
    for layer in found:
        assert min(layer.output.shape[1:3]) > 1
        assert layer.input._keras_history.operation.use_bias is False
    assert not any(isinstance(layer, NORMS) for layer in UNetGenerator(shape, 1, 1, norm="none").layers)


@pytest.mark.parametrize("norm", ["batch", "instance"])
def test_a_norm_of_one_pixel_of_one_image_is_dead_and_the_innermost_map_is_not(norm: str) -> None:
    """Why: what stands behind such a norm has no number but its offset."""
    np.testing.assert_array_equal(norm_layer(norm)(images((1, 1, 4), rows=1), training=True), 0)
    network = UNetGenerator((16, 16, 1), 1, base_filters=2, norm=norm, dropout=0.0)
    innermost = next(layer for layer in network.layers if layer.output.shape[1] == 1)
    kernel = next(weight for weight in network.trainable_weights if weight is innermost.kernel)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(network(images((16, 16, 1), rows=1), training=True) ** 2)
    assert np.abs(tape.gradient(loss, kernel.value)).max() > 0


def test_the_published_forms_have_the_published_sizes() -> None:
    """54.414M and 2.769M, as the authors' PyTorch code counts; it has no bias in the first and the innermost Conv."""
    widths = [64, 128, 256, 512, 512, 512, 512, 512]
    down = sum(16 * a * b for a, b in zip([3, *widths], widths, strict=False))
    up = 16 * 512 * 512 + sum(16 * 2 * a * b for a, b in zip(widths[-2:0:-1], widths[-3::-1], strict=True))
    norms = 2 * (sum(widths[1:-1]) + sum(widths[:-1]))
    of_unet = down + up + 16 * 128 * 3 + 3 + norms
    assert of_unet == 54_413_955
    network = UNetGenerator((256, 256, 3), 3)
    assert network.output_shape == (None, 256, 256, 3)
    assert weights_of(network) == of_unet + 64 + 512
    of_patches = 16 * (6 * 64 + 64 * 128 + 128 * 256 + 256 * 512 + 512) + 64 + 1 + 2 * (128 + 256 + 512)
    network = PatchDiscriminator((256, 256, 6), halvings=3)
    assert weights_of(network) == of_patches == 2_768_705
    assert network.output_shape == (None, 30, 30, 1)


def test_what_is_reflected_is_cropped_again() -> None:
    """12x10, of three levels, is continued to 16x16, from which its middle is cut."""
    network = UNetGenerator((12, 10, 2), 1, base_filters=2)
    source = images((12, 10, 2))
    continued = np.pad(source, [(0, 0), (2, 2), (3, 3), (0, 0)], "reflect")
    padding = next(layer for layer in network.layers if isinstance(layer, ReflectionPadding))
    crop = next(layer for layer in network.layers if isinstance(layer, layers.Cropping2D))
    np.testing.assert_array_equal(padding(source), continued)
    inner = keras.Model(padding.output, crop.input)
    np.testing.assert_allclose(network(source), np.tanh(inner(continued))[:, 2:-2, 3:-3], atol=1e-6)


@pytest.mark.parametrize("size", [(256, 256), (128, 128), (64, 64), (64, 48), (32, 40), (33, 20), (28, 28), (4, 5)])
def test_the_map_of_patches_stays_near_14x14(size: tuple[int, int]) -> None:
    network = PatchDiscriminator((*size, 2), base_filters=1)
    halvings = num_halvings((*size, 2))
    expected = tuple(-(-side // 2**halvings) - 2 for side in size)
    assert network.output_shape == (None, *expected, 1)
    assert 10 <= min(expected) <= 21 or (min(size) < 23 and min(expected) == min(size) - 2)


@pytest.mark.parametrize(("halvings", "seen"), [(0, 7), (1, 16), (2, 34), (3, 70)])
def test_a_logit_sees_a_patch(halvings: int, seen: int) -> None:
    side = 96
    network = PatchDiscriminator(
        (side, side, 1), base_filters=1, halvings=halvings, norm="none", initializer_stddev=1.0
    )
    source = tf.constant(images((side, side, 1), rows=1))
    with tf.GradientTape() as tape:
        tape.watch(source)
        logits = network(source)
        logit = logits[:, logits.shape[1] // 2, logits.shape[2] // 2]
    touched = np.argwhere(tape.gradient(logit, source)[0, :, :, 0])
    np.testing.assert_array_equal(touched.max(0) - touched.min(0) + 1, seen)


def test_logits_have_no_bounds() -> None:
    logits = PatchDiscriminator((32, 32, 2), base_filters=2)(images((32, 32, 2), scale=1e6)).numpy()
    assert np.isfinite(logits).all() and np.abs(logits).max() > 1


@pytest.mark.parametrize("side", ["discriminator", "both"])
def test_spectral_norm_divides_every_kernel_of_its_sides(side: str) -> None:
    networks = UNetGenerator((8, 8, 1), 1, 2, spectral_norm=side), PatchDiscriminator((8, 8, 2), 2, spectral_norm=side)
    for network, is_normed in zip(networks, (side == "both", True), strict=True):
        kernels = [weight for weight in network.trainable_weights if weight.path.endswith("kernel")]
        vectors = [weight for weight in network.non_trainable_weights if weight.path.endswith("/u")]
        assert len(vectors) == (len(kernels) if is_normed else 0)


ARGUMENTS: list[tuple[type[keras.Model], dict[str, Any]]] = [
    (UNetGenerator, {"source_shape": (12, 10, 3), "target_channels": 2, "base_filters": 2, "up": "nearest"}),
    (UNetGenerator, {"source_shape": (12, 10, 3), "target_channels": 2, "base_filters": 2, "norm": "layer"}),
    (PatchDiscriminator, {"image_shape": (12, 10, 3), "base_filters": 2, "norm": "instance", "halvings": 1}),
]


@pytest.mark.parametrize(("kind", "arguments"), ARGUMENTS)
def test_configuration_round_trip_in_bfloat16(kind: type[keras.Model], arguments: dict[str, Any]) -> None:
    network, plain = kind(**arguments, dtype="mixed_bfloat16"), kind(**arguments, dtype="float32")
    copy = keras.saving.deserialize_keras_object(json.loads(json.dumps(keras.saving.serialize_keras_object(network))))
    assert copy.get_config() == network.get_config()
    for other in (copy, plain):
        other.set_weights(network.get_weights())
    output = network(images((12, 10, 3)))
    assert output.dtype == tf.float32
    np.testing.assert_array_equal(copy(images((12, 10, 3))), output)
    np.testing.assert_allclose(plain(images((12, 10, 3))), output, atol=0.05)


def test_nearest_has_no_transposed_convolution() -> None:
    kinds = {
        up: [type(each) for each in UNetGenerator((8, 8, 1), 1, 2, up=up).layers] for up in ("transposed", "nearest")
    }
    assert kinds["nearest"].count(NearestDoubling) == 3 and NearestDoubling not in kinds["transposed"]
    assert not any(issubclass(kind, layers.Conv2DTranspose) for kind in kinds["nearest"])


@pytest.mark.parametrize("up", ["nearest", "transposed"])
def test_nearest_makes_an_even_map_even_and_transposed_a_checkerboard(up: str) -> None:
    network = UNetGenerator((16, 16, 1), 1, base_filters=4, up=up, norm="none", initializer_stddev=0.2)
    last = [layer for layer in network.layers if isinstance(layer, layers.ReLU)][-1]
    made = keras.Model(last.output, network.output)(np.ones((1, *last.output.shape[1:]), np.float32))
    inner = made[0, 2:-2, 2:-2, 0].numpy()
    assert (np.ptp(inner) < 1e-6) == (up == "nearest")
    np.testing.assert_allclose(inner[2:, 2:], inner[:-2, :-2], atol=1e-6)  # each second pixel is the same


@pytest.mark.parametrize(
    ("kind", "arguments", "message"),
    [
        (UNetGenerator, {"source_shape": (3, 8, 1)}, r"^source_shape must be .* Received: \(3, 8, 1\)"),
        (UNetGenerator, {"source_shape": (8, 8, 1), "target_channels": 0}, "^target_channels must be at least 1"),
        (UNetGenerator, {"source_shape": (8, 8, 1), "base_filters": 0}, "^base_filters must be at least 1"),
        (UNetGenerator, {"source_shape": (8, 8, 1), "up": "bicubic"}, "^Unknown generator_up 'bicubic'"),
        (UNetGenerator, {"source_shape": (8, 8, 1), "norm": "group"}, "^Unknown generator_norm 'group'"),
        (UNetGenerator, {"source_shape": (8, 8, 1), "dropout": 1.0}, "^dropout must be in"),
        (PatchDiscriminator, {"image_shape": (8, 8)}, "^image_shape must be"),
        (PatchDiscriminator, {"image_shape": (8, 8, 2), "halvings": -1}, "^discriminator_halvings must be at least 0"),
        (PatchDiscriminator, {"image_shape": (8, 8, 2), "norm": "group"}, "^Unknown discriminator_norm 'group'"),
        (
            PatchDiscriminator,
            {"image_shape": (8, 9, 2), "halvings": 2},
            r"^discriminator_halvings=2 leaves no patch of 8x9 pixels\. Received: 2\. Leave it out, or give 0\.$",
        ),
    ],
)
def test_refuses(kind: type[keras.Model], arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        kind(**arguments)


def test_a_refusal_says_the_flag() -> None:
    with saying_flags(), pytest.raises(InputError, match=r"^--discriminator-halvings 5 leaves no patch"):
        PatchDiscriminator((32, 32, 2), halvings=5)
