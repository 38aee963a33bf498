"""Pictures of every format, mode, depth, shape and size, and what becomes of them."""

import itertools
import threading
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFile

from tfgan_suite.data import picture_files
from tfgan_suite.data.picture_files import readable_suffixes
from tfgan_suite.data.sources import load_images
from tfgan_suite.errors import InputError
from tfgan_suite.images import MODES, convert
from tfgan_suite.picture_rules import PictureRules, parse_background, parse_levels

Image.init()
WRITTEN = sorted(suffix for suffix, name in Image.registered_extensions().items() if name in Image.SAVE)
# What Pillow writes and does not read by itself.
UNREAD = {".pdf", ".palm", ".ps", ".eps", ".bufr", ".grib", ".h5", ".hdf", ".emf", ".wmf", ".mpg", ".mpeg"}
WIDE = Image.fromarray(np.kron(np.arange(0, 256, 17, np.uint8).reshape(4, 4), np.ones((16, 16), np.uint8)))


def written(folder: Path, suffix: str) -> Image.Image:
    """A picture of a format, in the first mode that it takes, and the picture as it was given."""
    folder.mkdir(parents=True, exist_ok=True)
    for mode in ("RGB", "P", "1"):
        image = WIDE.convert("RGB").convert(mode)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # of IM
                image.save(folder / f"a{suffix}")
            return image
        except (OSError, ValueError, KeyError):
            (folder / f"a{suffix}").unlink(missing_ok=True)
    pytest.skip(f"Pillow writes no {suffix} by itself")


@pytest.mark.parametrize("suffix", WRITTEN)
def test_every_format_that_pillow_writes_is_read_or_named(tmp_path: Path, suffix: str) -> None:
    if suffix in UNREAD:
        (tmp_path / f"a{suffix}").write_bytes(b"anything")
        with pytest.raises(InputError, match=rf"1 file that is no picture \(a{suffix}\)"):
            load_images(str(tmp_path))
        return
    given = written(tmp_path, suffix)
    data = load_images(str(tmp_path), image_size=(64, 64), channels=3)
    np.testing.assert_allclose(data.images[0].astype(int), np.asarray(given.convert("RGB"), int), atol=12)
    assert data.notes == ()


def test_what_pillow_reads_is_what_is_read() -> None:
    assert {".png", ".jpg", ".jfif", ".ppm", ".webp", ".tiff", ".bmp", ".gif", ".mpo"} <= readable_suffixes()
    assert not UNREAD & readable_suffixes()
    stubs = [n for n, (f, _) in Image.OPEN.items() if isinstance(f, type) and issubclass(f, ImageFile.StubImageFile)]
    assert stubs and not set(stubs) & set(picture_files.readable_formats())


def test_a_postscript_file_under_another_name_runs_no_interpreter(tmp_path: Path) -> None:
    WIDE.convert("RGB").save(tmp_path / "a.eps")
    (tmp_path / "a.eps").rename(tmp_path / "a.png")
    with pytest.raises(InputError, match=r"a\.png is damaged or not an image"):
        load_images(str(tmp_path))


@pytest.mark.parametrize("suffix", ["gif", "webp", "png", "tiff"])
def test_of_an_animation_the_first_frame_is_taken_and_told(tmp_path: Path, suffix: str) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "lime", "blue")]
    frames[0].save(tmp_path / f"a.{suffix}", save_all=True, append_images=frames[1:])
    data = load_images(str(tmp_path), channels=3)
    np.testing.assert_allclose(data.images[0, 4, 4], [255, 0, 0], atol=2)
    assert data.notes == ("the first frame of 1 animations",)


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif"])
def test_photos_are_turned_as_their_exif_says(tmp_path: Path, suffix: str) -> None:
    photo = Image.new("RGB", (32, 16))
    photo.paste((255, 0, 0), (0, 0, 16, 16))
    exif = Image.Exif()
    exif[0x112] = 6  # a phone held upright
    photo.save(tmp_path / f"a.{suffix}", exif=exif)
    data = load_images(str(tmp_path))
    assert data.image_shape == (32, 16, 3)
    np.testing.assert_allclose(data.images[0, [4, 28], 8], [[255, 0, 0], [0, 0, 0]], atol=3)


# ---- modes -----------------------------------------------------------------------------------------

