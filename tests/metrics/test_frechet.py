from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tfgan_suite.errors import InputError
from tfgan_suite.metrics.frechet import (
    frechet_distance,
    frechet_distance_infinity,
    frechet_distance_of_moments,
    frechet_standard_error,
    moments,
)

REAL = np.random.default_rng(0).normal(size=(1000, 16))
GENERATED = np.random.default_rng(1).normal(size=(1000, 16)) * 1.2 + 0.3
# torch-fidelity 0.4.0 and clean-fid 0.1.35.
REFERENCES = (2.084357301690936, 2.0843573016909573)


def gaussian(mean: Any, covariance: Any, count: int = 50, seed: int = 0) -> np.ndarray:
    """Rows whose sample moments are these exactly, but for rounding."""
    rows = np.random.default_rng(seed).normal(size=(count, len(mean)))
    white, _ = np.linalg.qr(rows - rows.mean(axis=0))
    return mean + white * np.sqrt(count - 1) @ np.linalg.cholesky(covariance).T


def nuclear_norm_distance(real: np.ndarray, generated: np.ndarray) -> float:
    """From the rows themselves, without a covariance: tr (S1 S2)^1/2 is the nuclear norm of A B^T, S1 = A^T A."""
    a, b = ((rows - rows.mean(axis=0)) / np.sqrt(len(rows) - 1) for rows in (real, generated))
    means = np.sum((real.mean(axis=0) - generated.mean(axis=0)) ** 2)
    return float(means + np.sum(a**2) + np.sum(b**2) - 2 * np.linalg.norm(a @ b.T, "nuc"))


@pytest.mark.parametrize("reference", REFERENCES)
def test_the_references_value(reference: float) -> None:
    assert frechet_distance(REAL, GENERATED) == pytest.approx(reference, rel=1e-9)


def test_diagonal_gaussians_in_closed_form() -> None:
    """sum (m1 - m2)^2 + sum (s1 - s2)^2 = (1 + 4 + 0) + (1 + 0 + 0.25)."""
    real = gaussian([0, 1, 5], np.diag([4.0, 9.0, 1.0]), seed=1)
    generated = gaussian([1, 3, 5], np.diag([1.0, 9.0, 0.25]), seed=2)
    assert frechet_distance(real, generated) == pytest.approx(6.25, rel=1e-12)


def test_covariances_that_do_not_commute_in_closed_form() -> None:
    """In two dimensions (tr (S1 S2)^1/2)^2 = tr S1 S2 + 2 sqrt(det S1 S2)."""
    first, second = np.array([[2.0, 1.0], [1.0, 3.0]]), np.array([[5.0, -2.0], [-2.0, 1.0]])
    cross = np.sqrt(np.trace(first @ second) + 2 * np.sqrt(np.linalg.det(first @ second)))
    expected = np.trace(first + second) - 2 * cross
    real, generated = gaussian([7, 7], first, seed=1), gaussian([7, 7], second, seed=2)
    assert frechet_distance(real, generated) == pytest.approx(expected, rel=1e-12)


def test_one_feature() -> None:
    """(m1 - m2)^2 + (s1 - s2)^2, with s^2 = 2 and 8."""
    assert frechet_distance([[0], [2]], [[4], [8]]) == pytest.approx(25 + 2, rel=1e-12)


def test_features_that_vary_in_different_directions() -> None:
    """Singular covariances: s1^2 + s2^2 where the directions are orthogonal."""
    steps = np.array([-1.0, 0.0, 1.0])[:, None]
    real, generated = steps * [3.0, 0.0, 0.0, 0.0], steps * [0.0, 0.0, 2.0, 0.0]
    assert frechet_distance(real, generated) == pytest.approx(9 + 4, rel=1e-12)


@pytest.mark.parametrize(("rows", "others"), [(30, 30), (30, 200), (200, 30), (100, 100)])
def test_fewer_rows_than_features(rows: int, others: int) -> None:
    rng = np.random.default_rng(0)
    real, generated = rng.normal(size=(rows, 100)), rng.normal(size=(others, 100)) * np.logspace(0, -3, 100)
    assert frechet_distance(real, generated) == pytest.approx(nuclear_norm_distance(real, generated), rel=1e-11)
    assert frechet_distance(real, real[::-1]) == pytest.approx(0, abs=1e-10)


def test_generated_images_that_are_all_equal() -> None:
    """Only the real covariance and the means are left."""
    generated = np.ones((20, 16))
    expected = np.sum((REAL.mean(axis=0) - 1) ** 2) + REAL.var(axis=0, ddof=1).sum()
    assert frechet_distance(REAL, generated) == pytest.approx(expected, rel=1e-12)
    assert frechet_distance(generated, REAL) == pytest.approx(expected, rel=1e-12)
    assert frechet_distance(generated, generated) == 0


def test_symmetry() -> None:
    assert frechet_distance(GENERATED, REAL) == pytest.approx(frechet_distance(REAL, GENERATED), rel=1e-12)


