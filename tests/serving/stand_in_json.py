"""Tensors from JSON and back, with the checks and the words of the server."""

import base64
import json
import math
from collections.abc import Callable, Mapping
from itertools import chain
from typing import Any

import numpy as np
import tensorflow as tf
from stand_in_session import DEFAULT_SIGNATURE, ServingError, invalid
from tensorflow.core.framework.types_pb2 import DataType
from tensorflow.core.protobuf.meta_graph_pb2 import TensorInfo

# A tensor of TensorFlow has no more.
MAX_RANK = 254
# The largest whole number up to which each is a float32.
EXACT = 2**24 - 1
NAMES = {type(None): "Null", bool: "Bool", dict: "Object", list: "Array", str: "String", int: "Number", float: "Number"}

Inputs = Mapping[str, TensorInfo]


def parse_request(
    body: bytes, inputs_of: Callable[[str], Inputs]
) -> tuple[str, dict[str, np.ndarray], Callable[[Mapping[str, np.ndarray]], bytes]]:
    """A request to predict.

    Args:
        body: JSON with `instances`, which is rows, or `inputs`, which is columns.
        inputs_of: the inputs of a signature.

    Returns:
        The signature, the inputs, and what writes the answer in the format of the request.

    Raises:
        ServingError: anything else.
    """
    document = _parse(body)
    signature = document.get("signature_name", "")
    if not isinstance(signature, str):
        raise invalid(f"JSON Value: {_shown(document)} not formatted correctly. 'signature_name' key must be a string.")
    signature = signature or DEFAULT_SIGNATURE
    infos = inputs_of(signature)
    if not infos:
        raise invalid(f"Failed to get input map for signature: {signature}")
    if ("instances" in document) == ("inputs" in document):
        both = "expecting only one of 'inputs' or 'instances' keys to exist"
        raise invalid(both if "inputs" in document else "Missing 'inputs' or 'instances' key")
    if "inputs" in document:
        return signature, _from_columns(document["inputs"], infos), _columns
    return signature, _from_rows(document["instances"], infos), _rows


def _parse(body: bytes) -> dict[str, Any]:
    try:
        # Of a key that stands twice the first counts. NaN, Infinity and -Infinity are let through.
        document = json.loads(body.decode("utf-8-sig"), object_pairs_hook=lambda pairs: dict(reversed(pairs)))
    except (ValueError, RecursionError) as error:
        raise invalid(f"JSON Parse error: {error}") from error
    if not isinstance(document, dict):
        raise invalid(f"JSON Value: {_shown(document)} Is not object")
    return document


def _from_columns(value: Any, infos: Inputs) -> dict[str, np.ndarray]:
    if not isinstance(value, dict) or _is_base64(value):
        if len(infos) > 1:
            raise invalid("inputs is a plain value/list, but expecting an object as multiple input tensors required")
        (name,) = infos
        return {name: _tensor(value, infos[name].dtype)}
    for name in infos:
        if name not in value:
            raise invalid(f"Missing named input: {name} in 'inputs' object.")
    return {name: _tensor(value[name], info.dtype) for name, info in infos.items()}


def _from_rows(rows: Any, infos: Inputs) -> dict[str, np.ndarray]:
    if not isinstance(rows, list):
        raise invalid(f"JSON Value: {_shown(rows)} Excepting 'instances' to be an list/array")
    if not rows:
        raise invalid("No values in 'instances' array")
    named = [isinstance(row, dict) and not _is_base64(row) for row in rows]
    if not named[0] and len(infos) > 1:
        raise invalid("instances is a plain list, but expecting list of objects as multiple input tensors required")
    if len(set(named)) > 1:
        raise invalid(f"Expecting {'object' if named[0] else 'value/list'} at item {named.index(not named[0])}")
    if not named[0]:
        (name,) = infos
        rows = [{name: row} for row in rows]
    for index, row in enumerate(rows):
        if set(row) != set(infos):
            raise invalid(
                f"Failed to process element: {index} of 'instances' list. JSON object: keys must be equal to: "
                + ",".join(sorted(infos))
            )
    try:
        return {name: _tensor([row[name] for row in rows], info.dtype) for name, info in infos.items()}
    except ServingError as error:
        raise invalid(f"Failed to process element of 'instances' list. Error: {error.message}") from error


