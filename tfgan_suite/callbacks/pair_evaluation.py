"""Metrics of a model that translates, on held-out pairs, while it learns."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tfgan_suite.arguments import checked_types
from tfgan_suite.callbacks.measuring import Measuring
from tfgan_suite.data.pairs import PairData
from tfgan_suite.errors import DivergenceError
from tfgan_suite.metrics.extractors import Extractor
from tfgan_suite.metrics.translation import has_holes, measure_pairs, samples


class PairEvaluation(Measuring):
    """Measures what is made of the sources of pairs every few epochs, and puts the numbers into the history.

    As `Evaluation` does of images of latents. What is got without learning is the matter of `evaluate.py`.

    Args:
        pairs: that are not learned from; their sources are the same each time.
        metrics: names in `PAIR_METRICS`.
        extractor: of features; None for metrics of pixels alone.
        every: epochs from one measurement to the next; the first is after the epoch `every`.

    Raises:
        InputError: an unknown metric, `every` below 1; when training begins, a metric that cannot be measured.
    """

    @checked_types
    def __init__(
        self,
        pairs: PairData,
        metrics: Sequence[str] = ("psnr", "ssim", "l1"),
        extractor: Extractor | None = None,
        every: int = 1,
    ):
        super().__init__(metrics, every)
        self.pairs = pairs
        self.extractor = extractor
        self.reference = samples(pairs.images, pairs.labels, extractor, pairs.look)

    def measure(self) -> dict[str, float]:
        ways: tuple[str, ...] = self.model.directions if "cycle" in self.metrics else ()

        def back(source: np.ndarray, first: int) -> tf.Tensor:
            return self.model.directed(ways[1])(tf.constant(source))

        try:
            return measure_pairs(
                lambda source, first: self.model(tf.constant(source)),
                self.pairs,
                self.metrics,
                self.extractor,
                self.reference,
                back if ways else None,
            )
        except DivergenceError:
            return self.unmeasured()

    def unmeasured(self) -> dict[str, float]:
        numbers = super().unmeasured()
        if has_holes(self.pairs):
            return numbers
        return {key: value for key, value in numbers.items() if not key.endswith(("_inside", "_outside"))}
