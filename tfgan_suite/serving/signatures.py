"""What an exported generator can be asked, and what it refuses.

Every input and output has one leading dimension, the rows, and row i of an output depends on row i of
the inputs alone: TensorFlow Serving puts the requests of several clients into one batch.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import tensorflow as tf

from tfgan_suite.labels import Labels
from tfgan_suite.latents import interpolated, latents_from_seeds, truncated
from tfgan_suite.models.gan import GAN
from tfgan_suite.models.refusals import refuse
from tfgan_suite.models.rows import predict_rows
from tfgan_suite.ports import Ports, generator_ports

# A request for more rows would hold a server's memory and time at one stroke: of 64x64 colour images these are 200 MB.
MAX_ROWS = 4096


class Signature(NamedTuple):
    """A function of the exported generator and what it takes and gives."""

    function: Callable[..., dict[str, tf.Tensor]]
    ports: Ports


def signatures(model: GAN, with_discriminator: bool = False) -> dict[str, Signature]:
    """The signatures of a model by name; see `generator_ports`."""
    ports = generator_ports(signature_facts(model), with_discriminator)
    refuse = _Refusals(ports.values())

    def serving_default(latents: tf.Tensor, labels: Any = None) -> dict[str, tf.Tensor]:
        latents, labels = refuse(latents=latents, labels=labels)
        return {"images": model.images_from_latents(latents, labels)}

    def sample(seeds: tf.Tensor, labels: Any = None) -> dict[str, tf.Tensor]:
        seeds, labels = refuse(seeds=seeds, labels=labels)
        return {"images": model.sample(seeds, labels)}

    def sample_truncated(seeds: tf.Tensor, truncation: tf.Tensor, labels: Any = None) -> dict[str, tf.Tensor]:
        seeds, truncation, labels = refuse(seeds=seeds, truncation=truncation, labels=labels)
        latents = truncated(latents_from_seeds(seeds, model.latent_dim), truncation)
        return {"images": model.images_from_latents(latents, labels)}

    def sample_png(seeds: tf.Tensor, labels: Any = None) -> dict[str, tf.Tensor]:
        seeds, labels = refuse(seeds=seeds, labels=labels)
        return {"image_bytes": _png(model.sample(seeds, labels))}

    def interpolate(
        latents_a: tf.Tensor, latents_b: tf.Tensor, t: tf.Tensor, labels: Any = None
    ) -> dict[str, tf.Tensor]:
        latents_a, latents_b, t, labels = refuse(latents_a=latents_a, latents_b=latents_b, t=t, labels=labels)
        return {"images": model.images_from_latents(interpolated(latents_a, latents_b, t), labels)}

    def score(images: tf.Tensor, labels: Any = None) -> dict[str, tf.Tensor]:
        images, labels = refuse(images=images, labels=labels)
        logits = predict_rows(model.discriminator, model.discriminator_inputs(images, labels))
        return {"logits": tf.cast(logits, tf.float32)}

    functions: dict[str, Callable[..., dict[str, tf.Tensor]]] = {
        "serving_default": serving_default,
        "sample": sample,
        "sample_truncated": sample_truncated,
        "sample_png": sample_png,
        "interpolate": interpolate,
        "score": score,
    }
    return {name: Signature(functions[name], ports[name]) for name in ports}


def signature_facts(model: GAN) -> dict[str, Any]:
    """What a card says of a model's inputs and outputs."""
    return {
        "image_shape": model.image_shape,
        "latent_dim": model.latent_dim,
        **Labels.facts(model.labels),
    }


def _png(images: tf.Tensor) -> tf.Tensor:
    """float32 (N, H, W, C) in [-1, 1] -> PNG files, string (N,); the same levels as `images.to_uint8`."""
    levels = tf.clip_by_value(tf.round((images + 1.0) * 127.5), 0.0, 255.0)
    return tf.io.encode_png(tf.cast(levels, tf.uint8))


class _Refusals:
    """Inputs let through where they are in their range; else the run of the graph ends with a message."""

    def __init__(self, signatures: Iterable[Ports]):
        self._ports = {port.name: port for ports in signatures for port in ports.inputs}

    def __call__(self, **inputs: Any) -> list[Any]:
        """The inputs by name, in their order; None stays None."""
        # The server feeds what it gets: of 0 x 2**40 numbers a reduction along the rows would make 2**40.
        given = {name: tf.ensure_shape(value, value.shape) for name, value in inputs.items() if value is not None}
        first, *others = given
        rows = {name: tf.shape(value)[0] for name, value in given.items()}
        # An empty batch comes out of TensorFlow's DepthToSpace with the wrong shape.
        has_rows = (rows[first] >= 1) & (rows[first] <= MAX_ROWS)
        asserts = [refuse(has_rows, f"A request must have 1 to {MAX_ROWS} rows.", rows[first])]
        for name in others:
            message = f"{name} must have a row for each of {first}."
            asserts.append(refuse(tf.equal(rows[name], rows[first]), message, rows[name], "for", rows[first]))
        for name, value in given.items():
            port = self._ports[name]
            if port.is_right is not None:
                low, high = tf.reduce_min(value), tf.reduce_max(value)
                asserts.append(refuse(port.is_right(value), f"{name} {port.said}.", low, "to", high))
        with tf.control_dependencies(asserts):
            return [tf.identity(given[name]) if name in given else None for name in inputs]
