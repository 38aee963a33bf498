from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from lanes import corners

from tfgan_suite.errors import InputError
from tfgan_suite.metrics.frechet import frechet_distance
from tfgan_suite.metrics.keras_metrics import FrechetDistance, KernelDistance
from tfgan_suite.metrics.kernel import kernel_distance

F = 6
REAL = np.random.default_rng(0).normal(size=(300, F)) @ np.diag([1, 2, 0.1, 1, 3, 1])
GENERATED = np.random.default_rng(1).normal(size=(240, F)) + 0.5
BATCHES = [(slice(0, 10), slice(0, 100)), (slice(10, 250), slice(100, 102)), (slice(250, 300), slice(102, 240))]

both = pytest.mark.parametrize("metric_class", [FrechetDistance, KernelDistance])


def feed(metric: keras.metrics.Metric, real: np.ndarray, generated: np.ndarray) -> float:
    for rows, others in BATCHES:
        metric.update_state(real[rows], generated[others])
    return float(metric.result())


def batch_average(real: np.ndarray, generated: np.ndarray) -> float:
    """KernelDistance by the kernel distance of one batch at a time; blocks of 40 rows."""
    values = [
        kernel_distance(real[i : i + 40], generated[i : i + 40], subsets=1, subset_size=40)[0]
        for i in range(0, 240, 40)
    ]
    return float(np.mean(values))


@pytest.mark.parametrize("offset", [0.0, 1e4])
def test_batches_of_any_size_give_the_distance_of_all_rows(offset: float) -> None:
    real, generated = REAL + offset, GENERATED + offset
    received = feed(FrechetDistance(F), real, generated)
    assert received == pytest.approx(frechet_distance(real, generated), rel=1e-9)


def test_fewer_rows_than_features() -> None:
    metric = FrechetDistance(F)
    metric.update_state(REAL[:4], GENERATED[:3])
    assert float(metric.result()) == pytest.approx(frechet_distance(REAL[:4], GENERATED[:3]), rel=1e-9)


def test_sums_are_float64_whatever_comes_in() -> None:
    real, generated = (rows.astype(np.float32) + 1000 for rows in (REAL, GENERATED))
    assert feed(FrechetDistance(F), real, generated) == pytest.approx(frechet_distance(real, generated), rel=1e-9)


def test_whole_numbers_and_empty_batches() -> None:
    real, generated = np.arange(12).reshape(6, 2) ** 2, np.arange(8).reshape(4, 2)
    metric = FrechetDistance(2)
    for rows, others in [(real[:0], generated[:0]), (real, generated), (real[:0], generated[:0])]:
        metric.update_state(rows, others)
    assert float(metric.result()) == pytest.approx(frechet_distance(real, generated), rel=1e-9)


def test_kernel_distance_averages_its_batches() -> None:
    metric = KernelDistance(F)
    for i in range(0, 240, 40):
        metric.update_state(REAL[i : i + 40], GENERATED[i : i + 40])
    assert float(metric.result()) == pytest.approx(batch_average(REAL, GENERATED), rel=1e-12)


def test_a_batch_weighs_its_rows() -> None:
    """By hand: {0, 1} and {2, 3} have 297.5; three zeros and two ones have 1 + 8 - 2. (4 297.5 + 5 7) / 9."""
    metric = KernelDistance(1)
    metric.update_state([[0.0], [1.0]], [[2.0], [3.0]])
    assert float(metric.result()) == 297.5
    metric.update_state([[0.0]] * 3, [[1.0]] * 2)
    assert float(metric.result()) == pytest.approx((4 * 297.5 + 5 * 7) / 9, rel=1e-15)


@both
@pytest.mark.parametrize("jit_compile", [False, True])
def test_in_a_graph(metric_class: Callable[[int], Any], jit_compile: bool) -> None:
    """Batches of unknown size; the compiled singular values end a few digits earlier."""
    metric = metric_class(F)
    rows = tf.TensorSpec([None, F], tf.float64)
    update = tf.function(metric.update_state, input_signature=[rows, rows], jit_compile=jit_compile)
    for first, second in BATCHES:
        update(tf.constant(REAL[first]), tf.constant(GENERATED[second]))
    result = tf.function(metric.result, jit_compile=jit_compile)()
    expected = feed(metric_class(F), REAL, GENERATED)
    assert float(result) == pytest.approx(expected, rel=1e-7 if jit_compile else 1e-9)


