"""What no client should send: sockets by hand, and requests that are wrong at random."""

import contextlib
import json
import socket
from typing import Any
from urllib.parse import urlsplit

import grpc
import numpy as np
import tensorflow as tf
import urllib3
from asking import Asker
from hypothesis import strategies as st
from tensorflow.core.framework.types_pb2 import DataType
from tensorflow_serving.apis.predict_pb2 import PredictRequest

PREDICT = "/tensorflow.serving.PredictionService/Predict"
# The server has broken, or hangs.
FAILURES = (grpc.StatusCode.UNKNOWN, grpc.StatusCode.DEADLINE_EXCEEDED)
# Edges of the ranges of types and of what the graph lets through.
FLOATS = [0.0, -1.0, 1.0, 1.0009, 1.5, 1e-45, 1e38, 3.5e38, -1e38, float("nan"), float("inf"), float("-inf")]
INTEGERS = [0, -1, 1, 2, 3, 9, 2**24, 2**31 - 1, 2**31, -(2**31), 2**62, 2**63 - 1, -(2**63), 2**63, 2**64, 10**30]


def send(asker: Asker, data: bytes, hang_up: bool = False) -> bytes:
    """What comes back for bytes on the REST port, after which nothing more is sent; nothing where the server drops it.

    Args:
        asker: of the server.
        data: what is sent.
        hang_up: leave at once, without reading.
    """
    address = urlsplit(asker.server.rest_url)
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        if hang_up:
            # Resets the connection when it is closed.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        received = b""
        with contextlib.suppress(ConnectionError):  # the server may stop reading what is nonsense
            connection.sendall(data)
            if hang_up:
                return b""
            with contextlib.suppress(OSError):  # which has gone
                connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(1 << 16):
                received += part
        return received


def post(asker: Asker, body: bytes, *headers: str, length: object = None, path: str | None = None) -> bytes:
    """A request to predict, byte by byte."""
    path = path or f"/v1/models/{asker.server.model}:predict"
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body) if length is None else length}"]
    return "\r\n".join([*lines, *headers, "", ""]).encode() + body


def good_body(asker: Asker) -> bytes:
    """A request that is answered."""
    columns = {name: value.tolist() for name, value in asker.good_inputs().items()}
    return json.dumps({"signature_name": "sample_png", "inputs": columns}).encode()


def call(asker: Asker, method: str, message: bytes) -> grpc.StatusCode:
    """The code for bytes where a message should be."""
    try:
        asker.channel.unary_unary(method)(message, timeout=30)
    except grpc.RpcError as error:
        return error.code()
    return grpc.StatusCode.OK


