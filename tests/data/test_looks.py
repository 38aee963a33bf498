"""Other looks of images, and the two kinds that are made of one data set by them."""

import colorsys
import dataclasses
import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from tfgan_suite.data.image_data import ImageData
from tfgan_suite.data.image_store import COPIED_ROWS
from tfgan_suite.data.looks import LOOKS, coloured, colours, inverted, largest_channel, looked, rotated, thick, undone
from tfgan_suite.data.pairs import StoredPairs, held_out
from tfgan_suite.data.pipeline import steps_of_pass, training_batches
from tfgan_suite.data.sources import load_images
from tfgan_suite.data.two_looks import halves_of, in_two_looks, load_two_looks
from tfgan_suite.data.unpaired import UnpairedData
from tfgan_suite.errors import InputError
from tfgan_suite.options.pairs import LOOKS as NAMES

RANDOM = np.random.default_rng(0)
GREY = RANDOM.integers(0, 256, (6, 5, 5, 1)).astype(np.uint8)
ROWS = np.arange(6)


def picture(*rows: str) -> np.ndarray:
    """A picture of one letter a pixel: `.` 0, `x` 200, `o` 100, `#` 255; uint8 (1, H, W, 1)."""
    levels = {".": 0, "x": 200, "o": 100, "#": 255}
    return np.array([[levels[letter] for letter in row] for row in rows], np.uint8)[None, ..., None]


# ---- each look, by hand --------------------------------------------------------------------------


def test_the_names_are_those_of_the_setting() -> None:
    assert set(LOOKS) == set(NAMES)


def test_inverted_by_hand() -> None:
    images = np.array([0, 1, 128, 255], np.uint8).reshape(1, 2, 2, 1)
    assert inverted(images).ravel().tolist() == [255, 254, 127, 0]
    rgba = np.array([10, 20, 30, 40], np.uint8).reshape(1, 1, 1, 4)
    assert inverted(rgba).ravel().tolist() == [245, 235, 225, 40] and rgba.ravel().tolist() == [10, 20, 30, 40]


def test_rotated_by_hand() -> None:
    images = np.arange(4, dtype=np.uint8).reshape(1, 2, 2, 1)
    assert rotated(images).ravel().tolist() == [1, 3, 0, 2]  # 01/23 turned counterclockwise
    np.testing.assert_array_equal(rotated(GREY)[2, ..., 0], np.asarray(Image.fromarray(GREY[2, ..., 0]).rotate(90)))


THIN = (".....", "..x..", "..x..", "..#..", "....o")
THICK = (".xxx.", ".xxx.", ".###.", ".###o", ".###o")


def test_thick_by_hand() -> None:
    np.testing.assert_array_equal(thick(picture(*THIN)), picture(*THICK))
    # Dark strokes on white become as thick, and a stroke that touches the border does not make it the background.
    np.testing.assert_array_equal(thick(255 - picture(*THIN)), 255 - picture(*THICK))


def test_thick_is_a_grey_dilation_on_black_and_an_erosion_on_white() -> None:
    images = np.zeros((3, 9, 11, 1), np.uint8)
    images[:, 1:-1, 1:-1] = RANDOM.integers(0, 256, (3, 7, 9, 1))
    expected = np.stack([ndimage.grey_dilation(image, size=(3, 3, 1)) for image in images])
    np.testing.assert_array_equal(thick(images), expected)
    expected = np.stack([ndimage.grey_erosion(image, size=(3, 3, 1)) for image in 255 - images])
    np.testing.assert_array_equal(thick(255 - images), expected)


def test_thick_takes_whole_pixels_and_mixes_no_colours() -> None:
    images = np.zeros((1, 5, 5, 3), np.uint8)
    images[0, 2, 1], images[0, 2, 3] = (200, 0, 0), (0, 100, 50)
    made = thick(images)[0]
    assert {tuple(pixel) for pixel in made.reshape(-1, 3).tolist()} == {(0, 0, 0), (200, 0, 0), (0, 100, 50)}
    assert made[1:4, 0:3].tolist() == [[[200, 0, 0]] * 3] * 3 and made[1:4, 3:].tolist() == [[[0, 100, 50]] * 2] * 3


