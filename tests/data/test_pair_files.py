"""Pairs from where they lie, and what is refused of them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image

from tfgan_suite.data.pair_files import load_pairs
from tfgan_suite.data.pairs import StoredPairs, held_out
from tfgan_suite.errors import InputError


def write(path: Path, level: int, size: tuple[int, int] = (6, 4), mode: str = "RGB") -> Path:
    """A picture of one level; size is (width, height), as Pillow has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, level if mode == "L" else (level,) * len(mode)).save(path)
    return path


def write_pairs(folder: Path, names: list[str], first: int = 0) -> None:
    """Pair i has the levels first + 10 i and one more."""
    for number, name in enumerate(names):
        write(folder / "a" / name, first + 10 * number)
        write(folder / "b" / name, first + 10 * number + 1)


def write_halves(path: Path, left: int, right: int, width: int = 12) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.full((4, width, 3), left, np.uint8)
    pixels[:, width // 2 :] = right
    Image.fromarray(pixels).save(path)


def levels(data: StoredPairs) -> list[tuple[int, int]]:
    """The first value of each source and of its target."""
    return list(zip(data.sources[:, 0, 0, 0].tolist(), data.images[:, 0, 0, 0].tolist(), strict=True))


def refused(said: str, dataset: Path | str, *args: Any, **settings: Any) -> None:
    with pytest.raises(InputError, match=said) as caught:
        load_pairs(str(dataset), *args, **settings)
    assert "\n" not in str(caught.value)


# ---- folders ---------------------------------------------------------------------------------------


def test_folders_of_splits(tmp_path: Path) -> None:
    write_pairs(tmp_path / "train", ["x/1.png", "x/10.png", "x/2.png", "y/deeper/1.png"])
    write_pairs(tmp_path / "test", ["1.png"], first=100)
    data = load_pairs(str(tmp_path), "a", "b")
    assert data.names == ("x/1", "x/2", "x/10", "y/deeper/1")
    assert levels(data) == [(0, 1), (20, 21), (10, 11), (30, 31)]
    assert (data.source, data.notes) == (f"{tmp_path}, train (4 pairs)", ("sources 4x6x3",))
    assert levels(load_pairs(str(tmp_path), "a", "b", split="test")) == [(100, 101)]
    assert levels(load_pairs(str(tmp_path), "b", "a", split="test")) == [(101, 100)]
    refused(r"no split 'val'\. It has: train, test", tmp_path, "a", "b", split="val")


def test_names_are_equal_but_for_the_suffix(tmp_path: Path) -> None:
    write(tmp_path / "a" / "one.two.png", 10)
    write(tmp_path / "b" / "one.two.bmp", 20)
    write(tmp_path / "a" / "3.png", 30)
    write(tmp_path / "b" / "3.PNG", 40)
    (tmp_path / "captions.csv").write_text("file,caption")
    train, test = (load_pairs(str(tmp_path), "a", "b", split=split) for split in ("train", "test"))
    assert sorted(levels(train) + levels(test)) == [(10, 20), (30, 40)]
    assert train.notes[-1] == "left out: 1 file that is no picture (captions.csv)"


def test_a_part_is_held_out(tmp_path: Path) -> None:
    names = [f"{number}.png" for number in range(20)]
    write_pairs(tmp_path, names)
    train, test = (load_pairs(str(tmp_path), "a", "b", split=split) for split in ("train", "test"))
    assert (len(train.images), len(test.images)) == (12, 8)
    assert sorted(train.names + test.names, key=int) == [str(number) for number in range(20)]
    assert set(test.names) == {str(number) for number in np.flatnonzero(held_out([str(n) for n in range(20)]))}
    assert train.notes[-1] == "8 of 20 pairs held out"
    assert test.notes[-1] == "the 8 of 20 pairs that are held out"
    assert all(target == source + 1 for source, target in levels(train) + levels(test))
    refused(r"no split 'val'\. It has: train", tmp_path, "a", "b", split="val")


def test_train_and_val_alone(tmp_path: Path) -> None:
    write_pairs(tmp_path / "train", ["1.png", "2.png"])
    write_pairs(tmp_path / "val", ["1.png"], first=50)
    parts = {split: load_pairs(str(tmp_path), "a", "b", split=split) for split in ("train", "test", "val")}
    assert {split: len(data.images) for split, data in parts.items()} == {"train": 1, "test": 1, "val": 1}
    assert levels(parts["val"]) == [(50, 51)]


def test_channels_may_differ(tmp_path: Path) -> None:
    for number in range(2):
        write(tmp_path / "a" / f"{number}.png", 10, mode="L")
        write(tmp_path / "b" / f"{number}.png", 20, mode="RGBA")
    data = load_pairs(str(tmp_path), "a", "b")
    assert (data.source_shape, data.image_shape) == ((4, 6, 1), (4, 6, 4))
    data = load_pairs(str(tmp_path), "a", "b", channels=3)
    assert (data.source_shape, data.image_shape) == ((4, 6, 3), (4, 6, 3))
    assert data.notes[:2] == ("sources 4x6x3", "1 with transparency on white")


def test_labels_are_resized_by_nearest(tmp_path: Path) -> None:
    """A board of two levels has new levels where it is blended."""
    board = np.kron(np.indices((5, 5)).sum(0) % 2, np.ones((3, 3))).astype(np.uint8) * 200
    for name in ("1.png", "2.png"):
        for half in "ab":
            (tmp_path / half).mkdir(exist_ok=True)
            Image.fromarray(board).save(tmp_path / half / name)
    for fit in ("crop", "pad", "stretch"):
        sizes = {"image_size": (8, 12), "fit": fit}
        data = load_pairs(str(tmp_path), "a", "b", source_kind="labels", **sizes)  # type: ignore[arg-type]
        around = {255} if fit == "pad" else set()
        assert set(np.unique(data.sources)) == {0, 200} | around
        assert len(np.unique(data.images)) > 4
        assert data.source_kind == "labels"
        whole = load_pairs(str(tmp_path), "a", "b", **sizes)  # type: ignore[arg-type]
        np.testing.assert_array_equal(whole.sources, whole.images)
        np.testing.assert_array_equal(whole.images, data.images)


def test_a_missing_half(tmp_path: Path) -> None:
    write_pairs(tmp_path / "train", ["x/1.png", "x/2.png", "x/3.png"])
    (tmp_path / "train" / "b" / "x" / "2.png").unlink()
    refused(r"1 of 3 pictures of a have no other half in b, such as x/2\. ", tmp_path, "a", "b")
    refused(r"1 of 3 pictures of a have no other half in b, such as x/2\. ", tmp_path, "b", "a")


def test_unequal_names(tmp_path: Path) -> None:
    write(tmp_path / "a" / "day.png", 0)
    write(tmp_path / "b" / "night.png", 0)
    refused(r"1 of 1 pictures of a have no other half in b, such as day\. ", tmp_path, "a", "b")


def test_two_pictures_of_one_name(tmp_path: Path) -> None:
    write_pairs(tmp_path, ["1.png"])
    write(tmp_path / "b" / "1.bmp", 5)
    refused(r"1\.bmp and 1\.png have one name|1\.png and 1\.bmp have one name", tmp_path, "a", "b")


def test_sizes_that_differ(tmp_path: Path) -> None:
    write_pairs(tmp_path, ["1.png", "2.png"])
    for name in ("1.png", "2.png"):
        write(tmp_path / "b" / name, 9, size=(12, 8))
    said = r"source .*a/\d\.png is 4x6 pixels, its target .*b/\d\.png is 8x12\. .* one shape and image_size"
    refused(said, tmp_path, "a", "b")
    assert load_pairs(str(tmp_path), "a", "b", image_size=(4, 6)).source_shape == (4, 6, 3)
    for name in ("1.png", "2.png"):
        write(tmp_path / "b" / name, 9, size=(9, 9))
    refused(
        r"is 4x6 pixels, its target .* is 9x9\. Expected one size for both\.", tmp_path, "a", "b", image_size=(4, 4)
    )


def test_turned_photos_have_the_size_that_is_seen(tmp_path: Path) -> None:
    write_pairs(tmp_path, ["1.jpg", "2.jpg"])
    turned = Image.Exif()
    turned[0x0112] = 6
    for name in ("1.jpg", "2.jpg"):
        Image.new("RGB", (4, 6)).save(tmp_path / "b" / name, exif=turned)
    assert load_pairs(str(tmp_path), "a", "b").image_shape == (4, 6, 3)


def test_pairs_with_a_damaged_half_are_left_out(tmp_path: Path) -> None:
    write_pairs(tmp_path / "train", ["1.png", "2.png", "3.png", "4.png"])
    write_pairs(tmp_path / "test", ["1.png"])
    (tmp_path / "train" / "a" / "1.png").write_bytes(b"no picture")
    (tmp_path / "train" / "b" / "3.png").write_bytes(b"no picture")
    refused(r"a/1\.png is damaged .* skip_damaged", tmp_path, "a", "b")
    data = load_pairs(str(tmp_path), "a", "b", skip_damaged=True)
    assert (data.names, data.num_damaged) == (("2", "4"), 2)
    assert levels(data) == [(10, 11), (30, 31)]
    (tmp_path / "test" / "a" / "1.png").write_bytes(b"no picture")
    refused("none of the 1 pairs can be decoded", tmp_path, "a", "b", split="test", skip_damaged=True)


def test_folders_that_are_not_there(tmp_path: Path) -> None:
    write_pairs(tmp_path, ["1.png", "2.png"])
    refused(r"has no folder c with pictures\. It has: a, b", tmp_path, "c", "d")
    refused("has no folder c with pictures", tmp_path, "a", "c")
    refused(r"need source and target, the names of two folders", tmp_path)
    refused(r"need source and target", tmp_path, "a")
    refused(r"must differ\. Received: 'a' twice", tmp_path, "a", "a")


def test_one_pair_alone(tmp_path: Path) -> None:
    write_pairs(tmp_path, ["1.png"])
    refused(r"has 1 of pairs\. Expected at least 2", tmp_path, "a", "b")


# ---- side by side ----------------------------------------------------------------------------------


def test_halves_of_a_picture(tmp_path: Path) -> None:
    for split, count in (("train", 3), ("val", 1), ("test", 2)):
        for number in range(count):
            write_halves(tmp_path / split / "deeper" / f"{number}.png", 10 * number, 100 + 10 * number)
    data = load_pairs(str(tmp_path), pair_layout="side_by_side")
    assert (data.source_shape, data.image_shape) == ((4, 6, 3), (4, 6, 3))
    assert levels(data) == [(0, 100), (10, 110), (20, 120)]
    assert data.names == ("deeper/0", "deeper/1", "deeper/2")
    back = load_pairs(str(tmp_path), pair_layout="side_by_side", reverse=True, split="test")
    assert levels(back) == [(100, 0), (110, 10)]


def test_halves_are_whole_to_their_last_column(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (2, 5, 14, 3), np.uint8)
    for number, picture in enumerate(pixels):
        Image.fromarray(picture).save(tmp_path / f"{number}.png")
    train, test = (load_pairs(str(tmp_path), pair_layout="side_by_side", split=split) for split in ("train", "test"))
    for data in (train, test):
        number = int(data.names[0])
        np.testing.assert_array_equal(data.sources[0], pixels[number, :, :7])
        np.testing.assert_array_equal(data.images[0], pixels[number, :, 7:])


def test_each_half_is_resized_by_itself(tmp_path: Path) -> None:
    for number in range(2):
        write_halves(tmp_path / f"{number}.png", 10, 250, width=16)
    data = load_pairs(str(tmp_path), pair_layout="side_by_side", image_size=(4, 4))
    assert set(np.unique(data.sources)) == {10}
    assert set(np.unique(data.images)) == {250}


def test_refusals_side_by_side(tmp_path: Path) -> None:
    write_halves(tmp_path / "train" / "1.png", 0, 1)
    write_halves(tmp_path / "test" / "1.png", 0, 1, width=13)
    refused(r"test/1\.png is 13 pixels wide", tmp_path, pair_layout="side_by_side", split="test")
    refused("takes no source and no target", tmp_path, "a", "b", pair_layout="side_by_side")
    refused("reverse.* needs pair_layout", tmp_path, "a", "b", reverse=True)
    refused("pair_layout 'above'", tmp_path, pair_layout="above")
    refused("source_kind 'sketch'", tmp_path, "a", "b", source_kind="sketch")
    write_halves(tmp_path / "train" / "2.png", 0, 1, width=16)
    refused(r"is 4x8 pixels, .* is 4x6\. .*image_size", tmp_path, pair_layout="side_by_side")
    (tmp_path / "empty").mkdir()
    refused("has no images", tmp_path / "empty", pair_layout="side_by_side")


# ---- CSV -------------------------------------------------------------------------------------------


def test_a_csv_with_splits(tmp_path: Path) -> None:
    write_pairs(tmp_path, ["1.png", "2.png", "3.png"])
    rows = ["a/1.png,b/2.png,train", "a/3.png,b/1.png,training", "a/2.png,b/2.png,test"]
    (tmp_path / "pairs.csv").write_text("\n".join(["source,target,split", *rows]))
    data = load_pairs(str(tmp_path / "pairs.csv"))
    assert levels(data) == [(0, 11), (20, 1)]
    assert data.names == ("a/1", "a/3")
    assert levels(load_pairs(str(tmp_path / "pairs.csv"), split="test")) == [(10, 11)]


def test_a_csv_without_splits(tmp_path: Path) -> None:
    names = [f"{number}.png" for number in range(20)]
    write_pairs(tmp_path, names)
    (tmp_path / "pairs.csv").write_text("\n".join(["target,source", *(f"b/{name},a/{name}" for name in names)]))
    train, test = (load_pairs(str(tmp_path / "pairs.csv"), split=split) for split in ("train", "test"))
    assert (len(train.images), len(test.images)) == (12, 8)
    assert sorted(levels(train) + levels(test)) == [(10 * number, 10 * number + 1) for number in range(20)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("path,target\na,b", r"needs the columns 'source' and 'target'.* Received the columns: path, target"),
        ("source,target", "has no rows"),
        ("source,target\na/1.png,", r"line 2: expected a value in the column 'target'"),
        ("source,target,split\na/1.png,b/1.png,dev", r"line 2: split must be train, test or val\. Received: 'dev'"),
        ("source,target,split\na/1.png,b/1.png,test", r"no split 'train'\. It has: test"),
        ("source,target\na/1.png,b/1.png\na/1.png,b/none.png\n", r"b/none\.png does not exist"),
        (b"source,target\n\xff,b", "is not a CSV in UTF-8"),
    ],
    ids=["columns", "rows", "value", "split", "train", "file", "encoding"],
)
def test_refusals_of_a_csv(tmp_path: Path, text: str | bytes, said: str) -> None:
    write_pairs(tmp_path, ["1.png"])
    (tmp_path / "pairs.csv").write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(InputError, match=said) as caught:
        for split in ("train", "test") if "none" in str(text) else ("train",):
            load_pairs(str(tmp_path / "pairs.csv"), split=split)
    assert "\n" not in str(caught.value)


