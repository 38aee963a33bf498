"""What the models that learn images of images from pairs share."""

from typing import Any

import numpy as np
import tensorflow as tf

from tfgan_suite.arguments import checked_types
from tfgan_suite.errors import InputError, option
from tfgan_suite.models.endpoints import Shown
from tfgan_suite.models.one_way_translator import OneWayTranslator, in_one_shape, shapes_of
from tfgan_suite.networks.geometry import ImageShape
from tfgan_suite.noise import Step
from tfgan_suite.ports import Port, images_port


class PairedTranslator(OneWayTranslator):
    """A generator of targets from sources, learned from pairs; a class on it gives `update` and `judge_batch`.

    Args:
        source_shape: (height, width, channels) of the images that are given, and of a mask where they have one.
        target_shape: of those to be made.
        l1_weight: what multiplies the mean absolute difference, at least 0.
        content_only_steps: before this step the generator learns by the difference alone, and the discriminator
            already learns beside it.
        ema_momentum, seed, name: see `Algorithm`.

    `fit` takes (source, target), both float32 (N, H, W, C) in [-1, 1]; `call` and `predict` take sources.

    Raises:
        InputError: an argument out of its range.
    """

    @checked_types
    def __init__(
        self,
        source_shape: ImageShape,
        target_shape: ImageShape,
        *,
        l1_weight: float,
        content_only_steps: int = 0,
        ema_momentum: float = 0.0,
        seed: int = 0,
        name: str | None = None,
    ):
        for each, value in (("l1_weight", l1_weight), ("content_only_steps", content_only_steps)):
            if not 0 <= value < float("inf"):
                raise InputError(f"{option(each)} must be at least 0. Received: {value}.")
        super().__init__(source_shape, target_shape, ema_momentum=ema_momentum, seed=seed, name=name)
        self.l1_weight, self.content_only_steps = l1_weight, content_only_steps

    @classmethod
    def arguments_of(cls, data: Any) -> dict[str, Any]:
        return shapes_of(data, cls.__name__, "pairs of images", "none")

    def takes(self) -> tuple[Port, Port]:
        return images_port(self.source_shape, "source"), images_port(self.target_shape, "target")

    def is_adversarial(self, step: Step, dtype: Any) -> tf.Tensor:
        """1 from the step `content_only_steps` on, else 0."""
        return tf.cast(step.number >= self.content_only_steps, dtype)

    def show(self, count: int, examples: tuple[np.ndarray, ...] = ()) -> Shown:
        """See `Algorithm.show`: source, result and target side by side."""
        source, target = (np.asarray(each[: max(1, count // 3)], np.float32) for each in examples)
        columns = in_one_shape(source, np.asarray(self.call(tf.constant(source)), np.float32), target)
        return Shown(np.stack(columns, 1).reshape(-1, *columns[0].shape[1:]), ("source", "result", "target"))

    def get_config(self) -> dict[str, Any]:
        more = {"l1_weight": self.l1_weight, "content_only_steps": self.content_only_steps}
        return {**super().get_config(), **more}