SEED = np.random.default_rng(0)
RGBA = Image.fromarray(SEED.integers(0, 256, (8, 8, 4), np.uint8))
DEEP = SEED.integers(0, 65536, (8, 8)).astype(np.uint16)


def of_mode(mode: str) -> Image.Image:
    """A picture of a mode of Pillow's, or with a transparent colour where it ends with `+`."""
    if mode.startswith("I"):
        return Image.fromarray({"I;16": DEEP, "I;16B": DEEP.astype(">u2"), "I": DEEP.astype(np.int32)}[mode])
    if mode == "LAB":
        return Image.merge("LAB", RGBA.convert("RGB").split())
    if mode in ("RGBA", "RGBa", "LA"):
        return RGBA.convert(mode)
    image = RGBA.convert("RGB").convert(mode.rstrip("+"))
    if mode.endswith("+"):
        first = image.getpixel((0, 0))
        image.info["transparency"] = bytes([128] * 256) if mode == "P+" else first
    return image


ALL_MODES = ["1", "L", "P", "PA", "RGB", "RGBX", "CMYK", "YCbCr", "HSV", "LAB", "I;16", "I;16B", "I"]
TRANSPARENT = ["RGBA", "RGBa", "LA", "P+", "L+", "RGB+", "1+"]


@pytest.mark.parametrize("size", [None, (8, 8), (6, 10)])
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("mode", [*ALL_MODES, *TRANSPARENT])
def test_every_mode_becomes_every_number_of_channels(mode: str, channels: int, size: tuple[int, int] | None) -> None:
    image = of_mode(mode)
    results = {
        (background, rules): convert(image, PictureRules(size, channels, "pad", background, None, rules))
        for background, rules in itertools.product(("white", "navy"), (1, 2))
    }
    for made in results.values():
        assert made.pixels.shape == (*(size or (8, 8)), channels)
        assert made.pixels.dtype == np.uint8
    white, navy = (results[background, 2] for background in ("white", "navy"))
    composited = mode in TRANSPARENT and channels < 4
    assert ("transparent" in white.effects) == composited
    assert (white.pixels != navy.pixels).any() == (composited or size == (6, 10))
    assert ("fit" in white.effects) == (size == (6, 10))
    assert ("levels" in white.effects) == mode.startswith("I")
    if size != (6, 10) and not composited:
        np.testing.assert_array_equal(results["white", 1].pixels, white.pixels)
    np.testing.assert_array_equal(results["white", 1].pixels, results["navy", 1].pixels)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("background", ["white", "#204060"])
def test_transparency_is_mixed_with_the_background(channels: int, background: str) -> None:
    """A x + (1 - a) b, for each colour, worked by hand."""
    pixels = np.asarray(RGBA).astype(float)
    alpha, colour = pixels[..., 3:] / 255, list(bytes.fromhex(parse_background(background)[1:]))
    mixed = alpha * pixels[..., :3] + (1 - alpha) * np.array(colour)
    if channels == 1:
        mixed = mixed @ [[0.299], [0.587], [0.114]]
    made = convert(RGBA, PictureRules(channels=channels, background=background))
    np.testing.assert_allclose(made.pixels, mixed, atol=1)


def test_the_colour_under_full_transparency_is_not_seen(tmp_path: Path) -> None:
    Image.new("RGBA", (8, 8), (255, 0, 255, 0)).save(tmp_path / "a.png")
    Image.new("RGBA", (8, 8), (9, 9, 9, 255)).save(tmp_path / "b.png")
    data = load_images(str(tmp_path), channels=3)
    assert data.images[:, 0, 0].tolist() == [[255, 255, 255], [9, 9, 9]]
    assert data.notes == ("1 with transparency on white",)
    assert data.effects == {"background": "#ffffff"}
    old = load_images(str(tmp_path), channels=3, data_rules=1)
    assert old.images[0, 0, 0].tolist() == [255, 0, 255]
    assert (old.notes, old.effects) == ((), {"background": "dropped"})
    kept = load_images(str(tmp_path))
    assert (kept.images[0, 0, 0].tolist(), kept.notes, kept.effects) == ([255, 0, 255, 0], (), {})


