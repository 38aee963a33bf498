"""Pairs in the pipeline: moved alike, continued exactly, and made by degradations."""

import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from lanes import corners
from PIL import Image
from toys.paired import PairedToy

from tfgan_suite.data import held_out_images, tfds_images
from tfgan_suite.data.degradations import DEGRADATIONS, Degradation
from tfgan_suite.data.degraded_images import load_degraded
from tfgan_suite.data.image_data import ImageData
from tfgan_suite.data.image_store import allocate
from tfgan_suite.data.pairs import DegradedData, PairData, StoredPairs, degraded, held_out
from tfgan_suite.data.pipeline import training_batches
from tfgan_suite.data.sources import load_images
from tfgan_suite.errors import InputError
from tfgan_suite.images import to_float, to_uint8

# The others take seconds to trace.
QUICK = ["mask", "noise", "downscale", "grey", "jpeg"]
MOVED: dict[str, Any] = {"flip": True, "crop": 2, "rotation": 20.0}
RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (30, 8, 12, 3), np.uint8)


def pairs(source_kind: str = "images") -> StoredPairs:
    """Each source is the first channel of its target."""
    return StoredPairs.of_arrays(IMAGES[..., :1], IMAGES, source_kind=source_kind)


def with_labels() -> ImageData:
    return ImageData(IMAGES, np.arange(30, dtype=np.int32) % 3, ("a", "b", "c"), "noise", notes=("a note",))


def batches(data: ImageData, **options: Any) -> list[tuple[np.ndarray, ...]]:
    given = training_batches(data, 5, epochs=2, seed=4, **options)
    return [tuple(part.numpy() for part in batch) for batch in given]


# ---- what they say of themselves -------------------------------------------------------------------


def test_stored_pairs() -> None:
    data = pairs()
    assert isinstance(data, PairData)
    assert (data.source_shape, data.image_shape) == ((8, 12, 1), (8, 12, 3))
    assert [array.shape for array in data.arrays()] == [(30, 8, 12, 1), (30, 8, 12, 3)]
    source, target = data.examples(2)
    np.testing.assert_array_equal(source, to_float(IMAGES[:2, ..., :1]))
    np.testing.assert_array_equal(target, to_float(IMAGES[:2]))
    facts = data.facts()
    assert (facts["source_shape"], facts["image_shape"]) == ([8, 12, 1], [8, 12, 3])
    assert (facts["source_kind"], facts["num_images"]) == ("images", 30)
    assert data.known_labels() is None
    assert data.checked() == data
    assert repr(data) == "StoredPairs('arrays', uint8 30x8x12x3, no labels)"


def test_a_fingerprint_knows_both_halves() -> None:
    other = IMAGES.copy()
    other[3, 0, 0, 0] ^= 1
    prints = {
        StoredPairs.of_arrays(sources, targets).fingerprint()
        for sources, targets in ((IMAGES, IMAGES), (other, IMAGES), (IMAGES, other), (other, other))
    }
    assert len(prints) == 4
    assert pairs().fingerprint() == pairs().fingerprint()


def test_parts_keep_their_sources() -> None:
    data = dataclasses.replace(pairs(), names=tuple(map(str, range(30))))
    learned, rest = data.split(0.2)
    assert (len(learned.names), len(rest.names)) == (24, 6)
    assert set(learned.names) | set(rest.names) == set(data.names)
    for part in (learned, rest):
        assert isinstance(part, StoredPairs)
        np.testing.assert_array_equal(part.sources, IMAGES[[int(name) for name in part.names]][..., :1])
        np.testing.assert_array_equal(part.images, IMAGES[[int(name) for name in part.names]])


def test_parts_of_pairs_in_files_lie_in_files() -> None:
    sources, targets = (allocate(array.shape, 0.0) for array in pairs().arrays())
    sources[:], targets[:] = pairs().arrays()
    rows = np.resize(np.arange(30)[::-1], 1700)  # more than are copied at once
    part, expected = StoredPairs.of_arrays(sources, targets).at(rows), pairs().at(rows)
    for got, wanted in zip(part.arrays(), expected.arrays(), strict=True):
        assert isinstance(got, np.memmap)
        assert not isinstance(wanted, np.memmap)
        np.testing.assert_array_equal(got, wanted)


