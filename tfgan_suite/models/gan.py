"""The unconditional adversarial step, once, for any pair of networks."""

from typing import Any

import keras
import tensorflow as tf

from tfgan_suite.arguments import checked_types
from tfgan_suite.errors import InputError, unknown_choice
from tfgan_suite.models.from_latents import FromLatents
from tfgan_suite.models.judging import judged, judged_fakes
from tfgan_suite.models.network_checks import check_ends, check_networks
from tfgan_suite.noise import EVALUATION_STREAM, Step
from tfgan_suite.objectives.objective import Judge, Objective

UPDATES = ("alternating", "simultaneous")
CALLS = 4  # of a network in one discriminator step, at most: what their masks are numbered by


@keras.saving.register_keras_serializable(package="tfgan_suite")
class GAN(FromLatents):
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
        self.begin()

    # ---- the step -------------------------------------------------------------------------------

    def update(self, batch: tuple[tf.Tensor, ...], step: Step) -> None:
        last = self.discriminator_steps - 1
        for index in range(last):
            real_images, labels = images_and_labels(self._part(batch, index))
            self._discriminator_step(index, real_images, self._fake_images(index, labels, step), labels, step)
        real_images, labels = images_and_labels(self._part(batch, last))
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
            per_sample = judged_fakes(
                self.objective, self._judge(labels), fake_images, step, CALLS * index + 3, real_images
            )
            loss = self.mean(per_sample, step)
        self.track({"generator_loss": per_sample}, step)
        self.apply("generator", tape, loss)

    def _simultaneous_step(self, real_images: tf.Tensor, labels: Any, step: Step) -> None:
        """Both gradients before either is applied."""
        with tf.GradientTape() as generator_tape, tf.GradientTape() as discriminator_tape:
            with discriminator_tape.stop_recording():
                fake_images = self._fake_images(0, labels, step)
            judgement = judged(self.objective, self._judge(labels), real_images, fake_images, step, call=1)
            discriminator_loss = self.mean(judgement.discriminator_total, step)
            generator_loss = self.mean(judgement.generator_loss, step)
        self.track(judgement.of_discriminator(), step)
        self.track({"generator_loss": judgement.generator_loss}, step)
        gradients = generator_tape.gradient(generator_loss, self.variables_of("generator"))
        self.apply("discriminator", discriminator_tape, discriminator_loss)
        self.move("generator", gradients)

    def _discriminator_step(
        self, index: int, real_images: tf.Tensor, fake_images: tf.Tensor, labels: Any, step: Step
    ) -> None:
        fake_images = tf.stop_gradient(fake_images)
        with tf.GradientTape() as tape:
            judgement = judged(self.objective, self._judge(labels), real_images, fake_images, step, CALLS * index + 1)
            loss = self.mean(judgement.discriminator_total, step)
        self.track(judgement.of_discriminator(), step)
        self.apply("discriminator", tape, loss)

    def _fake_images(self, index: int, labels: Any, step: Step) -> tf.Tensor:
        latents = step.normal(index, self.latent_dim)
        with step.masks(CALLS * index):
            return self.generator(self.generator_inputs(latents, labels), training=True)

    def _judge(self, labels: Any, training: bool = True) -> Judge:
        """The discriminator, told the labels: images -> logits."""
        return lambda images: self.discriminator(self.discriminator_inputs(images, labels), training=training)

    def _part(self, batch: tuple[tf.Tensor, ...], index: int) -> tuple[tf.Tensor, ...]:
        """The rows of discriminator step `index`: every discriminator_steps-th, from `index` on.

        Strides, not blocks: a replica's part then holds the rows that it would have of the global
        batch's part.
        """
        return (
            batch if self.discriminator_steps == 1 else tuple(each[index :: self.discriminator_steps] for each in batch)
        )

    def judge_batch(self, batch: tuple[tf.Tensor, ...], step: Step) -> dict[str, tf.Tensor]:
        real_images, labels = images_and_labels(batch)
        latents = step.normal(EVALUATION_STREAM, self.latent_dim)
        fake_images = self.sampling_generator(self.generator_inputs(latents, labels), training=False)
        return judged(self.objective, self._judge(labels, training=False), real_images, fake_images).logs()

    # ---- what a step is made of -----------------------------------------------------------------

    def sides(self) -> dict[str, list[keras.Model]]:
        return {"generator": [self.generator], "discriminator": [self.discriminator]}

    def averaged(self) -> list[tuple[keras.Model, keras.Model]]:
        return [] if self.ema_generator is None else [(self.ema_generator, self.generator)]

    def num_parts(self) -> int:
        return self.discriminator_steps

    def check_ends(self, objective: Objective, is_loading: bool) -> None:
        check_ends(self.generator, self.discriminator, objective.pair.logits_are_log_odds, is_loading)

    # ---- saving ---------------------------------------------------------------------------------

    def network_config(self) -> dict[str, Any]:
        return {
            "generator": keras.saving.serialize_keras_object(self.generator),
            "discriminator": keras.saving.serialize_keras_object(self.discriminator),
        }

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


def images_and_labels(batch: tuple[tf.Tensor, ...]) -> tuple[tf.Tensor, tf.Tensor | None]:
    """The two of a batch; None for the labels of a model that takes none."""
    return batch[0], batch[1] if len(batch) > 1 else None
