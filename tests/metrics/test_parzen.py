import math

import numpy as np
import pytest
from sklearn.neighbors import KernelDensity

from tfgan_suite.data.image_data import ImageData
from tfgan_suite.errors import InputError
from tfgan_suite.metrics import parzen
from tfgan_suite.metrics.parzen import SIGMAS, choose_sigma, parzen_log_likelihood


def uniform(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(size=shape)


def log_normal(squared_distance: float, sigma: float, dimension: int) -> float:
    return -squared_distance / (2 * sigma**2) - dimension / 2 * math.log(2 * math.pi * sigma**2)


@pytest.mark.parametrize("sigma", [0.1, 0.5, 2.0])
def test_one_sample_and_one_test_image_are_one_gaussian(sigma: float) -> None:
    mean, error = parzen_log_likelihood(np.array([[0.0, 0.5, 1.0]]), np.array([[1.0, 0.5, 0.5]]), sigma)
    assert mean == pytest.approx(log_normal(1.25, sigma, 3), rel=1e-12)
    assert error == 0


def test_two_samples_and_two_test_images_by_hand() -> None:
    mean, error = parzen_log_likelihood(np.array([[0.0], [1.0]]), np.array([[0.0], [0.5]]), 0.5)
    at_sample = math.log((1 + math.exp(-2)) / 2) + log_normal(0, 0.5, 1)
    between = log_normal(0.25, 0.5, 1)
    assert mean == pytest.approx((at_sample + between) / 2, rel=1e-12)
    # The standard deviation of two numbers, divided by 2, is half their distance.
    assert error == pytest.approx(abs(at_sample - between) / 2 / math.sqrt(2), rel=1e-12)


def test_the_direct_sum_of_the_reference() -> None:
    mean, error = parzen_log_likelihood(uniform(3, 200, 784), uniform(4, 50, 784), 0.2)
    assert mean == pytest.approx(-927.6443571930557, rel=1e-9)
    assert error == pytest.approx(4.018827051683962, rel=1e-9)


@pytest.mark.parametrize("sigma", [0.05, 0.3])
def test_as_the_kernel_density_of_scikit_learn(small_digits: ImageData, sigma: float) -> None:
    rows = small_digits.images.reshape(-1, 64) / 255.0
    # One leaf is a direct sum. In so many dimensions the default tree is off, by two thirds at sigma 0.05.
    density = KernelDensity(bandwidth=sigma, algorithm="ball_tree", leaf_size=500).fit(rows[:500])
    mean, _ = parzen_log_likelihood(rows[:500], rows[500:700], sigma)
    assert mean == pytest.approx(density.score_samples(rows[500:700]).mean(), rel=1e-9)


def test_blocks_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    samples, test = uniform(0, 30, 5), uniform(1, 23, 5)
    whole = parzen_log_likelihood(samples, test, 0.2)
    monkeypatch.setattr(parzen, "BLOCK_ENTRIES", 100)  # three rows a block, two in the last
    assert parzen_log_likelihood(samples, test, 0.2) == pytest.approx(whole, rel=1e-13)


def test_far_away_is_not_minus_infinity() -> None:
    """exp(-500,000) is 0 in float64."""
    mean, _ = parzen_log_likelihood(np.zeros((3, 1)), np.ones((1, 1)), 1e-3)
    assert mean == pytest.approx(log_normal(1, 1e-3, 1), rel=1e-9)


def test_copies_of_the_test_set_are_likelier_than_other_images(small_digits: ImageData) -> None:
    rows = small_digits.images.reshape(-1, 64) / 255.0
    own, _ = parzen_log_likelihood(rows[:100], rows[:100], 0.1)
    others, _ = parzen_log_likelihood(rows[100:200], rows[:100], 0.1)
    assert own > others + 10


def test_the_widths_of_2014() -> None:
    assert len(SIGMAS) == 10
    assert (SIGMAS[0], SIGMAS[-1]) == (pytest.approx(0.1), pytest.approx(1))
    np.testing.assert_allclose(np.divide(SIGMAS[1:], SIGMAS[:-1]), 10 ** (1 / 9))


def test_the_likeliest_width_is_chosen() -> None:
    """The likelihood of one image at distance r from one sample is highest at sigma = r / sqrt(D)."""
    samples, validation = np.full((1, 400), 0.3), np.full((1, 400), 0.5)
    assert choose_sigma(samples, validation, sigmas=[0.1, 0.15, 0.2, 0.25, 0.4]) == 0.2


def test_the_choice_is_that_of_the_likelihoods(small_digits: ImageData) -> None:
    rows = small_digits.images.reshape(-1, 64) / 255.0
    likelihoods = [parzen_log_likelihood(rows[:300], rows[300:400], sigma)[0] for sigma in SIGMAS]
    assert choose_sigma(rows[:300], rows[300:400]) == SIGMAS[int(np.argmax(likelihoods))]


def test_a_thousand_validation_images_choose() -> None:
    near, far = np.full((1000, 2), 0.1), np.full((5000, 2), 0.9)
    samples = np.full((1, 2), 0.1)
    assert choose_sigma(samples, np.concatenate([near, far])) == SIGMAS[0]
    assert choose_sigma(samples, np.concatenate([near[100:], far])) > SIGMAS[0]


@pytest.mark.parametrize(
    ("samples", "test", "sigma", "message"),
    [
        (np.zeros((2, 3)), np.zeros((2, 4)), 0.1, "Received: 3 and 4"),
        (np.zeros((2, 3, 1)), np.zeros((2, 3)), 0.1, r"samples must have the shape .* \(2, 3, 1\)"),
        (np.zeros((0, 3)), np.zeros((2, 3)), 0.1, "samples must have at least 1 rows"),
        (np.zeros((2, 3)), np.zeros((0, 3)), 0.1, "test must have at least 1 rows"),
        (np.zeros((2, 3)), np.full((2, 3), 255, np.uint8), 0.1, "test must be pixels in .* Received: 255 to 255"),
        (np.full((2, 3), -1.0), np.zeros((2, 3)), 0.1, "samples must be pixels"),
        (np.full((2, 3), np.nan), np.zeros((2, 3)), 0.1, "samples must be finite"),
        (np.zeros((2, 3)), np.zeros((2, 3)), 0.0, "above 0"),
        (np.zeros((2, 3)), np.zeros((2, 3)), -0.1, "above 0"),
        (np.zeros((2, 3)), np.zeros((2, 3)), math.nan, "above 0"),
        (np.zeros((2, 3)), np.zeros((2, 3)), math.inf, "above 0"),
    ],
)
def test_refused(samples: np.ndarray, test: np.ndarray, sigma: float, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parzen_log_likelihood(samples, test, sigma)
    with pytest.raises(InputError, match=message.replace("test", "validation")):
        choose_sigma(samples, test, [0.1, sigma])


def test_no_widths() -> None:
    with pytest.raises(InputError, match="above 0"):
        choose_sigma(np.zeros((2, 3)), np.zeros((2, 3)), [])
