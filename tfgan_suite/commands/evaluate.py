"""What a generator is worth: its images against real ones, by every metric of the catalogue."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import tqdm

from tfgan_suite.errors import InputError
from tfgan_suite.latents import check_seed
from tfgan_suite.metrics.catalogue import METRICS, Measured, chosen_metrics, lacks
from tfgan_suite.metrics.classes import check_classes
from tfgan_suite.metrics.comparison import Comparison, Samples
from tfgan_suite.metrics.extractors import Extractor, load_extractor
from tfgan_suite.metrics.general import GENERAL
from tfgan_suite.metrics.records import READING, MetricRecord, difference, read_records, write_records
from tfgan_suite.real_images import SELECTION_SEED, RealImages, chosen_images, load_real
from tfgan_suite.run_folder import read_config
from tfgan_suite.runs.paths import is_run
from tfgan_suite.subjects import Subject, find_subjects
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
                chosen_images(real.reference, count),
                chosen_images(real.floor, count),
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
        )
        records = []
        protocol = _protocol(real, extractor, subject, count, seed)
        for name in names:
            bar.set_description(name)
            if reason := lacks(comparison, name):
                if wanted:
                    raise InputError(f"{reason}; the extractor is {extractor.name}. Leave it out of --metrics.")
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
        raise InputError(f"--count must be at least 2. Received: {count}.")
    check_seed(seed)
    if not dataset and is_run(path):
        config = read_config(Path(path)).config
        dataset, data_dir = config.dataset, data_dir or config.data_dir
        print(f"compared with {dataset}, as the run says", file=sys.stderr)
    if not dataset:
        raise InputError("--dataset is missing: the data set that the generator was trained on, such as mnist.")
    names = chosen_metrics(metrics)
    subjects = find_subjects(path, all_checkpoints)
    network = load_extractor(extractor, dataset, inception_weights)
    if extractor is None and network.name == GENERAL:
        print(f"No classifier comes with the package for {dataset}: --extractor {GENERAL} is taken.", file=sys.stderr)
    learned = subjects[0].facts.get("split") or "train"
    real = load_real(dataset, split, data_dir, subjects[0].image_shape, learned, subjects[0].rules)
    if real.at_most(count) < count:
        print(f"{real.at_most(count):,} images are compared: {dataset} has no more real ones.", file=sys.stderr)
    records = []
    for subject in subjects:
        records += evaluate_subject(subject, real, network, names, count, seed, wanted=metrics != "all")
    return records


def evaluate_to(output: str | None, compare: str | None, **choices: Any) -> str:
    """A table of an evaluation, which is written as JSON too.

    Args:
        output: JSON file for the records; None: none is written.
        compare: JSON file of other records, measured alike, whose values stand beside these.
        choices: of `evaluate`.

    Raises:
        InputError: as `evaluate`, or records that were measured otherwise.
    """
    others = [] if compare is None else read_records(compare)
    if output is not None and not Path(output).parent.is_dir():
        raise InputError(f"The folder {Path(output).parent} of --output does not exist.")
    records = read_records(choices["path"]) if choices["path"].endswith(".json") else evaluate(**choices)
    if output is not None:
        write_records(output, records)
    return as_table(records, others)


def as_table(records: list[MetricRecord], others: list[MetricRecord] | None = None) -> str:
    """Records as lines for people: value, uncertainty, floor, and where there are others the difference to them.

    Raises:
        InputError: records of one metric that were measured otherwise.
    """
    by_name = {record.metric: record for record in others or []}
    if len(by_name) < len(others or []):
        raise InputError("The records to compare with have a metric more than once. Give those of one generator.")
    head = f"{'metric':<28} {'value':>12} {'+-':>10} {'real data':>12}" + (f"{'difference':>13}" if by_name else "")
    lines: list[str] = []
    subject = None
    for record in records:
        if record.subject != subject:
            subject = record.subject
            step = f", step {subject['step']}" if "step" in subject else ""
            lines += [*([""] if lines else []), f"{subject.get('path', '-')}{step}", head]
        uncertainty = "" if record.uncertainty is None else f"{record.uncertainty:.4g}"
        floor = "" if record.floor is None else f"{record.floor:.5g}"
        line = f"{record.metric:<28} {record.value:>12.5g} {uncertainty:>10} {floor:>12}"
        if record.metric in by_name:
            line += f"{difference(record, by_name[record.metric]):>+13.4g}"
        lines.append(line.rstrip())
    lines += sorted({f"warning: {record.metric}: {text}" for record in records for text in record.warnings})
    if records:
        protocols = [record.protocol for record in records]
        networks = {
            f"{told.get('extractor', '?')} ({str(told['extractor_sha256'])[:12]}), {told.get('resize', '?')}"
            for told in protocols
            if told.get("extractor_sha256")
        }
        told = protocols[0]
        lines.append(
            f"{told.get('num_generated', '?')} generated and as many real images ({told.get('reference', '?')}), by "
            f"{' and '.join(sorted(networks)) or 'pixels'}"
        )
        if read := [f"{key} {told[key]}" for key in READING if told.get(key)]:
            lines.append(f"real images were read as the generator's were: {', '.join(read)}")
        if not told.get("held_out", True):
            lines.append("the generator has learned from these real images: there are no others")
    return "\n".join(lines)
