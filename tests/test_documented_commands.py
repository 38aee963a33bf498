"""Every command of the README and of the pages in docs is one that its script takes."""

import dataclasses
import re
import shlex
from pathlib import Path

import pytest

from tfgan_suite.cli import COMMANDS
from tfgan_suite.command_line import flags
from tfgan_suite.command_line.parsing import parse, train_defaults
from tfgan_suite.config import TrainConfig

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def commands(page: Path) -> list[list[str]]:
    """The words of each command in a page's blocks of the shell, without comments and those that say `...`."""
    blocks = re.findall(r"```sh\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    lines = "\n".join(blocks).replace("\\\n", " ").replace("&&", "\n").splitlines()
    found = [shlex.split(line, comments=True) for line in lines if "python scripts/" in line]
    return [words[words.index("python") + 1 :] for words in found if "python" in words and "..." not in words]


CASES = [
    pytest.param(Path(script).stem, words, id=f"{page.name}: {shlex.join(words)[:60]}")
    for page in PAGES
    for script, *words in commands(page)
    if Path(script).stem in COMMANDS
]


def test_there_are_some_on_most_pages() -> None:
    assert len(CASES) > 45 and sum(bool(commands(page)) for page in PAGES) >= 7


@pytest.mark.parametrize(("name", "words"), CASES)
def test_a_documented_command_is_taken(name: str, words: list[str]) -> None:
    if name == "train":
        given = parse(flags.TrainCommandConfig, words, "train.py", train_defaults(words))
        assert TrainConfig(**{field.name: getattr(given, field.name) for field in dataclasses.fields(TrainConfig)})
        return
    kind = getattr(flags, f"{name.title().replace('_', '')}Config")
    assert isinstance(parse(kind, words, f"{name}.py"), kind)
