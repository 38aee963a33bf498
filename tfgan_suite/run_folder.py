"""The folder of a run: what it must be before, and the configuration in it."""

import dataclasses
import json
import os
import platform
from importlib import metadata
from pathlib import Path

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


def make_writable(folder: Path) -> None:
    """Makes a folder and tries to write into it.

    Raises:
        InputError: it cannot be made or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe_{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise InputError(f"The folder {folder} cannot be written: {error.strerror}. Choose another.") from error


def write_config(config: TrainConfig, run_dir: Path) -> None:
    """Writes `config.json`: the resolved configuration and the versions that ran it."""
    versions = {name: metadata.version(name) for name in VERSIONED} | {"python": platform.python_version()}
    record = {"config": dataclasses.asdict(config), "versions": versions}
    (run_dir / "config.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def read_config(run_dir: Path) -> TrainConfig:
    """The configuration of a run folder.

    Raises:
        InputError: `config.json` is missing or is not one of ours.
    """
    path = run_dir / "config.json"
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))["config"]
        tuples = {key: tuple(value) for key, value in fields.items() if isinstance(value, list)}
        return TrainConfig(**{**fields, **tuples})
    except FileNotFoundError:
        raise InputError(f"{run_dir} is no run folder: it has no config.json.") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path} is no configuration of a run: {error}") from error