def test_a_csv_takes_no_names(tmp_path: Path) -> None:
    (tmp_path / "pairs.csv").write_text("source,target\na,b")
    refused("named by its columns", tmp_path / "pairs.csv", "a", "b")


# ---- TensorFlow Datasets ---------------------------------------------------------------------------


def prepare(folder: Path, splits: dict[str, int], size: tuple[int, int] = (4, 6)) -> None:
    """Row i has the level i in its image and 100 + i in its map."""
    features = {
        "image": tfds.features.Image(shape=(4, 6, 3)),
        "map": tfds.features.Image(shape=(*size, 1)),
        "text": tfds.features.Text(),
    }

    def row(number: int) -> dict[str, Any]:
        image, labels = np.full((4, 6, 3), number, np.uint8), np.full((*size, 1), 100 + number, np.uint8)
        return {"image": image, "map": labels, "text": "a"}

    tfds.dataset_builders.store_as_tfds_dataset(
        name="tiny_pairs",
        version="1.0.0",
        features=tfds.features.FeaturesDict(features),
        split_datasets={split: [(n, row(n)) for n in range(count)] for split, count in splits.items()},
        data_dir=folder,
        disable_shuffling=True,
    )


def test_features_of_a_tfds_data_set(tmp_path: Path) -> None:
    prepare(tmp_path, {"train": 3, "test": 2})
    data = load_pairs("tiny_pairs", "map", "image", data_dir=str(tmp_path), source_kind="labels")
    assert (data.source_shape, data.image_shape) == ((4, 6, 1), (4, 6, 3))
    assert levels(data) == [(100, 0), (101, 1), (102, 2)]
    assert levels(load_pairs("tiny_pairs", "image", "map", "test", str(tmp_path))) == [(0, 100), (1, 101)]
    assert levels(load_pairs("tiny_pairs", "image", "map", "train[1:2]", str(tmp_path))) == [(1, 101)]


