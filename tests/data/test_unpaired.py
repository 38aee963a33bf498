"""Two kinds of images: where they lie, in which order they come, and what is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from PIL import Image

from tfgan_suite.data.image_data import ImageData
from tfgan_suite.data.pairs import StoredPairs
from tfgan_suite.data.pipeline import steps_of_pass, training_batches
from tfgan_suite.data.unpaired import UnpairedData, broken
from tfgan_suite.data.unpaired_files import load_unpaired
from tfgan_suite.errors import InputError


def write(path: Path, level: int, size: tuple[int, int] = (6, 4), mode: str = "RGB") -> None:
    """A picture of one level; size is (width, height), as Pillow has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, (level,) * len(mode) if len(mode) > 1 else level).save(path)


def write_kind(folder: Path, levels: range, **settings: Any) -> None:
    for level in levels:
        write(folder / f"{level}.png", level, **settings)


def levels_of(data: UnpairedData) -> tuple[list[int], list[int]]:
    return data.sources[:, 0, 0, 0].tolist(), data.images[:, 0, 0, 0].tolist()


def refused(said: str, dataset: Path | str, *args: Any, **settings: Any) -> None:
    with pytest.raises(InputError, match=said) as caught:
        load_unpaired(str(dataset), *args, **settings)
    assert "\n" not in str(caught.value)


# ---- where they lie --------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["{split}/{kind}", "{split}{kind}", "{split}_{kind}"])
def test_folders_of_splits(place: str, tmp_path: Path) -> None:
    """As they are, and as the authors' data have them: trainA, trainB, testA, testB."""
    levels = {"trainA": range(5), "trainB": range(10, 13), "testA": range(50, 52), "testB": range(60, 63)}
    for name, each in levels.items():
        write_kind(tmp_path / place.format(split=name[:-1], kind=name[-1]), each)
    data = load_unpaired(str(tmp_path), "A", "B")
    assert levels_of(data) == ([0, 1, 2, 3, 4], [10, 11, 12])
    assert levels_of(load_unpaired(str(tmp_path), "B", "A", "test")) == ([60, 61, 62], [50, 51])
    assert data.notes[:2] == ("5 a of 4x6x3", "3 b") and data.source == f"{tmp_path}, train"
    assert data.source_names == ("0", "1", "2", "3", "4")
    refused("no split 'val'. It has: train, test", tmp_path, "A", "B", "val")


def test_a_part_of_each_kind_is_held_out(tmp_path: Path) -> None:
    write_kind(tmp_path / "a", range(40))
    write_kind(tmp_path / "b", range(100, 120))
    train, test = (load_unpaired(str(tmp_path), "a", "b", split) for split in ("train", "test"))
    for one, other, levels in zip(levels_of(train), levels_of(test), (range(40), range(100, 120)), strict=True):
        assert len(other) == 8 and sorted(one + other) == list(levels)
    assert train.notes[-2:] == ("a: 8 of 40 images held out", "b: 8 of 20 images held out")


def test_sides_of_a_split_alone(tmp_path: Path) -> None:
    """A kind without a test of its own holds some out; the other has one."""
    write_kind(tmp_path / "trainA", range(20))
    write_kind(tmp_path / "trainB", range(20))
    write_kind(tmp_path / "testB", range(30, 33))
    test = load_unpaired(str(tmp_path), "A", "B", "test")
    assert (len(test.sources), len(test.images)) == (8, 3)


def test_channels_may_differ_and_sides_may_not(tmp_path: Path) -> None:
    write_kind(tmp_path / "a", range(4), mode="L")
    write_kind(tmp_path / "b", range(4), mode="RGBA")
    write_kind(tmp_path / "c", range(4), size=(8, 8))
    data = load_unpaired(str(tmp_path), "a", "b")
    assert (data.source_shape, data.target_shape) == ((4, 6, 1), (4, 6, 4))
    refused(r"a of 4x6 and b of 8x8 pixels. Give one size for both with image_size", tmp_path, "a", "c")
    assert load_unpaired(str(tmp_path), "a", "c", image_size=(8, 8)).source_shape == (8, 8, 1)


def test_pairs_are_taken_apart(tmp_path: Path) -> None:
    for number in range(20):
        pixels = np.full((4, 12, 3), number, np.uint8)
        pixels[:, 6:] += 100
        (tmp_path / "halves").mkdir(exist_ok=True)
        Image.fromarray(pixels).save(tmp_path / "halves" / f"{number}.png")
    data = load_unpaired(str(tmp_path / "halves"), pair_layout="side_by_side")
    assert (data.source_shape, len(data.sources), len(data.images)) == ((4, 6, 3), 12, 12)
    assert (data.images == data.sources + 100).all() and data.names == data.source_names


