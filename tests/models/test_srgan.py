"""SRGAN: its step by hand, and what it refuses; tests/test_conformance.py holds it to the laws of every model."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from conforming import arrays_of

import tfgan_suite
from tfgan_suite import SRGAN, InputError, TrainConfig
from tfgan_suite.errors import saying_flags
from tfgan_suite.networks.perceptual import PerceptualDistance
from tfgan_suite.presets import PRESETS
from tfgan_suite.runs.assembly import build_model

ROWS = 4
SHAPES = {"source_shape": (8, 8, 3), "target_shape": (16, 16, 3)}
KEYS = {"generator_loss", "discriminator_loss", "real_score", "fake_score", "l1_loss", "perceptual_loss"}


def plain(rates: tuple[float, float] = (0.0, 0.0), **settings: Any) -> SRGAN:
    """Without norms, so that a call in training is the call by hand; moved by plain gradients."""
    keras.utils.set_random_seed(11)
    bare = {"generator_norm": "none", "discriminator_norm": "none", "base_filters": 3, "residual_blocks": 1}
    model = SRGAN(**{**SHAPES, **bare, **settings})
    model.compile(*(keras.optimizers.SGD(rate) for rate in rates))
    return model


def softplus(x: Any) -> Any:
    return np.log1p(np.exp(x))


def test_what_is_logged_is_worked_by_hand() -> None:
    model = plain()
    source, target = arrays_of(model, ROWS)
    found = model.train_on_batch(source, target, return_dict=True)
    made = model.generator(source).numpy()
    real, fake = (model.discriminator(each).numpy() for each in (target, made))
    expected = {
        "l1_loss": np.abs(made - target).mean(),
        "perceptual_loss": PerceptualDistance()(made, target).numpy().mean(),
        "generator_loss": softplus(-fake).mean(),
        "discriminator_loss": softplus(-real).mean() + softplus(fake).mean(),
        "real_score": (1 / (1 + np.exp(-real))).mean(),
        "fake_score": (1 / (1 + np.exp(-fake))).mean(),
    }
    assert expected.keys() == KEYS
    assert {key: float(found[key]) for key in expected} == pytest.approx(expected, rel=1e-5)
    evaluated = model.evaluate(source, target, batch_size=ROWS, verbose=0, return_dict=True)
    assert {key: evaluated[key] for key in expected} == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("content_only_steps", [0, 1])
def test_the_generator_goes_down_the_difference_first_and_then_all_three(content_only_steps: int) -> None:
    rate = 1e-3
    model = plain((rate, 0.0), l1_weight=3.0, perceptual_weight=5.0, content_only_steps=content_only_steps)
    source, target = arrays_of(model, ROWS)
    still = [np.array(each) for each in model.variables_of("discriminator")]
    before = [np.array(each) for each in model.variables_of("generator")]
    distance = PerceptualDistance()
    with tf.GradientTape() as tape:
        made = model.generator(source)
        l1_loss = tf.reduce_mean(tf.abs(made - target))
        adversarial = tf.reduce_mean(tf.nn.softplus(-model.discriminator(made)))
        whole = adversarial + 3.0 * l1_loss + 5.0 * tf.reduce_mean(distance(made, target))
        loss = l1_loss if content_only_steps else whole
    slopes = tape.gradient(loss, [each.value for each in model.variables_of("generator")])
    model.train_on_batch(source, target)
    for old, slope, new in zip(before, slopes, model.variables_of("generator"), strict=True):
        np.testing.assert_allclose(np.array(new) - old, -rate * slope, atol=1e-6, err_msg=new.path)
    for old, new in zip(still, model.variables_of("discriminator"), strict=True):
        np.testing.assert_array_equal(old, np.array(new))


def test_the_discriminator_goes_down_its_loss_of_large_images() -> None:
    rate = 1e-2
    model = plain((0.0, rate), content_only_steps=5)
    source, target = arrays_of(model, ROWS)
    before = [np.array(each) for each in model.variables_of("discriminator")]
    with tf.GradientTape() as tape:
        real, fake = (model.discriminator(each) for each in (target, model.generator(source)))
        loss = tf.reduce_mean(tf.nn.softplus(-real)) + tf.reduce_mean(tf.nn.softplus(fake))
    slopes = tape.gradient(loss, [each.value for each in model.variables_of("discriminator")])
    model.train_on_batch(source, target)
    for old, slope, new in zip(before, slopes, model.variables_of("discriminator"), strict=True):
        np.testing.assert_allclose(np.array(new) - old, -rate * slope, atol=1e-6, err_msg=new.path)


def test_the_features_are_no_part_of_it(tmp_path: Path) -> None:
    """Neither of what learns, nor of a file; who uses a trained model needs no file of them."""
    network = keras.Sequential([keras.Input((16, 16, 3)), keras.layers.Conv2D(5, 3)])
    network.save(tmp_path / "features.keras")
    model = plain(features=str(tmp_path / "features.keras"))
    arrays = arrays_of(model, ROWS)
    model.fit(*arrays, batch_size=ROWS, verbose=0)
    own = {weight.path for side in model.sides().values() for part in side for weight in part.weights}
    assert sum("conv" in weight.path for weight in model.weights) == sum("conv" in path for path in own)
    model.save(tmp_path / "model.keras")
    (tmp_path / "features.keras").unlink()
    loaded = tfgan_suite.load_model(tmp_path / "model.keras", SRGAN)
    np.testing.assert_array_equal(loaded(arrays[0]), model(arrays[0]))
    with pytest.raises(InputError, match=r"^The network of features .*features\.keras does not exist"):
        loaded.fit(*arrays, batch_size=ROWS, verbose=0)


def test_without_a_weight_no_features_are_looked_at() -> None:
    model = plain(perceptual_weight=0.0, features="none.keras", l1_weight=1.0, source_shape=(8, 8, 2))
    history = model.fit(*arrays_of(model, ROWS), batch_size=ROWS, verbose=0).history
    assert set(history) == KEYS - {"perceptual_loss"}


def test_features_are_refused_when_it_is_compiled() -> None:
    with saying_flags(), pytest.raises(InputError, match=r"^The network of features none\.keras does not exist"):
        plain(features="none.keras")
    shapes = {"source_shape": (8, 8, 2), "target_shape": (16, 16, 2)}
    with saying_flags(), pytest.raises(InputError, match=r"Received: 2\. Leave out --perceptual-weight"):
        plain(**shapes)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"target_shape": (8, 8, 3)}, r"^Both sides of target_shape must be 2, 4 or 8 times .* --degrade downscale"),
        ({"target_shape": (16, 32, 3)}, r"^Both sides .* Received: \(8, 8, 3\) and \(16, 32, 3\)\."),
        ({"target_shape": (24, 24, 3)}, "^Both sides of target_shape"),
        ({"perceptual_weight": -1.0}, "^--perceptual-weight must be at least 0"),
        ({"features": "vgg16"}, "^--features must be general, vgg19 or the path of a Keras model"),
        ({"l1_weight": float("nan")}, "^--l1-weight must be at least 0"),
        ({"generator_up": "transposed"}, "^--generator-up of SRResNet must be"),
    ],
)
def test_refuses(settings: dict[str, Any], message: str) -> None:
    with saying_flags(), pytest.raises(InputError, match=message):
        SRGAN(**{**SHAPES, **settings})


@pytest.mark.parametrize("name", [name for name in PRESETS if PRESETS[name].settings["model_class"] == "SRGAN"])
def test_a_preset_makes_its_model(name: str) -> None:
    config = TrainConfig.from_preset(name, base_filters=2, features="general")
    data: Any = SimpleNamespace(source_shape=(6, 5, 3), target_shape=(12, 10, 3), source="pairs")
    model = build_model(config, data, steps=4)
    assert isinstance(model, SRGAN)
    taken = {key: value for key, value in PRESETS[name].settings.items() if key in model.get_config()}
    assert model.get_config().items() >= {**taken, "base_filters": 2, "features": "general"}.items()


def test_it_shows_sources_as_large_as_targets() -> None:
    model = plain(perceptual_weight=0.0)
    source, target = arrays_of(model, ROWS)
    found = model.show(6, (source, target))
    assert found.images.shape == (2 * 3, 16, 16, 3)
    np.testing.assert_array_equal(found.images[3], source[1].repeat(2, 0).repeat(2, 1))
    np.testing.assert_array_equal(found.images[5], target[1])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["super_resolve", "srgan_ledig2017"])
def test_it_learns_to_make_images_larger(name: str) -> None:
    """Soft discs, by the difference alone: nearer to their originals than bicubic enlarging, which knows none."""
    random, axis = np.random.default_rng(0), np.linspace(-1, 1, 16)
    centres, radii = random.uniform(-0.5, 0.5, (288, 2)), random.uniform(0.2, 0.6, 288)
    away = np.hypot(axis[None, :, None] - centres[:, 0, None, None], axis - centres[:, 1, None, None])
    target = np.tanh(10 * (radii[:, None, None] - away))[..., None].astype(np.float32)
    source = tf.image.resize(target, (8, 8), "bicubic", antialias=True).numpy().clip(-1, 1)
    own = {key: value for key, value in PRESETS[name].settings.items() if key in TrainConfig.__dataclass_fields__}
    config = {"base_filters": 16, "residual_blocks": 2, "features": "general", "ema_momentum": 0.9, "scale": 2}
    config |= {
        "generator_learning_rate": 1e-3,
        "content_only_steps": 1000,
        **({"decay_steps": 5000} if "decay_steps" in own else {}),
    }
    data: Any = SimpleNamespace(source_shape=(8, 8, 1), target_shape=(16, 16, 1), source="pairs")
    model = build_model(TrainConfig.from_preset(name, **config), data, steps=4)
    model.fit(source[:256], target[:256], batch_size=16, epochs=25, verbose=0)
    made = model(source[256:]).numpy()
    bicubic = tf.image.resize(source[256:], (16, 16), "bicubic").numpy().clip(-1, 1)
    # Over four seeds the error was at most .52 of bicubic's (super_resolve) and .16 (srgan_ledig2017).
    assert np.square(made - target[256:]).mean() < 0.7 * np.square(bicubic - target[256:]).mean()
