"""Images are NHWC whatever the `image_data_format` of a user's keras.json; the setting itself stays the user's."""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import pytest
from lanes import corners
from shrunk import shrunk_model

import tfgan_suite
from tfgan_suite import load_model
from tfgan_suite.layers import convolutions
from tfgan_suite.metrics import extractors
from tfgan_suite.metrics.classifier import build_classifier
from tfgan_suite.networks.bodies import BODIES

PACKAGE = Path(tfgan_suite.__file__).parent


@pytest.fixture
def channels_first() -> Iterator[None]:
    keras.config.set_image_data_format("channels_first")
    yield
    assert keras.config.image_data_format() == "channels_first"
    keras.config.set_image_data_format("channels_last")


def layer_class(call: ast.Call) -> type | None:
    """The layer that a call makes: `layers.X(...)`, `keras.layers.X(...)`, or one of the package's convolutions."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    found = getattr(convolutions, name, None) or getattr(keras.layers, name, None)
    return found if inspect.isclass(found) and issubclass(found, keras.layers.Layer) else None


def test_every_layer_that_could_take_images_otherwise_is_told() -> None:
    """A walk over the sources: no such layer is made without its data format."""
    told, untold = 0, []
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            kind = layer_class(node) if isinstance(node, ast.Call) else None
            if kind is None or "data_format" not in inspect.signature(kind).parameters:
                continue
            said = [getattr(value, "id", "") for value in [*node.args, *(word.value for word in node.keywords)]]
            told += "DATA_FORMAT" in said
            if "DATA_FORMAT" not in said:
                untold.append(f"{path.relative_to(PACKAGE)}:{node.lineno} {kind.__name__}")
    assert untold == []
    assert told > 10


@pytest.mark.parametrize("body", corners(sorted(BODIES), "mlp", "dcgan_radford2015"))
@pytest.mark.usefixtures("channels_first")
def test_every_body_trains_and_draws(body: str) -> None:
    model = tfgan_suite.ConditionalGAN(
        image_shape=(9, 13, 3), latent_dim=3, num_classes=2, body=body, projection=True, seed=0,
        **({} if body == "mlp" else {"base_filters": 2}),
    )  # fmt: skip
    model.compile()
    images = np.linspace(-1, 1, 4 * 9 * 13 * 3, dtype=np.float32).reshape(4, 9, 13, 3)
    model.fit(images, np.array([0, 1, 0, 1]), batch_size=2, epochs=1, verbose=0)
    assert model.generate(2, labels=[0, 1]).shape == (2, 9, 13, 3)


@pytest.mark.parametrize("name", ["mlp_gan", "dcgan", "cgan"])
def test_a_file_is_loaded_under_the_other_setting(name: str, tmp_path: Path) -> None:
    model = shrunk_model(name)
    labels = [0, 1] if name == "cgan" else None
    model.save(tmp_path / "a.keras")
    keras.config.set_image_data_format("channels_first")
    try:
        loaded = load_model(tmp_path / "a.keras")
        np.testing.assert_array_equal(loaded.generate(2, labels=labels), model.generate(2, labels=labels))
    finally:
        keras.config.set_image_data_format("channels_last")


def test_extractors_see_the_same(small_digits: tfgan_suite.data.image_data.ImageData) -> None:
    images = small_digits.images[:4]
    digits = extractors.bundled_classifier("digits")(images)
    keras.config.set_image_data_format("channels_first")
    try:
        again = extractors.bundled_classifier("digits")(images)
        assert build_classifier((8, 6, 1), 3)(np.zeros((2, 8, 6, 1), np.float32)).shape == (2, 3)
        inception = extractors._inception_network()
        assert keras.config.image_data_format() == "channels_first"
    finally:
        keras.config.set_image_data_format("channels_last")
    np.testing.assert_array_equal(again.features, digits.features)
    assert inception.input_shape == (None, 299, 299, 3)
    assert inception.get_layer("avg_pool").output.shape == (None, 2048)
