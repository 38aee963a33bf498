"""Requests that TensorFlow Serving runs when it loads a version, so that the first client need not wait.

They are written without tensorflow-serving-api, so that an export is the same on every machine: the
messages below have its field numbers, and a test holds them against the official ones.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format
from tensorflow.core.framework import tensor_pb2

from tfgan_suite.errors import InputError
from tfgan_suite.ports import Port, Ports

WARMUP = "assets.extra/tf_serving_warmup_requests"
BATCHING = "batching_params.pbtxt"
# The server fills a batch up to the next of these: at most half of it is in vain.
BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64)
BATCHING_PARAMETERS = """\
# Read with --enable_batching --enable_per_model_batching_parameters. A request of more rows than
# max_batch_size is then refused.
max_batch_size {{ value: {largest} }}
# How long the first request of a batch waits for others, in microseconds: short beside making an image.
batch_timeout_micros {{ value: 1000 }}
# Batches that may wait; more requests are refused at once as UNAVAILABLE, and the client tries again.
max_enqueued_batches {{ value: 100 }}
# Sizes that the warmup has run.
"""

_PROTO = """
name: "tfgan_suite/serving/warmup.proto" package: "tfgan_suite.serving" syntax: "proto3"
dependency: "tensorflow/core/framework/tensor.proto"
message_type { name: "ModelSpec"
  field { name: "signature_name" number: 3 type: TYPE_STRING label: LABEL_OPTIONAL } }
message_type { name: "PredictRequest"
  field { name: "model_spec" number: 1 type: TYPE_MESSAGE label: LABEL_OPTIONAL type_name: "ModelSpec" }
  field { name: "inputs" number: 2 type: TYPE_MESSAGE label: LABEL_REPEATED type_name: "PredictRequest.InputsEntry" }
  nested_type { name: "InputsEntry" options { map_entry: true }
    field { name: "key" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
    field { name: "value" number: 2 type: TYPE_MESSAGE label: LABEL_OPTIONAL type_name: ".tensorflow.TensorProto" } } }
message_type { name: "PredictLog"
  field { name: "request" number: 1 type: TYPE_MESSAGE label: LABEL_OPTIONAL type_name: "PredictRequest" } }
message_type { name: "PredictionLog"
  field { name: "predict_log" number: 6 type: TYPE_MESSAGE label: LABEL_OPTIONAL type_name: "PredictLog" } }
"""


def _prediction_log() -> Any:
    """The class of the messages; `tensor_pb2` above has registered the tensor in the pool."""
    pool = descriptor_pool.Default()
    file = text_format.Parse(_PROTO, descriptor_pb2.FileDescriptorProto())
    assert tensor_pb2.DESCRIPTOR.name in file.dependency
    pool.AddSerializedFile(file.SerializeToString())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("tfgan_suite.serving.PredictionLog"))


PredictionLog = _prediction_log()


def batch_sizes(card: Mapping[str, Any]) -> tuple[int, ...]:
    """The sizes of a batch of an export, whose card may say how many rows a request has at most."""
    return tuple(size for size in BATCH_SIZES if size <= card.get("max_rows", BATCH_SIZES[-1]))


def write_warmup(folder: Path, signatures: Mapping[str, Ports], sizes: Sequence[int] = BATCH_SIZES) -> None:
    """A request of every signature at every size of a batch, and the sizes for the server.

    Args:
        folder: version folder.
        signatures: by name.
        sizes: of a batch.
    """
    (folder / WARMUP).parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(folder / WARMUP)) as writer:
        for name, ports in sorted(signatures.items()):
            for rows in sizes:
                log = PredictionLog()
                request = log.predict_log.request
                request.model_spec.signature_name = name
                inputs = ports.examples(rows)
                for port in ports.inputs:
                    value = inputs[port.name]
                    request.inputs[port.name].CopyFrom(_tensor(_plain(value, port)))
                writer.write(log.SerializeToString(deterministic=True))
    allowed = "".join(f"allowed_batch_sizes: {size}\n" for size in sizes)
    (folder / BATCHING).write_text(BATCHING_PARAMETERS.format(largest=sizes[-1]) + allowed, encoding="utf-8")


def _plain(value: np.ndarray, port: Port) -> np.ndarray:
    """Examples; what images show is nothing to the time that they take, and of one number or file they are small."""
    if port.kind in ("images", "pixels", "masks"):
        return value * 0
    return value[[0] * len(value)] if port.kind == "files" else value


def read_warmup(folder: Path | str) -> Iterator[tuple[str, dict[str, np.ndarray]]]:
    """The signature and the inputs of each request.

    Raises:
        InputError: the file is missing or damaged.
    """
    try:
        for record in tf.data.TFRecordDataset(str(Path(folder) / WARMUP)).as_numpy_iterator():
            request = PredictionLog.FromString(record).predict_log.request
            yield request.model_spec.signature_name, {k: tf.make_ndarray(v) for k, v in request.inputs.items()}
    except (tf.errors.OpError, ValueError) as error:
        raise InputError(f"The warmup requests {Path(folder) / WARMUP} cannot be read.") from error


def _tensor(value: np.ndarray) -> tensor_pb2.TensorProto:
    """A tensor as a message; one number stands for all where they are equal."""
    if value.size and (value == value.flat[0]).all():
        return tf.make_tensor_proto(value.flat[0], dtype=tf.as_dtype(value.dtype), shape=value.shape)
    return tf.make_tensor_proto(value)
