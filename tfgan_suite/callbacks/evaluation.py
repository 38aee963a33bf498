"""Metrics of the generator while it learns."""

from collections.abc import Sequence

import numpy as np

from tfgan_suite.arguments import checked_types
from tfgan_suite.callbacks.measuring import Measuring
from tfgan_suite.errors import InputError
from tfgan_suite.images import to_uint8
from tfgan_suite.labels import Labels, classes_of
from tfgan_suite.metrics.catalogue import METRICS, lacks
from tfgan_suite.metrics.classes import check_classes, class_entropy
from tfgan_suite.metrics.comparison import Comparison, Samples
from tfgan_suite.metrics.extractors import Extractor


class Evaluation(Measuring):
    """Measures samples against real images every few epochs, and puts the numbers into the history.

    Put it before the callbacks that read them, such as `keras.callbacks.CSVLogger`, or
    `keras.callbacks.ModelCheckpoint(path, monitor="frechet_distance", mode="min", save_best_only=True)`.
    Epochs between have NaN, which is never the best.

    Args:
        real: uint8 (N, H, W, C), the reference; as many samples are made.
        extractor: what features and logits come from.
        metrics: names in `METRICS`; the numbers that they give are logged, such as `precision` and
            `recall` of `precision_recall`.
        every: epochs from one measurement to the next; the first is after the epoch `every`.
        seed: of the first sample.
        labels: int32 (N,) classes of `real`, for metrics that need them.
        train: uint8 (M, H, W, C), what the model learns from, for `memorisation`.
        validation: uint8 (V, H, W, C), other real images, for `parzen_log_likelihood`.
        class_shares: float64 (K,) of the classes in the data, for `mode_divergence`; None: those of `labels`.

    Raises:
        InputError: an unknown metric, `every` below 1; when training begins, a metric that needs more
            than is given.
    """

    @checked_types
    def __init__(
        self,
        real: np.ndarray,
        extractor: Extractor,
        metrics: Sequence[str] = ("frechet_distance",),
        every: int = 1,
        seed: int = 0,
        labels: np.ndarray | None = None,
        train: np.ndarray | None = None,
        validation: np.ndarray | None = None,
        class_shares: np.ndarray | None = None,
    ):
        super().__init__(metrics, every)
        for name, images in (("real", real), ("train", train), ("validation", validation)):
            if images is not None and (np.ndim(images) != 4 or np.shape(images)[1:] != np.shape(real)[1:]):
                raise InputError(f"{name} must be images (N, H, W, C) of one shape. Received: {np.shape(images)}.")
        if labels is not None and len(check_classes(labels, name="labels")) != len(real):
            raise InputError(f"There must be a label for each real image. Received: {len(labels)} for {len(real)}.")
        self.extractor = extractor
        self.seed = seed
        self.train = train
        self.validation = real[:0] if validation is None else validation
        self.reference = Samples(real, *extractor(real), labels)
        if class_shares is not None:
            class_entropy(class_shares)  # refuses what is none
        elif labels is not None:
            class_shares = np.bincount(labels) / len(labels)
        self.class_shares = class_shares

    def measure(self) -> dict[str, float]:
        """The numbers of the model as it is now; NaN where its images are not finite.

        Raises:
            InputError: naming what a metric needs.
        """
        comparison = self.compared()
        if comparison is None:
            return self.unmeasured()
        for name in self.metrics:
            if reason := lacks(comparison, name):
                raise InputError(f"{reason}. Leave it out of the metrics.")
        found = [measured for name in self.metrics for measured in METRICS[name].measure(comparison)]
        return {measured.name: float(measured.value) for measured in found}

    def compared(self) -> Comparison | None:
        """As many samples as there are real images, beside them; None where they are not finite."""
        model, count = self.model, len(self.reference.images)
        labels = model.check_labels(None, count)
        floats = model.generate(count, self.seed, labels)
        if not np.isfinite(floats).all():
            return None
        images = to_uint8(floats)
        generated = Samples(images, *self.extractor(images), classes_of(labels))

        def draw(latents: np.ndarray, drawn: np.ndarray | None = None) -> np.ndarray:
            return np.asarray(model(model.generator_inputs(latents, model.check_labels(drawn, len(latents)))))

        known = Labels.facts(model.labels)["num_classes"]
        if known is None:  # where the labels do not say either which classes there are, they are those that are read
            known = self.extractor.num_classes if self.class_shares is None else len(self.class_shares)
        return Comparison(
            generated,
            self.reference,
            train=self.reference.images if self.train is None else self.train,
            validation=self.validation,
            num_classes=known if known == self.extractor.num_classes else None,
            held_out=self.train is not None,
            draw=draw,
            extract=lambda images: self.extractor.of_floats(images).features,
            latent_dim=model.latent_dim,
            class_shares=self.class_shares,
        )
