import math
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from scipy.ndimage import distance_transform_edt, label

from tfgan_suite.data.degradations import DEGRADATIONS, Degradation
from tfgan_suite.errors import InputError
from tfgan_suite.images import to_float, to_uint8

RANDOM = np.random.default_rng(0)
PIXELS = RANDOM.integers(0, 256, (12, 8, 12, 3), np.uint8)
EVERY = [*map(Degradation, DEGRADATIONS), Degradation("mask", mask_kind="strokes")]
every = pytest.mark.parametrize("how", EVERY, ids=lambda how: " ".join(map(str, how.facts().values())))


def constant(count: int, height: int, width: int, value: float = 0.5) -> tf.Tensor:
    return tf.fill([count, height, width, 1], value)


def box_of(hole: np.ndarray) -> tuple[int, int, int, int]:
    """Top, left, height and width of a hole that is one whole box."""
    rows, columns = np.flatnonzero(hole.any(1)), np.flatnonzero(hole.any(0))
    height, width = rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
    assert hole.sum() == height * width
    return int(rows[0]), int(columns[0]), int(height), int(width)


# ---- by hand ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("numbers", "box"),
    [
        # sqrt(1/4) of 8 rows at the aspect 1: 4x6, of 5 places down and 7 across.
        ((0.5, 0.0, 0.0), (0, 0, 4, 6)),
        ((0.5, 0.999, 0.999), (4, 6, 4, 6)),
        ((0.5, 0.39, 0.5), (1, 3, 4, 6)),
        # 8 / 2 / sqrt(2) is 2.83, so 3 rows; 24 pixels are 8 columns.
        ((0.0, 0.5, 0.5), (3, 2, 3, 8)),
        # 8 / 2 * sqrt(2) is 5.66, so 6 rows of 4.
        ((0.99999, 0.5, 0.5), (1, 4, 6, 4)),
    ],
)
def test_a_box_by_hand(numbers: tuple[float, ...], box: tuple[int, ...]) -> None:
    source = Degradation("mask").sources(constant(1, 8, 12), tf.constant([numbers])).numpy()[0]
    image, hole = source[..., 0], source[..., 1]
    assert set(np.unique(hole)) == {0.0, 1.0}
    assert box_of(hole) == box
    np.testing.assert_array_equal(image, np.where(hole == 1, 0.0, 0.5))


def test_a_hole_in_the_middle() -> None:
    how = Degradation("mask", mask_kind="centre")
    holes = how.of_step(constant(3, 28, 20), 0, tf.constant(0)).numpy()[..., 1]
    for hole in holes:
        assert box_of(hole) == (7, 5, 14, 10)


@pytest.mark.parametrize("share", [0.05, 0.25, 0.6, 0.9])
def test_boxes_have_their_share_and_reach_every_edge(share: float) -> None:
    holes = Degradation("mask", mask_share=share).of_step(constant(300, 20, 24), 0, tf.constant(0)).numpy()[..., 1]
    boxes = np.array([box_of(hole) for hole in holes])
    heights, widths = boxes[:, 2], boxes[:, 3]
    # The width is rounded to a pixel: half a column of the box's height.
    assert (np.abs(holes.sum((1, 2)) - share * 480) <= heights / 2 + 1e-3).all()
    assert (boxes[:, 0].min(), (boxes[:, 0] + heights).max()) == (0, 20)
    assert (boxes[:, 1].min(), (boxes[:, 1] + widths).max()) == (0, 24)
    # Of 0.9 there are 18x24 at 3 places, 19x23 at 4 and 20x22 at 3.
    assert len(np.unique(boxes, axis=0)) >= (60 if share < 0.9 else 10)


def stroke(angle: float, steps: float) -> tf.Tensor:
    """Numbers of one straight stroke of 5 equal steps in a 12x12 image from the left of row 4."""
    length = (steps / 12 - 0.1) / 0.3  # 0.1 to 0.4 of the side, times 0.5 to 1
    return tf.constant([[1.0, 4.5 / 12, 0.5 / 12, angle, 0.0, *[0.5] * 5, *[length] * 5]])


