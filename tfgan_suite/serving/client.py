"""A generator behind TensorFlow Serving, asked over REST or gRPC."""

import functools
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Protocol, TypeVar

import numpy as np
import tensorflow as tf

from tfgan_suite.errors import InputError, option, unknown_choice
from tfgan_suite.ports import port_of
from tfgan_suite.serving.endpoint import (
    Endpoint,
    Metadata,
    NotFoundError,
    ServedSignature,
    VersionStatus,
    parse_endpoint,
)
from tfgan_suite.serving.rest_client import RestTransport
from tfgan_suite.serving.warmup import BATCH_SIZES
from tfgan_suite.versions import remedy

Answer = TypeVar("Answer")
# A server that puts requests into batches refuses longer ones.
REQUEST_ROWS = BATCH_SIZES[-1]


class Transport(Protocol):
    """What REST and gRPC have in common."""

    def status(self, endpoint: Endpoint) -> list[VersionStatus]: ...

    def metadata(self, endpoint: Endpoint) -> Metadata: ...

    def predict(
        self, endpoint: Endpoint, name: str, signature: ServedSignature, inputs: Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]: ...

    def close(self) -> None: ...


class Client:
    """One model on a server; close it, or use it in a `with`. `connect` makes it."""

    def __init__(self, endpoint: Endpoint, transport: Transport):
        self.endpoint = endpoint
        self._transport = transport
        self._metadata: Metadata | None = None

    def status(self) -> list[VersionStatus]:
        """The versions and their states, the oldest first; of the chosen one alone where one is chosen.

        Raises:
            InputError: no answer, or no such model or version.
        """
        return sorted(self._asking(self._transport.status))

    def metadata(self) -> Metadata:
        """The version that answers and its signatures; asked for once.

        Raises:
            InputError: no answer, or no such model or version.
        """
        if self._metadata is None:
            self._metadata = self._asking(self._transport.metadata)
        return self._metadata

    def pin(self) -> int:
        """Stays with the version that answers now, so that several requests get one generator; gives its number.

        Raises:
            InputError: see `metadata`.
        """
        version = self.metadata().version
        self.endpoint = self.endpoint.of_version(version)
        return version

    def predict(self, signature: str, inputs: Mapping[str, Any]) -> dict[str, np.ndarray]:
        """The outputs of a signature by name; files are `bytes` in an array of objects.

        More than 64 rows go in several requests, one after another; `pin` first where they must come from one version.

        Args:
            signature: such as `"sample"`; see `docs/serving.md`.
            inputs: arrays by name, each with a row for each of the others; files are `bytes` in a list.

        Raises:
            InputError: no answer, inputs that do not fit, or a refusal of the server.
        """
        signatures = self.metadata().signatures
        if signature not in signatures:
            raise unknown_choice("signature", signature, signatures)
        spec = signatures[signature]
        arrays = self._checked(signature, spec, inputs)
        rows = len(next(iter(arrays.values())))
        answers = []
        for start in range(0, rows, REQUEST_ROWS):
            part = {name: value[start : start + REQUEST_ROWS] for name, value in arrays.items()}
            ask = functools.partial(self._transport.predict, name=signature, signature=spec, inputs=part)
            answer = self._asking(ask)
            self._check_answer(signature, spec, answer, min(REQUEST_ROWS, rows - start))
            answers.append(answer)
        return {name: np.concatenate([answer[name] for answer in answers]) for name in spec.outputs}

    def close(self) -> None:
        """Ends the connection."""
        self._transport.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _asking(self, ask: Callable[[Endpoint], Answer]) -> Answer:
        """An answer; where something is not found, an error that says what is there."""
        try:
            return ask(self.endpoint)
        except NotFoundError as error:
            raise InputError(self._what_is_there(str(error))) from error

    def _what_is_there(self, said: str) -> str:
        endpoint = self.endpoint
        try:
            versions = self._transport.status(endpoint.of_version(None))
        except NotFoundError:
            return f"{said} The name of a model is that of the server's --model_name, or of its config file."
        except InputError:
            return said
        states = ", ".join(f"{item.version} ({item.state})" for item in sorted(versions)) or "none"
        return f"{said} Its versions are {states}: choose one that is AVAILABLE, or wait until it is."

    def _checked(self, name: str, spec: ServedSignature, inputs: Mapping[str, Any]) -> dict[str, np.ndarray]:
        """The inputs in the types that the server wants."""
        if "labels" in spec.inputs and "labels" not in inputs:
            raise InputError(
                f"{name!r} of {self.endpoint.asked} needs labels: it is conditional. Give {option('labels')}."
            )
        if "labels" in inputs and "labels" not in spec.inputs:
            raise InputError(f"{name!r} of {self.endpoint.asked} takes no labels: it is not conditional.")
        if set(inputs) != set(spec.inputs):
            raise InputError(f"The inputs of {name!r} must be {sorted(spec.inputs)}. Received: {sorted(inputs)}.")
        try:
            given = {key: _array(value, spec.inputs[key]) for key, value in inputs.items()}
        except ValueError as error:
            raise InputError(f"The inputs of {name!r} must be arrays, with rows of one length: {error}.") from error
        arrays = {key: _converted(key, value, spec.inputs[key]) for key, value in given.items()}
        rows = {key: len(value) for key, value in arrays.items()}
        if len(set(rows.values())) != 1 or 0 in rows.values():
            raise InputError(f"The inputs of {name!r} must have as many rows each, at least 1. Received: {rows}.")
        return arrays

    def _check_answer(self, name: str, spec: ServedSignature, answer: Mapping[str, np.ndarray], rows: int) -> None:
        for key, value in answer.items():
            expected = spec.outputs[key].shape
            if value.shape[:1] != (rows,) or not expected.is_compatible_with(value.shape):
                said = f"{key} of shape {value.shape} for {rows} rows of {expected}"
                raise InputError(self.endpoint.no_server(f"the signature {name!r}", said))


