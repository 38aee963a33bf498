"""Whatever is sent, the server says what is wrong or drops it, goes on, and the next good answer is the first."""

import copy
import dataclasses
import json
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import grpc
import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from real_server import there
from servers import Server, running_server

from tfgan_suite.serving.warmup import BATCHING, WARMUP

pytest.importorskip("tensorflow_serving.apis.predict_pb2")

from abusing import PREDICT, Nonsense, call, good_body, post, requests, send
from asking import Asker, RefusedError, asking

CONFIG = """\
model_config_list {{
  config {{ name: "gan" base_path: "{batched}" model_platform: "tensorflow" }}
  config {{ name: "plain" base_path: "{plain}" model_platform: "tensorflow" }}
}}
"""


@pytest.fixture(scope="module", params=there("stand_in", "real", "url"))
def server(
    request: pytest.FixtureRequest, cgan_version: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A conditional generator twice: as an export leaves it, and without batches."""
    folder = tmp_path_factory.mktemp("abused")
    plain = Path(shutil.copytree(cgan_version, folder / "plain" / "1"))
    (plain / WARMUP).unlink()
    (plain / BATCHING).unlink()
    (folder / "models.config").write_text(CONFIG.format(batched=cgan_version.parent, plain=plain.parent))
    flags = ("--enable_batching", "--enable_per_model_batching_parameters", "--rest_api_timeout_in_ms=10000")
    with running_server(
        folder, f"--model_config_file={folder / 'models.config'}", *flags, kind=request.param
    ) as server:
        yield server
        # gRPC itself logs messages that it cannot read; nothing may come from the server's own lines.
        assert "/stand_in" not in server.log, server.log[-5000:]


@pytest.fixture(scope="module", params=["batched", "plain"])
def asker(server: Server, request: pytest.FixtureRequest) -> Iterator[Asker]:
    if request.param == "plain":
        if server.process is None:
            pytest.skip("a server that runs already has one model")
        server = dataclasses.replace(server, model="plain")
    with asking(server) as asker:
        yield asker


@pytest.fixture(scope="module")
def first_answers(asker: Asker) -> list[bytes]:
    return asker.good_answers()


@pytest.fixture(autouse=True)
def goes_on(server: Server, asker: Asker, first_answers: list[bytes]) -> Iterator[None]:
    """After each test."""
    yield
    server.check_alive()
    assert asker.good_answers() == first_answers


@pytest.fixture
def columns(asker: Asker) -> dict[str, Any]:
    return {"signature_name": "sample_png", "inputs": {k: v.tolist() for k, v in asker.good_inputs().items()}}


def refusal(asker: Asker, body: Any) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        asker.rest(f"{asker.server.model}:predict", body)
    return caught.value


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "JSON Parse error"),
        (b"{", "JSON Parse error"),
        (b'{"inputs": [1]} x', "JSON Parse error"),
        (b"\xff\xfe\x00", "JSON Parse error"),
        (b"[1, 2]", "Is not object"),
        (b"null", "Is not object"),
        (b'{"signature_name": "sample"}', "Missing 'inputs' or 'instances' key"),
        (b'{"signature_name": 3, "inputs": [1]}', "'signature_name' key must be a string"),
        (b'{"signature_name": "nobody", "inputs": [1]}', "not found in signature def"),
        (b'{"signature_name": "sample", "instances": []}', "No values in 'instances' array"),
        (b'{"signature_name": "sample", "instances": {}}', "to be an list/array"),
        (b'{"signature_name": "sample", "instances": [1], "inputs": [1]}', "only one of"),
        (b'{"signature_name": "sample_truncated", "instances": [1]}', "expecting list of objects"),
        (b'{"signature_name": "sample_truncated", "instances": [{"seeds": 1}]}', "keys must be equal to"),
        (b'{"signature_name": "sample_truncated", "inputs": {"seeds": [1]}}', "Missing named input"),
        (b'{"signature_name": "sample_truncated", "inputs": [1]}', "expecting an object"),
        (b'{"instances": ' + 1000 * b"[" + 1000 * b"]" + b"}", ""),
    ],
)
def test_documents_that_are_no_requests(asker: Asker, body: bytes, said: str) -> None:
    error = refusal(asker, body)
    assert error.status == 400
    assert said in error.message


def test_a_document_50000_levels_deep(server: Server, asker: Asker) -> None:
    if server.is_real:
        pytest.skip("ends tensorflow_model_server up to 2.20 at least: CVE-2025-0649, tensorflow/serving#4116, #4146")
    for open_, close in (("[", "]"), ('{"a":', "}")):
        assert refusal(asker, f'{{"instances": {50000 * open_}1{50000 * close}}}'.encode()).status == 400


Change = Callable[[dict[str, Any]], object]


def put(value: Any) -> Change:
    return lambda inputs: inputs.update(seeds=value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (put(["0", "1"]), "is not of expected type: int64"),
        (put([0.5, 1]), "is not of expected type: int64"),
        (put([True, False]), "is not of expected type: int64"),
        (put([None, 1]), "is not of expected type: int64"),
        (put([2**63, 1]), "is not of expected type: int64"),
        (put([{"b64": "AAAA"}, 1]), "is not of expected type: int64"),
        (put([[0], [1, 2]]), "unexpected size"),
        (put([0, [1]]), "unexpected level"),
        (put([[0], 1]), "incorrect level"),
        (put([[0], [1]]), ""),
        (put(0), ""),
        (put(list(range(65))), ""),
    ],
)
def test_wrong_types_and_shapes(asker: Asker, columns: dict[str, Any], change: Change, said: str) -> None:
    change(columns["inputs"])
    error = refusal(asker, columns)
    assert error.status == 400
    assert said in error.message


def test_no_rows(server: Server, asker: Asker, columns: dict[str, Any]) -> None:
    if server.is_real and asker.server.model != "plain":
        pytest.skip("may end tensorflow_model_server where it pads a batch: Tensor::Slice checks the rows it takes")
    for name in columns["inputs"]:
        columns["inputs"][name] = []
    assert refusal(asker, columns).status == 400


def test_a_million_seeds(asker: Asker, columns: dict[str, Any]) -> None:
    columns["inputs"] = {name: value * 500_000 for name, value in columns["inputs"].items()}
    assert len(columns["inputs"]["seeds"]) == 1_000_000
    error = refusal(asker, columns)
    assert error.status in (400, 413)
    assert "1000000" in error.message


@pytest.mark.parametrize(
    ("signature", "name", "value", "said"),
    [
        ("sample", "labels", 99, "labels must be"),
        ("sample", "labels", -1, "labels must be"),
        ("serving_default", "latents", np.nan, "latents must be finite"),
        ("serving_default", "latents", np.inf, "latents must be finite"),
        ("sample_truncated", "truncation", 0.0, "truncation must be greater than 0"),
        ("sample_truncated", "truncation", np.nan, "truncation must be greater than 0"),
        ("interpolate", "t", 1.5, "t must be in [0, 1]"),
        ("interpolate", "latents_a", -np.inf, "latents_a must be finite"),
        ("score", "images", 2.0, "images must be in [-1, 1]"),
    ],
)
@pytest.mark.parametrize("scheme", ["columns", "rows", "grpc"])
def test_values_out_of_range(asker: Asker, scheme: str, signature: str, name: str, value: float, said: str) -> None:
    signatures = asker.metadata("grpc").signature_def
    if name not in signatures[signature].inputs:
        pytest.skip(f"the generator has no {name}")
    inputs = {}
    for key, info in signatures[signature].inputs.items():
        dtype = {1: np.float32, 3: np.int32, 9: np.int64}[info.dtype]
        inputs[key] = np.full([2, *(dim.size for dim in info.tensor_shape.dim[1:])], 1, dtype)
    inputs[name].flat[-1] = value
    with pytest.raises(RefusedError) as caught:
        asker.predict(scheme, signature, inputs)
    assert caught.value.status == 400
    assert said in caught.value.message


def test_a_number_that_is_no_float(asker: Asker) -> None:
    body = b'{"signature_name": "serving_default", "inputs": {"latents": [[1e39]], "labels": [0]}}'
    assert "without loss of precision" in refusal(asker, body).message


PATHS = [
    "..%2f..%2fetc%2fpasswd", "../../etc/passwd", "%2e%2e/%2e%2e/gan", "gan%00", "gan:delete", "gan:predict/../x", "",
    "gan/versions/-1", "gan/versions/99999999999999999999", "gan/versions/1/labels/x", "gan/labels/a/b", "nobody",
    "gan/versions", "gan/labels/nobody", "gan/../gan/versions/x", "é", "x" * 10_000, "gan/metadata/x", "//", "gan;x",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS, ids=range(len(PATHS)))
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_paths(asker: Asker, method: str, path: str) -> None:
    received = send(asker, f"{method} /v1/models/{path} HTTP/1.1\r\nContent-Length: 2\r\n\r\n{{}}".encode())
    assert received.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 404 ", b"HTTP/1.1 414 ")), received
    assert b"root:" not in received


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "FOO"])
def test_methods(asker: Asker, method: str) -> None:
    path = f"/v1/models/{asker.server.model}"
    assert 400 <= int(send(asker, f"{method} {path} HTTP/1.1\r\n\r\n".encode()).split(b" ", 2)[1]) <= 501
    assert send(asker, b"GET / HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 404 ")


def answered(received: bytes) -> bool:
    return b" 200 " in received.split(b"\r\n", 1)[0]


def test_bodies_of_another_length(asker: Asker) -> None:
    body = good_body(asker)
    assert answered(send(asker, post(asker, body)))
    for length in (len(body) + 1, 10**6, 10**12, len(body) - 5, 0, -1, "x", "9" * 30):
        assert not answered(send(asker, post(asker, body, length=length))), length
    assert not answered(send(asker, post(asker, body)[:-1]))
    chunked = ("Transfer-Encoding: chunked",)
    for data in (b"zz\r\n" + body, b"-5\r\n", b"ffffffffffffffff\r\n{}", b"5\r\n{}"):
        assert not answered(send(asker, post(asker, data, *chunked)))


def test_headers(asker: Asker) -> None:
    body = good_body(asker)
    for headers in (["X: " + "x" * 1_000_000], [f"X-{n}: x" for n in range(10_000)], ["no colon"], ["\x00: \x01"]):
        received = send(asker, post(asker, body, *headers))
        assert received == b"" or received.startswith(b"HTTP/1.1 ")


@pytest.mark.parametrize(
    "data",
    [b"", b"\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 9, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
     b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"x" * 200_000, b"POST /v1/models/gan:predict HTTP/1.1\r\nContent-Le"],
)  # fmt: skip
def test_what_is_no_http(asker: Asker, data: bytes) -> None:
    assert not answered(send(asker, data))


def test_clients_that_hang_up(asker: Asker) -> None:
    data = post(asker, good_body(asker))
    for end in (len(data), len(data) - 1, len(data) // 2, 20, 1):
        for _ in range(5):
            send(asker, data[:end], hang_up=True)


def test_clients_that_stall(asker: Asker, first_answers: list[bytes]) -> None:
    address = urlsplit(asker.server.rest_url)
    data = post(asker, good_body(asker))
    stalled = [socket.create_connection((address.hostname, address.port)) for _ in range(50)]
    try:
        for number, connection in enumerate(stalled):
            connection.sendall(data[: number * len(data) // 50])
        assert asker.good_answers() == first_answers
    finally:
        for connection in stalled:
            connection.close()


def test_clients_that_leave_before_the_answer(asker: Asker) -> None:
    request = asker.request("sample", {name: np.repeat(value, 32, 0) for name, value in asker.good_inputs().items()})
    predict = asker.channel.unary_unary(PREDICT)
    for timeout in (0.0005, 0.002, 0.01):
        calls = [predict.future(request.SerializeToString(), timeout=timeout) for _ in range(10)]
        assert {each.code() for each in calls} <= {grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.OK}
    left = [predict.future(request.SerializeToString()) for _ in range(10)]
    assert all(each.cancel() or each.done() for each in left)


def lying_tensors(request: Any) -> Iterator[Any]:
    """Messages whose tensors are not what they say."""
    for field, value in (("dtype", 99), ("dtype", 7), ("dtype", 1), ("dtype", 0), ("tensor_content", b"abc")):
        changed = copy.deepcopy(request)
        setattr(changed.inputs["seeds"], field, value)
        yield changed
    for sizes in ([-1], [-2, -1], [2**40], [2**62, 4], [2, 0], [0, 2**62], [1] * 255, []):
        changed = copy.deepcopy(request)
        del changed.inputs["seeds"].tensor_shape.dim[:]
        for size in sizes:
            changed.inputs["seeds"].tensor_shape.dim.add(size=size)
        yield changed
    changed = copy.deepcopy(request)
    changed.inputs["seeds"].tensor_shape.unknown_rank = True
    yield changed


def test_an_empty_tensor_of_endless_width(asker: Asker) -> None:
    """Of 0 x 2**40 numbers the least along the rows are 2**40: the graph must look at shapes before it computes."""
    started = time.monotonic()
    infos = asker.metadata("grpc").signature_def["interpolate"].inputs
    for name in infos:
        request = asker.request("interpolate", {})
        for key, info in infos.items():
            request.inputs[key].dtype = info.dtype
            for size in [0, *(dim.size for dim in info.tensor_shape.dim[1:]), *([2**40] if key == name else [])]:
                request.inputs[key].tensor_shape.dim.add(size=size)
        assert call(asker, PREDICT, request.SerializeToString()) == grpc.StatusCode.INVALID_ARGUMENT
    assert time.monotonic() - started < 10


def test_bad_messages(asker: Asker) -> None:
    good = asker.request("sample_png", asker.good_inputs())
    refused = {grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.FAILED_PRECONDITION}
    for request in lying_tensors(good):
        assert call(asker, PREDICT, request.SerializeToString()) in refused, request
    missing, more, unknown, nobody = (copy.deepcopy(good) for _ in range(4))
    del missing.inputs["seeds"]
    more.inputs["more"].CopyFrom(good.inputs["seeds"])
    unknown.model_spec.signature_name = "nobody"
    nobody.model_spec.name = ""
    for request in (missing, more, unknown, nobody):
        assert call(asker, PREDICT, request.SerializeToString()) in refused, request
    assert call(asker, PREDICT, b"\xff" * 9) != grpc.StatusCode.OK
    assert call(asker, PREDICT, b"") in refused
    for method in ("/tensorflow.serving.PredictionService/Nothing", "/nobody/Predict", "/"):
        assert call(asker, method, b"") == grpc.StatusCode.UNIMPLEMENTED


def test_bad_requests_of_many_clients_at_once(asker: Asker, first_answers: list[bytes]) -> None:
    """Good requests may share a batch with bad ones and fail with them, but none gets another's answer."""
    wrong: list[object] = []
    body, good = good_body(asker), asker.good_inputs()

    def ask(client: int) -> None:
        for turn in range(10):
            if (client + turn) % 2:
                send(asker, post(asker, body.replace(b"[0", b"[9e9")), hang_up=client % 4 == 1)
                continue
            try:
                files = asker.predict("grpc", "sample_png", good)["image_bytes"].tolist()
            except RefusedError as error:
                files = first_answers[:2] if error.status in (400, 503) else [error]
            wrong.extend(
                file for file, first in zip(files, first_answers[: len(good["seeds"])], strict=True) if file != first
            )

    clients = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert wrong == []


@pytest.mark.parametrize("batches", [25, pytest.param(200, marks=pytest.mark.slow)])
def test_fuzz(server: Server, asker: Asker, first_answers: list[bytes], batches: int) -> None:
    """Twenty requests at a time: 500 in all, in the slow lane 4,000 to each kind of server."""
    nonsense = Nonsense(asker)

    # In the fast lane always the same. A server that is gone cannot show which request is the least to end it.
    @settings(
        max_examples=batches,
        derandomize=batches < 100,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(requests, min_size=20, max_size=20))
    def sends(batch: list[tuple[str, Any]]) -> None:
        for kind, what in batch:
            nonsense.send(kind, what)
        server.check_alive()
        assert asker.good_answers() == first_answers

    sends()
    assert nonsense.sent >= 20 * batches


def test_json_numbers_are_what_they_are(asker: Asker) -> None:
    """The answer to the same request has the same bytes."""
    body = json.loads(good_body(asker)) | {"signature_name": "sample"}
    path = f"{asker.server.rest_url}/v1/models/{asker.server.model}:predict"
    answers = {asker.pool.request("POST", path, body=json.dumps(body)).data for _ in range(3)}
    assert len(answers) == 1
