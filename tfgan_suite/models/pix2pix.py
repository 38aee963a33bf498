"""Images into images, learned from pairs: the U-Net and the PatchGAN of pix2pix."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgan_suite.arguments import checked_types
from tfgan_suite.errors import InputError, option
from tfgan_suite.models.algorithm import Algorithm
from tfgan_suite.models.endpoints import Endpoint, Shown
from tfgan_suite.models.judging import judged, judged_fakes
from tfgan_suite.models.network_checks import check_ends
from tfgan_suite.models.network_options import parted, takes_options
from tfgan_suite.models.rows import predict_rows
from tfgan_suite.models.translating import translator_endpoints
from tfgan_suite.networks.bodies import build_translator
from tfgan_suite.networks.geometry import ImageShape, check_image_shape
from tfgan_suite.networks.initializers import resolved_policy
from tfgan_suite.noise import Step
from tfgan_suite.objectives.objective import Judge, Objective
from tfgan_suite.ports import Port, Ports, images_port

L1_WEIGHT = 100.0  # of the paper


@keras.saving.register_keras_serializable(package="tfgan_suite")
class Pix2Pix(Algorithm):
    """A generator of targets from sources, and a discriminator of patches of both, joined in channels.

    The generator goes down its adversarial loss and `l1_weight` times the mean absolute difference to the target. Its
    noise is Dropout's, in training alone: afterwards a source has one result. A penalty holds the slope by both images,
    and an augmentation changes both alike, each within its own colours.

    Args:
        source_shape: (height, width, channels) of the images that are given, and of a mask where they have one.
        target_shape: of those to be made, of the same height and width.
        has_mask: whether the last channel of a source is a mask, 1 in a hole where all others are 0, and 0 elsewhere:
            see `Degradation`. An export then takes masks beside its images.
        l1_weight: what multiplies the mean absolute difference, at least 0.
        content_only_steps: before this step the adversarial loss moves no generator: a start by the difference alone,
            in which the discriminator learns already.
        dtype: dtype policy of the hidden layers: `"float32"` or `"mixed_bfloat16"`; None: Keras's global one.
        options: those of the networks that the signature names: see `NetworkOptions`, `UNetGenerator` and
            `PatchDiscriminator`. Besides, `ema_momentum`, `seed` and `name` of `Algorithm`.

    `fit` takes (source, target), both float32 (N, H, W, C) in [-1, 1]; `call` and `predict` take sources.

    Logs: `generator_loss`, the adversarial part alone; `discriminator_loss`, `real_score`, `fake_score` as `GAN`, of
    pairs; `l1_loss`, without its weight.

    Raises:
        InputError: an argument out of its range, or shapes of other sides.

    Reference: Isola, Zhu, Zhou and Efros, 2016, arXiv 1611.07004. The paper halves the discriminator's loss, which
    Adam undoes.
    """

    KEYS = ("generator_loss", "discriminator_loss", "real_score", "fake_score", "l1_loss")

    @takes_options("unet", base=Algorithm)
    @checked_types
    def __init__(
        self,
        source_shape: ImageShape,
        target_shape: ImageShape,
        *,
        has_mask: bool = False,
        l1_weight: float = L1_WEIGHT,
        content_only_steps: int = 0,
        dtype: str | None = None,
        **options: Any,
    ):
        for name, value in (("l1_weight", l1_weight), ("content_only_steps", content_only_steps)):
            if not 0 <= value < float("inf"):
                raise InputError(f"{option(name)} must be at least 0. Received: {value}.")
        source_shape = check_image_shape(source_shape, "source_shape")
        target_shape = check_image_shape(target_shape, "target_shape")
        if source_shape[:2] != target_shape[:2]:
            raise InputError(
                "source_shape and target_shape must have the same height and width. "
                f"Received: {source_shape} and {target_shape}."
            )
        if has_mask and source_shape[2] < 2:
            raise InputError(
                "has_mask needs a source of at least 2 channels, of which the last is the mask. Received: "
                f"{source_shape}."
            )
        networks, of_pair, of_algorithm = parted(options)
        if of_pair.paste_known and not has_mask:
            masks = option("degrade", "mask")
            raise InputError(f"{option('paste_known')} fills a hole, and needs sources with its mask, as of {masks}.")
        dtype = resolved_policy(dtype)
        super().__init__(**of_algorithm)
        self.source_shape, self.target_shape, self.has_mask = source_shape, target_shape, has_mask
        self.l1_weight, self.content_only_steps = l1_weight, content_only_steps
        self.generator, self.discriminator = build_translator("unet", source_shape, target_shape[2], of_pair, dtype)
        self.ema_generator = self.average_of(self.generator)
        self._network_config = {"source_shape": source_shape, "target_shape": target_shape, **networks, "dtype": dtype}
        self.begin()

    @classmethod
    def arguments_of(cls, data: Any) -> dict[str, Any]:
        if not hasattr(data, "source_shape"):
            raise InputError(f"{cls.__name__} learns from pairs of images, and {data.source} has none.")
        degradation = getattr(data, "degradation", None)
        has_mask = degradation is not None and degradation.kind == "mask"
        return {"source_shape": data.source_shape, "target_shape": data.target_shape, "has_mask": has_mask}

    # ---- the step -------------------------------------------------------------------------------

    def update(self, batch: tuple[tf.Tensor, ...], step: Step) -> None:
        source, target = batch
        with tf.GradientTape() as tape:
            with step.masks(0):
                made = self.generator(source, training=True)
            with tape.stop_recording():
                self._discriminator_step(source, target, made, step)
            # By the discriminator as just updated.
            adversarial = judged_fakes(
                self.objective, self._judge(), _joined(source, made), step, 3, _joined(source, target), self._parts
            )
            l1_loss = mean_distance(made, target)
            share = tf.cast(step.number >= self.content_only_steps, adversarial.dtype)
            loss = self.mean(share * adversarial + self.l1_weight * tf.cast(l1_loss, adversarial.dtype), step)
        self.track({"generator_loss": adversarial, "l1_loss": l1_loss}, step)
        self.apply("generator", tape, loss)

    def _discriminator_step(self, source: tf.Tensor, target: tf.Tensor, made: tf.Tensor, step: Step) -> None:
        real, fake = _joined(source, target), tf.stop_gradient(_joined(source, made))
        with tf.GradientTape() as tape:
            judgement = judged(self.objective, self._judge(), real, fake, step, 1, self._parts)
            loss = self.mean(judgement.discriminator_total, step)
        self.track(judgement.of_discriminator(), step)
        self.apply("discriminator", tape, loss)

    def _judge(self, training: bool = True) -> Judge:
        return lambda pairs: self.discriminator(pairs, training=training)

    @property
    def _parts(self) -> tuple[int, int]:
        """The channels of a source and of a target."""
        return self.source_shape[2], self.target_shape[2]

    def judge_batch(self, batch: tuple[tf.Tensor, ...], step: Step) -> dict[str, tf.Tensor]:
        source, target = batch
        made = self.call(source)
        found = judged(self.objective, self._judge(training=False), _joined(source, target), _joined(source, made))
        return {**found.logs(), "l1_loss": mean_distance(made, target)}

    # ---- what a step is made of -----------------------------------------------------------------

    def sides(self) -> dict[str, list[keras.Model]]:
        return {"generator": [self.generator], "discriminator": [self.discriminator]}

    def averaged(self) -> list[tuple[keras.Model, keras.Model]]:
        return [] if self.ema_generator is None else [(self.ema_generator, self.generator)]

    def takes(self) -> tuple[Port, Port]:
        return images_port(self.source_shape, "source"), images_port(self.target_shape, "target")

    def judged_parts(self, network: keras.Model) -> tuple[int, ...]:
        return self._parts

    def check_ends(self, objective: Objective, is_loading: bool) -> None:
        check_ends(self.generator, self.discriminator, objective.pair.logits_are_log_odds, is_loading)

    # ---- images ---------------------------------------------------------------------------------

    @property
    def translating_generator(self) -> keras.Model:
        """The generator that is shown and shipped: the moving average where there is one."""
        return self.generator if self.ema_generator is None else self.ema_generator

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Sources (N, H, W, C) in [-1, 1] -> images (N, H, W, D) in [-1, 1], without Dropout."""
        return predict_rows(self.translating_generator, inputs)

    def call_ports(self) -> Ports:
        return Ports((images_port(self.source_shape),), images_port(self.target_shape))

    def facts(self) -> dict[str, Any]:
        return {**super().facts(), **self._shapes()}

    def _shapes(self) -> dict[str, Any]:
        shapes = {"source_shape": list(self.source_shape), "target_shape": list(self.target_shape)}
        return {**shapes, "has_mask": self.has_mask}

    def endpoints(self, with_discriminator: bool = False) -> dict[str, Endpoint]:
        return self.served({}, with_discriminator)

    def served(self, card: Mapping[str, Any], with_discriminator: bool = False) -> dict[str, Endpoint]:
        return translator_endpoints(self.call, self.translating_generator, self._shapes(), card)

    def show(self, count: int, examples: tuple[np.ndarray, ...] = ()) -> Shown:
        """See `Algorithm.show`: source, result and target side by side."""
        source, target = (np.asarray(each[: max(1, count // 3)], np.float32) for each in examples)
        columns = _alike(source, np.asarray(self.call(tf.constant(source)), np.float32), target)
        return Shown(np.stack(columns, 1).reshape(-1, *columns[0].shape[1:]), ("source", "result", "target"))

    # ---- saving ---------------------------------------------------------------------------------

    def network_config(self) -> dict[str, Any]:
        return dict(self._network_config)

    def get_config(self) -> dict[str, Any]:
        more = {"l1_weight": self.l1_weight, "content_only_steps": self.content_only_steps}
        return {**super().get_config(), "has_mask": self.has_mask, **more}


def mean_distance(made: tf.Tensor, true: tf.Tensor) -> tf.Tensor:
    """The mean absolute difference of each image, (N,)."""
    return tf.reduce_mean(tf.abs(made - tf.cast(true, made.dtype)), axis=[1, 2, 3])


def _joined(source: tf.Tensor, images: tf.Tensor) -> tf.Tensor:
    """What the discriminator judges: both, (N, H, W, C + D)."""
    return tf.concat([tf.cast(source, images.dtype), images], axis=-1)


def _alike(*columns: np.ndarray) -> list[np.ndarray]:
    """Images of several numbers of channels in one: as they are where they are equal, else grey or colours alone."""
    if len({each.shape[-1] for each in columns}) == 1:
        return list(columns)
    has_colours = any(each.shape[-1] > 2 for each in columns)
    chosen = (each[..., : 3 if each.shape[-1] > 2 else 1] for each in columns)  # without alpha or a mask
    return [np.repeat(each, 3, -1) if has_colours and each.shape[-1] == 1 else each for each in chosen]
