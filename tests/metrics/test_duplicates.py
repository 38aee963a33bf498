import math

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from tfgan_suite.data.image_data import ImageData
from tfgan_suite.errors import InputError
from tfgan_suite.metrics.duplicates import duplicate_share, nearest_other_distances


def test_two_of_three_are_equal() -> None:
    """[a, a, b]; the nearest real neighbours are 10 apart."""
    generated, real = np.array([[5.0], [5.0], [90.0]]), np.array([[0.0], [10.0], [20.0]])
    assert duplicate_share(generated, real, quantile=0.5) == 2 / 3


def test_near_is_what_is_near_among_real_images() -> None:
    """Nearest real neighbours: 1, 1, 4, 6; their median is 2.5. Of the generated: 2.5, 2.5, 2.6, 2.6."""
    real = np.array([[0.0], [1.0], [5.0], [11.0]])
    generated = np.array([[0.0], [2.5], [100.0], [102.6]])
    assert duplicate_share(generated, real, quantile=0.5) == 0.5


def test_nearest_others_are_the_direct_ones(small_digits: ImageData) -> None:
    rows = small_digits.images[:600].reshape(600, -1).astype(np.float32)
    distances = cdist(rows, rows)
    np.fill_diagonal(distances, math.inf)
    np.testing.assert_allclose(nearest_other_distances(rows), distances.min(axis=1), rtol=1e-12)


@pytest.mark.parametrize("copies", [2, 3, 7])
def test_a_copy_is_not_the_row_itself(copies: int) -> None:
    rows = np.concatenate([np.repeat([[1.0, 2.0]], copies, axis=0), [[4.0, 6.0]]])
    np.testing.assert_array_equal(nearest_other_distances(rows), [0.0] * copies + [5.0])


def test_real_images_have_the_quantile(small_digits: ImageData) -> None:
    images = small_digits.images[np.random.default_rng(1).permutation(1797)]
    assert duplicate_share(images[:800], images[800:]) == pytest.approx(0.01, abs=0.012)
    assert duplicate_share(images[:800], images[:800], quantile=0.2) == pytest.approx(0.2, abs=0.005)


def test_a_generator_of_one_image_has_one(small_digits: ImageData) -> None:
    images = small_digits.images
    assert duplicate_share(np.repeat(images[:1], 200, axis=0), images) == 1


def test_real_images_with_copies_among_them_hide_no_collapse(small_digits: ImageData) -> None:
    """The closest hundredth of the real images is then at distance 0."""
    images = small_digits.images
    real = np.concatenate([images[:190], images[:10]])
    assert duplicate_share(np.repeat(images[:1], 200, axis=0), real) == 1


@pytest.mark.parametrize("support", [100, 1000])
def test_the_birthday_paradox(support: int) -> None:
    rng = np.random.default_rng(0)
    known, real = rng.normal(size=(support, 50)), rng.normal(size=(1000, 50))
    generated = known[rng.integers(support, size=1000)] + 1e-4 * rng.normal(size=(1000, 50))
    assert duplicate_share(generated, real) == pytest.approx(1 - math.exp(-1000 / support), abs=0.05)


def test_as_many_real_images_as_generated_ones() -> None:
    """Neighbours among all 5,000 are nearer than among 500: the rest of them must not count."""
    rng = np.random.default_rng(0)
    generated, real = rng.uniform(size=(500, 2)), rng.uniform(size=(5000, 2))
    assert duplicate_share(generated, real, quantile=0.3) == pytest.approx(0.3, abs=0.06)


def test_the_order_of_real_images_does_not_decide(small_digits: ImageData) -> None:
    """Neighbours of one class are nearer than those of all ten."""
    order = np.argsort(small_digits.labels, kind="stable")
    images = small_digits.images[order]
    generated = images[np.random.default_rng(0).choice(1797, 170, replace=False)]
    assert duplicate_share(generated, images, quantile=0.3) == pytest.approx(0.3, abs=0.1)


@pytest.mark.parametrize(
    ("generated", "real", "message"),
    [
        (np.zeros((200, 2)), np.zeros((199, 2)), "200 generated, 199 real"),
        (np.zeros((1, 2)), np.zeros((10, 2)), "at least 2 generated"),
        (np.zeros((99, 2)), np.zeros((200, 2)), "at least 100 of them. Received: 99"),
        (np.zeros((200, 2)), np.zeros((200, 3)), "of one shape"),
        (np.zeros((200, 2)), np.zeros((200, 2), np.uint8), "on one scale"),
        (np.full((200, 2), np.nan), np.zeros((200, 2)), "must be finite"),
    ],
)
def test_refused(generated: np.ndarray, real: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        duplicate_share(generated, real)
