import io
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from scipy.ndimage import distance_transform_edt, gaussian_filter, label

from tfgan_suite.data.degradations import DEGRADATIONS, Degradation
from tfgan_suite.data.degrading.old_photo import numbers_of_photo
from tfgan_suite.data.degrading.painting import blurred
from tfgan_suite.errors import InputError
from tfgan_suite.images import from_array, to_float, to_uint8

RANDOM = np.random.default_rng(0)
PIXELS = RANDOM.integers(0, 256, (12, 8, 12, 3), np.uint8)
EVERY = [*map(Degradation, DEGRADATIONS), Degradation("mask", mask_kind="strokes"), Degradation("jpeg", jpeg_quality=7)]
KEYED = [how for how in EVERY if how.row_size((16, 16, 1)) and how.jpeg_quality is None]


def name_of(how: Degradation) -> str:
    return " ".join(map(str, how.facts().values()))


every = pytest.mark.parametrize("how", EVERY, ids=name_of)


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


# ---- edges -----------------------------------------------------------------------------------------


def drawn(images: np.ndarray) -> np.ndarray:
    """Where there is a line, bool (N, H, W)."""
    made = Degradation("edges").fixed(images)
    assert set(np.unique(made)) <= {-1.0, 1.0}
    return made[..., 0] < 0.0


def test_the_edge_of_two_halves_is_one_line() -> None:
    halves = np.full((1, 12, 16, 3), 40, np.uint8)
    halves[:, :, 8:] = 120
    lines = drawn(halves)[0]
    assert lines.sum(0).tolist() in ([0] * 7 + [12] + [0] * 8, [0] * 8 + [12] + [0] * 7)
    np.testing.assert_array_equal(drawn(halves.transpose(0, 2, 1, 3))[0], lines.T)


def test_faint_edges_are_not_drawn() -> None:
    """A step of 1 of height after a blur of 1 pixel and Sobel's own changes by some 0.27 a pixel at its steepest."""
    flat = np.full((1, 12, 16, 1), 100, np.uint8)
    assert not drawn(flat).any()
    for height, there in ((25, False), (60, True)):  # 0.026 and 0.064 a pixel; 0.04 is where a line begins
        step = flat.copy()
        step[:, :, 8:] += height
        assert drawn(step).any() == there


def test_the_edge_of_a_disc_is_a_thin_closed_ring() -> None:
    y, x = np.indices((48, 48)) - 23.5
    disc = np.where(np.hypot(y, x) < 15, 20, 230).astype(np.uint8)[None, ..., None]
    ring = drawn(disc)[0]
    assert label(~ring)[1] == 2  # what is inside does not touch what is outside
    distances = np.hypot(y, x)[ring]
    assert distances.min() > 13.5
    assert distances.max() < 16.5
    assert ring.sum() < 1.3 * 2 * math.pi * 15
    squares = ring[:-1, :-1] & ring[1:, :-1] & ring[:-1, 1:] & ring[1:, 1:]
    assert not squares.any()


def test_edges_of_what_is_transparent_are_those_on_white() -> None:
    """A black disc that is opaque only in its middle has the edge of the middle."""
    picture = np.zeros((1, 32, 32, 4), np.uint8)
    picture[:, 8:24, 8:24, 3] = 255
    on_white = np.full((1, 32, 32, 3), 255, np.uint8)
    on_white[:, 8:24, 8:24] = 0
    np.testing.assert_array_equal(drawn(picture), drawn(on_white))
    assert drawn(picture).sum() > 40


def test_specks_are_not_drawn() -> None:
    pixels = np.full((1, 24, 24, 1), 128, np.uint8)
    pixels[0, 12, 12] = 255
    ring = drawn(pixels)
    pixels[0, 4:20, 4:20] = 255
    assert drawn(pixels).sum() > 40
    assert label(ring[0], np.ones((3, 3)))[1] <= 1


# ---- watermarks ------------------------------------------------------------------------------------


