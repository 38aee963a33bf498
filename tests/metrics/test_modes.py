import math
from collections.abc import Callable

import numpy as np
import pytest
from sklearn.metrics import pairwise_distances_argmin

from tfgan_suite.data.image_data import ImageData
from tfgan_suite.errors import InputError
from tfgan_suite.metrics import stack_digits
from tfgan_suite.metrics.modes import (
    Mixture,
    ModeReport,
    mode_counts,
    mode_divergence,
    ring,
    sample_modes,
    square_grid,
    stacked_modes,
)

# Within three standard deviations in two dimensions.
OF_REAL = 1 - math.exp(-4.5)


def test_ring_by_hand() -> None:
    centres, stddev = ring(4, radius=3.0, stddev=0.1)
    np.testing.assert_allclose(centres, [[3, 0], [0, 3], [-3, 0], [0, -3]], atol=1e-12)
    assert stddev == 0.1


def test_the_ring_of_the_literature() -> None:
    centres, stddev = ring()
    assert centres.shape == (8, 2)
    np.testing.assert_allclose(np.linalg.norm(centres, axis=1), 2)
    assert stddev == 0.02


def test_the_grid_of_the_literature() -> None:
    centres, stddev = square_grid()
    assert sorted(map(tuple, centres)) == [(x, y) for x in (-4, -2, 0, 2, 4) for y in (-4, -2, 0, 2, 4)]
    assert stddev == 0.05


def test_an_even_grid_has_its_middle_at_zero() -> None:
    np.testing.assert_array_equal(
        square_grid(2, spacing=1.0).centres, [[-0.5, -0.5], [-0.5, 0.5], [0.5, -0.5], [0.5, 0.5]]
    )


def test_counts_by_hand() -> None:
    """Two in the first mode, one of them just within; one in the second; one just outside; one nowhere."""
    centres = np.array([[0.0, 0.0], [10.0, 0.0], [20.0, 0.0]])
    points = np.array([[0.0, 0.0], [0.0, 2.99], [10.5, 0.5], [20.0, 3.01], [-50.0, 0.0]])
    report = mode_counts(points, centres, stddev=1.0)
    assert report.modes == 2
    assert report.high_quality_share == 0.6
    entropy = -(2 / 3 * math.log(2 / 3) + 1 / 3 * math.log(1 / 3))
    assert report.kl == pytest.approx(math.log(3) - entropy, rel=1e-12)


@pytest.mark.parametrize("mixture", [ring(), square_grid(), ring(1), ring(8, 1.0, 0.01)])
def test_the_data_find_all_modes(mixture: Mixture) -> None:
    report = mode_counts(sample_modes(*mixture, count=20_000, seed=0), *mixture)
    assert report.modes == len(mixture.centres)
    assert report.high_quality_share == pytest.approx(OF_REAL, abs=0.003)
    # The mean of a divergence from N samples: (K - 1) / 2N.
    assert report.kl == pytest.approx((report.modes - 1) / 40_000, abs=5e-4)


def test_a_collapsed_generator() -> None:
    centres, stddev = ring()
    points = sample_modes(centres[:1], stddev, 500, seed=0)
    report = mode_counts(points, centres, stddev)
    assert (report.modes, report.kl) == (1, pytest.approx(math.log(8)))


def test_a_generator_that_hits_nothing() -> None:
    report = mode_counts(np.zeros((5, 2)), *ring())
    assert report[:2] == (0, 0)
    assert math.isnan(report.kl)
    assert isinstance(report, ModeReport)


def test_modes_in_more_dimensions() -> None:
    centres = np.eye(5) * 100
    assert mode_counts(sample_modes(centres, 0.1, 1000, seed=0), centres, 0.1).modes == 5


def test_samples_of_a_mixture() -> None:
    centres = np.array([[0.0, 0.0], [100.0, 0.0]])
    points = sample_modes(centres, 2.0, 20_000, seed=3)
    assert points.dtype == np.float32
    left = points[points[:, 0] < 50]
    assert len(left) == pytest.approx(10_000, abs=300)
    np.testing.assert_allclose(left.mean(axis=0), [0, 0], atol=0.1)
    np.testing.assert_allclose(left.std(axis=0), [2, 2], atol=0.1)


def test_what_is_drawn_depends_on_seed_and_row_alone(small_digits: ImageData) -> None:
    points = sample_modes(*ring(), count=100, seed=1)
    np.testing.assert_array_equal(sample_modes(*ring(), count=37, seed=1), points[:37])
    others = sample_modes(*ring(), count=100, seed=2)
    of_points, of_others = (pairwise_distances_argmin(rows, ring().centres) for rows in (points, others))
    assert not np.array_equal(of_points, of_others)
    assert not np.allclose(points - ring().centres[of_points], others - ring().centres[of_others], atol=1e-4)
    images, labels = stack_digits(small_digits.images, small_digits.labels, 50, seed=1)
    fewer = stack_digits(small_digits.images, small_digits.labels, 21, seed=1)
    np.testing.assert_array_equal(fewer[0], images[:21])
    np.testing.assert_array_equal(fewer[1], labels[:21])
    assert not np.array_equal(stack_digits(small_digits.images, small_digits.labels, 50, seed=2)[0], images)


def test_stacked_modes_by_hand() -> None:
    """Three triples, one of them twice; 12 and 21 are not the same."""
    report = stacked_modes(np.array([[0, 1, 2], [0, 2, 1], [0, 1, 2], [9, 9, 9]], np.uint8))
    assert report.modes == 3
    entropy = 1.5 * math.log(2)
    assert report.kl == pytest.approx(math.log(1000) - entropy, rel=1e-12)


