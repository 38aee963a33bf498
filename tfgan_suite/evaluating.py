"""What an exported generator makes, read by a classifier."""

import zlib
from pathlib import Path

import numpy as np

from tfgan_suite.data.sources import load_images
from tfgan_suite.errors import InputError
from tfgan_suite.images import to_uint8
from tfgan_suite.metrics.class_shares import class_shares, label_accuracy
from tfgan_suite.metrics.classifier import classify, load_or_train
from tfgan_suite.metrics.diversity import diversity
from tfgan_suite.serving.saved_generator import SavedGenerator

# Images of the data set that the classifier is tested on instead of trained.
HELD_OUT_SHARE = 0.1


def report_class_shares(
    generator_path: str, dataset: str, data_dir: str | None, count: int, seed: int, classifier: str | None
) -> str:
    """The share of each class among generated images beside that of the data, and the diversity within classes.

    Args:
        generator_path: folder of a SavedModel, or of its versions.
        dataset: labelled data that the classifier learns: see `load_images`.
        data_dir: where TensorFlow Datasets keeps its data.
        count: generated images; a conditional generator's labels cycle through the classes.
        seed: of the first image.
        classifier: `.keras` file to use, trained and written there when missing; None:
            `runs/classifier_DATASET_KEY.keras`.

    Raises:
        InputError: no generator, data without classes, or images of different shapes.
    """
    if count < 1:
        raise InputError(f"--count must be at least 1. Received: {count}.")
    if not 0 <= seed <= 2**62:
        raise InputError(f"--seed must be in 0..2**62. Received: {seed}.")
    generator = SavedGenerator(generator_path)
    height, width, channels = generator.image_shape
    data = load_images(dataset, data_dir=data_dir, image_size=(height, width), channels=channels)
    if data.num_classes is None or data.labels is None:
        raise InputError(f"Class shares need a data set with classes, and {data.source} has none.")
    if generator.num_classes not in (None, data.num_classes):
        raise InputError(
            f"The generator makes {generator.num_classes} classes. Received: {data.source} with {data.num_classes}."
        )
    # The name tells the data apart, so that no classifier is tested on what it was trained on.
    key = zlib.crc32(np.ascontiguousarray(data.images[:: max(1, len(data.images) // 1000)]).tobytes())
    path = Path(classifier or f"runs/classifier_{Path(dataset).stem}_{key:08x}.keras")
    learned, held_out = data.split(HELD_OUT_SHARE)
    model = load_or_train(path, learned)
    seeds = np.arange(seed, seed + count, dtype=np.int64)
    labels = generator.check_labels(None, count)
    images = to_uint8(generator.generate(seeds, labels))
    predicted = classify(model, images)
    shares, real = class_shares(predicted, data.num_classes), class_shares(data.labels, data.num_classes)
    lines = [f"{'class':<16} {'generated':>10} {'data':>10}"]
    lines += [f"{n:<16} {g:>10.2%} {r:>10.2%}" for n, g, r in zip(data.label_names, shares, real, strict=True)]
    lines.append(f"smallest share: {shares.min():.2%} of {count:,} samples, seeds {seed} to {seed + count - 1}")
    if generator.num_classes is not None and labels is not None:
        lines.append(f"label accuracy: {label_accuracy(predicted, labels):.2%}")
    compared = slice(None, None, -(-len(data.images) // count))
    relative = diversity(images, predicted) / diversity(data.images[compared], data.labels[compared])
    lines.append(f"diversity within classes: {relative:.2f} of the data's (standard deviation of pixels)")
    assert held_out.labels is not None
    accuracy = label_accuracy(classify(model, held_out.images), held_out.labels)
    lines.append(f"the classifier ({path}) is right on {accuracy:.2%} of {len(held_out.labels):,} held-out images")
    return "\n".join(lines)
