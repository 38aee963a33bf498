"""The zoom and the blur beside SciPy's, and the choice among them."""

import numpy as np
import pytest
from scipy import ndimage

from tfgan_suite.metrics import zoom_blur
from tfgan_suite.metrics.zoom_blur import SIGMAS, ZOOMS, ZoomBlur, changed, zoom_and_blur


def pictures(rows: int = 3, height: int = 9, width: int = 12) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (rows, height, width, 2)).astype(np.uint8)


@pytest.mark.parametrize("how", [ZoomBlur(0.8, 1.0), ZoomBlur(1.2, 0.0), ZoomBlur(1.0, 0.5), ZoomBlur(1.05, 2.0)])
def test_it_is_what_scipy_does_with_pictures(how: ZoomBlur) -> None:
    images, scale = pictures(), 1 / how.zoom
    middle = (np.array(images.shape[1:3]) - 1) / 2
    offset = [0, *(middle - scale * middle), 0]
    expected = ndimage.affine_transform(images.astype(float), [1, scale, scale, 1], offset, order=1, mode="nearest")
    expected = ndimage.gaussian_filter(expected, (0, how.sigma, how.sigma, 0), mode="nearest")
    assert np.abs(changed(images, how) - expected).max() < 0.501  # to the next level


def test_zoomed_by_hand() -> None:
    """Of 5 pixels every second one, about the middle, and the edge's beyond them; a blur has no place."""
    row = np.array([10, 20, 30, 40, 50], np.uint8).reshape(1, 1, 5, 1)
    assert changed(row, ZoomBlur(0.5, 0.0)).ravel().tolist() == [10, 10, 30, 50, 50]
    assert changed(row, ZoomBlur(2.0, 0.0)).ravel().tolist() == [20, 25, 30, 35, 40]
    np.testing.assert_array_equal(changed(row, ZoomBlur(1.0, 0.0)), row)


@pytest.mark.parametrize("how", [ZoomBlur(0.9, 1.5), ZoomBlur(1.2, 0.0), ZoomBlur(1.0, 0.5)])
def test_the_right_one_is_chosen(how: ZoomBlur) -> None:
    sources = pictures(20)
    assert how.zoom in ZOOMS and how.sigma in SIGMAS
    found, chosen = zoom_and_blur(sources, changed(sources, how).astype(np.uint8))
    assert chosen == how and found.dtype == np.uint8
    np.testing.assert_array_equal(found, changed(sources, how))
    assert str(ZoomBlur(0.9, 1.5)) == "zoomed 0.9 times and blurred by 1.5 pixels"


def test_it_is_never_worse_than_the_input(monkeypatch: pytest.MonkeyPatch) -> None:
    sources, targets = pictures(20), pictures(20)[::-1]
    found, _ = zoom_and_blur(sources, targets)
    distances = [np.abs(each.astype(float) - targets).mean() for each in (found, sources)]
    assert distances[0] < distances[1]
    same, chosen = zoom_and_blur(sources, sources)
    np.testing.assert_array_equal(same, sources)
    assert chosen == ZoomBlur(1.0, 0.0)
    # In parts, and chosen by some pairs that lie evenly among all.
    monkeypatch.setattr(zoom_blur, "MOST_NUMBERS", 17 * sources[0].size)
    few, of_few = zoom_and_blur(sources, targets)
    np.testing.assert_array_equal(few, changed(sources, of_few))
