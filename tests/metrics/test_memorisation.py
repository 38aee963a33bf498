import numpy as np
import pytest
from scipy.spatial.distance import cdist

from tfgan_suite.data.image_data import ImageData
from tfgan_suite.errors import InputError
from tfgan_suite.metrics.memorisation import Memorisation, image_rows, memorisation_ratio, nearest_distances


def column(*values: float) -> np.ndarray:
    return np.array(values, float)[:, None]


def test_by_hand() -> None:
    """Held-out distances 1, 2, 3, 4: median 2.5, lower quartile 1.75. Generated: 0.5, 1.75, 2, 30."""
    train, held_out = column(0, 100, 200), column(1, 98, 203, -4)
    generated = column(0.5, 101.75, 198, 230)
    assert memorisation_ratio(generated, train, held_out, quantile=0.25) == Memorisation(1.875 / 2.5, 0.5)


def test_a_copied_set_is_found(small_digits: ImageData) -> None:
    train, held_out = small_digits.images[:1000], small_digits.images[1000:1500]
    copies = train[np.random.default_rng(0).integers(1000, size=200)]
    assert memorisation_ratio(copies, train, held_out) == Memorisation(0, 1)


def test_real_images_have_a_ratio_of_one(small_digits: ImageData) -> None:
    images = small_digits.images[np.random.default_rng(0).permutation(1797)]
    ratio, share = memorisation_ratio(images[1000:1400], images[:1000], images[1400:])
    assert ratio == pytest.approx(1, abs=0.05)
    assert share == pytest.approx(0.01, abs=0.015)


def test_a_tenth_of_copies_shows_in_the_share(small_digits: ImageData) -> None:
    images = small_digits.images[np.random.default_rng(0).permutation(1797)]
    generated = np.concatenate([images[:40], images[1000:1360]])
    ratio, share = memorisation_ratio(generated, images[:1000], images[1400:])
    assert ratio > 0.85
    assert share == pytest.approx(0.11, abs=0.015)


def test_the_scale_does_not_matter(small_digits: ImageData) -> None:
    images = small_digits.images.astype(np.float64)
    parts = images[:300], images[300:1000], images[1000:1300]
    whole = memorisation_ratio(*parts)
    scaled = memorisation_ratio(*(part / 127.5 - 1 for part in parts))
    assert scaled.ratio == pytest.approx(whole.ratio, rel=1e-12)
    assert scaled.share == whole.share


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_nearest_distances_are_the_direct_ones(small_digits: ImageData, dtype: type) -> None:
    rows, among = image_rows(
        rows=small_digits.images[:1200].astype(dtype), among=small_digits.images[1200:].astype(dtype)
    )
    np.testing.assert_allclose(nearest_distances(rows, among), cdist(rows, among).min(axis=1), rtol=1e-12)


def test_a_copy_has_distance_zero_far_from_the_origin() -> None:
    rows = 1e6 + np.random.default_rng(0).normal(size=(50, 20))
    assert not nearest_distances(rows, rows[::-1]).any()


@pytest.mark.parametrize(
    ("generated", "message"),
    [
        (np.zeros((4, 2)), "of one shape"),
        (np.zeros(4), r"must be \(N, ...\)"),
        (np.zeros((0, 1)), "at least one row"),
        (np.zeros((4, 1), np.uint8), "on one scale"),
        (np.zeros((4, 1), complex), "on one scale"),
        (np.full((4, 1), np.nan), "must be finite"),
        (np.full((4, 1), np.inf), "must be finite"),
    ],
)
def test_arrays_that_do_not_fit(generated: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message + ".* Received: .*generated"):
        memorisation_ratio(generated, column(0, 1), np.arange(200.0)[:, None])


def test_too_few_held_out_images() -> None:
    with pytest.raises(InputError, match=r"at least 100 of them. Received: 99"):
        memorisation_ratio(column(0), column(0, 1), np.arange(99.0)[:, None])
    memorisation_ratio(column(0), column(0, 1), np.arange(100.0)[:, None])


@pytest.mark.parametrize("quantile", [0.0, 1.0, -0.1, np.nan])
def test_a_quantile_that_is_none(quantile: float) -> None:
    with pytest.raises(InputError, match="quantile must be between 0 and 1"):
        memorisation_ratio(column(0), column(0, 1), np.arange(200.0)[:, None], quantile)


def test_held_out_images_that_were_trained_on() -> None:
    train = np.arange(200.0)[:, None]
    with pytest.raises(InputError, match="held_out must not be images of train"):
        memorisation_ratio(column(0.5), train, train[:150])