@pytest.mark.parametrize("text", ["white", "White", "#FFF", "#ffffff", "rgb(255, 255, 255)", "hsl(0, 0%, 100%)"])
def test_one_colour_has_one_name(text: str) -> None:
    assert parse_background(text) == "#ffffff"


# ---- shapes ----------------------------------------------------------------------------------------

SHAPES = [(1, 1), (1, 300), (300, 1), (16, 24), (32, 48), (7, 5), (37, 211), (64, 64)]


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
@pytest.mark.parametrize("shape", SHAPES)
def test_every_fit_of_every_shape(shape: tuple[int, int], fit: str, mode: str) -> None:
    """Of a picture of one colour all that is seen is that colour, and edges where it is padded."""
    channels = len(mode) if mode != "L" else 1
    level = (50, 60, 70, 255)[:channels]
    image = Image.new(mode, shape[::-1], level if channels > 1 else level[0])
    made = convert(image, PictureRules((16, 24), channels, fit, "#010203"))
    inside = (made.pixels == level).all(-1)
    other = shape[0] * 24 != shape[1] * 16
    assert made.effects == ({"fit", "background"} if fit == "pad" else {"fit"} if other else set()) & (
        {"fit", "background"} if other else set()
    )
    if fit != "pad" or not other:
        assert inside.all()
        return
    rows, columns = (np.flatnonzero(inside.any(axis)) for axis in (1, 0))
    scale = min(16 / shape[0], 24 / shape[1])
    assert (len(rows), len(columns)) == tuple(max(1, round(side * scale)) for side in shape)
    for found, full in ((rows, 16), (columns, 24)):
        assert abs((found[0]) - (full - 1 - found[-1])) <= 1  # in the middle
    edge = made.pixels[~inside]
    expected = {"L": [2], "RGB": [1, 2, 3], "RGBA": [1, 2, 3, 255]}[mode]
    assert (edge == expected).all()


@pytest.mark.parametrize(("fit", "left", "right"), [("crop", 85, 170), ("stretch", 3, 252), ("pad", 3, 252)])
def test_a_ramp_shows_what_is_kept(fit: str, left: int, right: int) -> None:
    """Three times as wide as high: a crop keeps the middle third, the others all."""
    ramp = Image.fromarray(np.tile(np.linspace(0, 255, 96).astype(np.uint8), (32, 1)))
    middle = convert(ramp, PictureRules((32, 32), fit=fit)).pixels[16, :, 0]
    np.testing.assert_allclose(middle[[0, -1]], [left, right], atol=4)


