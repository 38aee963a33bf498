"""What a run folder says of its run: its configuration, its data, how far it has come, whether it is finished."""

import dataclasses
import json
import typing
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import typeguard

from tfgan_suite.callbacks.history import epochs_in
from tfgan_suite.config import TrainConfig, as_settings, parse_size, settings_of_role
from tfgan_suite.continuation.checkpoints import newest_checkpoint, newest_step
from tfgan_suite.errors import InputError, option
from tfgan_suite.files import CHECKPOINTS, CONFIG, FINISHED, HISTORY, checkpoints_of, run_of, write_whole
from tfgan_suite.options.settings import LENGTH, PLACE, WATCH
from tfgan_suite.picture_rules import DATA_RULES, PictureRules, parse_levels
from tfgan_suite.versions import versions

ALL_ITEMS = typeguard.CollectionCheckStrategy.ALL_ITEMS


# How pictures are read, which runs by the old rules of data do not know.
PICTURE_SETTINGS = ("fit", "background", "levels")


class RunRecord(NamedTuple):
    """What `config.json` says.

    Attributes:
        config: the resolved configuration of the first start.
        data: facts about the data that were trained on.
        versions: of the packages that ran it.
        data_rules: see `DATA_RULES`; 1 where it says nothing.
    """

    config: TrainConfig
    data: dict[str, Any]
    versions: dict[str, str]
    data_rules: int = 1

    def picture_rules(self) -> PictureRules:
        """How the run reads its pictures, with the data's own numbers in the place of levels of `auto`."""
        rules = picture_rules(self.config, self.data_rules)
        levels = self.data.get("levels")
        return dataclasses.replace(rules, levels=tuple(levels)) if levels else rules


def picture_rules(config: TrainConfig, data_rules: int) -> PictureRules:
    """The settings of a run that say how its pictures are read."""
    size = parse_size(config.image_size) if config.image_size else None
    levels = parse_levels(config.levels) if config.levels else None
    return PictureRules(size, config.channels, config.fit, config.background, levels, data_rules)


def write_config(
    config: TrainConfig,
    run_dir: Path,
    data: dict[str, Any],
    data_rules: int = DATA_RULES,
    callbacks: Sequence[str] = (),
) -> None:
    """Writes `config.json`: the resolved configuration, facts about the data, and the versions that ran it.

    Args:
        config: the run.
        run_dir: its folder.
        data: what `ImageData.facts` says.
        data_rules: by which the data were read.
        callbacks: the classes that `train` was given besides.
    """
    settings = settings_of(config, data_rules)
    record = {"config": settings, "data": data, "data_rules": data_rules, "versions": versions()}
    record |= {"callbacks": list(callbacks)} if callbacks else {}
    write_whole(run_dir / CONFIG, json.dumps(record, indent=2) + "\n")


def settings_of(config: TrainConfig, data_rules: int) -> dict[str, Any]:
    """The settings that a run has: one by the old rules of data does not know those of pictures."""
    unknown = PICTURE_SETTINGS if data_rules == 1 else ()
    return {key: value for key, value in dataclasses.asdict(config).items() if key not in unknown}


def read_config(run_dir: Path) -> RunRecord:
    """What a run folder says of itself; a setting that came after the run was begun has its default.

    Raises:
        InputError: `config.json` is missing, or is not one that `write_config` could have written.
    """
    path = run_of(run_dir) / CONFIG
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        fields, data, made_by = record["config"], dict(record["data"]), dict(record["versions"])
        hints = typing.get_type_hints(TrainConfig)
        if unknown := sorted(fields.keys() - hints):
            raise InputError(f"unknown {', '.join(unknown)}")
        values = as_settings(fields)
        for key, value in values.items():
            try:
                typeguard.check_type(value, hints[key], collection_check_strategy=ALL_ITEMS)
            except typeguard.TypeCheckError as error:
                raise InputError(f"{key} is {value!r}, which {str(error).partition(' ')[2] or error}") from None
        rules = record.get("data_rules", 1)
        if rules not in range(1, DATA_RULES + 1):
            raise InputError(f"data_rules is {rules!r}, and this version knows 1 to {DATA_RULES}")
        return RunRecord(TrainConfig(**values), data, made_by, rules)
    except FileNotFoundError:
        raise InputError(f"{run_dir} is no run folder: it has no {CONFIG}.") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{path} is no configuration of a run: {error}. Undo what was edited, or begin anew."
        ) from error