def write_stamp(path: Path, mode: str = "RGBA") -> str:
    """Red, half of it transparent by half, and one pixel of nothing."""
    pixels = np.array([[[255, 0, 0, 255], [255, 0, 0, 128]], [[255, 0, 0, 128], [9, 9, 9, 0]]], np.uint8)
    Image.fromarray(pixels).convert(mode).save(path)
    return str(path)


@pytest.mark.parametrize(("where", "corner"), [(0.0, 0), (0.5, 1), (0.99999, 2)])
def test_a_stamp_by_hand(where: float, corner: int, tmp_path: Path) -> None:
    """At 0.5 of 100 red is 100 + 155 / 2, the others 100 / 2; where the stamp is half transparent, half of that."""
    how = Degradation("watermark", stamp=write_stamp(tmp_path / "stamp.png"))
    images = to_float(np.full((1, 4, 4, 3), 100, np.uint8))
    made = to_uint8(how.sources(images, tf.constant([[0.7, where, where, 0.5]])).numpy())[0]
    expected = np.full((4, 4, 3), 100, np.uint8)
    half = 0.5 * 128 / 255
    expected[corner, corner] = [178, 50, 50]
    expected[corner, corner + 1] = expected[corner + 1, corner] = [
        round(100 + 155 * half),
        *[round(100 - 100 * half)] * 2,
    ]
    assert np.abs(made.astype(int) - expected).max() <= 1  # a half is rounded to even levels
    np.testing.assert_array_equal(made == 100, expected == 100)


def test_a_stamp_on_grey_and_on_nothing(tmp_path: Path) -> None:
    how = Degradation("watermark", stamp=write_stamp(tmp_path / "stamp.png"))
    numbers = tf.constant([[0.0, 0.0, 0.0, 0.5]])
    grey = to_uint8(how.sources(to_float(np.full((1, 4, 4, 1), 100, np.uint8)), numbers).numpy())
    assert grey[0, 0, 0, 0] == 88  # red is 76
    clear = np.full((1, 4, 4, 4), 100, np.uint8)
    clear[..., 3] = 0
    made = to_uint8(how.sources(to_float(clear), numbers).numpy())[0]
    assert made[0, 0].tolist() in ([255, 0, 0, 127], [255, 0, 0, 128])
    assert made[0, 1].tolist() == [255, 0, 0, 64]
    assert made[1, 1].tolist() == made[3, 3].tolist() == [100, 100, 100, 0]
    clear[..., 3] = 255
    opaque = to_uint8(how.sources(to_float(clear), numbers).numpy())
    plain = to_uint8(how.sources(to_float(clear[..., :3]), numbers).numpy())
    np.testing.assert_array_equal(opaque, np.concatenate([plain, np.full((1, 4, 4, 1), 255)], -1))


def test_words_are_whole_and_seen_on_every_colour() -> None:
    how = Degradation("watermark")
    for level in (0, 100, 255):
        images = np.full((1, 32, 48, 3), level, np.uint8)
        made = how.of_step(to_float(np.repeat(images, 200, 0)), 0, tf.constant(0)).numpy()
        changed = np.abs(to_uint8(made).astype(int) - level).max(-1) > 1
        boxes = set()
        places = np.array(
            [(*np.flatnonzero(each.any(1))[[0, -1]], *np.flatnonzero(each.any(0))[[0, -1]]) for each in changed]
        )
        boxes = {(int(bottom - top), int(right - left)) for top, bottom, left, right in places}
        assert {width for _, width in boxes} <= {33, 34, 35}  # 36 pixels, whose rim fades out
        assert len({height for height, _ in boxes}) >= 3
        assert (places[:, 0].min(), places[:, 2].min()) <= (1, 1)
        assert places[:, 1].max() >= 30
        assert places[:, 3].max() >= 46


