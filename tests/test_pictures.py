import numpy as np
import pytest
from PIL import Image

from tfgan_suite.images import from_array
from tfgan_suite.pictures import FONT_SIZES, GAP, GROUP_GAP, LEAST_WIDTH, Title, _font, captioned, grid, sheet

LINES = [sum(_font(size).getmetrics()) + GAP for size in FONT_SIZES]


def levels(count: int, height: int = 8, width: int = 8, channels: int = 1) -> np.ndarray:
    """Images of one level each: the number of the image."""
    return np.broadcast_to(np.arange(count, dtype=np.uint8)[:, None, None, None], (count, height, width, channels))


def rows_of(pixels: np.ndarray) -> list[list[int]]:
    """The levels that stand side by side, row by row, without white."""
    found = []
    for row in pixels[..., 0]:
        seen = [int(level) for level, before in zip(row, [255, *row], strict=False) if level not in (before, 255)]
        if seen and (not found or found[-1] != seen):
            found.append(seen)
    return found


def test_grid_by_hand() -> None:
    images = np.array([10, 20, 30], np.uint8).reshape(3, 1, 1, 1) * np.ones((1, 1, 2, 1), np.uint8)
    expected = [
        [10, 10, 255, 255, 20, 20],
        [255] * 6,
        [255] * 6,
        [30, 30, 255, 255, 255, 255],
    ]
    canvas = grid(images, columns=2)
    assert canvas.dtype == np.uint8
    np.testing.assert_array_equal(canvas[..., 0], expected)


@pytest.mark.parametrize(("count", "columns", "shape"), [(6, 3, (10, 19)), (5, 1, (28, 5)), (2, 4, (4, 26))])
def test_grid_shape(count: int, columns: int, shape: tuple[int, int]) -> None:
    assert grid(np.zeros((count, 4, 5, 3), np.uint8), columns).shape == (*shape, 3)


@pytest.mark.parametrize(
    ("count", "period", "size"),
    [
        (64, 1, (8, 8, 1)), (16, 1, (28, 28, 3)), (2, 1, (8, 8, 4)), (64, 2, (8, 8, 1)), (63, 3, (32, 32, 3)),
        (60, 10, (32, 32, 4)), (60, 20, (8, 8, 1)), (64, 64, (32, 32, 3)), (100, 100, (8, 8, 4)), (64, 1, (48, 64, 1)),
        (36, 2, (64, 16, 3)), (9, 1, (300, 300, 1)), (7, 5, (1, 1, 1)),
    ],
)  # fmt: skip
def test_every_sheet_is_wide_and_near_square_and_shows_every_pixel(
    count: int, period: int, size: tuple[int, int, int]
) -> None:
    images = np.random.default_rng(0).integers(0, 255, (count, *size), np.uint8)
    names: list[Title] = [(f"name {index}", str(index)) for index in range(period)]
    pixels = sheet(images, period)
    assert pixels.dtype == np.uint8
    for picture in (pixels, sheet(images, period, names)):
        height, width, channels = picture.shape
        assert channels == size[2]
        assert LEAST_WIDTH <= width <= max(2 * LEAST_WIDTH, 3 * (size[1] + GAP))
        assert 0.4 < width / height < 2.5
    # Whole factors: each pixel became as many as any other; and what is not of an image is white.
    seen, there = (np.bincount(levels.ravel(), minlength=256)[:255] for levels in (pixels, images))
    scale = round((seen.sum() / there.sum()) ** 0.5)
    np.testing.assert_array_equal(seen, there * scale**2)


@pytest.mark.parametrize(
    ("count", "period", "expected"),
    [
        (4, 1, [[0, 1], [2, 3]]),
        (3, 1, [[0, 1], [2]]),
        (16, 2, [[0, 2, 1, 3], [4, 6, 5, 7], [8, 10, 9, 11], [12, 14, 13, 15]]),
        (11, 2, [[0, 2, 1, 3], [4, 6, 5, 7], [8, 10, 9]]),
        (6, 6, [[0, 1, 2], [3, 4, 5]]),
        (5, 5, [[0, 1, 2], [3, 4]]),
    ],
)
def test_images_of_a_label_stand_together_in_their_order(count: int, period: int, expected: list[list[int]]) -> None:
    assert rows_of(sheet(levels(count), period)) == expected


