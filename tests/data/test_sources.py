import csv
import socket
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image

from tfgan_suite.data.image_data import ImageData
from tfgan_suite.data.image_store import GIGABYTE, allocate
from tfgan_suite.data.sources import load_images
from tfgan_suite.errors import InputError
from tfgan_suite.labels import Labels


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
    assert data.num_classes == 10
    # The counts of the UCI test set, which these digits are.
    assert np.bincount(data.labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_digits_in_their_own_size_have_17_levels() -> None:
    data = load_images("digits", image_size=(8, 8))
    assert data.image_shape == (8, 8, 1)
    assert len(np.unique(data.images)) == 17
    assert (data.images.min(), data.images.max()) == (0, 255)
    # The first row of the first digit, of 0..16: 0 0 5 13 9 1 0 0.
    assert data.images[0, 0, :, 0].tolist() == [0, 0, 80, 207, 143, 16, 0, 0]


def test_digits_are_what_they_were() -> None:
    """Runs, classifiers and records of them rest on these bits."""
    for options, expected in (({}, "4208d394ef43dfaa"), ({"image_size": (16, 16), "channels": 3}, "94fdcee93844de2a")):
        for rules in (1, 2):
            data = load_images("digits", data_rules=rules, **options)  # type: ignore[arg-type]
            assert data.fingerprint().startswith(expected)
            assert (data.notes, data.effects) == ((), {})


def test_digits_of_another_shape() -> None:
    data = load_images("digits", image_size=(12, 20), channels=3)
    assert data.image_shape == (12, 20, 3)
    assert data.notes == ("1,797 cropped",)
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
    assert (data.known_labels(), data.num_damaged) == (None, 0)


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
    with pytest.raises(InputError, match=r"b\.png is 7x8 pixels, .*a\.png is 5x6\. .*with image_size"):
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
    image = Image.new("RGB", (6, 5), (153, 153, 153))  # a level of the standard palette
    image.convert(mode).save(tmp_path / "a.png")
    data = load_images(str(tmp_path), channels=channels)
    assert data.image_shape == (5, 6, channels)
    assert data.images[0, 0, 0].tolist() == {1: [153], 3: [153] * 3, 4: [153, 153, 153, 255]}[channels]


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
    on_white = 90 if channels == 4 else round(90 * 128 / 255 + 127)
    assert load_images(str(tmp_path), channels=channels).images[0, 0, 0, 0] == on_white
    assert load_images(str(tmp_path), channels=channels, data_rules=1).images[0, 0, 0, 0] == 90


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
    assert (data.num_classes, data.known_labels()) == (None, Labels("attributes", 2, data.label_names))
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
        (["path,label", "images/0.png"], r"line 2: expected a value in the column 'label'"),
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
    with pytest.raises(InputError, match=rf"broken\.{suffix} is damaged or not an image.*skip_damaged=True"):
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
        (np.array([[0, 1], [0, 2], [1, 1]]), "labels must be 0 or 1"),
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


def test_split_parts_the_data_and_keeps_labels_with_images() -> None:
    images = np.broadcast_to(np.arange(50, dtype=np.uint8)[:, None, None, None], (50, 4, 4, 1))
    data = ImageData(images, np.arange(50, dtype=np.int32) % 7, tuple("abcdefg"), "set")
    most, rest = data.split(0.2, seed=3)
    assert (len(most.images), len(rest.images)) == (40, 10)
    assert sorted(levels(most) + levels(rest)) == list(range(50))
    for part in (most, rest):
        assert part.labels is not None
        assert part.labels.tolist() == [level % 7 for level in levels(part)]
    assert levels(data.split(0.2, seed=3)[1]) == levels(rest)
    assert levels(data.split(0.2, seed=4)[1]) != levels(rest)


# ---- TensorFlow Datasets ---------------------------------------------------------------------------


@pytest.fixture
def hanging_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every address lies behind a proxy that takes the call and never answers."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{silent.getsockname()[1]}")
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        urllib.request.install_opener(None)  # else one with the proxies of before may be in use
        yield
        urllib.request.install_opener(None)


@pytest.mark.usefixtures("hanging_network")
def test_unprepared_data_without_a_network_answer_within_ten_seconds(tmp_path: Path) -> None:
    start = time.monotonic()
    with pytest.raises(
        InputError, match=r"mnist is not prepared in .* no network.*data_dir or TFDS_DATA_DIR"
    ) as caught:
        load_images("mnist", data_dir=str(tmp_path))
    assert time.monotonic() - start < 10
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize(
    ("name", "close"),
    [("mnits", "mnist"), ("fashionmnist", "fashion_mnist"), ("celeba", "celeb_a"), ("MNIST", "mnist")],
)
def test_unknown_name_gets_close_ones(tmp_path: Path, name: str, close: str) -> None:
    with pytest.raises(
        InputError, match=rf"Unknown data set '{name}'\. Did you mean [\w ]*{close}.* a folder of images"
    ):
        load_images(name, data_dir=str(tmp_path))


@pytest.mark.parametrize("name", ["images/faces", "data/my/faces", "my faces", "faces.v2", "zzzzzzzz"])
def test_a_mistyped_folder_is_an_unknown_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=f"'{name}'.* a folder of images"):
        load_images(name, data_dir=str(tmp_path))


def prepare(folder: Path, features: dict[str, Any], rows: list[dict[str, Any]], name: str = "tiny_set") -> None:
    """A small data set, stored as TFDS stores them."""
    tfds.dataset_builders.store_as_tfds_dataset(
        name=name,
        version="1.0.0",
        features=tfds.features.FeaturesDict(features),
        split_datasets={"train": list(enumerate(rows))},
        data_dir=folder,
        disable_shuffling=True,
    )


