"""Images into other images, learned from pairs: the step of pix2pix on two tiny networks.

Reference: Isola, Zhu, Zhou and Efros, 2016, arXiv 1611.07004.
"""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from tfgan_suite.layers.keyed_dropout import KeyedDropout
from tfgan_suite.models.algorithm import Algorithm
from tfgan_suite.models.endpoints import Endpoint, Shown
from tfgan_suite.models.judging import judged, judged_fakes
from tfgan_suite.models.rows import predict_rows
from tfgan_suite.noise import Step
from tfgan_suite.objectives.objective import Judge
from tfgan_suite.ports import Ports, images_port

Shape = tuple[int, int, int]
L1_WEIGHT = 10.0


def translator(source_shape: Shape, target_shape: Shape, filters: int, dropout: float = 0.0) -> keras.Model:
    """(N, H, W, C) -> (N, H, W, D) in [-1, 1]."""
    source = keras.Input(source_shape)
    x = layers.Conv2D(filters, 3, strides=2, padding="same")(source)  # (N, H / 2, W / 2, f)
    x = layers.LeakyReLU(0.2)(x)
    x = KeyedDropout(dropout, key=0)(x) if dropout else x
    x = layers.Conv2DTranspose(filters, 4, strides=2, padding="same", activation="relu")(x)  # (N, H, W, f)
    return keras.Model(source, layers.Conv2D(target_shape[-1], 3, padding="same", activation="tanh")(x))


def patches(image_shape: Shape, filters: int) -> keras.Model:
    """(N, H, W, C) -> logits of patches, (N, H / 2, W / 2, 1)."""
    images = keras.Input(image_shape)
    x = layers.Conv2D(filters, 3, strides=2, padding="same")(images)  # (N, H / 2, W / 2, f)
    return keras.Model(images, layers.Conv2D(1, 3, padding="same")(layers.LeakyReLU(0.2)(x)))


def mean_distance(made: tf.Tensor, true: tf.Tensor) -> tf.Tensor:
    """The mean absolute difference of each image, (N,)."""
    return tf.reduce_mean(tf.abs(made - true), axis=[1, 2, 3])


@keras.saving.register_keras_serializable(package="toys")
class PairedToy(Algorithm):
    """A generator of targets, judged beside their sources."""

    KEYS = ("generator_loss", "discriminator_loss", "real_score", "fake_score", "l1_loss")

    def __init__(self, source_shape: Shape, target_shape: Shape, filters: int = 4, **kwargs: Any):
        super().__init__(**kwargs)
        self.shapes = {"source_shape": tuple(source_shape), "target_shape": tuple(target_shape)}
        self.filters = filters
        self.generator = translator(source_shape, target_shape, filters, dropout=0.3)
        self.discriminator = patches((*target_shape[:2], source_shape[-1] + target_shape[-1]), filters)
        self.ema_generator = self.average_of(self.generator)
        self.begin()

    def sides(self) -> dict[str, list[keras.Model]]:
        return {"generator": [self.generator], "discriminator": [self.discriminator]}

    def averaged(self) -> list[tuple[keras.Model, keras.Model]]:
        return [] if self.ema_generator is None else [(self.ema_generator, self.generator)]

    def takes(self) -> tuple[Any, ...]:
        return images_port(self.shapes["source_shape"], "source"), images_port(self.shapes["target_shape"], "target")

    def update(self, batch: tuple[tf.Tensor, ...], step: Step) -> None:
        source, target = batch
        with tf.GradientTape() as tape:
            with step.masks(0):
                made = self.generator(source, training=True)
            with tape.stop_recording():
                self._discriminator_step(source, target, made, step)
            adversarial = judged_fakes(self.objective, self._judge(source), made, step, 3, target)
            l1_loss = mean_distance(made, target)
            loss = self.mean(adversarial + L1_WEIGHT * l1_loss, step)
        self.track({"generator_loss": adversarial, "l1_loss": l1_loss}, step)
        self.apply("generator", tape, loss)

    def _discriminator_step(self, source: tf.Tensor, target: tf.Tensor, made: tf.Tensor, step: Step) -> None:
        with tf.GradientTape() as tape:
            judgement = judged(self.objective, self._judge(source), target, tf.stop_gradient(made), step, call=1)
            loss = self.mean(judgement.discriminator_total, step)
        self.track(judgement.of_discriminator(), step)
        self.apply("discriminator", tape, loss)

    def _judge(self, source: tf.Tensor, training: bool = True) -> Judge:
        return lambda images: self.discriminator(tf.concat([source, images], -1), training=training)

    def judge_batch(self, batch: tuple[tf.Tensor, ...], step: Step) -> dict[str, tf.Tensor]:
        source, target = batch
        made = self.call(source)
        judgement = judged(self.objective, self._judge(source, training=False), target, made)
        return {**judgement.logs(), "l1_loss": mean_distance(made, target)}

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        return predict_rows(self.generator if self.ema_generator is None else self.ema_generator, inputs)

    def endpoints(self, with_discriminator: bool = False) -> dict[str, Endpoint]:
        ports = Ports((self.takes()[0],), images_port(self.shapes["target_shape"]))
        return {"serving_default": Endpoint(self.call, ports, (self.ema_generator or self.generator,))}

    def show(self, count: int, examples: tuple[np.ndarray, ...] = ()) -> Shown:
        source, target = (values[: max(1, count // 2)] for values in examples)
        made = np.asarray(self.call(source))
        return Shown(np.stack([made, target], 1).reshape(-1, *target.shape[1:]), ("made", "target"))

    def network_config(self) -> dict[str, Any]:
        return {**self.shapes, "filters": self.filters}