def test_a_sheet_by_hand() -> None:
    """Two labels of 32 images: 4 columns each, and 600 pixels less 6 gaps and the one between the labels."""
    scale = -(-(LEAST_WIDTH - 6 * GAP - GROUP_GAP) // 16)
    pixels, side = sheet(levels(64, 2, 2), 2)[..., 0], 2 * scale
    assert pixels.shape == (8 * (side + GAP) - GAP, 8 * side + 6 * GAP + GROUP_GAP) == (604, 612)
    second = 4 * (side + GAP) - GAP + GROUP_GAP  # where the second label begins
    assert (pixels[:side, second : second + side] == 1).all()
    assert (pixels[:side, second - GROUP_GAP : second] == 255).all()
    assert (pixels[side + GAP : 2 * side + GAP, :side] == 8).all()
    assert (pixels[side + GAP : 2 * side + GAP, second : second + side] == 9).all()


def test_names_stand_above_their_label_and_move_nothing_else() -> None:
    images = levels(64, 32, 32)
    plain = sheet(images, 2)
    named = sheet(images, 2, [("cat", "0"), ("dog", "1")])
    line = LINES[0]
    np.testing.assert_array_equal(named[line:], plain)
    middle = plain.shape[1] // 2
    texts = [named[:line, :middle], named[:line, middle:]]
    for text, name in zip(texts, ("cat", "dog"), strict=True):
        columns = np.flatnonzero((text < 128).any((0, 2)))
        assert abs(columns.mean() - text.shape[1] / 2) < 8
        assert len(columns) and np.ptp(columns) <= _font(FONT_SIZES[0]).getlength(name)
    assert not np.array_equal(*texts)


LONG = "a name that is far too long for a column of these"


@pytest.mark.parametrize(
    ("names", "alike"),
    [
        (["\u732b", "dog"], ["0", "dog"]),  # a letter that the font has not
        (["\U0001f45f shoe", "dog"], ["0", "dog"]),
        (["cat\u0007", "dog"], ["cat?", "dog"]),
        (["  black\n cat ", "dog"], ["black cat", "dog"]),
        (["cafe\u0301", "dog"], ["caf\u00e9", "dog"]),
        (["", "dog"], ["0", "dog"]),
        (["We\u00efs\u00df", "\u042f\u0449\u0435\u0440\u0438\u0446\u0430"], None),
        ([f"{LONG} {LONG} one", f"{LONG} {LONG} two"], [f"0 {LONG} {LONG} one", f"1 {LONG} {LONG} two"]),
    ],
)
def test_names_that_cannot_be_drawn_as_they_are(names: list[str], alike: list[str] | None) -> None:
    def drawn(titles: list[str]) -> np.ndarray:
        return sheet(levels(64), 2, [(title, str(index)) for index, title in enumerate(titles)])

    if alike is None:  # drawn, and not by their index
        assert not np.array_equal(drawn(names), drawn(["0", "1"]))
    else:
        np.testing.assert_array_equal(drawn(names), drawn(alike))


def test_names_are_cut_within_their_column() -> None:
    names: list[Title] = [(f"{index} {LONG}", str(index)) for index in range(10)]
    pixels, line = sheet(levels(60), 10, names), LINES[-1]
    column = (pixels.shape[1] + GAP) // 10
    for index in range(10):
        text = pixels[:line, index * column : (index + 1) * column - GAP]
        assert (text < 128).any()
    for index in range(1, 10):
        assert (pixels[:line, index * column - GAP : index * column] == 255).all()


def test_an_index_stands_for_names_of_which_nothing_would_be_left() -> None:
    names: list[Title] = [(LONG, str(index)) for index in range(20)]
    narrow = sheet(levels(20 * 40, 2, 2), 20, names)
    numbers = sheet(levels(20 * 40, 2, 2), 20, [(str(index), str(index)) for index in range(20)])
    np.testing.assert_array_equal(narrow[LINES[-1] :], numbers[LINES[0] :])
    assert (narrow[: LINES[-1]] < 128).any()


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_caption_stands_above_a_picture(channels: int) -> None:
    picture = from_array(levels(2, 20, 90, channels)[1])
    whole = captioned(picture, ("epoch 12", "12"))
    assert (whole.mode, whole.size) == (picture.mode, (90, 20 + LINES[0]))
    pixels = np.asarray(whole).reshape(*whole.size[::-1], channels)
    np.testing.assert_array_equal(pixels[LINES[0] :], np.asarray(picture).reshape(20, 90, channels))
    assert (pixels[: LINES[0], :, 0] < 128).any()
    assert not np.array_equal(np.asarray(captioned(picture, ("epoch 13", "13"))), np.asarray(whole))


def test_a_caption_is_the_shorter_text_where_the_picture_is_narrow() -> None:
    picture = Image.new("L", (30, 10))
    np.testing.assert_array_equal(captioned(picture, ("epoch 12", "12")), captioned(picture, ("12", "")))
