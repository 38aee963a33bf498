"""Pix2Pix: its step by hand, and what it refuses; tests/test_conformance.py holds it to the laws of every model."""

import dataclasses
import inspect
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from conforming import arrays_of, every_objective
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

import tfgan_suite
from tfgan_suite import InputError, Pix2Pix, TrainConfig
from tfgan_suite.errors import saying_flags
from tfgan_suite.images import to_float, to_uint8
from tfgan_suite.objectives.objective import Objective
from tfgan_suite.presets import PRESETS
from tfgan_suite.runs.assembly import build_model
from tfgan_suite.serving.export import export_generator

ROWS = 4
OF_PIX2PIX = [name for name, preset in PRESETS.items() if preset.settings["model_class"] == "Pix2Pix"]
OF_FILES = ("pix2pix", "pix2pix_isola2017")


def small(name: str = "pix2pix", **settings: Any) -> Pix2Pix:
    """A preset on tiny networks, of which the discriminator has a norm."""
    taken = inspect.signature(Pix2Pix).parameters
    own = {key: value for key, value in PRESETS[name].settings.items() if key in taken}
    tiny = {"base_filters": 3, "discriminator_halvings": 1, "source_shape": (8, 8, 1), "target_shape": (8, 8, 2)}
    keras.utils.set_random_seed(11)
    model = Pix2Pix(**{**own, **tiny, **settings})
    model.compile()
    return model


def plain(rates: tuple[float, float] = (0.0, 0.0), objective: dict[str, Any] | None = None, **settings: Any) -> Pix2Pix:
    """Without Dropout and norms, so that a call in training is the call by hand; moved by plain gradients."""
    bare = {"dropout": 0.0, "generator_norm": "none", "discriminator_norm": "none", "initializer_stddev": 0.2}
    model = small(**{**bare, "ema_momentum": 0.0, **settings})
    model.compile(*(keras.optimizers.SGD(rate) for rate in rates), **(objective or {}))
    return model


def batch_of(model: Pix2Pix, rows: int = ROWS) -> tuple[np.ndarray, np.ndarray]:
    return arrays_of(model, rows)


def softplus(x: Any) -> Any:
    return np.log1p(np.exp(x))


def test_what_is_logged_is_worked_by_hand() -> None:
    model = plain()
    source, target = batch_of(model)
    found = model.train_on_batch(source, target, return_dict=True)
    made = model.generator(source).numpy()
    real, fake = (model.discriminator(np.concatenate([source, each], -1)).numpy() for each in (target, made))
    expected = {
        "l1_loss": np.abs(made - target).mean(),
        "generator_loss": softplus(-fake).mean(),
        "discriminator_loss": softplus(-real).mean() + softplus(fake).mean(),
        "real_score": (1 / (1 + np.exp(-real))).mean(),
        "fake_score": (1 / (1 + np.exp(-fake))).mean(),
    }
    assert {key: float(found[key]) for key in expected} == pytest.approx(expected, rel=1e-5)
    assert real.shape == (ROWS, 2, 2, 1)
    evaluated = model.evaluate(source, target, batch_size=ROWS, verbose=0, return_dict=True)
    assert {key: evaluated[key] for key in expected} == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("weight", [100.0, 0.0])
def test_the_generator_goes_down_both_of_its_losses_and_the_discriminator_stands_still(weight: float) -> None:
    rate = 1e-3
    model = plain((rate, 0.0), l1_weight=weight)
    source, target = batch_of(model)
    still = [np.array(each) for each in model.variables_of("discriminator")]
    before = [np.array(each) for each in model.variables_of("generator")]
    with tf.GradientTape() as tape:
        made = model.generator(source)
        adversarial = tf.reduce_mean(tf.nn.softplus(-model.discriminator(tf.concat([source, made], -1))))
        loss = adversarial + weight * tf.reduce_mean(tf.abs(made - target))
    slopes = tape.gradient(loss, [each.value for each in model.variables_of("generator")])
    model.train_on_batch(source, target)
    for old, slope, new in zip(before, slopes, model.variables_of("generator"), strict=True):
        np.testing.assert_allclose(np.array(new) - old, -rate * slope, atol=1e-6, err_msg=new.path)
    for old, new in zip(still, model.variables_of("discriminator"), strict=True):
        np.testing.assert_array_equal(old, np.array(new))


