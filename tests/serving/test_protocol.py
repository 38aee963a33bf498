"""The protocol over REST and gRPC, spoken with the stand-in and, where there is one, with tensorflow_model_server."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from real_server import there
from servers import Server, running_server

from tfgan_suite.commands.query import describe, query_to
from tfgan_suite.errors import InputError
from tfgan_suite.images import to_uint8
from tfgan_suite.ports import example_inputs, generator_ports
from tfgan_suite.serving.client import connect
from tfgan_suite.serving.saved_generator import read_card
from tfgan_suite.serving.session import ServingSession
from tfgan_suite.serving.warmup import BATCHING, WARMUP, write_warmup

pytest.importorskip("tensorflow_serving.apis.predict_pb2")

from asking import SCHEMES, Asker, RefusedError, asking

# Long enough that requests sent at once share a batch.
BATCHES = "max_batch_size { value: 64 }\nbatch_timeout_micros { value: 20000 }\n" + "".join(
    f"allowed_batch_sizes: {size}\n" for size in (1, 4, 16, 64)
)
LABELS = {"conditional": 1, "plain": 2}
CONFIG = """\
model_config_list {{ config {{
  name: "gan" base_path: "{base}" model_platform: "tensorflow"
  {more}
}} }}
"""


def lean_copy(version: Path, base: Path, number: int, batching: str | None = None, **wrong: int) -> Path:
    """A version whose warmup is of one signature, so that it loads soon; it appears whole."""
    aside = base.parent / f"{base.name}_{number}"
    shutil.copytree(version, aside)
    (aside / WARMUP).unlink()
    write_warmup(aside, {"sample_png": generator_ports(read_card(version) | wrong)["sample_png"]})
    (aside / BATCHING).unlink()
    if batching:
        (aside / BATCHING).write_text(batching)
    return aside.rename(base / str(number))


@pytest.fixture(scope="module", params=there("stand_in", "real"))
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def base(cgan_version: Path, dcgan_version: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Version 1 is conditional and batched, version 2 is neither."""
    base = tmp_path_factory.mktemp("served") / "gan"
    base.mkdir()
    lean_copy(cgan_version, base, 1, BATCHES)
    lean_copy(dcgan_version, base, 2)
    return base


@pytest.fixture(scope="module")
def server(kind: str, base: Path) -> Iterator[Server]:
    labels = "".join(f'version_labels {{ key: "{key}" value: {value} }} ' for key, value in LABELS.items())
    config = base.parent / "models.config"
    config.write_text(CONFIG.format(base=base, more=f"model_version_policy {{ all {{}} }} {labels}"))
    flags = (
        f"--model_config_file={config}",
        "--allow_version_labels_for_unavailable_models=true",
        "--enable_batching",
        "--enable_per_model_batching_parameters",
    )
    with running_server(base, *flags, kind=kind) as server:
        yield server
        assert "Traceback" not in server.log


@pytest.fixture
def asker(server: Server) -> Iterator[Asker]:
    with asking(server) as asker:
        wait_for(lambda: asker.status("grpc") == {1: "AVAILABLE", 2: "AVAILABLE"})
        yield asker


@pytest.fixture(scope="module")
def direct(base: Path) -> Iterator[dict[int, ServingSession]]:
    """The same versions without a server."""
    with ServingSession(base / "1") as first, ServingSession(base / "2") as second:
        yield {1: first, 2: second}