def _tensor(value: Any, dtype: DataType) -> np.ndarray:
    """A number, or lists of the same length at each level, checked level by level."""
    shape: list[int] = []
    first = value
    while isinstance(first, list):
        shape.append(len(first))
        if len(shape) > MAX_RANK:
            raise invalid(f"tensor parsing error: more than {MAX_RANK} dimensions")
        first = first[0] if first else None
    flat = [value]
    for level, size in enumerate(shape):
        for item in flat:
            if not isinstance(item, list):
                raise invalid(f"JSON Value: {_shown(item)} found at incorrect level: {level + 1} in the JSON DOM")
            if len(item) != size:
                raise invalid(f"Encountered list at unexpected size: {len(item)} at level: {level} expected: {size}")
        flat = list(chain.from_iterable(flat))
    if any(isinstance(item, list) for item in flat):
        raise invalid(f"Encountered list at unexpected level: {len(shape)}")
    return _values(flat, tf.as_dtype(dtype)).reshape(shape)


def _values(flat: list[Any], dtype: tf.DType) -> np.ndarray:
    if dtype == tf.string:
        return np.array([_bytes(value) for value in flat], object)
    kinds: set[type] = {int, float} if dtype.is_floating else {int}
    low, high = (-EXACT, EXACT) if dtype.is_floating else (int(dtype.min), int(dtype.max))
    if not (flat and set(map(type, flat)) <= kinds and low <= min(flat) and max(flat) <= high):
        for value in flat:
            if type(value) not in kinds or (not dtype.is_floating and not low <= value <= high):
                raise invalid(
                    f"JSON Value: {_shown(value)} Type: {NAMES[type(value)]} is not of expected type: {dtype.name}"
                )
            is_too_large = abs(value) > (high if type(value) is int else float(dtype.max))
            if is_too_large and (type(value) is int or math.isfinite(value)):
                raise invalid(f"Cannot convert JSON value: {_shown(value)} to {dtype.name} without loss of precision.")
    return np.array(flat, dtype.as_numpy_dtype)


def _bytes(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    if not _is_base64(value):
        raise invalid(f"JSON Value: {_shown(value)} not formatted correctly for base64 data")
    try:
        return base64.b64decode(value["b64"], validate=True)
    except ValueError as error:
        raise invalid("Unable to base64 decode") from error


def _is_base64(value: Any) -> bool:
    return isinstance(value, dict) and list(value) == ["b64"] and isinstance(value["b64"], str)


def _shown(value: Any) -> str:
    """A value for a message; the server gives it at any length."""
    try:
        return json.dumps(value)[:200]
    except (RecursionError, ValueError):
        return "..."


def _rows(outputs: Mapping[str, np.ndarray]) -> bytes:
    """`predictions`: a list of rows, of which each is a value, or an object where there are several outputs."""
    columns = {name: _plain(name, value) for name, value in outputs.items()}
    if any(value.ndim == 0 for value in outputs.values()):
        raise invalid("An output has no shape information")
    if len({len(column) for column in columns.values()}) != 1:
        raise invalid("Outputs have inconsistent batch sizes")
    if len(columns) == 1:
        (rows,) = columns.values()
    else:
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return json.dumps({"predictions": rows}).encode()


def _columns(outputs: Mapping[str, np.ndarray]) -> bytes:
    """`outputs`: a value, or an object where there are several outputs."""
    columns = {name: _plain(name, value) for name, value in outputs.items()}
    return json.dumps({"outputs": columns if len(columns) > 1 else next(iter(columns.values()))}).encode()


def _plain(name: str, value: np.ndarray) -> Any:
    if value.dtype != object:
        return value.tolist()
    if not name.endswith("_bytes"):
        return np.vectorize(lambda text: text.decode("utf-8", "replace"), otypes=[object])(value).tolist()
    encoded = [{"b64": base64.b64encode(text).decode()} for text in value.ravel()]
    return np.array([*encoded, None], object)[:-1].reshape(value.shape).tolist()