def test_hues_are_those_of_hsv() -> None:
    hues = np.linspace(0, 1, 50, endpoint=False)
    expected = [colorsys.hsv_to_rgb(hue, 1, 1) for hue in hues]
    np.testing.assert_allclose(colours(hues), expected, atol=1e-12)


def test_coloured_by_hand() -> None:
    """Black stays black, white is the colour, and half of it half of the colour; the hue is drawn by the row."""
    images = np.array([0, 255, 51], np.uint8).reshape(1, 1, 3, 1).repeat(40, 0)
    made = coloured(images, np.arange(40)).astype(int)
    assert made.shape == (40, 1, 3, 3) and (made[:, 0, 0] == 0).all()
    assert (made.max(-1) == [[0, 255, 51]]).all() and (made.min(-1) == 0).all()  # of full saturation
    assert (np.abs(5 * made[:, 0, 2] - made[:, 0, 1]) <= 3).all()
    assert len({tuple(each) for each in made[:, 0, 1].tolist()}) > 35
    assert np.bincount(made[:, 0, 1].argmax(-1), minlength=3).min() > 5  # red, green and blue
    np.testing.assert_array_equal(coloured(images.repeat(3, -1), np.arange(40)), made)


# ---- in turn, and undone -------------------------------------------------------------------------


def test_looks_are_done_in_turn() -> None:
    both = looked(GREY, ("rotated", "inverted"), ROWS)
    np.testing.assert_array_equal(both, 255 - np.rot90(GREY, axes=(1, 2)))
    bright, dark = picture(".....", ".###.", "....."), ("inverted", "coloured")
    # White paper gets the colour where strokes were made dark before.
    assert looked(bright, dark, np.zeros(1, int))[0, 1, 1:4].max() == 0
    assert looked(bright, dark[::-1], np.zeros(1, int))[0, 0].min() == 255


@pytest.mark.parametrize("name", ["inverted", "coloured", "rotated"])
def test_what_is_exact_is_undone_exactly(name: str) -> None:
    made = looked(GREY, (name,), ROWS)
    assert not np.array_equal(made, GREY)
    np.testing.assert_array_equal(undone(made, (name,)), GREY)


def test_undone_in_reverse_and_thick_stays() -> None:
    look = ("thick", "coloured", "rotated", "inverted")
    np.testing.assert_array_equal(undone(looked(GREY, look, ROWS), look), thick(GREY))
    np.testing.assert_array_equal(undone(GREY, ()), GREY)
    assert largest_channel(np.array([3, 9, 4], np.uint8).reshape(1, 1, 1, 3)).ravel().tolist() == [9]


@pytest.mark.parametrize("look", [("coloured",), ("thick", "rotated", "coloured", "inverted")])
def test_a_look_is_of_the_row_alone(look: tuple[str, ...]) -> None:
    """Whatever stands beside an image, in a file or in RAM, in which part of many."""
    images = RANDOM.integers(0, 256, (COPIED_ROWS + 5, 4, 4, 1)).astype(np.uint8)
    rows = np.arange(len(images))
    whole, filed = looked(images, look, rows), looked(images, look, rows, cache_gigabytes=0)
    assert isinstance(filed, np.memmap) and not isinstance(whole, np.memmap)
    np.testing.assert_array_equal(whole, filed)
    some = np.array([3, 7, COPIED_ROWS - 1, COPIED_ROWS + 2])
    np.testing.assert_array_equal(looked(images[some], look, some), whole[some])
    assert not np.array_equal(looked(images[some], ("coloured",), some + 1), looked(images[some], ("coloured",), some))


@pytest.mark.parametrize(
    ("images", "look", "named"),
    [
        (GREY, ("thik",), r"Unknown look 'thik'\. Did you mean thick"),
        (GREY[:, :4], ("rotated",), "look='rotated' needs images as high as wide. Received: images of 4x5"),
        (GREY.repeat(4, -1), ("coloured",), "takes grey images. Received: images of 4 channels"),
        (GREY, ("coloured", "coloured"), "images of 3 channels that have colours already"),
    ],
)
def test_images_that_cannot_have_a_look(images: np.ndarray, look: tuple[str, ...], named: str) -> None:
    with pytest.raises(InputError, match=named) as caught:
        looked(images, look, ROWS)
    assert "\n" not in str(caught.value)


