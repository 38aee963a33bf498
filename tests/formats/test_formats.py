"""LiteRT and ONNX files of small generators of every kind."""

import itertools
import json
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from lanes import corners
from runtimes import needs_runtimes, run_alone
from small_generators import CARD, GENERATORS

from tfgan_suite.errors import InputError
from tfgan_suite.formats import litert, onnx
from tfgan_suite.formats.litert import export_litert
from tfgan_suite.formats.onnx import export_onnx
from tfgan_suite.formats.source import opened
from tfgan_suite.latents import latents_from_seeds
from tfgan_suite.serving.saved_generator import CARD as SERVED_CARD
from tfgan_suite.serving.saved_generator import SavedGenerator
from tfgan_suite.versions import remedy

onnxruntime = pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")
pytestmark = needs_runtimes
EXPORTS: dict[str, Callable[..., Any]] = {"tflite": export_litert, "onnx": export_onnx}


@pytest.mark.parametrize(
    ("name", "format"),
    corners(
        itertools.product(sorted(set(GENERATORS) - {"wide"}), EXPORTS),
        *((name, "tflite") for name in ("classes", "mlp_of_4_channels")),
        *((name, "onnx") for name in ("attributes", "half_classes", "oblong")),
    ),
)
def test_every_kind_gives_the_same_images(
    version: Callable[[str], Path], name: str, format: str, tmp_path: Path
) -> None:
    generator = SavedGenerator(version(name))
    path = tmp_path / f"generator.{format}"
    conversion = EXPORTS[format](version(name), path)
    tolerance = 0.1 if "half" in name else 1e-5
    assert conversion.path == path and conversion.size == path.stat().st_size
    assert 0 <= conversion.mean_difference <= conversion.difference <= tolerance
    assert ("16 bits" in str(conversion)) == ("half" in name)
    for rows in (1, 2, 7):  # others than those of the check
        seeds = np.arange(100, 100 + rows)
        latents, labels = latents_from_seeds(seeds, 6).numpy(), None
        if generator.is_conditional:
            labels = generator.check_labels(None, 7)[7 - rows :]
        images = run_alone(path, latents, labels)
        assert images.dtype == np.float32 and images.std() > 0.05
        np.testing.assert_allclose(images, generator.generate(seeds, labels), atol=tolerance)


@pytest.mark.slow  # in the fast lane: tests/formats/test_choices.py
@pytest.mark.parametrize("format", EXPORTS)
def test_a_run_folder(trained_run: Path, format: str, tmp_path: Path) -> None:
    conversion = EXPORTS[format](str(trained_run), str(tmp_path / f"run.{format}"))
    assert conversion.difference < 1e-5
    latents = latents_from_seeds(np.arange(3), 4).numpy()
    images = run_alone(conversion.path, latents, np.array([0, 9, 4], np.int32))
    with opened(trained_run) as source:
        np.testing.assert_allclose(images, source.images(latents, np.array([0, 9, 4], np.int32)), atol=1e-5)


def test_int8_is_a_third_of_the_size_and_says_what_it_costs(version: Callable[[str], Path], tmp_path: Path) -> None:
    whole = export_litert(version("wide"), tmp_path / "whole.tflite")
    small = export_litert(version("wide"), tmp_path / "small.tflite", int8=True)
    assert small.size < 0.4 * whole.size and small.size == (tmp_path / "small.tflite").stat().st_size
    assert whole.difference < 1e-5 < 1e-4 < small.mean_difference < 0.02 < small.difference < 0.5
    assert "weights in 8 bits" in str(small)
    seeds = np.arange(50, 53)
    images = run_alone(small.path, latents_from_seeds(seeds, 16).numpy(), None)
    distance = np.abs(images - SavedGenerator(version("wide")).generate(seeds))
    assert distance.mean() == pytest.approx(small.mean_difference, rel=0.5)


def test_an_onnx_file_says_what_it_is(version: Callable[[str], Path], tmp_path: Path) -> None:
    import onnx as format

    export_onnx(version("classes"), tmp_path / "g.onnx")
    model = format.load(tmp_path / "g.onnx")
    format.checker.check_model(model, full_check=True)
    (card,) = [json.loads(prop.value) for prop in model.metadata_props if prop.key == "tfgan_suite"]
    assert card.items() >= CARD.items() and card["num_classes"] == 3
    assert [opset.version for opset in model.opset_import if opset.domain in ("", "ai.onnx")] == [15]


