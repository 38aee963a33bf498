"""Models that translate, from a run or an export, and what they are worth."""

import dataclasses
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tfgan_suite.data.image_data import ImageData
from tfgan_suite.data.pairs import StoredPairs
from tfgan_suite.data.sources import as_read
from tfgan_suite.data.unpaired import UnpairedData
from tfgan_suite.errors import InputError, option
from tfgan_suite.evaluation.real_images import overlap
from tfgan_suite.evaluation.subjects import checkpoints_to_measure, facts_of_checkpoint
from tfgan_suite.evaluation.translations import evaluate_translator
from tfgan_suite.exported import B_TO_A, DIRECTIONS, is_translator, read_card, version_folder, way_folder
from tfgan_suite.files import is_run
from tfgan_suite.images import to_uint8
from tfgan_suite.metrics.catalogue import METRICS, chosen_metrics
from tfgan_suite.metrics.extractors import load_extractor
from tfgan_suite.metrics.records import MetricRecord
from tfgan_suite.metrics.translation import PAIR_METRICS, Translatable, Translate
from tfgan_suite.models.algorithm import Algorithm
from tfgan_suite.models.endpoints import Servable
from tfgan_suite.models.from_latents import FromLatents
from tfgan_suite.models.loading import load_model
from tfgan_suite.noise import Rows, Step
from tfgan_suite.picture_rules import PictureRules
from tfgan_suite.runs.data import learned_from_pairs, read_data, read_pairs_of
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
        direction: of `DIRECTIONS`, of a model that translates both ways; None: as the export goes, or the first.
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
    direction: str | None = None
    test_dropout: bool = False

    def given(self, *names: str) -> dict[str, Any]:
        """Those of these that are not None."""
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}


class Way(NamedTuple):
    """What is measured.

    Attributes:
        translate: makes images of sources.
        back: the other way of a model that translates both ways; else None.
        facts: what it says of itself; JSON types.
    """

    translate: Translate
    back: Translate | None
    facts: dict[str, Any]


def evaluate_run(path: str, run_dir: Path, choices: Choices) -> list[MetricRecord]:
    """The records of a run that learned from pairs or from two kinds of images, or of one of its checkpoints.

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
    if config.learns_from_pairs and choices.direction is not None:
        raise InputError(f"{path} goes one way. Received: {option('direction', choices.direction)}. Leave it out.")
    if choices.dataset is None:
        print(f"measured on {config.dataset}, as the run says", file=sys.stderr)
    rules = record.picture_rules()
    is_file = Path(path).suffix == ".keras"
    seed = choices.seed if choices.test_dropout else None

    def ways() -> Iterator[Way]:
        for checkpoint in [path] if is_file else checkpoints_to_measure(Path(path), choices.all_checkpoints):
            model: Algorithm = load_model(checkpoint)
            direction = model.checked_direction(choices.direction)
            facts = {**facts_of_checkpoint(run_dir, checkpoint), "step": int(model.step.numpy())}
            facts |= {} if direction is None else {"direction": direction}
            there, *back = (
                translate_with(model.directed(each), seed)
                for each in sorted(model.directions or (None,), key=lambda each: each != direction)
            )
            yield Way(there, back[0] if back else None, facts)

    return _records(
        ways(),
        lambda split, as_rules: read_data(config, as_rules, split),
        rules,
        config.split,
        config.dataset,
        choices,
        choices.direction == B_TO_A,
    )


def is_exported_translator(path: str) -> bool:
    """Whether a path is the folder of an exported model that translates, of its versions, or of both of its ways."""
    try:
        return is_translator(read_card(version_folder(way_folder(path, None))))
    except InputError:
        return False


def evaluate_export(path: str, choices: Choices) -> list[MetricRecord]:
    """The records of an exported model that translates, as it is served: from levels to levels.

    Args:
        path: the folder of a SavedModel, of its versions, or of both ways of a model that translates both.
        choices: what is asked.

    Raises:
        InputError: anything of it cannot be used, or the export does not say how its pairs were made.
    """
    if choices.all_checkpoints:
        raise InputError(f"{option('all_checkpoints')} needs a run folder of train.py. Received: {path}.")
    if not choices.dataset:
        raise InputError(f"{option('dataset')} is missing: the pairs, or the images, that {path} was trained on.")
    dataset = choices.dataset
    opened = open_translator(path, choices.seed if choices.test_dropout else None, direction=choices.direction)
    card = opened.card
    direction = card.get("direction")
    others = [way for way in DIRECTIONS if way != direction and (Path(path) / way).is_dir()]
    back = _of_levels(open_translator(path, direction=others[0])) if others and direction else None
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
    facts |= {"direction": direction} if direction else {}
    paired = learned_from_pairs(card)
    return _records(
        [Way(_of_levels(opened), back, facts)],
        lambda split, as_rules: read_pairs_of(settings, dataset, choices.data_dir, as_rules, split, learned, paired),
        rules,
        learned,
        dataset,
        choices,
        direction == B_TO_A,
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
    ways: Iterable[Way],
    read: Callable[[str, PictureRules], ImageData],
    rules: PictureRules,
    learned: str,
    dataset: str,
    choices: Choices,
    turned: bool,
) -> list[MetricRecord]:
    """The records of translators that learned from the same pairs, or from the same two kinds of images.

    Of two kinds, what is held out and has equal names is measured as pairs.

    Args:
        ways: what is measured.
        read: split and rules -> its pairs, or its two kinds.
        rules: how pictures are read.
        learned: the split that they learned from.
        dataset: its name.
        choices: what is asked.
        turned: whether they make images a of images b.
    """
    names = list(PAIR_METRICS) if choices.metrics == "all" else chosen_metrics(choices.metrics)
    network = None
    if not all(METRICS[name].on_pixels for name in names):
        network = load_extractor(choices.extractor, dataset, choices.inception_weights)
    train = read(learned, rules)
    split = choices.split or "test"
    test = train if split == learned else read(split, as_read(rules, train))
    if isinstance(test, UnpairedData):
        if test.num_pairs > 1 or (choices.metrics != "all" and any("pairs" in METRICS[name].needs for name in names)):
            test = test.pairs()
        else:
            print(f"{test.source}: no equal names in both kinds: their distances are measured alone", file=sys.stderr)
    if turned:
        assert isinstance(train, UnpairedData) and isinstance(test, UnpairedData | StoredPairs)
        train, test = train.turned(), test.turned()
    assert isinstance(test, Translatable)
    return [
        record
        for translate, back, facts in ways
        for record in evaluate_translator(
            translate, facts, train, test, network, names, back=back,
            dataset=dataset, count=choices.count, held_out=not overlap(split, learned),
            protocol={"test_dropout": choices.seed} if choices.test_dropout else {}, wanted=choices.metrics != "all",
        )
    ]  # fmt: skip


def translate_with(model: Servable, dropout_seed: int | None = None) -> Translate:
    """A model as `translate_pairs` takes it.

    Args:
        model: one that makes images of images, or one way of it.
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
