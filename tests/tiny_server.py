"""A tiny server of both protocols for tests of the client: it has no TensorFlow graph, answers or fails as it is told.

Its generator makes 2x2 grey images, every pixel (seed + 100 label) modulo 256, or of attributes seed + their sum.
"""

import base64
import contextlib
import io
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import json_format
from PIL import Image
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef

DTYPES = {
    "seeds": "int64", "labels": "int32", "truncation": "float32", "images": "float32", "image_bytes": "string",
    "mask_bytes": "string",
}  # fmt: skip
SHAPES = {"images": [-1, 2, 2, 1]}


class TinyGenerator:
    """What stands behind the server.

    Args:
        labels: `None`, `"classes"` (10 of them) or `"attributes"` (3).
        signatures: which it has.
        versions: which are there, and their states.

    Attributes:
        asked: the signature and the inputs of each request that it answered.
        failures: of the next requests, the first first: a function of the server's handler.
        labelled: versions by label.
    """

    def __init__(
        self,
        labels: str | None = None,
        signatures: tuple[str, ...] = ("sample", "sample_png", "sample_truncated"),
        versions: dict[int, str] | None = None,
    ):
        self.labels = labels
        self.names = signatures
        self.versions = {3: "AVAILABLE"} if versions is None else versions
        self.labelled = {"stable": 3}
        self.asked: list[tuple[str, dict[str, np.ndarray]]] = []
        self.failures: list[Callable[[Any], None]] = []
        self.requests = 0

    def version(self, number: int | None, label: str | None) -> int:
        """The version that answers; KeyError where there is none."""
        number = self.labelled[label] if label else number
        ready = [version for version, state in self.versions.items() if state == "AVAILABLE"]
        if not ready or number not in (None, *ready):
            raise KeyError(f"Servable not found for request: {number or label or 'Latest'}")
        return max(ready) if number is None else number

    def statuses(self, number: int | None, label: str | None) -> dict[int, str]:
        number = self.labelled[label] if label else number
        found = {version: state for version, state in self.versions.items() if number in (None, version)}
        if not found:
            raise KeyError("Could not find any versions of model")
        return found

    def signatures(self) -> dict[str, SignatureDef]:
        extra = [] if self.labels is None else ["labels"]
        inputs = {"sample_truncated": ["seeds", "truncation"]}
        found = {
            name: self._definition(
                inputs.get(name, ["seeds"]) + extra, "image_bytes" if name == "sample_png" else "images"
            )
            for name in self.names
        }
        return {**found, "__saved_model_init_op": SignatureDef()}

    def _definition(self, inputs: list[str], output: str) -> SignatureDef:
        attributes = self.labels == "attributes"
        shapes = SHAPES | ({"labels": [-1, 3]} if attributes else {})
        dtypes = DTYPES | ({"labels": "float32"} if attributes else {})
        definition = SignatureDef(method_name="tensorflow/serving/predict")
        for tensors, names in ((definition.inputs, inputs), (definition.outputs, [output])):
            for name in names:
                tensors[name].dtype = tf.as_dtype(dtypes[name]).as_datatype_enum
                for size in shapes.get(name, [-1]):
                    tensors[name].tensor_shape.dim.add(size=size)
        return definition

    def run(self, name: str, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        self.asked.append((name, inputs))
        levels = inputs["seeds"] % 256
        if self.labels == "classes":
            if inputs["labels"].max() > 9:
                raise ValueError("labels must be in 0..9. Received: 0 to\n  11")
            levels = (levels + 100 * inputs["labels"]) % 256
        elif self.labels == "attributes":
            levels = (levels + inputs["labels"].sum(-1).astype(int)) % 256
        pixels = np.broadcast_to(levels[:, None, None, None], (len(levels), 2, 2, 1)).astype(np.uint8)
        if name == "sample_png":
            return {"image_bytes": np.array([png(image) for image in pixels], object)}
        return {"images": (pixels / 127.5 - 1).astype(np.float32)}


class TinyTranslator(TinyGenerator):
    """Makes 2x2 grey images of files, every pixel the mean of all their pixels, and 255 where there is a mask of white.

    Args:
        has_mask: whether it takes masks beside pictures.
    """

    def __init__(self, has_mask: bool = False):
        super().__init__(None, ("translate_png",))
        self.has_mask = has_mask

    def signatures(self) -> dict[str, SignatureDef]:
        names = ["image_bytes", *(["mask_bytes"] if self.has_mask else [])]
        return {"translate_png": self._definition(names, "image_bytes"), "__saved_model_init_op": SignatureDef()}

    def run(self, name: str, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        self.asked.append((name, inputs))
        made = []
        for row, file in enumerate(inputs["image_bytes"]):
            pixels = np.full((2, 2, 1), level_of(file), np.uint8)
            if self.has_mask and level_of(inputs["mask_bytes"][row]) == 255:
                pixels[:] = 255
            made.append(png(pixels))
        return {"image_bytes": np.array([*made, None], object)[:-1]}


def level_of(file: bytes) -> int:
    """The mean of a picture's grey."""
    with Image.open(io.BytesIO(file)) as image:
        return round(float(np.asarray(image.convert("L")).mean()))


def png(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels[..., 0]).save(stream, format="PNG")
    return stream.getvalue()


@contextlib.contextmanager
def serving(protocol: str, generator: TinyGenerator, name: str = "gan", prefix: str = "") -> Iterator[str]:
    """The url of a running server: `"rest"` or `"grpc"`."""
    if protocol == "rest":
        with http_server(rest_handler(generator, name, prefix)) as port:
            yield f"http://127.0.0.1:{port}{prefix}"
    else:
        with _grpc_server(generator, name) as port:
            yield f"grpc://127.0.0.1:{port}"


@contextlib.contextmanager
def http_server(handler: type[BaseHTTPRequestHandler], server_of: Callable[[Any], Any] = lambda x: x) -> Iterator[int]:
    """The port of a running server; `server_of` may put TLS around it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server_of(server)
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01))
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def rest_handler(generator: TinyGenerator, name: str, prefix: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args: object) -> None:
            pass

        def reply(self, status: int, body: bytes, kind: str = "application/json", length: int | None = None) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body) if length is None else length))
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = length is not None

        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["Content-Length"])))

        def _answer(self, body: bytes) -> None:
            generator.requests += 1
            if generator.failures:
                generator.failures.pop(0)(self)
                return
            try:
                self.reply(200, json.dumps(_rest_answer(generator, name, prefix, self.path, body)).encode())
            except KeyError as error:
                self.reply(404, json.dumps({"error": error.args[0]}).encode())
            except ValueError as error:
                self.reply(400, json.dumps({"error": str(error)}).encode())

    return Handler


def _rest_answer(generator: TinyGenerator, name: str, prefix: str, path: str, body: bytes) -> dict[str, Any]:
    path, _, verb = path.removeprefix(f"{prefix}/v1/models/").partition(":")
    model, *rest = path.removesuffix("/metadata").split("/")
    if model != name:
        raise KeyError(f"Could not find any versions of model {model}")
    chosen = dict(zip(rest[::2], rest[1::2], strict=True))
    which = (int(chosen["versions"]) if "versions" in chosen else None, chosen.get("labels"))
    if verb == "predict":
        question = json.loads(body)
        generator.version(*which)
        inputs = {
            key: np.array([base64.b64decode(file["b64"]) for file in value], object)
            if DTYPES[key] == "string"
            else np.array(value, DTYPES[key])
            for key, value in question["inputs"].items()
        }
        (output,) = generator.run(question["signature_name"], inputs).values()
        if output.dtype == object:
            return {"outputs": [{"b64": base64.b64encode(value).decode()} for value in output]}
        return {"outputs": output.tolist()}
    if path.endswith("/metadata"):
        definitions = {key: json_format.MessageToDict(value) for key, value in generator.signatures().items()}
        definitions = json.loads(json.dumps(definitions).replace('"tensorShape"', '"tensor_shape"'))
        return {
            "model_spec": {"name": name, "signature_name": "", "version": str(generator.version(*which))},
            "metadata": {"signature_def": {"signature_def": definitions}},
        }
    return {
        "model_version_status": [
            {"version": str(number), "state": state, "status": {"error_code": "OK", "error_message": ""}}
            for number, state in generator.statuses(*which).items()
        ]
    }


@contextlib.contextmanager
def _grpc_server(generator: TinyGenerator, name: str) -> Iterator[int]:
    pytest.importorskip("tensorflow_serving")
    import grpc
    from tensorflow_serving.apis import get_model_metadata_pb2 as metadata_pb2
    from tensorflow_serving.apis import get_model_status_pb2 as status_pb2
    from tensorflow_serving.apis import model_service_pb2_grpc, predict_pb2, prediction_service_pb2_grpc

    def which(spec: Any) -> tuple[int | None, str | None]:
        if spec.name != name:
            raise KeyError(f"Could not find any versions of model {spec.name}")
        return (spec.version.value if spec.HasField("version") else None, spec.version_label or None)

    def answering(method: Callable[..., Any]) -> Callable[..., Any]:
        def answer(self: Any, request: Any, context: Any) -> Any:
            generator.requests += 1
            try:
                if generator.failures:
                    generator.failures.pop(0)(context)
                return method(self, request)
            except KeyError as error:
                context.abort(grpc.StatusCode.NOT_FOUND, error.args[0])
            except ValueError as error:
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))

        return answer

    class Models(model_service_pb2_grpc.ModelServiceServicer):
        @answering
        def GetModelStatus(self, request: Any) -> Any:  # noqa: N802
            answer = status_pb2.GetModelStatusResponse()
            for number, state in generator.statuses(*which(request.model_spec)).items():
                answer.model_version_status.add(version=number, state=state)
            return answer

    class Predictions(prediction_service_pb2_grpc.PredictionServiceServicer):
        @answering
        def GetModelMetadata(self, request: Any) -> Any:  # noqa: N802
            answer = metadata_pb2.GetModelMetadataResponse()
            answer.model_spec.version.value = generator.version(*which(request.model_spec))
            definitions = metadata_pb2.SignatureDefMap()
            for key, value in generator.signatures().items():
                definitions.signature_def[key].CopyFrom(value)
            answer.metadata["signature_def"].Pack(definitions)
            return answer

        @answering
        def Predict(self, request: Any) -> Any:  # noqa: N802
            generator.version(*which(request.model_spec))
            inputs = {key: tf.make_ndarray(value) for key, value in request.inputs.items()}
            answer = predict_pb2.PredictResponse()
            for key, value in generator.run(request.model_spec.signature_name, inputs).items():
                answer.outputs[key].CopyFrom(tf.make_tensor_proto(value))
            return answer

    with ThreadPoolExecutor(4) as threads:
        server = grpc.server(threads)
        model_service_pb2_grpc.add_ModelServiceServicer_to_server(Models(), server)
        prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(Predictions(), server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            yield port
        finally:
            server.stop(None).wait()
