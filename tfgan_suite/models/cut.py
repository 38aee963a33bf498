"""Images of one kind into another, learned without pairs by what places of them have in common: CUT."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgan_suite.arguments import checked_types
from tfgan_suite.errors import InputError, option
from tfgan_suite.models.endpoints import Shown
from tfgan_suite.models.judging import judged, judged_fakes
from tfgan_suite.models.network_options import parted, takes_options
from tfgan_suite.models.one_way_translator import OneWayTranslator, in_one_shape, shapes_of
from tfgan_suite.networks.bodies import build_translator
from tfgan_suite.networks.geometry import ImageShape, check_image_shape
from tfgan_suite.networks.initializers import resolved_policy
from tfgan_suite.networks.patch_projector import INITIALIZER_STDDEV, PatchProjector
from tfgan_suite.networks.residual_translator import Features
from tfgan_suite.noise import MIRROR_STREAM, PATCH_STREAM, Step, stateless_seed
from tfgan_suite.objectives.patch_nce import mean_patch_nce
from tfgan_suite.ports import images_port

NCE_WEIGHT, NCE_PATCHES = 1.0, 256  # of the paper


@keras.saving.register_keras_serializable(package="tfgan_suite")
class CUT(OneWayTranslator):
    """A generator of images b from images a, a discriminator of patches of b, and a projector of places.

    The generator goes down its adversarial loss and `nce_weight` times a contrast: of `nce_patches` places of an image
    a, the one that a place of the result belongs to shall be nearest to it, in the projector's vectors of the
    generator's own maps. The projector is trained with the generator, and is no part of an export.

    Args:
        source_shape: (height, width, channels) of the images a.
        target_shape: of the images b, the same.
        nce_weight: what multiplies the contrast, at least 0.
        nce_identity: whether images b and what becomes of them are contrasted too, in the mean with a: a hold on
            colours.
        nce_patches: places of each map that are compared, at least 2; all of them where a map has fewer.
        flip_equivariance: whether half of the images a are mirrored before they are translated, and the maps of what
            was made back again: more images for few.
        dtype: dtype policy of the hidden layers: `"float32"` or `"mixed_bfloat16"`; None: Keras's global one.
        options: those of the networks that the signature names: see `NetworkOptions`, `ResidualTranslator` and
            `PatchDiscriminator`. Besides, `ema_momentum`, `seed` and `name` of `Algorithm`.

    `fit` takes ((a, b),), both float32 (N, H, W, C) in [-1, 1], whose rows have nothing to do with each other; `call`
    and `predict` take images a.

    Logs: `generator_loss`, the adversarial part alone; `discriminator_loss`, `real_score`, `fake_score` as `GAN`;
    `nce_loss`, and where it is asked for `identity_nce_loss`, without their weights.

    Raises:
        InputError: an argument out of its range, or shapes that differ.

    Reference: Park, Efros, Zhang and Zhu, 2020, arXiv 2007.15651. The paper halves the discriminator's loss, which Adam
    undoes. Its code mirrors all images of a step or none.
    """

    KEYS: tuple[str, ...] = ("generator_loss", "discriminator_loss", "real_score", "fake_score", "nce_loss")

    @takes_options("residual", base=OneWayTranslator)
    @checked_types
    def __init__(
        self,
        source_shape: ImageShape,
        target_shape: ImageShape,
        *,
        nce_weight: float = NCE_WEIGHT,
        nce_identity: bool = True,
        nce_patches: int = NCE_PATCHES,
        flip_equivariance: bool = False,
        dtype: str | None = None,
        **options: Any,
    ):
        a = check_image_shape(source_shape, "source_shape")
        b = check_image_shape(target_shape, "target_shape")
        if a != b:
            raise InputError(
                f"{type(self).__name__} looks at both kinds by the maps of one generator: source_shape and target_shape"
                f" must be the same. Received: {a} and {b}. Give both one {option('image_size')} and one number of "
                f"{option('channels')}."
            )
        if not 0 <= nce_weight < float("inf"):
            raise InputError(f"{option('nce_weight')} must be at least 0. Received: {nce_weight}.")
        if nce_patches < 2:
            raise InputError(f"{option('nce_patches')} must be at least 2. Received: {nce_patches}.")
        networks, of_pair, of_base = parted(options)
        dtype = resolved_policy(dtype)
        super().__init__(a, b, **of_base)
        self.nce_weight, self.nce_identity, self.nce_patches = nce_weight, nce_identity, nce_patches
        self.flip_equivariance = flip_equivariance
        if nce_identity:
            self.KEYS = (*self.KEYS, "identity_nce_loss")
        self.generator, self.discriminator = build_translator("residual", a, b[2], b, of_pair, dtype)
        self.ema_generator = self.average_of(self.generator)
        # Not among Keras's layers, which would be saved twice.
        self._features = Features(self.generator)
        self._features_of_average = self._features if self.ema_generator is None else Features(self.ema_generator)
        stddev = INITIALIZER_STDDEV if of_pair.initializer_stddev is None else of_pair.initializer_stddev
        self.projector = PatchProjector(
            [shape[-1] for shape in self._features.shapes], initializer_stddev=stddev, dtype=dtype
        )
        self._network_config = {"source_shape": a, "target_shape": b, **networks, "dtype": dtype}
        self.begin()

    @classmethod
    def arguments_of(cls, data: Any) -> dict[str, Any]:
        return shapes_of(data, cls.__name__, "images of two kinds", "one")

    # ---- the step -------------------------------------------------------------------------------

    def update(self, batch: tuple[tf.Tensor, ...], step: Step) -> None:
        a, b = batch
        with tf.GradientTape() as tape:
            mirrored = step.uniform(MIRROR_STREAM) < 0.5 if self.flip_equivariance else None
            made, maps = self._features(_mirrored(a, mirrored), training=True)
            with tape.stop_recording():
                self.discriminator_step(b, made, step)
            # By the discriminator as just updated.
            adversarial = judged_fakes(self.objective, self.judge(), made, step, 3, b)
            of_made = [_mirrored(each, mirrored) for each in self._features.maps(made, training=True)]
            of_a = maps if mirrored is None else self._features.maps(a, training=True)
            contrasts = {"nce_loss": self._contrast(of_made, of_a, step)}
            if self.nce_identity:
                same, of_b = self._features(b, training=True)
                contrasts["identity_nce_loss"] = self._contrast(self._features.maps(same, training=True), of_b, step)
            contrast = tf.add_n(list(contrasts.values())) / float(len(contrasts))
            loss = self.mean(adversarial + self.nce_weight * tf.cast(contrast, adversarial.dtype), step)
        self.track({"generator_loss": adversarial, **contrasts}, step)
        self.apply("generator", tape, loss)

    def _contrast(self, made: list[tf.Tensor], given: list[tf.Tensor], step: Step) -> tf.Tensor:
        """How hard it is to tell, at places of maps of what was made, to which places of what was given they belong,
        (N,). The places are the same for all images of a step."""
        places = [
            _places(shape, self.nce_patches, stateless_seed(step.seed, PATCH_STREAM + index, step.number))
            for index, shape in enumerate(self._features.shapes)
        ]
        queries, keys = (
            self.projector([_at(each, where) for each, where in zip(maps, places, strict=True)], training=True)
            for maps in (made, [tf.stop_gradient(each) for each in given])
        )
        return mean_patch_nce(queries, keys)

    def judge_batch(self, batch: tuple[tf.Tensor, ...], step: Step) -> dict[str, tf.Tensor]:
        a, b = batch
        features = self._features_of_average
        made, of_a = features(a)
        found = judged(self.objective, self.judge(training=False), b, made).logs()
        found["nce_loss"] = self._contrast(features.maps(made), of_a, step)
        if self.nce_identity:
            same, of_b = features(b)
            found["identity_nce_loss"] = self._contrast(features.maps(same), of_b, step)
        return found

    # ---- what it is made of ---------------------------------------------------------------------

    def sides(self) -> dict[str, list[keras.Model]]:
        return {"generator": [self.generator, self.projector], "discriminator": [self.discriminator]}

    def takes(self) -> tuple[Any, ...]:
        return ((images_port(self.source_shape, "a"), images_port(self.target_shape, "b")),)

    def show(self, count: int, examples: tuple[np.ndarray, ...] = ()) -> Shown:
        """See `Algorithm.show`: an image a, what becomes of it, an image b."""
        a, b = (np.asarray(each[: max(1, count // 3)], np.float32) for each in examples)
        columns = in_one_shape(a, np.asarray(self.call(tf.constant(a)), np.float32), b)
        return Shown(np.stack(columns, 1).reshape(-1, *columns[0].shape[1:]), ("a", "a to b", "b"))

    def get_config(self) -> dict[str, Any]:
        more = {"nce_weight": self.nce_weight, "nce_identity": self.nce_identity, "nce_patches": self.nce_patches}
        return {**super().get_config(), **more, "flip_equivariance": self.flip_equivariance}


def _mirrored(maps: tf.Tensor, which: tf.Tensor | None) -> tf.Tensor:
    """Maps (N, h, w, C) of which some rows, bool (N,), are turned left to right; None: none."""
    return maps if which is None else tf.where(which[:, None, None, None], tf.reverse(maps, [2]), maps)


def _places(shape: ImageShape, count: int, seed: tf.Tensor) -> tf.Tensor:
    """So many different places of a map, or all, as numbers of its pixels in a row."""
    pixels = shape[0] * shape[1]
    if count >= pixels:
        return tf.range(pixels)
    return tf.math.top_k(tf.random.stateless_uniform([pixels], seed, alg="philox"), count).indices


def _at(maps: tf.Tensor, places: tf.Tensor) -> tf.Tensor:
    """Maps (N, h, w, C) at places: (N, P, C)."""
    _, height, width, channels = maps.shape
    return tf.gather(tf.reshape(maps, [-1, height * width, channels]), places, axis=1)