# ---- two kinds -----------------------------------------------------------------------------------


def numbered(count: int) -> ImageData:
    """Images that are told apart by two of their pixels, and labelled."""
    images = np.zeros((count, 4, 4, 1), np.uint8)
    images[:, 0, 0, 0], images[:, 0, 1, 0] = np.arange(count) % 256, np.arange(count) // 256
    return ImageData(images, np.arange(count, dtype=np.int32) % 3, ("a", "b", "c"), "numbers", notes=("a note",))


def number_of(images: np.ndarray) -> list[int]:
    low, high = images[:, 0, :2, 0].astype(int).T
    return (low + 256 * high).tolist()


@pytest.mark.parametrize("count", [2, 3, 301])
def test_no_image_is_on_both_sides(count: int) -> None:
    data = in_two_looks(numbered(count), ("inverted",), halves=True)
    a, b = number_of(data.sources), number_of(255 - data.images)
    assert sorted(a + b) == list(range(count)) and len(a) - len(b) in (0, 1)
    assert data.labels is not None and data.labels.tolist() == [number % 3 for number in b]
    assert not data.num_pairs and data.look == ("inverted",) and data.source_look == ()
    assert data.notes == (f"{len(a)} a of 4x4x1", f"{len(b)} b, others, inverted", "a note")
    with pytest.raises(InputError, match="Expected images that are in both looks, as those of another split"):
        data.pairs()


def test_the_halves_are_drawn_and_always_the_same() -> None:
    a, b = halves_of(1000)
    assert (np.diff(a) > 0).all() and (np.diff(b) > 0).all()
    assert 100 < (np.diff(a) == 1).sum() < 350  # neither every second one nor the first half
    np.testing.assert_array_equal(a, halves_of(1000)[0])
    # A run of these goes on as long as they are what they were.
    assert a[:8].tolist() == [1, 2, 6, 8, 13, 15, 18, 19]


def test_what_is_measured_on_is_pairs_with_labels() -> None:
    data = in_two_looks(numbered(300), ("inverted", "rotated"), halves=False)
    pairs = data.pairs()
    assert isinstance(pairs, StoredPairs) and pairs.look == ("inverted", "rotated") and data.num_pairs == 300
    np.testing.assert_array_equal(pairs.images, looked(pairs.sources, pairs.look, np.arange(300)))
    assert number_of(pairs.sources) == list(range(300))
    assert pairs.labels is not None and pairs.labels.tolist() == [number % 3 for number in range(300)]
    some = pairs.at(np.array([7, 3]))
    assert some.look == pairs.look and number_of(undone(some.images, some.look)) == [7, 3]


def test_pairs_are_turned_round_and_back() -> None:
    pairs = in_two_looks(numbered(9), ("coloured",), halves=False).pairs()
    turned = pairs.turned()
    assert (turned.look, turned.source_look) == ((), ("coloured",))
    assert (turned.source_shape, turned.target_shape) == ((4, 4, 3), (4, 4, 1))
    np.testing.assert_array_equal(turned.images, pairs.sources)
    assert turned.labels is pairs.labels and turned.names == pairs.names
    assert turned.facts()["source_look"] == ["coloured"] and "look" not in turned.facts()
    again = turned.turned()
    assert all(getattr(again, field.name) is getattr(pairs, field.name) for field in dataclasses.fields(pairs))
    assert dataclasses.replace(pairs, source_kind="labels").turned().source_kind == "images"


def test_kinds_are_turned_round_and_back() -> None:
    data = in_two_looks(numbered(9), ("coloured",), halves=True)
    turned = data.turned()
    assert (turned.source_shape, turned.target_shape) == ((4, 4, 3), (4, 4, 1))
    assert (turned.look, turned.source_look, turned.labels) == ((), ("coloured",), None)
    np.testing.assert_array_equal(turned.turned().images, data.images)
    assert turned.fingerprint() != data.fingerprint()