@pytest.mark.parametrize("format", EXPORTS)
def test_a_conversion_that_went_wrong_leaves_the_old_file(
    version: Callable[[str], Path], format: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = {"tflite": litert, "onnx": onnx}[format]
    right = room._convert

    def of_another(source: Any, *options: Any) -> bytes:
        with opened(version("mlp_of_4_channels")) as other:
            other.frozen.function, other.frozen.concrete = _darker(other)
            return right(other, *options)

    def _darker(source: Any) -> Any:
        images = source.frozen.function
        function = tf.function(lambda latents: {"images": images(latents)["images"] * 0.999})
        return function, function.get_concrete_function(*source.frozen.specs)

    monkeypatch.setattr(room, "_convert", of_another)
    path = tmp_path / f"g.{format}"
    path.write_text("old")
    with pytest.raises(InputError, match="was not written: its images differ"):
        EXPORTS[format](version("mlp_of_4_channels"), path)
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("format", EXPORTS)
def test_a_full_disk_leaves_the_old_file(
    version: Callable[[str], Path], format: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Path.write_bytes

    def half_of_it(path: Path, content: bytes) -> int:
        write(path, content[: len(content) // 2])
        raise OSError(28, "No space left on device")

    path = tmp_path / f"g.{format}"
    path.write_text("old")
    monkeypatch.setattr(Path, "write_bytes", half_of_it)
    with pytest.raises(OSError, match="No space"):
        EXPORTS[format](version("mlp_of_4_channels"), path)
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("format", EXPORTS)
@pytest.mark.parametrize(
    ("output", "said"),
    [("g.bin", "must be NAME."), ("folder", "is a folder"), ("nowhere/g", "does not exist")],
)
def test_outputs_that_cannot_be_written(format: str, output: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / (output if "bin" in output else f"{output}.{format}")
    if said == "is a folder":
        path.mkdir()
    with pytest.raises(InputError, match=said):
        EXPORTS[format](tmp_path, path)


@pytest.mark.parametrize("format", EXPORTS)
def test_sources_that_are_none(version: Callable[[str], Path], format: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no SavedModel"):
        EXPORTS[format](tmp_path, tmp_path / f"g.{format}")
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    (damaged / "saved_model.pb").write_bytes((version("mlp_of_4_channels") / "saved_model.pb").read_bytes()[:-200])
    with pytest.raises(InputError, match="cannot be loaded"):
        EXPORTS[format](damaged, tmp_path / f"g.{format}")
    assert list(tmp_path.glob("*.*")) == []


@pytest.mark.parametrize(
    "told",
    [
        *({"num_classes": wrong} for wrong in ("three", 3.0, 0, -1, 10**12, None, True)),
        *({"latent_dim": wrong} for wrong in (7, 0, -1)),
        *({"image_shape": wrong} for wrong in ([9, 9, 1], [8, 8], "abc")),
        *({"label_names": wrong} for wrong in ("abc", [1, 2, 3], 5)),
        {"num_classes": None, "num_attributes": 3},
    ],
    ids=str,
)
def test_a_card_that_does_not_fit_the_graph(version: Callable[[str], Path], told: dict, tmp_path: Path) -> None:
    damaged = shutil.copytree(version("classes"), tmp_path / "damaged")
    card = json.loads((damaged / SERVED_CARD).read_text())
    (damaged / SERVED_CARD).write_text(json.dumps({**card, **told}))
    said = r"card of \S+damaged does not fit its graph: .* Received: .* again\."
    with pytest.raises(InputError, match=said), opened(damaged):
        pass


def test_signatures_that_make_no_images(version: Callable[[str], Path], tmp_path: Path) -> None:
    module = tf.Module()
    module.function = tf.function(lambda latents: {"y": latents}, [tf.TensorSpec([None, 6], tf.float32)])
    for name in ("serving_default", "other"):
        foreign = tmp_path / name
        tf.saved_model.save(module, foreign, signatures={name: module.function})
        shutil.copytree(version("classes") / "assets.extra", foreign / "assets.extra")
        with pytest.raises(InputError, match="has no signature 'serving_default' that gives images"), opened(foreign):
            pass


def test_a_name_that_is_no_text(version: Callable[[str], Path], tmp_path: Path) -> None:
    """Of data in a folder whose name is in another encoding than the system's."""
    foreign = shutil.copytree(version("classes"), tmp_path / "foreign")
    card = json.loads((foreign / SERVED_CARD).read_text())
    (foreign / SERVED_CARD).write_text(json.dumps({**card, "dataset": "/data/caf\udce9"}))
    export_onnx(foreign, tmp_path / "g.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "g.onnx"), providers=["CPUExecutionProvider"])
    assert session.get_modelmeta().graph_name == "cgan trained on caf?"


@pytest.mark.parametrize(("format", "library"), [("tflite", "ai_edge_litert.interpreter"), ("onnx", "tf2onnx")])
def test_a_missing_extra_is_named(format: str, library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    name = "litert" if format == "tflite" else "onnx"
    with pytest.raises(InputError, match=f"Install them with: {re.escape(remedy(name))}$"):
        EXPORTS[format](tmp_path, tmp_path / f"g.{format}")
