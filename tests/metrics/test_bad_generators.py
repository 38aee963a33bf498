"""Generators that are bad in known ways, and the metrics that tell. No single number tells them all."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from tfgan_suite.data.image_data import ImageData
from tfgan_suite.metrics.coverage import density_coverage
from tfgan_suite.metrics.frechet import frechet_distance
from tfgan_suite.metrics.kernel import kernel_distance
from tfgan_suite.metrics.memorisation import memorisation_ratio
from tfgan_suite.metrics.precision import precision_recall
from tfgan_suite.metrics.score import classifier_score

COUNT = 600


class Digits(NamedTuple):
    """Real images in three parts, and a classifier that has learned from the first."""

    train: np.ndarray
    labels: np.ndarray
    test: np.ndarray
    held_out: np.ndarray
    classifier: LogisticRegression

    def logits(self, images: np.ndarray) -> np.ndarray:
        return self.classifier.decision_function(rows(images))


def rows(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1) / 255.0


@pytest.fixture(scope="module")
def digits(small_digits: ImageData) -> Digits:
    order = np.random.default_rng(0).permutation(len(small_digits.images))
    images, labels = small_digits.images[order], small_digits.labels[order]
    train, test, held_out = images[:COUNT], images[COUNT : 2 * COUNT], images[2 * COUNT :]
    classifier = LogisticRegression(C=10.0, max_iter=1000).fit(rows(train), labels[:COUNT])
    return Digits(train, labels[:COUNT], test, held_out, classifier)


def one_class(digits: Digits) -> np.ndarray:
    return np.resize(digits.train[digits.labels == 3][:30], digits.train.shape)


def ten_images(digits: Digits) -> np.ndarray:
    """The surest of each class, again and again."""
    surest = np.argmax(digits.logits(digits.train), axis=0)
    return np.repeat(digits.train[surest], COUNT // 10, axis=0)


GENERATORS: dict[str, Callable[[Digits], np.ndarray]] = {
    "real images": lambda digits: digits.test,
    "noise": lambda digits: np.random.default_rng(1).integers(0, 256, digits.train.shape).astype(np.uint8),
    "one class": one_class,
    "one image": lambda digits: np.repeat(digits.train[:1], COUNT, axis=0),
    "ten images": ten_images,
    "the training set": lambda digits: digits.train[::-1],
}
METRICS = (
    "frechet_distance",
    "kernel_distance",
    "precision",
    "recall",
    "density",
    "coverage",
    "classifier_score",
    "memorised_share",
)
IN_DISTRIBUTION = {"frechet_distance", "kernel_distance", "recall", "coverage"}
EXPOSED_BY: dict[str, set[str]] = {
    "real images": set(),
    "noise": {*IN_DISTRIBUTION, "precision", "density", "classifier_score"},
    # What is made is real: that much is missing shows in what compares the whole.
    "one class": {*IN_DISTRIBUTION, "classifier_score", "memorised_share"},
    "one image": {*IN_DISTRIBUTION, "classifier_score", "memorised_share"},
    # A class each: the score takes ten images for the whole of the data.
    "ten images": {*IN_DISTRIBUTION, "memorised_share"},
    "the training set": {"memorised_share"},
}


def measure(digits: Digits, images: np.ndarray) -> dict[str, float]:
    real, generated = rows(digits.train), rows(images)
    values = (
        frechet_distance(real, generated),
        kernel_distance(real, generated, subsets=10, subset_size=300)[0],
        *precision_recall(real, generated),
        *density_coverage(real, generated),
        classifier_score(digits.logits(images))[0],
        memorisation_ratio(images, digits.train, digits.held_out).share,
    )
    return dict(zip(METRICS, values, strict=True))


@pytest.fixture(scope="module")
def measured(digits: Digits) -> dict[str, dict[str, float]]:
    return {name: measure(digits, make(digits)) for name, make in GENERATORS.items()}


def exposing(values: dict[str, float]) -> set[str]:
    """The metrics that are far from those of real images: about 0.1, 0, 0.96, 0.96, 1, 0.97, 7.7 and 0.01."""
    return {
        *(name for name, most in (("frechet_distance", 1.0), ("kernel_distance", 0.01)) if values[name] > most),
        *(name for name in ("precision", "recall", "density", "coverage") if values[name] < 0.5),
        *(["classifier_score"] if values["classifier_score"] < 5 else []),
        *(["memorised_share"] if values["memorised_share"] > 0.1 else []),
    }


@pytest.mark.parametrize("generator", GENERATORS)
def test_which_metric_exposes_it(generator: str, measured: dict[str, dict[str, float]]) -> None:
    assert exposing(measured[generator]) == EXPOSED_BY[generator]


def test_a_copied_training_set_beats_real_images(measured: dict[str, dict[str, float]]) -> None:
    """In all but memorisation."""
    copied, real = measured["the training set"], measured["real images"]
    assert copied["frechet_distance"] < 1e-9 < real["frechet_distance"]
    assert copied["kernel_distance"] < real["kernel_distance"]
    assert all(copied[name] >= real[name] for name in ("precision", "recall", "density", "coverage"))
    assert copied["memorised_share"] == 1


def test_ten_images_beat_real_images_in_precision_and_score(measured: dict[str, dict[str, float]]) -> None:
    repeated, real = measured["ten images"], measured["real images"]
    assert repeated["precision"] == 1 > real["precision"]
    assert repeated["classifier_score"] > real["classifier_score"] + 1
    assert repeated["coverage"] < 0.1


def test_no_metric_exposes_them_all() -> None:
    bad = [metrics for name, metrics in EXPOSED_BY.items() if name != "real images"]
    assert not set.intersection(*bad)
    assert set.union(*bad) == set(METRICS)
