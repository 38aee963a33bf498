"""What every model that makes images of latents has: labels, seeds, `generate`, and what is exported of it."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgan_suite.arguments import checked_types
from tfgan_suite.data.image_data import ImageData
from tfgan_suite.errors import InputError
from tfgan_suite.labels import Labels
from tfgan_suite.latents import check_count, check_seed, interpolated, latents_from_seeds, truncated
from tfgan_suite.models.algorithm import Algorithm
from tfgan_suite.models.endpoints import Endpoint, Shown, png_files
from tfgan_suite.models.rows import predict_rows
from tfgan_suite.ports import generator_ports, images_port, labels_port

MAX_COLUMNS = 20  # of labels that are shown


class FromLatents(Algorithm):
    """An `Algorithm` whose generator makes images of latents, and perhaps of labels.

    Attributes:
        generator: (N, latent_dim), or with labels beside it, -> (N, H, W, C) in [-1, 1].
        ema_generator: its moving average; None where there is none.
        discriminator: of these images, or with labels beside them.
    """

    generator: keras.Model
    ema_generator: keras.Model | None
    discriminator: keras.Model
    _sample_function: Any = None

    @classmethod
    def arguments_of(cls, data: ImageData) -> dict[str, Any]:
        return {"image_shape": data.image_shape}

    # ---- what a conditional model overrides -----------------------------------------------------

    def generator_inputs(self, latents: tf.Tensor, labels: Any) -> Any:
        """What the generator is called on."""
        return latents

    def discriminator_inputs(self, images: tf.Tensor, labels: Any) -> Any:
        """What the discriminator is called on."""
        return images

    @property
    def labels(self) -> Labels | None:
        """The labels that it takes; None for a model without labels."""
        return None

    # ---- shapes ---------------------------------------------------------------------------------

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of the images."""
        return tuple(self.generator.output_shape[1:])

    @property
    def latent_dim(self) -> int:
        """Length of a latent vector."""
        shapes = self.generator.input_shape
        return shapes[0][-1] if isinstance(shapes, list) else shapes[-1]

    @property
    def sampling_generator(self) -> keras.Model:
        """The generator that is shown and shipped: the moving average where there is one."""
        return self.generator if self.ema_generator is None else self.ema_generator

    def takes(self) -> tuple[Any, ...]:
        images = images_port(self.image_shape)
        return (images,) if self.labels is None else (images, labels_port(self.labels))

    def label_spec(self) -> tf.TensorSpec | None:
        """Shape and type of a batch of labels; None for a model without labels."""
        return None if self.labels is None else labels_port(self.labels).spec()

    def check_labels(self, labels: Any, count: int) -> Any:
        """The labels of `generate` as an array with `count` rows; None for a model without labels."""
        if self.labels is not None:
            return self.labels.check(labels, count)
        if labels is not None:
            raise InputError(f"{type(self).__name__} is not conditional and takes no labels. Received: {labels!r}.")
        return None

    # ---- images ---------------------------------------------------------------------------------

    def call(self, inputs: Any, training: bool = False) -> tf.Tensor:
        """The generator: latents (N, latent_dim) -> images (N, H, W, C) in [-1, 1]."""
        return self.sampling_generator(inputs, training=training)

    @checked_types
    def generate(self, count: int, seed: int = 0, labels: Any = None, batch_size: int = 256) -> np.ndarray:
        """New images; image i depends on seed + i (and its label) alone.

        Args:
            count: N, how many.
            seed: of the first image.
            labels: for a conditional model N labels, or one for all; they cycle through the classes when
                None.
            batch_size: images made at a time.

        Returns:
            float32 (N, H, W, C) in [-1, 1], equal to what the exported signature `sample` gives.

        Raises:
            InputError: a count below 1, or labels that do not fit.
        """
        check_count(count, self.image_shape)
        check_seed(seed)
        if batch_size < 1:
            raise InputError(f"batch_size must be at least 1. Received: {batch_size}.")
        labels = self.check_labels(labels, count)
        inputs = [np.arange(seed, seed + count, dtype=np.int64), *([] if labels is None else [labels])]
        if self._sample_function is None:
            label_spec = self.label_spec()
            seed_spec = tf.TensorSpec([None], tf.int64)
            signature = [seed_spec] if label_spec is None else [seed_spec, label_spec]
            self._sample_function = tf.function(self.sample, input_signature=signature)
        parts = [slice(start, start + batch_size) for start in range(0, count, batch_size)]
        return np.concatenate([self._sample_function(*(tf.constant(i[part]) for i in inputs)) for part in parts])

    def sample(self, seeds: tf.Tensor, labels: Any = None) -> tf.Tensor:
        """int64 seeds (N,) and labels (N,) or (N, A) -> float32 images (N, H, W, C): the graph of `generate`."""
        return self.images_from_latents(latents_from_seeds(seeds, self.latent_dim), labels)

    def images_from_latents(self, latents: tf.Tensor, labels: Any = None) -> tf.Tensor:
        """Latents (N, latent_dim) and labels (N,) or (N, A) -> float32 images (N, H, W, C), as they are exported."""
        images = predict_rows(self.sampling_generator, self.generator_inputs(latents, labels))
        return tf.cast(images, tf.float32)  # JSON has no bfloat16

    def show(self, count: int, examples: tuple[np.ndarray, ...] = ()) -> Shown:
        """See `Algorithm.show`: a column for each of the first labels."""
        if self.labels is None:
            return Shown(self.generate(count))
        shown = self.labels.check(None, self.labels.size)[:MAX_COLUMNS]
        return Shown(self.generate(max(1, count // len(shown)) * len(shown), labels=shown), shown)

    # ---- what is exported -----------------------------------------------------------------------

    def facts(self) -> dict[str, Any]:
        """See `Algorithm.facts`; the ports follow from these, see `generator_ports`."""
        return {"image_shape": self.image_shape, "latent_dim": self.latent_dim, **Labels.facts(self.labels)}

    def endpoints(self, with_discriminator: bool = False) -> dict[str, Endpoint]:
        generator = (self.sampling_generator,)

        def truncated_sample(seeds: tf.Tensor, truncation: tf.Tensor, labels: Any = None) -> tf.Tensor:
            return self.images_from_latents(truncated(latents_from_seeds(seeds, self.latent_dim), truncation), labels)

        def png(seeds: tf.Tensor, labels: Any = None) -> tf.Tensor:
            return png_files(self.sample(seeds, labels))

        def between(a: tf.Tensor, b: tf.Tensor, t: tf.Tensor, labels: Any = None) -> tf.Tensor:
            return self.images_from_latents(interpolated(a, b, t), labels)

        def score(images: tf.Tensor, labels: Any = None) -> tf.Tensor:
            logits = predict_rows(self.discriminator, self.discriminator_inputs(images, labels))
            return tf.cast(logits, tf.float32)

        functions: dict[str, tuple[Callable[..., tf.Tensor], tuple[keras.Model, ...]]] = {
            "serving_default": (self.images_from_latents, generator),
            "sample": (self.sample, generator),
            "sample_truncated": (truncated_sample, generator),
            "sample_png": (png, generator),
            "interpolate": (between, generator),
            "score": (score, (self.discriminator,)),
        }
        ports = generator_ports(self.facts(), with_discriminator)
        return {name: Endpoint(functions[name][0], ports[name], functions[name][1]) for name in ports}
