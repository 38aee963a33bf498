import math
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from lanes import corners
from shrunk import CLASSES, SHAPE, batches, shrunk_model

from tfgan_suite import DCGAN, GAN, MLPGAN, AdversarialLoss, ConditionalGAN, InputError
from tfgan_suite.objectives.losses import LOSSES


def own_networks() -> tuple[keras.Model, keras.Model]:
    """A user's own pair: a Sequential, and a discriminator of patches."""
    generator = keras.Sequential(
        [keras.Input((4,)), layers.Dense(math.prod(SHAPE)), layers.Reshape(SHAPE), layers.Activation("tanh")]
    )
    discriminator = keras.Sequential([keras.Input(SHAPE), layers.Conv2D(1, 4, 2)])  # (N, 3, 3, 1)
    return generator, discriminator


def images_of(dataset: tf.data.Dataset) -> np.ndarray:
    return np.concatenate([images for images, _ in dataset])


def test_own_networks_train_save_and_generate(tmp_path: Path) -> None:
    model = GAN(*own_networks(), ema_momentum=0.9)
    model.compile()
    history = model.fit(batches(), epochs=2, verbose=0).history
    assert len(history["generator_loss"]) == 2
    model.save(tmp_path / "own.keras")
    copy = keras.saving.load_model(tmp_path / "own.keras")
    np.testing.assert_array_equal(copy.generate(3), model.generate(3))


def test_first_losses_are_those_of_an_undecided_discriminator() -> None:
    model = MLPGAN(SHAPE, latent_dim=4, generator_units=(4,), discriminator_units=(4,))
    model.discriminator.layers[-1].kernel.assign(np.zeros((4, 1)))
    model.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    history = model.fit(batches(), verbose=0).history
    assert history["discriminator_loss"][0] == pytest.approx(2 * math.log(2), rel=1e-6)
    assert history["generator_loss"][0] == pytest.approx(math.log(2), rel=1e-6)
    assert history["real_score"][0] == pytest.approx(0.5)
    assert history["fake_score"][0] == pytest.approx(0.5)


def test_one_step_is_the_update_worked_by_hand() -> None:
    """A linear discriminator and SGD: w and the generator's bias after one alternating step."""
    shape = (4, 4, 1)
    z = keras.Input((1,))
    bias = layers.Dense(16, kernel_initializer="zeros", bias_initializer=keras.initializers.Constant(0.3))
    generator = keras.Model(z, layers.Reshape(shape)(bias(z)))
    x = keras.Input(shape)
    weight = layers.Dense(1, use_bias=False, kernel_initializer=keras.initializers.Constant(0.1))
    discriminator = keras.Model(x, weight(layers.Flatten()(x)))
    model = GAN(generator, discriminator)
    model.compile(keras.optimizers.SGD(0.5), keras.optimizers.SGD(0.25))
    real = np.full((2, *shape), -0.5, np.float32)
    model.fit(real, batch_size=2, verbose=0)

    def sigmoid(value: float) -> float:
        return 1 / (1 + math.exp(-value))

    # dL/dw = (s(l_real) - 1) x + s(l_fake) G(z), with l = 16 w x
    gradient = (sigmoid(16 * 0.1 * -0.5) - 1) * -0.5 + sigmoid(16 * 0.1 * 0.3) * 0.3
    new_weight = 0.1 - 0.25 * gradient
    np.testing.assert_allclose(np.array(weight.kernel), np.full((16, 1), new_weight), rtol=1e-5)
    # The generator is judged by the discriminator as just updated: dL/db = (s(l) - 1) w
    new_bias = 0.3 - 0.5 * (sigmoid(16 * new_weight * 0.3) - 1) * new_weight
    np.testing.assert_allclose(np.array(bias.bias), np.full(16, new_bias), rtol=1e-5)


def test_simultaneous_updates_judge_the_generator_by_the_old_discriminator() -> None:
    models = {kind: shrunk_model("mlp_gan_small", updates=kind) for kind in ("alternating", "simultaneous")}
    first = batches().take(1)
    for model in models.values():
        model.fit(first, verbose=0)
    discriminators = [np.array(m.discriminator.trainable_variables[0]) for m in models.values()]
    generators = [np.array(m.generator.trainable_variables[0]) for m in models.values()]
    np.testing.assert_allclose(*discriminators, atol=1e-7)
    assert np.abs(generators[0] - generators[1]).max() > 1e-7


def test_discriminator_steps_divide_the_batch_and_draw_fresh_latents(mirrored: tf.distribute.Strategy) -> None:
    one = shrunk_model("mlp_gan", discriminator_steps=2)
    with mirrored.scope():
        two = shrunk_model("mlp_gan", discriminator_steps=2)
    for model in (one, two):
        model.fit(batches(), verbose=0)
        assert [int(o.iterations.numpy()) for o in model.optimizer.optimizers] == [4, 8]
    for mine, theirs in zip(one.weights, two.weights, strict=True):
        np.testing.assert_allclose(np.array(mine), np.array(theirs), atol=1e-5)
    with pytest.raises(InputError, match="multiple of 2 rows"):
        one.fit(batches(batch_rows=5), verbose=0)
    with pytest.raises(InputError, match="Received: 1 rows"):
        one.fit(images_of(batches())[:9], batch_size=4, verbose=0)
    with pytest.raises(InputError, match="multiple of discriminator_steps"):
        one.fit(batches(9, 4), verbose=0)


