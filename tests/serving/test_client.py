import gzip
import re
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tiny_server import TinyGenerator, http_server, rest_handler, serving

from tfgan_suite.errors import InputError, one_line
from tfgan_suite.serving.client import Client, connect
from tfgan_suite.serving.endpoint import Metadata, ServedSignature, parse_endpoint
from tfgan_suite.versions import remedy

Failure = Callable[[Any], None]
PROTOCOLS = pytest.mark.parametrize("protocol", ["rest", "grpc"])


@pytest.fixture(autouse=True)
def no_proxy_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing answers at port 9, so that a client which heeds these fails."""
    for name in ("http_proxy", "https_proxy", "grpc_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.setenv(name.upper(), "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY", "no_grpc_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that is taken and at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def unavailable(protocol: str) -> Failure:
    if protocol == "rest":
        return lambda handler: handler.reply(503, b'{"error": "the queue is full"}')
    import grpc

    return lambda context: context.abort(grpc.StatusCode.UNAVAILABLE, "the queue is full")


def replying(status: int, body: bytes, kind: str = "application/json", length: int | None = None) -> Failure:
    return lambda handler: handler.reply(status, body, kind, length)


@PROTOCOLS
def test_status_and_metadata(protocol: str) -> None:
    generator = TinyGenerator("classes", versions={3: "AVAILABLE", 2: "END"})
    with serving(protocol, generator) as url, connect(url, "gan") as client:
        assert [(item.version, item.state) for item in client.status()] == [(2, "END"), (3, "AVAILABLE")]
        metadata = client.metadata()
        assert metadata.version == 3
        assert set(metadata.signatures) == {"sample", "sample_png", "sample_truncated"}
        sample = metadata.signatures["sample"]
        assert sample.inputs["seeds"] == tf.TensorSpec([None], tf.int64, "seeds")
        assert sample.inputs["labels"] == tf.TensorSpec([None], tf.int32, "labels")
        assert sample.outputs == {"images": tf.TensorSpec([None, 2, 2, 1], tf.float32, "images")}
        asked = generator.requests
        client.metadata()
        assert generator.requests == asked


@PROTOCOLS
def test_inputs_and_outputs_keep_every_digit(protocol: str) -> None:
    generator = TinyGenerator("classes")
    seeds, truncation = [2**62, 2**53 + 1, 7], np.array([1 / 3, 1.1754944e-38, 3.4028235e38], np.float32)
    with serving(protocol, generator) as url, connect(url, "gan") as client:
        images = client.predict("sample_truncated", {"seeds": seeds, "labels": [0, 1, 2], "truncation": truncation})
        files = client.predict("sample_png", {"seeds": [5], "labels": [0]})["image_bytes"]
    name, inputs = generator.asked[0]
    assert name == "sample_truncated"
    assert inputs["seeds"].tolist() == seeds
    assert inputs["labels"].dtype == np.int32
    np.testing.assert_array_equal(inputs["truncation"], truncation)
    levels = np.array([0, 101, 207], np.float64)  # seed + 100 label, modulo 256
    expected = np.broadcast_to((levels / 127.5 - 1).astype(np.float32)[:, None, None, None], (3, 2, 2, 1))
    assert images["images"].dtype == np.float32
    np.testing.assert_array_equal(images["images"], expected)
    assert files.shape == (1,)
    assert tf.io.decode_png(files[0]).numpy().tolist() == [[[5], [5]], [[5], [5]]]


@PROTOCOLS
def test_more_rows_go_in_several_requests(protocol: str) -> None:
    generator = TinyGenerator()
    with serving(protocol, generator) as url, connect(url, "gan") as client:
        images = client.predict("sample", {"seeds": np.arange(130)})["images"]
    assert [len(inputs["seeds"]) for _, inputs in generator.asked] == [64, 64, 2]
    np.testing.assert_allclose((images[:, 0, 0, 0] + 1) * 127.5, np.arange(130), atol=1e-4)


@PROTOCOLS
def test_a_version_is_chosen_by_number_or_label(protocol: str) -> None:
    generator = TinyGenerator(versions={2: "AVAILABLE", 3: "AVAILABLE", 4: "AVAILABLE"})
    with serving(protocol, generator) as url:
        for chosen, version in ({}, 4), ({"version": 2}, 2), ({"version_label": "stable"}, 3):
            with connect(url, "gan", **chosen) as client:
                assert client.metadata().version == version
                assert len(client.predict("sample", {"seeds": [1]})["images"]) == 1
                assert [item.version for item in client.status()] == ([version] if chosen else [2, 3, 4])


@PROTOCOLS
def test_a_pinned_client_stays_with_its_version(protocol: str) -> None:
    generator = TinyGenerator(versions={2: "AVAILABLE"})
    with serving(protocol, generator) as url, connect(url, "gan") as pinned, connect(url, "gan") as other:
        assert pinned.pin() == 2
        other.metadata()
        generator.versions = {2: "END", 3: "AVAILABLE"}
        assert len(other.predict("sample", {"seeds": [1]})["images"]) == 1
        with pytest.raises(
            InputError, match=r"of version 2 of the model 'gan'.*versions are 2 \(END\), 3 \(AVAILABLE\)"
        ):
            pinned.predict("sample", {"seeds": [1]})


@PROTOCOLS
@pytest.mark.parametrize(
    ("model", "chosen", "message"),
    [
        ("nope", {}, "did not give the metadata of the model 'nope'. It says: Could not find any versions of model"),
        ("nope", {"version": 3}, "that of the server's --model_name"),
        ("gan", {"version": 7}, "of version 7 of the model 'gan'.*Its versions are 2 .END., 3 .AVAILABLE.: choose"),
        ("gan", {"version": 2}, "of version 2 of the model 'gan'.*Its versions are 2 .END., 3 .AVAILABLE.: choose"),
        ("gan", {"version_label": "new"}, "of version 'new' of the model 'gan'.*Its versions are 2 .END."),
    ],
)
def test_what_is_not_there(protocol: str, model: str, chosen: dict[str, Any], message: str) -> None:
    generator = TinyGenerator(versions={2: "END", 3: "AVAILABLE"})
    with (
        serving(protocol, generator) as url,
        connect(url, model, **chosen) as client,
        pytest.raises(InputError, match=message) as caught,
    ):
        client.metadata()
    assert "\n" not in str(caught.value)


@PROTOCOLS
def test_what_the_server_refuses_is_shown_in_one_line(protocol: str) -> None:
    with (
        serving(protocol, TinyGenerator("classes")) as url,
        connect(url, "gan") as client,
        pytest.raises(
            InputError, match=r"give the signature 'sample' of the model 'gan'\. It says: labels must"
        ) as caught,
    ):
        client.predict("sample", {"seeds": [1], "labels": [11]})
    assert str(caught.value).endswith("labels must be in 0..9. Received: 0 to 11.")


@PROTOCOLS
def test_a_busy_server_is_asked_again(protocol: str) -> None:
    generator = TinyGenerator()
    with serving(protocol, generator) as url, connect(url, "gan") as client:
        client.metadata()
        generator.requests, generator.failures = 0, [unavailable(protocol)] * 2
        assert len(client.predict("sample", {"seeds": [1]})["images"]) == 1
        assert generator.requests == 3


@PROTOCOLS
def test_a_server_that_stays_busy_is_given_up(protocol: str) -> None:
    generator = TinyGenerator()
    with serving(protocol, generator) as url, connect(url, "gan") as client:
        client.metadata()
        generator.requests, generator.failures = 0, [unavailable(protocol)] * 9
        with pytest.raises(InputError, match=r"the queue is full\..* when it is less busy"):
            client.predict("sample", {"seeds": [1]})
        assert generator.requests == 4


@PROTOCOLS
def test_a_server_that_hangs_is_left_at_the_time_out(protocol: str) -> None:
    generator, left = TinyGenerator(), threading.Event()
    generator.failures = [lambda _: left.wait(60)]
    with serving(protocol, generator) as url, connect(url, "gan", timeout=0.3) as client:
        start = time.monotonic()
        with pytest.raises(InputError, match=r"within 0\.3 s\. Raise timeout"):
            client.status()
        assert 0.2 < time.monotonic() - start < 30
        assert generator.requests == 1
        left.set()


@PROTOCOLS
def test_nobody_listens(protocol: str, closed_port: int) -> None:
    scheme = "http" if protocol == "rest" else "grpc"
    with (
        connect(f"{scheme}://127.0.0.1:{closed_port}", "gan") as client,
        pytest.raises(InputError, match=r"is not available: .*Connection refused\. Start it, check host and port"),
    ):
        client.status()


@PROTOCOLS
def test_a_host_that_is_not_known(protocol: str) -> None:
    """The top level domain .invalid is reserved for never being there."""
    scheme = "http" if protocol == "rest" else "grpc"
    with connect(f"{scheme}://host.invalid:1", "gan", timeout=5) as client, pytest.raises(InputError) as caught:
        client.status()
    assert f"{scheme}://host.invalid:1" in str(caught.value)
    assert "not known" in str(caught.value) or "not available" in str(caught.value)


@PROTOCOLS
@pytest.mark.parametrize(
    ("labels", "signature", "inputs", "message"),
    [
        (None, "sampel", {"seeds": [1]}, "Unknown signature 'sampel'. Did you mean sample"),
        (None, "sample", {"seeds": [1], "labels": [1]}, "takes no labels: it is not conditional"),
        ("classes", "sample", {"seeds": [1]}, "'sample' of the model 'gan' needs labels: it is conditional"),
        ("classes", "sample", {"seeds": [1], "labels": [-1]}, "labels must be classes, 0 or more. Received: -1"),
        ("classes", "sample", {"seeds": [1], "labels": [[0, 1, 1]]}, "labels must have the shape"),
        ("classes", "sample", {"seeds": [1], "labels": [2**31]}, "labels must be in -2147483648..2147483647"),
        ("attributes", "sample", {"seeds": [1], "labels": [[0, 1]]}, r"shape \(None, 3\). Received: \(1, 2\)"),
        ("attributes", "sample", {"seeds": [1], "labels": [[0, 1, 2]]}, "labels must be 0 or 1 .*Received: 2"),
        (None, "sample", {"seeds": [-1]}, r"seeds must be in 0..2\*\*62. Received: -1"),
        (None, "sample", {"seeds": [2**62 + 1]}, r"seeds must be in 0..2\*\*62"),
        (None, "sample", {"seeds": [1.0]}, "seeds must be int64. Received: float64"),
        (None, "sample", {"seeds": 1}, r"seeds must have the shape \(None,\). Received: \(\)"),
        (None, "sample", {"seeds": np.zeros(0, np.int64)}, "as many rows each, at least 1"),
        (None, "sample", {}, r"The inputs of 'sample' must be \['seeds'\]. Received: \[\]"),
        (None, "sample_truncated", {"seeds": [1, 2], "truncation": [0.5]}, "as many rows each"),
        (None, "sample_truncated", {"seeds": [1], "truncation": [0.0]}, "finite and greater than 0. Received: 0.0"),
        (None, "sample_truncated", {"seeds": [1], "truncation": [np.nan]}, "finite and greater than 0. Received: nan"),
        (None, "sample_truncated", {"seeds": [1], "truncation": [1e300]}, "finite and greater than 0"),
    ],
)
def test_inputs_are_checked_before_they_are_sent(
    protocol: str, labels: str | None, signature: str, inputs: dict[str, Any], message: str
) -> None:
    generator = TinyGenerator(labels)
    with serving(protocol, generator) as url, connect(url, "gan") as client:
        client.metadata()
        asked = generator.requests
        with pytest.raises(InputError, match=message):
            client.predict(signature, inputs)
        assert generator.requests == asked


@PROTOCOLS
def test_inputs_of_other_widths_become_those_of_the_signature(protocol: str) -> None:
    generator = TinyGenerator("classes")
    with serving(protocol, generator) as url, connect(url, "gan") as client:
        inputs = {"seeds": np.array([9], np.uint8), "labels": np.array([1], np.int64), "truncation": np.array([0.1])}
        client.predict("sample_truncated", inputs)
    assert generator.asked[0][1]["seeds"].dtype == np.int64
    assert generator.asked[0][1]["truncation"] == np.float32(0.1)


HTML = b"<!DOCTYPE html><html>It works!</html>"


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (replying(200, HTML, "text/html"), "does not speak the protocol of .*it answered HTTP 200 with text/html. Exp"),
        (replying(404, HTML, "text/html"), "does not speak the protocol .* HTTP 404 with text/html"),
        (replying(200, b'{"hello": "world"}'), "does not speak the protocol .* HTTP 200 with application/json"),
        (replying(200, b"[1, 2]"), "does not speak the protocol"),
        (replying(200, b'{"model_version_status": [{}]}'), "does not speak the protocol"),
        (replying(404, b'{"error": {"code": 404}}'), "does not speak the protocol"),
        (replying(404, b'{"error": null}'), "does not speak the protocol"),
        (replying(404, b'{"detail": "Not Found"}'), "does not speak the protocol"),
        (replying(200, b"[" * 100_000), "does not speak the protocol"),
        (replying(200, b"\xff\xfe"), "does not speak the protocol"),
        (replying(502, HTML, "text/html"), "is not available: its proxy answers HTTP 502"),
        (replying(500, b'{"error": ""}'), "It says: HTTP 500"),
        (replying(400, b'{"error": "a\\n\\tb \\u001b[2J"}'), r"It says: a b \?\[2J\.$"),
    ],
)
def test_answers_of_other_servers(failure: Failure, message: str) -> None:
    generator = TinyGenerator()
    generator.failures = [failure]
    with (
        serving("rest", generator) as url,
        connect(url, "gan") as client,
        pytest.raises(InputError, match=message) as caught,
    ):
        client.status()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "outputs",
    [
        b'{"outputs": [[[[0.0], [0.0]], [[0.0], [0.0]]]]}',  # one row for two
        b'{"outputs": [0.5, 0.5]}',
        b'{"outputs": [[1], [2, 3]]}',
        b'{"outputs": {"images": 1}}',
        b'{"outputs": ["a", "b"]}',
        b'{"predictions": []}',
    ],
)
def test_outputs_of_another_form(outputs: bytes) -> None:
    generator = TinyGenerator()
    with serving("rest", generator) as url, connect(url, "gan") as client:
        client.metadata()
        generator.failures = [replying(200, outputs)]
        with pytest.raises(
            InputError, match="does not speak the protocol of TensorFlow Serving: asked for the signature"
        ):
            client.predict("sample", {"seeds": [1, 2]})


def test_files_that_are_not_in_base64() -> None:
    generator = TinyGenerator()
    with serving("rest", generator) as url, connect(url, "gan") as client:
        client.metadata()
        for body in (b'{"outputs": [{"b64": "?"}]}', b'{"outputs": ["text"]}'):
            generator.failures = [replying(200, body)]
            with pytest.raises(InputError, match="does not speak the protocol"):
                client.predict("sample_png", {"seeds": [1]})


def test_a_body_that_breaks_off_is_asked_for_again() -> None:
    generator = TinyGenerator()
    cut = replying(200, b'{"model_version_', length=500)
    with serving("rest", generator) as url, connect(url, "gan") as client:
        generator.failures = [cut, cut]
        assert [item.version for item in client.status()] == [3]
        generator.failures = [cut] * 9
        with pytest.raises(InputError, match="broke off its answer for the status of the model 'gan'"):
            client.status()


def test_a_redirection_is_not_followed() -> None:
    def elsewhere(handler: Any) -> None:
        handler.send_response(301)
        handler.send_header("Location", f"{other}/v1/models/gan")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    generator, foreign = TinyGenerator(), TinyGenerator()
    generator.failures = [elsewhere]
    with serving("rest", foreign) as other, serving("rest", generator) as url, connect(url, "gan") as client:
        with pytest.raises(InputError, match="it answered HTTP 301"):
            client.status()
        assert (generator.requests, foreign.requests) == (1, 0)


def test_a_server_cannot_make_the_client_wait() -> None:
    def later(handler: Any) -> None:
        handler.send_response(503)
        handler.send_header("Retry-After", "20")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    generator = TinyGenerator()
    generator.failures = [later]
    with serving("rest", generator) as url, connect(url, "gan") as client:
        start = time.monotonic()
        assert [item.version for item in client.status()] == [3]
        assert time.monotonic() - start < 15


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_path_of_a_proxy(slash: str) -> None:
    with serving("rest", TinyGenerator(), prefix="/tf/one") as url, connect(url + slash, "gan") as client:
        assert client.endpoint.url == url
        assert client.metadata().version == 3
        assert len(client.predict("sample", {"seeds": [1]})["images"]) == 1


@PROTOCOLS
def test_a_host_by_its_name(protocol: str) -> None:
    with serving(protocol, TinyGenerator()) as url, connect(url.replace("127.0.0.1", "localhost"), "gan") as client:
        assert client.metadata().version == 3


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
def test_https(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = "openssl req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -days 2 -subj /CN=127.0.0.1"
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command.split(), *names], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def secured(server: Any) -> None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *_: None  # the refused handshake

    with http_server(rest_handler(TinyGenerator(), "gan", ""), secured) as port:
        with (
            connect(f"https://127.0.0.1:{port}", "gan") as client,
            pytest.raises(InputError, match=r"cannot be asked by https: .*certificate that this machine trusts"),
        ):
            client.status()
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        with connect(f"https://127.0.0.1:{port}", "gan") as client:
            assert client.metadata().version == 3


def test_https_to_a_server_without_it() -> None:
    with (
        serving("rest", TinyGenerator()) as url,
        connect(url.replace("http", "https"), "gan") as client,
        pytest.raises(InputError, match="cannot be asked by https"),
    ):
        client.status()


@pytest.mark.parametrize(
    ("protocol", "scheme", "message"),
    [("rest", "grpc", "is not available: "), ("grpc", "http", "that of gRPC wants grpc://")],
)
def test_the_ports_taken_for_each_other(protocol: str, scheme: str, message: str) -> None:
    with (
        serving(protocol, TinyGenerator()) as url,
        connect(f"{scheme}://{url.partition('://')[2]}", "gan") as client,
        pytest.raises(InputError, match=message),
    ):
        client.status()


def test_another_grpc_server() -> None:
    grpc = pytest.importorskip("grpc")

    def other(context: Any) -> None:
        context.abort(grpc.StatusCode.UNIMPLEMENTED, "Method not found!")

    generator = TinyGenerator()
    generator.failures = [other]
    with (
        serving("grpc", generator) as url,
        connect(url, "gan") as client,
        pytest.raises(InputError, match=r"does not speak the protocol .* it answered Method not found!"),
    ):
        client.status()


def test_large_tensors_over_grpc() -> None:
    """More than the 4 MB that grpcio takes by itself."""
    generator = TinyGenerator()
    generator.run = lambda name, inputs: {"image_bytes": np.array([b"\0" * 5_000_000], object)}  # type: ignore[method-assign]
    with serving("grpc", generator) as url, connect(url, "gan") as client:
        assert len(client.predict("sample_png", {"seeds": [1]})["image_bytes"][0]) == 5_000_000


def grpc_answering(monkeypatch: pytest.MonkeyPatch, call: str, answer: object) -> Client:
    """A client whose server gives one answer to one call."""
    client = connect("grpc://localhost:1", "gan")
    stubs = SimpleNamespace(**{call: lambda request, timeout: answer})
    for name in ("_models", "_predictions"):
        monkeypatch.setattr(client._transport, name, stubs)
    return client


def test_states_of_a_newer_server_over_grpc(monkeypatch: pytest.MonkeyPatch) -> None:
    messages = pytest.importorskip("tensorflow_serving.apis.get_model_status_pb2")
    answer = messages.GetModelStatusResponse()
    for version, state in ((1, 30), (2, 35)):
        answer.model_version_status.add(version=version, state=state)
    with grpc_answering(monkeypatch, "GetModelStatus", answer) as client:
        assert [status.state for status in client.status()] == ["AVAILABLE", "35"]


@pytest.mark.parametrize("content", ["damaged", "unknown type", "nothing"])
def test_metadata_that_cannot_be_read_over_grpc(content: str, monkeypatch: pytest.MonkeyPatch) -> None:
    messages = pytest.importorskip("tensorflow_serving.apis.get_model_metadata_pb2")
    answer = messages.GetModelMetadataResponse()
    signatures = messages.SignatureDefMap()
    signatures.signature_def["sample"].inputs["seeds"].dtype = 99
    answer.metadata["signature_def"].Pack(signatures)
    if content == "damaged":
        answer.metadata["signature_def"].value = b"\xff\xff"
    elif content == "nothing":
        answer.metadata["signature_def"].type_url = "type.googleapis.com/other"
    with (
        grpc_answering(monkeypatch, "GetModelMetadata", answer) as client,
        pytest.raises(InputError, match="does not speak the protocol of TensorFlow Serving"),
    ):
        client.metadata()


@pytest.mark.parametrize(
    ("dtype", "shape"),
    [(1, [2**42, 2, 2, 1]), (1, [2, 2**40, 2, 1]), (7, [2, 2, 2, 1]), (0, []), (1, [2]), (1, [1, 2, 2, 1])],
)
def test_tensors_that_claim_another_form_are_not_made(
    dtype: int, shape: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    messages = pytest.importorskip("tensorflow_serving.apis.predict_pb2")
    answer = messages.PredictResponse()
    answer.outputs["images"].dtype = dtype
    answer.outputs["images"].float_val.append(1.0)
    for size in shape:
        answer.outputs["images"].tensor_shape.dim.add(size=size)
    with grpc_answering(monkeypatch, "Predict", answer) as client:
        spec = ServedSignature(
            {"seeds": tf.TensorSpec([None], tf.int64)}, {"images": tf.TensorSpec([None, 2, 2, 1], tf.float32)}
        )
        monkeypatch.setattr(client, "metadata", lambda: Metadata(1, {"sample": spec}))
        with pytest.raises(InputError, match=r"it answered images (as|of)"):
            client.predict("sample", {"seeds": [1, 2]})


def test_compressed_answers_are_not_unpacked() -> None:
    """None was asked for: of some kilobytes they can make gigabytes."""

    def answer(handler: Any) -> None:
        body = gzip.compress(b" " * 10**6)
        handler.send_response(200)
        handler.send_header("Content-Encoding", "gzip")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    generator = TinyGenerator()
    generator.failures = [answer]
    with (
        serving("rest", generator) as url,
        connect(url, "gan") as client,
        pytest.raises(InputError, match="does not speak the protocol"),
    ):
        client.status()


def test_rows_of_several_lengths() -> None:
    with (
        serving("rest", TinyGenerator()) as url,
        connect(url, "gan") as client,
        pytest.raises(InputError, match="must be arrays, with rows of one length"),
    ):
        client.predict("sample", {"seeds": [[0], [1, 2]]})


def test_grpc_without_its_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("tensorflow_serving", "tensorflow_serving.apis"):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "tfgan_suite.serving.grpc_client", raising=False)
    with pytest.raises(InputError, match=re.escape(f"not installed: {remedy('serving')}. REST")):
        connect("grpc://localhost:8500", "gan")
    connect("http://localhost:8501", "gan").close()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("ftp://host", "is of no server that can be asked"),
        ("host:8501", "is of no server that can be asked"),
        ("", "is of no server"),
        ("http://", "is of no server"),
        ("http://a b", "is of no server"),
        ("http://host\n", "is of no server"),
        ("http://host:port", "cannot be read"),
        ("http://host:99999", "cannot be read"),
        ("http://[::1", "cannot be read"),
        ("http://me:secret@host:8501", "must not hold a user or a password"),
        ("http://me:secret@host:port", "."),
        ("http://token@host:8501", "must not hold a user or a password"),
        ("me:secret@host:8501", "must not hold a user or a password"),
        ("http//me:secret@host", "must not hold a user or a password"),
        ("http://host/?key=secret", "must end with the host"),
        ("grpc://host:8500/path", "has no path"),
    ],
)
def test_addresses_that_cannot_be_asked(url: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        connect(url, "gan")
    assert "secret" not in str(caught.value) and "token" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"model": ""}, "^model must be"),
        ({"version": 1, "version_label": "stable"}, "by number or by label"),
        ({"version": -1}, "^version must be"),
        ({"version_label": ""}, "^version_label must be"),
        ({"version_label": "\udcff"}, "^version_label must be"),
        ({"timeout": 0.0}, "^timeout must be"),
        ({"timeout": float("nan")}, "^timeout must be"),
    ],
)
def test_choices_that_cannot_be_asked_for(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        connect(**{"url": "http://localhost:8501", "model": "gan", **arguments})


@pytest.mark.parametrize(
    ("url", "address", "printed"),
    [
        ("http://localhost:8501/", "localhost:8501", "http://localhost:8501"),
        ("https://Example.org/tf/", "example.org", "https://example.org/tf"),
        ("grpc://127.0.0.1", "127.0.0.1:8500", "grpc://127.0.0.1:8500"),
        ("http://[::1]:8501", "[::1]:8501", "http://[::1]:8501"),
    ],
)
def test_addresses(url: str, address: str, printed: str) -> None:
    endpoint = parse_endpoint(url, "gan")
    assert (endpoint.address, endpoint.url) == (address, printed)


def test_names_are_quoted() -> None:
    with (
        serving("rest", TinyGenerator()) as url,
        connect(url, "../admin?x=1#") as client,
        pytest.raises(InputError, match=r"It says: Could not find any versions of model \.\.%2Fadmin%3Fx%3D1%23"),
    ):
        client.status()


def test_long_messages_are_cut() -> None:
    assert one_line("x" * 300) == "x" * 300
    assert one_line("x" * 301) == "x" * 300 + " ..."