def test_the_discriminator_goes_down_its_loss_of_pairs_and_the_generator_stands_still() -> None:
    rate = 1e-2
    model = plain((0.0, rate))
    source, target = batch_of(model)
    still = [np.array(each) for each in model.variables_of("generator")]
    before = [np.array(each) for each in model.variables_of("discriminator")]
    made = model.generator(source)
    with tf.GradientTape() as tape:
        real, fake = (model.discriminator(tf.concat([source, each], -1)) for each in (target, made))
        loss = tf.reduce_mean(tf.nn.softplus(-real)) + tf.reduce_mean(tf.nn.softplus(fake))
    slopes = tape.gradient(loss, [each.value for each in model.variables_of("discriminator")])
    model.train_on_batch(source, target)
    for old, slope, new in zip(before, slopes, model.variables_of("discriminator"), strict=True):
        np.testing.assert_allclose(np.array(new) - old, -rate * slope, atol=1e-6, err_msg=new.path)
    for old, new in zip(still, model.variables_of("generator"), strict=True):
        np.testing.assert_array_equal(old, np.array(new))


def test_content_only_steps_leave_the_adversarial_loss_out() -> None:
    """Two losses make the same generator for two steps, while both discriminators learn, and others from then on."""
    models = [plain((1e-2, 1e-1), {"loss": loss}, content_only_steps=2) for loss in ("non_saturating", "hinge")]
    batch = batch_of(models[0])
    for steps in range(1, 4):
        for model in models:
            model.train_on_batch(*batch)
        one, other = (np.concatenate([np.ravel(w) for w in model.generator.get_weights()]) for model in models)
        assert np.array_equal(one, other) == (steps <= 2)
        assert any(
            not np.array_equal(a, b) for a, b in zip(*(m.discriminator.get_weights() for m in models), strict=True)
        )