@both
def test_reset_and_again(metric_class: Callable[[int], Any]) -> None:
    metric = metric_class(F)
    assert np.isnan(metric.result())
    first = feed(metric, REAL, GENERATED)
    metric.reset_state()
    assert np.isnan(metric.result())
    assert feed(metric, REAL, GENERATED) == first


def test_one_row_has_no_covariance() -> None:
    metric = FrechetDistance(F)
    metric.update_state(REAL[:5], GENERATED[:1])
    assert np.isnan(metric.result())
    metric.update_state(REAL[:0], GENERATED[1:2])
    assert np.isfinite(metric.result())


@both
def test_round_trip(metric_class: Callable[..., Any]) -> None:
    metric = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(metric_class(num_features=F, name="distance"))
    )
    assert type(metric) is metric_class
    assert (metric.name, metric.num_features) == ("distance", F)
    assert (
        metric_class(F).name == {FrechetDistance: "frechet_distance", KernelDistance: "kernel_distance"}[metric_class]
    )
    assert feed(metric, REAL, GENERATED) == feed(metric_class(F), REAL, GENERATED)


@pytest.mark.parametrize("metric_class", corners([FrechetDistance, KernelDistance], FrechetDistance))
def test_two_replicas_count_what_one_device_counts(
    metric_class: Callable[[int], Any], mirrored: tf.distribute.MirroredStrategy
) -> None:
    """With batches of odd sizes, whose halves differ."""
    with mirrored.scope():
        metric = metric_class(F)
    data = tf.data.Dataset.from_tensor_slices((REAL[:240], GENERATED)).batch(77)
    update = tf.function(lambda batch: mirrored.run(metric.update_state, args=batch))
    for batch in mirrored.experimental_distribute_dataset(data):
        update(batch)
    alone = metric_class(F)
    for first, second in data:
        alone.update_state(first, second)
    assert float(metric.result()) == pytest.approx(float(alone.result()), rel=1e-12)


def test_in_evaluate() -> None:
    """y as the real features, the model's output as the generated ones."""
    model = keras.Sequential([keras.Input([F]), keras.layers.Identity()])
    model.compile(metrics=[FrechetDistance(F), KernelDistance(F)], loss="mse")
    inputs, targets = GENERATED.astype(np.float32), REAL[:240].astype(np.float32)
    logs = model.evaluate(inputs, targets, batch_size=40, verbose=0, return_dict=True)
    assert logs["frechet_distance"] == pytest.approx(frechet_distance(targets, inputs), rel=1e-6)
    assert logs["kernel_distance"] == pytest.approx(batch_average(targets, inputs), rel=1e-6)


@both
@pytest.mark.parametrize("shape", [(4,), (4, F + 1), (4, F, 1)])
def test_features_of_another_shape(metric_class: Callable[[int], Any], shape: tuple[int, ...]) -> None:
    metric = metric_class(F)
    with pytest.raises(InputError, match=rf"real_features must have the shape \(rows, {F}\)"):
        metric.update_state(np.zeros(shape), GENERATED)
    with pytest.raises(InputError, match="generated_features"):
        metric.update_state(REAL, np.zeros(shape))


@both
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_are_none(metric_class: Callable[[int], Any], value: float) -> None:
    bad = GENERATED.copy()
    bad[3, 2] = value
    with pytest.raises(tf.errors.InvalidArgumentError, match="generated_features must be finite"):
        metric_class(F).update_state(REAL, bad)


@pytest.mark.parametrize("in_graph", [False, True])
def test_a_batch_of_one_row_has_no_pairs(in_graph: bool) -> None:
    metric = KernelDistance(F)
    update = tf.function(metric.update_state, reduce_retracing=True) if in_graph else metric.update_state
    with pytest.raises(tf.errors.InvalidArgumentError, match="at least 2 rows"):
        update(tf.constant(REAL), tf.constant(GENERATED[:1]))


@both
def test_rows_have_no_weights(metric_class: Callable[[int], Any]) -> None:
    with pytest.raises(InputError, match="leave sample_weight out"):
        metric_class(F).update_state(REAL, GENERATED, sample_weight=np.ones(300))


@both
def test_no_features(metric_class: Callable[[int], Any]) -> None:
    with pytest.raises(InputError, match=r"num_features must be at least 1\. Received: 0"):
        metric_class(0)
