"""What a model that translates is worth: its images beside the targets, and beside what is got without learning."""

import dataclasses
import hashlib
import sys
from collections.abc import Iterable
from typing import Any

import tqdm

from tfgan_suite.data.image_data import SELECTION_SEED, ImageData
from tfgan_suite.data.pairs import DegradedData, PairData
from tfgan_suite.errors import InputError, option
from tfgan_suite.evaluation.measure import PIXELS
from tfgan_suite.metrics.baselines import baselines
from tfgan_suite.metrics.catalogue import METRICS, Measured
from tfgan_suite.metrics.comparison import Comparison
from tfgan_suite.metrics.extractors import Extractor
from tfgan_suite.metrics.records import MetricRecord
from tfgan_suite.metrics.translation import (
    PAIR_METRICS,
    Translate,
    Translated,
    cannot,
    pair_comparison,
    samples,
    translate_pairs,
)
from tfgan_suite.versions import versions


def evaluate_translator(
    translate: Translate,
    facts: dict[str, Any],
    train: ImageData,
    test: PairData,
    extractor: Extractor | None,
    names: Iterable[str] = PAIR_METRICS,
    *,
    dataset: str,
    count: int = 10_000,
    held_out: bool = True,
    protocol: dict[str, Any] | None = None,
    wanted: bool = False,
) -> list[MetricRecord]:
    """The records of something that makes images of sources.

    Beside each value stand the same numbers of the input, of the mean target and of a classical method: see
    `baselines`. The floor of a distance are the targets that were learned from, in the place of what is made; that of
    `label_accuracy` are the targets themselves.

    Args:
        translate: see `Translate`.
        facts: where it lies, and what it says of itself; JSON types.
        train: what was learned from: pairs, or two kinds of images, of which the targets count.
        test: what it is measured on.
        extractor: of features and classes; None for metrics of pixels alone.
        names: of `PAIR_METRICS`.
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
    if len(test.images) > count:
        test = test.at(test.rows_of_choice(count))
    if len(test.images) < 2:
        raise InputError(f"A metric needs at least 2 pairs. Received: {len(test.images)}.")
    with tqdm.tqdm(total=len(test.images), unit="pair", leave=False, disable=None) as bar:
        translated = translate_pairs(translate, test, bar.update)
    comparison = pair_comparison(translated, test, extractor)
    others = _without_learning(comparison, translated, train, test, extractor)
    floor = dataclasses.replace(comparison, generated=comparison.reference)
    floor_of_distances = None
    if extractor is not None and held_out:
        learned = samples(*train.chosen(len(test.images)), extractor, train.look)
        floor_of_distances = dataclasses.replace(comparison, generated=learned)
    protocol = _protocol(train, test, dataset, held_out) | (protocol or {})
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
    comparison: Comparison, translated: Translated, train: ImageData, test: PairData, extractor: Extractor | None
) -> dict[str, Comparison]:
    """What is got without learning, in the place of what is made."""
    degradation = test.degradation if isinstance(test, DegradedData) else None
    return {
        name: dataclasses.replace(comparison, generated=samples(images, test.labels, extractor, test.look))
        for name, images in baselines(translated, train.images, degradation).items()
    }


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
    beside = {other: numbers(each) for other, each in others.items()}
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
            {other: float(found[measured.name].value) for other, found in beside.items()},
        )
        for measured in numbers(comparison).values()
    ]


def _protocol(train: ImageData, test: PairData, dataset: str, held_out: bool) -> dict[str, Any]:
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
        "num_generated": len(test.images),
        "selection_seed": SELECTION_SEED,
        "image_shape": list(test.image_shape),
        **kept,
        **test.effects,
        **train.effects,
    }
