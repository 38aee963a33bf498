"""What a model that translates is worth: its images beside the targets, and beside what is got without learning."""

import dataclasses
import hashlib
import sys
from collections.abc import Iterable
from typing import Any

import tqdm

from tfgan_suite.data.image_data import SELECTION_SEED, ImageData
from tfgan_suite.data.pairs import DegradedData
from tfgan_suite.data.unpaired import UnpairedData
from tfgan_suite.errors import InputError, option
from tfgan_suite.evaluation.measure import PIXELS
from tfgan_suite.metrics.baselines import INPUT, baselines
from tfgan_suite.metrics.catalogue import METRICS, Measured, lacks
from tfgan_suite.metrics.comparison import Comparison
from tfgan_suite.metrics.extractors import Extractor
from tfgan_suite.metrics.records import MetricRecord
from tfgan_suite.metrics.translation import (
    PAIR_METRICS,
    Translatable,
    Translate,
    Translated,
    cannot,
    cycle_of,
    pair_comparison,
    samples,
    translate_pairs,
)
from tfgan_suite.metrics.zoom_blur import ZOOM_BLUR, zoom_and_blur
from tfgan_suite.versions import versions


def evaluate_translator(
    translate: Translate,
    facts: dict[str, Any],
    train: ImageData,
    test: Translatable,
    extractor: Extractor | None,
    names: Iterable[str] = PAIR_METRICS,
    *,
    back: Translate | None = None,
    dataset: str,
    count: int = 10_000,
    held_out: bool = True,
    protocol: dict[str, Any] | None = None,
    wanted: bool = False,
) -> list[MetricRecord]:
    """The records of something that makes images of sources.

    Beside each value stand the same numbers of the input, of the mean target and of a classical method: see
    `baselines`; and of a model that learned without pairs, where it is measured on some, of the best `zoom_and_blur`
    of the input, which the protocol then names. The floor of a distance are the targets that were learned from, in the
    place of what is made; that of `label_accuracy` are the targets themselves.

    Args:
        translate: see `Translate`.
        facts: where it lies, and what it says of itself; JSON types.
        train: what was learned from: pairs, or two kinds of images, of which the targets count.
        test: what it is measured on: pairs, or two kinds of images, which have distances of distributions alone.
        extractor: of features and classes; None for metrics of pixels alone.
        names: of `PAIR_METRICS`.
        back: the other way of a model that translates both ways.
        dataset: the name that the pairs were loaded by.
        count: pairs; fewer where there are fewer, else always the same ones.
        held_out: whether `test` was not learned from.
        protocol: what else another number must share to be compared with these.
        wanted: whether a metric that cannot be measured is an error, and not passed over.

    Raises:
        InputError: too few pairs, images of another shape, or a metric that cannot be measured.
        DivergenceError: images that are not finite.
    """
    names = list(names)
    test = test.at_most(count)
    if (fewest := min(len(test.images), test.num_sources)) < 2:
        raise InputError(f"A metric needs at least 2 pairs, or images of each kind. Received: {fewest}.")
    with tqdm.tqdm(total=test.num_sources, unit="picture", leave=False, disable=None) as bar:
        translated = translate_pairs(translate, test, bar.update)
    comparison = pair_comparison(translated, test, extractor, cycle=cycle_of(translate, back, test, names))
    others, told = _without_learning(comparison, translated, train, test, extractor)
    floor = dataclasses.replace(comparison, generated=comparison.reference)
    floor_of_distances = None
    if extractor is not None and held_out:
        learned = samples(*train.chosen(len(test.images)), extractor, train.look)
        floor_of_distances = dataclasses.replace(comparison, generated=learned)
    protocol = _protocol(train, test, dataset, held_out) | told | (protocol or {})
    records = []
    for name in names:
        if reason := cannot(comparison, name):
            if wanted:
                raise InputError(f"{reason}. Leave it out of {option('metrics')}.")
            continue
        metric = METRICS[name]
        how = PIXELS if metric.on_pixels or extractor is None else extractor.protocol(test.image_shape[2])
        real = None if not metric.has_floor else floor_of_distances if metric.on_features else floor
        try:
            records += _records(name, comparison, real, others, {**protocol, **how}, facts)
        except InputError as error:  # such as images that are too small
            if wanted:
                raise
            print(f"{name} is passed over: {error}", file=sys.stderr)
    return records


def _without_learning(
    comparison: Comparison, translated: Translated, train: ImageData, test: Translatable, extractor: Extractor | None
) -> tuple[dict[str, Comparison], dict[str, Any]]:
    """What is got without learning, in the place of what is made; and what a protocol says of it."""
    degradation, told = test.degradation if isinstance(test, DegradedData) else None, {}
    found = baselines(translated, train.images, degradation)
    if isinstance(train, UnpairedData) and comparison.paired and INPUT in found:
        found[ZOOM_BLUR], how = zoom_and_blur(found[INPUT], comparison.reference.images)
        told = {ZOOM_BLUR: f"{how}, the least l1 of these pairs"}
    labels = comparison.generated.labels
    others = {
        name: dataclasses.replace(comparison, generated=samples(images, labels, extractor, test.look), cycle=None)
        for name, images in found.items()
    }
    return others, told


def _records(
    name: str,
    comparison: Comparison,
    floor: Comparison | None,
    others: dict[str, Comparison],
    protocol: dict[str, Any],
    facts: dict[str, Any],
) -> list[MetricRecord]:
    """The records of one metric."""

    def numbers(of: Comparison) -> dict[str, Measured]:
        return {measured.name: measured for measured in METRICS[name].measure(of)}

    real = {} if floor is None else numbers(floor)
    beside = {other: numbers(each) for other, each in others.items() if lacks(each, name) is None}
    return [
        MetricRecord(
            measured.name,
            float(measured.value),
            None if measured.uncertainty is None else float(measured.uncertainty),
            float(real[measured.name].value) if measured.name in real else None,
            {**protocol, **measured.protocol},
            facts,
            measured.details,
            [],
            versions(),
            {other: float(found[measured.name].value) for other, found in beside.items() if measured.name in found},
        )
        for measured in numbers(comparison).values()
    ]


def _protocol(train: ImageData, test: Translatable, dataset: str, held_out: bool) -> dict[str, Any]:
    """What two numbers must share to be compared."""
    told = test.facts()
    of_pairs = ("source_shape", "source_kind", "degradation", "look", "source_look")
    kept: dict[str, Any] = {key: told[key] for key in of_pairs if key in told}
    return {
        "dataset": dataset,
        "dataset_sha256": hashlib.sha256((train.fingerprint() + test.fingerprint()).encode()).hexdigest(),
        "reference": test.source,
        "held_out": held_out,
        "num_real": len(test.images),
        "num_generated": test.num_sources,
        "selection_seed": SELECTION_SEED,
        "image_shape": list(test.image_shape),
        **kept,
        **test.effects,
        **train.effects,
    }