def test_grey_images_of_three_channels_are_read_as_grey() -> None:
    grey = dataclasses.replace(numbered(6), images=numbered(6).images.repeat(3, -1))
    assert in_two_looks(grey, ("coloured",), halves=False).source_look == ("coloured",)
    assert in_two_looks(grey, ("inverted",), halves=False).source_look == ()
    np.testing.assert_array_equal(undone(grey.images, ("coloured",)), numbered(6).images)


def test_one_image_is_refused() -> None:
    with pytest.raises(InputError, match=r"need at least 2 images, one for each\. Received: 1 of numbers"):
        in_two_looks(numbered(1), ("thick",), halves=True)


def test_they_come_as_two_kinds() -> None:
    data = in_two_looks(numbered(301), ("inverted",), halves=True)
    assert isinstance(data, UnpairedData) and steps_of_pass(data, 10) == 15
    ((a, b),) = next(iter(training_batches(data, 10, 1, seed=0)))
    assert a.shape == b.shape == (10, 4, 4, 1)
    assert set(number_of(np.rint((a.numpy() + 1) * 127.5))) <= set(number_of(data.sources))
    assert set(number_of(255 - np.rint((b.numpy() + 1) * 127.5))) <= set(number_of(255 - data.images))


# ---- of data sets --------------------------------------------------------------------------------


def hashes(images: np.ndarray) -> set[bytes]:
    return {image.tobytes() for image in images}


def test_digits_hold_some_out() -> None:
    settings: dict[str, Any] = {"look": ["inverted"], "image_size": (8, 8)}
    train, test = load_two_looks("digits", **settings), load_two_looks("digits", split="test", halves=False, **settings)
    a, b, out = hashes(train.sources), hashes(255 - train.images), hashes(test.sources)
    assert not a & b and not a & out and not b & out
    assert a | b | out == hashes(load_images("digits", image_size=(8, 8)).images)
    assert len(test.sources) == 90 and (len(train.sources), len(train.images)) == (854, 853)
    assert train.notes[:2] == ("854 a of 8x8x1", "853 b, others, inverted")
    assert train.notes[-1] == "90 of 1,797 images held out"
    np.testing.assert_array_equal(test.images, 255 - test.sources)
    facts = train.facts()
    assert facts["look"] == ["inverted"] and facts["num_sources"] == 854
    assert load_two_looks("digits", **settings).fingerprint() == train.fingerprint()
    other = load_two_looks("digits", ["thick"], image_size=(8, 8))
    assert other.fingerprint() != train.fingerprint()


def test_the_colour_of_an_image_is_the_same_in_every_split() -> None:
    """Its number in the data set draws it."""
    whole = load_images("digits", image_size=(8, 8))
    expected = {
        image.tobytes(): made for image, made in zip(whole.images, coloured(whole.images, np.arange(1797)), strict=True)
    }
    settings: dict[str, Any] = {"look": ["coloured"], "image_size": (8, 8)}
    for split, halves in (("train", True), ("test", False)):
        made = load_two_looks("digits", split=split, halves=halves, **settings).images
        for image, grey in zip(made, largest_channel(made), strict=True):
            np.testing.assert_array_equal(image, expected[grey.tobytes()])


def test_a_folder_with_a_test_of_its_own(tmp_path: Path) -> None:
    for split, levels in (("train", range(10)), ("test", range(100, 103))):
        for level in levels:
            path = tmp_path / split / f"class{level % 2}" / f"{level}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("L", (4, 4), level).save(path)
    train = load_two_looks(str(tmp_path), ["inverted"])
    test = load_two_looks(str(tmp_path), ["inverted"], "test", halves=False)
    assert sorted([*train.sources[:, 0, 0, 0], *255 - train.images[:, 0, 0, 0]]) == list(range(10))
    assert sorted(test.sources[:, 0, 0, 0]) == [100, 101, 102] and test.pairs().labels is not None
    assert not any("held out" in note for note in train.notes)


def test_held_out_images_are_those_of_spoilt_ones() -> None:
    """One rule for all that holds images out by their pixels: `held_out` of their hashes."""
    images = load_images("digits", image_size=(8, 8)).images
    out = held_out([hashlib.sha256(image.tobytes()).hexdigest() for image in images])
    test = load_two_looks("digits", ["thick"], "test", halves=False, image_size=(8, 8))
    np.testing.assert_array_equal(test.sources, images[out])
