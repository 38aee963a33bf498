"""The REST interface: paths, and the HTTP status of each error."""

import json
import re
import threading
from collections.abc import Iterable

import grpc
from google.protobuf import json_format
from stand_in_grpc import model_metadata
from stand_in_json import Inputs, parse_request
from stand_in_models import Models
from stand_in_session import ServingError, invalid
from tensorflow_serving.apis.get_model_metadata_pb2 import SignatureDefMap
from tensorflow_serving.apis.model_pb2 import ModelSpec
from werkzeug.exceptions import HTTPException
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

PATH = re.compile(
    r"/v1/models/(?P<name>[^/:]+)(?:/versions/(?P<version>\d+)|/labels/(?P<label>[^/:]+))?"
    r"(?:(?P<metadata>/metadata)|:(?P<verb>classify|predict|regress))?",
    re.IGNORECASE,
)
STATUS = {
    grpc.StatusCode.ALREADY_EXISTS: 409,
    grpc.StatusCode.ABORTED: 409,
    grpc.StatusCode.CANCELLED: 499,
    grpc.StatusCode.DEADLINE_EXCEEDED: 504,
    grpc.StatusCode.FAILED_PRECONDITION: 400,
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.OUT_OF_RANGE: 400,
    grpc.StatusCode.PERMISSION_DENIED: 403,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 429,
    grpc.StatusCode.UNAUTHENTICATED: 401,
    grpc.StatusCode.UNAVAILABLE: 503,
    grpc.StatusCode.UNIMPLEMENTED: 501,
}  # any other: 500
# A million seeds are 7 MB, 4,096 images of 28x28 some 60 MB. The server has no limit, and takes memory as it comes.
MAX_BODY = 64 * 2**20


class _Request(Request):
    max_content_length = MAX_BODY


class _Handler(WSGIRequestHandler):
    """One thread for each connection, which a client that stalls cannot hold for ever."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: a load test would fill the disk."""

    def log_error(self, format: str, *args: object) -> None:
        """Nothing: what is no HTTP has been refused."""


class RestServer:
    """Answers in threads until it is closed.

    Args:
        models: what is asked.
        port: of 127.0.0.1.
        timeout: seconds, for a request and for each wait for a client.
    """

    def __init__(self, models: Models, port: int, timeout: float):
        self._models = models
        self._timeout = timeout
        handler = type("Handler", (_Handler,), {"timeout": timeout})
        self._server: BaseWSGIServer = make_server("127.0.0.1", port, self._app, threaded=True, request_handler=handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        """Stops answering."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _app(self, environ: dict, start: object) -> Iterable[bytes]:
        request = _Request(environ)
        try:
            body, status = self._answer(request), 200
        except ServingError as error:
            body, status = json.dumps({"error": error.message}).encode(), STATUS.get(error.code, 500)
        except HTTPException as error:
            body, status = json.dumps({"error": error.name}).encode(), error.code or 500
        return Response(body, status, content_type="application/json")(environ, start)

    def _answer(self, request: Request) -> bytes:
        if request.headers.get("Transfer-Encoding"):
            # werkzeug shortens the buffer of one that breaks off, which ends Python 3.11.2.
            raise ServingError(grpc.StatusCode.UNIMPLEMENTED, "The stand-in takes no chunked bodies.")
        data = request.get_data(cache=False)
        if not request.path.lower().startswith("/v1/"):
            raise ServingError(grpc.StatusCode.NOT_FOUND, "Not found")
        found = PATH.fullmatch(request.path)
        if found is None or request.method != ("POST" if found["verb"] else "GET"):
            raise invalid(f"Malformed request: {request.method} {request.path}")
        spec = ModelSpec(name=found["name"])
        if found["version"]:
            if int(found["version"]) >= 2**63:
                raise invalid(f"Failed to convert version: {found['version']} to numeric.")
            spec.version.value = int(found["version"])
        if found["label"]:
            spec.version_label = found["label"]
        if found["verb"]:
            return self._predict(spec, found["verb"].lower(), data)
        return self._metadata(spec) if found["metadata"] else _json(self._models.status(spec)).encode()

    def _predict(self, spec: ModelSpec, verb: str, data: bytes) -> bytes:
        if verb != "predict":
            raise ServingError(grpc.StatusCode.UNIMPLEMENTED, f"The stand-in has no {verb}.")
        with self._models.version(spec) as version:

            def inputs_of(signature: str) -> Inputs:
                if signature not in version.session.definitions:
                    raise invalid(f'Serving signature name: "{signature}" not found in signature def')
                return version.session.definitions[signature].inputs

            signature, inputs, write = parse_request(data, inputs_of)
            return write(version.predict(signature, inputs, timeout=self._timeout))

    def _metadata(self, spec: ModelSpec) -> bytes:
        """As the server writes it: the map of signatures without the `@type` that JSON has for an Any."""
        response = model_metadata(self._models, spec)
        signatures = SignatureDefMap()
        response.metadata["signature_def"].Unpack(signatures)
        return (
            f'{{"model_spec": {_json(response.model_spec, True)},'
            f'"metadata": {{"signature_def": {_json(signatures, True)}}}}}'
        ).encode()


def _json(message: object, proto_names: bool = False) -> str:
    return json_format.MessageToJson(
        message, always_print_fields_with_no_presence=True, preserving_proto_field_name=proto_names
    )
