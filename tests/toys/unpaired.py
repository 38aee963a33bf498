"""Images of two kinds into each other, learned without pairs: the step of CycleGAN on four tiny networks.

Reference: Zhu, Park, Isola and Efros, 2017, arXiv 1703.10593.
"""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgan_suite.layers.image_pool import ImagePool
from tfgan_suite.models.algorithm import Algorithm
from tfgan_suite.models.endpoints import Endpoint, Shown
from tfgan_suite.models.judging import judged, judged_fakes
from tfgan_suite.models.rows import predict_rows
from tfgan_suite.noise import Step
from tfgan_suite.ports import Ports, images_port
from toys.paired import Shape, mean_distance, patches, translator

CYCLE_WEIGHT = 10.0
POOL_STREAMS = (9_000, 9_001)


@keras.saving.register_keras_serializable(package="toys")
class UnpairedToy(Algorithm):
    """A generator each way, and a discriminator of each kind that also sees images of earlier steps."""

    KEYS = ("generator_loss", "discriminator_loss", "real_score", "fake_score", "cycle_loss")

    def __init__(self, image_shape: Shape, filters: int = 4, pool_size: int = 6, **kwargs: Any):
        super().__init__(**kwargs)
        self.image_shape, self.filters, self.pool_size = tuple(image_shape), filters, pool_size
        self.generator_ab, self.generator_ba = (translator(image_shape, image_shape, filters) for _ in "ab")
        self.discriminator_a, self.discriminator_b = (patches(image_shape, filters) for _ in "ab")
        self.pool_a, self.pool_b = (ImagePool(pool_size, image_shape, stream) for stream in POOL_STREAMS)
        self.begin()

    def sides(self) -> dict[str, list[keras.Model]]:
        return {
            "generator": [self.generator_ab, self.generator_ba],
            "discriminator": [self.discriminator_a, self.discriminator_b],
        }

    def takes(self) -> tuple[Any, ...]:
        return ((images_port(self.image_shape, "a"), images_port(self.image_shape, "b")),)

    def update(self, batch: tuple[tf.Tensor, ...], step: Step) -> None:
        a, b = batch
        with tf.GradientTape() as tape:
            fake_a, fake_b = self.generator_ba(b), self.generator_ab(a)
            cycle_loss = mean_distance(self.generator_ba(fake_b), a) + mean_distance(self.generator_ab(fake_a), b)
            adversarial = judged_fakes(self.objective, self.discriminator_a, fake_a, step, 0, a) + judged_fakes(
                self.objective, self.discriminator_b, fake_b, step, 1, b
            )
            loss = self.mean(adversarial + CYCLE_WEIGHT * cycle_loss, step)
        self.track({"generator_loss": adversarial, "cycle_loss": cycle_loss}, step)
        self.apply("generator", tape, loss)
        fake_a, fake_b = (
            pool.exchanged(self.gathered(fake, step), step)
            for pool, fake in ((self.pool_a, fake_a), (self.pool_b, fake_b))
        )
        with tf.GradientTape() as tape:
            logs, total = self._judged((a, b), (fake_a, fake_b), step)
            loss = self.mean(total, step)
        self.track({key: value for key, value in logs.items() if key != "generator_loss"}, step)
        self.apply("discriminator", tape, loss)

    def _judged(self, real: tuple[Any, Any], fake: tuple[Any, Any], step: Step | None = None) -> Any:
        """The losses of both discriminators together, and their mean scores; and what the discriminators go down."""
        of_a = judged(self.objective, self.discriminator_a, real[0], fake[0], step, call=2)
        of_b = judged(self.objective, self.discriminator_b, real[1], fake[1], step, call=4)
        share = dict.fromkeys(("real_score", "fake_score", "augment_probability", "real_sign"), 0.5)
        both = {key: share.get(key, 1.0) * (value + of_b.logs()[key]) for key, value in of_a.logs().items()}
        return both, of_a.discriminator_total + of_b.discriminator_total

    def judge_batch(self, batch: tuple[tf.Tensor, ...], step: Step) -> dict[str, tf.Tensor]:
        a, b = batch
        fake_a, fake_b = self.generator_ba(b), self.generator_ab(a)
        cycle_loss = mean_distance(self.generator_ba(fake_b), a) + mean_distance(self.generator_ab(fake_a), b)
        return {**self._judged((a, b), (fake_a, fake_b))[0], "cycle_loss": cycle_loss}

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        return predict_rows(self.generator_ab, inputs)

    def endpoints(self, with_discriminator: bool = False) -> dict[str, Endpoint]:
        a, b = self.takes()[0]
        back = Endpoint(lambda images: predict_rows(self.generator_ba, images), Ports((b,), a), (self.generator_ba,))
        return {"serving_default": Endpoint(self.call, Ports((a,), b), (self.generator_ab,)), "b_to_a": back}

    def show(self, count: int, examples: tuple[np.ndarray, ...] = ()) -> Shown:
        a = examples[0][: max(1, count // 2)]
        return Shown(np.stack([a, np.asarray(self.call(a))], 1).reshape(-1, *a.shape[1:]), ("a", "b"))

    def network_config(self) -> dict[str, Any]:
        return {"image_shape": self.image_shape, "filters": self.filters, "pool_size": self.pool_size}
