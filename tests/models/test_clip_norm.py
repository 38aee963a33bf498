"""The norm of a side's gradient, over all its variables and all replicas."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from lanes import corners
from shrunk import batches, shrunk_model

from tfgan_suite import GAN, InputError
from tfgan_suite.models.compiled import SIDES
from tfgan_suite.models.gan import UPDATES


def model_of(clip_norm: float | None) -> GAN:
    """With the label's embedding, whose rows a batch has several times, by plain gradient descent."""
    model = shrunk_model("cgan", dropout=0.0, ema_momentum=0.0)
    model.compile(keras.optimizers.SGD(1.0), keras.optimizers.SGD(1.0), clip_norm=clip_norm)
    return model


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(("clip_norm", "share"), [(5.0, 0.5), (10.0, 1.0), (11.0, 1.0), (None, 1.0)])
def test_a_gradient_of_6_and_8_has_the_norm_10(side: str, clip_norm: float | None, share: float) -> None:
    model = model_of(clip_norm)
    variables = model.variables_of(side)
    gradients = [np.zeros(variable.shape, np.float32) for variable in variables]
    gradients[0].flat[0], gradients[-1].flat[-1] = 6.0, 8.0
    before = [np.array(variable) for variable in variables]
    model.move(side, [tf.constant(gradient) for gradient in gradients])
    for old, new, gradient in zip(before, variables, gradients, strict=True):
        np.testing.assert_allclose(old - np.array(new), share * gradient, atol=1e-6)


def test_rows_of_an_embedding_are_added_before_they_are_squared() -> None:
    """A row that a batch has twice, each time with 3: the norm is 6, not the root of 18."""
    model = model_of(3.0)
    variables = model.variables_of("discriminator")
    index = next(i for i, variable in enumerate(variables) if "embeddings" in variable.path)
    table = variables[index]
    values = np.zeros((2, table.shape[1]), np.float32)
    values[:, 0] = 3.0
    gradients: list[tf.Tensor] = [tf.zeros(variable.shape) for variable in variables]
    gradients[index] = tf.IndexedSlices(tf.constant(values), tf.constant([1, 1]), tf.constant(table.shape))
    before = np.array(table)
    model.move("discriminator", gradients)
    expected = np.zeros(table.shape)
    expected[1, 0] = 3.0
    np.testing.assert_allclose(before - np.array(table), expected, atol=1e-6)


@pytest.mark.parametrize("updates", corners(UPDATES, "simultaneous"))
def test_two_replicas_clip_what_one_does(updates: str, mirrored: tf.distribute.Strategy) -> None:
    def trained() -> GAN:
        model = shrunk_model("cgan", ema_momentum=0.0, updates=updates)
        model.compile(keras.optimizers.SGD(0.5), keras.optimizers.SGD(0.5), clip_norm=0.05)
        return model

    one = trained()
    with mirrored.scope():
        two = trained()
    start = one.get_weights()
    for model in (one, two):
        model.fit(batches(), verbose=0)
    for mine, theirs in zip(one.weights, two.weights, strict=True):
        np.testing.assert_allclose(np.array(mine), np.array(theirs), atol=1e-6, err_msg=mine.path)
    # Each of four steps is as long as is allowed, or shorter: without a clip they went further.
    moved = [mine - old for mine, old in zip(one.get_weights(), start, strict=True)]
    for network in (one.generator, one.discriminator):
        names = [id(weight) for weight in network.trainable_weights]
        parts = [np.sum(m**2) for m, w in zip(moved, one.weights, strict=True) if id(w) in names]
        assert 0.0 < np.sqrt(sum(parts)) <= 4 * 0.5 * 0.05 + 1e-6


def test_it_is_kept_in_a_file_and_refused_out_of_its_range(tmp_path: object) -> None:
    model = model_of(0.5)
    model.save(f"{tmp_path}/model.keras")
    assert keras.saving.load_model(f"{tmp_path}/model.keras").objective.clip_norm == 0.5
    assert "clip_norm" not in model_of(None).get_compile_config()
    for wrong in (0.0, -1.0, float("nan")):
        with pytest.raises(InputError, match=r"^clip_norm must be greater than 0"):
            model_of(wrong)
