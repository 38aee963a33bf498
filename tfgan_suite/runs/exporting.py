"""From a run to its exported generator."""

import contextlib
import hashlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tfgan_suite.config import TrainConfig
from tfgan_suite.continuation.checkpoints import arrays_sha256
from tfgan_suite.errors import InputError
from tfgan_suite.exported import way_folder
from tfgan_suite.files import CONFIG, is_run, run_of, sha256_of
from tfgan_suite.metrics.records import MetricRecord
from tfgan_suite.models.loading import load_model
from tfgan_suite.runs.data import pair_settings
from tfgan_suite.runs.folder import refuse_unwritable
from tfgan_suite.runs.record import RunRecord, newest_of_run, read_config
from tfgan_suite.serving.export import export_folders, export_generator, export_model
from tfgan_suite.serving.saved_generator import SavedGenerator
from tfgan_suite.serving.saved_translator import SavedTranslator
from tfgan_suite.serving.succession import check_successor

# Of the data, which bind those who pass on what was learned from them, as far as anyone knows.
LICENCES = {
    "mnist": "MNIST, LeCun, Cortes and Burges: CC BY-SA 3.0",
    "fashion_mnist": "Fashion-MNIST, Xiao, Rasul and Vollgraf 2017, arXiv 1708.07747: MIT",
    "digits": "Optical Recognition of Handwritten Digits, Alpaydin and Kaynak 1998, UCI: CC BY 4.0",
}


def export_card(run_dir: Path, checkpoint: Path | str) -> dict[str, Any]:
    """The facts that an exported generator carries with it: what it learned from, and which files it was made of.

    Args:
        run_dir: a run folder of `train`.
        checkpoint: the one whose generator is exported.
    """
    record = read_config(run_dir)
    config, data = record.config, record.data
    return {
        **origin(config, data),
        "seed": config.seed,
        "split": config.split,
        **reading(record),
        **({"pairs": pair_settings(config)} if config.translates and not config.stamp else {}),
        **({"licence": LICENCES[config.dataset]} if config.dataset in LICENCES else {}),
        "training": {
            "config_sha256": sha256_of(run_of(run_dir) / CONFIG),
            "checkpoint": Path(checkpoint).name,
            "checkpoint_sha256": sha256_of(checkpoint),
            "arrays_sha256": arrays_sha256(checkpoint),
        },
    }


def reading(record: RunRecord) -> dict[str, Any]:
    """What a card says of how a run reads its pictures."""
    of_labels = {"source_kind": "labels"} if record.config.source_kind == "labels" else {}
    return {**record.picture_rules().facts(), **of_labels}


def origin(config: TrainConfig, data: Mapping[str, Any]) -> dict[str, Any]:
    """What a card says of where a generator comes from: its model and its data, to be known again.

    Args:
        config: of the run.
        data: the facts that its `config.json` keeps of the data.
    """
    path = Path(config.dataset).expanduser()
    place = str(path.resolve()) if path.exists() else config.dataset
    known = {"fingerprint": data.get("fingerprint"), "place_sha256": hashlib.sha256(place.encode()).hexdigest()}
    return {
        "model": config.model,
        "dataset": data["source"],
        # Exports are passed on: they do not say where on a disk the data lay.
        **({"data": known} if known["fingerprint"] else {}),
        "label_names": data["label_names"],
    }


def measured(records: Sequence[MetricRecord], checkpoint: Path | str) -> dict[str, Any]:
    """What a card says of measurements: each number, with what its protocol does not share with all; or nothing.

    Raises:
        InputError: the records are of something else than the checkpoint.
    """
    for record in records:
        if record.subject.get("checkpoint_sha256") != sha256_of(checkpoint):
            raise InputError(
                f"The records measure {record.subject.get('path')} as it was, and {checkpoint} is exported. "
                "Expected those that evaluate.py wrote of the run folder as it is now."
            )
    if not records:
        return {}
    protocols = [record.protocol for record in records]
    shared = {key: value for key, value in protocols[0].items() if all(p.get(key, ...) == value for p in protocols)}
    numbers = {
        record.metric: {
            "value": record.value,
            "uncertainty": record.uncertainty,
            "floor": record.floor,
            **({"baselines": record.baselines} if record.baselines else {}),
            "protocol": {key: value for key, value in record.protocol.items() if key not in shared},
        }
        for record in records
    }
    return {"metrics": numbers, "metrics_protocol": shared}


