"""The images that a check of a run looks at, and what it measures of them beside those of the data."""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from tfgan_suite.errors import InputError
from tfgan_suite.images import to_float
from tfgan_suite.metrics.diversity import diversity, label_groups, random_features
from tfgan_suite.models.algorithm import Algorithm

LEAST_IMAGES = 16
LEAST_PAIRS = 8  # the fewest that are held out
MAX_REFERENCE = 256  # images; the diversity of more differs by a percent
LEVELS = 127.5  # of 1.0


class WatchedImages(Protocol):
    """What a `HealthMonitor` measures of images."""

    def begin(self, model: Algorithm) -> None:
        """Looks at the data for this model.

        Raises:
            InputError: images of another shape than the model's.
        """

    def measure(self, model: Algorithm) -> dict[str, float | None]:
        """The numbers of a `Check` that images have."""


class OfSeeds:
    """Samples of seeds, always the same, beside real images.

    Args:
        real_images, labels: see `HealthMonitor`.
        count: of the samples.
    """

    def __init__(self, real_images: np.ndarray, labels: np.ndarray | None, count: int):
        chosen = checked_reference(real_images, labels)
        self.real_images, self.count = as_floats(real_images[chosen]), count
        self.labels = None if labels is None else np.asarray(labels)[chosen]
        refuse_equal(self.real_images)

    def begin(self, model: Any) -> None:
        """Chooses the samples' labels, and takes the diversity of the real images."""
        if self.real_images.shape[1:] != tuple(model.image_shape):
            raise InputError(
                f"real_images must have the model's shape {model.image_shape}. Received: {self.real_images.shape[1:]}."
            )
        real_images, groups = self.real_images, np.zeros(len(self.real_images), int)
        self.sample_labels, self.sample_groups = None, np.zeros(self.count, int)
        if model.labels is not None:
            labels = model.check_labels(None, self.count) if self.labels is None else self.labels
            # At least four samples a label.
            self.sample_labels = model.check_labels(np.unique(labels, axis=0)[: self.count // 4], self.count)
            self.sample_groups = label_groups(self.sample_labels)
            if self.labels is not None:
                own = label_groups(self.labels)
                shared = np.bincount(own)[own] > 1
                if shared.sum() >= LEAST_IMAGES and diversity(real_images[shared], own[shared]):
                    real_images, groups = real_images[shared], own[shared]
        self.of_data = diversity(real_images, groups), diversity(random_features(real_images), groups)

    def measure(self, model: Any) -> dict[str, float | None]:
        """The samples' diversity, and its share of the data's."""
        images = model.generate(self.count, labels=self.sample_labels)
        return diversities(images, self.sample_groups, self.of_data)


class OfSources:
    """What a model makes of sources, always of the same ones, beside their targets.

    Of a model that translates both ways each number is that of the way in which it is worse.

    Args:
        targets: see `HealthMonitor`.
        sources: as many, as the model takes them; of a model that learns without pairs their rows are no pairs.
        count: how many of them are translated.
    """

    def __init__(self, targets: np.ndarray, sources: np.ndarray, count: int):
        chosen = checked_reference(targets, sources, LEAST_PAIRS)
        chosen = chosen[np.linspace(0, len(chosen) - 1, min(count, len(chosen))).round().astype(int)]
        self.targets, self.sources = as_floats(targets[chosen]), as_floats(sources[chosen])
        refuse_equal(self.targets)

    def begin(self, model: Algorithm) -> None:
        """Takes the diversity and the details of the targets."""
        expected = model.expected()
        shapes = [port.row_shape for port in expected.ports]
        if [self.sources.shape[1:], self.targets.shape[1:]] != shapes:
            raise InputError(
                f"sources and real_images must have the model's shapes {shapes[0]} and {shapes[1]}. Received: "
                f"{self.sources.shape[1:]} and {self.targets.shape[1:]}."
            )
        # Pairs are (source, target); what learns without them takes both kinds as one.
        kinds = [(self.sources, self.targets), (self.targets, self.sources)]
        self.ways = [
            (direction, OneWay(sources, targets, paired=expected.y is not None))
            for direction, (sources, targets) in zip(model.directions or (None,), kinds, strict=False)
            if is_diverse(targets)
        ]

    def measure(self, model: Algorithm) -> dict[str, float | None]:
        """See `OneWay.measure`."""
        found = [way.measure(model.directed(direction)) for direction, way in self.ways]
        told: dict[str, Any] = min(found, key=lambda each: min(each["pixel_ratio"], each["feature_ratio"]))
        for name, worst in (("source_ratio", min), ("source_correlation", min), ("alternation", max)):
            told[name] = worst((each[name] for each in found if each[name] is not None), default=None)
        return told


class OneWay:
    """What is made of sources, beside images of the kind that it should be of.

    Args:
        sources: float32 (N, h, w, C) in [-1, 1].
        targets: float32 (N, H, W, D) in [-1, 1].
        paired: whether row i of the targets is what should be made of row i of the sources.
    """

    def __init__(self, sources: np.ndarray, targets: np.ndarray, paired: bool):
        self.sources, self.targets, self.paired = sources, targets, paired
        self.groups = np.zeros(len(targets), int)
        self.of_data = diversity(targets, self.groups), diversity(random_features(targets), self.groups)
        self.details = details(targets)
        self.copies = copied(sources, targets.shape)

    def measure(self, translate: Callable[[tf.Tensor], tf.Tensor]) -> dict[str, Any]:
        """The results' diversity, how far they are from their sources, and how far every second pixel stands out; and
        of a model that learns without pairs, their correlation with their sources."""
        images = np.asarray(translate(tf.constant(self.sources)), np.float32)
        source_ratio = None
        if self.copies is not None and (far := np.abs(self.targets - self.copies).mean()):
            source_ratio = float(np.abs(images - self.copies).mean() / far)
        added = details(images) - self.details
        return diversities(images, self.groups, self.of_data) | {
            "source_ratio": source_ratio,
            "alternation": LEVELS * float(np.sqrt((added**2).sum(0).mean())),
            "source_correlation": None if self.paired or self.copies is None else correlation(images, self.copies),
        }


def checked_reference(images: np.ndarray, beside: np.ndarray | None, least: int = LEAST_IMAGES) -> np.ndarray:
    """Which of the real images are looked at: up to 256, evenly spaced.

    Raises:
        InputError: fewer than `least` images, another shape, or labels or sources that are not one an image.
    """
    if images.ndim != 4 or len(images) < least:
        raise InputError(f"real_images must be at least {least} images (N, H, W, C). Received: shape {images.shape}.")
    if beside is not None and len(beside) != len(images):
        raise InputError(f"real_images need one label or source each. Received: {len(beside)} for {len(images)}.")
    return np.linspace(0, len(images) - 1, min(len(images), MAX_REFERENCE)).round().astype(int)


def as_floats(images: np.ndarray) -> np.ndarray:
    """uint8, or float in [-1, 1], as float32 in [-1, 1].

    Raises:
        InputError: values beyond.
    """
    images = to_float(images).numpy() if images.dtype in (np.uint8, np.uint16) else np.asarray(images, np.float32)
    if not np.abs(images).max() <= 1.0:
        raise InputError("real_images must be uint8, uint16 or float in [-1, 1]. Received: values beyond.")
    return images


def refuse_equal(images: np.ndarray) -> None:
    """Refuses images that give no diversity to compare with.

    Raises:
        InputError: they are all equal.
    """
    if not is_diverse(images):
        raise InputError("real_images are all equal: there is no diversity to compare with. Choose others.")


def is_diverse(images: np.ndarray) -> bool:
    """Whether images are not all equal."""
    return bool(diversity(images, np.zeros(len(images), int)))


def diversities(images: np.ndarray, groups: np.ndarray, of_data: tuple[float, float]) -> dict[str, float | None]:
    """How much images differ within groups, in pixels and in features, and which share of the data's that is."""
    pixels, features = (diversity(values, groups) for values in (images, random_features(images)))
    return {
        "pixel_diversity": pixels,
        "feature_diversity": features,
        "pixel_ratio": pixels / of_data[0],
        "feature_ratio": features / of_data[1],
    }


def correlation(images: np.ndarray, others: np.ndarray) -> float | None:
    """The mean over images of their correlation with others, row with row, over all their numbers.

    An image of one colour is correlated with none; where the other has one colour the pair does not count.

    >>> steps = np.array([[0.0, 1.0, 2.0], [0.0, 2.0, 4.0], [5.0, 5.0, 5.0]])
    >>> correlation(steps, 3 - steps), correlation(steps[2:], steps[:1]), correlation(steps[:1], steps[2:])
    (-1.0, 0.0, None)

    Args:
        images: (N, ...).
        others: alike.
    """
    a, b = (each.reshape(len(each), -1).astype(np.float64) for each in (images, others))
    a, b = (each - each.mean(1, keepdims=True) for each in (a, b))
    told = np.ptp(b, axis=1) > 0
    if not told.any():
        return None
    lengths = np.sqrt((a**2).sum(1) * (b**2).sum(1))
    products = np.divide((a * b).sum(1), lengths, out=np.zeros(len(a)), where=lengths != 0)
    return float(products[told].mean())


def details(images: np.ndarray) -> np.ndarray:
    """How far every second pixel stands out in the mean over images, in rows, in columns and in both: (3, C).

    The mean Haar details of blocks of 2x2. What images show stands at odd places as often as at even ones; what
    convolutions of stride 2 leave behind does not.

    >>> board = np.indices((4, 6)).sum(0) % 2 * 2.0 - 1.0
    >>> details(np.stack([board, board])[..., None])[:, 0].tolist()
    [0.0, 0.0, -1.0]
    """
    height, width = (2 * (side // 2) for side in images.shape[1:3])
    a, b, c, d = (images[:, i:height:2, j:width:2].mean((0, 1, 2), np.float64) for i in (0, 1) for j in (0, 1))
    return np.stack([a + b - c - d, a - b + c - d, a - b - c + d]) / 4


def copied(sources: np.ndarray, shape: tuple[int, ...]) -> np.ndarray | None:
    """The sources as images of the targets' shape: without a mask or alpha, grey as colours; None where none would be
    the source."""
    channels = shape[-1]
    if sources.shape[1:3] != shape[1:3]:
        return None
    if sources.shape[-1] in (channels, channels + 1):
        return sources[..., :channels]
    return np.repeat(sources, channels, -1) if sources.shape[-1] == 1 else None