def test_opacity_has_its_range(tmp_path: Path) -> None:
    whole = np.zeros((8, 8, 4), np.uint8)
    whole[2:6, 2:6, 3] = 255
    Image.fromarray(whole).save(tmp_path / "black.png")
    how = Degradation("watermark", stamp=str(tmp_path / "black.png"))
    made = how.of_step(tf.ones([500, 16, 16, 1]), 0, tf.constant(0)).numpy()
    left = (made.min((1, 2, 3)) + 1.0) / 2.0  # of white, below black
    assert 0.3 - 1 / 255 <= left.min() < 0.32
    assert 0.68 < left.max() <= 0.7 + 1 / 255


def test_refuses_stamps(tmp_path: Path) -> None:
    def refused(path: Path | str, said: str) -> None:
        with pytest.raises(InputError, match=said) as caught:
            Degradation("watermark", stamp=str(path))
        assert "\n" not in str(caught.value)

    refused(tmp_path / "none.png", r"none\.png of stamp does not exist\. Expected a PNG file")
    refused(write_stamp(tmp_path / "opaque.png", "RGB"), "opaque everywhere")
    Image.new("RGBA", (4, 4)).save(tmp_path / "nothing.png")
    refused(tmp_path / "nothing.png", "transparent everywhere")
    Image.new("RGB", (4, 4)).save(tmp_path / "photo.jpg")
    refused(tmp_path / "photo.jpg", "no PNG file")
    (tmp_path / "cut.png").write_bytes(Path(write_stamp(tmp_path / "stamp.png")).read_bytes()[:60])
    refused(tmp_path / "cut.png", "no PNG file, or a damaged one")
    Image.new("RGBA", (4097, 1)).save(tmp_path / "wide.png")
    refused(tmp_path / "wide.png", "4097x1 pixels")


# ---- old photos ------------------------------------------------------------------------------------


def photo_numbers(of_all: list[float], scratch: list[float]) -> tf.Tensor:
    """Numbers of a 64x64 image with one scratch and no grain: its normal numbers are 0."""
    numbers = np.zeros((1, numbers_of_photo(64, 64)), np.float32)
    numbers[0, : len(of_all)] = of_all
    numbers[0, 6 : 6 + len(scratch)] = scratch
    return tf.constant(numbers)


# Upright, at the left edge, with no depth to speak of beyond it.
AT_THE_EDGE = [0.5, 0.0, 0.5, 0.5, 0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("of_all", "colour", "expected"),
    [
        ([0.0, 0.0, 1.0], (255, 255, 255), (240, 219, 173)),  # yellowed paper, 0.94, 0.86, 0.68
        ([0.0, 0.0, 1.0], (0, 0, 0), (120, 110, 87)),  # half of the contrast
        ([0.0, 0.0, 0.0], (0, 0, 0), (125, 122, 115)),  # 0.3 of the way to the paper: 0.982, 0.958, 0.904
        # Grey of red is 76; a tenth of the colour is 93.9, 68.4, 68.4; half of the contrast 174.45, 161.7, 161.7.
        ([0.0, 0.0, 0.0], (255, 0, 0), (171, 155, 146)),
        ([1.0, 1.0, 1.0], (255, 255, 255), (240, 219, 173)),
    ],
)
def test_fading_by_hand(of_all: list[float], colour: tuple[int, ...], expected: tuple[int, ...]) -> None:
    images = to_float(np.full((1, 64, 64, 3), colour, np.uint8))
    made = Degradation("old_photo").sources(images, photo_numbers(of_all, AT_THE_EDGE)).numpy()
    assert to_uint8(made)[0, 5:60, 20:60].reshape(-1, 3).max(0).tolist() == list(expected)
    assert to_uint8(made)[0, 5:60, 20:60].reshape(-1, 3).min(0).tolist() == list(expected)


