import math

import numpy as np
import pytest
import tensorflow as tf

from tfgan_suite.latents import latents_from_seeds
from tfgan_suite.noise import Rows, Step


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
        "batch": lambda: Step(0, 0, Rows(rows)).normal(0, dim),
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
