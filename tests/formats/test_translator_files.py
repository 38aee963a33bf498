"""LiteRT and ONNX files of translators: levels in, levels out, held against the SavedModel pixel by pixel."""

import itertools
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from lanes import corners, slow
from runtimes import FORMATS, needs_runtimes, run_translator
from small_translators import CARD, TRANSLATORS, masks_of, pictures_of

from tfgan_suite.commands.train import train
from tfgan_suite.config import TrainConfig
from tfgan_suite.errors import InputError
from tfgan_suite.exported import CARD as SERVED_CARD
from tfgan_suite.formats import litert, onnx
from tfgan_suite.formats.pixels import check_pixels
from tfgan_suite.formats.source import opened
from tfgan_suite.serving.saved_translator import SavedTranslator

pytestmark = needs_runtimes
Version = Callable[[str], Path]


def given(saved: SavedTranslator, rows: int) -> tuple[np.ndarray, np.ndarray | None]:
    height, width, channels = saved.card["source_shape"]
    shape, has_mask = (height, width, channels - saved.card["has_mask"]), saved.card["has_mask"]
    return pictures_of(shape, rows), masks_of(shape, rows) if has_mask else None


@pytest.mark.parametrize(
    ("name", "format"),
    corners(
        itertools.product(sorted(set(TRANSLATORS) - {"wide", "lines", "holes"}), ("litert", "onnx")),
        ("nearest", "onnx"),
        ("upscaler", "litert"),
    ),
)
def test_every_kind_gives_the_same_pixels(translator: Version, name: str, format: str, tmp_path: Path) -> None:
    ending, export = FORMATS[format]
    saved, path = SavedTranslator(translator(name)), tmp_path / f"translator{ending}"
    conversion = export(translator(name), path)
    is_half = name == "half"
    assert conversion.in_levels and conversion.size == path.stat().st_size
    assert conversion.difference <= (60 if is_half else 1) and ("16 bits" in conversion.note) == is_half
    for rows in (1, 3):  # others than those of the check
        source, masks = given(saved, rows)
        expected = saved.translate(source, masks).astype(int)
        made = run_translator(path, source, masks)
        assert made.dtype == np.uint8 and made.shape == expected.shape and expected.std() > 10
        distance = np.abs(made - expected)
        assert distance.max() <= (60 if is_half else 1) and distance.mean() <= (2 if is_half else 0.01)


def test_a_card_lies_beside_the_file(translator: Version, tmp_path: Path) -> None:
    conversion = litert.export_litert(translator("nearest"), tmp_path / "t.tflite")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["t.tflite", "t.tflite.json"]
    card = json.loads((tmp_path / "t.tflite.json").read_text())
    assert card.items() >= CARD.items() and card["background"] == "white"
    assert card["name"] == "pix2pix trained on tiny, train (32 pairs)"
    converted = card["converted"]
    assert converted["inputs"] == {
        "source": {"dtype": "uint8", "shape": [None, 13, 18, 3]},
        "masks": {"dtype": "uint8", "shape": [None, 13, 18, 1], "hole": "128 or more"},
    }
    assert converted["outputs"] == {"images": {"dtype": "uint8", "shape": [None, 13, 18, 3]}}
    levels = converted["levels_from_saved_model"]
    assert levels["largest"] == conversion.difference and "note" not in converted
    assert levels["mean"] == pytest.approx(conversion.mean_difference, rel=0.05)


def test_the_mask_goes_in(translator: Version, tmp_path: Path) -> None:
    """What is known stays, as `paste_known` has it; 127 is no hole and 128 is one."""
    path = onnx.export_onnx(translator("nearest"), tmp_path / "t.onnx").path
    (source,), masks = pictures_of((13, 18, 3), 1), np.zeros((2, 13, 18, 1), np.uint8)
    masks[0], masks[1, 4:9, 5:11] = 127, 128
    whole, filled = run_translator(path, np.stack([source] * 2), masks)
    np.testing.assert_array_equal(whole, source)
    is_hole = masks[1, ..., 0] > 127
    np.testing.assert_array_equal(filled[~is_hole], source[~is_hole])
    assert np.abs(filled[is_hole].astype(int) - source[is_hole]).mean() > 20
    other = np.where(is_hole[..., None], 255 - source, source)
    np.testing.assert_array_equal(run_translator(path, other[None], masks[1:])[0], filled)


@pytest.mark.slow
def test_int8_is_a_third_of_the_size_and_says_what_it_costs(translator: Version, tmp_path: Path) -> None:
    whole = litert.export_litert(translator("wide"), tmp_path / "whole.tflite")
    small = litert.export_litert(translator("wide"), tmp_path / "small.tflite", int8=True)
    assert small.size < 0.4 * whole.size and whole.difference <= 1 < small.difference
    assert 0 < small.mean_difference < 10 and "levels of 255" in str(small) and "weights in 8 bits" in str(small)
    assert json.loads((tmp_path / "small.tflite.json").read_text())["converted"]["note"] == "weights in 8 bits"


