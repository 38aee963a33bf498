"""Images into images, learned from pairs: the U-Net and the PatchGAN of pix2pix."""

from typing import Any

import keras
import tensorflow as tf

from tfgan_suite.arguments import checked_types
from tfgan_suite.errors import InputError, option
from tfgan_suite.models.judging import judged, judged_fakes
from tfgan_suite.models.network_options import parted, takes_options
from tfgan_suite.models.paired_translator import PairedTranslator
from tfgan_suite.networks.bodies import build_translator
from tfgan_suite.networks.geometry import ImageShape, check_image_shape
from tfgan_suite.networks.initializers import resolved_policy
from tfgan_suite.noise import Step
from tfgan_suite.objectives.terms import mean_distance

L1_WEIGHT = 100.0  # of the paper


@keras.saving.register_keras_serializable(package="tfgan_suite")
class Pix2Pix(PairedTranslator):
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

    @takes_options("unet", base=PairedTranslator)
    @checked_types
    def __init__(
        self,
        source_shape: ImageShape,
        target_shape: ImageShape,
        *,
        has_mask: bool = False,
        l1_weight: float = L1_WEIGHT,
        dtype: str | None = None,
        **options: Any,
    ):
        source_shape = check_image_shape(source_shape, "source_shape")
        target_shape = check_image_shape(target_shape, "target_shape")
        if source_shape[:2] != target_shape[:2]:
            raise InputError(
                "source_shape and target_shape must have the same height and width. "
                f"Received: {source_shape} and {target_shape}. SRGAN makes larger ones: super_resolve."
            )
        if has_mask and source_shape[2] < 2:
            raise InputError(
                "has_mask needs a source of at least 2 channels, of which the last is the mask. Received: "
                f"{source_shape}."
            )
        networks, of_pair, of_base = parted(options)
        if of_pair.paste_known and not has_mask:
            masks = option("degrade", "mask")
            raise InputError(f"{option('paste_known')} fills a hole, and needs sources with its mask, as of {masks}.")
        dtype = resolved_policy(dtype)
        super().__init__(source_shape, target_shape, l1_weight=l1_weight, **of_base)
        self.has_mask = has_mask
        joined = (*source_shape[:2], sum(self._channels))
        self.generator, self.discriminator = build_translator(
            "unet", source_shape, target_shape[2], joined, of_pair, dtype
        )
        self.ema_generator = self.average_of(self.generator)
        self._network_config = {"source_shape": source_shape, "target_shape": target_shape, **networks, "dtype": dtype}
        self.begin()

    @classmethod
    def arguments_of(cls, data: Any) -> dict[str, Any]:
        shapes = super().arguments_of(data)
        degradation = getattr(data, "degradation", None)
        return {**shapes, "has_mask": degradation is not None and degradation.kind == "mask"}

    def update(self, batch: tuple[tf.Tensor, ...], step: Step) -> None:
        source, target = batch
        with tf.GradientTape() as tape:
            with step.masks(0):
                made = self.generator(source, training=True)
            with tape.stop_recording():
                self.discriminator_step(_joined(source, target), _joined(source, made), step)
            # By the discriminator as just updated.
            adversarial = judged_fakes(
                self.objective, self.judge(), _joined(source, made), step, 3, _joined(source, target), self._channels
            )
            l1_loss = mean_distance(made, target)
            share = self.is_adversarial(step, adversarial.dtype)
            loss = self.mean(share * adversarial + self.l1_weight * tf.cast(l1_loss, adversarial.dtype), step)
        self.track({"generator_loss": adversarial, "l1_loss": l1_loss}, step)
        self.apply("generator", tape, loss)

    def judge_batch(self, batch: tuple[tf.Tensor, ...], step: Step) -> dict[str, tf.Tensor]:
        source, target = batch
        made = self.call(source)
        found = judged(self.objective, self.judge(training=False), _joined(source, target), _joined(source, made))
        return {**found.logs(), "l1_loss": mean_distance(made, target)}

    @property
    def _channels(self) -> tuple[int, int]:
        """Of a source and of a target."""
        return self.source_shape[2], self.target_shape[2]

    def judged_parts(self, network: keras.Model) -> tuple[int, ...]:
        return self._channels

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "has_mask": self.has_mask}


def _joined(source: tf.Tensor, images: tf.Tensor) -> tf.Tensor:
    """What the discriminator judges: both, (N, H, W, C + D)."""
    return tf.concat([tf.cast(source, images.dtype), images], axis=-1)
