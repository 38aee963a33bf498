"""The command line: flags in, one call of the package, lines out. The scripts call the same functions."""

import contextlib
import io
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

import tyro

from tfgan_suite.config import TrainConfig
from tfgan_suite.errors import DivergenceError, InputError, unknown_choice

Config = TypeVar("Config")
TRY_AGAIN = 75  # EX_TEMPFAIL of sysexits.h


@dataclass(frozen=True)
class GenerateConfig:
    """Makes images with an exported generator."""

    generator: Annotated[str, tyro.conf.Positional]
    """Folder of a SavedModel, or of its versions."""
    output: str
    """NAME.png for a grid, NAME.npz for arrays, else a folder of PNG files."""
    count: int = 64
    """How many images."""
    seed: int = 0
    """Of the first image; image i has the seed SEED + i."""
    labels: str | None = None
    """Classes such as 3,1,4, or attributes such as 0110,1001; repeated as often as needed."""


@dataclass(frozen=True)
class ExportConfig:
    """Exports the newest checkpoint of a run as a SavedModel."""

    run: Annotated[str, tyro.conf.Positional]
    """Run folder of train."""
    export_dir: str | None = None
    """Folder of the SavedModel's versions; else the run's own."""


@dataclass(frozen=True)
class ClassSharesConfig:
    """Says which classes an exported generator makes, read by a small classifier of the data."""

    generator: Annotated[str, tyro.conf.Positional]
    """Folder of a SavedModel, or of its versions."""
    dataset: str
    """The labelled data set that it was trained on."""
    data_dir: str | None = None
    """Where TensorFlow Datasets keeps its data."""
    count: int = 10_000
    """How many images to make."""
    seed: int = 0
    """Of the first image."""
    classifier: str | None = None
    """A .keras file, trained and written when missing; else in runs/."""


def train_command(arguments: Sequence[str], program: str = "train.py") -> int:
    """`train.py`: see `TrainConfig`."""
    config = parse(TrainConfig, arguments, program, default=_preset_of(arguments))
    with quiet_import():
        from tfgan_suite.callbacks.stop_on_signal import StoppedBySignalError
        from tfgan_suite.devices import LostWorkersError
        from tfgan_suite.training import train
    try:
        version = train(config)
    except StoppedBySignalError as stop:
        return 128 + stop.number
    except LostWorkersError as error:
        print(f"{program}: {error}", file=sys.stderr)
        return TRY_AGAIN
    if version is not None:
        print(f"exported: {version}")
    return 0


def generate_command(arguments: Sequence[str], program: str = "generate.py") -> int:
    """`generate.py`: see `GenerateConfig`."""
    config = parse(GenerateConfig, arguments, program)
    with quiet_import():
        from tfgan_suite.generating import generate_to
    print(f"wrote: {generate_to(config.generator, config.output, config.count, config.seed, config.labels)}")
    return 0


def export_command(arguments: Sequence[str], program: str = "export.py") -> int:
    """`export.py`: see `ExportConfig`."""
    config = parse(ExportConfig, arguments, program)
    with quiet_import():
        from tfgan_suite.training import export_run
    print(f"exported: {export_run(config.run, config.export_dir)}")
    return 0


def class_shares_command(arguments: Sequence[str], program: str = "class_shares.py") -> int:
    """`class_shares.py`: see `ClassSharesConfig`."""
    config = parse(ClassSharesConfig, arguments, program)
    with quiet_import():
        from tfgan_suite.evaluating import report_class_shares
    print(
        report_class_shares(
            config.generator, config.dataset, config.data_dir, config.count, config.seed, config.classifier
        )
    )
    return 0


COMMANDS: dict[str, Callable[[Sequence[str], str], int]] = {
    "train": train_command,
    "generate": generate_command,
    "export": export_command,
    "class_shares": class_shares_command,
}


def run(command: Callable[[Sequence[str], str], int], arguments: Sequence[str], program: str) -> int:
    """A command's exit code; an error that the user can mend becomes one line and 2."""
    try:
        return command(arguments, program)
    except (InputError, DivergenceError) as error:
        message = str(error)
    except OSError as error:
        if error.strerror is None:
            raise
        message = f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    except KeyboardInterrupt:
        return 130
    print(f"{program}: {' '.join(message.split())}", file=sys.stderr)
    return 2


def script(name: str) -> None:
    """What `scripts/NAME.py` does."""
    sys.exit(run(COMMANDS[name], sys.argv[1:], f"{name}.py"))


def main() -> None:
    """`python -m tfgan_suite COMMAND ...`."""
    name = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if name in ("-h", "--help"):
        print("usage: python -m tfgan_suite {" + ",".join(COMMANDS) + "} ...\n\nCOMMAND --help lists its flags.")
        return
    if name not in COMMANDS:
        print(f"tfgan_suite: {unknown_choice('command', name, COMMANDS)}", file=sys.stderr)
        sys.exit(2)
    sys.exit(run(COMMANDS[name], sys.argv[2:], f"tfgan_suite {name}"))


def parse(kind: type[Config], arguments: Sequence[str], program: str, default: Config | None = None) -> Config:
    """The dataclass that the flags describe.

    Raises:
        InputError: flags that cannot be used, in one line.
    """
    box = io.StringIO()
    try:
        with contextlib.redirect_stderr(box):
            if default is None:
                return tyro.cli(kind, prog=program, args=list(arguments))
            return tyro.cli(kind, prog=program, args=list(arguments), default=default)
    except SystemExit as stop:
        if not stop.code:
            raise
    raise InputError(_one_line(box.getvalue()))


def _one_line(box: str) -> str:
    """The message of tyro's error box, without its help text and frame (of - and | where there is no UTF-8)."""
    rows = [line.strip("╭╮╰╯│|+─- ") if re.match(r"[╭╰+]", line) else line.strip("│| ") for line in box.splitlines()]
    text = " ".join(row for row in rows[1:] if not re.fullmatch(r"[─-]*", row))
    text = re.split(r"Argument helptext:|For full helptext", text)[0].strip()
    text = re.sub(r"^Error parsing \w+Config: ", "", text)  # what the dataclass itself refused
    flags = re.findall(r"--[\w-]+", text.partition("Perhaps you meant:")[2])
    text = text.partition("Perhaps you meant:")[0].strip()
    return f"{text}{'' if text.endswith('.') else '.'}" + (f" Did you mean {' or '.join(flags[:2])}?" if flags else "")


def _preset_of(arguments: Sequence[str]) -> TrainConfig:
    """The preset that --model names, as the defaults of all other flags."""
    model = TrainConfig.model
    for index, argument in enumerate(arguments):
        if argument == "--model" and index + 1 < len(arguments):
            model = arguments[index + 1]
        elif argument.startswith("--model="):
            model = argument.partition("=")[2]
    return TrainConfig.from_preset(model)


@contextlib.contextmanager
def quiet_import() -> Iterator[None]:
    """Keeps TensorFlow's notices at import off standard error, which its log level cannot.

    An import that fails raises, and its traceback is printed after this has ended.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    sys.stderr.flush()
    saved = os.dup(2)
    with Path(os.devnull).open("wb") as sink:
        os.dup2(sink.fileno(), 2)
    try:
        yield
        import tensorflow as tf

        tf.config.list_physical_devices()  # speaks of missing GPU drivers, once
    finally:
        os.dup2(saved, 2)
        os.close(saved)
