"""Noise is a function of seed, stream, step and row."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from tfgan_suite import noise
from tfgan_suite.noise import Rows, Step, row_uniform, stateless_seed


def drawn(seed: int, stream: int, number: int | tf.Tensor, size: int, *rows: int | tf.Tensor) -> tf.Tensor:
    return Step(seed, number, Rows(*rows)).normal(stream, size)


@pytest.mark.parametrize("rows", [(8,), (4, 4), (3, 3, 2), (5, 0, 3)])
def test_replicas_have_slices_of_the_global_batch(rows: tuple[int, ...]) -> None:
    whole = drawn(7, 1, 20, 5, 8)
    firsts = np.cumsum([0, *rows[:-1]]).tolist()
    parts = [drawn(7, 1, 20, 5, n, first, 8) for n, first in zip(rows, firsts, strict=True)]
    assert [part.shape for part in parts] == [(n, 5) for n in rows]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_a_graph_with_tensors_draws_the_same() -> None:
    @tf.function
    def graph(step: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
        return drawn(3, 0, step, 4, rows, tf.constant(2), tf.constant(9))

    np.testing.assert_array_equal(graph(tf.constant(6, tf.int64), tf.constant(5)), drawn(3, 0, 6, 4, 5, 2, 9))


def test_every_seed_stream_and_step_has_numbers_of_its_own() -> None:
    keys = list(itertools.product([0, 1, 2**31 - 1], [0, 1, noise.EVALUATION_STREAM], [0, 1, 10**6]))
    batches = [drawn(seed, stream, step, 50, 4).numpy() for seed, stream, step in keys]
    for one, other in itertools.combinations(batches, 2):
        assert not np.any(one == other)
    again = [drawn(seed, stream, step, 50, 4).numpy() for seed, stream, step in keys]
    np.testing.assert_array_equal(batches, again)


def test_seeds_of_stateless_functions() -> None:
    seed = stateless_seed(1, 2, 3)
    assert seed.shape == (2,)
    np.testing.assert_array_equal(seed, stateless_seed(1, 2, tf.constant(3, tf.int32)))
    assert not np.array_equal(seed, stateless_seed(2, 1, 3))
    assert not np.array_equal(seed, stateless_seed(1, 3, 2))


def test_streams_of_different_purpose_differ() -> None:
    values = [value for name, value in vars(noise).items() if name.endswith("_STREAM")]
    assert len(values) == len(set(values)) == 17
    assert min(values) >= 1000  # below lie the discriminator steps of a train step


@pytest.mark.parametrize("row_shape", [(), (1,), (4,), (7,), (3, 5, 2)])
def test_rows_of_uniform_numbers_do_not_depend_on_the_rows_before(row_shape: tuple[int, ...]) -> None:
    seed = stateless_seed(1, 2, 3)
    whole = row_uniform(seed, tf.constant([9, *row_shape]))
    assert whole.shape == (9, *row_shape)
    np.testing.assert_array_equal(row_uniform(seed, tf.constant([4, *row_shape]), 5), whole[5:])
    assert len(np.unique(whole)) == whole.shape.num_elements()


@pytest.mark.parametrize("row_shape", [(), (3,), (2, 2, 1)])
def test_uniform_numbers_of_a_step_are_those_of_its_rows(row_shape: tuple[int, ...]) -> None:
    whole = Step(1, 5, Rows(8)).uniform(7, row_shape)
    part = Step(1, 5, Rows(3, 4, 8)).uniform(7, row_shape)
    assert whole.shape == (8, *row_shape)
    np.testing.assert_array_equal(part, whole[4:7])
    assert not np.array_equal(whole, Step(1, 6, Rows(8)).uniform(7, row_shape))


def test_uniform_numbers_are_uniform() -> None:
    numbers = np.array(row_uniform(stateless_seed(0, 0, 0), tf.constant([1000, 99])))
    counts, _ = np.histogram(numbers, bins=10, range=(0, 1))
    assert numbers.min() >= 0.0
    assert numbers.max() < 1.0
    np.testing.assert_allclose(counts, 9900, rtol=0.05)  # 5 standard deviations