def test_a_scratch_by_hand() -> None:
    """Upright in column 10 from row 22.4 to 41.6, a pixel wide and 0.4 of the way from 0.5 to white."""
    scratch = [0.5, 10.5 / 64, 0.5, 0.5, 0.0, 1.0, 0.0]
    images = to_float(np.zeros((1, 64, 64, 1), np.uint8))
    numbers = photo_numbers([0.0, 0.0, 0.0], scratch)
    made = to_uint8(Degradation("old_photo").sources(images, numbers).numpy())[0, ..., 0].astype(int)
    paper = made[0, 60]
    assert paper == round(255 * 0.5 * (1 - 0.3 * (1 - 221 / 255)))  # 221 is the paper's grey
    expected = np.full((64, 64), paper)
    expected[22:42, 10] = paper + round(0.4 * (255 - paper))
    # Rows that begin 0.4 pixels beyond its ends are covered by a tenth.
    expected[[21, 42], 10] = paper + round(0.04 * (255 - paper))
    assert np.abs(made - expected).max() <= 1
    assert (np.delete(made, 10, 1) == paper).all()


def test_scratches_are_one_to_five() -> None:
    how, counts = Degradation("old_photo"), set()
    for count in (0.0, 0.3, 0.5, 0.7, 0.99):
        numbers = np.zeros((1, numbers_of_photo(64, 64)), np.float32)
        numbers[0, 5] = count
        for i in range(5):  # upright, side by side
            numbers[0, 6 + 7 * i : 13 + 7 * i] = [0.5, (10.5 + 10 * i) / 64, 0.5, 0.5, 0.5, 1.0, 0.9]
        row = to_uint8(how.sources(-tf.ones([1, 64, 64, 1]), tf.constant(numbers)).numpy())[0, 32, :, 0]
        counts.add(int((row > row[0] + 50).sum()))
    assert counts == {1, 2, 3, 4, 5}


@pytest.mark.parametrize(("grain", "deviation"), [(0.0, 4), (1.0, 10)])
def test_grain_by_hand(grain: float, deviation: int) -> None:
    """The normal number 1 at one pixel, by u = 1 - exp(-1/2) and v = 0, in all colours alike."""
    numbers = photo_numbers([0.0, 0.0, 0.0, 0.0, grain], AT_THE_EDGE).numpy()
    numbers[0, 6 + 5 * 7 + 30 * 64 + 40] = 1.0 - math.exp(-0.5)
    images = to_float(np.zeros((1, 64, 64, 3), np.uint8))
    made = to_uint8(Degradation("old_photo").sources(images, tf.constant(numbers)).numpy())[0].astype(int)
    difference = made - made[60, 60]
    assert np.abs(difference[30, 40] - deviation).max() <= 1
    difference[30, 40] = 0
    assert (difference[:, 5:] == 0).all()


def test_an_old_photo_keeps_its_transparency() -> None:
    clear = np.concatenate([PIXELS, PIXELS[..., :1]], -1)
    made = Degradation("old_photo").fixed(clear)
    np.testing.assert_array_equal(to_uint8(made)[..., 3], clear[..., 3])


def test_a_blur_is_scipys() -> None:
    images, sigmas = to_float(PIXELS[:3]), [0.3, 1.0, 1.7]
    made = blurred(images, tf.constant(sigmas), 1.7).numpy()
    for image, sigma, found in zip(images.numpy(), sigmas, made, strict=True):
        expected = gaussian_filter(image.astype(np.float64), (sigma, sigma, 0), mode="reflect", radius=(6, 6, 0))
        np.testing.assert_allclose(found, expected, atol=1e-5)


# ---- JPEG ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("quality", [1, 30, 100])
def test_jpeg_is_pillows(quality: int, channels: int) -> None:
    made = to_uint8(Degradation("jpeg", jpeg_quality=quality).fixed(PIXELS[..., :channels]))
    for image, found in zip(PIXELS[..., :channels], made, strict=True):
        file = io.BytesIO()
        from_array(image).save(file, "JPEG", quality=quality, subsampling=2)
        np.testing.assert_array_equal(found, np.asarray(Image.open(file)).reshape(image.shape))


def test_jpeg_of_any_quality_is_one_of_its_range() -> None:
    image = PIXELS[:1]
    by_quality = {Degradation("jpeg", jpeg_quality=q).fixed(image).tobytes(): q for q in range(1, 101)}
    made = Degradation("jpeg").of_step(to_float(np.repeat(image, 400, 0)), 0, tf.constant(0)).numpy()
    found = {by_quality[each.tobytes()] for each in made}
    assert (min(found), max(found)) == (10, 50)
    assert len(found) >= 38  # of 41; two qualities may give the same picture


