"""The unconditional adversarial step, once, for any pair of networks."""

import warnings
from contextlib import AbstractContextManager as ContextManager
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgan_suite.arguments import checked_types
from tfgan_suite.errors import InputError, unknown_choice
from tfgan_suite.labels import Labels
from tfgan_suite.latents import (
    EVALUATION_STREAM,
    MASK_STREAM,
    batch_latents,
    check_count,
    check_seed,
    latents_from_seeds,
    stateless_seed,
)
from tfgan_suite.layers.keyed_dropout import mask_key
from tfgan_suite.losses import AdversarialLoss, get_loss, per_sample_mean, smooth_real_label
from tfgan_suite.models.first_batch import Expected
from tfgan_suite.models.keras_surface import KerasSurface
from tfgan_suite.models.network_checks import check_ends, check_networks
from tfgan_suite.models.optimizer_pair import OptimizerPair
from tfgan_suite.models.replicas import ReplicaRows, replica_rows, several_machines
from tfgan_suite.models.rows import predict_rows

UPDATES = ("alternating", "simultaneous")
# Of a model from a file, which does not keep them.
EXECUTION = {"steps_per_execution": 1, "jit_compile": False, "run_eagerly": False}


@keras.saving.register_keras_serializable(package="tfgan_suite")
class GAN(KerasSurface):
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
        if not 0.0 <= ema_momentum < 1.0:
            raise InputError(f"ema_momentum must be in [0, 1). Received: {ema_momentum}.")
        check_networks(generator, discriminator)
        super().__init__(name=name, **kwargs)
        self.generator = generator
        self.discriminator = discriminator
        self.discriminator_steps = discriminator_steps
        self.updates = updates
        self.ema_momentum = ema_momentum
        self.seed = seed
        self.ema_generator: keras.Model | None = None
        if ema_momentum:
            self.ema_generator = keras.models.clone_model(generator)
            self.ema_generator.set_weights(generator.get_weights())
            self.ema_generator.trainable = False
        self.step = self.add_weight(
            shape=(), dtype="int64", initializer="zeros", trainable=False, name="step", aggregation="only_first_replica"
        )
        means = "float64" if discriminator.outputs[0].dtype == "float64" else "float32"
        self._trackers = {
            key: keras.metrics.Mean(name=f"{key}_tracker", dtype=means)
            for key in ("generator_loss", "discriminator_loss", "real_score", "fake_score")
        }
        self._sample_function: Any = None
        self._evaluated_batches = keras.metrics.Sum(name="evaluated_batches")
        # Keras would otherwise build the model by calling it on a batch of images.
        self.built = True

    # ---- the hooks that a conditional model overrides ------------------------------------------

    def generator_inputs(self, latents: tf.Tensor, labels: Any) -> Any:
        """What the generator is called on."""
        return latents

    def discriminator_inputs(self, images: tf.Tensor, labels: Any) -> Any:
        """What the discriminator is called on."""
        return images

    def label_spec(self) -> tf.TensorSpec | None:
        """Shape and type of a batch of labels; None for a model without labels."""
        return None

    def check_labels(self, labels: Any, count: int) -> Any:
        """The labels of `generate` as an array with `count` rows; None for a model without labels."""
        if labels is not None:
            raise InputError(f"{type(self).__name__} is not conditional and takes no labels. Received: {labels!r}.")
        return None

    def default_optimizer(self) -> keras.optimizers.Optimizer:
        """A new optimizer with the settings of the model's paper, for either network."""
        return keras.optimizers.Adam(2e-4, beta_1=0.5)

    def network_config(self) -> dict[str, Any]:
        """The constructor's arguments that choose the networks."""
        return {
            "generator": keras.saving.serialize_keras_object(self.generator),
            "discriminator": keras.saving.serialize_keras_object(self.discriminator),
        }

    # ---- shapes ---------------------------------------------------------------------------------

    def expected(self) -> Expected:
        steps, replicas = self.discriminator_steps, self.distribute_strategy.num_replicas_in_sync
        return Expected(
            self.image_shape,
            Labels.of(getattr(self, "num_classes", None), getattr(self, "num_attributes", None)),
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

    # ---- Keras ----------------------------------------------------------------------------------

    def compile(
        self,
        generator_optimizer: keras.optimizers.Optimizer | str | None = None,
        discriminator_optimizer: keras.optimizers.Optimizer | str | None = None,
        loss: str | AdversarialLoss = "non_saturating",
        label_smoothing: float = 0.0,
        *,
        steps_per_execution: int = 1,
        jit_compile: bool | str | None = "auto",
        run_eagerly: bool = False,
        **others: Any,
    ) -> None:
        """Chooses optimizers and loss; without arguments those of the model's paper.

        Args:
            generator_optimizer: a Keras optimizer of its own; `default_optimizer()` when None.
            discriminator_optimizer: another one; `default_optimizer()` when None.
            loss: a name in `LOSSES`, or an `AdversarialLoss`.
            label_smoothing: real images' target is 1 - label_smoothing, in [0, 0.5).
            steps_per_execution: training steps a call of the graph, at least 1; see `keras.Model.compile`.
            jit_compile: True for XLA, whose graphs cannot refuse a later batch; `"auto"`: no.
            run_eagerly: see `keras.Model.compile`.
            others: refused, since the step would not look at them.

        Raises:
            InputError: an unknown loss, one optimizer for both networks, a network whose last activation belongs to
                another loss, or an option that this step, or TensorFlow under several replicas, cannot do.

        Warns:
            UserWarning: a last activation that does not fit, or `jit_compile=True`.
        """
        if others:
            raise InputError(
                f"{type(self).__name__}.compile takes no {', '.join(sorted(others))}. Expected generator_optimizer, "
                "discriminator_optimizer, loss, label_smoothing, steps_per_execution, jit_compile or run_eagerly."
            )
        if jit_compile is True:
            warnings.warn(
                "Under jit_compile=True only the first batch of each call is looked at: XLA drops what would refuse "
                "images or labels out of range in later ones.",
                UserWarning,
                stacklevel=2,
            )
        self._compile(
            generator_optimizer,
            discriminator_optimizer,
            loss,
            label_smoothing,
            {
                "steps_per_execution": steps_per_execution,
                "jit_compile": jit_compile is True,
                "run_eagerly": run_eagerly,
            },
        )

    def _compile(
        self,
        generator_optimizer: keras.optimizers.Optimizer | str | None,
        discriminator_optimizer: keras.optimizers.Optimizer | str | None,
        loss: str | AdversarialLoss,
        label_smoothing: float,
        execution: dict[str, Any],
        is_loading: bool = False,
    ) -> None:
        replicas = self.distribute_strategy.num_replicas_in_sync
        for option in ("steps_per_execution", "jit_compile"):
            if replicas > 1 and execution[option] not in (1, False):
                raise InputError(
                    f"{option} does not work under a strategy with several replicas. "
                    f"Received: {option}={execution[option]} with {replicas} replicas. Leave it out, or use one device."
                )
        self.loss_pair = get_loss(loss)
        self.label_smoothing = label_smoothing
        self._discriminator_loss = smooth_real_label(self.loss_pair, label_smoothing)
        self._loss_name = loss
        check_ends(self.generator, self.discriminator, self.loss_pair.logits_are_log_odds, is_loading)
        self.generator_optimizer = self._own_optimizer(generator_optimizer, "generator")
        self.discriminator_optimizer = self._own_optimizer(discriminator_optimizer, "discriminator")
        if self.generator_optimizer is self.discriminator_optimizer:
            raise InputError("The generator and the discriminator need an optimizer each. Received: one for both.")
        super().compile(optimizer=self.generator_optimizer, loss=None, **execution, auto_scale_loss=False)
        # Built here, inside the strategy's scope: an optimizer that is built later is skipped by
        # restores, with a warning only, and fails under MirroredStrategy.
        self.generator_optimizer.build(self.generator.trainable_variables)
        self.discriminator_optimizer.build(self.discriminator.trainable_variables)
        self.optimizer = OptimizerPair(self.generator_optimizer, self.discriminator_optimizer)

    def _own_optimizer(self, optimizer: Any, name: str) -> keras.optimizers.Optimizer:
        optimizer = self.default_optimizer() if optimizer is None else keras.optimizers.get(optimizer)
        if optimizer.built and not getattr(self, "compiled", False):
            raise InputError(f"The {name}'s optimizer has been used for another model. Make a new one.")
        if optimizer.use_ema:
            raise InputError(
                f"The {name}'s optimizer has use_ema=True, whose averages no step of a GAN would use. Leave it "
                "out, and give the model an ema_momentum."
            )
        optimizer.name = name  # Keras's callbacks log the learning rates under these names.
        return optimizer

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        return [*self._trackers.values(), self._evaluated_batches]

    def _maybe_symbolic_build(self, iterator: Any = None, data_batch: Any = None) -> None:
        """Nothing, since all is built. Keras 3.15 reduces a batch here, which dies on (x, y) over several machines."""

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        real_images, labels = self.unpack_batch(data)
        # Nothing moves before the batch is known to be right.
        with tf.control_dependencies([real_images] if labels is None else [real_images, labels]):
            rows = replica_rows(real_images, self.discriminator_steps)
            for index in range(self.discriminator_steps - 1):
                self._discriminator_step(index, real_images, labels, rows)
            if self.updates == "alternating":
                self._alternating_step(self.discriminator_steps - 1, real_images, labels, rows)
            else:
                self._simultaneous_step(real_images, labels, rows)
            self._update_ema()
            self.step.assign_add(1)
            return self._logs()

    def test_step(self, data: Any) -> dict[str, tf.Tensor]:
        real_images, labels = self.unpack_batch(data)
        rows = replica_rows(real_images, 1)
        batch = tf.cast(self._evaluated_batches.result(), tf.int64)
        latents = self._latents(EVALUATION_STREAM, batch, rows)
        fake_images = self.sampling_generator(self.generator_inputs(latents, labels), training=False)
        real_logits = self.discriminator(self.discriminator_inputs(real_images, labels), training=False)
        fake_logits = self.discriminator(self.discriminator_inputs(fake_images, labels), training=False)
        self._discriminator_losses(real_logits, fake_logits, rows)
        self._track({"generator_loss": self.loss_pair.generator_loss(fake_logits)}, rows)
        self._evaluated_batches.update_state(1.0)
        return self._logs()

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

    # ---- one step -------------------------------------------------------------------------------

    def _latents(self, stream: int, step: tf.Tensor, rows: ReplicaRows) -> tf.Tensor:
        return batch_latents(self.seed, stream, step, self.latent_dim, rows.num_rows, rows.first_row, rows.global_rows)

    def _part(self, values: Any, index: int) -> Any:
        """The rows of discriminator step `index`: every discriminator_steps-th, from `index` on.

        Strides, not blocks: a replica's part then holds the rows that it would have of the global
        batch's part.
        """
        if values is None or self.discriminator_steps == 1:
            return values
        return values[index :: self.discriminator_steps]

    def _mean(self, per_sample: tf.Tensor, rows: ReplicaRows) -> tf.Tensor:
        """Sum over this replica's samples / size of the global batch: Keras adds the gradients up."""
        return tf.reduce_sum(per_sample) / tf.cast(rows.total, per_sample.dtype)

    def _fake_images(self, index: int, labels: Any, rows: ReplicaRows) -> tf.Tensor:
        latents = self._latents(index, self.step, rows)
        with self._masks(index, 0, rows):
            return self.generator(self.generator_inputs(latents, labels), training=True)

    def _judge(self, images: tf.Tensor, labels: Any, masks: ContextManager[None]) -> tf.Tensor:
        with masks:
            return self.discriminator(self.discriminator_inputs(images, labels), training=True)

    def _masks(self, index: int, call: int, rows: ReplicaRows) -> ContextManager[None]:
        """Keys Dropout's masks for one of the at most four calls of a network in discriminator step `index`."""
        return mask_key(stateless_seed(self.seed, MASK_STREAM + 4 * index + call, self.step), rows.first_row)

    def _discriminator_step(
        self, index: int, real_images: tf.Tensor, labels: Any, rows: ReplicaRows, fake_images: Any = None
    ) -> None:
        real_images, labels = self._part(real_images, index), self._part(labels, index)
        if fake_images is None:
            fake_images = self._fake_images(index, labels, rows)
        with tf.GradientTape() as tape:
            real_logits = self._judge(real_images, labels, self._masks(index, 1, rows))
            fake_logits = self._judge(tf.stop_gradient(fake_images), labels, self._masks(index, 2, rows))
            loss = self._mean(self._discriminator_losses(real_logits, fake_logits, rows), rows)
        self._apply(self.discriminator_optimizer, tape, loss, self.discriminator)

    def _alternating_step(self, index: int, real_images: tf.Tensor, labels: Any, rows: ReplicaRows) -> None:
        part_labels = self._part(labels, index)
        with tf.GradientTape() as tape:
            fake_images = self._fake_images(index, part_labels, rows)
            with tape.stop_recording():
                self._discriminator_step(index, real_images, labels, rows, fake_images)
            fake_logits = self._judge(fake_images, part_labels, self._masks(index, 3, rows))
            per_sample = self.loss_pair.generator_loss(fake_logits)
            loss = self._mean(per_sample, rows)
        self._track({"generator_loss": per_sample}, rows)
        self._apply(self.generator_optimizer, tape, loss, self.generator)

    def _simultaneous_step(self, real_images: tf.Tensor, labels: Any, rows: ReplicaRows) -> None:
        with tf.GradientTape() as generator_tape, tf.GradientTape() as discriminator_tape:
            with discriminator_tape.stop_recording():
                fake_images = self._fake_images(0, labels, rows)
            real_logits = self._judge(real_images, labels, self._masks(0, 1, rows))
            fake_logits = self._judge(fake_images, labels, self._masks(0, 2, rows))
            discriminator_loss = self._mean(self._discriminator_losses(real_logits, fake_logits, rows), rows)
            per_sample = self.loss_pair.generator_loss(fake_logits)
            generator_loss = self._mean(per_sample, rows)
        self._track({"generator_loss": per_sample}, rows)
        gradients = generator_tape.gradient(generator_loss, self.generator.trainable_variables)
        self._apply(self.discriminator_optimizer, discriminator_tape, discriminator_loss, self.discriminator)
        self.generator_optimizer.apply(gradients, self.generator.trainable_variables)

    def _discriminator_losses(self, real_logits: tf.Tensor, fake_logits: tf.Tensor, rows: ReplicaRows) -> tf.Tensor:
        """The discriminator's loss on each sample (N,), which goes into the epoch's means with the scores."""
        per_sample = self._discriminator_loss(real_logits, fake_logits)
        link = tf.sigmoid if self.loss_pair.logits_are_log_odds else tf.identity
        real_score, fake_score = (per_sample_mean(link(logits)) for logits in (real_logits, fake_logits))
        self._track({"discriminator_loss": per_sample, "real_score": real_score, "fake_score": fake_score}, rows)
        return per_sample

    def _track(self, per_sample: dict[str, tf.Tensor], rows: ReplicaRows) -> None:
        """Adds the samples of all replicas to the epoch's means, which are the same on each replica then."""
        dtype = self._trackers["generator_loss"].dtype
        sums = tf.stack([tf.reduce_sum(tf.cast(values, dtype)) for values in per_sample.values()])
        if rows.global_rows is not None:
            sums = tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, sums)
        total = tf.cast(rows.total, sums.dtype)
        for index, key in enumerate(per_sample):
            self._trackers[key].update_state(sums[index] / total, sample_weight=total)

    def _apply(
        self, optimizer: keras.optimizers.Optimizer, tape: tf.GradientTape, loss: tf.Tensor, network: keras.Model
    ) -> None:
        variables = network.trainable_variables
        optimizer.apply(tape.gradient(loss, variables), variables)

    def _update_ema(self) -> None:
        if self.ema_generator is None:
            return
        step = tf.cast(self.step, tf.float32)
        momentum = tf.minimum(self.ema_momentum, (1.0 + step) / (10.0 + step))
        for average, weight in zip(self.ema_generator.weights, self.generator.weights, strict=True):
            kept = tf.cast(momentum, average.dtype)
            average.assign(kept * average.value + (1.0 - kept) * weight.value)

    def _logs(self) -> dict[str, tf.Tensor]:
        logs = {key: tracker.result() for key, tracker in self._trackers.items()}
        # Over several machines Keras reduces logs along an axis that scalars do not have.
        return {k: v[tf.newaxis] for k, v in logs.items()} if several_machines(self.distribute_strategy) else logs

    def epoch_means(self) -> dict[str, list[float]]:
        """The epoch's means so far as [sum, count], which are the same on each replica."""
        local = self.distribute_strategy.experimental_local_results
        return {
            key: [float(local(variable.value)[0].numpy()) for variable in tracker.variables]
            for key, tracker in self._trackers.items()
        }

    def set_epoch_means(self, means: dict[str, list[float]]) -> None:
        """Takes back what `epoch_means` gave."""
        for key, values in means.items():
            for variable, value in zip(self._trackers[key].variables, values, strict=True):
                for local in self.distribute_strategy.experimental_local_results(variable.value):
                    local.assign(value)

    # ---- saving ---------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        return {
            **self.network_config(),
            "discriminator_steps": self.discriminator_steps,
            "updates": self.updates,
            "ema_momentum": self.ema_momentum,
            "seed": self.seed,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "GAN":
        networks: dict[str, keras.Model] = {
            key: keras.saving.deserialize_keras_object(config[key], custom_objects)
            for key in ("generator", "discriminator")
            if key in config
        }
        return cls(**{**config, **networks})

    def get_compile_config(self) -> dict[str, Any]:
        loss = self._loss_name
        if isinstance(loss, AdversarialLoss):
            raise InputError("A model with a loss of your own cannot be saved whole: use save_weights.")
        return {
            "generator_optimizer": keras.saving.serialize_keras_object(self.generator_optimizer),
            "discriminator_optimizer": keras.saving.serialize_keras_object(self.discriminator_optimizer),
            "loss": loss,
            "label_smoothing": self.label_smoothing,
        }

    def compile_from_config(self, config: dict[str, Any]) -> None:
        optimizers = {
            key: keras.saving.deserialize_keras_object(config[key])
            for key in ("generator_optimizer", "discriminator_optimizer")
        }
        self._compile(**config | optimizers, execution=EXECUTION, is_loading=True)
