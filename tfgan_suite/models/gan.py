"""The unconditional adversarial step, once, for any pair of networks."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgan_suite.arguments import checked_types
from tfgan_suite.errors import InputError, unknown_choice
from tfgan_suite.labels import Labels
from tfgan_suite.latents import check_count, check_seed, latents_from_seeds
from tfgan_suite.models.algorithm import Algorithm
from tfgan_suite.models.first_batch import Expected
from tfgan_suite.models.judging import judged, judged_fakes
from tfgan_suite.models.network_checks import check_ends, check_networks
from tfgan_suite.models.replicas import replica_rows
from tfgan_suite.models.rows import predict_rows
from tfgan_suite.noise import EVALUATION_STREAM, Step
from tfgan_suite.objectives.objective import Judge, Objective
from tfgan_suite.ports import labels_port

UPDATES = ("alternating", "simultaneous")
CALLS = 4  # of a network in one discriminator step, at most: what their masks are numbered by


@keras.saving.register_keras_serializable(package="tfgan_suite")
class GAN(Algorithm):
    """A generator and a discriminator, trained against each other by `fit`.

    One `train_step` is one step of the generator after `discriminator_steps` of the discriminator.
    Its batch has `discriminator_steps` times the rows of one discriminator step; step j takes the
    rows j, j + discriminator_steps, ... and fresh latents. With alternating updates the last
    step's fake images serve both networks, and the generator is judged by the discriminator as
    just updated; with simultaneous updates both gradients are taken before either is applied.

    Args:
        generator: built Functional or Sequential network, (N, latent_dim) -> (N, H, W, C) in [-1, 1].
        discriminator: built Functional or Sequential network, (N, H, W, C) -> logits (N, 1) or patches (N, h, w, 1).
        discriminator_steps: discriminator steps for each generator step, at least 1.
        updates: `"alternating"` or `"simultaneous"` (the latter needs one discriminator step).
        ema_momentum: momentum of the moving average of the generator's weights, in [0, 1); 0 is
            off. When on, `generate`, `call`, `evaluate` and exports use `ema_generator`. The
            momentum at step t is min(ema_momentum, (1 + t) / (10 + t)), so that the average
            forgets the first, random weights.
        seed: of all noise. Latents are a function of (seed, stream, step, row) alone.

    Logs: `generator_loss` and `discriminator_loss`, means over the epoch so far; `real_score` D(x)
    and `fake_score` D(G(z)) before the discriminator's update: mean probabilities of "real", or
    mean logits for the losses `least_squares` and `hinge`.

    Raises:
        InputError: networks that are not built or do not fit, or an argument out of its range.

    Reference: Goodfellow et al., 2014, arXiv 1406.2661, algorithm 1.
    """

    KEYS = ("generator_loss", "discriminator_loss", "real_score", "fake_score")

    @checked_types
    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        discriminator_steps: int = 1,
        updates: str = "alternating",
        ema_momentum: float = 0.0,
        seed: int = 0,
        name: str | None = None,
        **kwargs: Any,
    ):
        if discriminator_steps < 1:
            raise InputError(f"discriminator_steps must be at least 1. Received: {discriminator_steps}.")
        if updates not in UPDATES:
            raise unknown_choice("kind of updates", updates, UPDATES)
        if updates == "simultaneous" and discriminator_steps > 1:
            raise InputError(
                "Simultaneous updates take one discriminator step for each generator step. "
                f"Received: discriminator_steps={discriminator_steps}. Use updates='alternating'."
            )
        check_networks(generator, discriminator)
        super().__init__(ema_momentum=ema_momentum, seed=seed, name=name, **kwargs)
        self.generator = generator
        self.discriminator = discriminator
        self.discriminator_steps = discriminator_steps
        self.updates = updates
        self.ema_generator = self.average_of(generator)
        self._sample_function: Any = None
        self.begin()

    # ---- the step -------------------------------------------------------------------------------

    def update(self, batch: tuple[tf.Tensor, Any], step: Step) -> None:
        last = self.discriminator_steps - 1
        for index in range(last):
            real_images, labels = (self._part(values, index) for values in batch)
            self._discriminator_step(index, real_images, self._fake_images(index, labels, step), labels, step)
        real_images, labels = (self._part(values, last) for values in batch)
        if self.updates == "alternating":
            self._alternating_step(last, real_images, labels, step)
        else:
            self._simultaneous_step(real_images, labels, step)

    def _alternating_step(self, index: int, real_images: tf.Tensor, labels: Any, step: Step) -> None:
        """The discriminator, then the generator by the discriminator as just updated."""
        with tf.GradientTape() as tape:
            fake_images = self._fake_images(index, labels, step)
            with tape.stop_recording():
                self._discriminator_step(index, real_images, fake_images, labels, step)
            per_sample = judged_fakes(self.objective, self._judge(labels), fake_images, step, CALLS * index + 3)
            loss = self.mean(per_sample, step)
        self.track({"generator_loss": per_sample}, step)
        self.apply("generator", tape, loss)

    def _simultaneous_step(self, real_images: tf.Tensor, labels: Any, step: Step) -> None:
        """Both gradients before either is applied."""
        with tf.GradientTape() as generator_tape, tf.GradientTape() as discriminator_tape:
            with discriminator_tape.stop_recording():
                fake_images = self._fake_images(0, labels, step)
            judgement = judged(self.objective, self._judge(labels), real_images, fake_images, step, call=1)
            discriminator_loss = self.mean(judgement.discriminator_loss, step)
            generator_loss = self.mean(judgement.generator_loss, step)
        self.track(judgement.of_discriminator(), step)
        self.track({"generator_loss": judgement.generator_loss}, step)
        variables = self.variables_of("generator")
        gradients = generator_tape.gradient(generator_loss, variables)
        self.apply("discriminator", discriminator_tape, discriminator_loss)
        self.generator_optimizer.apply(gradients, variables)

    def _discriminator_step(
        self, index: int, real_images: tf.Tensor, fake_images: tf.Tensor, labels: Any, step: Step
    ) -> None:
        fake_images = tf.stop_gradient(fake_images)
        with tf.GradientTape() as tape:
            judgement = judged(self.objective, self._judge(labels), real_images, fake_images, step, CALLS * index + 1)
            loss = self.mean(judgement.discriminator_loss, step)
        self.track(judgement.of_discriminator(), step)
        self.apply("discriminator", tape, loss)

    def _fake_images(self, index: int, labels: Any, step: Step) -> tf.Tensor:
        latents = step.normal(index, self.latent_dim)
        with step.masks(CALLS * index):
            return self.generator(self.generator_inputs(latents, labels), training=True)

    def _judge(self, labels: Any, training: bool = True) -> Judge:
        """The discriminator, told the labels: images -> logits."""
        return lambda images: self.discriminator(self.discriminator_inputs(images, labels), training=training)

    def _part(self, values: Any, index: int) -> Any:
        """The rows of discriminator step `index`: every discriminator_steps-th, from `index` on.

        Strides, not blocks: a replica's part then holds the rows that it would have of the global
        batch's part.
        """
        if values is None or self.discriminator_steps == 1:
            return values
        return values[index :: self.discriminator_steps]

    def test_step(self, data: Any) -> dict[str, tf.Tensor]:
        real_images, labels = self.unpack_batch(data)
        batch = tf.cast(self._evaluated_batches.result(), tf.int64)
        step = Step(self.seed, batch, replica_rows(real_images, 1))
        latents = step.normal(EVALUATION_STREAM, self.latent_dim)
        fake_images = self.sampling_generator(self.generator_inputs(latents, labels), training=False)
        judgement = judged(self.objective, self._judge(labels, training=False), real_images, fake_images)
        self.track(judgement._asdict(), step)
        self._evaluated_batches.update_state(1.0)
        return self.logs()

    # ---- what a step is made of -----------------------------------------------------------------

    def sides(self) -> dict[str, list[keras.Model]]:
        return {"generator": [self.generator], "discriminator": [self.discriminator]}

    def averaged(self) -> list[tuple[keras.Model, keras.Model]]:
        return [] if self.ema_generator is None else [(self.ema_generator, self.generator)]

    def num_parts(self) -> int:
        return self.discriminator_steps

    def check_ends(self, objective: Objective, is_loading: bool) -> None:
        check_ends(self.generator, self.discriminator, objective.pair.logits_are_log_odds, is_loading)

    # ---- the hooks that a conditional model overrides ------------------------------------------

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

    def network_config(self) -> dict[str, Any]:
        return {
            "generator": keras.saving.serialize_keras_object(self.generator),
            "discriminator": keras.saving.serialize_keras_object(self.discriminator),
        }

    # ---- shapes ---------------------------------------------------------------------------------

    def expected(self) -> Expected:
        steps, replicas = self.discriminator_steps, self.distribute_strategy.num_replicas_in_sync
        return Expected(
            self.image_shape,
            self.labels,
            steps * replicas if steps > 1 else 1,
            type(self).__name__,
        )

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

    # ---- saving ---------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        more = {"discriminator_steps": self.discriminator_steps, "updates": self.updates}
        return {**super().get_config(), **more}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "GAN":
        networks: dict[str, keras.Model] = {
            key: keras.saving.deserialize_keras_object(config[key], custom_objects)
            for key in ("generator", "discriminator")
            if key in config
        }
        return cls(**{**config, **networks})