def test_the_same_shape_needs_no_fit(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    made = [load_images(str(tmp_path), image_size=(10, 15), fit=fit) for fit in ("crop", "pad", "stretch")]
    expected = np.asarray(Image.fromarray(pixels).resize((15, 10), Image.Resampling.BICUBIC))
    for data in made:
        np.testing.assert_array_equal(data.images[0], expected)
        assert (data.notes, data.effects) == ((), {})


def test_each_fit_is_told(tmp_path: Path) -> None:
    for name, size in (("a", (8, 8)), ("b", (9, 8)), ("c", (8, 30))):
        Image.new("L", size).save(tmp_path / f"{name}.png")
    told = {fit: load_images(str(tmp_path), image_size=(8, 8), fit=fit) for fit in ("crop", "pad", "stretch")}
    assert [data.notes for data in told.values()] == [("2 cropped",), ("2 padded with white",), ("2 stretched",)]
    assert [data.effects for data in told.values()] == [
        {"fit": "crop"},
        {"fit": "pad", "background": "#ffffff"},
        {"fit": "stretch"},
    ]
    old = load_images(str(tmp_path), image_size=(8, 8), data_rules=1)
    assert (old.notes, old.effects) == ((), {"fit": "stretch"})
    np.testing.assert_array_equal(old.images, told["stretch"].images)


# ---- depth -----------------------------------------------------------------------------------------


def write_deep(folder: Path, suffix: str, *arrays: np.ndarray) -> str:
    folder.mkdir(exist_ok=True)
    for index, array in enumerate(arrays):
        Image.fromarray(array).save(folder / f"{index}.{suffix}")
    return str(folder)


TWELVE = np.arange(64, dtype=np.uint16).reshape(8, 8) * 65  # 0 to 4095


@pytest.mark.parametrize("suffix", ["png", "tif"])
@pytest.mark.parametrize(
    ("levels", "expected"),
    [((0, 4095), np.rint(TWELVE / 4095 * 255)), ("auto", np.rint(TWELVE / 4095 * 255)), (None, TWELVE // 257),
     ((0, 65535), np.rint(TWELVE / 257)), ((1000, 2000), np.clip(np.rint((TWELVE - 1000.0) * 0.255), 0, 255))],
)  # fmt: skip
def test_levels(tmp_path: Path, suffix: str, levels: Any, expected: np.ndarray) -> None:
    folder = write_deep(tmp_path / "set", suffix, TWELVE, TWELVE[::-1])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        data = load_images(folder, levels=levels)
    np.testing.assert_array_equal(data.images[0, ..., 0], expected)
    assert [str(each.message).partition(": ")[2] for each in caught] == (
        [
            "2 pictures of 16 bits have no value above 4,095 of 65,535, so that they have 16 of 256 levels. "
            "Give levels=(0, 4095), or levels='auto' for the range of the data."
        ]
        if levels is None
        else []
    )
    numbers = [0, 4095] if levels == "auto" else levels and list(levels)
    assert (data.effects, data.facts().get("levels")) == ({"levels": numbers}, numbers)


def test_auto_is_the_range_of_all_pictures(tmp_path: Path) -> None:
    folder = write_deep(tmp_path / "set", "png", np.full((8, 8), 300, np.uint16), np.full((8, 8), 5300, np.uint16))
    Image.new("L", (8, 8), 77).save(tmp_path / "set" / "8bit.png")
    data = load_images(folder, levels="auto")
    assert data.images[:, 0, 0, 0].tolist() == [0, 255, 77]
    assert data.notes == ("2 of 16 bits, of which 300:5300 is black to white",)


def test_full_16_bits_and_old_rules_get_no_warning(tmp_path: Path) -> None:
    folder = write_deep(tmp_path / "full", "png", TWELVE * 16)
    np.testing.assert_array_equal(load_images(folder).images[0, ..., 0], TWELVE * 16 // 257)  # warnings are errors
    folder = write_deep(tmp_path / "twelve", "png", TWELVE)
    np.testing.assert_array_equal(load_images(folder, data_rules=1).images[0, ..., 0], TWELVE // 257)


def test_levels_without_16_bits_say_that_they_do_nothing(tmp_path: Path) -> None:
    Image.new("L", (8, 8)).save(tmp_path / "a.png")
    for levels in ("auto", (0, 4095)):
        data = load_images(str(tmp_path), levels=levels)  # type: ignore[arg-type]
        assert (data.notes, data.effects) == (("none of 16 bits, so that levels does nothing",), {})


def test_32_bits_need_levels(tmp_path: Path) -> None:
    folder = write_deep(tmp_path / "set", "tif", TWELVE.astype(np.int32) * 1000)
    with pytest.raises(InputError, match=r"32 bits a pixel .* with levels=\(MIN, MAX\)"):
        load_images(folder)
    np.testing.assert_array_equal(
        load_images(folder, levels=(0, 4095000)).images[0, ..., 0], np.rint(TWELVE / 4095 * 255)
    )
    floats = write_deep(tmp_path / "floats", "tif", TWELVE.astype(np.float32))
    with pytest.raises(InputError, match=r"32 bits a pixel .* convert it first\.$"):
        load_images(floats, levels="auto")


def test_a_grey_map_of_12_bits_has_all_levels(tmp_path: Path) -> None:
    """Pillow scales PGM itself, by the largest value that the file names."""
    (tmp_path / "a.pgm").write_bytes(b"P5 8 8 4095\n" + TWELVE.astype(">u2").tobytes())
    np.testing.assert_allclose(load_images(str(tmp_path)).images[0, ..., 0], TWELVE / 4095 * 255, atol=1)


@pytest.mark.parametrize("text", ["", "5", "5:", ":5", "9:1", "5:5", "a:b", "1.5:2", "0-4095", "AUTO"])
def test_text_that_is_no_levels(text: str) -> None:
    with pytest.raises(InputError, match=f"^levels must be MIN:MAX.* Received: {text!r}"):
        parse_levels(text)


# ---- size ------------------------------------------------------------------------------------------


def test_large_pictures_are_read_up_to_a_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With lower limits: a picture of 10,000 pixels is over Pillow's own, and at ours."""
    monkeypatch.setattr(picture_files, "LARGEST", 10_000)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 3_000)
    Image.new("L", (100, 100), 9).save(tmp_path / "a.png")
    assert load_images(str(tmp_path), image_size=(8, 8)).images[0, 0, 0, 0] == 9  # warnings are errors
    assert Image.MAX_IMAGE_PIXELS == 3_000
    Image.new("L", (100, 101), 9).save(tmp_path / "b.png")
    for skip_damaged in (False, True):
        with pytest.raises(InputError, match=r"b\.png is too large: 10100 pixels\. Expected at most") as caught:
            load_images(str(tmp_path), image_size=(8, 8), skip_damaged=skip_damaged)
        assert "damaged" not in str(caught.value)
    assert Image.MAX_IMAGE_PIXELS == 3_000


def test_the_limit_is_200_megapixels_and_is_seen_before_decoding(tmp_path: Path) -> None:
    assert picture_files.LARGEST == 200_000_000
    header = b"P5 100000 100000 255\n"  # ten gigabytes that are not there
    (tmp_path / "a.pgm").write_bytes(header)
    with pytest.raises(InputError, match=r"too large: 10000000000 pixels\. Expected at most 200 million\."):
        load_images(str(tmp_path))


def test_two_threads_leave_pillows_limit_as_it_was(tmp_path: Path) -> None:
    for index in range(40):
        Image.new("L", (30, 30), index).save(tmp_path / f"{index}.png")
    before, filters = Image.MAX_IMAGE_PIXELS, list(warnings.filters)
    threads = [threading.Thread(target=load_images, args=(str(tmp_path),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert before == Image.MAX_IMAGE_PIXELS
    assert warnings.filters == filters


# ---- arguments -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("image_size", [16, (0, 0), (3, 9), (8,), (8, 8, 3), (8.0, 8), "8x8", (8, None), [], (-8, 8)]),
        ("channels", [0, 2, 5, "3", 3.5, (3,)]),
        ("fit", ["cropp", "", None, 1, ["crop"]]),
        ("background", ["whit", "", "#12", "#11223344", "rgb(300, 0, 0)", None, 5, (255, 255, 255)]),
        ("levels", ["0:4095", (5, 5), (9, 1), (1,), (1, 2, 3), 5, ("a", "b"), (0.5, 1), ""]),
        ("data_rules", [0, 3, "2", None, 1.5]),
    ],
)
def test_arguments_that_cannot_be_right_are_refused_in_one_line(name: str, values: list[Any]) -> None:
    for value in values:
        with pytest.raises(InputError, match=f"(?i){name.split('_')[-1]}.*") as caught:
            load_images("digits", **{name: value})
        assert "\n" not in str(caught.value)


def test_lists_and_numbers_of_numpy_are_taken(tmp_path: Path) -> None:
    write_deep(tmp_path, "png", TWELVE)
    data = load_images(str(tmp_path), image_size=[4, 8], levels=(np.int64(0), np.int64(4095)))  # type: ignore[arg-type]
    assert data.image_shape == (4, 8, 1)
    assert data.facts()["levels"] == [0, 4095]


@pytest.mark.parametrize("mode", sorted(set(MODES.values())))
def test_damaged_files_of_every_kind_are_named(tmp_path: Path, mode: str) -> None:
    """Headers with wrong bytes raise whatever they raise in Pillow; here it is one line."""
    numbers = np.random.default_rng(3)
    for suffix in sorted({".png", ".jp2", ".dds", ".tga", ".tif", ".webp", ".ico"} & set(WRITTEN)):
        path = tmp_path / f"a{suffix}"
        RGBA.convert(mode).save(path)
        whole = path.read_bytes()
        for _ in range(20):
            wrong = bytearray(whole)
            for _ in range(3):
                wrong[numbers.integers(0, min(60, len(wrong)))] = numbers.integers(0, 256)
            path.write_bytes(wrong[: numbers.integers(1, len(wrong) + 1)])
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Pillow's, of files that it can read in part
                try:
                    load_images(str(tmp_path), image_size=(8, 8), channels=3)
                except InputError as error:
                    assert str(path) in str(error)
        path.unlink()
