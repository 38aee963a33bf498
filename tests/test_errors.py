import ast
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import tfgan_suite
from tfgan_suite.cli import COMMANDS, run
from tfgan_suite.config import TrainConfig
from tfgan_suite.data.sources import load_images
from tfgan_suite.errors import DivergenceError, InputError, option, saying_flags, unknown_choice

PACKAGE = Path(tfgan_suite.__file__).parent
# What speaks of flags because it is the command line, and commands that are shown to be typed.
OF_THE_COMMAND_LINE = {"cli", "command_line", "commands", "presets", "spelling"}


def test_kinds_of_errors() -> None:
    assert issubclass(InputError, ValueError)
    assert issubclass(DivergenceError, ArithmeticError)
    assert not issubclass(DivergenceError, ValueError)


def test_unknown_choice_names_the_close_and_all_others_in_order() -> None:
    error = unknown_choice("loss", "hinges", ["minimax", "hinge"])
    assert isinstance(error, InputError)
    assert str(error) == "Unknown loss 'hinges'. Did you mean hinge? Expected one of: hinge, minimax."


def test_unknown_choice_gives_at_most_two_close_names() -> None:
    message = str(unknown_choice("model", "gan", {"cgan": 1, "wgan": 2, "lgan": 3}))
    assert message.count(" or ") == 1


@pytest.mark.parametrize(("received", "close"), [("MNIST", "mnist"), ("dcgann", "DCGAN")])
def test_unknown_choice_looks_past_capitals(received: str, close: str) -> None:
    assert f"Did you mean {close}?" in str(unknown_choice("name", received, ["mnist", "DCGAN"]))


@pytest.mark.parametrize("received", ["zzz", "", None, 3])
def test_unknown_choice_without_a_close_name_has_no_hint(received: object) -> None:
    message = str(unknown_choice("loss", received, ["hinge", "minimax"]))
    assert message == f"Unknown loss {str(received)!r}. Expected one of: hinge, minimax."


def test_unknown_choice_tells_a_thousand_names_in_one_line() -> None:
    message = str(unknown_choice("class", "class 9999", [f"class {index}" for index in range(1000)]))
    assert "Did you mean class 999 or " in message
    assert message.endswith(", ... (1,000 in all).")
    assert message.count(",") < 60


def spelled_flags(source: str) -> list[str]:
    """The texts of a file, but its docstrings, that have a flag in them, and do not name whose it is."""
    tree = ast.parse(source)
    passed = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    found = []
    for node in ast.walk(tree):
        if id(node) in passed:
            continue
        if isinstance(node, ast.JoinedStr):
            passed |= {id(part) for part in node.values}
            parts = [part.value if isinstance(part, ast.Constant) else "{}" for part in node.values]
            text = "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        else:
            continue
        if re.search(r"--[a-z{]", text) and not re.search(r"\w+\.py|the server's --|--enable_batching", text):
            found.append(text)
    return found


def test_the_library_speaks_of_settings_and_not_of_flags() -> None:
    for path in sorted(PACKAGE.rglob("*.py")):
        inside = path.relative_to(PACKAGE).with_suffix("")
        if not OF_THE_COMMAND_LINE & set(inside.parts) and str(inside) != "errors":
            assert spelled_flags(path.read_text(encoding="utf-8")) == [], inside


@pytest.mark.parametrize(
    "line",
    [
        'raise InputError("--count must be at least 2.")',
        'raise InputError(f"Give {count} by --count.")',
        'raise InputError(f"--{name} must be at least 2.")',
        'print("warning: " "see --count")',
    ],
)
def test_the_law_sees_a_flag(line: str) -> None:
    assert len(spelled_flags(f'"""--help of a file."""\n{line}')) == 1


def test_one_message_in_python_and_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError) as caught:
        TrainConfig.from_preset("dcgan", strategy="auto", logical_devices=2)
    assert str(caught.value) == (
        "logical_devices needs strategy='mirrored'. Received: logical_devices=2 with strategy='auto'."
    )
    assert run(COMMANDS["train"], ["--model", "dcgan", "--logical-devices", "2"], "train.py") == 2
    assert capsys.readouterr().err == (
        "train.py: --logical-devices needs --strategy mirrored. Received: --logical-devices 2 with --strategy auto.\n"
    )
    assert option("epochs") == "epochs"


def test_images_that_are_read_in_threads_are_refused_as_the_thread_before_them_speaks(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("no picture")
    with pytest.raises(InputError, match=r"or leave such images out with skip_damaged=True\.$"):
        load_images(str(tmp_path))
    with saying_flags(), pytest.raises(InputError, match=r"or leave such images out with --skip-damaged\.$"):
        load_images(str(tmp_path))


def test_a_command_in_one_thread_does_not_change_what_another_says() -> None:
    with ThreadPoolExecutor(1) as pool, saying_flags():
        assert (option("seed", 3), pool.submit(option, "seed", 3).result()) == ("--seed 3", "seed=3")
    assert option("seed", 3) == "seed=3"


def test_what_stands_for_a_value_is_no_text() -> None:
    assert option("keep_best", "METRIC") == "keep_best=METRIC"
    assert option("init_from", Path("a.keras")) == "init_from='a.keras'"
