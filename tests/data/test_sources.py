import csv
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tfgan_suite.data.image_data import ImageData
from tfgan_suite.data.image_store import GIGABYTE, allocate
from tfgan_suite.data.sources import load_images
from tfgan_suite.errors import InputError


def write(path: Path, level: int, size: tuple[int, int] = (6, 5), mode: str = "RGB") -> Path:
    """An image of one level; size is (width, height), as Pillow has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, level if mode in ("L", "1") else (level,) * len(mode)).save(path)
    return path


def levels(data: ImageData) -> list[int]:
    """The first value of each image."""
    return data.images[:, 0, 0, 0].tolist()


# ---- digits ----------------------------------------------------------------------------------------


def test_digits() -> None:
    data = load_images("digits")
    assert (data.images.shape, data.images.dtype) == ((1797, 32, 32, 1), np.uint8)
    assert data.labels is not None
    assert data.labels.dtype == np.int32
    assert data.label_names == tuple("0123456789")
    assert (data.num_classes, data.num_attributes) == (10, None)
    # The counts of the UCI test set, which these digits are.
    assert np.bincount(data.labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_digits_in_their_own_size_have_17_levels() -> None:
    data = load_images("digits", image_size=(8, 8))
    assert data.image_shape == (8, 8, 1)
    assert len(np.unique(data.images)) == 17
    assert (data.images.min(), data.images.max()) == (0, 255)
    # The first row of the first digit, of 0..16: 0 0 5 13 9 1 0 0.
    assert data.images[0, 0, :, 0].tolist() == [0, 0, 80, 207, 143, 16, 0, 0]


def test_digits_of_another_shape() -> None:
    data = load_images("digits", image_size=(12, 20), channels=3)
    assert data.image_shape == (12, 20, 3)
    np.testing.assert_array_equal(data.images[..., 0], data.images[..., 2])


# ---- folders ---------------------------------------------------------------------------------------


def test_flat_folder(tmp_path: Path) -> None:
    for name, level in (("b.png", 20), ("a.png", 10), ("c.PNG", 30)):
        write(tmp_path / name, level)
    (tmp_path / "notes.txt").write_text("no image")
    data = load_images(str(tmp_path))
    assert (data.images.shape, data.images.dtype) == ((3, 5, 6, 3), np.uint8)
    assert levels(data) == [10, 20, 30]
    assert data.labels is None
    assert (data.num_classes, data.num_attributes, data.num_damaged) == (None, None, 0)


def test_subfolders_are_classes(tmp_path: Path) -> None:
    write(tmp_path / "dog" / "1.png", 40)
    write(tmp_path / "cat" / "deeper" / "2.png", 50)
    write(tmp_path / "cat" / "1.png", 60)
    data = load_images(str(tmp_path))
    assert data.label_names == ("cat", "dog")
    assert data.labels is not None
    assert data.labels.dtype == np.int32
    assert sorted(zip(levels(data), data.labels.tolist(), strict=True)) == [(40, 1), (50, 0), (60, 0)]


@pytest.mark.parametrize("suffix", ["png", "jpg", "jpeg", "bmp", "gif", "webp", "tif", "tiff"])
def test_formats(tmp_path: Path, suffix: str) -> None:
    write(tmp_path / f"image.{suffix}", 200)
    data = load_images(str(tmp_path), channels=3)
    assert data.image_shape == (5, 6, 3)
    np.testing.assert_allclose(data.images, 200, atol=2)


def test_images_beside_subfolders(tmp_path: Path) -> None:
    write(tmp_path / "cat" / "1.png", 1)
    write(tmp_path / "stray.png", 2)
    with pytest.raises(InputError, match=r"both subfolders .* stray\.png"):
        load_images(str(tmp_path))


def test_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    (tmp_path / "notes.txt").write_text("no image")
    with pytest.raises(InputError, match=r"has no images \(.*\.png"):
        load_images(str(tmp_path))


@pytest.mark.parametrize("missing", ["{}/missing", "./missing", "~/missing/images", "{}/missing.csv"])
def test_missing_path(tmp_path: Path, missing: str) -> None:
    with pytest.raises(InputError, match=r"missing.* does not exist"):
        load_images(missing.format(tmp_path))


def test_a_path_below_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "pictures" / "a.png", 10)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert levels(load_images("~/pictures")) == [10]


def test_no_name_is_not_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "a.png", 10)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError):
        load_images("")


def test_several_sizes(tmp_path: Path) -> None:
    write(tmp_path / "a.png", 10, (6, 5))
    write(tmp_path / "b.png", 20, (8, 7))
    with pytest.raises(InputError, match=r"b\.png is 7x8 pixels, .*a\.png is 5x6\. .*--image-size"):
        load_images(str(tmp_path))
    data = load_images(str(tmp_path), image_size=(4, 10))
    assert data.images.shape == (2, 4, 10, 3)
    assert levels(data) == [10, 20]


# ---- modes of pixels -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "channels"), [("1", 1), ("L", 1), ("RGB", 3), ("RGBA", 4), ("LA", 4), ("P", 3), ("CMYK", 3)]
)
def test_natural_channels(tmp_path: Path, mode: str, channels: int) -> None:
    Image.new("RGB", (6, 5), (255, 255, 255)).convert(mode).save(tmp_path / f"a.{'tif' if mode == 'CMYK' else 'png'}")
    data = load_images(str(tmp_path))
    assert data.image_shape == (5, 6, channels)
    assert set(np.unique(data.images)) == {255}


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P"])
def test_channels_asked_for(tmp_path: Path, mode: str, channels: int) -> None:
    Image.new("RGBA", (6, 5), (90, 90, 90, 255)).convert("RGB" if mode == "P" else mode).convert(mode).save(
        tmp_path / "a.png"
    )
    data = load_images(str(tmp_path), channels=channels)
    assert data.image_shape == (5, 6, channels)
    assert data.images[0, 0, 0].tolist() == {1: [90], 3: [90, 90, 90], 4: [90, 90, 90, 255]}[channels]


def test_alpha_is_kept_exactly(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 6, 4), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    np.testing.assert_array_equal(load_images(str(tmp_path)).images[0], pixels)


def test_16_bit_grey(tmp_path: Path) -> None:
    Image.fromarray(np.arange(256, dtype=np.uint16).reshape(16, 16) * 257).save(tmp_path / "a.png")
    data = load_images(str(tmp_path))
    assert data.image_shape == (16, 16, 1)
    np.testing.assert_array_equal(data.images.ravel(), np.arange(256))


@pytest.mark.parametrize("channels", [None, 1, 3, 4])
def test_palette_with_several_transparent_colours(tmp_path: Path, channels: int | None) -> None:
    palette = Image.new("P", (6, 5), 1)
    palette.putpalette([10, 10, 10, 90, 90, 90])
    palette.save(tmp_path / "a.png", transparency=bytes([0, 128]))
    assert load_images(str(tmp_path), channels=channels).images[0, 0, 0, 0] == 90


# ---- CSV -------------------------------------------------------------------------------------------


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A folder with images/0.png to images/3.png, of the levels 0, 10, 20 and 30."""
    for index in range(4):
        write(tmp_path / "images" / f"{index}.png", 10 * index)
    return tmp_path / "table.csv"


