"""The pool of earlier images: by a plain one in Python, and on rows of several replicas."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan_suite.layers.image_pool import ImagePool
from tfgan_suite.noise import Rows, Step

SHAPE = (2, 1, 1)
STREAM = 77


def numbered(first: int, rows: int) -> np.ndarray:
    """Images of which each has a number of its own."""
    return np.broadcast_to(np.arange(first, first + rows, dtype=np.float32)[:, None, None, None], (rows, *SHAPE))


def step_of(number: int, rows: int) -> Step:
    return Step(5, tf.constant(number, tf.int64), Rows(rows))


def by_hand(size: int, rows: int, steps: int) -> list[tuple[list[float], list[float]]]:
    """What each step gives on and what the pool holds then, as the rule says it."""
    pool: list[float] = []
    found = []
    for number in range(steps):
        draws = step_of(number, rows).uniform(STREAM, (2,)).numpy()
        before, given = list(pool), []
        for row, (place, chance) in enumerate(draws):
            image = float(1 + number * rows + row)
            if len(pool) < size:
                pool.append(image)
                given.append(image)
                continue
            where = int(place * size)
            if chance < 0.5:
                given.append(before[where] if where < len(before) else image)
                pool[where] = image
            else:
                given.append(image)
        found.append((given, list(pool)))
    return found


@pytest.mark.parametrize(("size", "rows"), [(6, 4), (6, 6), (3, 8), (1, 1), (50, 4)])
def test_it_does_what_the_rule_says(size: int, rows: int) -> None:
    pool, steps = ImagePool(size, SHAPE, STREAM), 8
    exchanged = 0
    for number, (given, held) in enumerate(by_hand(size, rows, steps)):
        new = numbered(1 + number * rows, rows)
        found = pool.exchanged(tf.constant(new), step_of(number, rows)).numpy()
        np.testing.assert_array_equal(found[:, 0, 0, 0], given)
        np.testing.assert_array_equal(found[:, 0], found[:, 1])
        np.testing.assert_array_equal(np.array(pool.images)[: len(held), 0, 0, 0], held)
        assert int(pool.num_filled) == len(held)
        assert (found > 0).all()  # no image that never was
        exchanged += int((found != new).any((1, 2, 3)).sum())
    assert (exchanged > 0) == (size < rows * (steps - 1))


def test_about_half_of_the_new_images_are_exchanged() -> None:
    pool, rows = ImagePool(40, SHAPE, STREAM), 40
    pool.exchanged(tf.constant(numbered(1, rows)), step_of(0, rows))
    shares = [
        (pool.exchanged(tf.constant(new), step_of(number, rows)) != new).numpy().all((1, 2, 3)).mean()
        for number, new in ((number, numbered(1 + number * rows, rows)) for number in range(1, 26))
    ]
    assert np.mean(shares) == pytest.approx(0.5, abs=0.05)  # of 1,000: three standard deviations


def test_replicas_get_their_rows_and_hold_the_same_pool() -> None:
    whole, halves = ImagePool(6, SHAPE, STREAM), [ImagePool(6, SHAPE, STREAM) for _ in range(2)]
    for number in range(6):
        everyone = tf.constant(numbered(1 + 4 * number, 4))
        expected = whole.exchanged(everyone, step_of(number, 4)).numpy()
        parts = [
            pool.exchanged(everyone, Step(5, tf.constant(number, tf.int64), Rows(2, 2 * index, 4))).numpy()
            for index, pool in enumerate(halves)
        ]
        np.testing.assert_array_equal(np.concatenate(parts), expected)
        for pool in halves:
            np.testing.assert_array_equal(np.array(pool.images), np.array(whole.images))
