import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_suite.models.rows import predict_rows

WIDTH = 1024


@pytest.fixture(scope="module")
def dense() -> keras.Model:
    """Its outputs are about 1e4: a sum in another order moves them by far more than 1e-6."""
    spread = keras.initializers.RandomNormal(stddev=1.0, seed=0)
    return keras.Sequential(
        [keras.Input((WIDTH,)), *(keras.layers.Dense(WIDTH, kernel_initializer=spread) for _ in range(3))]
    )


@pytest.fixture(scope="module")
def rows() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(40, WIDTH)).astype(np.float32)


def test_a_lone_row_adds_up_as_two_do(dense: keras.Model, rows: np.ndarray) -> None:
    """As among many too, but for rounding: a CPU without AVX-512 adds up in another order for each number of rows."""
    together = np.asarray(predict_rows(dense, rows))
    np.testing.assert_array_equal(together, dense(rows, training=False))
    alone = np.concatenate([predict_rows(dense, rows[i : i + 1]) for i in range(40)])
    np.testing.assert_allclose(alone, together, rtol=0, atol=1e-5 * together.std())
    for row in (0, 7):
        np.testing.assert_array_equal(alone[row], dense(rows[[row, row]], training=False)[0])


def test_a_lone_row_has_its_own_label(rows: np.ndarray) -> None:
    features, labels = keras.Input((WIDTH,)), keras.Input((), dtype="int32")
    embedded = keras.layers.Embedding(3, WIDTH)(labels)
    network = keras.Model([features, labels], keras.layers.Add()([features, embedded]))
    inputs = [tf.constant(rows[:1]), tf.constant([2])]
    np.testing.assert_array_equal(predict_rows(network, inputs), network(inputs))
    assert predict_rows(network, inputs).shape == (1, WIDTH)


def test_convolutions_do_not_pay_for_a_twin() -> None:
    seen = []
    network = keras.Sequential(
        [keras.Input((4, 4, 1)), keras.layers.Conv2D(1, 3), keras.layers.Lambda(lambda x: seen.append(x.shape[0]) or x)]
    )
    assert predict_rows(network, np.zeros((1, 4, 4, 1), np.float32)).shape == (1, 2, 2, 1)
    assert seen[-1] == 1


def test_graphs_have_any_number_of_rows(dense: keras.Model, rows: np.ndarray) -> None:
    traced = tf.function(lambda x: predict_rows(dense, x), input_signature=[tf.TensorSpec([None, WIDTH])])
    assert traced.get_concrete_function().structured_outputs.shape.as_list() == [None, WIDTH]
    for count in (1, 2, 5):
        expected = np.asarray(predict_rows(dense, rows[:count]))
        np.testing.assert_allclose(traced(rows[:count]), expected, rtol=0, atol=1e-6 * expected.std())
