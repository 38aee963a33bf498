"""What a model makes of sources, beside the targets that they have."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from tfgan_suite.data.image_data import SELECTION_SEED
from tfgan_suite.data.looks import undone
from tfgan_suite.data.pairs import DegradedData, PairData, StoredPairs
from tfgan_suite.data.unpaired import UnpairedData
from tfgan_suite.errors import DivergenceError, InputError, option
from tfgan_suite.images import to_float, to_uint8
from tfgan_suite.labels import classes_of
from tfgan_suite.metrics.catalogue import METRICS, lacks
from tfgan_suite.metrics.comparison import Comparison, Samples
from tfgan_suite.metrics.cycle import cycle_errors
from tfgan_suite.metrics.extractors import Extractor
from tfgan_suite.metrics.grouping import groups_of

# Sources float32 (n, h, w, C) in [-1, 1], and the number of the first of them -> images (n, H, W, D) in [-1, 1].
Translate = Callable[[np.ndarray, int], Any]
# Sources and targets: pairs, or two kinds of images, whose rows have nothing to do with each other.
Translatable = PairData | UnpairedData
PAIR_METRICS = (
    "psnr", "ssim", "l1", "kernel_distance", "frechet_distance", "label_accuracy", "label_accuracy_kept", "cycle",
)  # fmt: skip
# A Frechet distance of fewer images than features is no estimate, and even so it is biased.
FEWEST_FOR_FRECHET = 2000
BATCH_ROWS = 64


class Translated(NamedTuple):
    """N sources, and what is made of them.

    Attributes:
        images: uint8 (N, H, W, D).
        sources: uint8 (N, h, w, C), as pictures: without the channel that says where a hole is.
        holes: bool (N, h, w), where the sources lack pixels; None where they lack none.
    """

    images: np.ndarray
    sources: np.ndarray
    holes: np.ndarray | None


def has_holes(data: Translatable) -> bool:
    """Whether the last channel of the sources says where pixels are missing."""
    return isinstance(data, DegradedData) and data.degradation.kind == "mask"


def translate_pairs(
    translate: Translate, data: Translatable, progress: Callable[[int], Any] = lambda rows: None
) -> Translated:
    """What is made of the sources of pairs, or of all images a of two kinds.

    Args:
        translate: see `Translate`.
        data: the pairs or the kinds.
        progress: called with the number of rows after each batch.

    Raises:
        InputError: images of another shape than the targets.
        DivergenceError: images that are not finite.
    """
    made, sources = [], []
    for start in range(0, data.num_sources, BATCH_ROWS):
        source = data.source_rows(np.arange(start, min(start + BATCH_ROWS, data.num_sources)))
        images = np.asarray(translate(source, start), np.float32)
        if images.shape != (shape := (len(source), *data.target_shape)):
            raise InputError(f"Images must have the targets' shape {shape}. Received: {images.shape}.")
        if not np.isfinite(images).all():
            raise DivergenceError("The images that are made are not finite: the training has diverged.")
        made.append(to_uint8(images))
        sources.append(to_uint8(source))
        progress(len(images))
    joined = np.concatenate(sources)
    if has_holes(data):
        return Translated(np.concatenate(made), joined[..., :-1], joined[..., -1] == 255)
    return Translated(np.concatenate(made), joined, None)


def samples(
    images: np.ndarray, labels: np.ndarray | None, extractor: Extractor | None, look: Sequence[str] = ()
) -> Samples:
    """Images in 8 bits, in which all is measured, and their features and logits where there is an extractor.

    Args:
        images: uint8 or uint16 (N, H, W, C).
        labels: what they are meant to show; None: not known.
        extractor: one that reads classes is given the images as `undone` leaves them, since it has learned from images
            as they are; one of features alone gets them in their look.
        look: that the images have, or were made to have.
    """
    images = images if images.dtype == np.uint8 else to_uint8(to_float(images).numpy())
    classes = None if labels is None else classes_of(labels)
    if extractor is None:
        return Samples(images, np.empty((len(images), 0), np.float32), None, classes)
    return Samples(images, *extractor(images if extractor.num_classes is None else undone(images, look)), classes)


def pair_comparison(
    translated: Translated,
    data: Translatable,
    extractor: Extractor | None,
    reference: Samples | None = None,
    cycle: tuple[np.ndarray, np.ndarray] | None = None,
) -> Comparison:
    """What was made of sources beside their targets, as metrics take it; or beside images of the target's kind.

    Args:
        translated: of the data's sources.
        data: the pairs, whose labels are what the images are meant to show; or two kinds of images.
        extractor: of features; None for metrics of pixels alone.
        reference: the targets as `samples` has them; None: they are made.
        cycle: see `Comparison`.
    """
    known, paired = None if extractor is None else extractor.num_classes, isinstance(data, PairData)
    return Comparison(
        samples(translated.images, data.labels if paired else None, extractor, data.look),
        samples(data.images, data.labels, extractor, data.look) if reference is None else reference,
        train=data.images,
        validation=data.images[:0],
        num_classes=known if known == data.num_classes else None,
        held_out=True,
        seed=SELECTION_SEED,
        paired=paired,
        holes=translated.holes,
        groups=groups_of(data.names) if isinstance(data, StoredPairs) else None,
        cycle=cycle,
    )


def cycle_of(translate: Translate, back: Translate | None, data: Translatable, names: Iterable[str]) -> Any:
    """What `pair_comparison` takes as `cycle`: None where no name asks for it, or there is no way back."""
    if back is None or "cycle" not in names:
        return None
    return cycle_errors(translate, back, data.source_rows(np.arange(data.num_sources)), seed=SELECTION_SEED)


def cannot(comparison: Comparison, name: str) -> str | None:
    """Why a metric cannot be measured of pairs; None where it can."""
    count = min(len(samples.images) for samples in (comparison.reference, comparison.generated))
    if name not in PAIR_METRICS:
        return f"{name} is not measured of pairs; {', '.join(PAIR_METRICS)} are"
    if not METRICS[name].on_pixels and not comparison.reference.features.shape[1]:
        return f"{name} needs an extractor"
    if name == "frechet_distance" and count < FEWEST_FOR_FRECHET:
        return f"{name} needs {FEWEST_FOR_FRECHET:,} images on each side, and there are {count:,}; kernel_distance does"
    return lacks(comparison, name)


def refuse_metrics(comparison: Comparison, names: Iterable[str]) -> None:
    """Refuses metrics that cannot be measured of pairs.

    Raises:
        InputError: naming the first, and what it needs.
    """
    for name in names:
        if reason := cannot(comparison, name):
            raise InputError(f"{reason}. Leave it out of {option('metrics')}.")


def measure_pairs(
    translate: Translate,
    data: PairData,
    names: Iterable[str],
    extractor: Extractor | None = None,
    reference: Samples | None = None,
    back: Translate | None = None,
) -> dict[str, float]:
    """The numbers of metrics on pairs, without floors.

    Args:
        translate: see `Translate`.
        data: pairs that were not learned from.
        names: in `PAIR_METRICS`.
        extractor: for those of features.
        reference: see `pair_comparison`.
        back: the other way of a model that translates both ways.

    Raises:
        InputError: a metric that cannot be measured.
        DivergenceError: images that are not finite.
    """
    names = list(names)
    cycle = cycle_of(translate, back, data, names)
    comparison = pair_comparison(translate_pairs(translate, data), data, extractor, reference, cycle)
    refuse_metrics(comparison, names)
    found = [measured for name in names for measured in METRICS[name].measure(comparison)]
    return {measured.name: float(measured.value) for measured in found}