def refuse_differences(record: RunRecord, config: TrainConfig, data: dict[str, Any], run_dir: Path) -> None:
    """Refuses to go on with other settings or other data than the run was started with. Data may have moved.

    Raises:
        InputError: naming each difference.
    """
    differences = []
    may_change = settings_of_role(PLACE, WATCH, LENGTH)
    known_again = data.get("fingerprint") is not None and record.data.get("fingerprint") == data["fingerprint"]
    for field in dataclasses.fields(TrainConfig):
        then, now = getattr(record.config, field.name), getattr(config, field.name)
        if field.name not in may_change and then != now and not (known_again and field.name == "dataset"):
            was = "not there yet" if record.data_rules == 1 and field.name in PICTURE_SETTINGS else then
            differences.append(f"{option(field.name)} was {was}, now {now}")
    for key in data:
        if record.data.get(key) != data[key] and not (known_again and key == "source"):
            differences.append(f"the data's {key} was {record.data.get(key)}, now {data[key]}")
    if differences:
        raise InputError(
            f"The run in {run_dir} was started otherwise: {'; '.join(differences)}. Give the same settings to go on, "
            f"{option('restart', True)} to begin anew, or another {option('run_dir')}."
        )


def newest_of_run(run_dir: Path | str) -> str:
    """The path of a run's newest checkpoint that is whole; of `RUN/best` the one that is kept there.

    Raises:
        InputError: the folder is missing or has none.
    """
    checkpoint = newest_checkpoint(checkpoints_of(run_dir))
    if checkpoint is None and run_of(run_dir) != Path(run_dir):
        raise InputError(f"{run_of(run_dir)} keeps no best checkpoint: train.py --keep-best METRIC does.")
    if checkpoint is None:
        raise InputError(
            f"{run_dir} has no checkpoint. Expected a run folder of train.py with {CHECKPOINTS}/step_*.keras."
        )
    return checkpoint.path


class Finished(NamedTuple):
    """What `finished.json` says.

    Attributes:
        epochs: how long the run was.
        exported: folder of the version that was exported at its end.
    """

    epochs: int
    exported: str


def write_finished(run_dir: Path, finished: Finished) -> None:
    """Says in the run folder that the run has come to its end."""
    write_whole(run_dir / FINISHED, json.dumps(finished._asdict()) + "\n")


def read_finished(run_dir: Path) -> Finished | None:
    """How the run ended; None where it has not.

    Raises:
        InputError: the file is not one that `write_finished` could have written.
    """
    path = run_dir / FINISHED
    if not path.exists():
        return None
    try:
        return typeguard.check_type(Finished(**json.loads(path.read_text(encoding="utf-8"))), Finished)
    except (ValueError, TypeError, typeguard.TypeCheckError) as error:
        raise InputError(f"{path} is damaged: {error}. Remove it to export anew.") from error


def begun_run(run_dir: Path, config: TrainConfig) -> RunRecord | None:
    """What a run folder says of the run in it; None where there is none yet, or `--restart` begins anew."""
    return None if config.restart or not (run_dir / CONFIG).exists() else read_config(run_dir)


def is_finished(run_dir: Path, config: TrainConfig, facts: dict[str, Any]) -> bool:
    """Whether the run of this configuration has come to its end before; says so.

    Raises:
        InputError: the folder's run is another one.
    """
    record = begun_run(run_dir, config)
    if record is None:
        return False
    refuse_differences(record, config, facts, run_dir)
    if record.config.dataset != config.dataset:
        print(f"data: {config.dataset} has what {record.config.dataset} had, as their equal fingerprints say")
    finished = read_finished(run_dir)
    if newest_step(run_dir / CHECKPOINTS) == 0 and (finished or epochs_in(run_dir / HISTORY) > 1):
        raise InputError(
            f"The run in {run_dir} has been trained, and its checkpoints are gone. Put {CHECKPOINTS}/ back to go on, "
            f"or begin anew with {option('restart', True)}."
        )
    if finished is None or finished.epochs < config.num_epochs:
        return False
    epochs = option("epochs")
    print(
        f"finished: the run in {run_dir} has its {finished.epochs} epochs and is exported to {finished.exported}. "
        f"{f'Raise {epochs} to go on, or b' if config.learning_rate_decay in ('none', 'step') else 'B'}egin anew with "
        f"{option('restart', True)}."
    )
    return True


def announce(run_dir: Path, start: int, steps: int) -> None:
    """Says where a run goes on, and whether it can do so exactly."""
    if start:
        print(f"continues: {run_dir} after step {start} ({start // steps} epochs and {start % steps} of {steps} steps)")
        then, now = read_config(run_dir).versions, versions()
        changed = [f"{name} {then.get(name)} -> {now[name]}" for name in now if then.get(name) != now[name]]
        if changed:
            print(f"other versions than before, so that numbers may differ in rounding: {', '.join(changed)}")
