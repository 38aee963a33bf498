"""The gRPC interface, by the official messages and servicers."""

from collections.abc import Callable
from concurrent import futures
from typing import TypeVar

import grpc
import numpy as np
import tensorflow as tf
from stand_in_models import Models
from stand_in_session import DEFAULT_SIGNATURE, ServingError, invalid
from tensorflow.core.framework.tensor_pb2 import TensorProto
from tensorflow_serving.apis.get_model_metadata_pb2 import (
    GetModelMetadataRequest,
    GetModelMetadataResponse,
    SignatureDefMap,
)
from tensorflow_serving.apis.get_model_status_pb2 import GetModelStatusRequest, GetModelStatusResponse
from tensorflow_serving.apis.model_pb2 import ModelSpec
from tensorflow_serving.apis.model_service_pb2_grpc import ModelServiceServicer, add_ModelServiceServicer_to_server
from tensorflow_serving.apis.predict_pb2 import PredictRequest, PredictResponse
from tensorflow_serving.apis.prediction_service_pb2_grpc import (
    PredictionServiceServicer,
    add_PredictionServiceServicer_to_server,
)

# The server takes 2 GB.
MAX_MESSAGE = 64 * 2**20
# As in the server; a longer one does not fit into the header that carries it.
MAX_ERROR = 1024
# Requests in work at a time, more than the clients of any test, so that batches fill.
THREADS = 64

Answer = TypeVar("Answer")


def model_metadata(models: Models, spec: ModelSpec) -> GetModelMetadataResponse:
    """The signatures of a version.

    Raises:
        ServingError: no such version.
    """
    with models.version(spec) as version:
        response = GetModelMetadataResponse(model_spec=ModelSpec(name=version.model))
        response.model_spec.version.value = version.number
        response.metadata["signature_def"].Pack(SignatureDefMap(signature_def=version.session.definitions))
        return response


def make_grpc_server(models: Models, port: int) -> grpc.Server:
    """A server that has been started.

    Args:
        models: what is asked.
        port: of 127.0.0.1.
    """
    options = [("grpc.max_receive_message_length", MAX_MESSAGE), ("grpc.max_send_message_length", -1)]
    # Without it two servers would share a port in silence.
    options.append(("grpc.so_reuseport", 0))
    server = grpc.server(futures.ThreadPoolExecutor(THREADS), options=options)
    add_PredictionServiceServicer_to_server(PredictionService(models), server)
    add_ModelServiceServicer_to_server(ModelService(models), server)
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    return server


class PredictionService(PredictionServiceServicer):
    """Predict and GetModelMetadata; all else is UNIMPLEMENTED."""

    def __init__(self, models: Models):
        self._models = models

    def Predict(self, request: PredictRequest, context: grpc.ServicerContext) -> PredictResponse:  # noqa: N802
        """The outputs of a signature."""
        return _answer(context, lambda: self._predict(request, context.time_remaining()))

    def _predict(self, request: PredictRequest, timeout: float | None) -> PredictResponse:
        with self._models.version(request.model_spec) as version:
            signature = request.model_spec.signature_name or DEFAULT_SIGNATURE
            inputs = {name: _array(name, tensor) for name, tensor in request.inputs.items()}
            outputs = version.predict(signature, inputs, list(request.output_filter), timeout)
            spec = ModelSpec(name=version.model, signature_name=signature)
            spec.version.value = version.number
            return PredictResponse(
                model_spec=spec, outputs={name: tf.make_tensor_proto(value) for name, value in outputs.items()}
            )

    def GetModelMetadata(  # noqa: N802
        self, request: GetModelMetadataRequest, context: grpc.ServicerContext
    ) -> GetModelMetadataResponse:
        """The signatures of a version."""
        return _answer(context, lambda: self._metadata(request))

    def _metadata(self, request: GetModelMetadataRequest) -> GetModelMetadataResponse:
        if not request.HasField("model_spec"):
            raise invalid("Missing ModelSpec")
        if not request.metadata_field:
            raise invalid("GetModelMetadataRequest must specify at least one metadata_field")
        for name in request.metadata_field:
            if name != "signature_def":
                raise invalid(f"Metadata field {name} is not supported")
        return model_metadata(self._models, request.model_spec)


class ModelService(ModelServiceServicer):
    """GetModelStatus; all else is UNIMPLEMENTED."""

    def __init__(self, models: Models):
        self._models = models

    def GetModelStatus(  # noqa: N802
        self, request: GetModelStatusRequest, context: grpc.ServicerContext
    ) -> GetModelStatusResponse:
        """The states of a model's versions."""
        return _answer(context, lambda: self._models.status(request.model_spec))


def _answer(context: grpc.ServicerContext, answer: Callable[[], Answer]) -> Answer:
    try:
        return answer()
    except ServingError as error:
        context.abort(error.code, error.message[:MAX_ERROR])
        raise  # which is never reached: abort raises


def _array(name: str, tensor: TensorProto) -> np.ndarray:
    """The array of a message, which may say of its shape what it likes."""
    shape = [dim.size for dim in tensor.tensor_shape.dim]
    rows = np.prod(shape, dtype=np.float64) if shape else 1.0
    if tensor.tensor_shape.unknown_rank or min(shape, default=0) < 0 or rows * 8 > MAX_MESSAGE:
        raise invalid(f"tensor parsing error: {name}")
    try:
        return tf.make_ndarray(tensor)
    except Exception as error:  # of what is no tensor TensorFlow says many things
        raise invalid(f"tensor parsing error: {name}") from error