@pytest.mark.parametrize(
    ("sources", "targets", "said"),
    [
        (IMAGES[:5], IMAGES, r"sources \(5, 8, 12, 3\) and targets \(30, 8, 12, 3\)"),
        (IMAGES[:, :4], IMAGES, "as high and wide"),
        (IMAGES / 255.0, IMAGES, r"sources of pairs must be uint8 or uint16 \(N, H, W, C\)\. Received: float64"),
        (IMAGES, IMAGES[..., 0], r"targets of pairs must be uint8 or uint16 .* uint8 \(30, 8, 12\)"),
    ],
    ids=["count", "size", "type", "rank"],
)
def test_refuses_halves_that_do_not_go_together(sources: np.ndarray, targets: np.ndarray, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        StoredPairs.of_arrays(sources, targets)
    assert "\n" not in str(caught.value)


def test_refuses_an_unknown_kind_of_source() -> None:
    with pytest.raises(InputError, match="source_kind 'sketch'"):
        pairs("sketch")


@pytest.mark.parametrize(("count", "held"), [(2, 1), (10, 5), (16, 8), (100, 8), (400, 20), (4000, 200), (9000, 200)])
def test_how_many_are_held_out(count: int, held: int) -> None:
    assert held_out([str(number) for number in range(count)]).sum() == held


def test_names_alone_say_which_are_held_out() -> None:
    names = [f"picture {number}" for number in range(300)]
    order = RANDOM.permutation(300)
    out = held_out(names)
    np.testing.assert_array_equal(held_out([names[row] for row in order]), out[order])
    # The 15 smallest by sha256sum.
    smallest = [8, 74, 78, 119, 137, 182, 214, 216, 220, 229, 231, 244, 247, 271, 284]
    np.testing.assert_array_equal(np.flatnonzero(out), smallest)


# ---- batches ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, MOVED], ids=["plain", "moved"])
def test_both_halves_are_moved_alike(options: dict[str, Any]) -> None:
    for source, target in batches(pairs(), **options):
        assert (source.dtype, target.dtype) == (np.float32, np.float32)
        np.testing.assert_array_equal(source, target[..., :1])


def test_pairs_are_keyed_as_images_are() -> None:
    images = training_batches(ImageData(IMAGES, None, (), "noise"), 5, epochs=2, seed=4, **MOVED)
    for (_, target), expected in zip(batches(pairs(), **MOVED), images, strict=True):
        np.testing.assert_array_equal(target, expected)


def test_labels_are_moved_and_not_blended() -> None:
    """A map of four levels keeps them when it is turned, and lies where its picture lies."""
    levels = np.array([0, 80, 160, 240], np.uint8)
    maps = np.repeat(np.repeat(levels[RANDOM.integers(0, 4, (20, 3, 3, 1))], 6, 1), 6, 2)
    data = StoredPairs.of_arrays(maps, maps, source_kind="labels")
    blended = []
    for source, target in batches(data, **MOVED):
        assert set(np.unique(to_uint8(source))) <= set(levels.tolist())
        blended.append(len(np.unique(to_uint8(target))))
        assert np.mean(np.abs(source - target) < 1e-3) > 0.5
    assert max(blended) > 20
    for source, target in batches(data, flip=True, crop=2):
        np.testing.assert_array_equal(source, target)


@pytest.mark.parametrize("kind", corners(["stored", *DEGRADATIONS], "stored", *QUICK))
def test_a_later_start_gives_the_tail_of_the_run(kind: str) -> None:
    start = 7
    data = pairs() if kind == "stored" else degraded(with_labels(), Degradation(kind))
    whole, tail = batches(data, **MOVED), batches(data, start_step=start, **MOVED)
    assert len(whole) == 12
    for got, wanted in zip(tail, whole[start:], strict=True):
        for part, expected in zip(got, wanted, strict=True):
            np.testing.assert_array_equal(part, expected)


def test_shapes_are_known_to_the_graph() -> None:
    spec = training_batches(pairs(), 5, epochs=1, seed=0, **MOVED).element_spec
    assert spec == (tf.TensorSpec((5, 8, 12, 1)), tf.TensorSpec((5, 8, 12, 3)))
    others = {"mask": (8, 12, 4), "downscale": (4, 6, 3), "grey": (8, 12, 1), "edges": (8, 12, 1)}
    for kind in DEGRADATIONS:
        shape = others.get(kind, (8, 12, 3))
        data = degraded(with_labels(), Degradation(kind))
        assert data.source_shape == shape
        if kind not in QUICK:
            continue
        spec = training_batches(data, 5, epochs=1, seed=0, **MOVED).element_spec
        assert spec == (tf.TensorSpec((5, *shape)), tf.TensorSpec((5, 8, 12, 3)))


# ---- degraded images -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", corners(DEGRADATIONS, *QUICK))
def test_a_batch_has_the_sources_of_its_step(kind: str) -> None:
    how = Degradation(kind)
    images = training_batches(ImageData(IMAGES, None, (), "noise"), 5, epochs=2, seed=4, **MOVED)
    made = batches(degraded(with_labels(), how), **MOVED)
    for step, ((source, target), expected) in enumerate(zip(made, images, strict=True)):
        np.testing.assert_array_equal(target, expected)
        np.testing.assert_array_equal(source, how.of_step(tf.constant(target), 4, tf.constant(step, tf.int64)))


def test_degraded_data_say_how() -> None:
    data = degraded(with_labels(), Degradation("mask", mask_share=0.3))
    assert isinstance(data, DegradedData)
    assert data.notes == ("a note", "sources by mask, mask_share 0.3, mask_kind box")
    assert data.facts()["degradation"] == {"kind": "mask", "mask_share": 0.3, "mask_kind": "box"}
    assert data.facts()["source_shape"] == [8, 12, 4]
    assert data.fingerprint() == with_labels().fingerprint()
    # The labels stay beside the targets, for what is measured by them.
    assert data.labels is not None
    assert data.label_names == ("a", "b", "c")


@pytest.mark.parametrize("kind", DEGRADATIONS)
def test_what_is_looked_at_stays(kind: str) -> None:
    data = degraded(with_labels(), Degradation(kind))
    source, target = data.examples(30)
    np.testing.assert_array_equal(target, to_float(IMAGES))
    assert (source.dtype, source.shape) == (np.float32, (30, *data.source_shape))
    for (few, _), rows in ((data.examples(4), slice(4)), (data.at(np.arange(7, 9)).examples(2), slice(7, 9))):
        np.testing.assert_array_equal(few, source[rows])


def test_refuses_images_that_cannot_be_degraded() -> None:
    grey = ImageData(IMAGES[..., :1], None, (), "grey")
    with pytest.raises(InputError, match="images of 3 channels"):
        degraded(grey, Degradation("grey"))


def test_digits_have_a_part_held_out() -> None:
    how = Degradation("mask", mask_kind="centre")
    train, test = (load_degraded("digits", how, split=split, image_size=(8, 8)) for split in ("train", "test"))
    whole = load_images("digits", image_size=(8, 8))
    assert (len(train.images), len(test.images), len(whole.images)) == (1707, 90, 1797)
    assert train.notes == ("sources by mask, mask_share 0.25, mask_kind centre", "90 of 1,797 pairs held out")
    together = sorted(image.tobytes() for part in (train, test) for image in part.images)
    assert together == sorted(image.tobytes() for image in whole.images)
    assert train.labels is not None
    assert len(train.labels) == 1707
    assert train.facts()["num_images"] == 1707


def test_a_folder_with_test_holds_nothing_out(tmp_path: Path) -> None:
    for split, rows in (("train", slice(3)), ("test", slice(3, 5))):
        (tmp_path / split).mkdir()
        for number, image in enumerate(IMAGES[rows]):
            Image.fromarray(image).save(tmp_path / split / f"{number}.png")
    for split, rows in (("train", slice(3)), ("test", slice(3, 5))):
        data = load_degraded(str(tmp_path), Degradation("noise"), split=split)
        np.testing.assert_array_equal(data.images, IMAGES[rows])
    with pytest.raises(InputError, match="no split 'val'"):
        load_degraded(str(tmp_path), Degradation("noise"), split="val")


@pytest.mark.parametrize("kind", ["stored", "mask"])
def test_a_model_learns_from_them(kind: str) -> None:
    """Its first look at a batch takes them, and what it shows is made of the examples."""
    data = pairs() if kind == "stored" else degraded(with_labels(), Degradation(kind))
    model = PairedToy(data.source_shape, data.target_shape, seed=0)
    model.compile(keras.optimizers.Adam(1e-3), keras.optimizers.Adam(1e-3))
    history = model.fit(training_batches(data, 10, epochs=1, seed=0, **MOVED), verbose=0)
    assert np.isfinite(history.history["l1_loss"]).all()
    assert model.show(4, data.examples(2)).images.shape == (4, *data.image_shape)


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_data_set_that_is_downloaded_has_its_own_test(split: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its splits are known once it is prepared: the second run must have the data of the first."""
    prepared = []
    monkeypatch.setattr(tfds_images, "_prepared_builder", lambda name, data_dir: (prepared or [None])[0])
    builder = SimpleNamespace(info=SimpleNamespace(splits={"train": 0, "test": 0}))
    monkeypatch.setattr(tfds_images, "_download", lambda name, data_dir: prepared.append(builder) or builder)
    monkeypatch.setattr(held_out_images, "read_images", lambda dataset, split, *rest: with_labels())
    for _ in range(2):
        assert len(load_degraded("mnist", Degradation("noise"), split=split).images) == 30
    assert prepared == [builder]
