"""What goes into a served function and comes out of it: name, type, shape of a row, rule, example.

Whoever refuses, warms up, verifies, converts or asks a generator reads it here.
"""

import struct
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tfgan_suite.labels import Labels
from tfgan_suite.latents import MAX_SEED

# Images have 1 to 4 channels where a PNG file can hold them.
PNG_CHANNELS = (1, 2, 3, 4)
LARGEST_PIXEL = 1.001  # what rounding leaves of [-1, 1]; training allows it too


@dataclass(frozen=True)
class Port:
    """An array with a row for each row of a request.

    Attributes:
        name: of the array.
        kind: what it holds, by which a card knows it again: see `of_facts`.
        dtype: of TensorFlow.
        row_shape: of a row; None: any.
        said: what is said of numbers that are not right; empty where all are.
        is_right: whether each number, in an array of NumPy or a tensor, is right.
        wrong: a number that must be refused; None where none is.
        example: numbers of rows, int64 (N,) -> rows that are right, each a function of its number alone.
        labels: which it holds, where it holds labels.
        picture_shape: (height, width, channels) of what its files are decoded to, where it holds files.
    """

    name: str
    kind: str
    dtype: tf.DType
    row_shape: tuple[int, ...] | None
    said: str = ""
    is_right: Callable[[Any], Any] | None = None
    wrong: float | bytes | None = None
    example: Callable[[np.ndarray], np.ndarray] | None = None
    labels: Labels | None = None
    picture_shape: tuple[int, int, int] | None = None

    @property
    def title(self) -> str:
        """What begins a sentence about it."""
        return f"Images {self.name!r}" if self.kind == "images" and self.name != "images" else self.name.capitalize()

    def facts(self) -> dict[str, Any]:
        """What a card says of it; see `of_facts`."""
        shape = None if self.row_shape is None else list(self.row_shape)
        labels = {} if self.labels is None else Labels.facts(self.labels)
        picture = {} if self.picture_shape is None else {"picture_shape": list(self.picture_shape)}
        return {"name": self.name, "kind": self.kind, "shape": shape, **labels, **picture}

    def spec(self) -> tf.TensorSpec:
        """The array as TensorFlow describes it."""
        shape = None if self.row_shape is None else [None, *self.row_shape]
        return tf.TensorSpec(shape, self.dtype, name=self.name)


class Ports(NamedTuple):
    """The inputs of a function, in their order, and its output."""

    inputs: tuple[Port, ...]
    output: Port

    def facts(self) -> dict[str, Any]:
        """What a card says of them; see `ports_of_card`."""
        return {"inputs": [port.facts() for port in self.inputs], "output": self.output.facts()}

    def examples(self, rows: int, first: int = 0) -> dict[str, np.ndarray]:
        """Inputs that are right, always the same.

        Args:
            rows: how many.
            first: the number of the first row.
        """
        return _examples(self.inputs, rows, first)


def latents_port(latent_dim: int, name: str = "latents", stream: int = 0) -> Port:
    """float32 (N, latent_dim), N(0, 1); the examples of a stream are its own."""

    def example(numbers: np.ndarray) -> np.ndarray:
        rows = [np.random.default_rng([stream, int(number)]).normal(size=latent_dim) for number in numbers]
        return np.array(rows, np.float32).reshape(len(numbers), latent_dim)

    return Port(name, "latents", tf.float32, (latent_dim,), "must be finite", _is_finite, np.nan, example)


def seeds_port() -> Port:
    """int64 (N,); a graph takes any, a client those that leave room for others after them."""
    return Port("seeds", "seeds", tf.int64, (), example=lambda numbers: numbers.astype(np.int64))


def truncation_port() -> Port:
    """float32 (N,), the bound of latents."""
    return Port(
        "truncation", "truncation", tf.float32, (), "must be greater than 0", lambda x: x > 0, 0.0,
        lambda numbers: np.full(len(numbers), 0.7, np.float32),
    )  # fmt: skip


def way_port() -> Port:
    """float32 (N,), how far the way is gone."""
    return Port(
        "t", "t", tf.float32, (), "must be in [0, 1]", lambda x: (x >= 0) & (x <= 1), 1.5,
        lambda numbers: (numbers % 5 / 4).astype(np.float32),
    )  # fmt: skip


