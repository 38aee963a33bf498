"""Every command in the environments that a process may be started in."""

import contextlib
import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import every_command
import numpy as np
import pytest

from tfgan_suite import TrainConfig
from tfgan_suite.cli import COMMANDS, parse
from tfgan_suite.command_line import flags
from tfgan_suite.errors import InputError
from tfgan_suite.startup.backend import check_backend
from tfgan_suite.startup.spelling import OTHER_NAMES, meant

TESTS = Path(__file__).parent
KINDS = [kind for name, kind in sorted(vars(flags).items()) if name.endswith("Config")]
REFUSED = {"translate": 2, "preview": 2, "query": 2, "fetch_data": 2}


def run_every_command(home: Path, closed: str = "", **variables: str) -> tuple[dict[str, int], str]:
    """The exit codes of all commands in one process, and what it said on standard error."""
    environment = {**os.environ, "PYTHONPATH": str(TESTS.parent), "HOME": str(home), **variables}
    command = f'exec "{sys.executable}" "{TESTS / "every_command.py"}" codes.json {closed}'
    result = subprocess.run(["sh", "-c", command], cwd=home, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return json.loads((home / "codes.json").read_text()), result.stderr


def test_no_command_is_left_out() -> None:
    assert set(every_command.ARGUMENTS) == set(COMMANDS)


@pytest.mark.slow
def test_closed_streams_another_data_format_and_the_home_folder(tmp_path: Path) -> None:
    """All at once, since each process starts TensorFlow anew; where it fails, try them one by one."""
    (tmp_path / ".keras").mkdir()
    settings = {"floatx": "float32", "epsilon": 1e-7, "backend": "tensorflow", "image_data_format": "channels_first"}
    (tmp_path / ".keras" / "keras.json").write_text(json.dumps(settings))
    codes, _ = run_every_command(tmp_path, "<&- >&- 2>&-")
    assert codes == dict.fromkeys(COMMANDS, 0) | REFUSED
    assert not (tmp_path / "~").exists()
    made = {"run", "out", "a.npz", "e.json", "c.keras", "c.json", "card", "more", "whole.png"}
    assert made <= {path.name for path in tmp_path.iterdir()}
    with np.load(tmp_path / "a.npz") as arrays:
        assert arrays["images"].shape == (3, 8, 8, 1)


@pytest.mark.parametrize("backend", ["torch", "jax"])
def test_another_backend_is_refused_by_every_command(backend: str, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "saved_model.pb").touch()  # paths that lead nowhere are refused before
    codes, error = run_every_command(tmp_path, KERAS_BACKEND=backend)
    assert codes == dict.fromkeys(COMMANDS, 2)
    lines = error.splitlines()
    assert len(lines) == len(COMMANDS)
    for name, line in zip(every_command.ARGUMENTS, lines, strict=True):
        assert line.startswith(
            f"{name}.py: tfgan_suite needs Keras on tensorflow. Received: the backend {backend}, from "
        )


def test_another_backend_is_named_at_import() -> None:
    code = """
import importlib, pkgutil, sys
import tfgan_suite
names = [*tfgan_suite.__all__, *(f"tfgan_suite.{module}" for module in sys.argv[1:])]
for name in names:
    try:
        importlib.import_module(name) if "." in name else getattr(tfgan_suite, name)
    except ImportError as error:
        print(name, type(error).__name__, error)
    else:
        print(name, "works")
"""
    rooms = ["layers", "networks.mlp", "models.gan", "metrics.kernel", "callbacks.evaluation", "serving.export", "cli"]
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    result = subprocess.run(
        [sys.executable, "-c", code, *rooms], env=environment, capture_output=True, text=True, check=True
    )
    said = dict(line.split(" ", 1) for line in result.stdout.splitlines())
    without_keras = {"TrainConfig", "PRESETS", "InputError", "DivergenceError", "tfgan_suite.cli"}
    for name, text in said.items():
        if text == "works":
            assert name in without_keras | {"LOSSES", "AdversarialLoss", "load_images", "training_batches"}
        else:
            assert text.startswith("WrongBackendError tfgan_suite needs Keras on tensorflow."), name
    assert said["GAN"] != "works" and said["tfgan_suite.layers"] != "works" and said["train"] != "works"


@pytest.mark.parametrize(("text", "backend"), [('{"backend": "torch"}', "torch"), ("{", None), ("[]", None)])
def test_the_backend_of_keras_json(
    text: str, backend: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "keras.json").write_text(text)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.delitem(sys.modules, "keras")
    with pytest.raises(InputError, match=f"the backend {backend}, from ") if backend else contextlib.nullcontext():
        check_backend()


@pytest.mark.parametrize("closed", ["", "<&-", ">&-", "2>&-", "<&- 2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_opened_on_nothing(closed: str, tmp_path: Path) -> None:
    code = """
import sys
from tfgan_suite.startup.quiet import open_closed_streams, quiet
with quiet():
    pass
open_closed_streams()
with open("file", "w") as stream:
    assert stream.fileno() > 2
    for stream in (sys.stdout, sys.stderr):
        print("word", file=stream, flush=True)
    with quiet():
        print("unheard", file=sys.stderr, flush=True)
sys.stdin.read()
print("done", file=open("done", "w"))
"""
    (tmp_path / "code.py").write_text(code)
    environment = {**os.environ, "PYTHONPATH": str(TESTS.parent)}
    command = ["sh", "-c", f'exec "{sys.executable}" code.py {closed}']
    result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, input="")
    assert result.returncode == 0, result.stderr
    heard = ["" if number in closed.replace("<&-", "") else "word\n" for number in (">&-", "2>&-")]
    heard[0] = "" if closed.startswith(">&-") or " >&-" in closed else "word\n"
    assert [result.stdout, result.stderr] == heard
    assert (tmp_path / "file").read_text() == ""
    assert (tmp_path / "done").read_text() == "done\n"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_the_home_folder_is_spelled_out_in_every_flag(kind: type) -> None:
    """Those that are no path refuse it, or had a meaning for ~ if this failed."""
    fields = [
        field for field in dataclasses.fields(kind) if "str" in str(field.type) and "tuple" not in str(field.type)
    ]
    required = [field for field in dataclasses.fields(kind) if field.default is dataclasses.MISSING]
    positional = [field for field in fields if "Positional" in str(field.type)]
    tried = 0
    for field in fields:
        others = [f"--{other.name}=x" for other in required if other not in (*positional, field)]
        others += ["~/x" if other is field else "x" for other in positional if other in required or other is field]
        given = [] if field in positional else [f"--{field.name.replace('_', '-')}=~/x"]
        with contextlib.suppress(InputError):
            value = getattr(parse(kind, [*given, *others], "x"), field.name)
            assert value == str(Path.home() / "x"), field.name
            tried += 1
    assert tried or not fields


KNOWN = {f"--{field.name.replace('_', '-')}" for kind in KINDS for field in dataclasses.fields(kind)}


def test_other_names_lead_to_flags_that_there_are() -> None:
    for name, flags_here in OTHER_NAMES.items():
        assert name == name.lower().replace("-", "").replace("_", "")
        for flag in flags_here:
            assert f"--{flag}" in KNOWN, name


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_flag_with_a_letter_left_out_is_suggested(kind: type) -> None:
    known = [f"--{field.name.replace('_', '-')}" for field in dataclasses.fields(kind)]
    for flag in known:
        if len(flag) > 6:
            assert flag in meant(flag[:4] + flag[5:], known), flag


TYPED = {
    "lr": "--generator-learning-rate", "learning-rate": "--generator-learning-rate", "bs": "--batch-size",
    "batch": "--batch-size", "batch_sz": "--batch-size", "epoch": "--epochs", "num-epochs": "--epochs",
    "gpu": "--strategy", "gpus": "--strategy", "data": "--dataset", "dataroot": "--dataset", "out": "--run-dir",
    "name": "--run-dir", "z-dim": "--latent-dim", "nz": "--latent-dim", "img-size": "--image-size",
    "resolution": "--image-size", "beta1": "--beta-1", "resume": "--run-dir", "ngf": "--base-filters",
    "n_critic": "--discriminator-steps", "log-dir": "--run-dir", "checkpoint": "--checkpoint-every",
}  # fmt: skip


@pytest.mark.parametrize("typed", sorted(TYPED))
def test_what_other_programs_call_a_flag_of_train(typed: str) -> None:
    for arguments in ([f"--{typed}", "3"], [f"--{typed}=3"], ["--seed", "1", f"--{typed}"]):
        with pytest.raises(InputError, match=f"^Unknown flag --{typed}. Did you mean .*{TYPED[typed]}") as error:
            parse(TrainConfig, arguments, "train.py")
        assert "\n" not in str(error.value)


def test_an_unknown_flag_is_named_before_a_missing_one() -> None:
    with pytest.raises(InputError, match=r"^Unknown flag --datset. Did you mean --dataset\?$"):
        parse(flags.AugmentConfig, ["model", "--datset", "digits", "--output", "x"], "augment.py")
    with pytest.raises(InputError, match="Unknown argument 4"):
        parse(TrainConfig, ["4"], "train.py")


def test_ctrl_c_is_answered_while_compiled_code_computes() -> None:
    """Python's own handler would run after the product of matrices, some seconds later."""
    code = """
import numpy as np
from tfgan_suite.startup.interrupts import answered
from tfgan_suite.cli import run
def command(arguments, program):
    matrix = np.ones((4000, 4000))
    print("computes", flush=True)
    matrix @ matrix
    return 0
raise SystemExit(run(command, [], "x.py"))
"""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(TESTS.parent)}
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        assert process.stdout.readline() == "computes\n"
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        assert process.stderr.readline() == "\n"
        assert process.stderr.readline() == "SIGINT: stopping as soon as what is being computed is done.\n"
        assert process.poll() is None  # and it computes
        assert process.wait(60) == 130