def write_csv(path: Path, *rows: str, encoding: str = "utf-8") -> str:
    path.write_text("\n".join(rows) + "\n", encoding=encoding)
    return str(path)


def test_csv_of_classes(table: Path) -> None:
    file = write_csv(table, "label,path", "dog,images/3.png", "cat,images/0.png", "dog,images/1.png")
    data = load_images(file)
    assert levels(data) == [30, 0, 10]
    assert data.label_names == ("cat", "dog")
    assert data.labels is not None
    assert (data.labels.dtype, data.labels.tolist()) == (np.int32, [1, 0, 1])


def test_csv_of_numbered_classes_in_the_order_of_numbers(table: Path) -> None:
    data = load_images(write_csv(table, "path,label", "images/0.png,10", "images/1.png,9", "images/2.png,10"))
    assert data.label_names == ("9", "10")
    assert data.labels is not None
    assert data.labels.tolist() == [1, 0, 1]


def test_csv_of_attributes(table: Path) -> None:
    data = load_images(write_csv(table, "path,label_hat,label_smile", "images/2.png,0,1", "images/1.png,1,1"))
    assert levels(data) == [20, 10]
    assert data.label_names == ("hat", "smile")
    assert (data.num_classes, data.num_attributes) == (None, 2)
    assert data.labels is not None
    assert (data.labels.dtype, data.labels.tolist()) == (np.float32, [[0, 1], [1, 1]])


