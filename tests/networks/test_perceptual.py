"""The perceptual distance: worked by hand on maps that are known, and what it refuses."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_suite.errors import InputError, saying_flags
from tfgan_suite.networks import perceptual
from tfgan_suite.networks.perceptual import PerceptualDistance


def images(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)


@pytest.fixture
def doubled(tmp_path: Path) -> str:
    """Two maps: the first channel twice, and the third three times."""
    inputs = keras.Input((4, 4, 3))
    maps = [
        keras.layers.Conv2D(1, 1, use_bias=False, name=name, kernel_initializer=keras.initializers.Constant(0))(inputs)
        for name in ("one", "other")
    ]
    network = keras.Model(inputs, maps)
    network.get_layer("one").set_weights([np.float32([2, 0, 0]).reshape(1, 1, 3, 1)])
    network.get_layer("other").set_weights([np.float32([0, 0, 3]).reshape(1, 1, 3, 1)])
    path = tmp_path / "maps.keras"
    network.save(path)
    return str(path)


def test_it_is_the_mean_square_difference_in_the_mean_over_maps(doubled: str) -> None:
    one, other = images(2, 4, 4, 3), images(4, 4, 4, 3)[2:]
    square = ((one - other) ** 2).mean((1, 2))  # (N, 3)
    found = PerceptualDistance(doubled)(one, other)
    np.testing.assert_allclose(found, (4 * square[:, 0] + 9 * square[:, 2]) / 2, rtol=1e-5)


def test_grey_and_transparent_images_are_seen_in_colours(doubled: str) -> None:
    distance = PerceptualDistance(doubled)
    one, other = images(2, 2, 4, 4, 1)
    np.testing.assert_allclose(distance(one, other), distance(one.repeat(3, -1), other.repeat(3, -1)), rtol=1e-6)
    invisible = np.concatenate([images(2, 4, 4, 3), np.full((2, 4, 4, 1), -1, np.float32)], -1)
    np.testing.assert_allclose(distance(invisible, np.ones_like(invisible)), 0, atol=1e-6)


@pytest.mark.parametrize("size", [(8, 8), (33, 20), (64, 64)])
def test_the_package_s_own_takes_any_size(size: tuple[int, int]) -> None:
    one = images(2, *size, 3)
    distance = PerceptualDistance()
    assert [each.shape[-1] for each in distance.maps(one)] == [80, 128]
    assert [each.shape[1] for each in distance.maps(one)] == [-(-size[0] // 4), -(-size[0] // 8)]
    np.testing.assert_array_equal(distance(one, one), 0)
    far, near = (distance(one, np.clip(one + step * images(*one.shape), -1, 1)) for step in (0.5, 0.1))
    assert (far.numpy() > 2 * near.numpy()).all() and (near.numpy() > 0).all()


def test_its_gradient_goes_to_the_images_and_no_weight_of_it_learns() -> None:
    distance = PerceptualDistance()
    one, other = tf.constant(images(1, 16, 16, 3)), tf.constant(images(2, 16, 16, 3)[1:])
    with tf.GradientTape() as tape:
        tape.watch(one)
        found = distance(one, other)
    assert np.abs(tape.gradient(found, one)).max() > 0
    assert not distance._maps.trainable_weights  # type: ignore[attr-defined]
    assert PerceptualDistance()(tf.cast(one, tf.float64), other).dtype == tf.float64


class Colours(keras.Model):
    """In the place of VGG19, whose weights are 80 MB: what it is given, as its map."""

    def __new__(cls, **kwargs: Any) -> Any:
        assert kwargs == {"include_top": False, "weights": "imagenet"}
        inputs = keras.Input((None, None, 3))
        return keras.Model(inputs, keras.layers.Identity(name=perceptual.VGG19_MAP)(inputs))


def test_vgg19_sees_what_it_was_trained_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """As `keras.applications.vgg19.preprocess_input` makes it of levels."""
    monkeypatch.setattr(keras.applications, "VGG19", Colours)
    (found,) = PerceptualDistance("vgg19").maps(images(2, 8, 8, 3))
    expected = keras.applications.vgg19.preprocess_input((images(2, 8, 8, 3) + 1) * 127.5)
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_vgg19_without_a_network_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(**kwargs: Any) -> None:
        raise Exception("URL fetch failure on https://storage.example: None -- timed out\nand more")

    monkeypatch.setattr(keras.applications, "VGG19", fails)
    with saying_flags(), pytest.raises(InputError) as caught:
        PerceptualDistance("vgg19")
    assert str(caught.value).startswith("VGG19 has no weights: URL fetch failure")
    assert str(caught.value).endswith("Choose --features general, or give a Keras model by --features NAME.keras.")


def test_vgg19_has_the_map_of_the_paper() -> None:
    network = keras.applications.VGG19(include_top=False, weights=None)
    layer = network.get_layer(perceptual.VGG19_MAP)
    assert layer.activation is keras.activations.relu and layer.filters == 512
    assert isinstance(network.layers[network.layers.index(layer) + 1], keras.layers.MaxPooling2D)


def test_refusals(tmp_path: Path) -> None:
    with saying_flags():
        with pytest.raises(
            InputError, match=r"^--features must be general, vgg19 or the path of .* Received: 'vgg'\.$"
        ):
            PerceptualDistance("vgg")
        with pytest.raises(InputError, match=r"^The network of features none\.keras does not exist"):
            PerceptualDistance("none.keras")
        keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(2, 3)]).save(tmp_path / "grey.keras")
        with pytest.raises(InputError, match=r"must take images \(N, H, W, 3\)\. Received: \(None, 8, 8, 1\)\.$"):
            PerceptualDistance(str(tmp_path / "grey.keras"))
        keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten()]).save(tmp_path / "flat.keras")
        with pytest.raises(InputError, match=r"must give maps \(N, h, w, F\)\. Received: \(None, 192\)\.$"):
            PerceptualDistance(str(tmp_path / "flat.keras"))
        with pytest.raises(InputError, match=r"^--features general takes images of 1, 3 or 4 channels\. Received: 2"):
            PerceptualDistance().maps(images(1, 8, 8, 2))
