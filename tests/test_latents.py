import itertools
import math

import numpy as np
import pytest
import tensorflow as tf

from tfgan_suite import latents as streams
from tfgan_suite.latents import batch_latents, latents_from_seeds, stateless_seed


@pytest.mark.parametrize("rows", [(8,), (4, 4), (3, 3, 2), (5, 0, 3)])
def test_replicas_have_slices_of_the_global_batch(rows: tuple[int, ...]) -> None:
    whole = batch_latents(7, 1, 20, latent_dim=5, num_rows=8)
    firsts = np.cumsum([0, *rows[:-1]]).tolist()
    parts = [batch_latents(7, 1, 20, 5, n, first, global_rows=8) for n, first in zip(rows, firsts, strict=True)]
    assert [part.shape for part in parts] == [(n, 5) for n in rows]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_a_graph_with_tensors_draws_the_same() -> None:
    @tf.function
    def graph(step: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
        return batch_latents(3, 0, step, 4, rows, tf.constant(2), tf.constant(9))

    np.testing.assert_array_equal(graph(tf.constant(6, tf.int64), tf.constant(5)), batch_latents(3, 0, 6, 4, 5, 2, 9))


def test_every_seed_stream_and_step_has_numbers_of_its_own() -> None:
    keys = list(itertools.product([0, 1, 2**31 - 1], [0, 1, streams.EVALUATION_STREAM], [0, 1, 10**6]))
    batches = [batch_latents(seed, stream, step, 50, 4).numpy() for seed, stream, step in keys]
    for one, other in itertools.combinations(batches, 2):
        assert not np.any(one == other)
    again = [batch_latents(seed, stream, step, 50, 4).numpy() for seed, stream, step in keys]
    np.testing.assert_array_equal(batches, again)


def test_seeds_of_stateless_functions() -> None:
    seed = stateless_seed(1, 2, 3)
    assert seed.shape == (2,)
    np.testing.assert_array_equal(seed, stateless_seed(1, 2, tf.constant(3, tf.int32)))
    assert not np.array_equal(seed, stateless_seed(2, 1, 3))
    assert not np.array_equal(seed, stateless_seed(1, 3, 2))


def test_streams_of_different_purpose_differ() -> None:
    values = [value for name, value in vars(streams).items() if name.endswith("_STREAM")]
    assert len(values) == len(set(values)) == 6
    assert min(values) >= 1000  # below lie the discriminator steps of a train step


@pytest.mark.parametrize("row_shape", [(), (1,), (4,), (7,), (3, 5, 2)])
def test_rows_of_uniform_numbers_do_not_depend_on_the_rows_before(row_shape: tuple[int, ...]) -> None:
    seed = streams.stateless_seed(1, 2, 3)
    whole = streams.row_uniform(seed, tf.constant([9, *row_shape]))
    assert whole.shape == (9, *row_shape)
    np.testing.assert_array_equal(streams.row_uniform(seed, tf.constant([4, *row_shape]), 5), whole[5:])
    assert len(np.unique(whole)) == whole.shape.num_elements()


def test_uniform_numbers_are_uniform() -> None:
    numbers = np.array(streams.row_uniform(streams.stateless_seed(0, 0, 0), tf.constant([1000, 99])))
    counts, _ = np.histogram(numbers, bins=10, range=(0, 1))
    assert numbers.min() >= 0.0
    assert numbers.max() < 1.0
    np.testing.assert_allclose(counts, 9900, rtol=0.05)  # 5 standard deviations


def test_row_depends_on_its_seed_alone() -> None:
    seeds = [5, 0, 2**62, -1, 5]
    rows = latents_from_seeds(tf.constant(seeds, tf.int64), 6).numpy()
    assert rows.dtype == np.float32
    for seed, row in zip(seeds, rows, strict=True):
        np.testing.assert_array_equal(latents_from_seeds(tf.constant([seed], tf.int64), 6)[0], row)
    assert len(np.unique(rows, axis=0)) == 4


def test_seeds_of_any_integer_type() -> None:
    np.testing.assert_array_equal(
        latents_from_seeds(tf.constant([1, 2], tf.int32), 3), latents_from_seeds(np.array([1, 2], np.int64), 3)
    )


def test_no_seeds_no_rows() -> None:
    assert latents_from_seeds(tf.zeros([0], tf.int64), 6).shape == (0, 6)


@pytest.mark.parametrize("source", ["batch", "seeds"])
def test_standard_normal(source: str) -> None:
    """Moments within four standard errors, of all numbers and from row to row; 0.1 % lie beyond 3.29."""
    rows, dim = 2_000, 50
    draw = {
        "batch": lambda: batch_latents(0, 0, 0, dim, rows),
        "seeds": tf.function(lambda: latents_from_seeds(tf.range(rows), dim)),
    }
    numbers = draw[source]().numpy()
    count = rows * dim
    assert numbers.shape == (rows, dim)
    assert abs(numbers.mean()) < 4 / math.sqrt(count)
    assert abs(numbers.var() - 1) < 4 * math.sqrt(2 / count)
    assert abs((numbers**3).mean()) < 4 * math.sqrt(15 / count)
    assert abs((numbers**4).mean() - 3) < 4 * math.sqrt(96 / count)
    assert abs((numbers[1:] * numbers[:-1]).mean()) < 4 / math.sqrt(count)
    assert abs((np.abs(numbers) > 3.29).mean() - 0.001) < 4 * math.sqrt(0.001 / count)
