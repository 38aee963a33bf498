"""Classes of flags as tyro takes and shows them: below headings, and what applies to a chosen preset first."""

import ast
import dataclasses
import inspect
import itertools
import types
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import tyro

from tfgan_suite.config import TrainConfig
from tfgan_suite.options.settings import Family
from tfgan_suite.presets import PRESETS

_VALUES: dict[object, str] = {str: "STR", int: "INT", float: "FLOAT", bool: "{True,False}"}
# That a model has where none is chosen; one of another class has networks of its own.
_BODIES = {"MLPGAN": "mlp", "DCGAN": "dcgan", "ConditionalGAN": "dcgan"}
Row = tuple[str, Any, Any]  # a field's name, type and default


def helps(kind: type) -> dict[str, str]:
    """The help of each flag of a class: the string below its field, there or in a class that it extends."""
    texts: dict[str, str] = {}
    for owner in reversed(kind.__mro__[:-1]):
        for field, text in itertools.pairwise(_body(owner)):
            if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
                texts[ast.unparse(field.target)] = " ".join(str(text.value.value).split())
    return texts


def _body(kind: type) -> list[ast.stmt]:
    """The statements of a class, which stands in no other; none where its source is not at hand.

    A tenth of the time that inspect.getsource takes, for which every help would wait.
    """
    try:
        source = Path(inspect.getfile(kind)).read_text(encoding="utf-8")
    except (TypeError, OSError):
        return []
    classes = (node for node in ast.parse(source).body if isinstance(node, ast.ClassDef))
    return next((node.body for node in classes if node.name == kind.__name__), [])


def form_of(kind: type, default: Any = None, chosen: bool = False, shown: bool = False) -> type:
    """A dataclass for tyro: a part for each family, which is a heading of the help, and the flags that have none.

    Args:
        kind: the dataclass of the flags, whose fields may name a `Family`.
        default: an instance that gives the flags their defaults; else the class does.
        chosen: `default` is a preset that the user has chosen: what it sets and takes comes first in each family.
        shown: it is made for the help, where hidden flags are left out.
    """
    texts, hints = helps(kind), typing.get_type_hints(kind, include_extras=True)
    preset: TrainConfig | None = default if chosen else None
    rows: list[Row] = []
    parts: dict[Family, list[Row]] = {}
    for field in sorted(dataclasses.fields(kind), key=lambda field: _rank(field, preset)):
        value, hint = getattr(default, field.name, field.default), hints[field.name]
        shape = tyro.conf.arg(
            help=texts.get(field.name, ""),
            metavar=_metavar(field, hint),
            help_behavior_hint=_behind(field, value, preset),
        )
        row = (field.name, Annotated[hint, shape], dataclasses.field(default=value))
        family = field.metadata.get("family")
        if family not in (None, Family.HIDDEN):
            parts.setdefault(family, []).append(row)
        elif not (shown and family is Family.HIDDEN):
            rows.append(row)
    for family in sorted(parts, key=list(Family).index):
        part = _dataclass(family.name, parts[family])
        heading = tyro.conf.arg(name=str(family), help="")  # else tyro looks for it in a source that there is not
        rows.append((family.name, Annotated[part, heading], dataclasses.field(default=part())))
    return _dataclass(kind.__name__, rows)


def flags_of(form: object) -> dict[str, Any]:
    """The flags of a form by name, from all its parts."""
    flags: dict[str, Any] = {}
    for name, value in vars(form).items():
        flags |= vars(value) if dataclasses.is_dataclass(value) else {name: value}
    return flags


def _applies(field: dataclasses.Field[Any], preset: TrainConfig) -> bool:
    body = preset.body or _BODIES.get(preset.model_class)
    takers = field.metadata.get("of")
    return not takers or bool({preset.model_class, body}.intersection(takers))


def _rank(field: dataclasses.Field[Any], preset: TrainConfig | None) -> int:
    """0 for what stands first in its family."""
    if preset is None or field.name == "model":
        return 0
    if field.name in PRESETS[preset.model].settings:
        return 1
    if not _applies(field, preset):
        return 4
    return 2 if field.metadata.get("of") else 3


def _behind(
    field: dataclasses.Field[Any], value: object, preset: TrainConfig | None
) -> str | Callable[[str], str] | None:
    """What stands behind a help; None leaves it to tyro. A help itself says what is done without a value."""
    if preset is not None and not _applies(field, preset):
        return f"(does not apply to --model {preset.model})"
    if preset is not None and PRESETS[preset.model].settings.get(field.name) == value is not None:
        return lambda text: f"({preset.model}: {text})"
    return "" if value is None else None


def _metavar(field: dataclasses.Field[Any], hint: Any) -> str | None:
    """What stands for the value: its type, or its name where no flag is typed before it; None leaves it to tyro."""
    if tyro.conf.Positional in typing.get_args(hint):
        name = field.name.upper()
        return name if field.default is dataclasses.MISSING else f"[{name}]"
    if not isinstance(hint, types.UnionType):
        return None
    kind = next(kind for kind in typing.get_args(hint) if kind is not type(None))
    if typing.get_origin(kind) is tuple:
        item = _VALUES[typing.get_args(kind)[0]]
        return f"[{item} [{item} ...]]"
    return _VALUES.get(kind)


def _dataclass(name: str, rows: list[Row]) -> type:
    return dataclasses.make_dataclass(name, rows, frozen=True, repr=False, eq=False)
