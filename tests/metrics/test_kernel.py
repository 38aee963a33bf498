from itertools import product

import numpy as np
import pytest

from tfgan_suite.errors import InputError
from tfgan_suite.metrics.kernel import kernel_distance

REAL = np.random.default_rng(0).normal(size=(1000, 16))
GENERATED = np.random.default_rng(1).normal(size=(1000, 16)) * 1.2 + 0.3
REFERENCE = 0.3410695859948274  # torch-fidelity 0.4.0, one subset of all rows


def test_the_references_value_on_all_rows() -> None:
    mean, deviation = kernel_distance(REAL, GENERATED, subsets=1, subset_size=1000)
    assert mean == pytest.approx(REFERENCE, rel=1e-12)
    assert deviation == 0


def test_by_hand() -> None:
    """k(0, 1) = 1, k(2, 3) = 7^3; between the sets 1, 1, 3^3, 4^3, whose mean is 23.25."""
    assert kernel_distance([[0], [1]], [[2], [3]], subsets=3, subset_size=2) == (1 + 343 - 46.5, 0)


def test_by_hand_with_two_features() -> None:
    """The product is divided by F: k((2, 0), (2, 2)) = (4 / 2 + 1)^3 = 27; all products with (0, 0) give 1."""
    real, generated = [[2, 0], [2, 2]], [[0, 0], [0, 0]]
    assert kernel_distance(real, generated, subsets=1, subset_size=2) == (27 + 1 - 2, 0)


def test_subsets_are_drawn_without_replacement_from_each_set() -> None:
    """Every subset of 2 of {0, 1, 2} on either side, and nothing else."""
    side = (0.0, 1.0, 2.0)
    pairs = [(a, b) for a, b in product(side, side) if a < b]

    def of_pairs(x: tuple[float, float], y: tuple[float, float]) -> float:
        between = np.mean([(a * b + 1) ** 3 for a, b in product(x, y)])
        return (x[0] * x[1] + 1) ** 3 + (y[0] * y[1] + 1) ** 3 - 2 * float(between)

    rows = np.array(side)[:, None]
    seen = {round(kernel_distance(rows, rows, subsets=1, subset_size=2, seed=seed)[0], 9) for seed in range(200)}
    assert seen == {round(of_pairs(x, y), 9) for x, y in product(pairs, pairs)}


def test_unbiased() -> None:
    """Equal distributions: 0 within four standard errors, below 0 for about every other draw."""
    rng = np.random.default_rng(0)
    values = np.array(
        [kernel_distance(rng.normal(size=(20, 4)), rng.normal(size=(30, 4)), 1, 20)[0] for _ in range(500)]
    )
    error = values.std() / np.sqrt(len(values))
    assert abs(values.mean()) < 4 * error
    assert 0.3 < np.mean(values < 0) < 0.8
    assert 4 * error < 0.5  # the diagonals, left in, would add about 1


def test_mean_and_deviation_over_subsets() -> None:
    """More subsets change the mean little; their deviation falls with the subset's size."""
    few, few_deviation = kernel_distance(REAL, GENERATED, subsets=50, subset_size=50)
    many, many_deviation = kernel_distance(REAL, GENERATED, subsets=50, subset_size=500)
    assert few == pytest.approx(REFERENCE, abs=4 * few_deviation / np.sqrt(50))
    assert many == pytest.approx(REFERENCE, abs=0.03)
    assert many_deviation < 0.5 * few_deviation


def test_a_function_of_its_seed() -> None:
    first, again, other = (kernel_distance(REAL, GENERATED, 3, 100, seed) for seed in (1, 1, 2))
    assert first == again
    assert first[0] != other[0]


@pytest.mark.parametrize("subset_size", [-1, 0, 1, 21])
def test_subsets_out_of_range(subset_size: int) -> None:
    with pytest.raises(InputError, match=rf"from 2 to the number of samples, 20\. Received: {subset_size}"):
        kernel_distance(REAL[:20], GENERATED, subset_size=subset_size)
    with pytest.raises(InputError, match="20"):
        kernel_distance(REAL, GENERATED[:20], subset_size=subset_size)


def test_no_subset() -> None:
    with pytest.raises(InputError, match=r"subsets must be at least 1\. Received: 0"):
        kernel_distance(REAL, GENERATED, subsets=0)


def test_torch_fidelity_agrees() -> None:
    theirs = pytest.importorskip("torch_fidelity.metric_kid", exc_type=ImportError)
    polynomial = {"kid_kernel_poly_degree": 3, "kid_kernel_poly_gamma": None, "kid_kernel_poly_coef0": 1}
    expected = theirs.kernel_mmd(REAL, GENERATED, kid_kernel="poly", **polynomial)
    assert kernel_distance(REAL, GENERATED, 1, 1000)[0] == pytest.approx(expected, rel=1e-12)
