"""The package as it is installed: its command, what it does not wait for, and what its remedies say."""

import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tfgan_suite.cli import COMMANDS, main
from tfgan_suite.data.image_data import ImageData
from tfgan_suite.images import save_png
from tfgan_suite.versions import NAME, remedy

ROOT = Path(__file__).parent.parent
SCRIPTS = sorted(ROOT.glob("scripts/*.py"))
# Runs what it is given as a program, and fails where that has imported TensorFlow.
WITHOUT_TENSORFLOW = """
import runpy, sys
path, sys.argv = sys.argv[1], sys.argv[1:]
try:
    runpy.run_path(path, run_name="__main__") if path.endswith(".py") else runpy.run_module(path, run_name="__main__")
except SystemExit as stop:
    heavy = {"tensorflow", "keras"} & set(sys.modules)
    print(f"imported: {sorted(heavy)}, code: {stop.code or 0}")
"""


def without_tensorflow(*arguments: object, cwd: Path | None = None) -> tuple[int, str]:
    """The exit code, and all that was printed."""
    command = [sys.executable, "-c", WITHOUT_TENSORFLOW, *map(str, arguments)]
    paths = os.pathsep.join((str(ROOT / "scripts"), str(ROOT)))
    result = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": paths}, check=True
    )
    end = re.search(r"imported: \[\], code: (\d)\n$", result.stdout)
    assert end, (arguments, result.stdout[-500:], result.stderr[-500:])
    return int(end[1]), result.stdout[: end.start()] + result.stderr


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_every_script_has_help_and_version(script: Path) -> None:
    code, text = without_tensorflow(script, "--help")
    assert (code, "usage" in text) == (0, True)
    code, text = without_tensorflow(script, "--version")
    assert code == 0
    if script.name != "list_serving_ops.py":  # which runs where the package is not
        assert text == f"tfgan-suite {metadata.version(NAME)}\n"


PATHS = {
    "train": [["--dataset", "nowhere/"], ["--dataset", "nowhere.csv"], ["--init-from", "nowhere.keras"]],
    "generate": [["nowhere", "--output", "a.png"], ["--verify", "nowhere.png"]],
    "translate": [
        ["nowhere", "x.png", "--output", "made"],
        ["nowhere.keras", "x.png", "--output", "made"],
    ],
    "restore": [
        ["nowhere", ".", "--mask", ".", "--output", "a.png"],
        [".", ".", "--mask", "nowhere", "--output", "a.png"],
    ],
    "export": [["nowhere"], ["nowhere", "--format", "onnx"]],
    "verify_export": [["nowhere"]],
    "evaluate": [["nowhere"], [".", "--dataset", "nowhere/"], [".", "--compare", "nowhere.json"]],
    "train_classifier": [["--dataset", "./nowhere", "--output", "c.keras"]],
    "model_card": [["nowhere", "--output", "card"]],
    "augment": [["nowhere", "--dataset", "digits", "--output", "more"]],
    "preview": [["nowhere"]],
    "query": [["http://127.0.0.1:9", "--input", "nowhere.png", "--output", "a.png"]],
    "reproduce": [["--check", "nowhere.md"]],
    "fetch_data": [["nowhere"], ["emoji64", "--output", "nowhere/emoji64"]],
}


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_a_mistyped_path_does_not_wait_for_tensorflow(command: str, tmp_path: Path) -> None:
    for arguments in PATHS[command]:
        code, text = without_tensorflow("tfgan_suite", command, *arguments, cwd=tmp_path)
        assert code == 2
        assert text.count("\n") == 1 and "nowhere" in text, text
    assert list(tmp_path.iterdir()) == []


def test_marks_are_read_without_tensorflow(tmp_path: Path) -> None:
    with Image.new("L", (4, 4)) as image:
        image.save(tmp_path / "plain.png")
        pixels = np.asarray(image)[..., None]
    save_png(tmp_path / "marked.png", pixels, {"seed": 3})
    code, text = without_tensorflow("tfgan_suite", "generate", "--verify", tmp_path / "marked.png")
    assert code == 0 and "seed: 3\n" in text
    code, text = without_tensorflow("tfgan_suite", "generate", "--verify", tmp_path)
    assert code == 2 and "1 of the 2 pictures" in text


def test_the_console_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    (entry,) = metadata.entry_points(group="console_scripts", name="tfgan-suite") or [None]
    assert entry is None or entry.load() is main  # None: installed in place before there was a command
    for arguments, code, text in (
        ([], 0, "usage: tfgan-suite {train,"),
        (["--help"], 0, "COMMAND --help lists its flags."),
        (["--version"], 0, f"tfgan-suite {metadata.version(NAME)}\n"),
        (["trian"], 2, "Unknown command 'trian'. Did you mean train or translate?"),
        (["verify-export", "nowhere"], 2, "tfgan-suite verify_export: nowhere is no SavedModel."),
        (["train", "--version"], 0, f"tfgan-suite {metadata.version(NAME)}\n"),
    ):
        monkeypatch.setattr(sys, "argv", ["tfgan-suite", *arguments])
        with pytest.raises(SystemExit) as stop:
            main()
        assert stop.value.code == code
        assert text in "".join(capsys.readouterr())


@pytest.mark.parametrize("extra", ["serving", "litert", "onnx", "restoration"])
def test_remedies_name_packages_and_no_index(extra: str) -> None:
    command = remedy(extra)
    assert command.startswith("pip install '") and "tfgan" not in command
    wanted = {
        line.partition(";")[0]
        for line in metadata.requires(NAME) or ()
        if f"extra == '{extra}'" in line.replace('"', "'")
    }
    assert set(re.findall(r"'([^']+)'", command)) == wanted and wanted


def test_data_are_shown_in_one_line(small_digits: ImageData) -> None:
    assert repr(small_digits) == "ImageData('digits (scikit-learn, 1,797 images)', uint8 1797x8x8x1, 10 labels)"
