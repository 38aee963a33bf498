"""Models that translate, from a run or an export, and what they are worth."""

import dataclasses
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from tfgan_suite.data.image_data import ImageData
from tfgan_suite.data.pairs import PairData
from tfgan_suite.data.sources import as_read
from tfgan_suite.data.unpaired import UnpairedData
from tfgan_suite.errors import InputError, option
from tfgan_suite.evaluation.real_images import overlap
from tfgan_suite.evaluation.subjects import checkpoints_to_measure, facts_of_checkpoint
from tfgan_suite.evaluation.translations import evaluate_translator
from tfgan_suite.exported import is_translator, read_card, version_folder
from tfgan_suite.files import is_run
from tfgan_suite.images import to_uint8
from tfgan_suite.metrics.catalogue import METRICS, chosen_metrics
from tfgan_suite.metrics.extractors import load_extractor
from tfgan_suite.metrics.records import MetricRecord
from tfgan_suite.metrics.translation import PAIR_METRICS, Translate
from tfgan_suite.models.algorithm import Algorithm
from tfgan_suite.models.from_latents import FromLatents
from tfgan_suite.models.loading import load_model
from tfgan_suite.noise import Rows, Step
from tfgan_suite.picture_rules import PictureRules
from tfgan_suite.runs.data import read_data, read_pairs_of
from tfgan_suite.runs.record import read_config
from tfgan_suite.runs.translating import Translator, open_translator


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
        return folder if read_config(folder).config.translates else None
    return place if is_run(place) and read_config(place).config.translates else None


@dataclasses.dataclass(frozen=True)
class Choices:
    """What is asked of an evaluation of pairs.

    Attributes:
        dataset, data_dir, source, target: see `TrainConfig`; None: as the run or the export says.
        split: what is measured on; None: `test`.
        metrics: names, separated by commas; `all` passes over those that do not apply.
        count: pairs, at most.
        seed: of Dropout's masks.
        extractor, inception_weights: see `load_extractor`.
        all_checkpoints: evaluate each checkpoint of a run.
        test_dropout: let Dropout drop as in training; all else stays as it is served. Not of an export.
    """

    dataset: str | None = None
    source: str | None = None
    target: str | None = None
    data_dir: str | None = None
    split: str | None = None
    metrics: str = "all"
    count: int = 10_000
    seed: int = 0
    extractor: str | None = None
    inception_weights: str | None = None
    all_checkpoints: bool = False
    test_dropout: bool = False

    def given(self, *names: str) -> dict[str, Any]:
        """Those of these that are not None."""
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}


def evaluate_run(path: str, run_dir: Path, choices: Choices) -> list[MetricRecord]:
    """The records of a run that learned from pairs, or of one of its checkpoints.

    Args:
        path: a run folder, or a `.keras` file in it.
        run_dir: the folder.
        choices: what is asked.

    Raises:
        InputError: anything of it cannot be used.
    """
    record = read_config(run_dir)
    given = choices.given("dataset", "source", "target", "data_dir")
    config = dataclasses.replace(record.config, **given)
    if choices.dataset is None:
        print(f"measured on {config.dataset}, as the run says", file=sys.stderr)
    rules = record.picture_rules()
    is_file = Path(path).suffix == ".keras"
    seed = choices.seed if choices.test_dropout else None

    def translators() -> Iterator[tuple[Translate, dict[str, Any]]]:
        for checkpoint in [path] if is_file else checkpoints_to_measure(Path(path), choices.all_checkpoints):
            model: Algorithm = load_model(checkpoint)
            facts = {**facts_of_checkpoint(run_dir, checkpoint), "step": int(model.step.numpy())}
            yield translate_with(model, seed), facts

    return _records(
        translators(),
        lambda split, as_rules: read_data(config, as_rules, split),
        rules,
        config.split,
        config.dataset,
        choices,
    )


