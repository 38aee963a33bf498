from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from tfgan_suite.errors import InputError
from tfgan_suite.images import convert, from_array, read_mark, save_gif, save_png, to_float, to_uint8
from tfgan_suite.picture_rules import PictureRules


def test_all_levels_survive_the_round_trip() -> None:
    levels = np.arange(256, dtype=np.uint8)
    floats = to_float(levels)
    assert floats.dtype == np.float32
    assert (float(floats[0]), float(floats[255])) == (-1.0, 1.0)
    np.testing.assert_allclose(floats[1:] - floats[:-1], np.full(255, 2 / 255), rtol=1e-4)
    np.testing.assert_array_equal(to_uint8(floats.numpy()), levels)


@pytest.mark.parametrize(
    ("value", "level"), [(-1.0, 0), (1.0, 255), (-1.7, 0), (9.0, 255), (0.5, 191), (-0.5, 64), (0.0, 128), (-0.01, 126)]
)
def test_nearest_level_and_clipping(value: float, level: int) -> None:
    assert to_uint8(np.array([[value]])).tolist() == [[level]]
    assert to_uint8(np.array([[value]])).dtype == np.uint8


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_png_is_read_back_exactly(tmp_path: Path, channels: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, channels), np.uint8)
    save_png(tmp_path / "image.png", pixels)
    with Image.open(tmp_path / "image.png") as image:
        assert image.format == "PNG"
        np.testing.assert_array_equal(np.asarray(image).reshape(pixels.shape), pixels)
    assert [path.name for path in tmp_path.iterdir()] == ["image.png"]


def test_a_png_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "image.png"
    save_png(path, np.zeros((4, 4, 1), np.uint8))
    before = path.read_bytes()
    with pytest.raises(TypeError):
        save_png(path, np.zeros((4, 4, 5), np.uint8))
    assert path.read_bytes() == before


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_mark_is_read_back_and_leaves_the_pixels(tmp_path: Path, channels: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, channels), np.uint8)
    save_png(tmp_path / "image.png", pixels, {"generator": "dcgan", "seed": 7, "label": "3 (gr\u00fcn, \u7da0)"})
    assert list(read_mark(tmp_path / "image.png").items()) == [
        ("Software", f"tfgan_suite {metadata.version('tfgan_suite')}"),
        ("generator", "dcgan"),
        ("seed", "7"),
        ("label", "3 (gr\u00fcn, \u7da0)"),
    ]
    with Image.open(tmp_path / "image.png") as image:
        np.testing.assert_array_equal(np.asarray(image).reshape(pixels.shape), pixels)


def test_a_mark_is_what_the_png_specification_calls_text(tmp_path: Path) -> None:
    save_png(tmp_path / "image.png", np.zeros((4, 4, 1), np.uint8), {"seed": 7})
    assert b"tEXtseed\x007" in (tmp_path / "image.png").read_bytes()


def test_pictures_without_a_mark_have_none(tmp_path: Path) -> None:
    image, foreign = from_array(np.zeros((4, 4, 1), np.uint8)), PngImagePlugin.PngInfo()
    foreign.add_text("Software", "tfgan_suites 1.0")
    foreign.add_text("seed", "7")
    image.save(tmp_path / "foreign.png", pnginfo=foreign)
    save_png(tmp_path / "plain.png", np.zeros((4, 4, 1), np.uint8))
    save_png(tmp_path / "marked.png", np.zeros((4, 4, 1), np.uint8), {"seed": 7})
    with Image.open(tmp_path / "marked.png") as marked:
        marked.save(tmp_path / "again.png")
        marked.save(tmp_path / "again.jpg")
    for name in ("foreign.png", "plain.png", "again.png", "again.jpg"):
        with pytest.raises(InputError, match=f"{name} carries no mark of tfgan_suite"):
            read_mark(tmp_path / name)
    with pytest.raises(InputError, match=r"none\.png does not exist"):
        read_mark(tmp_path / "none.png")


def test_a_damaged_picture_is_told_from_a_whole_one(tmp_path: Path) -> None:
    """Any flipped bit before the closing chunk, the checksums of the pixels and of the mark included."""
    path = tmp_path / "image.png"
    save_png(path, np.random.default_rng(0).integers(0, 256, (4, 4, 1), np.uint8), {"seed": 7})
    whole = path.read_bytes()
    for position in range(len(whole) - 12):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 4]) + whole[position + 1 :])
        with pytest.raises(InputError, match="carries no mark of tfgan_suite"):
            read_mark(path)
    path.write_bytes(whole[:-30])
    with pytest.raises(InputError, match="or a damaged one"):
        read_mark(path)


def test_gif_shows_its_frames_and_holds_the_last(tmp_path: Path) -> None:
    frames = [from_array(np.full((4, 6, 1), level, np.uint8)) for level in (0, 100, 255)]
    save_gif(tmp_path / "training.gif", iter(frames), 3, milliseconds=150)
    with Image.open(tmp_path / "training.gif") as gif:
        assert (gif.n_frames, gif.size, gif.info["loop"]) == (3, (6, 4), 0)
        shown = []
        for index in range(3):
            gif.seek(index)
            shown.append((gif.info["duration"], gif.convert("L").getpixel((0, 0))))
    assert shown == [(150, 0), (150, 100), (2000, 255)]


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_convert_from_colour(channels: int) -> None:
    image = Image.new("RGB", (3, 2), (255, 0, 0))
    luma = round(255 * 0.299)
    expected = {1: [luma], 3: [255, 0, 0], 4: [255, 0, 0, 255]}[channels]
    pixels = convert(image, PictureRules(channels=channels)).pixels
    assert (pixels.shape, pixels.dtype) == ((2, 3, channels), np.uint8)
    np.testing.assert_array_equal(pixels, np.broadcast_to(expected, pixels.shape))


def test_convert_scales_16_bit_grey() -> None:
    levels = np.arange(256, dtype=np.uint16).reshape(16, 16) * 257  # 0 -> 0, 65535 -> 255
    np.testing.assert_array_equal(
        convert(Image.fromarray(levels), PictureRules()).pixels[..., 0].ravel(), np.arange(256)
    )
    np.testing.assert_array_equal(convert(Image.fromarray(levels), PictureRules(channels=3)).pixels[0, 9], [9, 9, 9])


def test_convert_takes_height_before_width() -> None:
    assert convert(Image.new("L", (10, 20)), PictureRules((5, 4))).pixels.shape == (5, 4, 1)


def test_convert_resizes_with_antialiasing() -> None:
    """Every other pixel white: without antialiasing a half of the size would be black or white."""
    stripes = np.tile(np.array([0, 255], np.uint8), (32, 16))
    inner = convert(Image.fromarray(stripes), PictureRules((16, 16))).pixels[4:-4, 4:-4]
    assert 100 < inner.min() <= inner.max() < 155


def test_convert_keeps_the_size_it_has() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7), np.uint8)
    np.testing.assert_array_equal(convert(Image.fromarray(pixels), PictureRules((5, 7))).pixels[..., 0], pixels)
