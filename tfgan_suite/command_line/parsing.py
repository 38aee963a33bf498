"""Arguments of a command line made into the dataclass of their flags, or refused in one line."""

import contextlib
import dataclasses
import inspect
import io
import os
import re
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TypeVar

import tyro

from tfgan_suite.command_line.flags import TrainCommandConfig
from tfgan_suite.command_line.forms import flags_of, form_of
from tfgan_suite.config import TrainConfig
from tfgan_suite.errors import InputError
from tfgan_suite.files import is_run
from tfgan_suite.options.fitting import fitting
from tfgan_suite.options.settings import Family
from tfgan_suite.presets import PRESETS
from tfgan_suite.startup.spelling import unknown_flags

Config = TypeVar("Config")


def parse(
    kind: type[Config],
    arguments: Sequence[str],
    program: str,
    default: Config | None = None,
    chosen: bool = False,
) -> Config:
    """The dataclass that the flags describe, with `~` of `--flag=~/path` spelled out, which no shell does.

    Args:
        kind: the dataclass.
        arguments: flags and values.
        program: its name in the help.
        default: what the flags are that are not given; else as the class has them.
        chosen: the user has chosen the defaults by name: the help shows first what they set and take.

    Raises:
        InputError: flags that cannot be used, in one line.
    """
    form = form_of(kind, default, chosen, shown=not {"-h", "--help"}.isdisjoint(arguments))
    box = io.StringIO()
    filled: object = None
    try:
        with contextlib.redirect_stderr(box):
            filled, unknown = tyro.cli(
                form,
                prog=program,
                description=inspect.getdoc(kind) or "",
                args=list(arguments),
                config=(tyro.conf.OmitArgPrefixes,),
                return_unknown_args=True,
            )
    except SystemExit as stop:
        if not stop.code:
            raise
        unknown = [text for text in arguments if text.startswith("--") and not _is_of(kind, text)]
        if not unknown:
            raise InputError(_one_line(box.getvalue())) from None
    if unknown:
        raise InputError(unknown_flags(unknown, _flags_of(kind, shown=True)))
    # Nothing that a flag takes begins with ~ but a path.
    return kind(
        **{
            name: os.path.expanduser(value) if isinstance(value, str) and value.startswith("~") else value  # noqa: PTH111
            for name, value in flags_of(filled).items()
        }
    )


def _flags_of(kind: type[Config], shown: bool = False) -> list[str]:
    """All flags, or those alone that the help shows."""
    fields = dataclasses.fields(kind)  # type: ignore[arg-type]
    hidden = [field.name for field in fields if shown and field.metadata.get("family") is Family.HIDDEN]
    return [f"--{field.name.replace('_', '-')}" for field in fields if field.name not in hidden]


def _is_of(kind: type[Config], argument: str) -> bool:
    flag = argument.partition("=")[0].replace("_", "-")
    return flag in _flags_of(kind) or f"--{flag.removeprefix('--no-')}" in _flags_of(kind)


# What tyro says of a value of another type, and the kinds of values by what it calls them.
_OF_ANOTHER_TYPE = re.compile(
    r"Error parsing (--[\w-]+): (?:invalid literal for (int)\(\) with base 10: |could not convert string to (float): |"
    r"no type matching \{None\}\|(\S.*?) could be instantiated from \[)('.*?')(?:\]\. Got errors:.*|\.?)"
)
_KINDS = {
    "int": "an integer",
    "float": "a number",
    "INT": "an integer",
    "FLOAT": "a number",
    "{[INT [INT ...]]}": "integers",
}


def _one_line(box: str) -> str:
    """The message of tyro's error box, without its help text and frame (of - and | where there is no UTF-8)."""
    rows = [line.strip("╭╮╰╯│|+─- ") if re.match(r"[╭╰+]", line) else line.strip("│| ") for line in box.splitlines()]
    text = " ".join(row for row in rows[1:] if not re.fullmatch(r"[─-]*", row))
    text = re.split(r"Argument helptext:|For full helptext", text)[0].strip()
    if found := _OF_ANOTHER_TYPE.fullmatch(text):
        flag, *kinds, value = found.groups()
        text = f"{flag} must be {_KINDS.get(next(filter(None, kinds)), 'of another type')}. Received: {value}"
    return text if text.endswith(".") else f"{text}."


def train_defaults(arguments: Sequence[str]) -> TrainCommandConfig:
    """The file that --config names, or else the preset of --model, as the defaults of all other flags.

    Raises:
        InputError: either cannot be used, or the two do not go together.
    """
    model, path = _value_of("--model", arguments), _value_of("--config", arguments)
    if path is None:
        return TrainCommandConfig(**vars(_as_begun(model or TrainConfig.model, arguments)))
    settings = TrainConfig.from_file(os.path.expanduser(path))  # noqa: PTH111  # as `parse` does
    if model not in (None, settings.model):
        raise InputError(
            f"--model {model} does not go with --config {path}, whose settings are those of {settings.model}. Leave "
            "one of them out."
        )
    return TrainCommandConfig(**vars(settings))


def _as_begun(model: str, arguments: Sequence[str]) -> TrainConfig:
    """The settings of a preset; where the run folder has a run of it, as they were when it was begun.

    A preset may have been tuned since: a run that goes on by the same command is the run that it was.

    Raises:
        InputError: the preset is unknown.
    """
    given = {field.name: _value_of(f"--{field.name.replace('_', '-')}", arguments) for field in fields(TrainConfig)}
    places = {name: given[name] for name in ("dataset", "run_dir") if given[name] is not None}
    folder = Path(TrainConfig.from_preset(model, **places).resolved().run_dir or "").expanduser()
    own = fitting(PRESETS[model].settings, given)
    if "--restart" not in arguments and is_run(folder):
        try:
            begun = TrainConfig.from_file(str(folder))
        except InputError:  # said by the run, which reads the folder too
            begun = None
        if begun is not None and begun.model == model:
            own = fitting({name: getattr(begun, name) for name in PRESETS[model].settings}, given)
    return TrainConfig(**{"model": model, **own})


def are_given(arguments: Sequence[str], *flags: str) -> bool:
    """Whether any of the flags has a value."""
    return any(_value_of(flag, arguments) is not None for flag in flags)


def _value_of(flag: str, arguments: Sequence[str]) -> str | None:
    """What a flag is given last; None where it is not given."""
    value = None
    for index, argument in enumerate(arguments):
        if argument == flag and index + 1 < len(arguments):
            value = arguments[index + 1]
        elif argument.startswith(f"{flag}="):
            value = argument.partition("=")[2]
    return value