def test_equal_images_and_numbers_give_equal_bytes() -> None:
    how = Degradation("jpeg")
    images = to_float(np.repeat(PIXELS[:1], 8, 0))
    dataset = tf.data.Dataset.range(2).repeat(2).map(lambda step: how.of_step(images, 0, step), num_parallel_calls=2)
    first, second, again, again_second = (made.numpy().tobytes() for made in dataset)
    assert (first, second) == (again, again_second)
    assert first != second


# ---- keys ------------------------------------------------------------------------------------------


@every
def test_parts_of_a_batch_are_the_whole(how: Degradation) -> None:
    images = to_float(PIXELS)
    whole = how.of_step(images, 3, tf.constant(7))
    parts = [how.of_step(images[start : start + 6], 3, tf.constant(7), first_row=start) for start in (0, 6)]
    np.testing.assert_array_equal(tf.concat(parts, 0), whole)
    assert whole.shape == (12, *how.source_shape((8, 12, 3)))


@pytest.mark.parametrize("how", KEYED, ids=name_of)
def test_each_row_step_and_seed_has_numbers_of_its_own(how: Degradation) -> None:
    images = to_float(np.tile(RANDOM.integers(0, 256, (1, 16, 16, 1), np.uint8), (6, 1, 1, 1)))
    made = [how.of_step(images, seed, tf.constant(step)).numpy() for seed, step in ((0, 0), (0, 1), (1, 0))]
    rows = np.concatenate(made)[..., -1].reshape(18, -1)
    # Of 41 qualities 18 rows have some twice.
    assert len(np.unique(rows, axis=0)) >= (12 if how.kind == "jpeg" else 17)
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
        ({"kind": "jpeg", "jpeg_quality": 0}, r"jpeg_quality must be in 1\.\.100\. Received: 0"),
        ({"kind": "jpeg", "jpeg_quality": 101}, "jpeg_quality"),
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
        (Degradation("jpeg"), (8, 8, 4), r"takes images of 1 or 3 channels\. Received: images of 4"),
        (Degradation("edges"), (8, 8, 2), "images of 1 or 3 or 4 channels"),
    ],
)
def test_refuses_images(how: Degradation, shape: tuple[int, int, int], said: str) -> None:
    with pytest.raises(InputError, match=said):
        how.source_shape(shape)


def test_facts_have_what_a_kind_heeds(tmp_path: Path) -> None:
    assert Degradation("jpeg").facts() == {"kind": "jpeg", "jpeg_quality": None}
    assert Degradation("old_photo").facts() == {"kind": "old_photo"}
    assert Degradation("watermark").facts() == {"kind": "watermark", "stamp": None}
    assert Degradation("watermark").said() == "watermark"
    assert Degradation("mask", mask_kind="strokes").said() == "mask, mask_share 0.25, mask_kind strokes"
    facts = Degradation("watermark", stamp=write_stamp(tmp_path / "a.png")).facts()
    assert facts["stamp"] == str(tmp_path / "a.png")
    # The picture counts and not where it lies.
    assert (
        Degradation("watermark", stamp=write_stamp(tmp_path / "b.png")).facts()["stamp_sha256"] == facts["stamp_sha256"]
    )
    strokes = {"kind": "mask", "mask_share": 0.25, "mask_kind": "strokes"}
    assert Degradation("mask", mask_kind="strokes").facts() == strokes
    assert Degradation("mask").facts() == {"kind": "mask", "mask_share": 0.25, "mask_kind": "box"}
    assert Degradation("noise").facts() == {"kind": "noise", "noise_sigma": 25.0}
    assert Degradation("downscale", scale=4).facts() == {"kind": "downscale", "scale": 4}
    assert Degradation("grey").facts() == {"kind": "grey"}
