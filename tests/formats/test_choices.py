"""`export.py --format` and `preview.py`, as the command line calls them."""

import re
from pathlib import Path

import pytest

from tfgan_suite.cli import COMMANDS, run
from tfgan_suite.formats.choices import default_output


def export(*arguments: object) -> int:
    return run(COMMANDS["export"], [str(argument) for argument in arguments], "export.py")


def test_each_lies_beside_the_saved_models_folder(trained_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exported = trained_run.parent / "exported"
    assert default_output(str(trained_run), "litert") == exported.with_name("exported.tflite")
    assert default_output(str(exported), "onnx") == exported.with_name("exported.onnx")
    assert default_output(str(exported / "1"), "web") == exported.with_name("exported_web")
    monkeypatch.chdir(exported)
    for here in (".", "1", "../exported"):
        assert default_output(here, "onnx").resolve() == exported.with_name("exported.onnx")
    monkeypatch.chdir(exported / "1")
    assert default_output(".", "onnx").resolve() == exported.with_name("exported.onnx")


@pytest.mark.slow
def test_a_run_and_a_saved_model_are_converted(
    trained_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")
    pytest.importorskip("ai_edge_litert.interpreter", reason="the extra litert is not installed")
    for source in (trained_run, trained_run.parent / "exported"):
        assert export(source, "--format", "onnx", "--output", tmp_path / "x.onnx") == 0
        assert re.fullmatch(r"exported: .*x\.onnx: [\d.]+ kB; images differ by \S+ at most\n", capsys.readouterr().out)
    assert export(trained_run, "--format", "litert", "--int8", "--output", tmp_path / "x.tflite") == 0
    assert "in the mean (weights in 8 bits)" in capsys.readouterr().out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.onnx", "x.tflite"]


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--int8"], "--int8 does not go with --format saved_model"),
        (["--output", "x.onnx"], "--output does not go with --format saved_model"),
        (["--direction", "b_to_a"], "--direction does not go with --format saved_model"),
        (["--format", "onnx", "--direction", "b_to_a"], "goes one way. Received: --direction b_to_a. Leave it out."),
        (["--format", "onnx", "--int8"], "--int8 is of --format litert"),
        (["--format", "onnx", "--runtime", "x.tgz"], "--runtime is of --format web"),
        (["--format", "web", "--keep", "2"], "--keep does not go with --format web"),
        (["--format", "litert", "--output", "x.onnx"], "--output must be NAME.tflite"),
        (["--format", "pickle"], "--format"),
    ],
)
def test_options_that_do_not_fit(
    flags: list[str], said: str, trained_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export(trained_run, *flags) == 2
    error = capsys.readouterr().err
    assert said in error and len(error.splitlines()) == 1


def test_a_folder_that_is_no_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(COMMANDS["preview"], [str(tmp_path)], "preview.py") == 2
    assert "is no web folder" in capsys.readouterr().err