def test_uneven_last_batch_counts_each_sample_once() -> None:
    model = shrunk_model("mlp_gan_small", generator_learning_rate=1e-30, discriminator_learning_rate=1e-30)
    losses = [model.evaluate(batches(32, rows), verbose=0, return_dict=True)["real_score"] for rows in (32, 12)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)


def test_a_replica_without_rows_is_refused(mirrored: tf.distribute.Strategy) -> None:
    with mirrored.scope():
        model = shrunk_model("mlp_gan")
    with pytest.raises(InputError, match="every replica needs one"):
        model.fit(batches(9), verbose=0)  # 8 rows, and then 1 for two replicas


def test_evaluate_repeats_and_trains_nothing() -> None:
    model = shrunk_model("dcgan")
    before = [np.array(w) for w in model.weights]
    first, second = (model.evaluate(batches(), verbose=0, return_dict=True) for _ in range(2))
    assert first == second
    assert set(first) == {"generator_loss", "discriminator_loss", "real_score", "fake_score"}
    for old, new in zip(before, model.weights, strict=True):
        np.testing.assert_array_equal(old, np.array(new))


def test_validation_data_reports_the_same_losses() -> None:
    history = shrunk_model("dcgan").fit(batches(), validation_data=batches(), epochs=2, verbose=0).history
    assert len(history["val_generator_loss"]) == 2


@pytest.mark.parametrize("labelled", [False, True])
def test_fit_takes_arrays_and_datasets(labelled: bool) -> None:
    x, y = images_of(batches()), np.arange(32) % CLASSES
    dataset = batches() if labelled else batches().map(lambda images, labels: images)
    results = []
    for data in ((x, y if labelled else None), (dataset, None)):
        model = shrunk_model("mlp_gan_small")
        results.append(model.fit(*data, batch_size=8 if data[0] is x else None, shuffle=False, verbose=0).history)
    for key, values in results[0].items():
        assert values == pytest.approx(results[1][key], rel=1e-6)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda x: ((x + 1) * 127.5).astype(np.uint8), "Received: uint8"),
        (lambda x: x * 255, "must be in"),
        (lambda x: np.full_like(x, np.nan), "must be in"),
        (lambda x: x[:, :4], "generator's shape"),
        (lambda x: x[:0], "empty"),
    ],
)
def test_fit_refuses_a_first_batch(wrong: object, message: str) -> None:
    x = wrong(images_of(batches()))  # type: ignore[operator]
    model = shrunk_model("mlp_gan_small")
    with pytest.raises(InputError, match=message):
        model.fit(x, verbose=0)
    with pytest.raises(InputError, match=message):
        model.fit(tf.data.Dataset.from_tensor_slices(x).batch(8), verbose=0)


def test_call_and_predict_are_the_generator() -> None:
    model = shrunk_model("dcgan")
    model.fit(batches(), verbose=0)
    latents = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    images = np.array(model.sampling_generator(latents, training=False))
    assert model.sampling_generator is model.ema_generator
    np.testing.assert_allclose(np.array(model(latents)), images, atol=1e-6)
    np.testing.assert_allclose(model.predict(latents, verbose=0), images, atol=1e-6)


def test_generate_depends_on_seed_alone() -> None:
    model = shrunk_model("dcgan")
    images = model.generate(10, seed=3)
    np.testing.assert_allclose(model.generate(4, seed=6), images[3:7], atol=1e-6)
    np.testing.assert_allclose(model.generate(10, seed=3, batch_size=3), images, atol=1e-6)
    assert np.abs(images[0] - images[1]).max() > 1e-3


def test_conditional_labels_are_checked_and_cycle() -> None:
    model = shrunk_model("cgan")
    np.testing.assert_array_equal(model.generate(4), model.generate(4, labels=[0, 1, 2, 0]))
    for labels, message in (([3], "0..2"), ([-1], "0..2"), ([0.5], "integers"), ([[0, 1]], "integers")):
        with pytest.raises(InputError, match=message):
            model.generate(2, labels=labels)
    with pytest.raises(InputError, match="not conditional"):
        shrunk_model("dcgan").generate(2, labels=[1])
    with pytest.raises(InputError, match="images alone"):
        model.fit(images_of(batches()), verbose=0)


