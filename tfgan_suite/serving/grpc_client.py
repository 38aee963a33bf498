"""TensorFlow Serving's gRPC interface, by grpcio and the official messages; wants the extra `serving`."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import grpc
import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from tfgan_suite.errors import InputError
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

SIGNATURES = "signature_def"
_SERVICES = [{"service": f"tensorflow.serving.{name}"} for name in ("PredictionService", "ModelService")]
# grpcio adds the jitter.
_RETRY_POLICY = {
    "maxAttempts": 1 + RETRIES,
    "initialBackoff": f"{FIRST_WAIT}s",
    "maxBackoff": f"{LONGEST_WAIT}s",
    "backoffMultiplier": 2,
    "retryableStatusCodes": ["UNAVAILABLE"],
}
_OPTIONS = (
    ("grpc.service_config", json.dumps({"methodConfig": [{"name": _SERVICES, "retryPolicy": _RETRY_POLICY}]})),
    # No other host: neither a proxy of the environment, nor settings from the name service.
    ("grpc.enable_http_proxy", 0),
    ("grpc.service_config_disable_resolution", 1),
    # Otherwise a second connects anew only after the wait of the first, and the retries all meet the same failure.
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.initial_reconnect_backoff_ms", int(FIRST_WAIT * 1000)),
    # 64 images of 256x256x3 as floats are 50 MB; grpcio's own bound is 4.
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
)


class GrpcTransport:
    """Asks over gRPC."""

    def __init__(self, endpoint: Endpoint):
        self._channel = grpc.insecure_channel(endpoint.address, options=_OPTIONS)
        self._models = model_service_pb2_grpc.ModelServiceStub(self._channel)
        self._predictions = prediction_service_pb2_grpc.PredictionServiceStub(self._channel)

    def status(self, endpoint: Endpoint) -> list[VersionStatus]:
        """The states of the versions."""
        request = get_model_status_pb2.GetModelStatusRequest(model_spec=_spec(endpoint))
        answer = _ask(endpoint, "the status", self._models.GetModelStatus, request)
        states = get_model_status_pb2.ModelVersionStatus.State
        return [
            # A newer server may have states of its own.
            VersionStatus(
                item.version,
                states.Name(item.state) if item.state in states.values() else str(item.state),
                item.status.error_message,
            )
            for item in answer.model_version_status
        ]

    def metadata(self, endpoint: Endpoint) -> Metadata:
        """The version that answers and its signatures."""
        request = get_model_metadata_pb2.GetModelMetadataRequest(
            model_spec=_spec(endpoint), metadata_field=[SIGNATURES]
        )
        answer = _ask(endpoint, "the metadata", self._predictions.GetModelMetadata, request)
        found = get_model_metadata_pb2.SignatureDefMap()
        try:
            is_there = answer.metadata[SIGNATURES].Unpack(found)
            signatures = read_signatures(found.signature_def)
        except (DecodeError, TypeError, ValueError) as error:
            raise InputError(endpoint.no_server("the metadata", "signatures that cannot be read")) from error
        if not is_there:
            raise InputError(endpoint.no_server("the metadata", "metadata without signatures"))
        return Metadata(answer.model_spec.version.value, signatures)

    def predict(
        self, endpoint: Endpoint, name: str, signature: ServedSignature, inputs: Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """The outputs of a signature by name, as they are in the answer."""
        request = predict_pb2.PredictRequest(model_spec=_spec(endpoint, name))
        for key, value in inputs.items():
            request.inputs[key].CopyFrom(tf.make_tensor_proto(value))
        what = f"the signature {name!r}"
        answer = _ask(endpoint, what, self._predictions.Predict, request)
        for key, spec in signature.outputs.items():
            tensor = answer.outputs[key]
            shape = tf.TensorShape(tensor.tensor_shape)
            # Looked at before it is made: a message of some bytes can claim any size.
            if tensor.dtype != spec.dtype.as_datatype_enum or not spec.shape.is_compatible_with(shape):
                dtype = tf.dtypes.as_dtype(tensor.dtype).name if tensor.dtype else "nothing"
                raise InputError(endpoint.no_server(what, f"{key} as {dtype} of shape {shape}"))
            if shape.rank is None or not shape.rank or shape[0] != len(next(iter(inputs.values()))):
                raise InputError(endpoint.no_server(what, f"{key} of shape {shape}"))
        try:
            return {key: tf.make_ndarray(answer.outputs[key]) for key in signature.outputs}
        except (TypeError, ValueError) as error:
            raise InputError(endpoint.no_server(what, "tensors that cannot be read")) from error

    def close(self) -> None:
        """Ends the connection."""
        self._channel.close()


def _spec(endpoint: Endpoint, signature: str = "") -> model_pb2.ModelSpec:
    spec = model_pb2.ModelSpec(name=endpoint.model, signature_name=signature)
    if endpoint.version is not None:
        spec.version.value = endpoint.version
    elif endpoint.version_label is not None:
        spec.version_label = endpoint.version_label
    return spec


def _ask(endpoint: Endpoint, what: str, call: Callable[..., Any], request: Any) -> Any:
    try:
        return call(request, timeout=endpoint.timeout)
    except grpc.RpcError as error:
        code, said = error.code(), error.details() or error.code().name
        if code == grpc.StatusCode.NOT_FOUND:
            raise NotFoundError(endpoint.refusal(what, said)) from error
        if code == grpc.StatusCode.DEADLINE_EXCEEDED:
            raise InputError(endpoint.too_late(what)) from error
        if code == grpc.StatusCode.UNAVAILABLE:
            raise InputError(endpoint.unreachable(said)) from error
        if code == grpc.StatusCode.UNIMPLEMENTED:
            raise InputError(endpoint.no_server(what, said)) from error
        raise InputError(endpoint.refusal(what, said)) from error
