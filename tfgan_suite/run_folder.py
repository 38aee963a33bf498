"""The folder of a run: what it must be before, and the configuration in it."""

import dataclasses
import json
import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

from tfgan_suite.config import TrainConfig
from tfgan_suite.errors import InputError

VERSIONED = ("tfgan_suite", "tensorflow", "keras", "numpy", "tensorflow-datasets")


def refuse_full(run_dir: Path) -> None:
    """Refuses a run folder that holds anything.

    Raises:
        InputError: the folder is not empty, or is a file.
    """
    if run_dir.exists() and (not run_dir.is_dir() or any(run_dir.iterdir())):
        raise InputError(
            f"The run folder {run_dir} is not empty. Choose another with --run-dir, or remove it if it is not needed."
        )


def refuse_unwritable(folder: Path) -> None:
    """Refuses a folder that could not be made or written, without making it.

    Raises:
        InputError: the nearest folder above that exists is a file, or may not be written.
    """
    existing = folder
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        raise InputError(f"The folder {folder} cannot be written: {existing} does not allow it. Choose another.")


def write_config(config: TrainConfig, run_dir: Path, data: dict[str, Any]) -> None:
    """Writes `config.json`: the resolved configuration, facts about the data, and the versions that ran it."""
    versions = {name: metadata.version(name) for name in VERSIONED} | {"python": platform.python_version()}
    record = {"config": dataclasses.asdict(config), "data": data, "versions": versions}
    (run_dir / "config.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def read_config(run_dir: Path) -> tuple[TrainConfig, dict[str, Any]]:
    """The configuration of a run folder, and the facts about its data.

    Raises:
        InputError: `config.json` is missing or is not one of ours.
    """
    path = run_dir / "config.json"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        fields, data = record["config"], dict(record["data"])
        tuples = {key: tuple(value) for key, value in fields.items() if isinstance(value, list)}
        return TrainConfig(**{**fields, **tuples}), data
    except FileNotFoundError:
        raise InputError(f"{run_dir} is no run folder: it has no config.json.") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path} is no configuration of a run: {error}") from error
