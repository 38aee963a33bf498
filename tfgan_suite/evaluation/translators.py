"""Models that translate, from the run folders in which they lie, and what they are worth."""

import dataclasses
import sys
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from tfgan_suite.data.pairs import PairData
from tfgan_suite.data.sources import as_read
from tfgan_suite.errors import InputError
from tfgan_suite.evaluation.real_images import overlap
from tfgan_suite.evaluation.subjects import checkpoints_to_measure, facts_of_checkpoint
from tfgan_suite.evaluation.translations import evaluate_translator
from tfgan_suite.files import is_run
from tfgan_suite.metrics.catalogue import METRICS, chosen_metrics
from tfgan_suite.metrics.extractors import load_extractor
from tfgan_suite.metrics.records import MetricRecord
from tfgan_suite.metrics.translation import PAIR_METRICS, Translate
from tfgan_suite.models.algorithm import Algorithm
from tfgan_suite.models.from_latents import FromLatents
from tfgan_suite.models.loading import load_model
from tfgan_suite.noise import Rows, Step
from tfgan_suite.runs.data import read_data
from tfgan_suite.runs.record import read_config


def run_of_translator(path: str) -> Path | None:
    """The run folder of a model that translates: a path itself, or that of a checkpoint; None where it is none.

    Raises:
        InputError: a `.keras` file that lies in no run folder.
    """
    place = Path(path)
    if place.suffix == ".keras" and place.is_file():
        folder = next((parent for parent in place.parents if is_run(parent)), None)
        if folder is None:
            raise InputError(
                f"{path} lies in no run folder, which would say how its pictures were read and its sources made. Give "
                "the run folder that train.py wrote."
            )
        return folder if read_config(folder).config.learns_from_pairs else None
    return place if is_run(place) and read_config(place).config.learns_from_pairs else None


def evaluate_run(
    path: str,
    *,
    run_dir: Path,
    dataset: str | None,
    source: str | None = None,
    target: str | None = None,
    data_dir: str | None = None,
    split: str | None = None,
    metrics: str = "all",
    count: int = 10_000,
    seed: int = 0,
    extractor: str | None = None,
    inception_weights: str | None = None,
    all_checkpoints: bool = False,
    test_dropout: bool = False,
) -> list[MetricRecord]:
    """The records of a run that learned from pairs, or of one of its checkpoints.

    Args:
        path: a run folder, or a `.keras` file in it.
        run_dir: the folder.
        dataset, data_dir, source, target: see `TrainConfig`; None: as the run says.
        split: what it is measured on; None: `test`.
        metrics: names, separated by commas; `all` passes over those that do not apply.
        count: pairs, at most.
        seed: of Dropout's masks.
        extractor, inception_weights: see `load_extractor`.
        all_checkpoints: evaluate each checkpoint of the run.
        test_dropout: let Dropout drop as in training; all else stays as it is served.

    Raises:
        InputError: anything of it cannot be used.
    """
    record = read_config(run_dir)
    given: dict[str, Any] = {"dataset": dataset, "source": source, "target": target, "data_dir": data_dir}
    config = dataclasses.replace(record.config, **{key: value for key, value in given.items() if value is not None})
    if dataset is None:
        print(f"measured on {config.dataset}, as the run says", file=sys.stderr)
    names = list(PAIR_METRICS) if metrics == "all" else chosen_metrics(metrics)
    network = None
    if not all(METRICS[name].on_pixels for name in names):
        network = load_extractor(extractor, config.dataset, inception_weights)
    rules = record.picture_rules()
    train = read_data(config, rules)
    chosen = split or "test"
    held_out = not overlap(chosen, config.split)
    test = train if chosen == config.split else read_data(config, as_read(rules, train), chosen)
    assert isinstance(train, PairData) and isinstance(test, PairData)
    of_file = Path(path).suffix == ".keras"
    records = []
    for checkpoint in [path] if of_file else checkpoints_to_measure(Path(path), all_checkpoints):
        model: Algorithm = load_model(checkpoint)
        facts = {**facts_of_checkpoint(run_dir, checkpoint), "step": int(model.step.numpy())}
        records += evaluate_translator(
            translate_with(model, seed if test_dropout else None), facts, train, test, network, names,
            dataset=config.dataset, count=count, held_out=held_out,
            protocol={"test_dropout": seed} if test_dropout else {}, wanted=metrics != "all",
        )  # fmt: skip
    return records


def translate_with(model: Algorithm, dropout_seed: int | None = None) -> Translate:
    """A model as `translate_pairs` takes it.

    Args:
        model: one that makes images of images.
        dropout_seed: of Dropout's masks, a row's own; None: without Dropout.

    Raises:
        InputError: a model that makes images of latents.
    """
    if isinstance(model, FromLatents):
        raise InputError(f"{type(model).__name__} makes images of latents, and translates none.")

    def translate(source: np.ndarray, first: int) -> tf.Tensor:
        if dropout_seed is None:
            return model(tf.constant(source))
        with Step(dropout_seed, 0, Rows(len(source), first)).masks(0, in_use=True):
            return model(tf.constant(source))

    return translate
