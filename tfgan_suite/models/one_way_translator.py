"""What the models of one generator of images of images share: its networks, images, exports."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgan_suite.arguments import checked_types
from tfgan_suite.errors import InputError
from tfgan_suite.models.algorithm import Algorithm
from tfgan_suite.models.endpoints import Endpoint
from tfgan_suite.models.judging import judged
from tfgan_suite.models.network_checks import check_ends
from tfgan_suite.models.rows import predict_rows
from tfgan_suite.models.translating import translator_endpoints
from tfgan_suite.networks.geometry import ImageShape, check_image_shape
from tfgan_suite.noise import Step
from tfgan_suite.objectives.objective import Judge, Objective
from tfgan_suite.ports import Ports, images_port


class OneWayTranslator(Algorithm):
    """A generator of targets from sources; a class on it gives what is learned from, and how.

    It makes `generator`, `discriminator` and `ema_generator` (None without a moving average), and keeps what
    `network_config` gives in `_network_config`.

    Args:
        source_shape: (height, width, channels) of the images that are given, and of a mask where they have one.
        target_shape: of those to be made.
        ema_momentum, seed, name: see `Algorithm`.

    `call` and `predict` take sources.

    Raises:
        InputError: an argument out of its range.
    """

    has_mask = False
    generator: keras.Model
    discriminator: keras.Model
    ema_generator: keras.Model | None
    _network_config: dict[str, Any]

    @checked_types
    def __init__(
        self,
        source_shape: ImageShape,
        target_shape: ImageShape,
        *,
        ema_momentum: float = 0.0,
        seed: int = 0,
        name: str | None = None,
    ):
        super().__init__(ema_momentum=ema_momentum, seed=seed, name=name)
        self.source_shape = check_image_shape(source_shape, "source_shape")
        self.target_shape = check_image_shape(target_shape, "target_shape")

    # ---- what it is made of ---------------------------------------------------------------------

    def judge(self, training: bool = True) -> Judge:
        """The discriminator as a function of images alone."""
        return lambda images: self.discriminator(images, training=training)

    def sides(self) -> dict[str, list[keras.Model]]:
        return {"generator": [self.generator], "discriminator": [self.discriminator]}

    def averaged(self) -> list[tuple[keras.Model, keras.Model]]:
        return [] if self.ema_generator is None else [(self.ema_generator, self.generator)]

    def check_ends(self, objective: Objective, is_loading: bool) -> None:
        check_ends(self.generator, self.discriminator, objective.pair.logits_are_log_odds, is_loading)

    # ---- what a step is made of -----------------------------------------------------------------

    def discriminator_step(self, real: tf.Tensor, fake: tf.Tensor, step: Step) -> None:
        """Moves the discriminator by what it says of both, each (N, H, W, C)."""
        fake = tf.stop_gradient(fake)
        with tf.GradientTape() as tape:
            judgement = judged(self.objective, self.judge(), real, fake, step, 1, self.judged_parts(self.discriminator))
            loss = self.mean(judgement.discriminator_total, step)
        self.track(judgement.of_discriminator(), step)
        self.apply("discriminator", tape, loss)

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

    # ---- saving ---------------------------------------------------------------------------------

    def network_config(self) -> dict[str, Any]:
        return dict(self._network_config)


def shapes_of(data: Any, model: str, learns_from: str, has: str) -> dict[str, Any]:
    """The shapes of sources and of targets, as a constructor takes them.

    Args:
        data: that shall be learned from.
        model: the name of the class that shall.
        learns_from: what it learns from, for people.
        has: what data without sources have of that.

    Raises:
        InputError: data without sources.
    """
    if not hasattr(data, "source_shape"):
        raise InputError(f"{model} learns from {learns_from}, and {data.source} has {has}.")
    return {"source_shape": data.source_shape, "target_shape": data.target_shape}


def in_one_shape(*columns: np.ndarray) -> list[np.ndarray]:
    """Images of several sizes and numbers of channels in one: as large as the largest, grey or colours alone."""
    sides = np.max([each.shape[1:3] for each in columns], 0)
    columns = tuple(each.repeat(sides[0] // each.shape[1], 1).repeat(sides[1] // each.shape[2], 2) for each in columns)
    if len({each.shape[-1] for each in columns}) == 1:
        return list(columns)
    has_colours = any(each.shape[-1] > 2 for each in columns)
    chosen = (each[..., : 3 if each.shape[-1] > 2 else 1] for each in columns)  # without alpha or a mask
    return [np.repeat(each, 3, -1) if has_colours and each.shape[-1] == 1 else each for each in chosen]
