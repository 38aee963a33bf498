"""From a labelled data set to a classifier on disk, and what is known of it."""

import json
import sys
from pathlib import Path

import keras
import numpy as np

from tfgan_suite.data.sources import HELD_OUT_SHARE, load_train_and_test
from tfgan_suite.errors import InputError
from tfgan_suite.files import sha256_of, write_whole, writing_whole
from tfgan_suite.metrics.classes import class_accuracies, label_accuracy
from tfgan_suite.metrics.classifier import classify, train_classifier
from tfgan_suite.metrics.general import general_data, train_general
from tfgan_suite.networks.bundled import GENERAL
from tfgan_suite.picture_rules import PictureRules
from tfgan_suite.versions import versions


def train_classifier_to(
    output: str,
    dataset: str,
    data_dir: str | None = None,
    rules: PictureRules | None = None,
    epochs: int = 8,
    seed: int = 0,
    flip: bool = False,
) -> str:
    """Trains a classifier, tests it on images that it has not seen, and writes it.

    Args:
        output: `NAME.keras`; `NAME.json` beside it gets the file's hash, the command and the accuracy.
        dataset: images with classes, see `load_images`; or `general`, which trains the network of that name.
        data_dir: where TensorFlow Datasets keeps its data.
        rules: how pictures are read; None: as they are. The network `general` takes any size.
        epochs: passes over the data.
        seed: of weights, order, mirrors and shifts.
        flip: whether half of the images are mirrored; the network `general` has ways of its own.

    Returns:
        A line for people.

    Raises:
        InputError: data without classes, or an output that cannot be written.
    """
    path = Path(output)
    if path.suffix != ".keras":
        raise InputError(f"--output must be a file NAME.keras. Received: {output}.")
    if not path.parent.is_dir():
        raise InputError(f"The folder {path.parent} of --output does not exist.")
    if epochs < 1:
        raise InputError(f"--epochs must be at least 1. Received: {epochs}.")
    if not 0 <= seed < 2**31:
        raise InputError(f"--seed must be in 0..2147483647. Received: {seed}.")
    rules = rules or PictureRules()
    if dataset == GENERAL and (flip or rules != PictureRules()):
        raise InputError(
            f"--dataset {GENERAL} reads its pictures in its own way. Leave out --image-size, --flip and the like."
        )
    if dataset == GENERAL:
        data, test = general_data(data_dir)
        model = train_general(data, epochs, seed)
    else:
        data, test = load_train_and_test(dataset, data_dir, rules)
        model = train_classifier(data, epochs, seed, flip=flip)
    for text in data.warnings:
        print(f"warning: {text}", file=sys.stderr)
    assert test.labels is not None
    predicted = classify(model, test.images)
    accuracy = label_accuracy(predicted, test.labels)
    each = class_accuracies(predicted, test.labels, len(test.label_names))
    # Without the optimizer, which makes three quarters of the file.
    with writing_whole(path) as partial:
        keras.Model(model.input, model.output, name=model.name).save(partial)
    flags = "".join(f" --{name} {value}" for name, value in given_flags(rules).items()) + " --flip" * flip
    command = f"python scripts/train_classifier.py --dataset {dataset} --output {path.name} --epochs {epochs}{flags}"
    facts = {
        "sha256": sha256_of(path),
        "command": f"{command} --seed {seed}",
        "data": data.facts(),
        "accuracy": accuracy,
        "accuracy_of_class": [None if np.isnan(value) else float(value) for value in each],
        "num_test_images": len(test.images),
        "test_images": test.source if test.source != data.source else f"{HELD_OUT_SHARE:.0%} of {data.source}, seed 0",
        "versions": versions(),
    }
    write_whole(path.with_suffix(".json"), json.dumps(facts, indent=2) + "\n")
    return f"wrote: {path}, right on {accuracy:.2%} of {len(test.images):,} images it has not seen"


def given_flags(rules: PictureRules) -> dict[str, str]:
    """The flags of rules that are not the usual ones.

    >>> given_flags(PictureRules((12, 16), fit="pad", levels=(0, 4095)))
    {'image-size': '12x16', 'fit': 'pad', 'levels': '0:4095'}
    """
    usual = PictureRules()
    flags = {"image-size": "x".join(map(str, rules.size))} if rules.size else {}
    flags |= {name: said for name in ("fit", "background") if (said := getattr(rules, name)) != getattr(usual, name)}
    if rules.levels is not None:
        flags["levels"] = rules.levels if rules.levels == "auto" else ":".join(map(str, rules.levels))
    return flags