@pytest.mark.parametrize(
    ("angle", "steps", "pixels", "row", "columns"),
    [
        (0.0, 2.2, 12, 4, slice(0, 12)),  # from 0.5 to 11.5: the whole row
        (0.5, 2.2, 11, 4, slice(0, 11)),  # to the left, and back as in a mirror: to 10.5
        (0.0, 1.6, 9, 4, slice(0, 9)),  # from 0.5 to 8.5
    ],
)
def test_a_stroke_by_hand(angle: float, steps: float, pixels: int, row: int, columns: slice) -> None:
    how = Degradation("mask", mask_kind="strokes", mask_share=pixels / 144)
    hole = how.sources(constant(1, 12, 12), stroke(angle, steps)).numpy()[0, ..., 1]
    expected = np.zeros((12, 12))
    expected[row, columns] = 1.0
    np.testing.assert_array_equal(hole, expected)


@pytest.mark.parametrize("share", [0.05, 0.25, 0.7])
def test_strokes_have_their_share_and_reach_everywhere(share: float) -> None:
    how = Degradation("mask", mask_share=share, mask_kind="strokes")
    source = how.of_step(constant(2000, 19, 28), 0, tf.constant(0)).numpy()
    image, hole = source[..., 0], source[..., 1]
    assert set(np.unique(hole)) == {0.0, 1.0}
    np.testing.assert_array_equal(image, np.where(hole == 1, 0.0, 0.5))
    assert (hole.sum((1, 2)) == round(share * 19 * 28)).all()
    often = hole.mean(0)  # how often a pixel is in a hole
    assert often.min() > share / 5  # least in the corners
    assert often.max() < min(1.0, 1.7 * share)


def test_strokes_are_strokes() -> None:
    """Long for their area, and in no more pieces than strokes: a pixel alone, or a disc, is none."""
    how = Degradation("mask", mask_share=0.25, mask_kind="strokes")
    holes = how.of_step(constant(50, 64, 64), 0, tf.constant(0)).numpy()[..., 1].astype(bool)
    pieces = [label(hole)[1] for hole in holes]
    assert max(pieces) <= 3
    # The deepest pixel of a disc of 1,024 is 18 from its edge.
    depths = [distance_transform_edt(np.pad(hole, 1)).max() for hole in holes]
    assert max(depths) < 15
    assert 2 < np.median(depths) < 8


def test_noise_has_its_deviation_and_levels() -> None:
    how = Degradation("noise", noise_sigma=20.0)
    source = how.of_step(constant(40, 32, 32, 0.0), 0, tf.constant(0)).numpy()
    levels = (source + 1.0) * 127.5
    np.testing.assert_allclose(levels, np.rint(levels), atol=1e-4)
    count = levels.size
    assert abs(levels.mean() - 127.5) < 4 * 20 / math.sqrt(count)
    # Rounding adds 1/12 to the variance.
    assert abs(levels.std() - math.sqrt(400 + 1 / 12)) < 4 * 20 / math.sqrt(2 * count)
    kurtosis = ((levels - levels.mean()) ** 4).mean() / levels.var() ** 2
    assert abs(kurtosis - 3.0) < 4 * math.sqrt(24 / count)
    neighbours = [np.corrcoef(levels[:, :, 1:].ravel(), levels[:, :, :-1].ravel())[0, 1]]
    assert np.abs(neighbours).max() < 4 / math.sqrt(count)


def test_noise_by_hand() -> None:
    """u = 1 - exp(-1/2) and v = 0 are the normal number 1; v = 1/2 is -1: levels 100 + 90 and 100 - 90."""
    u = 1.0 - math.exp(-0.5)
    images = to_float(np.full((1, 1, 2, 1), 100, np.uint8))
    source = Degradation("noise", noise_sigma=90.0).sources(images, tf.constant([[u, u, 0.0, 0.5]]))
    assert to_uint8(source.numpy()).ravel().tolist() == [190, 10]


def test_noise_is_clipped() -> None:
    source = Degradation("noise", noise_sigma=200.0).of_step(constant(2, 8, 8, 1.0), 0, tf.constant(0)).numpy()
    assert (source.min(), source.max()) == (-1.0, 1.0)


