"""What no distance takes."""

from collections.abc import Callable

import numpy as np
import pytest

from tfgan_suite.errors import InputError
from tfgan_suite.metrics.coverage import density_coverage
from tfgan_suite.metrics.features import check_features, check_rows
from tfgan_suite.metrics.frechet import frechet_distance, frechet_distance_infinity
from tfgan_suite.metrics.kernel import kernel_distance
from tfgan_suite.metrics.precision import precision_recall

DISTANCES: list[Callable[..., object]] = [
    frechet_distance,
    frechet_distance_infinity,
    kernel_distance,
    precision_recall,
    density_coverage,
]
GOOD = np.random.default_rng(0).normal(size=(40, 2))


def damaged(value: float) -> np.ndarray:
    rows = GOOD.copy()
    rows[7, 1] = value
    return rows


BAD = {
    "one axis": (GOOD[:, 0], r"Received: \(40,\)"),
    "images": (GOOD[:, :, None], r"Received: \(40, 2, 1\)"),
    "no features": (GOOD[:, :0], r"Received: \(40, 0\)"),
    "one row": (GOOD[:1], "Received: 1"),
    "NaN": (damaged(np.nan), "1 of 40 rows"),
    "infinity": (damaged(-np.inf), "1 of 40 rows"),
    "another number of features": (GOOD[:, :1], "same number of features"),
}


@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize("case", BAD)
def test_every_distance_refuses(distance: Callable[..., object], case: str) -> None:
    bad, message = BAD[case]
    with pytest.raises(InputError, match=message):
        distance(GOOD, bad)
    with pytest.raises(InputError, match=message if case != "another number of features" else "2"):
        distance(bad, GOOD)


def test_the_message_names_the_side() -> None:
    with pytest.raises(InputError, match="generated must have at least 9 rows"):
        check_features(GOOD, GOOD[:8], at_least=9)
    with pytest.raises(InputError, match="real must be finite"):
        check_features(damaged(np.nan), GOOD)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.uint8, np.float64])
def test_features_are_float64_inside(dtype: type) -> None:
    rows = check_rows(np.ones((3, 2), dtype), "features", at_least=3)
    assert rows.dtype == np.float64
    assert rows.shape == (3, 2)
