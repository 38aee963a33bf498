"""Pairs of pictures of more than 8 bits, from the files to the values of an answer."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tfgan_suite.data.image_data import ImageData
from tfgan_suite.data.pair_files import load_pairs
from tfgan_suite.data.pairs import StoredPairs
from tfgan_suite.data.pipeline import training_batches
from tfgan_suite.data.sources import load_images
from tfgan_suite.errors import InputError
from tfgan_suite.images import convert, save_png, to_float, to_levels
from tfgan_suite.picture_rules import PictureRules

SIZE = (24, 32)


def phantom(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Ellipses in two contrasts with some noise, 0 to 4095: no body, and nothing of medicine."""
    random = np.random.default_rng(seed)
    y, x = np.indices(SIZE)
    source, target = np.zeros((2, *SIZE))
    for _ in range(4):
        (cy, cx), (a, b) = random.uniform(6, 20, 2), random.uniform(3, 12, 2)
        inside = ((y - cy) / a) ** 2 + ((x - cx) / b) ** 2 < 1.0
        source[inside], target[inside] = random.uniform(400, 3600, 2)
    noise = random.normal(0.0, 40.0, (2, *SIZE))
    source, target = np.clip(np.stack([source, target]) + noise, 0, 4095).astype(np.uint16)
    return source, target