def wait_for(holds: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


def assert_equal(outputs: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    """PNG files byte for byte, numbers to 1e-6."""
    assert outputs.keys() == expected.keys()
    for name, value in expected.items():
        if value.dtype == object:
            assert outputs[name].tolist() == value.tolist()
        else:
            assert outputs[name].shape == value.shape
            np.testing.assert_allclose(outputs[name], value, atol=1e-6)


@pytest.mark.parametrize("scheme", ["rest", "grpc"])
def test_status(asker: Asker, scheme: str) -> None:
    assert asker.status(scheme) == {1: "AVAILABLE", 2: "AVAILABLE"}
    assert asker.status(scheme, version=1) == {1: "AVAILABLE"}
    for wrong in ({"version": 9}, {"model": "nobody"}):
        with pytest.raises(RefusedError, match="Could not find") as caught:
            asker.status(scheme, **wrong)
        assert caught.value.status == 404


@pytest.mark.parametrize("scheme", ["rest", "grpc"])
@pytest.mark.parametrize("version", [1, 2])
def test_metadata(asker: Asker, direct: dict[int, ServingSession], scheme: str, version: int) -> None:
    signatures = dict(asker.metadata(scheme, version).signature_def)
    assert set(signatures) - set(direct[version].signatures) <= {"__saved_model_init_op"}
    for name, signature in direct[version].signatures.items():
        assert signatures[name].inputs == signature.inputs
        assert signatures[name].outputs == signature.outputs


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(
    "signature", ["serving_default", "sample", "sample_truncated", "sample_png", "interpolate", "score"]
)
def test_each_signature_as_in_a_session(
    asker: Asker, direct: dict[int, ServingSession], base: Path, scheme: str, version: int, signature: str
) -> None:
    names = direct[version].signatures[signature].inputs
    inputs = example_inputs(names, 3, read_card(base / str(version)), first=2)
    assert_equal(asker.predict(scheme, signature, inputs, version), direct[version].run(signature, inputs))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_versions_and_labels(asker: Asker, direct: dict[int, ServingSession], scheme: str) -> None:
    plain, conditional = {"seeds": np.arange(2)}, {"seeds": np.arange(2), "labels": np.array([1, 2], np.int32)}
    newest = asker.predict(scheme, "sample_png", plain)
    assert_equal(newest, direct[2].run("sample_png", plain))
    assert_equal(asker.predict(scheme, "sample_png", plain, "plain"), newest)
    labelled = asker.predict(scheme, "sample_png", conditional, "conditional")
    assert_equal(labelled, direct[1].run("sample_png", conditional))
    for version, model, status, message in (
        (9, None, 404, "Servable not found for request: Specific"),
        ("nobody", None, 400, "Unrecognized servable version label"),
        (None, "nobody", 404, "Servable not found for request: Latest"),
    ):
        with pytest.raises(RefusedError, match=message) as caught:
            asker.predict(scheme, "sample_png", plain, version, model)
        assert caught.value.status == status


def test_grpc_says_who_answered_and_filters(asker: Asker) -> None:
    request = asker.request("sample", {"seeds": np.arange(2)})
    request.output_filter.append("images")
    answer = asker.predict_grpc(request)
    assert (answer.model_spec.name, answer.model_spec.version.value) == ("gan", 2)
    assert answer.model_spec.signature_name == "sample"
    assert set(answer.outputs) == {"images"}
    request.output_filter[:] = ["nothing"]
    with pytest.raises(RefusedError, match="output tensor alias not found in signature: nothing"):
        asker.predict_grpc(request)


@pytest.mark.parametrize("signature", ["sample", "sample_png"])
@pytest.mark.parametrize("scheme", ["columns", "grpc"])
def test_32_clients_get_what_each_would_get_alone(asker: Asker, scheme: str, signature: str) -> None:
    requests = [
        {"seeds": np.arange(start, start + 1 + start % 3), "labels": np.full(1 + start % 3, start % 3, np.int32)}
        for start in range(32)
    ]
    alone = [asker.predict(scheme, signature, inputs, 1) for inputs in requests]
    started = threading.Barrier(32)

    def ask(inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        started.wait()
        return asker.predict(scheme, signature, inputs, 1)

    with ThreadPoolExecutor(32) as clients:
        for together, expected in zip(clients.map(ask, requests), alone, strict=True):
            assert_equal(together, expected)


def test_a_bad_row_fails_the_requests_beside_it(asker: Asker) -> None:
    """Which shows that there are batches at all."""
    started = threading.Barrier(8)

    def ask(label: int) -> int:
        started.wait()
        try:
            asker.predict("grpc", "sample", {"seeds": np.arange(1), "labels": np.array([label], np.int32)}, 1)
        except RefusedError as error:
            assert "labels must be in 0..2" in error.message
            return error.status
        return 200

    with ThreadPoolExecutor(8) as clients:
        for _ in range(20):
            bad, *good = clients.map(ask, [9, *[1] * 7])
            assert bad == 400
            if 400 in good:
                return
    pytest.fail("no good request shared the batch of a bad one")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_too_many_rows(asker: Asker, scheme: str) -> None:
    def ask(rows: int, version: int) -> np.ndarray:
        labels = {"labels": np.zeros(rows, np.int32)} if version == 1 else {}
        return asker.predict(scheme, "sample_png", {"seeds": np.arange(rows), **labels}, version)["image_bytes"]

    assert len(ask(64, 1)) == 64
    with pytest.raises(RefusedError, match=r"65 is larger than maximum (input )?batch size 64") as caught:
        ask(65, 1)
    assert caught.value.status == 400
    assert len(ask(65, 2)) == 65
    with pytest.raises(RefusedError, match="1 to 4096 rows") as caught:
        ask(4097, 2)
    assert caught.value.status == 400


@pytest.mark.parametrize("scheme", ["rest", "grpc"])
def test_the_client_of_the_package(
    asker: Asker, server: Server, direct: dict[int, ServingSession], base: Path, scheme: str
) -> None:
    url = server.rest_url if scheme == "rest" else server.grpc_url
    for version in (1, 2):
        with connect(url, "gan", version) as client:
            assert [(item.version, item.state) for item in client.status()] == [(version, "AVAILABLE")]
            for name, signature in direct[version].signatures.items():
                inputs = example_inputs(signature.inputs, 70, read_card(base / str(version)))  # two requests
                assert_equal(client.predict(name, inputs), direct[version].run(name, inputs))
    with connect(url, "gan", version_label="conditional") as client:
        assert client.metadata().version == 1
        with pytest.raises(InputError, match=r"labels must be in 0\.\.2"):
            client.predict("sample", {"seeds": [0, 1], "labels": [0, 9]})
    with connect(url, "gan") as client, pytest.raises(InputError, match="not conditional"):
        client.predict("sample", {"seeds": [0], "labels": [0]})
    with connect(url, "nobody") as client, pytest.raises(InputError, match="nobody"):
        client.metadata()


@pytest.mark.parametrize("scheme", ["rest", "grpc"])
def test_a_query(asker: Asker, server: Server, direct: dict[int, ServingSession], scheme: str, tmp_path: Path) -> None:
    url = server.rest_url if scheme == "rest" else server.grpc_url
    inputs = {"seeds": np.array([5, 3, 2]), "labels": np.array([2, 0, 1], np.int32)}
    query_to(url, "gan", str(tmp_path / "a.npz"), "5,3,2", labels="2,0,1", version=1)
    with np.load(tmp_path / "a.npz") as written:
        assert written["seeds"].tolist() == [5, 3, 2]
        np.testing.assert_array_equal(written["images"], to_uint8(direct[1].run("sample", inputs)["images"]))
    lines = list(describe(url, "gan", version_label="plain"))
    assert "signatures of version 2:" in lines
    assert "  sample_png(seeds int64 [N]) -> image_bytes bytes [N]" in lines


@pytest.mark.slow
def test_versions_come_and_go_and_come_back(kind: str, cgan_version: Path, tmp_path: Path) -> None:
    base, config = tmp_path / "gan", tmp_path / "models.config"
    base.mkdir()
    lean_copy(cgan_version, base, 1)
    config.write_text(CONFIG.format(base=base, more=""))
    flags = (f"--model_config_file={config}", "--model_config_file_poll_wait_seconds=1", "--max_num_load_retries=0")
    inputs = {"seeds": np.arange(2), "labels": np.zeros(2, np.int32)}
    with running_server(base, *flags, kind=kind) as server, asking(server) as asker:
        request = asker.request("sample_png", inputs)
        files = asker.predict_grpc(request).outputs["image_bytes"]

        def answering() -> int:
            """The version that answers, at each moment one of them, with the same files."""
            answer = asker.predict_grpc(request)
            assert answer.outputs["image_bytes"] == files
            return answer.model_spec.version.value

        assert answering() == 1
        lean_copy(cgan_version, base, 2)
        wait_for(lambda: answering() == 2)
        wait_for(lambda: asker.status("rest").get(1, "END") == "END")

        lean_copy(cgan_version, base, 3, num_classes=4)  # whose warmup asks for a fourth class
        wait_for(lambda: asker.status("rest").get(3) == "END")
        assert answering() == 2
        assert asker.status("grpc")[2] == "AVAILABLE"
        (broken,) = [entry for entry in asker.rest("gan")["model_version_status"] if entry["version"] == "3"]
        assert broken["status"]["error_code"] == "INVALID_ARGUMENT"
        assert "labels must be in 0..2" in broken["status"]["error_message"]

        config.write_text(CONFIG.format(base=base, more="model_version_policy { specific { versions: 1 } }"))
        wait_for(lambda: answering() == 1)
        wait_for(lambda: asker.status("rest").get(2) == "END")
        assert answering() == 1
        assert "Traceback" not in server.log


def test_a_label_of_a_version_that_is_not_there(kind: str, base: Path, tmp_path: Path) -> None:
    """As on the real server, which reads the labels before it loads anything."""
    config = tmp_path / "models.config"
    config.write_text(CONFIG.format(base=base, more='version_labels { key: "stable" value: 1 }'))
    with (
        pytest.raises(RuntimeError, match="not currently available for inference"),
        running_server(base, f"--model_config_file={config}", kind=kind),
    ):
        pass
