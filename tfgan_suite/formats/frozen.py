"""The graph of a generator or translator without what other runtimes lack: variables, refusals, 16-bit numbers."""

import functools
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import types_pb2
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from tfgan_suite.errors import InputError
from tfgan_suite.formats.folding import folded, node_of
from tfgan_suite.labels import Labels

HALF = (types_pb2.DT_BFLOAT16, types_pb2.DT_HALF)


class Frozen(NamedTuple):
    """The signature `serving_default` of a SavedModel, with weights as constants and without what it refuses.

    Its refusals hang on control inputs alone, so that a graph without these has none: no converter
    knows their operations. What computes in 16 bits there computes in 32 here, since LiteRT and ONNX Runtime have no
    bfloat16 kernels on a CPU.
    """

    graph: GraphDef
    output: str
    """The node of the images."""
    specs: dict[str, tf.TensorSpec]
    """The inputs by name."""
    was_half: bool
    """Whether it computed in 16 bits."""


def frozen(folder: Path | str) -> Frozen:
    """What is left of a version folder, whose operations were checked.

    Raises:
        InputError: it has no such signature.
    """
    model = tf.saved_model.load(str(folder))  # holds the variables until they are constants
    signature = model.signatures.get("serving_default")
    if signature is None or list(signature.structured_outputs) != ["images"]:
        raise InputError(f"The SavedModel {folder} has no signature 'serving_default' that gives images.")
    constant = convert_variables_to_constants_v2(signature)
    output = constant.outputs[0].op.name
    nodes = _reached(constant.graph.as_graph_def().node, output)
    was_half = sum(_widen(node) for node in nodes) > 0
    specs = {spec.op.name: tf.TensorSpec(spec.shape, spec.dtype, spec.op.name) for spec in constant.inputs}
    graph = GraphDef(node=folded(nodes, output), versions=constant.graph.as_graph_def().versions)
    return Frozen(graph, output, specs, was_half)


class FrozenGenerator:
    """A generator of latents as `frozen` leaves it; a row of wrong inputs gives NaN, see `_let_through`.

    Args:
        folder: see `frozen`.
        known: the labels that it takes; None without labels.

    Attributes:
        specs: the inputs in their order, latents before labels.
        function: a `tf.function` of these that returns `{"images": ...}`.
        was_half: see `Frozen`.

    Raises:
        InputError: see `frozen`.
    """

    def __init__(self, folder: Path | str, known: Labels | None = None):
        graph, output, specs, self.was_half = frozen(folder)
        self.specs = [specs[name] for name in ("latents", "labels") if name in specs]
        self.function = _of_latents(graph, output, known)
        self.concrete = self.function.get_concrete_function(*self.specs)


class FrozenTranslator:
    """A translator as `frozen` leaves it: levels in, levels out. There is no level that it refuses.

    Args:
        folder: see `frozen`.

    Attributes:
        specs: the inputs in their order: `source`, which is the `images` of the SavedModel, since in ONNX no input has
            the name of an output; and `masks`.
        function, was_half: as of `FrozenGenerator`.

    Raises:
        InputError: see `frozen`.
    """

    def __init__(self, folder: Path | str):
        graph, output, specs, self.was_half = frozen(folder)
        names = {"images": "source"}
        self.specs = [
            tf.TensorSpec(specs[name].shape, specs[name].dtype, names.get(name, name))
            for name in ("images", "masks")
            if name in specs
        ]
        self.function = _of_pictures(graph, output)
        self.concrete = self.function.get_concrete_function(*self.specs)


def _reached(nodes: Iterable[NodeDef], output: str) -> list[NodeDef]:
    """The nodes that a tensor is computed from, without control inputs."""
    by_name = {node.name: node for node in nodes}
    reached: dict[str, NodeDef] = {}
    pending = [output]
    while pending:
        name = pending.pop()
        if name in reached:
            continue
        node = reached[name] = by_name[name]
        data = [source for source in node.input if not source.startswith("^")]
        del node.input[:]
        node.input.extend(data)
        pending += [node_of(source) for source in data]
    return list(reached.values())


def _widen(node: NodeDef) -> bool:
    """Makes 16-bit types and constants of a node float32; whether it had any."""
    had = False
    for value in node.attr.values():
        if value.type in HALF:
            value.type, had = types_pb2.DT_FLOAT, True
        for index, listed in enumerate(value.list.type):
            if listed in HALF:
                value.list.type[index], had = types_pb2.DT_FLOAT, True
        if value.HasField("tensor") and value.tensor.dtype in HALF:
            wide = tf.make_ndarray(value.tensor).astype("float32")
            value.tensor.CopyFrom(tf.make_tensor_proto(wide))
            had = True
    return had


def _of_latents(graph: GraphDef, output: str, known: Labels | None) -> Any:
    def imported(latents: tf.Tensor, labels: tf.Tensor | None = None) -> dict[str, tf.Tensor]:
        inputs, is_right = _let_through(latents, labels, known)
        (images,) = tf.graph_util.import_graph_def(graph, inputs, [f"{output}:0"], name="")
        return {"images": tf.where(is_right[:, tf.newaxis, tf.newaxis, tf.newaxis], images, np.nan)}

    return tf.function(imported)


def _of_pictures(graph: GraphDef, output: str) -> Any:
    def imported(source: tf.Tensor, masks: tf.Tensor | None = None) -> dict[str, tf.Tensor]:
        inputs = {"images:0": source} | ({} if masks is None else {"masks:0": masks})
        (images,) = tf.graph_util.import_graph_def(graph, inputs, [f"{output}:0"], name="")
        return {"images": images}

    return tf.function(imported)


def _let_through(
    latents: tf.Tensor, labels: tf.Tensor | None, known: Labels | None
) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
    """The inputs by tensor, with 0 for wrong numbers, which could stop all rows; and which rows have none of these."""
    right = {"latents": tf.abs(latents) <= latents.dtype.max}  # converters do not know tf.math.is_finite
    given = {"latents": latents}
    if labels is not None:
        given["labels"] = labels
        if known is not None:  # else the card does not fit, which `Source` says
            right["labels"] = known.is_right(labels)
    # In ONNX this becomes a product that leaves NaN what it is, which no row of numbers hands on to another.
    inputs = {
        f"{name}:0": tf.where(right[name], value, tf.zeros_like(value)) if name in right else value
        for name, value in given.items()
    }
    rows = [value if value.shape.rank == 1 else tf.reduce_all(value, axis=1) for value in right.values()]
    return inputs, functools.reduce(tf.logical_and, rows)
