"""The law of imports: arrows point down."""

import ast
import functools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import tfgan_suite

PACKAGE = Path(tfgan_suite.__file__).parent
SCRIPTS = PACKAGE.parent / "scripts"

# From the ground up; a room may import from the levels below its own and from itself.
LEVELS: tuple[set[str], ...] = (
    {"errors"},
    {"startup"},
    {"arguments", "exported", "files", "npm", "versions"},
    {"options", "presets", "picture_rules"},
    {"config"},
    {"images", "labels", "noise"},
    {"latents", "objectives"},
    {"layers", "pictures", "ports"},
    {"networks", "data"},
    {"models"},
    {"metrics"},
    {"callbacks", "serving"},
    {"continuation"},
    {"runs"},
    {"evaluation", "marking"},
    {"formats"},
    {"commands"},
    {"command_line"},
    {"cli"},
    {"__main__", "scripts"},
)
HEIGHT = {room: height for height, rooms in enumerate(LEVELS) for room in rooms}
KNOWS_CONFIG = {
    "runs/assembly", "runs/devices", "runs/data", "runs/record", "runs/exporting", "runs/run", "commands/card_parts",
    "commands/tables", "commands/train", "cli", "command_line/flags", "command_line/forms", "command_line/parsing",
}  # fmt: skip
STANDARD_LIBRARY_ONLY = [
    "startup/backend",
    "arguments",
    "errors",
    "files",
    "options/networks",
    "startup/interrupts",
    "startup/quiet",
    "startup/spelling",
    "versions",
    "presets/__init__",
    "presets/first_models",
    "presets/objectives",
    "presets/pairs",
    "presets/preset",
    "presets/unpaired",
    "config",
    "commands/tables",
    "commands/preview",
]


class Arrow(NamedTuple):
    """An import: the room it stands in, what it names, and where."""

    room: str
    target: str
    place: str

    @property
    def target_room(self) -> str | None:
        """The room of ours that is imported; None for what is not ours."""
        package, _, rest = self.target.partition(".")
        return rest.partition(".")[0] if package == "tfgan_suite" else None

    @property
    def file(self) -> str:
        """The file that it stands in, without its ending."""
        return self.place.partition(".py")[0]


def arrows_of(source: str, room: str, file: str) -> Iterator[Arrow]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            prefix = "tfgan_suite." if node.level else ""
            targets = [f"{prefix}{node.module or ''}.{alias.name}" for alias in node.names]
        else:
            continue
        for target in targets:
            yield Arrow(room, target, f"{file}:{node.lineno}")


@functools.cache
def all_arrows() -> list[Arrow]:
    arrows: list[Arrow] = []
    for path in sorted(PACKAGE.rglob("*.py")):
        inside = path.relative_to(PACKAGE)
        if str(inside) != "__init__.py":  # it names the public classes as text and imports none
            room = inside.parts[0].removesuffix(".py")
            arrows += arrows_of(path.read_text(encoding="utf-8"), room, str(inside))
    for path in sorted(SCRIPTS.rglob("*.py")):
        arrows += arrows_of(path.read_text(encoding="utf-8"), "scripts", f"scripts/{path.name}")
    return arrows


def violations(arrows: list[Arrow]) -> list[str]:
    found = []
    for arrow in arrows:
        target = arrow.target_room
        if arrow.room not in HEIGHT:
            found.append(f"{arrow.place}: the room {arrow.room} has no place in LEVELS")
        elif target is not None and target != arrow.room:
            if target not in HEIGHT and arrow.room != "scripts":
                found.append(f"{arrow.place}: {arrow.target} is no room; import from the module itself")
            elif HEIGHT.get(target, 0) >= HEIGHT[arrow.room]:
                found.append(f"{arrow.place}: {arrow.room} must not import {target}")
    return found


def test_no_arrow_points_up() -> None:
    assert violations(all_arrows()) == []


@pytest.mark.parametrize(
    ("room", "line"),
    [
        ("networks", "from tfgan_suite.models.gan import GAN"),
        ("networks", "def late():\n    import tfgan_suite.commands.train"),
        ("objectives", "from tfgan_suite import models"),
        ("objectives", "from .networks import mlp"),
        ("latents", "from tfgan_suite.objectives.losses import LOSSES"),
        ("data", "from tfgan_suite.networks.geometry import surplus"),
        ("models", "from tfgan_suite import DCGAN"),
        ("models", "import tfgan_suite"),
        ("attic", "import os"),
    ],
)
def test_the_law_sees_a_breach(room: str, line: str) -> None:
    assert len(violations(list(arrows_of(line, room, "x.py")))) == 1


def test_every_room_has_arrows_to_judge() -> None:
    """An empty search would break no law."""
    assert {"models", "networks", "data", "commands", "cli", "scripts"} <= {arrow.room for arrow in all_arrows()}


def test_networks_and_losses_do_not_know_each_other() -> None:
    pairs = {(arrow.room, arrow.target_room) for arrow in all_arrows()}
    assert not pairs & {("networks", "losses"), ("losses", "networks")}


def test_library_classes_do_not_know_the_configuration() -> None:
    assert {arrow.file for arrow in all_arrows() if arrow.target_room == "config"} == KNOWS_CONFIG


@pytest.mark.parametrize("file", STANDARD_LIBRARY_ONLY)
def test_standard_library_only(file: str) -> None:
    arrows = [arrow for arrow in all_arrows() if arrow.file == file]
    assert arrows
    for arrow in arrows:
        if arrow.target_room is None:
            assert arrow.target.partition(".")[0] in sys.stdlib_module_names, arrow.place


def test_keras_is_imported_by_its_own_name() -> None:
    assert [arrow.place for arrow in all_arrows() if arrow.target.startswith("tensorflow.keras")] == []


@pytest.mark.parametrize("module", ["tfgan_suite", "tfgan_suite.config", "tfgan_suite.cli"])
def test_import_does_not_wait_for_tensorflow(module: str) -> None:
    code = f"import {module}, sys; print([m for m in ('tensorflow', 'keras', 'numpy') if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize("name", tfgan_suite.__all__)
def test_public_name(name: str) -> None:
    assert name in dir(tfgan_suite)
    value = getattr(tfgan_suite, name)
    assert getattr(value, "__name__", name) == name


def test_unknown_public_name() -> None:
    with pytest.raises(AttributeError, match="no attribute 'DCGANN'"):
        tfgan_suite.DCGANN  # noqa: B018


def test_import_makes_no_tensor() -> None:
    """It would start TensorFlow's threads, and a process that forks from one with threads may wait for them forever."""
    modules = [
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.stem not in ("__init__", "__main__")
    ]
    code = (
        f"import importlib; [importlib.import_module(name) for name in {modules}]; "
        "from tensorflow.python.eager import context; print(context.context()._initialized)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["False"]