def test_moving_average_worked_by_hand() -> None:
    model = shrunk_model("mlp_gan_small", ema_momentum=0.15)
    weight, average = model.generator.weights[0], model.ema_generator.weights[0]
    expected = np.array(weight)
    for step in range(3):
        model.fit(batches().take(1), verbose=0)
        momentum = min(0.15, (1 + step) / (10 + step))
        expected = momentum * expected + (1 - momentum) * np.array(weight)
        np.testing.assert_allclose(np.array(average), expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("loss", corners(LOSSES, "hinge", "wasserstein"))
def test_every_loss_trains(loss: str) -> None:
    held = {"penalty": "gradient_penalty"} if loss == "wasserstein" else {}
    history = shrunk_model("dcgan", loss=loss, **held).fit(batches(), verbose=0).history
    assert np.isfinite(history["generator_loss"][0])


def test_a_loss_of_the_users_own_is_used() -> None:
    pair = AdversarialLoss(lambda real, fake: 0 * (real + fake)[:, 0] + 7.0, lambda fake: 0 * fake[:, 0] + 3.0)
    model = MLPGAN(SHAPE)
    model.compile(loss=pair)
    history = model.fit(batches(), verbose=0).history
    assert (history["discriminator_loss"][0], history["generator_loss"][0]) == (7.0, 3.0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MLPGAN(SHAPE, latent_dim=0), "latent_dim"),
        (lambda: MLPGAN((2, 2, 1)), "image_shape"),
        (lambda: MLPGAN(SHAPE, generator_units=(0,)), "units"),
        (lambda: MLPGAN(SHAPE, dropout=1.0), "dropout"),
        (lambda: DCGAN(SHAPE, body="dcgann"), "Did you mean dcgan"),
        (lambda: DCGAN(SHAPE, body="mlp", base_filters=4), "does not take base_filters"),
        (lambda: DCGAN(SHAPE, dtype="mixed_float16"), "dtype policy"),
        (lambda: ConditionalGAN(SHAPE), "num_classes"),
        (lambda: ConditionalGAN(SHAPE, num_classes=2, num_attributes=2), "num_classes"),
        (lambda: MLPGAN(SHAPE, discriminator_steps=0), "discriminator_steps"),
        (lambda: MLPGAN(SHAPE, updates="both"), "updates"),
        (lambda: MLPGAN(SHAPE, updates="simultaneous", discriminator_steps=2), "Simultaneous"),
        (lambda: MLPGAN(SHAPE, ema_momentum=1.0), "ema_momentum"),
        (lambda: GAN(keras.Sequential([layers.Dense(3)]), own_networks()[1]), "not built"),
        (lambda: GAN(own_networks()[0], MLPGAN((9, 9, 1)).discriminator), "generator's images"),
        (lambda: GAN(own_networks()[0], own_networks()[0]), "generator's images"),
        (lambda: ConditionalGAN((8, 8), num_classes=2), "image_shape"),
        (lambda: MLPGAN(SHAPE).compile(loss="hinj"), "Did you mean hinge"),
        (lambda: MLPGAN(SHAPE).compile(loss="hinge", label_smoothing=0.1), "real label"),
        (lambda: MLPGAN(SHAPE).generate(0), "count"),
    ],
)
def test_bad_arguments_are_refused_at_once(make: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()  # type: ignore[operator]


def test_one_optimizer_for_both_is_refused() -> None:
    optimizer = keras.optimizers.Adam()
    with pytest.raises(InputError, match="an optimizer each"):
        MLPGAN(SHAPE).compile(optimizer, optimizer)


def test_steps_per_execution_on_one_device_and_refused_on_two(mirrored: tf.distribute.Strategy) -> None:
    grouped, single = (shrunk_model("mlp_gan_small", steps_per_execution=n) for n in (4, 1))
    for model in (grouped, single):
        model.fit(batches(), verbose=0)
    for mine, theirs in zip(grouped.weights, single.weights, strict=True):
        np.testing.assert_allclose(np.array(mine), np.array(theirs), atol=1e-6)
    with mirrored.scope(), pytest.raises(InputError, match="steps_per_execution"):
        shrunk_model("mlp_gan_small", steps_per_execution=4)


def test_a_distance_that_nothing_holds_is_told() -> None:
    with pytest.warns(UserWarning, match=r"Nothing holds the slopes that loss='wasserstein' makes ever larger\. Give"):
        MLPGAN(SHAPE).compile(loss="wasserstein")
    with pytest.raises(InputError, match="weight_clip bounds weights, which spectral_norm then divides"):
        MLPGAN(SHAPE, spectral_norm="discriminator").compile(loss="wasserstein", weight_clip=0.01)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"augment": ["color"]}, "augment must be text"),
        ({"penalty": ["r1"]}, "penalty must be text"),
        ({"clip_norm": "1"}, "clip_norm must be"),
        (
            {"penalty": "r1", "penalty_weight_final": 0.1, "penalty_burn_in": 2**40},
            "burn_in must be below 2,147",
        ),
    ],
)
def test_settings_of_another_type_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        MLPGAN(SHAPE).compile(**settings)
