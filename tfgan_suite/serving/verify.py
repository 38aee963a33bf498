"""Does an export hold what it promises? Asked as TensorFlow Serving would ask, before a server does."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import types_pb2
from tensorflow.core.protobuf.meta_graph_pb2 import MetaGraphDef, TensorInfo

from tfgan_suite.arguments import checked_types
from tfgan_suite.exported import is_translator
from tfgan_suite.models.endpoints import Servable
from tfgan_suite.ports import Port, Ports, png_head, ports_of_card
from tfgan_suite.serving.allowed_ops import foreign_ops, read_meta_graph
from tfgan_suite.serving.saved_generator import read_card, version_folder
from tfgan_suite.serving.session import INIT_OP, ServingSession
from tfgan_suite.serving.signatures import MAX_ROWS
from tfgan_suite.serving.warmup import batch_sizes, read_warmup
from tfgan_suite.startup.quiet import quiet

# Of the graph against the Keras model on the same rows.
MODEL_TOLERANCE = 1e-5
# Kernels add up in another order for another number of rows: 3e-5 at most in networks with weights three times those
# of their start. Batch statistics show by 1e-2 and more.
ROW_TOLERANCE = 1e-4
# A network that computes in 16 bits rounds to 1 part in 256.
HALF_TOLERANCE = 2e-2

Facts = Mapping[str, Any]


@checked_types
def verify_export(
    path: Path | str, model: Servable | None = None, say: Callable[[str], None] = lambda line: None
) -> list[str]:
    """Loads an export in a TensorFlow 1 Session and checks it.

    Checked are its operations (nothing of it is run if one is not on the list), its signatures, their
    shapes and types, the count of its weights, the warmup requests, that rows do not depend on each
    other, that what cannot be right is refused, and, against the model, its images.

    Args:
        path: base folder (its highest version is taken) or version folder.
        model: what was exported; None: that comparison is left out.
        say: called with a line for each check that has passed.

    Returns:
        What does not hold, a sentence each; empty where all does.

    Raises:
        InputError: no SavedModel, a damaged one, or one that is no generator of this package.
    """
    folder = version_folder(path)
    graph, facts = read_meta_graph(folder), read_card(folder)
    if foreign := foreign_ops(graph, is_translator(facts)):
        return [
            f"It holds operations that are not on the list of what a server can be given: {', '.join(foreign)}. "
            "AssignVariableOp stands for a layer with a state of its own, such as random numbers."
        ]
    say("operations: all on the list of what a server can be given")
    findings = [*_signature_findings(graph, facts), *_weight_findings(graph, folder, facts)]
    if findings:
        return findings
    names = ", ".join(sorted(name for name in graph.signature_def if name != INIT_OP))
    say(f"signatures: {names}, with the inputs and outputs that they must have")
    say(f"weights: {facts['parameters']:,} numbers, each stored once")
    try:
        with ServingSession(folder) as session:
            for passed, found in _checks_in_session(session, folder, facts, model, _computes_in_half(graph)):
                unsound = list(found)
                findings += unsound
                if not unsound:
                    say(passed)
    except tf.errors.OpError as error:
        return [f"It does not run in a Session: {' '.join(str(error).split())[:300]}"]
    return findings


def _checks_in_session(
    session: ServingSession, folder: Path, facts: Facts, model: Servable | None, in_half: bool
) -> Iterator[tuple[str, Iterator[str]]]:
    """The line of each check that passes, and what it finds."""
    tolerance = HALF_TOLERANCE if in_half else ROW_TOLERANCE
    yield "warmup: each signature answers its requests", _warmup_findings(session, folder, facts)
    yield f"rows: none depends on those beside it, within {tolerance:g}", _row_findings(session, facts, tolerance)
    yield "refusals: what cannot be right is refused", _refusal_findings(session, facts)
    if model is not None:
        tolerance = HALF_TOLERANCE if in_half else MODEL_TOLERANCE
        found = _model_findings(session, facts, model, tolerance)
        levels = ", or a level of a pixel" if is_translator(facts) else ""
        yield f"images: those of the Keras model, within {tolerance:g}{levels}", found


def _signature_findings(graph: MetaGraphDef, facts: Facts) -> Iterator[str]:
    found = {name: value for name, value in graph.signature_def.items() if name != INIT_OP}
    expected = {name: ports for name, ports in ports_of_card(facts).items() if name != "score" or name in found}
    for name in sorted(found.keys() ^ expected.keys()):
        yield f"The signature {name} {'is unknown' if name in found else 'is missing'}."
    for name in sorted(found.keys() & expected.keys()):
        inputs, output = expected[name]
        yield from _tensor_findings(name, "inputs", found[name].inputs, inputs)
        yield from _tensor_findings(name, "outputs", found[name].outputs, [output])


def _tensor_findings(
    name: str, kind: str, tensors: Mapping[str, TensorInfo], expected: Iterable[Port]
) -> Iterator[str]:
    names = sorted(port.name for port in expected)
    if sorted(tensors) != names:
        yield f"The {kind} of {name} must be {names}. Received: {sorted(tensors)}."
        return
    for port in expected:
        info, row = tensors[port.name], None if port.row_shape is None else list(port.row_shape)
        shape = _shape(info)
        if info.dtype != port.dtype.as_datatype_enum or shape[:1] != [-1] or row not in (None, shape[1:]):
            received = f"{tf.dtypes.as_dtype(info.dtype).name} {shape}"
            yield f"{port.name} of {name} must be {port.dtype.name} [-1, {row}]. Received: {received}."


def _shape(info: TensorInfo) -> list[int]:
    return [dim.size for dim in info.tensor_shape.dim]


def _weight_findings(graph: MetaGraphDef, folder: Path, facts: Facts) -> Iterator[str]:
    shapes = tf.train.load_checkpoint(str(folder / "variables" / "variables")).get_variable_to_shape_map()
    stored = sum(math.prod(shape) for name, shape in shapes.items() if name != "_CHECKPOINTABLE_OBJECT_GRAPH")
    expected = facts.get("parameters")
    if expected is None:
        yield "Its card does not say how many parameters it has."
    elif stored > expected:
        yield f"It stores {stored} numbers where its networks have {expected}: weights are doubled."
    if any(function.attr["_XlaMustCompile"].b for function in graph.graph_def.library.function):
        yield "A function must be compiled by XLA, which the server does not do on a CPU."


def _computes_in_half(graph: MetaGraphDef) -> bool:
    nodes = [*graph.graph_def.node, *(node for f in graph.graph_def.library.function for node in f.node_def)]
    half = (types_pb2.DT_BFLOAT16, types_pb2.DT_HALF)
    return any(value.type in half for node in nodes for value in node.attr.values())


def _warmup_findings(session: ServingSession, folder: Path, facts: Facts) -> Iterator[str]:
    missing = {(name, rows) for name in session.signatures for rows in batch_sizes(facts)}
    for signature, inputs in read_warmup(folder):
        rows = len(next(iter(inputs.values())))
        outputs = session.run(signature, inputs)
        if any(len(value) != rows for value in outputs.values()):
            yield f"{signature} must give a row for each row of a request. Received: {rows} rows."
        missing.discard((signature, rows))
    if missing:
        yield f"The warmup lacks requests of {len(missing)} pairs of signature and rows, such as {min(missing)}."


def _row_findings(session: ServingSession, facts: Facts, tolerance: float) -> Iterator[str]:
    """One request of 8 rows must be answered as two of 3 and 5; of fewer where no request has 8."""
    rows = min(8, _max_rows(facts))
    part = max(1, 3 * rows // 8)
    for name, ports in sorted(_ports(session, facts).items()) if rows > 1 else []:
        whole, first, second = (
            session.run(name, ports.examples(count, start))[ports.output.name]
            for count, start in ((rows, 0), (part, 0), (rows - part, part))
        )
        distance = _distance(whole, np.concatenate([first, second]))
        if not distance <= tolerance:  # true for NaN
            yield f"Rows of {name} depend on the rows beside them: they differ by {distance:.2g}."


def _distance(a: np.ndarray, b: np.ndarray) -> float:
    """The largest difference, for numbers beyond 1 in proportion to them; of levels of a pixel beyond one of them."""
    if a.dtype == object:
        a, b = (np.array([tf.io.decode_png(file).numpy() for file in files]) for files in (a, b))
    if a.dtype == np.uint8:
        return max(0.0, (float(np.abs(a.astype(int) - b).max()) - 1) / 127.5)
    return float((np.abs(a - b) / np.maximum(1, np.abs(a))).max())


def _refusal_findings(session: ServingSession, facts: Facts) -> Iterator[str]:
    for name, ports in sorted(_ports(session, facts).items()):
        row = ports.examples(1)
        too_many = _max_rows(facts) + 1
        requests = {f"{too_many} rows": {key: np.repeat(value, too_many, 0) for key, value in row.items()}}
        for port in ports.inputs:
            for what, wrong in _wrongs(port):
                requests[f"{port.name} of {what}"] = row | {port.name: np.full_like(row[port.name], wrong)}
        for what, inputs in requests.items():
            try:
                with quiet():  # TensorFlow would print each refusal
                    session.run(name, inputs)
            except tf.errors.InvalidArgumentError:
                continue
            yield f"{name} must refuse {what}."


def _wrongs(port: Port) -> Iterator[tuple[str, Any]]:
    """What must be refused, and what it is called."""
    if port.wrong is not None:
        yield str(port.wrong), port.wrong
    if port.kind == "files":
        yield "30,000x30,000 pixels", png_head(30_000, 30_000)
        yield "16 bits a channel", png_head(1, 1, depth=16)


def _max_rows(facts: Facts) -> int:
    return int(facts.get("max_rows", MAX_ROWS))


def _ports(session: ServingSession, facts: Facts) -> dict[str, Ports]:
    """Of the signatures that the session has."""
    expected = ports_of_card(facts)
    return {name: expected[name] for name in session.signatures}


def _model_findings(session: ServingSession, facts: Facts, model: Servable, tolerance: float) -> Iterator[str]:
    for name, endpoint in model.served(facts, with_discriminator=True).items():
        if name not in session.signatures:
            continue
        inputs = endpoint.ports.examples(min(4, endpoint.max_rows))
        own = endpoint.function(*(tf.constant(inputs[port.name]) for port in endpoint.ports.inputs)).numpy()
        distance = _distance(own, session.run(name, inputs)[endpoint.ports.output.name])
        if not distance <= tolerance:
            yield f"{name} differs from the Keras model by {distance:.2g}."