def test_far_from_the_origin() -> None:
    assert frechet_distance(REAL + 1e5, GENERATED + 1e5) == pytest.approx(REFERENCES[0], rel=1e-9)


def test_moments() -> None:
    three = moments([[1, 0], [3, 0], [5, 6]])
    assert three.count == 3
    np.testing.assert_array_equal(three.mean, [3, 2])
    np.testing.assert_allclose(three.covariance, [[4, 6], [6, 12]], rtol=1e-15)
    assert moments([[1], [3]]).covariance.shape == (1, 1)


def test_moments_that_are_kept() -> None:
    assert frechet_distance_of_moments(moments(REAL), moments(GENERATED)) == frechet_distance(REAL, GENERATED)


def test_moments_that_do_not_fit_each_other() -> None:
    with pytest.raises(InputError, match="Received: 16 and 3"):
        frechet_distance_of_moments(moments(REAL), moments(REAL[:, :3]))
    with pytest.raises(InputError, match="at least 2 rows"):
        moments(REAL[:1])


def test_infinity_takes_away_the_bias_of_few_generated_images() -> None:
    """Equal distributions. What is left is the distance of the real sample from the distribution itself."""
    real = np.random.default_rng(9).normal(size=(20_000, 8))
    whole = moments(real)
    truth = frechet_distance_of_moments(whole, replace(whole, mean=np.zeros(8), covariance=np.eye(8)))
    draws = [np.random.default_rng(seed).normal(size=(400, 8)) for seed in range(12)]
    plain = np.array([frechet_distance(real, draw) for draw in draws]) - truth
    infinite = np.array([frechet_distance_infinity(real, draw, seed=1) for draw in draws]) - truth
    assert (infinite < plain).all()
    assert abs(infinite.mean()) < 0.2 * plain.mean()


def test_infinity_keeps_a_true_difference() -> None:
    """A shift by 1 in each of 4 features, with no other difference: 4."""
    rng = np.random.default_rng(0)
    real, generated = rng.normal(size=(5000, 4)), rng.normal(size=(5000, 4)) + 1
    assert frechet_distance_infinity(real, generated) == pytest.approx(4, abs=0.2)


def test_infinity_is_a_function_of_its_seed() -> None:
    first, again, other = (frechet_distance_infinity(REAL, GENERATED, seed=seed) for seed in (1, 1, 2))
    assert first == again != other


def test_infinity_refuses_what_gives_no_line() -> None:
    with pytest.raises(InputError, match="at least 2 points"):
        frechet_distance_infinity(REAL, GENERATED, points=1)
    with pytest.raises(InputError, match=r"at least 128 generated images\. Received: 127"):
        frechet_distance_infinity(REAL, GENERATED[:127])
    assert np.isfinite(frechet_distance_infinity(REAL, GENERATED[:128], points=2))


def test_torch_fidelity_agrees() -> None:
    torch = pytest.importorskip("torch")
    theirs = pytest.importorskip("torch_fidelity.metric_fid", exc_type=ImportError)
    real, generated = (theirs.fid_features_to_statistics(torch.tensor(rows)) for rows in (REAL, GENERATED))
    expected = theirs.fid_statistics_to_metric(real, generated, verbose=False)["frechet_inception_distance"]
    assert frechet_distance(REAL, GENERATED) == pytest.approx(expected, rel=1e-9)


@pytest.mark.filterwarnings("ignore:The `disp` argument:DeprecationWarning")
def test_clean_fid_agrees() -> None:
    theirs = pytest.importorskip("cleanfid.fid", exc_type=ImportError)
    arguments = [part for rows in (REAL, GENERATED) for part in (rows.mean(axis=0), np.cov(rows, rowvar=False))]
    assert frechet_distance(REAL, GENERATED) == pytest.approx(theirs.frechet_distance(*arguments), rel=1e-9)


@pytest.mark.parametrize(("shift", "scale"), [(0.0, 1.5), (0.4, 1.0), (0.3, 0.8)])
def test_standard_error_is_the_spread_over_draws(shift: float, scale: float) -> None:
    """Of 300 draws of 500 images; their standard deviation is itself known to 4 %."""
    rng = np.random.default_rng(0)
    real = rng.normal(size=(4000, 4)) @ np.diag([1.0, 2.0, 0.5, 1.0])
    drawn = [shift + scale * rng.normal(size=(500, 4)) for _ in range(300)]
    spread = np.std([frechet_distance(real, generated) for generated in drawn])
    told = np.mean([frechet_standard_error(real, generated) for generated in drawn])
    assert told == pytest.approx(spread, rel=0.15)


def test_standard_error_of_flat_features_is_finite() -> None:
    """A feature that never varies, and fewer images than features."""
    rng = np.random.default_rng(0)
    real, generated = rng.normal(size=(2, 20, 30))
    real[:, 3] = generated[:, 3] = 1.0
    assert 0 < frechet_standard_error(real, generated) < np.inf
