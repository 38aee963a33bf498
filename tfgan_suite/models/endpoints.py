"""What a model gives to those who do not train it: functions to be exported, images to be looked at."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import keras
import numpy as np
import tensorflow as tf

from tfgan_suite.ports import Ports

# A request for more rows would hold a server's memory and time at one stroke: of 64x64 colour images these are 200 MB.
MAX_ROWS = 4096


class Endpoint(NamedTuple):
    """A function of a model that an export can be asked.

    Attributes:
        function: of the inputs in the order of their ports; it gives the output's array. Row i of it depends on row i
            of the inputs alone.
        ports: of the inputs and of the output.
        networks: whose weights it needs.
        max_rows: of a request.
    """

    function: Callable[..., tf.Tensor]
    ports: Ports
    networks: tuple[keras.Model, ...]
    max_rows: int = MAX_ROWS


class Shown(NamedTuple):
    """Images for people to look at, row by row.

    Attributes:
        images: (M, H, W, C) in [-1, 1].
        columns: what stands above each column, labels or words; none: as many columns as look well.
    """

    images: np.ndarray
    columns: np.ndarray | Sequence[str] = ()


class Servable(Protocol):
    """What is exported: a model, or one way of a model that goes two; see `Algorithm`."""

    def __call__(self, inputs: tf.Tensor) -> tf.Tensor: ...

    def facts(self) -> dict[str, Any]: ...

    def endpoints(self, with_discriminator: bool = False) -> dict[str, Endpoint]: ...

    def served(self, card: Mapping[str, Any], with_discriminator: bool = False) -> dict[str, Endpoint]: ...


def png_files(images: tf.Tensor) -> tf.Tensor:
    """float32 (N, H, W, C) in [-1, 1] -> PNG files, string (N,); the same levels as `images.to_uint8`."""
    return tf.io.encode_png(in_levels(images))


def in_levels(images: tf.Tensor) -> tf.Tensor:
    """float32 in [-1, 1] -> uint8, any shape: the same levels as `images.to_uint8`."""
    return tf.cast(tf.clip_by_value(tf.round((images + 1.0) * 127.5), 0.0, 255.0), tf.uint8)