def write(path: Path, values: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".npy":
        np.save(path, values)
    else:
        Image.fromarray(values).save(path)


def write_phantoms(folder: Path, suffix: str, count: int = 3, lowered: int = 0, kind: Any = np.uint16) -> np.ndarray:
    """The values (count, 2, H, W) that are written: sources and targets."""
    values = np.array([phantom(seed) for seed in range(count)]).astype(np.int64) - lowered
    for number, pair in enumerate(values):
        for half, each in zip("ab", pair, strict=True):
            write(folder / "train" / half / f"{number}.{suffix}", each.astype(kind))
    write(folder / "test" / "a" / "0.png", np.zeros(SIZE, np.uint8))
    write(folder / "test" / "b" / "0.png", np.zeros(SIZE, np.uint8))
    return values


def assert_values(data: StoredPairs, levels: tuple[int, int], values: np.ndarray) -> None:
    for images, expected in ((data.sources, values[:, 0]), (data.images, values[:, 1])):
        assert images.dtype == np.uint16
        np.testing.assert_array_equal(to_levels(to_float(images).numpy(), levels)[..., 0], expected)


def refused(said: str, folder: Path, **settings: Any) -> None:
    with pytest.raises(InputError, match=said) as caught:
        load_pairs(str(folder), "a", "b", **settings)
    assert "\n" not in str(caught.value)


# ---- values ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("span", [1, 2, 200, 255, 256, 4095, 40_000, 65_534, 65_535])
@pytest.mark.parametrize("low", [0, -1024])
def test_whole_values_come_back_exactly(span: int, low: int) -> None:
    values = np.arange(low, low + span + 1, dtype=np.int32)[None]
    levels = (low, low + span)
    pixels = convert(Image.fromarray(values), PictureRules(levels=levels, deep=True)).pixels
    assert (pixels.dtype, pixels.min(), pixels.max()) == (np.uint16, 0, 65_535)
    back = to_levels(to_float(pixels).numpy(), levels)
    np.testing.assert_array_equal(back[..., 0], values)
    assert back.dtype == (np.uint16 if low == 0 else np.int32)


def test_values_of_more_levels_come_back_to_half_a_step() -> None:
    values = np.arange(0, 1_000_001, 37, dtype=np.int32)[None]
    pixels = convert(Image.fromarray(values), PictureRules(levels=(0, 1_000_000), deep=True)).pixels
    back = to_levels(to_float(pixels).numpy(), (0, 1_000_000))[..., 0]
    assert 7 <= np.abs(back - values).max() <= 1_000_000 / 65_535 / 2 + 1


def test_answers_are_clipped_to_the_levels() -> None:
    assert to_levels(np.array([-1.2, -1.0, 0.0, 1.0, 7.0]), (0, 4095)).tolist() == [0, 0, 2048, 4095, 4095]


def test_what_was_read_in_8_bits_has_256_values() -> None:
    values = np.arange(65_536, dtype=np.uint16)[None]
    eight = convert(Image.fromarray(values), PictureRules(levels=(0, 65_535))).pixels
    back = to_levels(to_float(eight).numpy(), (0, 65_535))
    assert np.unique(back).tolist() == list(range(0, 65_536, 257))


def test_an_answer_in_16_bits_is_a_png_of_16_bits(tmp_path: Path) -> None:
    values = to_levels(np.linspace(-1, 1, 64).reshape(8, 8, 1), (0, 65_535))
    save_png(tmp_path / "a.png", values, {"seed": 3})
    with Image.open(tmp_path / "a.png") as image:
        assert image.mode == "I;16"
        np.testing.assert_array_equal(np.asarray(image), values[..., 0])


# ---- files -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["png", "tif", "npy"])
def test_phantoms(suffix: str, tmp_path: Path) -> None:
    values = write_phantoms(tmp_path, suffix)
    data = load_pairs(str(tmp_path), "a", "b", levels=(0, 4095))
    assert_values(data, (0, 4095), values)
    assert data.facts()["levels"] == [0, 4095]
    assert data.effects == {"levels": [0, 4095], "source_levels": [0, 4095]}
    assert data.notes == ("sources 24x32x1", "3 of 16 bits, of which 0:4095 is black to white")


@pytest.mark.parametrize(("suffix", "kind"), [("tif", np.int32), ("npy", np.int16), ("npy", np.int64)])
def test_values_below_zero(suffix: str, kind: Any, tmp_path: Path) -> None:
    values = write_phantoms(tmp_path, suffix, lowered=1024, kind=kind)
    assert_values(load_pairs(str(tmp_path), "a", "b", levels=(-1024, 3071)), (-1024, 3071), values)


def test_without_levels_16_bits_become_8(tmp_path: Path) -> None:
    values = write_phantoms(tmp_path, "png")
    data = load_pairs(str(tmp_path), "a", "b")
    assert (data.images.dtype, data.sources.dtype) == (np.uint8, np.uint8)
    np.testing.assert_array_equal(data.images[..., 0], values[:, 1] // 257)
    assert "of 256 levels. Give levels=(0, 4095)" in data.warnings[0]


def test_side_by_side_and_a_csv(tmp_path: Path) -> None:
    values = np.array([phantom(seed) for seed in range(4)])
    for number, (source, target) in enumerate(values):
        write(tmp_path / "halves" / f"{number}.png", np.concatenate([source, target], 1))
        write(tmp_path / "s" / f"{number}.npy", source[..., None])
        write(tmp_path / "t" / f"{number}.tif", target)
    rows = [f"s/{number}.npy,t/{number}.tif,train" for number in range(4)]
    (tmp_path / "pairs.csv").write_text("\n".join(["source,target,split", *rows, "s/0.npy,t/0.tif,test"]))
    assert_values(load_pairs(str(tmp_path / "pairs.csv"), levels=(0, 4095)), (0, 4095), values)
    parts = [
        load_pairs(str(tmp_path / "halves"), pair_layout="side_by_side", levels=(0, 4095), split=split)
        for split in ("train", "test")
    ]
    rows_of = [[int(name) for name in part.names] for part in parts]
    for part, numbers in zip(parts, rows_of, strict=True):
        assert_values(part, (0, 4095), values[numbers])
    assert sorted([*rows_of[0], *rows_of[1]]) == [0, 1, 2, 3]


def test_halves_may_differ_in_depth(tmp_path: Path) -> None:
    for number in range(2):
        write(tmp_path / "a" / f"{number}.png", np.full((8, 8), 51, np.uint8))
        write(tmp_path / "b" / f"{number}.png", np.full((8, 8), 2048, np.uint16))
    data = load_pairs(str(tmp_path), "a", "b", levels=(0, 4095))
    assert (data.sources.dtype, data.images.dtype) == (np.uint8, np.uint16)
    assert (data.sources.max(), data.images.max()) == (51, round(2048 * 65_535 / 4095))
    source, target = next(iter(training_batches(data, 1, epochs=1, seed=0)))
    np.testing.assert_allclose(source, 51 / 127.5 - 1, atol=1e-6)
    np.testing.assert_allclose(target, 2 * 2048 / 4095 - 1, atol=1e-4)


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
def test_a_change_of_size_is_that_of_8_bits_and_finer(fit: str) -> None:
    image = Image.fromarray(phantom(0)[0])
    eight, deep = (
        convert(image, PictureRules((20, 20), fit=fit, levels=(-2000, 7000), deep=is_deep)) for is_deep in (False, True)
    )
    assert eight.effects == deep.effects
    difference = deep.pixels / 257.0 - eight.pixels
    # Pillow rounds 8 bits before, between its two passes, and after.
    assert 0.5 < np.abs(difference).max() < 2.0
    assert len(np.unique(deep.pixels)) > 1.5 * len(np.unique(eight.pixels))
    if fit == "pad":
        assert (deep.pixels[0] == 65_535).all()


def test_labels_of_16_bits_are_not_blended(tmp_path: Path) -> None:
    board = np.kron(np.indices((5, 5)).sum(0) % 2, np.ones((3, 3))).astype(np.uint16) * 1000
    for number, half in ((0, "a"), (0, "b"), (1, "a"), (1, "b")):
        write(tmp_path / half / f"{number}.png", board)
    sizes: dict[str, Any] = {"image_size": (8, 8), "levels": (0, 1000)}
    data = load_pairs(str(tmp_path), "a", "b", source_kind="labels", **sizes)
    assert np.unique(data.sources).tolist() == [0, 65_535]
    assert len(np.unique(data.images)) > 4


def test_images_in_a_file_keep_their_depth(tmp_path: Path) -> None:
    values = write_phantoms(tmp_path, "png")
    data = load_pairs(str(tmp_path), "a", "b", levels=(0, 4095), cache_gigabytes=0.0)
    assert isinstance(data.images, np.memmap)
    assert_values(data, (0, 4095), values)
    part = data.at(np.array([2, 0]))
    assert isinstance(part.images, np.memmap)
    assert_values(part, (0, 4095), values[[2, 0]])


# ---- the pipeline ----------------------------------------------------------------------------------


def test_batches_have_more_than_256_levels_and_are_moved_alike(tmp_path: Path) -> None:
    write_phantoms(tmp_path, "npy", count=4)
    data = load_pairs(str(tmp_path), "a", "b", levels=(0, 4095))
    twice = StoredPairs.of_arrays(data.images, data.images)
    source, target = next(iter(training_batches(twice, 4, epochs=1, seed=0, flip=True, crop=3)))
    np.testing.assert_array_equal(source, target)
    assert len(np.unique(target)) > 512
    known = {image.tobytes() for image in to_float(data.images).numpy()}
    plain, _ = next(iter(training_batches(twice, 4, epochs=1, seed=0)))
    assert {image.tobytes() for image in plain.numpy()} == known


def test_images_without_a_source_stay_8_bits(tmp_path: Path) -> None:
    write(tmp_path / "1.png", phantom(0)[0])
    write(tmp_path / "2.npy", phantom(0)[0])
    data = load_images(str(tmp_path), levels=(0, 4095))
    assert (data.images.shape, data.images.dtype) == ((1, *SIZE, 1), np.uint8)
    assert data.notes[-1] == "left out: 1 file that is no picture (2.npy)"
    deep = ImageData(np.zeros((4, 8, 8, 1), np.uint16), None, (), "deep")
    with pytest.raises(InputError, match="must be uint8"):
        training_batches(deep, 2, epochs=1, seed=0)


# ---- refusals --------------------------------------------------------------------------------------


def test_refusals(tmp_path: Path) -> None:
    write_phantoms(tmp_path, "npy")
    refused(r"a/0\.npy is an array\. Give the range of its values with levels=\(MIN, MAX\)\.", tmp_path)
    refused("levels.* Received: auto", tmp_path, levels="auto")
    bad = tmp_path / "train" / "b" / "1.npy"
    for values, said in (
        (np.zeros(SIZE), r"1\.npy must be of whole numbers.* Received: float64 \(24, 32\)"),
        (np.zeros((*SIZE, 3), np.uint8), r"Received: uint8 \(24, 32, 3\)"),
        (np.zeros((0, 32), np.int32), r"Received: int32 \(0, 32\)"),
        (np.full(SIZE, 2**31), "values of 2147483648 to 2147483648. Expected those of int32"),
        (np.zeros((24, 31), np.int16), "24x31"),
    ):
        np.save(bad, values)
        refused(said, tmp_path, levels=(0, 4095))
    bad.write_bytes(b"no array")
    refused(r"1\.npy is damaged or not an image", tmp_path, levels=(0, 4095))
    data = load_pairs(str(tmp_path), "a", "b", levels=(0, 4095), skip_damaged=True)
    assert (data.names, data.num_damaged) == (("0", "2"), 1)
    np.save(bad, np.array([{}], object), allow_pickle=True)
    refused(r"1\.npy is damaged", tmp_path, levels=(0, 4095))


def test_refuses_two_depths_in_one_half(tmp_path: Path) -> None:
    write_phantoms(tmp_path, "png")
    write(tmp_path / "train" / "b" / "2.png", np.zeros(SIZE, np.uint8))
    refused(r"b/2\.png has 8 bits, .*b/0\.png has 16", tmp_path, levels=(0, 4095))