def test_a_tfds_data_set_without_test(tmp_path: Path) -> None:
    prepare(tmp_path, {"train": 20})
    train, test = (load_pairs("tiny_pairs", "map", "image", split, str(tmp_path)) for split in ("train", "test"))
    assert (len(train.images), len(test.images)) == (12, 8)
    assert sorted(levels(train) + levels(test)) == [(100 + number, number) for number in range(20)]
    assert train.notes[-1] == "8 of 20 pairs held out"


def test_refusals_of_a_tfds_data_set(tmp_path: Path) -> None:
    prepare(tmp_path, {"train": 20}, size=(2, 3))
    place = {"data_dir": str(tmp_path)}
    refused("need source and target, the names of two features", "tiny_pairs", **place)
    refused(r"no feature 'text'\. Expected one of its images: image, map", "tiny_pairs", "text", "image", **place)
    refused(
        r"sources of tiny_pairs are 2x3 pixels, its targets 4x6\. .*image_size", "tiny_pairs", "map", "image", **place
    )
    refused("takes a folder of pictures", "tiny_pairs", pair_layout="side_by_side", **place)
    refused(r"no split 'nope'", "tiny_pairs", "map", "image", split="nope", **place)


# ---- all -------------------------------------------------------------------------------------------


def test_refusals_of_any(tmp_path: Path) -> None:
    refused("digits has no pairs. .*degrade", "digits", "a", "b")
    refused("does not exist", tmp_path / "none", "a", "b")
    refused(r"none\.csv does not exist", tmp_path / "none.csv")
    refused("is a file", write(tmp_path / "one.png", 0), "a", "b")
    write_pairs(tmp_path, ["1.png", "2.png"])
    refused(r"levels.* Received: auto", tmp_path, "a", "b", levels="auto")
    refused("source must be text or None. Received: 3", tmp_path, 3, "b")
