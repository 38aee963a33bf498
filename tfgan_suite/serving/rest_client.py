"""TensorFlow Serving's REST interface, by urllib3."""

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

import numpy as np
import tensorflow as tf
import urllib3
from google.protobuf import json_format
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef
from urllib3.exceptions import (
    HTTPError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    SSLError,
    TimeoutError,
)

from tfgan_suite.errors import InputError, one_line
from tfgan_suite.serving.endpoint import (
    FIRST_WAIT,
    LONGEST_WAIT,
    RETRIES,
    Endpoint,
    Metadata,
    NotFoundError,
    ServedSignature,
    VersionStatus,
    read_signatures,
)

Read = TypeVar("Read")
NOT_FOUND = 404
UNAVAILABLE = 503
OF_A_PROXY = (502, 503, 504)
# What reading an answer that is not TensorFlow Serving's comes upon.
_NO_SUCH_ANSWER = (
    *(ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError),
    json_format.Error,
)


class _Retry(urllib3.Retry):
    """Tries again, but not after a time-out: the time is used up."""

    def increment(self, *args: Any, **kwargs: Any) -> "_Retry":
        """The retries that are left."""
        error = kwargs.get("error")
        if isinstance(error, TimeoutError) and not isinstance(error, NewConnectionError):
            raise error
        return super().increment(*args, **kwargs)


class RestTransport:
    """Asks over REST; no other host than the endpoint's is contacted, not by a redirection either."""

    def __init__(self, endpoint: Endpoint):
        retries = _Retry(
            total=RETRIES,
            other=0,
            status_forcelist=[UNAVAILABLE],
            allowed_methods=["GET", "POST"],  # a generator asked twice gives the same
            backoff_factor=FIRST_WAIT,
            backoff_jitter=FIRST_WAIT,
            backoff_max=LONGEST_WAIT,
            raise_on_status=False,  # the last answer says why
            respect_retry_after_header=False,  # it may ask for hours
        )
        self._pool = urllib3.PoolManager(timeout=urllib3.Timeout(total=endpoint.timeout), retries=retries)

    def status(self, endpoint: Endpoint) -> list[VersionStatus]:
        """The states of the versions."""

        def read(answer: dict[str, Any]) -> list[VersionStatus]:
            return [
                VersionStatus(int(item["version"]), str(item["state"]), str(item["status"]["error_message"]))
                for item in answer["model_version_status"]
            ]

        return self._ask(endpoint, "the status", "", read)

    def metadata(self, endpoint: Endpoint) -> Metadata:
        """The version that answers and its signatures."""

        def read(answer: dict[str, Any]) -> Metadata:
            definitions = {
                name: json_format.ParseDict(definition, SignatureDef(), ignore_unknown_fields=True)
                for name, definition in answer["metadata"]["signature_def"]["signature_def"].items()
            }
            return Metadata(int(answer["model_spec"]["version"]), read_signatures(definitions))

        return self._ask(endpoint, "the metadata", "/metadata", read)

    def predict(
        self, endpoint: Endpoint, name: str, signature: ServedSignature, inputs: Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """The outputs of a signature by name, as they are in the answer."""
        # Python's integers and doubles: JSON keeps each digit of an int64 and of a float32.
        question = {"signature_name": name, "inputs": {key: _plain(value) for key, value in inputs.items()}}

        def read(answer: dict[str, Any]) -> dict[str, np.ndarray]:
            outputs = answer["outputs"]
            if len(signature.outputs) == 1:  # then it stands there without its name
                outputs = dict.fromkeys(signature.outputs, outputs)
            return {key: _array(outputs[key], spec) for key, spec in signature.outputs.items()}

        return self._ask(endpoint, f"the signature {name!r}", ":predict", read, question)

    def close(self) -> None:
        """Ends the connections."""
        self._pool.clear()

    def _ask(
        self,
        endpoint: Endpoint,
        what: str,
        verb: str,
        read: Callable[[dict[str, Any]], Read],
        question: Mapping[str, Any] | None = None,
    ) -> Read:
        method, body = ("GET", None) if question is None else ("POST", json.dumps(question).encode())
        headers = {"Accept": "application/json"} | ({} if body is None else {"Content-Type": "application/json"})
        try:
            # Not decoded: none was asked for, and a compressed answer could grow without bounds.
            response = self._pool.request(
                method, _url(endpoint) + verb, body=body, headers=headers, redirect=False, decode_content=False
            )
        except HTTPError as error:
            raise InputError(_failure(endpoint, what, error)) from error
        try:
            answer = json.loads(response.data)
            if response.status == 200:
                return read(answer)
            refusal = _refusal(endpoint, what, response.status, answer["error"])
        except _NO_SUCH_ANSWER as error:
            if response.status in OF_A_PROXY:
                raise InputError(endpoint.unreachable(f"its proxy answers HTTP {response.status}")) from error
            kind = response.headers.get("Content-Type", "no type")
            raise InputError(endpoint.no_server(what, f"HTTP {response.status} with {kind}")) from error
        raise refusal


def _refusal(endpoint: Endpoint, what: str, status: int, said: object) -> InputError:
    if not isinstance(said, str):
        raise TypeError("TensorFlow Serving's errors are text.")
    message = endpoint.refusal(what, said or f"HTTP {status}")
    if status == NOT_FOUND:
        return NotFoundError(message)
    return InputError(message + (" Try again when it is less busy." if status == UNAVAILABLE else ""))


def _url(endpoint: Endpoint) -> str:
    url = f"{endpoint.url}/v1/models/{quote(endpoint.model, safe='')}"
    if endpoint.version is not None:
        return f"{url}/versions/{endpoint.version}"
    return url if endpoint.version_label is None else f"{url}/labels/{quote(endpoint.version_label, safe='')}"


def _plain(value: np.ndarray) -> list[Any]:
    """An array as JSON has it, and files as the server wants them there."""
    if value.dtype != object:
        return value.tolist()
    return [{"b64": base64.b64encode(file).decode()} for file in value]


def _array(values: Any, spec: tf.TensorSpec) -> np.ndarray:
    if spec.dtype == tf.string:
        return np.array([base64.b64decode(value["b64"], validate=True) for value in values], object)
    return np.asarray(values, spec.dtype.as_numpy_dtype)


def _failure(endpoint: Endpoint, what: str, error: HTTPError) -> str:
    """What kept the answer away, in one line."""
    reason = error.reason if isinstance(error, MaxRetryError) and error.reason is not None else error
    cause = reason.__cause__ or reason.__context__
    said = cause.strerror if isinstance(cause, OSError) and cause.strerror else str(reason)
    if isinstance(reason, NameResolutionError):
        return f"The host {endpoint.host} is not known to the name service. Check the url {endpoint.url}."
    if isinstance(reason, NewConnectionError):
        return endpoint.unreachable(said)
    if isinstance(reason, TimeoutError):
        return endpoint.too_late(what)
    if isinstance(reason, SSLError):
        return (
            f"The server {endpoint.url} cannot be asked by https: {one_line(str(reason)).rstrip('.')}. It must speak "
            "https, with a certificate that this machine trusts; SSL_CERT_FILE can name a file of others."
        )
    if isinstance(reason, ProtocolError):
        return (
            f"The server {endpoint.url} broke off its answer for {what} of {endpoint.asked}: {one_line(str(reason))}. "
            "Look whether it still runs, and whether this is its port of REST; that of gRPC wants grpc://."
        )
    return endpoint.unreachable(str(reason))