def images_port(image_shape: Iterable[int], name: str = "images") -> Port:
    """float32 (N, H, W, C) in [-1, 1]."""
    shape = tuple(image_shape)

    def example(numbers: np.ndarray) -> np.ndarray:
        rows = [np.random.default_rng(int(number)).uniform(-1, 1, shape) for number in numbers]
        return np.array(rows, np.float32).reshape(len(numbers), *shape)

    said, pixel = "must be in [-1, 1]", lambda x: abs(x) <= LARGEST_PIXEL
    return Port(name, "images", tf.float32, shape, said, pixel, np.nan, example)


def pixels_port(image_shape: Iterable[int], name: str = "images") -> Port:
    """uint8 (N, H, W, C), of which every value is right."""
    shape = tuple(image_shape)

    def example(numbers: np.ndarray) -> np.ndarray:
        rows = [np.random.default_rng(int(number)).integers(0, 256, shape) for number in numbers]
        return np.array(rows, np.uint8).reshape(len(numbers), *shape)

    return Port(name, "pixels", tf.uint8, shape, example=example)


def masks_port(height: int, width: int, name: str = "masks") -> Port:
    """uint8 (N, H, W, 1), 128 or more in the hole; the examples have a box in it."""

    def example(numbers: np.ndarray) -> np.ndarray:
        masks = np.zeros((len(numbers), height, width, 1), np.uint8)
        for mask, number in zip(masks, numbers, strict=True):
            top, left = int(number) % max(1, height // 2), int(number) % max(1, width // 2)
            mask[top : top + (height + 1) // 2, left : left + (width + 1) // 2] = 255
        return masks

    return Port(name, "masks", tf.uint8, (height, width, 1), example=example)


def files_port(picture_shape: Iterable[int], name: str) -> Port:
    """PNG or JPEG files of pictures of any size, string (N,).

    Args:
        picture_shape: (height, width, channels) of what they become, which the examples have.
        name: `mask_bytes` of masks, whose examples are those of `masks_port`.
    """
    height, width, channels = picture_shape
    pixels = masks_port(height, width) if name == "mask_bytes" else pixels_port((height, width, channels))

    def example(numbers: np.ndarray) -> np.ndarray:
        assert pixels.example is not None
        files = [tf.io.encode_png(image).numpy() for image in pixels.example(numbers)]
        return np.array([*files, None], object)[:-1]  # of one file NumPy would make an array of its length

    said, shape = "must be PNG or JPEG files", (height, width, channels)
    return Port(name, "files", tf.string, (), said, None, b"GIF89a", example, picture_shape=shape)


def png_head(width: int, height: int, depth: int = 8) -> bytes:
    """The first 33 bytes of a PNG file of colours, which say how large it is; nothing follows them."""
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, depth, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))


def png_port() -> Port:
    """PNG files, string (N,)."""
    return Port("image_bytes", "png", tf.string, ())


def logits_port() -> Port:
    """float32 (N, 1), or (N, h, w, 1) of patches."""
    return Port("logits", "logits", tf.float32, None)


def labels_port(labels: Labels) -> Port:
    """int32 (N,) classes, or float32 (N, A) attributes."""

    def example(numbers: np.ndarray) -> np.ndarray:
        return labels.check(None, int(numbers.max(initial=0)) + 1)[numbers]

    dtype, shape = tf.as_dtype(labels.dtype), labels.row_shape
    return Port("labels", "labels", dtype, shape, labels.said, labels.is_right, labels.wrong, example, labels)


def of_facts(facts: Mapping[str, Any]) -> Port:
    """The port that a card describes.

    Raises:
        KeyError: of a kind that is unknown, or without what its kind needs.
    """
    name, kind, shape = facts["name"], facts["kind"], facts["shape"]
    if kind == "latents":
        return latents_port(shape[0], name)
    if kind == "images":
        return images_port(shape, name)
    if kind == "pixels":
        return pixels_port(shape, name)
    if kind == "masks":
        return masks_port(shape[0], shape[1], name)
    if kind == "files":
        return files_port(facts["picture_shape"], name)
    if kind == "labels" and (labels := Labels.of_card(facts)) is not None:
        return labels_port(labels)
    makers = {"seeds": seeds_port, "truncation": truncation_port, "t": way_port, "png": png_port, "logits": logits_port}
    return makers[kind]()


