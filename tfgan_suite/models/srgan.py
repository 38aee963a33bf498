"""Images made larger, learned from small ones and their originals: SRGAN."""

from typing import Any

import keras
import tensorflow as tf

from tfgan_suite.arguments import checked_types
from tfgan_suite.errors import InputError, option
from tfgan_suite.models.judging import judged, judged_fakes
from tfgan_suite.models.network_options import parted, takes_options
from tfgan_suite.models.paired_translator import PairedTranslator
from tfgan_suite.networks.bodies import build_translator
from tfgan_suite.networks.bundled import GENERAL
from tfgan_suite.networks.geometry import ImageShape, check_image_shape
from tfgan_suite.networks.initializers import resolved_policy
from tfgan_suite.networks.perceptual import PerceptualDistance
from tfgan_suite.noise import Step
from tfgan_suite.objectives.objective import Objective
from tfgan_suite.objectives.terms import mean_distance
from tfgan_suite.options.content import check_features


@keras.saving.register_keras_serializable(package="tfgan_suite")
class SRGAN(PairedTranslator):
    """A generator of images from smaller ones, and a discriminator of the large images alone.

    Before the step `content_only_steps` the generator goes down the mean absolute difference to the target; from then
    on its adversarial loss, `l1_weight` times this difference, and `perceptual_weight` times the mean square difference
    in the maps of a fixed network. Adam heeds the proportions of these weights alone.

    Args:
        source_shape: (height, width, channels) of the small images.
        target_shape: of the large ones: both sides 2, 4, 8, ... times those of the source.
        l1_weight: what multiplies the mean absolute difference, at least 0.
        perceptual_weight: what multiplies the perceptual distance, at least 0; 0 needs no other network.
        features: the network of that distance; see `PerceptualDistance`.
        content_only_steps: the number of steps by the difference alone, in which the discriminator learns already.
        dtype: dtype policy of the hidden layers: `"float32"` or `"mixed_bfloat16"`; None: Keras's global one.
        options: those of the networks that the signature names: see `NetworkOptions`, `SRResNetGenerator` and
            `SRGANDiscriminator`. Besides, `ema_momentum`, `seed` and `name` of `Algorithm`.

    `fit` takes (source, target), float32 (N, H, W, C) and (N, scale H, scale W, D) in [-1, 1]; `call` and `predict`
    take sources.

    Logs: `generator_loss`, the adversarial part alone; `discriminator_loss`, `real_score`, `fake_score` as `GAN`;
    `l1_loss`, and where it has a weight `perceptual_loss`, both without their weights.

    Raises:
        InputError: an argument out of its range, shapes that are no multiple, or a network of features that is none.

    Reference: Ledig et al., 2016, arXiv 1609.04802, whose first stage goes down the mean square difference; Wang et
    al., 2018, arXiv 1809.00219, for the absolute one.
    """

    KEYS: tuple[str, ...] = ("generator_loss", "discriminator_loss", "real_score", "fake_score", "l1_loss")

    @takes_options("srresnet", base=PairedTranslator)
    @checked_types
    def __init__(
        self,
        source_shape: ImageShape,
        target_shape: ImageShape,
        *,
        l1_weight: float = 0.0,
        perceptual_weight: float = 6.0,
        features: str = GENERAL,
        dtype: str | None = None,
        **options: Any,
    ):
        source_shape = check_image_shape(source_shape, "source_shape")
        target_shape = check_image_shape(target_shape, "target_shape")
        scale = _scale(source_shape, target_shape)
        if not 0 <= perceptual_weight < float("inf"):
            raise InputError(f"{option('perceptual_weight')} must be at least 0. Received: {perceptual_weight}.")
        check_features(features)
        networks, of_pair, of_base = parted(options)
        dtype = resolved_policy(dtype)
        super().__init__(source_shape, target_shape, l1_weight=l1_weight, **of_base)
        self.perceptual_weight, self.features = perceptual_weight, features
        if perceptual_weight:
            self.KEYS = (*self.KEYS, "perceptual_loss")
        self.generator, self.discriminator = build_translator(
            "srresnet", source_shape, target_shape[2], target_shape, of_pair, dtype, scale=scale
        )
        self.ema_generator = self.average_of(self.generator)
        self._network_config = {"source_shape": source_shape, "target_shape": target_shape, **networks, "dtype": dtype}
        self._perceptual: PerceptualDistance | None = None
        self.begin()

    def update(self, batch: tuple[tf.Tensor, ...], step: Step) -> None:
        source, target = batch
        with tf.GradientTape() as tape:
            with step.masks(0):
                made = self.generator(source, training=True)
            with tape.stop_recording():
                self.discriminator_step(target, made, step)
            # By the discriminator as just updated.
            adversarial = judged_fakes(self.objective, self.judge(), made, step, 3, target)
            distances = self._distances(made, target)
            loss = self.mean(self._weighed(adversarial, distances, step), step)
        self.track({"generator_loss": adversarial, **distances}, step)
        self.apply("generator", tape, loss)

    def _distances(self, made: tf.Tensor, target: tf.Tensor) -> dict[str, tf.Tensor]:
        """How far each image is from its target, (N,), by the names of what is logged."""
        found = {"l1_loss": mean_distance(made, target)}
        if self._perceptual is not None:
            found["perceptual_loss"] = self._perceptual(made, target)
        return found

    def _weighed(self, adversarial: tf.Tensor, distances: dict[str, tf.Tensor], step: Step) -> tf.Tensor:
        """What the generator goes down for each image, (N,)."""
        weights = {"l1_loss": self.l1_weight, "perceptual_loss": self.perceptual_weight}
        distances = {name: tf.cast(each, adversarial.dtype) for name, each in distances.items()}
        whole = adversarial + tf.add_n([weights[name] * each for name, each in distances.items()])
        share = self.is_adversarial(step, adversarial.dtype)
        return (1.0 - share) * distances["l1_loss"] + share * whole

    def judge_batch(self, batch: tuple[tf.Tensor, ...], step: Step) -> dict[str, tf.Tensor]:
        source, target = batch
        made = self.call(source)
        found = judged(self.objective, self.judge(training=False), target, made)
        return {**found.logs(), **self._distances(made, target)}

    # ---- the network of features ----------------------------------------------------------------

    def check_ends(self, objective: Objective, is_loading: bool) -> None:
        super().check_ends(objective, is_loading)
        if not is_loading:  # who only uses a trained model needs no features
            self._load_features()

    def make_train_function(self, force: bool = False) -> Any:
        self._load_features()
        return super().make_train_function(force)

    def make_test_function(self, force: bool = False) -> Any:
        self._load_features()
        return super().make_test_function(force)

    def _load_features(self) -> None:
        """Loads the network of the perceptual distance, where it is needed, and looks whether it takes the images."""
        if not self.perceptual_weight or self._perceptual is not None:
            return
        with self.distribute_strategy.scope():
            distance = PerceptualDistance(self.features)
            distance.maps(tf.zeros((1, *self.target_shape)))
        self._perceptual = distance

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "perceptual_weight": self.perceptual_weight, "features": self.features}


def _scale(source_shape: ImageShape, target_shape: ImageShape) -> int:
    """How many times as high and wide a target is.

    Raises:
        InputError: not the same power of 2 for both sides.
    """
    (height, width), (high, wide) = source_shape[:2], target_shape[:2]
    scale = high // height
    if (scale * height, scale * width) != (high, wide) or scale < 2 or scale & (scale - 1):
        raise InputError(
            "Both sides of target_shape must be 2, 4 or 8 times those of source_shape, as "
            f"{option('degrade', 'downscale')} makes them. Received: {source_shape} and {target_shape}."
        )
    return scale
