"""A version as the server runs it, and what it says when it refuses."""

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import grpc
import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import config_pb2

from tfgan_suite.serving.allowed_ops import read_meta_graph
from tfgan_suite.serving.session import ServingSession

DEFAULT_SIGNATURE = "serving_default"
CODES = {code.value[0]: code for code in grpc.StatusCode}


class ServingError(Exception):
    """What a client is told.

    Args:
        code: of gRPC; REST has an HTTP status for each.
        message: one that tensorflow_model_server would give, where it has one.
    """

    def __init__(self, code: grpc.StatusCode, message: str):
        super().__init__(message)
        self.code = code
        self.message = message


def invalid(message: str) -> ServingError:
    """INVALID_ARGUMENT, HTTP 400."""
    return ServingError(grpc.StatusCode.INVALID_ARGUMENT, message)


class RawSession(ServingSession):
    """A Session without what Python adds to it.

    Python's `Session.run` converts types and refuses shapes before the graph sees them. The server does
    not: there the graph itself must survive what comes.

    Args:
        folder: version folder.

    Attributes:
        definitions: the `SignatureDef` of each signature, that of the initialization among them.
    """

    def __init__(self, folder: Path):
        super().__init__(folder)
        self.definitions = dict(read_meta_graph(folder).signature_def)
        self._callables: dict[tuple[str, tuple[str, ...]], Callable[..., list[np.ndarray]]] = {}
        self._lock = threading.Lock()

    def run(
        self, signature: str, inputs: Mapping[str, np.ndarray], outputs: Sequence[str] = ()
    ) -> dict[str, np.ndarray]:
        """The outputs of a signature, all where none is named; the inputs have been checked by `check_request`.

        Raises:
            ServingError: inputs that the graph refuses.
        """
        outputs = outputs or sorted(self.definitions[signature].outputs)
        try:
            values = self._callable(signature, tuple(outputs))(*(inputs[name] for name in sorted(inputs)))
        except tf.errors.OpError as error:
            raise ServingError(CODES[error.error_code], error.message) from error
        return dict(zip(outputs, values, strict=True))

    def _callable(self, signature: str, outputs: tuple[str, ...]) -> Callable[..., list[np.ndarray]]:
        with self._lock:
            if (signature, outputs) not in self._callables:
                definition = self.definitions[signature]
                options = config_pb2.CallableOptions()
                options.feed.extend(definition.inputs[name].name for name in sorted(definition.inputs))
                options.fetch.extend(definition.outputs[name].name for name in outputs)
                self._callables[signature, outputs] = self._session._make_callable_from_options(options)
            return self._callables[signature, outputs]

    def close(self) -> None:
        """Frees the weights."""
        self._callables.clear()
        super().close()


def check_request(
    session: RawSession, signature: str, inputs: Mapping[str, np.ndarray], outputs: Sequence[str] = ()
) -> None:
    """Names and types as the server checks them; shapes are the graph's affair.

    Raises:
        ServingError: a signature, an input or an output that is not there, or a wrong type.
    """
    if signature not in session.definitions:
        raise ServingError(grpc.StatusCode.FAILED_PRECONDITION, f'Serving signature key "{signature}" not found.')
    definition = session.definitions[signature]
    expected = ",".join(sorted(definition.inputs))
    if len(inputs) != len(definition.inputs):
        sent = ",".join(sorted(inputs))
        raise invalid(
            f"input size does not match signature: {len(inputs)}!={len(definition.inputs)} "
            f"len({{{sent}}}) != len({{{expected}}})."
        )
    for position, (name, value) in enumerate(sorted(inputs.items())):
        if name not in definition.inputs:
            raise invalid(
                f"input tensor alias not found in signature: {name}. Inputs expected to be in the set {{{expected}}}."
            )
        dtype, received = tf.as_dtype(definition.inputs[name].dtype), tf.as_dtype(value.dtype)
        if dtype != received:
            raise invalid(f"Expects arg[{position}] to be {dtype.name} but {received.name} is provided")
    for index, name in enumerate(outputs):
        if name not in definition.outputs:
            raise invalid(f"output tensor alias not found in signature: {name}")
        if name in outputs[:index]:
            raise invalid(f"duplicate output tensor alias: {name}")
