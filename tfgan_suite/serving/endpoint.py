"""A model on a server: where it is, what it says of itself, and errors told in one line."""

import dataclasses
import math
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

import tensorflow as tf
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef

from tfgan_suite.errors import InputError, one_line, option
from tfgan_suite.models.refusals import refusal
from tfgan_suite.serving.session import INIT_OP

SCHEMES = ("http", "https", "grpc")
GRPC_PORT = 8500  # the server's own default
# After the first try; with the waits below it takes about a second until a server is given up.
RETRIES = 3
FIRST_WAIT = 0.1  # seconds, doubled each time
LONGEST_WAIT = 2.0


class NotFoundError(InputError):
    """The server knows no such model, version or label."""


class VersionStatus(NamedTuple):
    """A version and what the server does with it: AVAILABLE, LOADING, END, ...; `message` says what went wrong."""

    version: int
    state: str
    message: str


class ServedSignature(NamedTuple):
    """The inputs and outputs of a signature by name."""

    inputs: dict[str, tf.TensorSpec]
    outputs: dict[str, tf.TensorSpec]


class Metadata(NamedTuple):
    """The version that answers, and its signatures by name."""

    version: int
    signatures: dict[str, ServedSignature]


@dataclasses.dataclass(frozen=True)
class Endpoint:
    """A model on a server; `parse_endpoint` makes it from an address."""

    scheme: str
    host: str
    port: int | None
    path: str
    model: str
    version: int | None
    version_label: str | None
    timeout: float

    @property
    def address(self) -> str:
        """HOST:PORT, with brackets where IPv6 wants them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The server's address, without a slash at its end."""
        return f"{self.scheme}://{self.address}{self.path}"

    @property
    def asked(self) -> str:
        """The model as messages name it, within a sentence."""
        if self.version is not None:
            return f"version {self.version} of the model {self.model!r}"
        if self.version_label is not None:
            return f"version {self.version_label!r} of the model {self.model!r}"
        return f"the model {self.model!r}"

    def of_version(self, version: int | None) -> "Endpoint":
        """The same model at another version; None: the newest."""
        return dataclasses.replace(self, version=version, version_label=None)

    def refusal(self, what: str, said: str) -> str:
        """The line for a server that answers with an error of its own."""
        # What the exported graph refuses comes with the names of its operations.
        reason = one_line(refusal(tf.errors.InvalidArgumentError(None, None, said))).rstrip(".")
        return f"The server {self.url} did not give {what} of {self.asked}. It says: {reason}."

    def unreachable(self, reason: str) -> str:
        """The line for a server that is not there, or that takes no more."""
        return (
            f"The server {self.url} is not available: {one_line(reason).rstrip('.')}. Start it, check host and port "
            "(REST is mostly at 8501, gRPC at 8500), or try again when it is less busy."
        )

    def too_late(self, what: str) -> str:
        """The line for a server that takes too long."""
        return (
            f"The server {self.url} did not give {what} of {self.asked} within {self.timeout:g} s. "
            f"Raise {option('timeout')}, or look whether it is busy or stuck."
        )

    def no_server(self, what: str, answered: str) -> str:
        """The line for something else than TensorFlow Serving."""
        return (
            f"{self.url} does not speak the protocol of TensorFlow Serving: asked for {what} of {self.asked}, "
            f"it answered {one_line(answered).rstrip('.')}. Expected its address, such as http://localhost:8501 for "
            "REST or grpc://localhost:8500 for gRPC."
        )


def parse_endpoint(
    url: str, model: str, version: int | None = None, version_label: str | None = None, timeout: float = 10.0
) -> Endpoint:
    """A model at an address.

    Args:
        url: `http(s)://HOST:PORT`, with a path where a proxy wants one, or `grpc://HOST:PORT`.
        model: the name that the server gives it.
        version: its number, 0 or more; None: the newest that is ready.
        version_label: the name that the server's config file gives a version, in place of its number.
        timeout: seconds until an answer must be there.

    Raises:
        InputError: none that can be asked.
    """
    if not model or not model.isprintable():
        raise InputError(f"{option('model')} must be the name that the server gives the model. Received: {model!r}.")
    if version is not None and version_label is not None:
        raise InputError(f"Choose a version by number or by label. Received: {version} and {version_label!r}.")
    if version is not None and not 0 <= version < 2**63:
        raise InputError(f"{option('version')} must be in 0..2**63-1. Received: {version}.")
    if version_label is not None and not (version_label and version_label.isprintable()):
        raise InputError(
            f"{option('version_label')} must be a name of the server's config file. Received: {version_label!r}."
        )
    if not (math.isfinite(timeout) and timeout > 0):
        raise InputError(f"{option('timeout')} must be seconds, greater than 0. Received: {timeout}.")
    parts, port = _split(url)
    if parts.scheme == "grpc":
        port = GRPC_PORT if port is None else port
        if parts.path.strip("/"):
            raise InputError(f"A grpc address has no path. Expected grpc://HOST:PORT. Received: {url}.")
    return Endpoint(
        parts.scheme, parts.hostname or "", port, parts.path.rstrip("/"), model, version, version_label, timeout
    )


def _split(url: str) -> tuple[SplitResult, int | None]:
    expected = "Expected http(s)://HOST:8501 for REST, or grpc://HOST:8500 for gRPC."
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        # Without the address: a password may stand in it.
        raise InputError(f"The url cannot be read. {expected}") from error
    if "@" in url:
        raise InputError(
            f"The url must not hold a user or a password, which messages would print. {expected} "
            "Let a proxy beside the client add what the server wants."
        )
    if parts.scheme not in SCHEMES or not parts.hostname or not url.isprintable() or " " in url:
        raise InputError(f"The url {one_line(url)!r} is of no server that can be asked. {expected}")
    if parts.query or parts.fragment:
        raise InputError("The url must end with the host, its port and the path of a proxy; it has ? or # behind them.")
    return parts, port


def read_signatures(definitions: Mapping[str, SignatureDef]) -> dict[str, ServedSignature]:
    """The signatures of a model, without the one that loads its weights.

    Raises:
        TypeError: a type of numbers that TensorFlow does not know.
    """
    return {
        name: ServedSignature(
            *(
                {key: tf.TensorSpec(tf.TensorShape(info.tensor_shape), info.dtype, key) for key, info in infos.items()}
                for infos in (definition.inputs, definition.outputs)
            )
        )
        for name, definition in sorted(definitions.items())
        if name != INIT_OP
    }
