"""Requests to a server without a client of ours between: urllib3, and the official stubs."""

import base64
import contextlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

import grpc
import numpy as np
import tensorflow as tf
import urllib3
from google.protobuf import json_format
from servers import Server
from tensorflow_serving.apis.get_model_metadata_pb2 import GetModelMetadataRequest, SignatureDefMap
from tensorflow_serving.apis.get_model_status_pb2 import GetModelStatusRequest, GetModelStatusResponse
from tensorflow_serving.apis.model_pb2 import ModelSpec
from tensorflow_serving.apis.model_service_pb2_grpc import ModelServiceStub
from tensorflow_serving.apis.predict_pb2 import PredictRequest, PredictResponse
from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceStub

SCHEMES = ("rows", "columns", "grpc")
TIMEOUT = 60
# gRPC's codes as REST has them.
HTTP = {"INVALID_ARGUMENT": 400, "FAILED_PRECONDITION": 400, "NOT_FOUND": 404, "UNAVAILABLE": 503, "UNIMPLEMENTED": 501}
# PNG files of 64 images are beyond the 4 MB that a gRPC client takes by default.
CHANNEL = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


class RefusedError(Exception):
    """A request that a server has refused.

    Args:
        status: of HTTP, or the same for a code of gRPC.
        message: the server's.
    """

    def __init__(self, status: int, message: str):
        super().__init__(f"{status}: {message}")
        self.status = status
        self.message = message


class Asker:
    """Asks one server over REST and gRPC; close it, or use it in a `with`."""

    def __init__(self, server: Server):
        self.server = server
        self.pool = urllib3.PoolManager(retries=False, timeout=TIMEOUT, maxsize=40)
        self.channel = grpc.insecure_channel(server.grpc_url.removeprefix("grpc://"), CHANNEL)

    def close(self) -> None:
        """Closes all connections."""
        self.channel.close()
        self.pool.clear()

    def rest(self, path: str, body: Any = None, method: str | None = None) -> Any:
        """The answer's JSON; `body` is sent as it is where it is bytes."""
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        url = f"{self.server.rest_url}/v1/models/{path}"
        response = self.pool.request(method or ("GET" if body is None else "POST"), url, body=data)
        answer = json.loads(response.data)
        if response.status != 200:
            raise RefusedError(response.status, answer["error"])
        return answer

    def predict(
        self,
        scheme: str,
        signature: str,
        inputs: Mapping[str, np.ndarray],
        version: int | str | None = None,
        model: str | None = None,
    ) -> dict[str, np.ndarray]:
        """The outputs; over REST, where the only output has no name, it is called as in the graph.

        Args:
            scheme: one of SCHEMES.
            signature: its name.
            inputs: arrays by name.
            version: a number, or a label; None: the newest.
            model: its name; None: the server's.
        """
        model = model or self.server.model
        if scheme == "grpc":
            answer = self.predict_grpc(self.request(signature, inputs, version, model))
            return {name: tf.make_ndarray(value) for name, value in answer.outputs.items()}
        place = {int: "/versions/", str: "/labels/"}.get(type(version))
        path = f"{model}{place}{version}" if place else model
        columns = {name: value.tolist() for name, value in inputs.items()}
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        asked = {"instances": rows} if scheme == "rows" else {"inputs": columns}
        answer = self.rest(f"{path}:predict", {"signature_name": signature, **asked})
        (value,) = answer.values()
        assert set(answer) == {"predictions" if scheme == "rows" else "outputs"}
        if signature == "sample_png":
            assert all(set(row) == {"b64"} for row in value)
            return {"image_bytes": np.array([base64.b64decode(row["b64"]) for row in value], object)}
        return {"logits" if signature == "score" else "images": np.array(value, np.float32)}

    def request(
        self,
        signature: str,
        inputs: Mapping[str, np.ndarray],
        version: int | str | None = None,
        model: str | None = None,
    ) -> PredictRequest:
        """A message for `predict_grpc`."""
        request = PredictRequest(model_spec=self.spec(version, model))
        request.model_spec.signature_name = signature
        for name, value in inputs.items():
            request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
        return request

    def spec(self, version: int | str | None = None, model: str | None = None) -> ModelSpec:
        """A model and a version's number or label."""
        spec = ModelSpec(name=model or self.server.model)
        if isinstance(version, str):
            spec.version_label = version
        elif version is not None:
            spec.version.value = version
        return spec

    def predict_grpc(self, request: PredictRequest) -> PredictResponse:
        """The answer to a message."""
        with _refusals():
            return PredictionServiceStub(self.channel).Predict(request, timeout=TIMEOUT, wait_for_ready=True)

    def status(self, scheme: str, version: int | None = None, model: str | None = None) -> dict[int, str]:
        """The states of the versions."""
        model = model or self.server.model
        if scheme == "grpc":
            request = GetModelStatusRequest(model_spec=self.spec(version, model))
            with _refusals():
                response = ModelServiceStub(self.channel).GetModelStatus(request, timeout=TIMEOUT)
        else:
            path = model if version is None else f"{model}/versions/{version}"
            response = json_format.ParseDict(self.rest(path), GetModelStatusResponse())
        states = response.DESCRIPTOR.fields_by_name["model_version_status"].message_type.enum_types_by_name["State"]
        return {entry.version: states.values_by_number[entry.state].name for entry in response.model_version_status}

    def metadata(self, scheme: str, version: int | None = None) -> SignatureDefMap:
        """The signatures of a version."""
        if scheme == "grpc":
            request = GetModelMetadataRequest(model_spec=self.spec(version), metadata_field=["signature_def"])
            with _refusals():
                response = PredictionServiceStub(self.channel).GetModelMetadata(request, timeout=TIMEOUT)
            signatures = SignatureDefMap()
            assert response.metadata["signature_def"].Unpack(signatures)
            return signatures
        path = self.server.model if version is None else f"{self.server.model}/versions/{version}"
        answer = self.rest(f"{path}/metadata")
        return json_format.ParseDict(answer["metadata"]["signature_def"], SignatureDefMap())

    def good_inputs(self, rows: int = 2) -> dict[str, np.ndarray]:
        """Inputs of `sample_png` for whatever generator is served."""
        names = self.metadata("grpc").signature_def["sample_png"].inputs
        inputs = {"seeds": np.arange(rows)}
        if "labels" in names:
            info = names["labels"]
            shape = [rows, *(dim.size for dim in info.tensor_shape.dim[1:])]
            inputs["labels"] = np.zeros(shape, tf.as_dtype(info.dtype).as_numpy_dtype)
        return inputs

    def good_answers(self) -> list[bytes]:
        """PNG files over each scheme, which must always be the same."""
        inputs = self.good_inputs()
        return [file for scheme in SCHEMES for file in self.predict(scheme, "sample_png", inputs)["image_bytes"]]


@contextlib.contextmanager
def asking(server: Server) -> Iterator[Asker]:
    """An asker that is closed at the end."""
    asker = Asker(server)
    try:
        yield asker
    finally:
        asker.close()


@contextlib.contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except grpc.RpcError as error:
        raise RefusedError(HTTP.get(error.code().name, 500), error.details()) from error