@pytest.mark.parametrize("augment", ["color,translation,cutout", "ada"])
def test_both_halves_of_a_pair_are_augmented_by_the_same_draw(augment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the target is the source, a discriminator sees the same image twice, and each pair in another draw."""
    shape = (16, 16, 3)
    objective = {"augment": augment, **({"augment_final": 1.0} if augment == "ada" else {})}
    model = plain((0.0, 0.0), objective, source_shape=shape, target_shape=shape)
    seen: list[np.ndarray] = []

    def judge(training: bool = True) -> Any:
        def looking(pairs: tf.Tensor) -> tf.Tensor:
            seen.append(pairs.numpy())
            return model.discriminator(pairs, training=training)

        return looking

    monkeypatch.setattr(model, "judge", judge)
    model.run_eagerly = True
    source, _ = batch_of(model)
    model.train_on_batch(source, source)
    real, fake, _ = seen  # of the discriminator's step, and the generator's
    np.testing.assert_array_equal(real[..., :3], real[..., 3:])
    assert np.abs(real[..., :3] - source).max() > 0.1
    assert np.abs(real[..., :3] - fake[..., :3]).max() > 0.1
    assert np.abs(fake[..., :3] - fake[..., 3:]).max() > 0.1


def test_colours_of_a_grey_half_are_refused() -> None:
    with saying_flags(), pytest.raises(InputError, match=r"^--augment color needs images of several channels"):
        plain(objective={"augment": "color"}, source_shape=(8, 8, 1), target_shape=(8, 8, 3))


def test_dropout_is_the_noise_of_training_alone() -> None:
    model = small()
    source, _ = batch_of(model)
    np.testing.assert_array_equal(model(source), model(source))
    assert np.abs(model.generator(source, training=True) - model.generator(source, training=True)).max() > 0


def trains(**settings: Any) -> None:
    objective = {
        key: settings.pop(key) for key in list(settings) if key in {f.name for f in dataclasses.fields(Objective)}
    }
    model = small(**settings)
    model.compile(**objective)
    found = model.fit(*batch_of(model, 8), batch_size=4, verbose=0).history
    assert set(found) == set(model.logged)
    assert all(np.isfinite(values).all() for values in found.values())


@pytest.mark.slow
def test_it_takes_the_objectives_of_the_suite() -> None:
    """Pairs of pairs, slopes by both images, colours, a spectral norm."""
    colours = {"source_shape": (8, 8, 3), "target_shape": (8, 8, 3)}
    trains(loss="relativistic", penalty="r1_r2", discriminator_norm="layer", augment="color,translation", **colours)


@pytest.mark.slow
@every_objective
def test_it_takes_every_objective(objective: dict[str, Any]) -> None:
    trains(discriminator_norm="none", augment="translation,cutout", **objective)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float64", "mixed_bfloat16"])
def test_every_policy(dtype: str) -> None:
    trains(dtype=dtype, spectral_norm="both", discriminator_norm="instance", generator_norm="layer")


@pytest.mark.slow
@pytest.mark.parametrize("name", OF_FILES)
def test_it_learns_to_turn_an_image_round(name: str) -> None:
    """Black to white and white to black: better than the mean, far better than the input copied."""
    model = small(
        name, source_shape=(16, 16, 1), target_shape=(16, 16, 1), base_filters=16, ema_momentum=0.9, dropout=0.0
    )
    model.compile(*(keras.optimizers.Adam(1e-3, beta_1=0.5) for _ in "gd"))
    random = np.random.default_rng(0)
    coarse = np.sign(random.uniform(-1, 1, (64, 4, 4, 1))).astype(np.float32)
    source = coarse.repeat(4, 1).repeat(4, 2)
    model.fit(source, -source, batch_size=8, epochs=15, verbose=0)
    found = model.evaluate(source[:32], -source[:32], batch_size=32, verbose=0, return_dict=True)
    assert found["l1_loss"] < 0.3  # the mean has 1, the input copied 2


def test_a_penalty_refuses_batch_norm() -> None:
    with pytest.raises(InputError, match="Give discriminator_norm layer or none"):
        small().compile(penalty="r1")


@pytest.mark.parametrize(
    ("channels", "shown"), [((1, 3), 3), ((1, 1), 1), ((4, 3), 3), ((4, 4), 4), ((2, 1), 1), ((3, 1), 3)]
)
def test_it_shows_source_result_and_target(channels: tuple[int, int], shown: int) -> None:
    shapes = {"source_shape": (8, 12, channels[0]), "target_shape": (8, 12, channels[1])}
    model = plain(**shapes, discriminator_halvings=0)
    source, target = batch_of(model)
    found = model.show(7, (source, target))
    assert found.columns == ("source", "result", "target")
    assert found.images.shape == (2 * 3, 8, 12, shown)
    np.testing.assert_array_equal(found.images[3, ..., 0], source[1, ..., 0])
    np.testing.assert_array_equal(found.images[4, ..., 0], model(source)[1, ..., 0])
    np.testing.assert_array_equal(found.images[5, ..., 0], target[1, ..., 0])


def test_saved_loaded_and_exported_it_answers_the_same(tmp_path: Path) -> None:
    """Of sides that are reflected."""
    shapes = {"source_shape": (10, 12, 3), "target_shape": (10, 12, 1), "discriminator_halvings": 0}
    model = small(l1_weight=7.0, content_only_steps=3, **shapes)
    batch = batch_of(model, 8)
    model.fit(*batch, batch_size=4, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = tfgan_suite.load_model(tmp_path / "model.keras", Pix2Pix)
    assert loaded.get_config() == model.get_config()
    assert (loaded.l1_weight, loaded.content_only_steps) == (7.0, 3)
    expected = model(batch[0])
    np.testing.assert_array_equal(loaded(batch[0]), expected)
    levels = to_uint8(batch[0])
    folder = export_generator(loaded, tmp_path / "out", verify=False)
    serve = tf.saved_model.load(str(folder)).signatures["serving_default"]
    (served,) = serve(images=tf.constant(levels)).values()
    assert np.abs(served.numpy().astype(int) - to_uint8(loaded(to_float(levels)))).max() <= 1


@pytest.mark.slow
@pytest.mark.parametrize("up", ["nearest", "transposed"])
@pytest.mark.parametrize("norm", ["batch", "instance"])
def test_its_generator_is_the_same_in_litert(up: str, norm: str) -> None:
    interpreter = pytest.importorskip("ai_edge_litert.interpreter")
    model = small(
        source_shape=(10, 12, 3), target_shape=(10, 12, 1), generator_up=up, generator_norm=norm,
        discriminator_halvings=0,
    )  # fmt: skip
    source, target = batch_of(model, 8)
    model.fit(source, target, batch_size=4, verbose=0)
    graph = tf.function(model.call, input_signature=[tf.TensorSpec([1, 10, 12, 3])]).get_concrete_function()
    frozen = convert_variables_to_constants_v2(graph)
    content = tf.lite.TFLiteConverter.from_concrete_functions([frozen], tf.Module()).convert()
    run = interpreter.Interpreter(model_content=content)
    run.allocate_tensors()
    run.set_tensor(run.get_input_details()[0]["index"], source[:1])
    run.invoke()
    np.testing.assert_allclose(run.get_tensor(run.get_output_details()[0]["index"]), model(source[:1]), atol=1e-5)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"source_shape": (8, 9, 1)}, r"^source_shape and target_shape must have the same height and width\. Received"),
        ({"target_shape": (3, 8, 1)}, r"^target_shape must be .* Received: \(3, 8, 1\)"),
        ({"l1_weight": -1.0}, r"^l1_weight must be at least 0\. Received: -1\.0"),
        ({"l1_weight": float("nan")}, "^l1_weight must be at least 0"),
        ({"content_only_steps": -1}, "^content_only_steps must be at least 0"),
        ({"has_mask": True}, r"^has_mask needs a source of at least 2 channels.* Received: \(8, 8, 1\)"),
        ({"ema_momentum": 1.0}, "^ema_momentum must be in"),
        ({"generator_up": "bicubic"}, "^Unknown generator_up 'bicubic'"),
    ],
)
def test_refuses(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Pix2Pix(**{"source_shape": (8, 8, 1), "target_shape": (8, 8, 1), "base_filters": 2, **settings})


# ---- from a configuration --------------------------------------------------------------------------


@pytest.mark.parametrize("name", OF_PIX2PIX)
def test_a_preset_makes_its_model_for_data_of_pairs(name: str) -> None:
    config = TrainConfig.from_preset(name, base_filters=2, l1_weight=10.0, content_only_steps=5)
    masks = SimpleNamespace(kind="mask")
    data: Any = SimpleNamespace(source_shape=(24, 20, 4), target_shape=(24, 20, 3), source="pairs", degradation=masks)
    model = build_model(config, data, steps=4)
    assert isinstance(model, Pix2Pix)
    taken = {key: value for key, value in PRESETS[name].settings.items() if key in model.get_config()}
    expected = {**taken, "base_filters": 2, "l1_weight": 10.0, "content_only_steps": 5, "target_shape": (24, 20, 3)}
    assert model.get_config().items() >= expected.items()


def test_known_pixels_stay_and_the_hole_is_filled() -> None:
    shapes = {"source_shape": (8, 8, 4), "target_shape": (8, 8, 3)}
    model, other = (small("inpaint", has_mask=True, paste_known=paste, **shapes) for paste in (True, False))
    other.set_weights(model.get_weights())
    source = batch_of(model)[0].copy()
    source[..., 3] = 0
    source[:, 2:5, 3:7, 3] = 1
    made, all_made = np.array(model(source)), np.array(other(source))
    hole = source[..., 3:] == 1
    np.testing.assert_array_equal(made, np.where(hole, all_made, source[..., :3]))
    assert hole.sum() == ROWS * 3 * 4 and np.abs(all_made - source[..., :3]).max() > 0.1


def test_known_pixels_need_a_mask() -> None:
    with (
        saying_flags(),
        pytest.raises(InputError, match=r"^--paste-known fills a hole, and needs .* --degrade mask\.$"),
    ):
        small(paste_known=True, source_shape=(8, 8, 4), target_shape=(8, 8, 3))
    with pytest.raises(InputError, match=r"Received: 3 channels for 3\.$"):
        small(paste_known=True, has_mask=True, source_shape=(8, 8, 3), target_shape=(8, 8, 3))


def test_data_without_pairs_are_refused() -> None:
    with pytest.raises(InputError, match=r"^Pix2Pix learns from pairs of images, and digits has none\.$"):
        Pix2Pix.arguments_of(SimpleNamespace(source="digits"))
