"""The networks of SRGAN: their shapes, the published sizes, and how one without a norm starts."""

import json
import math
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_suite.errors import InputError, saying_flags
from tfgan_suite.layers.resampling import BicubicEnlarging, PixelShuffle
from tfgan_suite.networks.srresnet import SRGANDiscriminator, SRResNetGenerator

OURS = {"norm": "none", "up": "nearest", "enlarged_skip": True}


def images(*shape: int, rows: int = 2) -> np.ndarray:
    return np.random.default_rng(0).uniform(-1, 1, (rows, *shape)).astype(np.float32)


def weights_of(network: keras.Model) -> int:
    return sum(math.prod(weight.shape) for weight in network.trainable_weights)


@pytest.mark.parametrize("settings", [{}, OURS], ids=["paper", "ours"])
@pytest.mark.parametrize(("scale", "channels"), [(2, 1), (4, 3)])
def test_both_sides_grow(scale: int, channels: int, settings: dict[str, Any]) -> None:
    network = SRResNetGenerator((6, 5, channels), channels, scale, 2, 1, **settings)
    made = network(images(6, 5, channels)).numpy()
    assert made.shape == (2, 6 * scale, 5 * scale, channels) == (2, *network.output_shape[1:])
    assert made.dtype == np.float32 and np.abs(made).max() <= 1


def test_the_published_forms_have_the_published_layers() -> None:
    """Counted by hand from figure 4: a convolution before a norm has no bias."""
    conv = 9 * 64 * 64
    generator = 81 * 3 * 64 + 64 + 64  # k9n64s1 and its PReLU
    generator += 16 * (2 * conv + 4 * 64 + 64)  # blocks of two convolutions, two norms, a PReLU
    generator += conv + 2 * 64  # before the long skip
    generator += 2 * (9 * 64 * 256 + 256 + 64)  # two pixel shuffles
    generator += 81 * 64 * 3 + 3
    assert weights_of(SRResNetGenerator((24, 24, 3))) == generator == 1_548_547
    widths = [64, 64, 128, 128, 256, 256, 512, 512]
    convs = sum(9 * a * b for a, b in zip([3, *widths], widths, strict=False)) + 64
    discriminator = convs + 2 * sum(widths[1:]) + (6 * 6 * 512 + 1) * 1024 + 1025
    assert weights_of(SRGANDiscriminator((96, 96, 3))) == discriminator == 23_563_649


def test_ours_starts_near_the_enlarged_source() -> None:
    source = images(8, 8, 3)
    enlarged = tf.image.resize(source, (16, 16), "bicubic").numpy()
    network = SRResNetGenerator((8, 8, 3), 3, 2, 16, 4, **OURS)
    made = network(source).numpy()
    assert 0 < np.abs(made - np.clip(enlarged, -1, 1)).mean() < 0.2
    assert np.abs(network(10 * source, training=True)).max() > 1  # what is beyond is still brought back


@pytest.mark.parametrize(("sides", "scale"), [((5, 7), 2), ((4, 4), 4)])
def test_enlarging_is_bicubic(sides: tuple[int, int], scale: int) -> None:
    source = images(*sides, 2)
    expected = tf.image.resize(source, [scale * side for side in sides], "bicubic")
    np.testing.assert_allclose(BicubicEnlarging(scale)(source), expected, atol=1e-6)


def test_four_channels_become_four_pixels() -> None:
    source = np.arange(4.0, dtype=np.float32).reshape(1, 1, 1, 4)
    np.testing.assert_array_equal(PixelShuffle()(source)[0, :, :, 0], [[0, 1], [2, 3]])


def test_logits_have_no_bounds_and_any_size_will_do() -> None:
    for size in ((28, 28), (9, 13), (4, 4)):
        logits = SRGANDiscriminator((*size, 1), 2, initializer_stddev=0.2)(1e6 * images(*size, 1)).numpy()
        assert logits.shape == (2, 1) and np.isfinite(logits).all() and np.abs(logits).max() > 1


@pytest.mark.parametrize("side", ["discriminator", "both"])
def test_spectral_norm_divides_every_kernel_of_its_sides(side: str) -> None:
    networks = (
        SRResNetGenerator((4, 4, 1), 1, 2, 2, 1, spectral_norm=side),
        SRGANDiscriminator((8, 8, 1), 2, spectral_norm=side),
    )
    for network, is_normed in zip(networks, (side == "both", True), strict=True):
        kernels = [weight for weight in network.trainable_weights if weight.path.endswith("kernel")]
        vectors = [weight for weight in network.non_trainable_weights if weight.path.endswith("/u")]
        assert len(vectors) == (len(kernels) if is_normed else 0)


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        (SRResNetGenerator, {"source_shape": (6, 5, 3), "scale": 2, "base_filters": 2, "residual_blocks": 2, **OURS}),
        (SRResNetGenerator, {"source_shape": (6, 5, 3), "scale": 2, "base_filters": 2, "residual_blocks": 1}),
        (SRGANDiscriminator, {"image_shape": (6, 5, 3), "base_filters": 2, "norm": "layer"}),
    ],
)
def test_configuration_round_trip_in_bfloat16(kind: type[keras.Model], arguments: dict[str, Any]) -> None:
    network, plain = kind(**arguments, dtype="mixed_bfloat16"), kind(**arguments, dtype="float32")
    copy = keras.saving.deserialize_keras_object(json.loads(json.dumps(keras.saving.serialize_keras_object(network))))
    assert copy.get_config() == network.get_config()
    for other in (copy, plain):
        other.set_weights(network.get_weights())
    output = network(images(6, 5, 3))
    assert output.dtype == tf.float32
    np.testing.assert_array_equal(copy(images(6, 5, 3)), output)
    np.testing.assert_allclose(plain(images(6, 5, 3)), output, atol=0.1)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"scale": 3}, r"^scale must be a power of 2, such as 2 or 4\. Received: 3\."),
        ({"scale": 1}, "^scale must be a power of 2"),
        ({"up": "transposed"}, "^--generator-up of SRResNet must be pixel_shuffle or nearest. Received: transposed"),
        ({"enlarged_skip": True, "target_channels": 1}, "^--enlarged-skip needs a source of the targets' channels"),
        ({"residual_blocks": 0}, "^--residual-blocks must be at least 1"),
    ],
)
def test_refuses(settings: dict[str, Any], message: str) -> None:
    with saying_flags(), pytest.raises(InputError, match=message):
        SRResNetGenerator(**{"source_shape": (8, 8, 3), **settings})