def test_divergence_of_modes_by_hand() -> None:
    """1/2 ln(1/2 : 1/4) + 1/2 ln(1/2 : 1/2); nothing is asked of a mode without samples."""
    shares, expected = np.array([0.5, 0.5, 0.0]), np.array([0.25, 0.5, 0.25])
    assert mode_divergence(shares, expected) == pytest.approx(0.5 * math.log(2), rel=1e-12)
    assert mode_divergence(expected, expected) == 0
    with pytest.raises(InputError, match="Of mode 2 there are samples, but no data"):
        mode_divergence(expected, shares)
    with pytest.raises(InputError, match=r"as many\. Received: 2 and 3"):
        mode_divergence(np.array([0.5, 0.5]), expected)


def test_every_triple_once_is_uniform() -> None:
    digits = np.stack(np.meshgrid(*[np.arange(10)] * 3), axis=-1).reshape(-1, 3)
    assert stacked_modes(digits) == (1000, pytest.approx(0, abs=1e-12))


def test_the_divergence_of_26000_uniform_triples() -> None:
    report = stacked_modes(np.random.default_rng(0).integers(0, 10, (26_000, 3)))
    assert report == (1000, pytest.approx(999 / 52_000, abs=2e-3))


@pytest.mark.parametrize("squeezed", [False, True])
def test_stacked_digits(small_digits: ImageData, squeezed: bool) -> None:
    """Each channel is an image of the data, and carries its label."""
    source = small_digits.images[..., 0] if squeezed else small_digits.images
    images, labels = stack_digits(source, small_digits.labels, 30, seed=0)
    assert images.shape == (30, 8, 8, 3)
    assert images.dtype == np.uint8
    assert labels.shape == (30, 3)
    labels_of: dict[bytes, set[int]] = {}
    for image, label in zip(small_digits.images, small_digits.labels, strict=True):
        labels_of.setdefault(image.tobytes(), set()).add(int(label))
    for image, triple in zip(images, labels, strict=True):
        assert all(triple[channel] in labels_of[image[..., channel].tobytes()] for channel in range(3))
    assert len(np.unique(labels, axis=0)) > 20


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.zeros((3, 2)), np.zeros((4, 3)), 1.0), "must have one dimension"),
        ((np.zeros(3), np.zeros((4, 3)), 1.0), "points must have the shape"),
        ((np.zeros((0, 2)), np.zeros((4, 2)), 1.0), "points must have at least 1 rows"),
        ((np.full((3, 2), np.nan), np.zeros((4, 2)), 1.0), "points must be finite"),
        ((np.zeros((3, 2)), np.full((4, 2), np.inf), 1.0), "centres must be finite"),
        ((np.zeros((3, 2)), np.zeros((4, 2)), 0.0), "stddev must be a number above 0"),
        ((np.zeros((3, 2)), np.zeros((4, 2)), math.nan), "stddev must be a number above 0"),
    ],
)
def test_counts_refused(arguments: tuple[np.ndarray, np.ndarray, float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        mode_counts(*arguments)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ring(0), "num_modes must be at least 1. Received: 0"),
        (lambda: ring(radius=0), "radius must be a number above 0"),
        (lambda: ring(stddev=-1), "stddev must be a number above 0"),
        (lambda: square_grid(0), "side must be at least 1"),
        (lambda: square_grid(spacing=math.inf), "spacing must be a number above 0"),
        (lambda: sample_modes(np.zeros(2), 1.0, 5, 0), "centres must have the shape"),
        (lambda: sample_modes(np.zeros((1, 2)), 0.0, 5, 0), "stddev must be"),
        (lambda: sample_modes(np.zeros((1, 2)), 1.0, 0, 0), "count must be at least 1"),
        (lambda: sample_modes(np.zeros((1, 2)), 1.0, 5, -1), "seed not negative"),
    ],
)
def test_mixtures_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()


@pytest.mark.parametrize(
    "digits", [np.zeros((5, 2), int), np.zeros(3, int), np.zeros((5, 3)), np.full((5, 3), 10), np.zeros((0, 3), int)]
)
def test_digits_that_are_none(digits: np.ndarray) -> None:
    with pytest.raises(InputError, match=r"predicted must be .* Received: "):
        stacked_modes(digits)


@pytest.mark.parametrize(
    ("images", "labels", "count", "seed", "message"),
    [
        (np.zeros((2, 8, 8, 3), np.uint8), np.zeros(2, int), 5, 0, "images must be uint8"),
        (np.zeros((2, 8, 8, 1)), np.zeros(2, int), 5, 0, "images must be uint8"),
        (np.zeros((2, 8, 8, 1), np.uint8), np.zeros(3, int), 5, 0, "labels must be as many as the images, 2"),
        (np.zeros((2, 8, 8, 1), np.uint8), np.full(2, 10), 5, 0, "Labels must be in 0..9"),
        (np.zeros((2, 8, 8, 1), np.uint8), np.zeros(2, int), 0, 0, "count must be at least 1"),
        (np.zeros((2, 8, 8, 1), np.uint8), np.zeros(2, int), 5, -1, "seed not negative"),
    ],
)
def test_stacks_refused(images: np.ndarray, labels: np.ndarray, count: int, seed: int, message: str) -> None:
    with pytest.raises(InputError, match=message):
        stack_digits(images, labels, count, seed)
