"""Requests of several clients run as one: concatenated, padded, run, split."""

import collections
import functools
import os
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import grpc
import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format, wrappers_pb2
from google.protobuf.message import Message
from stand_in_session import ServingError, invalid

Run = Callable[[str, Mapping[str, np.ndarray]], dict[str, np.ndarray]]

# The wheel of tensorflow-serving-api lacks these messages; names and numbers are those of the server.
_PROTO = """
name: "stand_in/batching.proto" package: "stand_in" syntax: "proto3" dependency: "google/protobuf/wrappers.proto"
message_type { name: "BatchingParameters"
  field { name: "max_batch_size" number: 1 type: TYPE_MESSAGE type_name: ".google.protobuf.Int64Value" }
  field { name: "batch_timeout_micros" number: 2 type: TYPE_MESSAGE type_name: ".google.protobuf.Int64Value" }
  field { name: "max_enqueued_batches" number: 3 type: TYPE_MESSAGE type_name: ".google.protobuf.Int64Value" }
  field { name: "num_batch_threads" number: 4 type: TYPE_MESSAGE type_name: ".google.protobuf.Int64Value" }
  field { name: "allowed_batch_sizes" number: 6 type: TYPE_INT64 label: LABEL_REPEATED } }
"""


class Parameters(NamedTuple):
    """How batches are made; the defaults are the server's."""

    max_batch_size: int = 1000
    batch_timeout_micros: int = 0
    max_enqueued_batches: int = 10
    num_batch_threads: int = os.cpu_count() or 1
    allowed_batch_sizes: tuple[int, ...] = ()


def read_parameters(path: Path) -> Parameters:
    """The parameters in a text file.

    Raises:
        ServingError: no such message, or sizes that the server refuses.
    """
    try:
        message = text_format.Parse(path.read_text(encoding="utf-8"), _message_class()())
    except (OSError, text_format.ParseError) as error:
        raise invalid(f"Invalid protobuf file: '{path}': {error}") from error
    given = {field.name: getattr(value, "value", value) for field, value in message.ListFields()}
    parameters = Parameters(**given | {"allowed_batch_sizes": tuple(message.allowed_batch_sizes)})
    sizes = parameters.allowed_batch_sizes
    if sizes and sizes[-1] != parameters.max_batch_size:
        raise invalid(
            "Last entry in allowed_batch_sizes must match max_batch_size; last entry was "
            f"{sizes[-1]}; expected {parameters.max_batch_size}"
        )
    if list(sizes) != sorted(set(sizes)):
        raise invalid("allowed_batch_sizes entries must be monotonically increasing")
    return parameters


@functools.cache
def _message_class() -> type[Message]:
    pool = descriptor_pool.Default()
    file = text_format.Parse(_PROTO, descriptor_pb2.FileDescriptorProto())
    assert wrappers_pb2.DESCRIPTOR.name in file.dependency
    pool.AddSerializedFile(file.SerializeToString())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("stand_in.BatchingParameters"))


class _Task(NamedTuple):
    inputs: Mapping[str, np.ndarray]
    rows: int
    outputs: Future


@dataclass
class _Batch:
    tasks: list[_Task] = field(default_factory=list)
    rows: int = 0
    due: float = 0.0


class Batcher:
    """A queue of batches for each signature, and threads that run them.

    Args:
        run: runs a signature on its inputs.
        parameters: sizes, time and threads.
    """

    def __init__(self, run: Run, parameters: Parameters):
        self._run = run
        self._parameters = parameters
        self._queues: collections.OrderedDict[str, collections.deque[_Batch]] = collections.OrderedDict()
        self._changed = threading.Condition()
        self._closed = False
        self._threads = [threading.Thread(target=self._work) for _ in range(parameters.num_batch_threads)]
        for thread in self._threads:
            thread.start()

    def submit(self, signature: str, inputs: Mapping[str, np.ndarray]) -> Future:
        """The outputs to be.

        Raises:
            ServingError: inputs that cannot stand in a batch, or no place left.
        """
        task = _Task(inputs, _rows(inputs), Future())
        limit = self._parameters.max_batch_size
        if task.rows > limit:
            raise invalid(f"Task size {task.rows} is larger than maximum input batch size {limit}")
        with self._changed:
            batches = self._queues.setdefault(signature, collections.deque())
            if not batches or batches[-1].rows + task.rows > limit:
                if len(batches) >= self._parameters.max_enqueued_batches:
                    raise ServingError(
                        grpc.StatusCode.UNAVAILABLE,
                        "The batch scheduling queue to which this task was submitted is full",
                    )
                batches.append(_Batch(due=time.monotonic() + self._parameters.batch_timeout_micros / 1e6))
            batches[-1].tasks.append(task)
            batches[-1].rows += task.rows
            self._changed.notify()
        return task.outputs

    def close(self) -> None:
        """Runs what waits, and ends the threads."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while found := self._next():
            signature, batch = found
            try:
                self._process(signature, batch)
            except Exception as error:  # whatever it was, the clients must not wait for ever
                for task in batch.tasks:
                    task.outputs.set_exception(error)

    def _next(self) -> tuple[str, _Batch] | None:
        """A batch that is full, or has waited long enough, of the signatures in turn; None at the end."""
        with self._changed:
            while True:
                waits = []
                for signature, batches in self._queues.items():
                    if not batches:
                        continue
                    full = len(batches) > 1 or batches[0].rows >= self._parameters.max_batch_size
                    if full or self._closed or batches[0].due <= time.monotonic():
                        self._queues.move_to_end(signature)
                        return signature, batches.popleft()
                    waits.append(batches[0].due - time.monotonic())
                if self._closed:
                    return None
                self._changed.wait(max(0.0, min(waits)) if waits else None)

    def _process(self, signature: str, batch: _Batch) -> None:
        padding = next((n for n in self._parameters.allowed_batch_sizes if n >= batch.rows), batch.rows) - batch.rows
        merged = {}
        for name in batch.tasks[0].inputs:
            parts = [task.inputs[name] for task in batch.tasks]
            if len({part.shape[1:] for part in parts}) > 1:
                raise ServingError(
                    grpc.StatusCode.FAILED_PRECONDITION,
                    f"Tensors with name '{name}' from different tasks have different shapes and padding is turned off.",
                )
            # Of the last request, because its rows are valid if the batch is at all.
            merged[name] = np.concatenate([*parts, *[parts[-1][:1]] * padding])
        outputs = self._run(signature, merged)
        if any(value.ndim == 0 or len(value) != batch.rows + padding for value in outputs.values()):
            raise ServingError(
                grpc.StatusCode.FAILED_PRECONDITION,
                "Batched output tensor's 0th dimension does not equal the sum of the 0th dimension sizes of the input "
                "tensors",
            )
        start = 0
        for task in batch.tasks:
            rows = slice(start, start + task.rows)
            task.outputs.set_result({name: value[rows] for name, value in outputs.items()})
            start += task.rows


def _rows(inputs: Mapping[str, np.ndarray]) -> int:
    if any(value.ndim == 0 for value in inputs.values()):
        raise invalid("Batching Run() input tensors must have at least one dimension")
    sizes = {len(value) for value in inputs.values()}
    if len(sizes) != 1:
        raise invalid("Batching Run() input tensors must have equal 0th-dimension size")
    (rows,) = sizes
    if rows == 0:
        raise invalid("A request without rows cannot be batched")
    return rows
