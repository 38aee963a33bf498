"""The formats that are one file, and the runtimes that run them."""

import importlib.util
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from tfgan_suite.formats.conversion import Conversion
from tfgan_suite.formats.litert import export_litert
from tfgan_suite.formats.onnx import export_onnx

LIBRARIES = ("ai_edge_litert", "onnxruntime", "tf2onnx")
needs_runtimes = pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in LIBRARIES), reason="the extras litert and onnx are not installed"
)
# From a name to the ending of its files and what writes one.
FORMATS: dict[str, tuple[str, Callable[..., Conversion]]] = {
    "litert": (".tflite", export_litert),
    "int8": (".tflite", partial(export_litert, int8=True)),
    "onnx": (".onnx", export_onnx),
}
TYPES = {"tensor(float)": np.float32, "tensor(int32)": np.int32, "tensor(uint8)": np.uint8}


def run_alone(path: Path, latents: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
    """The images of latents; see `run_file`."""
    return run_file(path, {"latents": latents} | ({} if labels is None else {"labels": labels}))


def run_file(path: Path, inputs: dict[str, np.ndarray]) -> np.ndarray:
    """As a user would, with the format's own runtime, checking names and types on the way."""
    if path.suffix == ".tflite":
        from ai_edge_litert.interpreter import Interpreter

        run = Interpreter(str(path)).get_signature_runner("serving_default")
        found = {name: detail["dtype"] for name, detail in run.get_input_details().items()}
        outputs = run(**inputs)
        assert list(outputs) == ["images"]
        images = outputs["images"]
    else:
        import onnxruntime

        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        found = {spec.name: TYPES[spec.type] for spec in session.get_inputs()}
        assert [spec.name for spec in session.get_outputs()] == ["images"]
        (images,) = session.run(None, inputs)
    assert found == {name: value.dtype.type for name, value in inputs.items()}
    return images


def run_translator(path: Path, source: np.ndarray, masks: np.ndarray | None) -> np.ndarray:
    """A file of a translator, run as `run_alone` does it."""
    inputs = {"source": source} | ({} if masks is None else {"masks": masks})
    return run_file(path, inputs)