def ports_of_card(card: Mapping[str, Any]) -> dict[str, Ports]:
    """The signatures of an export by name, as its card says them; those of a generator follow from its other facts.

    Args:
        card: of any age.

    Raises:
        KeyError: a card without what is needed.
    """
    if "signatures" not in card:
        return generator_ports(card, with_discriminator=True)
    return {
        name: Ports(tuple(map(of_facts, each["inputs"])), of_facts(each["output"]))
        for name, each in card["signatures"].items()
    }


def generator_ports(facts: Mapping[str, Any], with_discriminator: bool = False) -> dict[str, Ports]:
    """The signatures of a generator by name.

    Args:
        facts: its `latent_dim`, `image_shape`, `num_classes` and `num_attributes`, as a card of any age has them.
        with_discriminator: whether it has `score`.
    """
    shape, size = facts["image_shape"], facts["latent_dim"]
    known = Labels.of_card(facts)
    labels = () if known is None else (labels_port(known),)
    images = images_port(shape)
    ends = (latents_port(size, "latents_a", 1), latents_port(size, "latents_b", 2))
    found = {
        "serving_default": Ports((latents_port(size), *labels), images),
        "sample": Ports((seeds_port(), *labels), images),
        "sample_truncated": Ports((seeds_port(), truncation_port(), *labels), images),
        "interpolate": Ports((*ends, way_port(), *labels), images),
    }
    if shape[-1] in PNG_CHANNELS:
        found["sample_png"] = Ports((seeds_port(), *labels), png_port())
    if with_discriminator:
        found["score"] = Ports((images, *labels), logits_port())
    return found


def port_of(name: str, spec: tf.TensorSpec) -> Port:
    """What is known of an input that a server describes by name, type and shape alone.

    How many classes there are it does not say, so that the server's own refusal is the last word.
    """
    row_shape = tuple(spec.shape[1:])
    if name == "labels":
        port = labels_port(Labels.of_rows(row_shape))
        said = port.said if row_shape else "must be classes, 0 or more"
        return Port(name, "labels", spec.dtype, row_shape, said, port.is_right)
    if name == "seeds":
        return Port(name, name, spec.dtype, row_shape, "must be in 0..2**62", lambda x: (x >= 0) & (x <= MAX_SEED))
    if name == "truncation":
        said = "must be finite and greater than 0"
        return Port(name, name, spec.dtype, row_shape, said, lambda x: _is_finite(x) & (x > 0))
    if spec.dtype == tf.uint8 and name in ("images", "masks"):
        return pixels_port(row_shape) if name == "images" else masks_port(row_shape[0], row_shape[1])
    if spec.dtype == tf.string and name in ("image_bytes", "mask_bytes"):
        return Port(name, "files", tf.string, row_shape)
    known = {"t": way_port(), "images": images_port(row_shape)}
    if name in ("latents", "latents_a", "latents_b"):
        return latents_port(int(row_shape[0]), name)
    return known.get(name, Port(name, "unknown", spec.dtype, row_shape))


def example_inputs(names: Iterable[str], rows: int, facts: Mapping[str, Any], first: int = 0) -> dict[str, np.ndarray]:
    """Inputs that a generator accepts, always the same.

    Args:
        names: inputs of a signature.
        rows: how many.
        facts: see `generator_ports`.
        first: the number of the first row; a row depends on its number alone.
    """
    ports = {port.name: port for each in generator_ports(facts, True).values() for port in each.inputs}
    return _examples([ports[name] for name in names], rows, first)


def _examples(ports: Iterable[Port], rows: int, first: int) -> dict[str, np.ndarray]:
    numbers = np.arange(first, first + rows)
    return {port.name: port.example(numbers) for port in ports if port.example is not None}


def _is_finite(numbers: Any) -> Any:
    return tf.math.is_finite(numbers) if tf.is_tensor(numbers) else np.isfinite(numbers)