def test_prepared_data_need_no_known_name(tmp_path: Path) -> None:
    features = {"image": tfds.features.Image(shape=(4, 6, 1)), "label": tfds.features.ClassLabel(names=["x", "y"])}
    prepare(tmp_path, features, [{"image": np.full((4, 6, 1), 9 * i, np.uint8), "label": i % 2} for i in range(7)])
    data = load_images("tiny_set", data_dir=str(tmp_path))
    assert (data.images.shape, data.label_names) == ((7, 4, 6, 1), ("x", "y"))
    assert levels(data) == [9 * i for i in range(7)]
    assert data.labels is not None
    assert (data.labels.dtype, data.labels.tolist()) == (np.int32, [0, 1, 0, 1, 0, 1, 0])
    assert levels(load_images("tiny_set", split="train[2:4]", data_dir=str(tmp_path))) == [18, 27]


def test_tfds_images_of_several_sizes(tmp_path: Path) -> None:
    sizes = [(4, 6), (8, 5), (4, 6)]
    prepare(
        tmp_path, {"image": tfds.features.Image()}, [{"image": np.full((*size, 3), 50, np.uint8)} for size in sizes]
    )
    with pytest.raises(InputError, match=r"several sizes, such as 4x6 and 8x5.*with image_size"):
        load_images("tiny_set", data_dir=str(tmp_path))
    data = load_images("tiny_set", data_dir=str(tmp_path), image_size=(5, 7), channels=1)
    assert data.images.shape == (3, 5, 7, 1)
    assert data.labels is None
    assert set(np.unique(data.images)) == {50}


def test_tfds_images_are_converted_as_files_are(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (3, 6, 9, 4), np.uint8)
    prepare(tmp_path / "tfds", {"image": tfds.features.Image(shape=(6, 9, 4))}, [{"image": image} for image in pixels])
    for index, image in enumerate(pixels):
        (tmp_path / "files").mkdir(exist_ok=True)
        Image.fromarray(image).save(tmp_path / "files" / f"{index}.png")
    for options in ({"fit": "pad", "background": "navy"}, {}, {"data_rules": 1}):
        stored, files = (
            load_images(name, data_dir=str(tmp_path / "tfds"), image_size=(8, 8), channels=3, **options)  # type: ignore[arg-type]
            for name in ("tiny_set", str(tmp_path / "files"))
        )
        np.testing.assert_array_equal(stored.images, files.images)
        assert (stored.notes, stored.effects) == (files.notes, files.effects)


def test_tfds_without_images(tmp_path: Path) -> None:
    prepare(tmp_path, {"text": tfds.features.Text()}, [{"text": "a"}])
    with pytest.raises(InputError, match="tiny_set has no feature 'image'"):
        load_images("tiny_set", data_dir=str(tmp_path))


def test_mnist(tfds_dir: str) -> None:
    data = load_images("mnist", split="test", data_dir=tfds_dir)
    assert (data.images.shape, data.images.dtype) == ((10_000, 28, 28, 1), np.uint8)
    assert data.label_names == tuple("0123456789")
    assert data.labels is not None
    # The counts of the published test set.
    assert np.bincount(data.labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert data.fingerprint().startswith("62549d0725159e36")
    assert (data.notes, data.effects) == ((), {})
    # Its mean and standard deviation of pixels, from its makers' files: 33.791 and 79.172.
    assert data.images.mean() == pytest.approx(33.791, abs=1e-3)
    assert data.images.std() == pytest.approx(79.172, abs=1e-3)


def test_mnist_resized_and_beyond_ram(tfds_dir: str) -> None:
    def load(**options: Any) -> ImageData:
        return load_images("mnist", split="train[:600]", data_dir=tfds_dir, image_size=(32, 24), channels=3, **options)

    data, mapped = load(), load(cache_gigabytes=0.0)
    assert data.images.shape == (600, 32, 24, 3)
    assert isinstance(mapped.images, np.memmap)
    np.testing.assert_array_equal(mapped.images, data.images)
    np.testing.assert_array_equal(mapped.labels, data.labels)


@pytest.mark.parametrize("split", ["valid", "train[:oops]", "train[:0]", ""])
def test_unusable_split(tfds_dir: str, split: str) -> None:
    with pytest.raises(InputError, match="split"):
        load_images("mnist", split=split, data_dir=tfds_dir)


# ---- stacked MNIST ---------------------------------------------------------------------------------


def test_stacked_mnist(tfds_dir: str) -> None:
    """Each channel is a digit of the split; the label reads them from the first to the last."""
    mnist = load_images("mnist", "test", tfds_dir, image_size=(32, 32))
    stacked = load_images("stacked_mnist", "test", tfds_dir)
    assert stacked.images.shape == (26_000, 32, 32, 3)
    assert (stacked.num_classes, stacked.label_names[314]) == (1000, "314")
    assert mnist.labels is not None and stacked.labels is not None and stacked.class_shares is not None
    label_of = {image.tobytes(): int(label) for image, label in zip(mnist.images, mnist.labels, strict=True)}
    for image, label in zip(stacked.images[:200], stacked.labels, strict=False):
        assert "".join(str(label_of[image[..., channel].tobytes()]) for channel in range(3)) == f"{label:03}"
    shares = np.bincount(mnist.labels) / len(mnist.labels)
    assert stacked.class_shares[314] == pytest.approx(shares[3] * shares[1] * shares[4])
    assert stacked.class_shares.sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"split": "train[:10%]"}, r"splits train and test. Received: 'train\[:10%\]'"),
        ({"channels": 1}, "has 3 channels, a digit each. Received: 1"),
    ],
)
def test_stacked_mnist_refuses(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        load_images("stacked_mnist", **settings)
