"""What synthetic images are worth: classifiers trained on few real images, without them and with them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import mean, stdev
from typing import Any

import numpy as np

from tfgan_suite.data.image_data import ImageData
from tfgan_suite.metrics.classifier import BATCH_ROWS, classify, train_classifier


@dataclass(frozen=True)
class Worth:
    """What the synthetic images did for k real ones a class.

    Attributes:
        real_per_class: k.
        steps: training steps of each classifier.
        real_only: accuracy on the test images of a classifier trained on the real images alone; one a seed.
        with_synthetic: that of one trained on the same real images and all synthetic ones; one a seed.
    """

    real_per_class: int
    steps: int
    real_only: list[float]
    with_synthetic: list[float]

    def columns(self) -> dict[str, list[float]]:
        """Accuracies without and with synthetic images, and their differences by pairs of one seed."""
        pairs = zip(self.with_synthetic, self.real_only, strict=True)
        return {
            "real_only": self.real_only,
            "with_synthetic": self.with_synthetic,
            "difference": [more - less for more, less in pairs],
        }

    def facts(self) -> dict[str, Any]:
        """Each column with its mean and standard deviation over the seeds; JSON types."""
        columns = {name: {"each": v, "mean": mean(v), "sd": stdev(v)} for name, v in self.columns().items()}
        return {"real_per_class": self.real_per_class, "steps": self.steps, **columns}


def measure(train: ImageData, test: ImageData, synthetic: ImageData, k: int, seeds: Sequence[int], steps: int) -> Worth:
    """Trains and tests two classifiers a seed: on k real images a class, and on these with the synthetic ones.

    Both take equally many steps of equally many images, from the same weights and at the same rates: the one
    with more images would otherwise train longer as well.

    Args:
        train: what the real images are chosen from.
        test: of the same classes.
        synthetic: of the same classes.
        k: real images a class.
        seeds: one for each pair of classifiers.
        steps: of training each.
    """
    real_only: list[float] = []
    with_synthetic: list[float] = []
    # As many epochs as leave room for the larger set in each; both sets are repeated to that room.
    most = k * len(train.label_names) + len(synthetic.images)
    passes = max(1, steps * BATCH_ROWS // most)
    epochs = max(number for number in range(1, passes + 1) if steps % number == 0)
    rows = steps // epochs * BATCH_ROWS
    assert test.labels is not None
    for seed in seeds:
        real = choose(train, k, seed)
        for data, accuracies in ((real, real_only), (joined(real, synthetic), with_synthetic)):
            classifier = train_classifier(repeated(data, rows, seed), epochs, seed, verbose=0)
            accuracies.append(float(np.mean(classify(classifier, test.images) == test.labels)))
        print(
            f"k = {k}, seed {seed}: {real_only[-1]:.2%} real only, {with_synthetic[-1]:.2%} with synthetic", flush=True
        )
    return Worth(k, steps, real_only, with_synthetic)


def choose(data: ImageData, k: int, seed: int) -> ImageData:
    """k images of each class, by chance; those of a smaller k are among those of a larger one."""
    assert data.labels is not None
    random = np.random.default_rng(seed)
    orders = [random.permutation(np.flatnonzero(data.labels == label)) for label in range(len(data.label_names))]
    rows = np.sort(np.concatenate([order[:k] for order in orders]))
    return replace(data, images=data.images[rows], labels=data.labels[rows])


def joined(a: ImageData, b: ImageData) -> ImageData:
    """The images of both."""
    assert a.labels is not None
    assert b.labels is not None
    return replace(a, images=np.concatenate([a.images, b.images]), labels=np.concatenate([a.labels, b.labels]))


def repeated(data: ImageData, rows: int, seed: int) -> ImageData:
    """`rows` images: each equally often, but for one time that chance decides."""
    assert data.labels is not None
    order = np.resize(np.random.default_rng(seed).permutation(len(data.images)), rows)
    return replace(data, images=data.images[order], labels=data.labels[order])