def export_run(
    run_dir: Path | str,
    export_dir: Path | str | None = None,
    keep: int | None = None,
    with_discriminator: bool = False,
    licence: str | None = None,
    records: Sequence[MetricRecord] = (),
    max_pixels: int | None = None,
    direction: str | None = None,
) -> Path:
    """Exports the newest checkpoint of a run.

    Args:
        run_dir: a run folder of `train`.
        export_dir: base folder of the versions; None: the run's own.
        keep: how many versions stay, the new one among them; None: all.
        with_discriminator: whether to export the discriminator too, for the signature `score`.
        licence: of the data, to be kept with the generator; None: as `LICENCES` has it.
        records: measurements of this checkpoint, to be kept with the generator.
        max_pixels: see `export_generator`.
        direction: of a model that translates both ways, the one whose versions lie in the base folder itself; None:
            both, each in a folder of its own.

    Returns:
        The new version's folder; see `export_model`.

    Raises:
        InputError: no run folder, no checkpoint, records of another one, `max_pixels` of no translator, a direction of
            a model that goes one way, or an export folder that cannot be written or is another model's.
    """
    run_dir = Path(run_dir)
    config = read_config(run_dir).config
    checkpoint = newest_of_run(run_dir)
    base = Path(export_dir or config.export_dir or "saved_models")
    refuse_unwritable(base)
    card = export_card(run_dir, checkpoint) | ({"licence": licence} if licence else {}) | measured(records, checkpoint)
    model = load_model(checkpoint)
    how: dict[str, Any] = {"keep": keep, "with_discriminator": with_discriminator, "max_pixels": max_pixels}
    folders = export_folders(model, base) if direction is None else {model.checked_direction(direction): base}
    for way, folder in folders.items():
        if others := check_successor(folder, model.directed(way).facts() | card, chosen=export_dir is not None):
            print(others)
    if direction is None:
        return export_model(model, base, card, **how)
    return export_generator(model, base, card, direction=direction, **how)


@contextlib.contextmanager
def opened_generator(path: Path | str, trust: bool = False) -> Iterator[SavedGenerator]:
    """A generator from where users have one.

    A run goes through an export into a temporary folder, so that it draws and refuses what its export will.

    Args:
        path: a run folder, of which the newest checkpoint is taken; a folder of a SavedModel or of its versions.
        trust: see `SavedGenerator`.

    Raises:
        InputError: neither, or one that is damaged.
    """
    if not is_run(path):
        yield SavedGenerator(path, trust)
        return
    if read_config(Path(path)).config.translates:
        raise InputError(f"{path} makes no images of latents, but pictures of pictures: use translate.py.")
    with tempfile.TemporaryDirectory() as folder:
        generator = SavedGenerator(export_run(path, folder))
        generator.name = str(path)
        yield generator


@contextlib.contextmanager
def opened_translator(path: Path | str, direction: str | None = None) -> Iterator[SavedTranslator]:
    """A translator that was exported, or is from a run, as `opened_generator` opens generators of latents.

    Args:
        path: as there.
        direction: of `DIRECTIONS`, of a model that translates both ways; None: the first of them.

    Raises:
        InputError: neither, one that is damaged, or a direction in which it does not go.
    """
    if not is_run(path):
        yield SavedTranslator(way_folder(path, direction))
        return
    with tempfile.TemporaryDirectory() as folder:
        export_run(path, folder, direction=direction)
        yield SavedTranslator(way_folder(folder, direction))