class Nonsense:
    """Sends requests that are wrong at random, and checks what is said of them.

    Args:
        asker: of the server.
    """

    def __init__(self, asker: Asker):
        self.asker = asker
        self.signatures = dict(asker.metadata("grpc").signature_def)
        self.body = good_body(asker)
        self.message = asker.request("sample_png", asker.good_inputs()).SerializeToString()
        self.sent = 0

    def send(self, kind: str, what: Any) -> None:
        """One request of a kind, which is the name of a method."""
        getattr(self, f"send_{kind}")(what)
        self.sent += 1

    def send_json(self, document: Any) -> None:
        """Any JSON at all."""
        self._post(json.dumps(document).encode())

    def send_near(self, seed: int) -> None:
        """Inputs that are nearly right, so that the graph sees them."""
        random = np.random.default_rng(seed)
        signature, inputs = self._inputs(random)
        columns = {name: value.tolist() for name, value in inputs.items()}
        shapes = {name: list(value.shape) for name, value in inputs.items()}
        if random.random() < 0.3 and self._fits(signature, shapes):
            rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
            self._post(json.dumps({"signature_name": signature, "instances": rows}).encode())
        else:
            is_answered = self._post(json.dumps({"signature_name": signature, "inputs": columns}).encode())
            shapes.pop("nothing", None)  # what is too much among columns is overlooked
            assert self._fits(signature, shapes) or not is_answered, (signature, columns)

    def send_cut(self, seed: int) -> None:
        """A good body with bytes changed, cut out or put in."""
        self._post(_mutated(self.body, seed))

    def send_bytes(self, body: bytes) -> None:
        """Any bytes as a body."""
        self._post(body)

    def send_path(self, path: str) -> None:
        """Any path, in any method."""
        with contextlib.suppress(urllib3.exceptions.LocationParseError, UnicodeError):
            method = "GET" if len(path) % 2 else "POST"
            response = self.asker.pool.request(method, f"{self.asker.server.rest_url}/v1/models/{path}", body=b"{}")
            assert response.status < 500 or response.status == 501, (response.status, path)

    def send_raw(self, data: bytes | int) -> None:
        """Any bytes on the socket, or a good request changed."""
        if isinstance(data, int):
            data = _mutated(post(self.asker, self.body), data)
        received = send(self.asker, data)
        assert not received.startswith(b"HTTP/1.1 500"), received

    def send_message(self, message: bytes | int) -> None:
        """Any bytes as a message, or a good message changed."""
        if isinstance(message, int):
            message = _mutated(self.message, message)
        assert call(self.asker, PREDICT, message) not in FAILURES, message

    def send_tensors(self, seed: int) -> None:
        """Messages of tensors that are nearly right, or lie about themselves."""
        random = np.random.default_rng(seed)
        request = PredictRequest(model_spec=self.asker.spec())
        request.model_spec.signature_name, inputs = self._inputs(random)
        for name, value in inputs.items():
            tensor = request.inputs[name]
            tensor.CopyFrom(tf.make_tensor_proto(value))
            if random.random() < 0.07:
                tensor.dtype = int(random.choice([*DataType.values(), 99]))
            if random.random() < 0.07:
                tensor.tensor_shape.dim.add(size=int(random.choice([-1, 0, 1, 2, 7, 2**40, 2**62])))
            if random.random() < 0.04:
                tensor.tensor_content = random.bytes(int(random.integers(0, 20)))
            tensor.tensor_shape.unknown_rank = random.random() < 0.03
        code = call(self.asker, PREDICT, request.SerializeToString())
        assert code not in FAILURES, request
        # Of the message, not of the inputs: a lie can make a tensor fit, as one number is repeated to fill its shape.
        shapes = {name: [dim.size for dim in tensor.tensor_shape.dim] for name, tensor in request.inputs.items()}
        assert self._fits(request.model_spec.signature_name, shapes) or code != grpc.StatusCode.OK, request

    def _inputs(self, random: np.random.Generator) -> tuple[str, dict[str, np.ndarray]]:
        name = str(random.choice(sorted(self.signatures)))
        rows, inputs = int(random.integers(0, 4)), {}
        for key, info in self.signatures[name].inputs.items():
            shape = [rows, *(dim.size for dim in info.tensor_shape.dim[1:])]
            if random.random() < 0.1:
                shape[int(random.integers(0, len(shape)))] += int(random.integers(-1, 2))
            if random.random() < 0.05:
                shape = shape[1:] if random.random() < 0.5 else [*shape, 1]
            shape = [max(0, size) for size in shape]
            floating = tf.as_dtype(info.dtype).is_floating
            value = np.asarray(random.normal(size=shape) if floating else random.integers(0, 3, shape))
            value = value.astype(np.float32 if floating else np.int64)
            if value.size and random.random() < 0.2:
                edges = np.array(FLOATS if floating else [edge for edge in INTEGERS if abs(edge) < 2**63])
                with np.errstate(over="ignore"):
                    value.flat[int(random.integers(0, value.size))] = random.choice(edges).astype(value.dtype)
            inputs[key] = value if floating or random.random() < 0.1 else value.astype(tf.as_dtype(info.dtype).name)
        if inputs and random.random() < 0.1:
            inputs.pop(str(random.choice(list(inputs))))
        if random.random() < 0.05:
            inputs["nothing"] = np.zeros(rows, np.float32)
        return name, inputs

    def _fits(self, signature: str, shapes: dict[str, list[int]]) -> bool:
        """Whether names and shapes are those of a request with rows."""
        infos = self.signatures[signature].inputs
        row_shapes = {name: [dim.size for dim in info.tensor_shape.dim[1:]] for name, info in infos.items()}
        rows = {tuple(shape[:1]) for shape in shapes.values()}
        return {name: shape[1:] for name, shape in shapes.items()} == row_shapes and len(rows) == 1 and min(rows) > (0,)

    def _post(self, body: bytes) -> bool:
        """Whether it is answered; what is said of it is checked."""
        url = f"{self.asker.server.rest_url}/v1/models/{self.asker.server.model}:predict"
        response = self.asker.pool.request("POST", url, body=body)
        answer = json.loads(response.data)
        if response.status == 200:
            (value,) = answer.values()
            # PNG files are not looked into.
            flat = np.array([0 if isinstance(item, dict) else item for item in value], np.float32)
            assert np.isfinite(flat).all(), (body, answer)
        else:
            assert set(answer) == {"error"}, (body, answer)
            assert response.status in (400, 503) or self.asker.server.is_real, (response.status, body, answer)
        return response.status == 200


def _mutated(data: bytes, seed: int) -> bytes:
    random = np.random.default_rng(seed)
    changed = bytearray(data)
    for _ in range(int(random.integers(1, 4))):
        place = int(random.integers(0, len(changed) + 1))
        match int(random.integers(0, 4)):
            case 0:
                changed[place : place + 1] = random.bytes(1)
            case 1:
                del changed[place : place + int(random.integers(1, 30))]
            case 2:
                changed[place:place] = random.bytes(int(random.integers(1, 9)))
            case _:
                del changed[place:]
    return bytes(changed)


names = st.sampled_from(
    ["seeds", "labels", "latents", "latents_a", "latents_b", "t", "truncation", "images", "b64", ""]
)
leaves = st.one_of(
    st.none(), st.booleans(), st.sampled_from(INTEGERS), st.sampled_from(FLOATS), st.text(max_size=4), st.floats()
)
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3))
signature_names = st.sampled_from(
    ["sample", "sample_png", "serving_default", "interpolate", "score", "", "nobody", "__saved_model_init_op", 3, None]
)
documents = values | st.fixed_dictionaries(
    {"signature_name": signature_names},
    optional={
        "inputs": values | st.dictionaries(names, values, max_size=3),
        "instances": values | st.lists(st.dictionaries(names, leaves, max_size=3), max_size=3),
    },
)
numbers = st.integers(0, 2**32)
# Kinds of requests, as `Nonsense.send` takes them; those that reach the graph stand twice.
requests = st.one_of(
    st.tuples(st.just("json"), documents),
    st.tuples(st.just("near"), numbers),
    st.tuples(st.just("near"), numbers),
    st.tuples(st.just("cut"), numbers),
    st.tuples(st.just("bytes"), st.binary(max_size=60)),
    st.tuples(
        st.just("path"), st.text(max_size=20) | st.sampled_from(["gan/../gan", "gan:predict:predict", "gan/", ""])
    ),
    st.tuples(st.just("raw"), numbers | st.binary(max_size=60)),
    st.tuples(st.just("message"), numbers | st.binary(max_size=60)),
    st.tuples(st.just("tensors"), numbers),
    st.tuples(st.just("tensors"), numbers),
)
