"""The parts of the stand-in that no generator of ours reaches over the wire."""

import json
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path

import numpy as np
import pytest
from tensorflow.core.framework import types_pb2
from tensorflow.core.protobuf.meta_graph_pb2 import TensorInfo

pytest.importorskip("tensorflow_serving.apis.predict_pb2")

from stand_in_batching import Batcher, Parameters, read_parameters
from stand_in_json import parse_request
from stand_in_session import ServingError, invalid

SIZES = (1, 2, 4, 8)


class Held:
    """Doubles x, once it is let go, and keeps what it was given."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.started = threading.Semaphore(0)
        self.given: list[list[float]] = []

    def __call__(self, signature: str, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        self.given.append(inputs["x"].tolist())
        self.started.release()
        assert self.go.wait(30)
        if (inputs["x"] < 0).any():
            raise invalid("negative")
        return {"y": 2 * inputs["x"]}


def with_batcher(parameters: Parameters, use: Callable[[Held, Callable[..., Future]], None]) -> None:
    held = Held()
    batcher = Batcher(held, parameters)
    try:
        use(held, lambda *x: batcher.submit("double", {"x": np.array(x, np.float32)}))
    finally:
        held.go.set()
        batcher.close()


def test_requests_that_wait_are_one_batch_padded_to_an_allowed_size() -> None:
    def use(held: Held, submit: Callable[..., Future]) -> None:
        first = submit(1)
        held.started.acquire()
        others = [submit(2, 3), submit(4), submit(5, 6)]
        held.go.set()
        assert first.result(30)["y"].tolist() == [2]
        assert [other.result(30)["y"].tolist() for other in others] == [[4, 6], [8], [10, 12]]
        assert held.given == [[1], [2, 3, 4, 5, 6, 5, 5, 5]]

    with_batcher(Parameters(8, 0, 10, 1, SIZES), use)


def test_a_request_that_does_not_fit_opens_the_next_batch() -> None:
    def use(held: Held, submit: Callable[..., Future]) -> None:
        submit(0)
        held.started.acquire()
        answers = [submit(1, 2, 3), submit(4, 5), submit(6, 7, 8)]
        held.go.set()
        assert [answer.result(30)["y"].tolist() for answer in answers] == [[2, 4, 6], [8, 10], [12, 14, 16]]
        assert held.given == [[0], [1, 2, 3, 4, 5, 4], [6, 7, 8]]

    with_batcher(Parameters(6, 0, 10, 1, (1, 3, 6)), use)


def test_batches_beyond_the_queue_are_unavailable_and_longer_requests_refused() -> None:
    def use(held: Held, submit: Callable[..., Future]) -> None:
        submit(0)
        held.started.acquire()
        waiting = [submit(1, 2), submit(3, 4)]
        with pytest.raises(ServingError, match="is full") as caught:
            submit(5)
        assert caught.value.code.name == "UNAVAILABLE"
        with pytest.raises(ServingError, match="Task size 3 is larger than maximum input batch size 2"):
            submit(5, 6, 7)
        held.go.set()
        assert [each.result(30)["y"].tolist() for each in waiting] == [[2, 4], [6, 8]]

    with_batcher(Parameters(2, 0, 2, 1, (1, 2)), use)


def test_a_bad_row_fails_its_batch_alone() -> None:
    def use(held: Held, submit: Callable[..., Future]) -> None:
        first = submit(0)
        held.started.acquire()
        together, after = [submit(1), submit(-1)], submit(2, 3)
        held.go.set()
        for each in together:
            with pytest.raises(ServingError, match="negative"):
                each.result(30)
        assert first.result(30)["y"].tolist() == [0]
        assert after.result(30)["y"].tolist() == [4, 6]

    with_batcher(Parameters(2, 0, 10, 1, (1, 2)), use)


def test_requests_of_other_shapes_cannot_share_a_batch() -> None:
    def use(held: Held, submit: Callable[..., Future]) -> None:
        submit(0)
        held.started.acquire()
        together = [submit(1), submit([2, 3])]
        held.go.set()
        for each in together:
            with pytest.raises(ServingError, match="different shapes"):
                each.result(30)

    with_batcher(Parameters(8, 0, 10, 1, SIZES), use)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("max_batch_size { value: 8 } allowed_batch_sizes: 4", "last entry was 4; expected 8"),
        ("max_batch_size { value: 4 } allowed_batch_sizes: 5 allowed_batch_sizes: 4", "monotonically increasing"),
        ("max_batch_size: 4", "Invalid protobuf file"),
        ("nothing { value: 4 }", "Invalid protobuf file"),
    ],
)
def test_parameters_that_the_server_refuses(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "parameters").write_text(text)
    with pytest.raises(ServingError, match=said):
        read_parameters(tmp_path / "parameters")


def test_parameters_have_the_defaults_of_the_server(tmp_path: Path) -> None:
    (tmp_path / "parameters").write_text("batch_timeout_micros { value: 7 }")
    parameters = read_parameters(tmp_path / "parameters")
    assert parameters[:3] == (1000, 7, 10)
    assert parameters.allowed_batch_sizes == ()


def infos(**types: str) -> dict[str, TensorInfo]:
    return {name: TensorInfo(dtype=getattr(types_pb2, f"DT_{dtype}")) for name, dtype in types.items()}


def parsed(document: str, **types: str) -> dict[str, np.ndarray]:
    signature, inputs, _ = parse_request(document.encode(), lambda _: infos(**types))
    assert signature == "serving_default"
    return inputs


def test_values_of_json() -> None:
    (value,) = parsed('{"inputs": [[1, 2.5], [NaN, -Infinity]]}', a="FLOAT").values()
    np.testing.assert_array_equal(value, np.array([[1, 2.5], [np.nan, -np.inf]], np.float32))
    assert value.dtype == np.float32
    (value,) = parsed('{"instances": ["x", {"b64": "AAE="}]}', a="STRING").values()
    assert value.tolist() == [b"x", b"\0\1"]
    two = parsed('{"instances": [{"a": 1, "b": [2]}, {"a": 3, "b": [4]}]}', a="INT64", b="FLOAT")
    assert two["a"].tolist() == [1, 3]
    assert two["b"].tolist() == [[2], [4]]
    assert parsed('{"inputs": 3, "inputs": 4}', a="INT64")["a"] == 3


@pytest.mark.parametrize(
    ("document", "dtype", "said"),
    [
        ('{"inputs": [16777216]}', "FLOAT", "without loss of precision"),
        ('{"inputs": [1e39]}', "FLOAT", "without loss of precision"),
        ('{"inputs": [' + "9" * 400 + "]}", "FLOAT", "without loss of precision"),
        ('{"inputs": [1.0]}', "INT64", "is not of expected type: int64"),
        ('{"inputs": [9223372036854775808]}', "INT64", "is not of expected type: int64"),
        ('{"inputs": [2147483648]}', "INT32", "is not of expected type: int32"),
        ('{"inputs": ["1"]}', "FLOAT", "is not of expected type: float32"),
        ('{"inputs": [{"b64": "?"}]}', "STRING", "Unable to base64 decode"),
        ('{"inputs": [{"b65": ""}]}', "STRING", "base64 data"),
        ('{"instances": [1, {"a": 1}]}', "INT64", "value/list"),
    ],
)
def test_values_that_are_refused(document: str, dtype: str, said: str) -> None:
    with pytest.raises(ServingError, match=said):
        parsed(document, a=dtype)


def test_the_largest_numbers_are_let_through() -> None:
    assert parsed('{"inputs": [16777215, -16777215, 3.4e38]}', a="FLOAT")["a"][0] == 16777215
    assert parsed('{"inputs": [9223372036854775807, -9223372036854775808]}', a="INT64")["a"].tolist()[0] == 2**63 - 1


def test_answers_of_one_output_and_of_two() -> None:
    one = {"images": np.array([[1.5], [2]], np.float32)}
    two = {**one, "x_bytes": np.array([b"\0", b"\1"], object)}
    rows = parse_request(b'{"instances": [1, 2]}', lambda _: infos(a="INT64"))[2]
    columns = parse_request(b'{"inputs": [1, 2]}', lambda _: infos(a="INT64"))[2]
    assert json.loads(rows(one)) == {"predictions": [[1.5], [2.0]]}
    assert json.loads(columns(one)) == {"outputs": [[1.5], [2.0]]}
    assert json.loads(rows(two)) == {
        "predictions": [{"images": [1.5], "x_bytes": {"b64": "AA=="}}, {"images": [2.0], "x_bytes": {"b64": "AQ=="}}]
    }
    assert json.loads(columns(two)) == {
        "outputs": {"images": [[1.5], [2.0]], "x_bytes": [{"b64": "AA=="}, {"b64": "AQ=="}]}
    }