def test_splits_of_a_tfds_data_set(tmp_path: Path) -> None:
    """As `cycle_gan/horse2zebra` has them."""

    features = tfds.features.FeaturesDict({"image": tfds.features.Image(shape=(4, 4, 3))})
    splits = {"trainA": range(3), "trainB": range(10, 14), "testA": range(20, 22), "testB": range(30, 32)}
    tfds.dataset_builders.store_as_tfds_dataset(
        name="kinds",
        version="1.0.0",
        features=features,
        split_datasets={
            split: tf.data.Dataset.from_tensor_slices(
                {"image": np.stack([np.full((4, 4, 3), level, np.uint8) for level in levels])}
            )
            for split, levels in splits.items()
        },
        data_dir=str(tmp_path),
    )
    data = load_unpaired("kinds", "A", "B", data_dir=str(tmp_path))
    assert tuple(map(sorted, levels_of(data))) == ([0, 1, 2], [10, 11, 12, 13])
    assert sorted(levels_of(load_unpaired("kinds", "A", "B", "test", data_dir=str(tmp_path)))[1]) == [30, 31]


def test_what_is_refused(tmp_path: Path) -> None:
    write_kind(tmp_path / "a", range(3))
    write_kind(tmp_path / "b", range(3))
    refused("has no folder c with pictures. It has: a, b", tmp_path, "a", "c")
    refused("need source and target", tmp_path, "a")
    refused("must differ", tmp_path, "a", "a")
    refused("digits has one kind of images", "digits", "a", "b")
    refused("no folder or file|does not exist|There is no", tmp_path / "nowhere", "a", "b")
    write(tmp_path / "a" / "1.bmp", 9)
    refused("have one name but for the suffix", tmp_path, "a", "b")
    (tmp_path / "a" / "1.bmp").unlink()
    write_kind(tmp_path / "train" / "a", range(3))
    refused("on top and in folders of splits", tmp_path, "a", "b")


# ---- as they come ----------------------------------------------------------------------------------


def numbered(count: int, first: int = 0) -> np.ndarray:
    return np.broadcast_to(
        np.arange(first, first + count, dtype=np.uint8)[:, None, None, None], (count, 4, 4, 1)
    ).copy()


def drawn(data: UnpairedData, rows: int, epochs: int, **settings: Any) -> tuple[np.ndarray, np.ndarray]:
    """The number of each row of each batch, (batches, rows), of a and of b."""
    batches = list(training_batches(data, rows, epochs, seed=0, **settings))
    assert all(len(batch) == 1 and len(batch[0]) == 2 for batch in batches)
    kinds = zip(*(batch[0] for batch in batches), strict=True)
    a, b = (np.stack([np.round((part[:, 0, 0, 0] + 1) * 127.5) for part in kind]) for kind in kinds)
    return a.astype(int), b.astype(int)


def test_each_kind_has_an_order_of_its_own_and_an_epoch_is_a_pass_over_the_larger() -> None:
    data = UnpairedData.of_arrays(numbered(12), numbered(7, 100))
    assert steps_of_pass(data, 3) == 4 and data.num_rows == 12
    a, b = drawn(data, 3, epochs=6)
    assert a.shape == b.shape == (24, 3)
    for epoch in a.reshape(6, 12):
        assert sorted(epoch) == list(range(12))
    for turn in b.reshape(12, 6):  # two whole batches of seven
        assert len(set(turn)) == 6 and set(turn) <= set(range(100, 107))
    assert len({tuple(epoch) for epoch in a.reshape(6, 12)}) == 6
    assert set(b.ravel()) == set(range(100, 107))
    # The larger one may be either.
    other = drawn(UnpairedData.of_arrays(numbered(7, 100), numbered(12)), 3, epochs=6)
    assert sorted(other[1].reshape(6, 12)[0]) == list(range(12))


def test_kinds_of_one_size_are_not_shuffled_alike() -> None:
    a, b = drawn(UnpairedData.of_arrays(numbered(12), numbered(12)), 3, epochs=4)
    assert (a != b).mean() > 0.7


def test_a_run_that_goes_on_sees_what_an_uncut_one_sees() -> None:
    data = UnpairedData.of_arrays(numbered(12), numbered(7, 100))
    settings = {"flip": True, "crop": 1, "steps": 5}
    whole, rest = (list(training_batches(data, 3, 4, 1, start_step=start, **settings)) for start in (0, 7))
    for one, other in zip(whole[7:], rest, strict=True):
        for mine, theirs in zip(one[0], other[0], strict=True):
            np.testing.assert_array_equal(mine, theirs)


def test_each_kind_is_moved_by_numbers_of_its_own() -> None:
    images = np.random.default_rng(0).integers(0, 256, (1, 6, 6, 1)).astype(np.uint8).repeat(64, 0)
    ((a, b),) = next(iter(training_batches(UnpairedData.of_arrays(images, images), 64, 1, 0, flip=True)))
    same = (np.array(a) == np.array(b)).all((1, 2, 3))
    assert 16 < same.sum() < 48


def test_a_batch_larger_than_a_kind_is_refused() -> None:
    data = UnpairedData.of_arrays(numbered(12), numbered(7))
    with pytest.raises(InputError, match=r"must not be larger than the data\. Received: 8 rows"):
        training_batches(data, 8, 1, 0)


