"""Metrics of images beside those that they should be: by hand, beside TensorFlow's and beside scikit-image's."""

import math

import numpy as np
import pytest
import tensorflow as tf

from tfgan_suite.errors import InputError
from tfgan_suite.metrics.absolute import l1_distance
from tfgan_suite.metrics.peak_noise import MOST_DECIBELS, psnr
from tfgan_suite.metrics.structure import BORDER, SIDE, SIGMA, ssim

RANDOM = np.random.default_rng(0)
TRUE = RANDOM.integers(0, 256, (4, 20, 31, 3)).astype(np.uint8)
MADE = np.clip(TRUE + RANDOM.normal(size=TRUE.shape) * 40, 0, 255).astype(np.uint8)
# Of MADE and TRUE: structural_similarity of scikit-image 0.26.0 with gaussian_weights, sigma 1.5, biased covariance,
# data_range 255 and channel_axis -1.
OF_SCIKIT_IMAGE = [0.8694254489595187, 0.8834170234764706, 0.8790280892812685, 0.8748934322012989]


def test_by_hand() -> None:
    """Of 2x2 pixels one is 3 off and one 4: mean 7/4, mean square 25/4."""
    true = np.zeros((1, 2, 2, 1), np.uint8)
    made = np.array([[[[3], [0]], [[0], [4]]]], np.uint8)
    assert l1_distance(made, true) == [7 / 4]
    assert psnr(made, true) == pytest.approx([10 * math.log10(255**2 / (25 / 4))], rel=1e-15)
    assert psnr(made, true, span=2.0) == pytest.approx([10 * math.log10(4 / (25 / 4))], rel=1e-15)
    where = np.array([[[True, False], [True, True]]])  # of 3, 0 and 4
    assert l1_distance(made, true, where) == [7 / 3]
    assert psnr(made, true, where) == pytest.approx([10 * math.log10(255**2 / (25 / 3))], rel=1e-15)


def test_unsigned_levels_do_not_wrap_around() -> None:
    low, high = np.zeros((1, 1, 1, 1), np.uint8), np.full((1, 1, 1, 1), 200, np.uint8)
    assert l1_distance(low, high) == l1_distance(high, low) == [200]


def test_equal_images_have_the_most() -> None:
    assert psnr(TRUE, TRUE).tolist() == [MOST_DECIBELS] * 4
    assert ssim(TRUE, TRUE) == pytest.approx([1.0] * 4, abs=1e-12)
    assert l1_distance(TRUE, TRUE).tolist() == [0.0] * 4


def test_tensorflows_values() -> None:
    made, true = tf.constant(MADE), tf.constant(TRUE)
    assert psnr(MADE, TRUE) == pytest.approx(tf.image.psnr(made, true, 255).numpy(), rel=1e-6)
    assert ssim(MADE, TRUE) == pytest.approx(tf.image.ssim(made, true, 255).numpy(), rel=2e-6)
    floats = [array.astype(np.float32) / 127.5 - 1 for array in (MADE, TRUE)]
    assert ssim(*floats, span=2.0) == pytest.approx(tf.image.ssim(*floats, 2.0).numpy(), abs=2e-5)


def test_scikit_images_values() -> None:
    assert ssim(MADE, TRUE) == pytest.approx(OF_SCIKIT_IMAGE, rel=1e-13)
    metrics = pytest.importorskip("skimage.metrics", exc_type=ImportError)
    same = {"gaussian_weights": True, "sigma": SIGMA, "use_sample_covariance": False, "channel_axis": -1}
    theirs = [metrics.structural_similarity(a, b, data_range=255, **same) for a, b in zip(MADE, TRUE, strict=True)]
    assert ssim(MADE, TRUE) == pytest.approx(theirs, rel=1e-13)


def test_ssim_of_a_place_is_its_index() -> None:
    """An image of one window has one index; in a larger image the same window counts alone, whatever is around it."""
    cut = slice(None), slice(4, 4 + SIDE), slice(9, 9 + SIDE)
    where = np.zeros(TRUE.shape[:3], bool)
    where[:, 4 + BORDER, 9 + BORDER] = True
    assert ssim(MADE, TRUE, where) == pytest.approx(ssim(MADE[cut], TRUE[cut]), rel=1e-12)


@pytest.mark.parametrize("measure", [l1_distance, ssim])
def test_parts_join_to_the_whole(measure: object) -> None:
    where = RANDOM.random(TRUE.shape[:3]) < 0.3
    border = BORDER if measure is ssim else 0
    share = where[:, border : 20 - border, border : 31 - border].mean(axis=(1, 2))
    inside, outside = (measure(MADE, TRUE, places) for places in (where, ~where))  # type: ignore[operator]
    np.testing.assert_allclose(share * inside + (1 - share) * outside, measure(MADE, TRUE), rtol=1e-12)  # type: ignore[operator]


@pytest.mark.parametrize("measure", [l1_distance, psnr, ssim])
def test_an_image_without_a_place_has_no_number(measure: object) -> None:
    where = np.ones(TRUE.shape[:3], bool)
    where[1] = False
    where[2, BORDER:-BORDER, BORDER:-BORDER] = False  # no window fits around what is left
    lacking = np.isnan(measure(MADE, TRUE, where))  # type: ignore[operator]
    assert lacking.tolist() == [False, True, measure is ssim, False]


def test_many_images_are_those_of_parts() -> None:
    made, true = (RANDOM.integers(0, 256, (600, 12, 11, 1)).astype(np.uint8) for _ in range(2))
    for measure in (l1_distance, psnr, ssim):
        apart = np.concatenate([measure(made[i : i + 7], true[i : i + 7]) for i in range(0, 600, 7)])
        np.testing.assert_array_equal(measure(made, true), apart)


def test_small_images_are_refused_in_a_line() -> None:
    with pytest.raises(InputError, match=r"^ssim looks through windows of 11x11 pixels\. Received: images of 10x31\.$"):
        ssim(MADE[:, :10], TRUE[:, :10])


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((MADE, TRUE[:3]), "must have one shape"),
        ((MADE[0], TRUE[0]), r"made must be finite numbers \(N, H, W, C\)"),
        ((MADE[:0], TRUE[:0]), "at least one image"),
        ((MADE, np.full(TRUE.shape, np.nan)), "true must be finite"),
        ((MADE, TRUE, np.ones(TRUE.shape[:3])), "where must be bool"),
        ((MADE, TRUE, np.ones(TRUE.shape, bool)), "where must be bool"),
    ],
)
def test_other_arrays(arguments: tuple[np.ndarray, ...], named: str) -> None:
    for measure in (l1_distance, psnr, ssim):
        with pytest.raises(InputError, match=named):
            measure(*arguments)