def is_exported_translator(path: str) -> bool:
    """Whether a path is the folder of an exported model that translates, or of its versions."""
    try:
        return is_translator(read_card(version_folder(path)))
    except InputError:
        return False


def evaluate_export(path: str, choices: Choices) -> list[MetricRecord]:
    """The records of an exported model that translates, as it is served: from levels to levels.

    Args:
        path: the folder of a SavedModel or of its versions.
        choices: what is asked.

    Raises:
        InputError: anything of it cannot be used, or the export does not say how its pairs were made.
    """
    if choices.all_checkpoints:
        raise InputError(f"{option('all_checkpoints')} needs a run folder of train.py. Received: {path}.")
    if not choices.dataset:
        raise InputError(f"{option('dataset')} is missing: the pairs, or the images, that {path} was trained on.")
    dataset = choices.dataset
    opened = open_translator(path, choices.seed if choices.test_dropout else None)
    card = opened.card
    settings = {**card.get("pairs", {}), **choices.given("source", "target")}
    if not settings:
        raise InputError(
            f"{path} does not say how its pairs were read or made. Give {option('source')} and {option('target')}, or "
            "the run that it was exported from."
        )
    height, width, channels = card["target_shape"]
    is_alike = card["source_shape"][2] == channels or "degrade" in settings
    rules = dataclasses.replace(
        PictureRules.of_facts(card), size=(height, width), channels=channels if is_alike else None
    )
    learned = card.get("split") or "train"
    facts = {"path": path, **{key: card.get(key) for key in ("model", "dataset", "seed", "split")}}
    return _records(
        [(_of_levels(opened), facts)],
        lambda split, as_rules: read_pairs_of(settings, dataset, choices.data_dir, as_rules, split, learned),
        rules,
        learned,
        dataset,
        choices,
    )


def _of_levels(opened: Translator) -> Translate:
    """A translator of levels, and perhaps of masks, as `translate_pairs` takes it."""

    def translate(source: np.ndarray, first: int) -> np.ndarray:
        images, masks = to_uint8(source), None
        if opened.has_mask:
            images, masks = images[..., :-1], np.where(source[..., -1:] > 0, 255, 0).astype(np.uint8)
        parts = [slice(start, start + opened.max_rows) for start in range(0, len(images), opened.max_rows)]
        made = [opened.translate(images[part], None if masks is None else masks[part]) for part in parts]
        return np.concatenate(made).astype(np.float32) / 127.5 - 1.0

    return translate


def _records(
    translators: Iterable[tuple[Translate, dict[str, Any]]],
    read: Callable[[str, PictureRules], ImageData],
    rules: PictureRules,
    learned: str,
    dataset: str,
    choices: Choices,
) -> list[MetricRecord]:
    """The records of translators that learned from the same pairs.

    Args:
        translators: each with what it says of itself.
        read: split and rules -> its pairs.
        rules: how pictures are read.
        learned: the split that they learned from.
        dataset: its name.
        choices: what is asked.
    """
    names = list(PAIR_METRICS) if choices.metrics == "all" else chosen_metrics(choices.metrics)
    network = None
    if not all(METRICS[name].on_pixels for name in names):
        network = load_extractor(choices.extractor, dataset, choices.inception_weights)
    train = read(learned, rules)
    split = choices.split or "test"
    test = train if split == learned else read(split, as_read(rules, train))
    # Of two kinds what was learned from need not be pairs: its images b are targets.
    train, test = (
        data.pairs() if isinstance(data, UnpairedData) and (data is test or data.num_pairs) else data
        for data in (train, test)
    )
    assert isinstance(test, PairData)
    return [
        record
        for translate, facts in translators
        for record in evaluate_translator(
            translate, facts, train, test, network, names,
            dataset=dataset, count=choices.count, held_out=not overlap(split, learned),
            protocol={"test_dropout": choices.seed} if choices.test_dropout else {}, wanted=choices.metrics != "all",
        )
    ]  # fmt: skip


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