# ---- what they are ---------------------------------------------------------------------------------


def test_images_of_one_name_are_pairs() -> None:
    a, b = numbered(4), numbered(5, 100)
    data = UnpairedData(
        b, None, (), "kinds", sources=a, source_names=("w", "x", "y", "z"), names=("y", "q", "w", "r", "s")
    )
    pairs = data.pairs()
    assert pairs.names == ("y", "w")
    assert (pairs.sources[:, 0, 0, 0].tolist(), pairs.images[:, 0, 0, 0].tolist()) == ([2, 0], [100, 102])
    with pytest.raises(InputError, match="no image a has the name of an image b"):
        UnpairedData.of_arrays(a, b).pairs()
    stored = StoredPairs(b[:4], None, (), "pairs", sources=a, names=("w", "x", "y", "z"))
    np.testing.assert_array_equal(broken(stored).pairs().sources, a)


def test_it_is_known_again_by_both_kinds() -> None:
    data = UnpairedData.of_arrays(numbered(12), numbered(7, 100))
    assert data.facts()["num_sources"] == 12 and data.facts()["source_shape"] == [4, 4, 1]
    others = [
        UnpairedData.of_arrays(numbered(12, 1), numbered(7, 100)),
        UnpairedData.of_arrays(numbered(12), numbered(7)),
    ]
    assert len({each.fingerprint() for each in (data, *others)}) == 3
    assert [each.shape for each in data.examples(9)] == [(7, 4, 4, 1)] * 2
    with pytest.raises(InputError, match="no rows belong together"):
        data.at(np.arange(2))


@pytest.mark.parametrize(
    ("a", "b", "named"),
    [
        (numbered(2)[..., 0], numbered(2), "images a must be"),
        (numbered(2), numbered(2).astype(np.float32), "images b must be"),
        (numbered(2), numbered(0), "at least one"),
        (numbered(2), np.zeros((2, 4, 5, 1), np.uint8), "as high and wide"),
    ],
)
def test_images_that_are_none(a: np.ndarray, b: np.ndarray, named: str) -> None:
    with pytest.raises(InputError, match=named):
        UnpairedData.of_arrays(a, b)


def test_one_kind_alone_is_one_column() -> None:
    data = ImageData(numbered(3), np.arange(3, dtype=np.int32), ("a", "b", "c"), "one")
    assert data.columns() == (data.arrays(),) and data.num_rows == 3


# ---- as what a model is measured on ----------------------------------------------------------------


def named_kinds() -> UnpairedData:
    """Five a of levels 0 to 4, and three b of levels 50 to 52, which are named as a 1, 3 and none."""
    a, b = (
        np.arange(first, first + count, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 3, 1), np.uint8)
        for first, count in ((0, 5), (50, 3))
    )
    labels = np.array([7, 8, 9], np.int32)
    return UnpairedData(
        b, labels, tuple("0123456789"), "kinds", sources=a, source_names=tuple("01234"), names=("1", "x", "3")
    )


def test_kinds_and_pairs_turned_round() -> None:
    data = named_kinds()
    turned = data.turned()
    assert levels_of(turned) == ([50, 51, 52], [0, 1, 2, 3, 4])
    assert (turned.source_names, turned.names) == (data.names, data.source_names)
    assert turned.labels is None and turned.fingerprint() != data.fingerprint()
    pairs, others = data.pairs(), turned.pairs().turned()
    for mine, other in zip(pairs.arrays(), others.arrays(), strict=True):
        np.testing.assert_array_equal(mine, other)
    assert pairs.turned().labels is not None and pairs.turned().labels.tolist() == [7, 9]  # type: ignore[union-attr]
    assert pairs.turned().sources[:, 0, 0, 0].tolist() == [50, 52] and pairs.turned().names == ("1", "3")
    labelled = StoredPairs.of_arrays(data.sources, data.sources, source_kind="labels")
    assert labelled.turned().source_kind == "images"
    assert (data.num_pairs, data.turned().num_pairs, data.num_sources, pairs.num_sources) == (2, 2, 5, 2)


def test_fewer_of_each_kind_are_always_the_same() -> None:
    data = named_kinds()
    few = data.at_most(2)
    assert [len(each) for each in levels_of(few)] == [2, 2]
    assert levels_of(data.at_most(2)) == levels_of(few)
    assert few.source_names == tuple(str(level) for level in levels_of(few)[0])
    assert few.labels is not None and few.labels.tolist() == [level - 43 for level in levels_of(few)[1]]
    assert levels_of(data.at_most(4)) == (levels_of(data.at_most(4))[0], [50, 51, 52])
    assert len(data.pairs().at_most(1).images) == 1 and data.pairs().at_most(2).num_sources == 2
    rows = np.array([3, 1])
    np.testing.assert_allclose(data.source_rows(rows)[:, 0, 0, 0], rows / 127.5 - 1, rtol=1e-6)
    np.testing.assert_allclose(data.pairs().source_rows(rows[1:])[:, 0, 0, 0], 3 / 127.5 - 1, rtol=1e-6)
