"""Images of two kinds into each other, learned without pairs: CycleGAN."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgan_suite.arguments import checked_types
from tfgan_suite.errors import InputError, option
from tfgan_suite.exported import A_TO_B, B_TO_A, DIRECTIONS
from tfgan_suite.layers.image_pool import ImagePool
from tfgan_suite.models.algorithm import Algorithm
from tfgan_suite.models.directions import Direction
from tfgan_suite.models.endpoints import Endpoint, Shown
from tfgan_suite.models.judging import judged, judged_fakes
from tfgan_suite.models.network_checks import check_ends
from tfgan_suite.models.network_options import parted, takes_options
from tfgan_suite.models.one_way_translator import in_one_shape, shapes_of
from tfgan_suite.networks.bodies import build_translator
from tfgan_suite.networks.geometry import ImageShape, check_image_shape
from tfgan_suite.networks.initializers import outer_dtype, resolved_policy
from tfgan_suite.noise import POOL_STREAM, Step
from tfgan_suite.objectives.objective import Judge, Objective
from tfgan_suite.objectives.terms import mean_distance
from tfgan_suite.ports import Ports, images_port

POOL_SIZE, CYCLE_WEIGHT, IDENTITY_WEIGHT = 50, 10.0, 0.5  # of the paper and its code


@keras.saving.register_keras_serializable(package="tfgan_suite")
class CycleGAN(Algorithm):
    """A generator from each kind of images, a and b, to the other, and a discriminator of patches of each kind.

    The generators go down their adversarial losses, `cycle_weight` times the mean absolute difference of an image and
    what comes back of it through both, and `identity_weight` times as much of an image and what becomes of it where it
    is of the kind already. A discriminator sees in half of the places an image that was made before, from a pool.

    Args:
        source_shape: (height, width, channels) of the images a.
        target_shape: of the images b, of the same height and width.
        cycle_weight: what multiplies the difference after both ways, at least 0.
        identity_weight: what multiplies, beside `cycle_weight`, the difference of an image that is of the kind already,
            at least 0; kinds of other channels need 0.
        pool_size: images that each pool holds; 0 shows a discriminator new images alone.
        dtype: dtype policy of the hidden layers: `"float32"` or `"mixed_bfloat16"`; None: Keras's global one.
        options: those of the networks that the signature names: see `NetworkOptions`, `ResidualTranslator` and
            `PatchDiscriminator`. Besides, `ema_momentum`, `seed` and `name` of `Algorithm`.

    `fit` takes ((a, b),), both float32 (N, H, W, C) in [-1, 1], whose rows have nothing to do with each other; `call`
    and `predict` make images b of images a, `directed("b_to_a")` the other way.

    Logs, each a sum over both ways but for the scores, which are means: `generator_loss`, the adversarial part alone;
    `discriminator_loss`, `real_score`, `fake_score` as `GAN`; `cycle_loss`, and where it has a weight `identity_loss`,
    without their weights.

    Raises:
        InputError: an argument out of its range, or shapes of other sides.

    Reference: Zhu, Park, Isola and Efros, 2017, arXiv 1703.10593. The paper halves the discriminators' loss, which Adam
    undoes; it has the identity loss for paintings alone, its code for all.
    """

    KEYS: tuple[str, ...] = ("generator_loss", "discriminator_loss", "real_score", "fake_score", "cycle_loss")

    @takes_options("residual", base=Algorithm)
    @checked_types
    def __init__(
        self,
        source_shape: ImageShape,
        target_shape: ImageShape,
        *,
        cycle_weight: float = CYCLE_WEIGHT,
        identity_weight: float = IDENTITY_WEIGHT,
        pool_size: int = POOL_SIZE,
        dtype: str | None = None,
        **options: Any,
    ):
        a = check_image_shape(source_shape, "source_shape")
        b = check_image_shape(target_shape, "target_shape")
        if a[:2] != b[:2]:
            raise InputError(
                f"source_shape and target_shape must have the same height and width. Received: {a} and {b}. Give both "
                f"one size with {option('image_size')}."
            )
        weights = {"cycle_weight": cycle_weight, "identity_weight": identity_weight, "pool_size": pool_size}
        for each, value in weights.items():
            if not 0 <= value < float("inf"):
                raise InputError(f"{option(each)} must be at least 0. Received: {value}.")
        if identity_weight and a[2] != b[2]:
            raise InputError(
                f"{option('identity_weight')} holds images of one kind against those of the other, which have "
                f"{a[2]} and {b[2]} channels here. Give {option('identity_weight', 0)}, or one number of "
                f"{option('channels')}."
            )
        networks, of_pair, of_base = parted(options)
        dtype = resolved_policy(dtype)
        super().__init__(**of_base)
        self.source_shape, self.target_shape = a, b
        self.cycle_weight, self.identity_weight, self.pool_size = cycle_weight, identity_weight, pool_size
        if identity_weight:
            self.KEYS = (*self.KEYS, "identity_loss")
        self.generator_ab, self.discriminator_b = build_translator(
            "residual", a, b[2], b, of_pair, dtype, ("generator_ab", "discriminator_b")
        )
        self.generator_ba, self.discriminator_a = build_translator(
            "residual", b, a[2], a, of_pair, dtype, ("generator_ba", "discriminator_a")
        )
        self.ema_generator_ab, self.ema_generator_ba = map(self.average_of, (self.generator_ab, self.generator_ba))
        self.pools = [
            ImagePool(pool_size, shape, POOL_STREAM + index, outer_dtype(dtype)) for index, shape in enumerate((a, b))
        ] if pool_size else []  # fmt: skip
        self._network_config = {"source_shape": a, "target_shape": b, **networks, "dtype": dtype}
        self.begin()

    @classmethod
    def arguments_of(cls, data: Any) -> dict[str, Any]:
        return shapes_of(data, cls.__name__, "images of two kinds", "one")

    # ---- the step -------------------------------------------------------------------------------

    def update(self, batch: tuple[tf.Tensor, ...], step: Step) -> None:
        a, b = batch
        with tf.GradientTape() as tape:
            fake_b, fake_a = self.generator_ab(a, training=True), self.generator_ba(b, training=True)
            distances = self._distances(a, b, fake_a, fake_b, training=True)
            objective, of_a, of_b = self.objective, self._judge_a(), self._judge_b()
            adversarial = judged_fakes(objective, of_a, fake_a, step, 0, a)
            adversarial += judged_fakes(objective, of_b, fake_b, step, 1, b)
            loss = self.mean(adversarial + self._weighed(distances, adversarial.dtype), step)
        self.track({"generator_loss": adversarial, **distances}, step)
        self.apply("generator", tape, loss)
        if self.pools:
            fakes = zip(self.pools, (fake_a, fake_b), strict=True)
            fake_a, fake_b = (pool.exchanged(self.gathered(fake, step), step) for pool, fake in fakes)
        else:
            fake_a, fake_b = tf.stop_gradient(fake_a), tf.stop_gradient(fake_b)
        with tf.GradientTape() as tape:
            logs, total = self._judged((a, b), (fake_a, fake_b), step)
            loss = self.mean(total, step)
        self.track({key: value for key, value in logs.items() if key != "generator_loss"}, step)
        self.apply("discriminator", tape, loss)

    def _distances(
        self, a: tf.Tensor, b: tf.Tensor, fake_a: tf.Tensor, fake_b: tf.Tensor, training: bool
    ) -> dict[str, tf.Tensor]:
        """How far images are from what they shall be, (N,), by the names of what is logged."""
        ab, ba = (self.generator_ab, self.generator_ba) if training else self.translating_generators
        back_a, back_b = ba(fake_b, training=training), ab(fake_a, training=training)
        found = {"cycle_loss": mean_distance(back_a, a) + mean_distance(back_b, b)}
        if self.identity_weight:
            same_a, same_b = ba(a, training=training), ab(b, training=training)
            found["identity_loss"] = mean_distance(same_a, a) + mean_distance(same_b, b)
        return found

    def _weighed(self, distances: Mapping[str, tf.Tensor], dtype: Any) -> tf.Tensor:
        """What the generators go down for each row beside their adversarial losses, (N,)."""
        weights = {"cycle_loss": self.cycle_weight, "identity_loss": self.cycle_weight * self.identity_weight}
        return tf.add_n([weights[name] * tf.cast(each, dtype) for name, each in distances.items()])

    def _judged(self, real: tuple[Any, Any], fake: tuple[Any, Any], step: Step | None = None) -> Any:
        """What is logged of both discriminators, and what they go down, (N,)."""
        training = step is not None
        of_a = judged(self.objective, self._judge_a(training), real[0], fake[0], step, call=2)
        of_b = judged(self.objective, self._judge_b(training), real[1], fake[1], step, call=4)
        means = dict.fromkeys(("real_score", "fake_score", "augment_probability", "real_sign"), 0.5)
        both = {key: means.get(key, 1.0) * (value + of_b.logs()[key]) for key, value in of_a.logs().items()}
        return both, of_a.discriminator_total + of_b.discriminator_total

    def _judge_a(self, training: bool = True) -> Judge:
        return lambda images: self.discriminator_a(images, training=training)

    def _judge_b(self, training: bool = True) -> Judge:
        return lambda images: self.discriminator_b(images, training=training)

    def judge_batch(self, batch: tuple[tf.Tensor, ...], step: Step) -> dict[str, tf.Tensor]:
        a, b = batch
        ab, ba = self.translating_generators
        fake_b, fake_a = ab(a, training=False), ba(b, training=False)
        return {**self._judged((a, b), (fake_a, fake_b))[0], **self._distances(a, b, fake_a, fake_b, training=False)}

    # ---- what it is made of ---------------------------------------------------------------------

    def sides(self) -> dict[str, list[keras.Model]]:
        return {
            "generator": [self.generator_ab, self.generator_ba],
            "discriminator": [self.discriminator_a, self.discriminator_b],
        }

    def averaged(self) -> list[tuple[keras.Model, keras.Model]]:
        if self.ema_generator_ab is None or self.ema_generator_ba is None:
            return []
        return [(self.ema_generator_ab, self.generator_ab), (self.ema_generator_ba, self.generator_ba)]

    def takes(self) -> tuple[Any, ...]:
        return ((images_port(self.source_shape, "a"), images_port(self.target_shape, "b")),)

    def check_ends(self, objective: Objective, is_loading: bool) -> None:
        for generator, discriminator in zip(*self.sides().values(), strict=True):
            check_ends(generator, discriminator, objective.pair.logits_are_log_odds, is_loading)

    # ---- images ---------------------------------------------------------------------------------

    @property
    def translating_generators(self) -> tuple[keras.Model, keras.Model]:
        """The generators that are shown and shipped, a to b and b to a: the moving averages where there are some."""
        averages = [average for average, _ in self.averaged()]
        ab, ba = averages or self.sides()["generator"]
        return ab, ba

    @property
    def directions(self) -> tuple[str, ...]:
        return DIRECTIONS

    def directed(self, direction: str | None) -> Direction:
        ab, ba = self.translating_generators
        if self.checked_direction(direction) == B_TO_A:
            return Direction(B_TO_A, ba, self.target_shape, self.source_shape)
        return Direction(A_TO_B, ab, self.source_shape, self.target_shape)

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Images a (N, H, W, C) in [-1, 1] -> images b (N, H, W, D) in [-1, 1]."""
        return self.directed(A_TO_B).call(inputs)

    def call_ports(self) -> Ports:
        return Ports((images_port(self.source_shape),), images_port(self.target_shape))

    def facts(self) -> dict[str, Any]:
        return self.directed(A_TO_B).facts()

    def endpoints(self, with_discriminator: bool = False) -> dict[str, Endpoint]:
        return self.directed(A_TO_B).endpoints()

    def served(self, card: Mapping[str, Any], with_discriminator: bool = False) -> dict[str, Endpoint]:
        return self.directed(A_TO_B).served(card)

    def show(self, count: int, examples: tuple[np.ndarray, ...] = ()) -> Shown:
        """See `Algorithm.show`: an image a, what becomes of it, an image b, what becomes of that."""
        a, b = (np.asarray(each[: max(1, count // 4)], np.float32) for each in examples)
        fake_b, fake_a = (
            np.asarray(self.directed(each).call(tf.constant(images)), np.float32)
            for each, images in ((A_TO_B, a), (B_TO_A, b))
        )
        columns = in_one_shape(a, fake_b, b, fake_a)
        return Shown(np.stack(columns, 1).reshape(-1, *columns[0].shape[1:]), ("a", "a to b", "b", "b to a"))

    # ---- saving ---------------------------------------------------------------------------------

    def network_config(self) -> dict[str, Any]:
        return dict(self._network_config)

    def get_config(self) -> dict[str, Any]:
        weights = {"cycle_weight": self.cycle_weight, "identity_weight": self.identity_weight}
        return {**super().get_config(), **weights, "pool_size": self.pool_size}