def test_csv_without_labels(table: Path) -> None:
    data = load_images(write_csv(table, "path,width", "images/2.png,6"))
    assert levels(data) == [20]
    assert data.labels is None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_csv_as_spreadsheets_write_it(table: Path, encoding: str) -> None:
    write(table.parent / "images" / "größe, 1.png", 77)
    file = write_csv(table, "path,label", '"images/größe, 1.png",weiß', encoding=encoding)
    data = load_images(file)
    assert levels(data) == [77]
    assert data.label_names == ("weiß",)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["file,label", "images/0.png,a"], r"needs a column 'path'.*Received the columns: file, label\."),
        ([""], r"Received the columns: none"),
        (["path,label"], r"has no rows"),
        (["path,label", "images/0.png"], r"line 2: expected a value in each of 2 columns"),
        (["path,label", "images/0.png,a", "images/1.png,"], r"line 3: expected a value"),
        (["path,label", "images/0.png,a,b"], r"line 2: expected a value"),
        (["path,label", "images/0.png,a", "", "images/1.png,"], r"line 4: expected a value"),
        (["path,label,label_hat", "images/0.png,a,1"], r"both a column 'label' and attributes \(label_hat\)"),
        (["path,label_hat", "images/0.png,1", "images/1.png,yes"], r"line 3: label_hat must be 0 or 1.*'yes'"),
        (["path", "images/9.png"], r"9\.png does not exist"),
        (["path", "images"], r"images is damaged or not an image"),
        (["path", "x" * (csv.field_size_limit() + 1)], r"table\.csv"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_csv_refused(table: Path, rows: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        load_images(write_csv(table, *rows))


def test_csv_in_another_encoding(table: Path) -> None:
    with pytest.raises(InputError, match="not a CSV in UTF-8"):
        load_images(write_csv(table, "path,label", "images/0.png,weiß", encoding="latin-1"))


def test_a_label_column_is_not_lost_to_a_space(table: Path) -> None:
    data = load_images(write_csv(table, "path, label", "images/0.png, cat"))
    assert data.label_names == ("cat",)


# ---- damaged images --------------------------------------------------------------------------------


def damage(path: Path, how: str) -> None:
    """Makes a file that is not an image, though its name says so."""
    whole = write(path, 99, (40, 40)).read_bytes()
    path.write_bytes({"truncated": whole[: len(whole) // 2], "text": b"no image", "empty": b""}[how])


@pytest.mark.parametrize("how", ["truncated", "text", "empty"])
@pytest.mark.parametrize("suffix", ["png", "jpg", "gif"])
def test_damaged_image_is_named(tmp_path: Path, suffix: str, how: str) -> None:
    write(tmp_path / "a.png", 10, (40, 40))
    damage(tmp_path / f"broken.{suffix}", how)
    with pytest.raises(InputError, match=rf"broken\.{suffix} is damaged or not an image.*--skip-damaged"):
        load_images(str(tmp_path))


def test_skipped_images_are_counted_and_take_their_labels_along(tmp_path: Path) -> None:
    damage(tmp_path / "cat" / "0.png", "truncated")
    write(tmp_path / "cat" / "1.png", 10)
    damage(tmp_path / "dog" / "0.jpg", "empty")
    write(tmp_path / "dog" / "1.png", 20)
    damage(tmp_path / "dog" / "2.png", "text")
    write(tmp_path / "emu" / "0.png", 30)
    data = load_images(str(tmp_path), skip_damaged=True)
    assert data.num_damaged == 3
    assert levels(data) == [10, 20, 30]
    assert data.labels is not None
    assert [data.label_names[label] for label in data.labels] == ["cat", "dog", "emu"]


def test_nothing_to_skip(tmp_path: Path) -> None:
    write(tmp_path / "a.png", 10)
    assert load_images(str(tmp_path), skip_damaged=True).num_damaged == 0


def test_all_images_damaged(tmp_path: Path) -> None:
    damage(tmp_path / "a.png", "text")
    damage(tmp_path / "b.png", "empty")
    with pytest.raises(InputError, match="none of the 2 images can be decoded"):
        load_images(str(tmp_path), skip_damaged=True)


# ---- where images lie ------------------------------------------------------------------------------


def test_beyond_the_limit_images_lie_in_a_nameless_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for index in range(5):
        write(tmp_path / "images" / f"{index}.png", index)
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    in_ram = load_images(str(tmp_path / "images"))
    mapped = load_images(str(tmp_path / "images"), cache_gigabytes=0.0)
    assert not isinstance(in_ram.images, np.memmap)
    assert isinstance(mapped.images, np.memmap)
    np.testing.assert_array_equal(mapped.images, in_ram.images)
    assert not list((tmp_path / "scratch").iterdir())


@pytest.mark.parametrize(("rows", "mapped"), [(64, False), (65, True)])
def test_limit_is_exact(rows: int, mapped: bool) -> None:
    images = allocate((rows, 4, 4, 1), cache_gigabytes=64 * 16 / GIGABYTE)
    assert isinstance(images, np.memmap) == mapped
    assert (images.shape, images.dtype) == ((rows, 4, 4, 1), np.uint8)


# ---- ImageData -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.array([0, 1]), "3 images but 2 labels"),
        (np.array([0, 1, 2]), r"in 0\.\.1\. Received: 2"),
        (np.array([0, -1, 1]), r"in 0\.\.1\. Received: -1"),
        (np.array([[0, 1], [0, 2], [1, 1]]), "attributes must be 0 or 1"),
    ],
)
def test_labels_that_do_not_fit(labels: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        ImageData(np.zeros((3, 4, 4, 1), np.uint8), labels, ("a", "b"), "set").checked()


def test_checked_labels_have_the_types_of_the_pipeline() -> None:
    images = np.zeros((2, 4, 4, 1), np.uint8)
    classes = ImageData(images, np.array([0, 1], np.int64), ("a", "b"), "set").checked().labels
    attributes = ImageData(images, np.array([[0, 1], [1, 1]], bool), ("a", "b"), "set").checked().labels
    assert classes is not None
    assert attributes is not None
    assert (classes.dtype, attributes.dtype) == (np.int32, np.float32)


def test_no_images() -> None:
    with pytest.raises(InputError, match="set has no images"):
        ImageData(np.zeros((0, 4, 4, 1), np.uint8), None, (), "set").checked()


# ---- TensorFlow Datasets ---------------------------------------------------------------------------


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every address is behind a proxy that takes the call and never answers."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        proxy = f"http://127.0.0.1:{silent.getsockname()[1]}"
        for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, proxy)
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        yield


@pytest.mark.usefixtures("no_network")
def test_unprepared_data_answer_within_ten_seconds_where_the_network_hangs(tmp_path: Path) -> None:
    """From the start of a process on, the imports included."""
    code = f"from tfgan_suite import load_images; load_images('mnist', data_dir={str(tmp_path)!r})"
    start = time.monotonic()
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    seconds = time.monotonic() - start
    assert "is not prepared in" in result.stderr
    assert str(tmp_path) in result.stderr
    assert "--data-dir or TFDS_DATA_DIR" in result.stderr
    assert seconds < 20, seconds


@pytest.mark.parametrize(("name", "close"), [("mnits", "mnist"), ("fashionmnist", "fashion_mnist"), ("cifar", "cifar")])
def test_unknown_name_gets_close_ones(tmp_path: Path, name: str, close: str) -> None:
    with pytest.raises(InputError, match=rf"Unknown data set '{name}'\. Did you mean \w*{close}.*a folder of images"):
        load_images(name, data_dir=str(tmp_path))


@pytest.mark.parametrize("name", ["data/my/faces", "my faces", "zzzzzzzz", "images/faces"])
def test_a_mistyped_folder_is_an_unknown_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=f"{name}.*a folder of images"):
        load_images(name, data_dir=str(tmp_path))


class Prepared:
    """A small data set of TFDS, written as TFDS writes them: 12 images, image i of level 20 i."""

    @staticmethod
    def write(folder: Path, name: str, image: Any, sizes: tuple[tuple[int, int], ...], labels: Any = None) -> None:
        import tensorflow_datasets as tfds

        def examples() -> Iterator[tuple[int, dict[str, Any]]]:
            for index in range(12):
                height, width = sizes[index % len(sizes)]
                row: dict[str, Any] = {"image": np.full((height, width, 3), 20 * index, np.uint8)}
                if labels is not None:
                    row["label"] = -1 if labels == "none" else index % 3
                yield index, row

        features = {"image": image}
        if labels is not None:
            features["label"] = tfds.features.ClassLabel(names=["a", "b", "c"])
        tfds.dataset_builders.store_as_tfds_dataset
        raise NotImplementedError(name, folder, features, examples, os)
