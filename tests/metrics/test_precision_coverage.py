from typing import Any

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from tfgan_suite.errors import InputError
from tfgan_suite.metrics import neighbours
from tfgan_suite.metrics.coverage import density_coverage
from tfgan_suite.metrics.neighbours import count_in_balls
from tfgan_suite.metrics.precision import precision_recall

REAL = np.random.default_rng(0).normal(size=(1000, 16))
GENERATED = np.random.default_rng(1).normal(size=(1000, 16)) * 1.2 + 0.3


def column(*values: float) -> np.ndarray:
    return np.array(values, float)[:, None]


def direct_counts(centres: np.ndarray, points: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """From the definition, on whole numbers: squared distances without rounding."""

    def squared(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.square(a[:, None] - b[None]).sum(axis=2)

    reach = np.sort(squared(centres, centres), axis=1)[:, k]  # the first is the centre itself
    inside = squared(centres, points) < reach[:, None]
    return inside.sum(axis=0), inside.sum(axis=1)


def test_the_values_of_prdc() -> None:
    """prdc 0.2, k = 5."""
    assert precision_recall(REAL, GENERATED) == (0.535, 0.961)
    assert density_coverage(REAL, GENERATED) == (0.3634, 0.74)


def test_by_hand() -> None:
    """Real balls reach 10, 1, 1, 2, 4, 1, 1. Generated ones reach 3.5, 3.5, 16.

    0.5 lies in the balls of 0 and 1; 4 in those of 3 and 7; 20 in none. All real images but -10 lie in
    a ball of a generated one.
    """
    real, generated = column(-10, 0, 1, 3, 7, 30, 31), column(0.5, 4, 20)
    assert precision_recall(real, generated, k=1) == (2 / 3, 6 / 7)
    assert density_coverage(real, generated, k=1) == (4 / 3, 4 / 7)


def test_the_rim_is_outside() -> None:
    balls, points = count_in_balls(column(0, 1, 5), column(1, 2, 9, 1.9999), k=1)
    np.testing.assert_array_equal(balls, [1, 1, 0, 2])
    np.testing.assert_array_equal(points, [0, 2, 2])


@pytest.mark.parametrize("k", [1, 2, 5, 19])
@pytest.mark.parametrize(("offset", "scale"), [(0.0, 1.0), (0.0, 0.1), (1e6, 1.0), (-3.5, 2.0**-20)])
def test_ties_and_duplicates_are_those_of_exact_distances(k: int, offset: float, scale: float) -> None:
    """On a coarse grid most neighbours are tied and many rows equal; off it nothing is a round number."""
    rng = np.random.default_rng(k)
    centres, points = rng.integers(0, 4, (60, 5)), rng.integers(0, 4, (90, 5))
    counts = count_in_balls(offset + scale * centres, offset + scale * points, k)
    for received, expected in zip(counts, direct_counts(centres, points, k), strict=True):
        np.testing.assert_array_equal(received, expected)


@pytest.mark.parametrize("offset", [0.0, 100.0])
def test_a_copied_set_is_perfect(offset: float) -> None:
    """Each ball holds its own centre and k - 1 neighbours; the k-th is the rim."""
    real = REAL + offset
    copies = real[np.random.default_rng(0).permutation(1000)]
    assert precision_recall(real, copies) == (1, 1)
    assert density_coverage(real, copies) == (1, 1)


def test_images_with_k_copies_have_empty_balls() -> None:
    real = np.repeat(REAL[:50] + 100, 6, axis=0)
    assert precision_recall(real, real) == (0, 0)
    assert density_coverage(real, real) == (0, 0)
    assert precision_recall(real, real, k=6) == (1, 1)


def test_images_that_are_all_equal() -> None:
    assert precision_recall(np.zeros((8, 2)), np.zeros((9, 2))) == (0, 0)
    assert density_coverage(np.zeros((8, 2)), np.zeros((9, 2))) == (0, 0)


def test_equal_distributions_have_the_coverage_of_the_paper() -> None:
    """1 - 2^-k for many samples, density 1."""
    rng = np.random.default_rng(0)
    density, coverage = density_coverage(rng.normal(size=(3000, 2)), rng.normal(size=(3000, 2)), k=3)
    assert density == pytest.approx(1, abs=0.05)
    assert coverage == pytest.approx(1 - 2**-3, abs=0.03)


def test_density_does_not_forgive_what_an_outlier_makes_precise() -> None:
    """One real image far away has a ball in which everything lies."""
    real = np.concatenate([REAL[:500, :2], [[1000.0, 1000.0]]])
    generated = real[:500] + 300.0
    assert precision_recall(real, generated)[0] == 1
    assert density_coverage(real, generated)[0] == pytest.approx(1 / 5)


@pytest.mark.parametrize("distance", [1e3, 1e6, 1e9])
def test_an_image_far_away_does_not_blur_the_others(distance: float) -> None:
    generated = GENERATED.copy()
    generated[0] = distance
    real_reach, reach = (np.sort(cdist(rows, rows), axis=1)[:, 5] for rows in (REAL, generated))
    between = cdist(REAL, generated)
    precision, recall = (between < real_reach[:, None]).any(axis=0), (between < reach).any(axis=1)
    assert precision_recall(REAL, generated) == (precision.mean(), recall.mean())


def test_blocks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = count_in_balls(REAL, GENERATED, 5)
    monkeypatch.setattr(neighbours, "WORKING_MEMORY", 1)  # 131 rows at a time
    for received, expected in zip(count_in_balls(REAL, GENERATED, 5), whole, strict=True):
        np.testing.assert_array_equal(received, expected)


@pytest.mark.parametrize("metric", [precision_recall, density_coverage])
def test_k_out_of_range(metric: Any) -> None:
    with pytest.raises(InputError, match=r"k must be at least 1\. Received: 0"):
        metric(REAL, GENERATED, k=0)
    with pytest.raises(InputError, match=r"real must have at least 8 rows\. Received: 7"):
        metric(REAL[:7], GENERATED, k=7)
    with pytest.raises(InputError, match=r"generated must have at least 8 rows\. Received: 7"):
        metric(REAL, GENERATED[:7], k=7)
    assert metric(REAL[:8], GENERATED[:8], k=7)


@pytest.mark.parametrize("k", [1, 3, 10])
def test_prdc_agrees(k: int) -> None:
    prdc = pytest.importorskip("prdc", exc_type=ImportError)
    expected = prdc.compute_prdc(REAL[:400], GENERATED[:300], k)
    values = (*precision_recall(REAL[:400], GENERATED[:300], k), *density_coverage(REAL[:400], GENERATED[:300], k))
    received = dict(zip(("precision", "recall", "density", "coverage"), values, strict=True))
    assert received == pytest.approx(expected, rel=1e-15)