@pytest.mark.parametrize("scale", [2, 4])
def test_a_smaller_picture_is_pillows(scale: int) -> None:
    source = to_uint8(Degradation("downscale", scale=scale).fixed(PIXELS))
    for small, image in zip(source, PIXELS, strict=True):
        size = (12 // scale, 8 // scale)
        expected = np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC), int)
        assert np.abs(small.astype(int) - expected).max() <= 1  # Pillow rounds between its two passes


def test_grey_is_pillows() -> None:
    source = Degradation("grey").fixed(PIXELS)
    assert source.shape == (12, 8, 12, 1)
    expected = np.stack([np.asarray(Image.fromarray(image).convert("L")) for image in PIXELS])[..., None]
    np.testing.assert_array_equal(to_uint8(source), expected)


# ---- keys ------------------------------------------------------------------------------------------


@every
def test_parts_of_a_batch_are_the_whole(how: Degradation) -> None:
    images = to_float(PIXELS)
    whole = how.of_step(images, 3, tf.constant(7))
    parts = [how.of_step(images[start : start + 6], 3, tf.constant(7), first_row=start) for start in (0, 6)]
    np.testing.assert_array_equal(tf.concat(parts, 0), whole)
    assert whole.shape == (12, *how.source_shape((8, 12, 3)))


@pytest.mark.parametrize("how", [how for how in EVERY if how.row_size((16, 16, 1))], ids=str)
def test_each_row_step_and_seed_has_numbers_of_its_own(how: Degradation) -> None:
    images = tf.zeros([6, 16, 16, 1])
    made = [how.of_step(images, seed, tf.constant(step)).numpy() for seed, step in ((0, 0), (0, 1), (1, 0))]
    rows = np.concatenate(made)[..., -1].reshape(18, -1)
    assert len(np.unique(rows, axis=0)) >= 17
    np.testing.assert_array_equal(how.of_step(images, 0, tf.constant(0)), made[0])


@every
def test_an_image_is_looked_at_in_one_way(how: Degradation) -> None:
    whole = how.fixed(PIXELS)
    assert whole.dtype == np.float32
    np.testing.assert_array_equal(how.fixed(PIXELS[[5, 2]]), whole[[5, 2]])
    np.testing.assert_array_equal(how.fixed(PIXELS[:0]), whole[:0])
    if how.kind == "mask":
        assert len(np.unique(whole[..., -1].reshape(12, -1), axis=0)) >= 11


# ---- refusals --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"kind": "blur"}, "degrade 'blur'"),
        ({"kind": "mask", "mask_kind": "stroke"}, "mask_kind 'stroke'. Did you mean strokes"),
        ({"kind": "mask", "mask_share": 0.0}, r"mask_share must be between 0 and 1\. Received: 0\.0"),
        ({"kind": "mask", "mask_share": 1.0}, "mask_share"),
        ({"kind": "mask", "mask_share": math.nan}, "mask_share"),
        ({"kind": "noise", "noise_sigma": -1.0}, "noise_sigma must be between 0 and 255"),
        ({"kind": "downscale", "scale": 3}, r"scale must be 2 or 4\. Received: 3"),
    ],
    ids=str,
)
def test_refuses_settings(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        Degradation(**settings)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("how", "shape", "said"),
    [
        (
            Degradation("grey"),
            (8, 8, 1),
            r"takes images of 3 channels\. Received: images of 1\. .* channels=3",
        ),
        (Degradation("grey"), (8, 8, 4), "images of 4"),
        (Degradation("downscale", scale=4), (8, 10, 1), "images of 8x10"),
    ],
)
def test_refuses_images(how: Degradation, shape: tuple[int, int, int], said: str) -> None:
    with pytest.raises(InputError, match=said):
        how.source_shape(shape)


def test_facts_have_what_a_kind_heeds() -> None:
    strokes = {"kind": "mask", "mask_share": 0.25, "mask_kind": "strokes"}
    assert Degradation("mask", mask_kind="strokes").facts() == strokes
    assert Degradation("mask").facts() == {"kind": "mask", "mask_share": 0.25, "mask_kind": "box"}
    assert Degradation("noise").facts() == {"kind": "noise", "noise_sigma": 25.0}
    assert Degradation("downscale", scale=4).facts() == {"kind": "downscale", "scale": 4}
    assert Degradation("grey").facts() == {"kind": "grey"}
