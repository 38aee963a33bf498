"""What a generator is worth: its images against real ones, by every metric of the catalogue."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import tqdm

from tfgan_suite.data.image_data import SELECTION_SEED
from tfgan_suite.errors import InputError, option
from tfgan_suite.evaluation.real_images import RealImages, load_real
from tfgan_suite.evaluation.subjects import Subject, find_subjects
from tfgan_suite.files import is_run
from tfgan_suite.latents import check_seed
from tfgan_suite.metrics.catalogue import METRICS, Measured, chosen_metrics, lacks
from tfgan_suite.metrics.classes import check_classes
from tfgan_suite.metrics.comparison import Comparison, Samples
from tfgan_suite.metrics.extractors import Extractor, load_extractor
from tfgan_suite.metrics.records import MetricRecord
from tfgan_suite.networks.bundled import GENERAL
from tfgan_suite.runs.record import read_config
from tfgan_suite.versions import versions

# What a metric of pixels says in place of the extractor's name, hash and size.
PIXELS = {"extractor": "pixels", "extractor_sha256": None, "resize": None}


def evaluate_subject(
    subject: Subject,
    real: RealImages,
    extractor: Extractor,
    names: Iterable[str],
    count: int,
    seed: int,
    wanted: bool = False,
) -> list[MetricRecord]:
    """The records of one subject.

    Args:
        subject: what is measured.
        real: of its shape.
        extractor: what features and logits come from.
        names: metrics; see `METRICS`.
        count: generated images; fewer where there are fewer real ones, since only equal numbers compare.
        seed: of the first image.
        wanted: whether a metric that cannot be measured is an error, and not passed over.

    Raises:
        InputError: too few samples, images without content, or a metric that cannot be measured.
    """
    count = real.at_most(count)
    if count < 2:
        raise InputError(f"A metric needs at least 2 images. Received: {count}.")
    names = list(names)
    with tqdm.tqdm(total=4 * count + 100 * len(names), unit="image", leave=False, disable=None) as bar:
        bar.set_description("sampling")
        images, labels = subject.sample(count, seed)
        path, classes = str(subject.facts["path"]), real.reference.num_classes
        _refuse_blank(images, path)
        if labels is not None and classes is not None:
            check_classes(labels, classes, f"{path}: labels")
        bar.update(count)
        bar.set_description("features")
        reference, floor, generated = (
            Samples(part, *extractor(part, bar.update), part_labels)
            for part, part_labels in (
                real.reference.chosen(count),
                real.floor.chosen(count),
                (images, labels),
            )
        )
        comparison = Comparison(
            generated,
            reference,
            real.train.images,
            real.validation.images,
            classes if extractor.num_classes == classes else None,
            real.held_out,
            subject.draw,
            lambda drawn: extractor.of_floats(drawn).features,
            subject.latent_dim,
            SELECTION_SEED,
            real.train.shares(),
        )
        records = []
        protocol = _protocol(real, extractor, subject, count, seed)
        for name in names:
            bar.set_description(name)
            if reason := lacks(comparison, name):
                if wanted:
                    raise InputError(
                        f"{reason}; the extractor is {extractor.name}. Leave it out of {option('metrics')}."
                    )
                continue
            try:
                records += _records(name, comparison, floor, protocol, subject.facts)
            except InputError as error:  # such as too few samples
                if wanted:
                    raise
                bar.write(f"{name} is passed over: {error}", file=sys.stderr)
            bar.update(100)
    return records


def _records(
    name: str, comparison: Comparison, floor: Samples, protocol: dict[str, Any], subject: dict[str, Any]
) -> list[MetricRecord]:
    """The records of one metric, with the floors beside the values."""
    metric = METRICS[name]
    count, num_features = comparison.generated.features.shape
    if metric.on_pixels:
        protocol = {**protocol, **PIXELS}
    warnings = []
    if metric.on_features and count <= num_features:
        warnings.append(
            f"{count} samples are too few for {num_features} features: take more, or compare only with the floor."
        )
    floors: dict[str, Measured] = {}
    if metric.has_floor and not (set(metric.needs) & {"labels"} and floor.labels is None):
        in_place = Comparison(**{**vars(comparison), "generated": floor})
        floors = {measured.name: measured for measured in metric.measure(in_place)}
    return [
        MetricRecord(
            measured.name,
            float(measured.value),
            None if measured.uncertainty is None else float(measured.uncertainty),
            float(floors[measured.name].value) if measured.name in floors else None,
            {**protocol, **measured.protocol},
            subject,
            measured.details,
            warnings,
            versions(),
        )
        for measured in metric.measure(comparison)
    ]


def _protocol(real: RealImages, extractor: Extractor, subject: Subject, count: int, seed: int) -> dict[str, Any]:
    """What two numbers must share to be compared."""
    return {
        "dataset": real.dataset,
        "dataset_sha256": real.fingerprint,
        "reference": real.reference.source,
        "held_out": real.held_out,
        "num_real": count,
        "num_generated": count,
        "sample_seeds": [seed, seed + count - 1] if subject.seeded else None,
        "selection_seed": SELECTION_SEED,
        "image_shape": list(subject.image_shape),
        **real.effects,
        **extractor.protocol(subject.image_shape[2]),
    }


def _refuse_blank(images: np.ndarray, path: str) -> None:
    if images.min() == images.max():
        raise InputError(f"{path} makes blank images: every pixel of every one is {images.min()}. Nothing to measure.")


def evaluate(
    path: str,
    dataset: str | None,
    *,
    data_dir: str | None = None,
    split: str | None = None,
    metrics: str = "all",
    count: int = 10_000,
    seed: int = 0,
    extractor: str | None = None,
    inception_weights: str | None = None,
    all_checkpoints: bool = False,
) -> list[MetricRecord]:
    """The records of what lies at a path; see `find_subjects` and `load_real`.

    Args:
        path: a SavedModel, a run folder, or an `.npz` file of images.
        dataset: what it was trained on; None: as the run folder says.
        data_dir: where TensorFlow Datasets keeps its data.
        split: of the reference; None: `test`, where there is one.
        metrics: names, separated by commas; `all` passes over those that do not apply.
        count: generated images.
        seed: of the first one.
        extractor: see `load_extractor`.
        inception_weights: see `load_extractor`.
        all_checkpoints: evaluate each checkpoint of a run folder.

    Raises:
        InputError: anything of it cannot be used.
    """
    if count < 2:
        raise InputError(f"{option('count')} must be at least 2. Received: {count}.")
    check_seed(seed)
    if not dataset and is_run(path):
        config = read_config(Path(path)).config
        dataset, data_dir = config.dataset, data_dir or config.data_dir
        print(f"compared with {dataset}, as the run says", file=sys.stderr)
    if not dataset:
        raise InputError(
            f"{option('dataset')} is missing: the data set that the generator was trained on, such as mnist."
        )
    names = chosen_metrics(metrics)
    subjects = find_subjects(path, all_checkpoints)
    network = load_extractor(extractor, dataset, inception_weights)
    if extractor is None and network.name == GENERAL:
        print(
            f"No classifier comes with the package for {dataset}: {option('extractor', GENERAL)} is taken.",
            file=sys.stderr,
        )
    learned = subjects[0].facts.get("split") or "train"
    real = load_real(dataset, split, data_dir, subjects[0].image_shape, learned, subjects[0].rules)
    if real.at_most(count) < count:
        print(f"{real.at_most(count):,} images are compared: {dataset} has no more real ones.", file=sys.stderr)
    records = []
    for subject in subjects:
        records += evaluate_subject(subject, real, network, names, count, seed, wanted=metrics != "all")
    return records