@pytest.mark.slow
@pytest.mark.parametrize("format", ["litert", "onnx"])
def test_a_conversion_that_went_wrong_leaves_the_old_file(
    translator: Version, format: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = {"litert": litert, "onnx": onnx}[format]
    right, (ending, export) = room._convert, FORMATS[format]

    def coarse(images: tf.Tensor) -> tf.Tensor:
        return tf.cast(tf.floor(tf.cast(images, tf.float32) / 8.0) * 8.0, tf.uint8)

    def of_another(source: Any, *options: Any) -> bytes:
        with opened(translator("transposed")) as other:
            images = other.frozen.function
            darker = tf.function(lambda source: {"images": coarse(images(source)["images"])})
            other.frozen.function = darker
            other.frozen.concrete = darker.get_concrete_function(*other.frozen.specs)
            return right(other, *options)

    monkeypatch.setattr(room, "_convert", of_another)
    path = tmp_path / f"t{ending}"
    path.write_text("old")
    with pytest.raises(InputError, match=r"translator was not written: its pixels differ from .* by 7 levels"):
        export(translator("transposed"), path)
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "told", [{"source_shape": [13, 18, 3]}, slow({"target_shape": "abc"}), slow({"has_mask": False})], ids=str
)
def test_a_card_that_does_not_fit_the_graph(translator: Version, told: dict, tmp_path: Path) -> None:
    damaged = shutil.copytree(translator("nearest"), tmp_path / "damaged")
    card = json.loads((damaged / SERVED_CARD).read_text())
    (damaged / SERVED_CARD).write_text(json.dumps({**card, **told}))
    said = r"card of \S+damaged does not fit its graph: .* Received: .* Export the translator again\."
    with pytest.raises(InputError, match=said), opened(damaged):
        pass


@pytest.mark.slow
def test_a_run_folder(tmp_path: Path) -> None:
    sizes = {"image_size": "8", "base_filters": 2, "batch_size": 16, "discriminator_halvings": 1}
    settings = {"dataset": "digits", "epochs": 1, "steps_per_epoch": 2, "sample_count": 3, "tensorboard": False}
    paths = {"run_dir": str(tmp_path / "run"), "export_dir": str(tmp_path / "exported")}
    train(TrainConfig.from_preset("inpaint", **sizes, **settings, **paths))
    of_run = onnx.export_onnx(tmp_path / "run", tmp_path / "run.onnx")
    source, masks = pictures_of((8, 8, 1), 2), masks_of((8, 8), 2)
    expected = SavedTranslator(tmp_path / "exported").translate(source, masks)
    assert np.abs(run_translator(of_run.path, source, masks) - expected.astype(int)).max() <= 1
    assert json.loads((tmp_path / "run.onnx.json").read_text())["pairs"] == {"degrade": "mask"}


# ---- what a conversion must keep to, by translators whose differences are known ---------------------


def plain(source: np.ndarray, masks: np.ndarray | None = None) -> np.ndarray:
    return source


def lighter(levels: int, every: int = 1) -> Callable[..., np.ndarray]:
    """So many levels more at each number, or at every so many."""

    def made(source: np.ndarray, masks: np.ndarray | None = None) -> np.ndarray:
        flat = source.copy().reshape(-1)
        flat[::every] += np.uint8(levels)
        return flat.reshape(source.shape)

    return made


def source_of(was_half: bool = False, images: Callable[..., np.ndarray] = plain) -> Any:
    def inputs(rows: int) -> tuple[np.ndarray, None]:
        return np.random.default_rng(0).integers(50, 150, (rows, 40, 40, 1)).astype(np.uint8), None

    frozen = SimpleNamespace(was_half=was_half)
    return SimpleNamespace(inputs=inputs, images=images, wide=plain, frozen=frozen, name="toy")


def test_a_level_beside_a_half_may_move() -> None:
    found, note = check_pixels(lighter(1, 200), source_of())
    assert (found.largest, note) == (1, "") and found.mean == pytest.approx(0.005, rel=0.01)


def test_a_pixel_in_ten_thousand_may_be_on_an_edge() -> None:
    found, _ = check_pixels(lighter(90, 10**6), source_of())  # the first one of each batch
    assert found.largest == 90 and found.apart == pytest.approx(3 / (22 * 1600))


@pytest.mark.parametrize(("levels", "every", "said"), [(1, 50, "by 1 levels"), (2, 5_000, "by 2 levels")])
def test_more_is_refused(levels: int, every: int, said: str) -> None:
    with pytest.raises(InputError, match=f"its pixels differ from those of toy {said}"):
        check_pixels(lighter(levels, every), source_of())


def test_rounded_weights_are_held_to_what_other_pictures_become() -> None:
    found, note = check_pixels(lighter(9), source_of(), "weights in 8 bits")
    assert (found.largest, found.mean, note) == (9, 9, "weights in 8 bits")
    with pytest.raises(InputError, match=r"differ by 60 levels in the mean, those made of different pictures by 3\d"):
        check_pixels(lighter(60), source_of(), "weights in 8 bits")


def test_sixteen_bits_are_told_and_not_held_against_it() -> None:
    found, note = check_pixels(plain, source_of(was_half=True, images=lighter(3)))
    assert found.largest == 3 and "16 bits" in note
    with pytest.raises(InputError, match="its pixels differ from those of toy by 3 levels"):
        check_pixels(lighter(3), source_of(was_half=True, images=lighter(3)))
