"""The network of CycleGAN: the published size, shapes, borders."""

import itertools
import math
from typing import Any

import keras
import numpy as np
import pytest

from tfgan_suite.errors import InputError
from tfgan_suite.layers.resampling import NearestDoubling
from tfgan_suite.networks.patch import PatchDiscriminator
from tfgan_suite.networks.residual_translator import Features, ResidualTranslator


def images(*shape: int, rows: int = 2) -> np.ndarray:
    return np.random.default_rng(0).uniform(-1, 1, (rows, *shape)).astype(np.float32)


def weights_of(network: keras.Model) -> int:
    return sum(math.prod(weight.shape) for weight in network.trainable_weights)


def test_the_published_form_has_the_published_layers() -> None:
    """Counted by hand from appendix 7.2: c7s1-64, d128, d256, R256 x 9, u128, u64, c7s1-3; a scale and an offset a
    norm, and a bias of the last convolution alone."""
    convolutions = 49 * 3 * 64 + 9 * 64 * 128 + 9 * 128 * 256 + 9 * 2 * 9 * 256 * 256
    convolutions += 9 * 256 * 128 + 9 * 128 * 64 + 49 * 64 * 3 + 3
    norms = 2 * (64 + 128 + 256 + 9 * 2 * 256 + 128 + 64)
    network = ResidualTranslator((256, 256, 3))
    assert weights_of(network) == convolutions + norms
    # The authors' convolutions have biases, one for each two numbers of our norms, and their norms have nothing.
    assert convolutions + norms // 2 == 11_378_179
    assert network.output_shape == (None, 256, 256, 3)
    # 70x70 patches of C64-C128-C256-C512.
    judge = PatchDiscriminator((256, 256, 3), norm="instance", halvings=3)
    widths = [3, 64, 128, 256, 512, 1]
    expected = sum(16 * a * b for a, b in itertools.pairwise(widths)) + 64 + 1 + 2 * (128 + 256 + 512)
    assert weights_of(judge) == expected and judge.output_shape == (None, 30, 30, 1)


@pytest.mark.parametrize(
    "settings", [{}, {"up": "nearest"}, {"up": "bilinear", "down": "blurred"}, {"norm": "batch"}, {"norm": "none"}]
)
@pytest.mark.parametrize("shape", [(8, 8, 1), (5, 7, 3), (17, 10, 2)])
def test_it_makes_images_of_the_same_sides(shape: tuple[int, int, int], settings: dict[str, Any]) -> None:
    network = ResidualTranslator(shape, 2, 2, 1, **settings)
    made = network(images(*shape)).numpy()
    assert made.shape == (2, *shape[:2], 2) and made.dtype == np.float32 and np.abs(made).max() <= 1


def test_an_even_image_stays_even_to_its_borders() -> None:
    """No frame: all borders are reflected; growing by nearest pixels alone pads with zeros, two pixels deep."""
    network = ResidualTranslator((32, 32, 1), 1, 2, 1, norm="none", up="nearest", initializer_stddev=0.3)
    made = network(np.full((1, 32, 32, 1), 0.5, np.float32)).numpy()[0, ..., 0]
    inner = made[12:20, 12:20]
    assert np.ptp(inner) < 1e-5


@pytest.mark.parametrize(
    ("shape", "settings", "named"),
    [
        ((4, 8, 1), {}, "at least 5 pixels"),
        ((8, 8, 1), {"up": "pixel_shuffle"}, "transposed, nearest or bilinear"),
        ((8, 8, 1), {"residual_blocks": 0}, "at least 1"),
        ((8, 8, 1), {"target_channels": 0}, "at least 1"),
    ],
)
def test_what_it_refuses(shape: Any, settings: dict[str, Any], named: str) -> None:
    with pytest.raises(InputError, match=named) as caught:
        ResidualTranslator(shape, **settings)
    assert "\n" not in str(caught.value)


def test_its_configuration_makes_it_again() -> None:
    network = ResidualTranslator((8, 8, 1), 2, 3, 2, up="nearest")
    copy = ResidualTranslator.from_config(network.get_config())
    assert copy.get_config() == network.get_config()
    assert [w.shape for w in copy.weights] == [w.shape for w in network.weights]
    assert sum(isinstance(layer, NearestDoubling) for layer in copy.layers) == 2


@pytest.mark.parametrize("spectral_norm", ["none", "both"])
def test_its_maps_are_those_on_its_way(spectral_norm: str) -> None:
    network = ResidualTranslator((12, 8, 3), 1, 2, 5, spectral_norm=spectral_norm)
    features = Features(network)
    given = images(12, 8, 3)
    made, maps = features(given)
    np.testing.assert_array_equal(made, network(given))
    assert features.shapes == [(12, 8, 3), (6, 4, 4), (3, 2, 8), (3, 2, 8), (3, 2, 8)]
    assert [tuple(each.shape[1:]) for each in maps] == features.shapes
    for alone, beside in zip(features.maps(given), maps, strict=True):
        np.testing.assert_array_equal(alone, beside)
    spectral = spectral_norm == "both"
    inner = keras.Model(network.inputs[0], network.get_layer("spectral_half_2" if spectral else "half_2").output)
    np.testing.assert_array_equal(maps[2], inner(given))
    np.testing.assert_array_equal(maps[4], keras.Model(network.inputs[0], network.get_layer("block_3").output)(given))


def test_of_one_block_it_has_one_map() -> None:
    assert len(Features(ResidualTranslator((8, 8, 1), 1, 2, 1)).shapes) == 4