def _array(value: Any, spec: tf.TensorSpec) -> np.ndarray:
    """An input as an array; of files each as it is, from which NumPy's own type would cut zeros at the end."""
    if spec.dtype != tf.string or isinstance(value, np.ndarray):
        return np.asarray(value)
    return np.array([*value, None], object)[:-1]


def _converted(name: str, value: np.ndarray, spec: tf.TensorSpec) -> np.ndarray:
    """An input in its type and in its range."""
    if spec.dtype == tf.string:
        if value.ndim != 1 or not all(isinstance(file, bytes) for file in value):
            raise InputError(f"{name} must be files, each as bytes in a list. Received: {value.dtype} {value.shape}.")
        return value
    dtype = np.dtype(spec.dtype.as_numpy_dtype)
    if not np.can_cast(value.dtype, dtype, "same_kind"):
        raise InputError(f"{name} must be {spec.dtype.name}. Received: {value.dtype}.")
    if value.ndim == 0 or not spec.shape.is_compatible_with(value.shape):
        raise InputError(f"{name} must have the shape {spec.shape}. Received: {value.shape}.")
    limits = np.iinfo(dtype) if dtype.kind in "iu" else None
    if limits is not None and value.size and not limits.min <= int(value.min()) <= int(value.max()) <= limits.max:
        raise InputError(f"{name} must be in {limits.min}..{limits.max}. Received: {value.min()} to {value.max()}.")
    with np.errstate(over="ignore"):  # then it is infinite, and refused as such
        converted = value.astype(dtype)
    # One bad row would fail the requests of others in its batch.
    port = port_of(name, spec)
    if port.is_right is not None:
        wrong = value[~port.is_right(converted)]
        if wrong.size:
            raise InputError(f"{name} {port.said}. Received: {wrong.flat[0]}.")
    return converted


def connect(
    url: str, model: str, version: int | None = None, version_label: str | None = None, timeout: float = 10.0
) -> Client:
    """A model on a server; nothing is sent yet.

    Args:
        url: `http(s)://HOST:8501` for REST, with a path where a proxy wants one, or `grpc://HOST:8500` for gRPC.
        model: the name that the server gives it.
        version: its number; None: the newest that is ready.
        version_label: the name that the server's config file gives a version, in place of its number.
        timeout: seconds until an answer must be there, and over REST until more of it must be; it is tried again
            before where that helps.

    Raises:
        InputError: an address that cannot be asked, or gRPC without the packages for it.
    """
    endpoint = parse_endpoint(url, model, version, version_label, timeout)
    if endpoint.scheme != "grpc":
        return Client(endpoint, RestTransport(endpoint))
    try:
        from tfgan_suite.serving.grpc_client import GrpcTransport
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("grpc", "tensorflow_serving"):
            raise
        raise InputError(
            f"gRPC needs packages that are not installed: {remedy('serving')}. REST (http://) does not."
        ) from error
    return Client(endpoint, GrpcTransport(endpoint))
