"""Whatever is typed or edited ends in success or in one line that says what is wrong."""

import contextlib
import dataclasses
import io
import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shrunk import batches, shrunk_model
from test_cli import TINY, call

from tfgan_suite import InputError, TrainConfig
from tfgan_suite.continuation.checkpoints import newest_checkpoint, restore_checkpoint, save_checkpoint

# The same examples each time, so that a failure is one of the code.
KNOWN = settings(derandomize=True, deadline=None, database=None)

FLAGS = [f"--{f.name.replace('_', '-')}" for f in dataclasses.fields(TrainConfig) if f.name != "deterministic"]
WORDS = [
    "", "0", "-1", "1", "2", "7", "0.5", "1e-3", "nan", "inf", "-inf", "1e400", "9" * 30, "x", "é", "8x8", "4x", "x4",
    "hinge", "cgan", "dcgan_radford2015", "digits", "mnist", "mirrored", "multi_worker", "mixed_bfloat16", "cosine",
    "None", "True", "--", "-", "[]", "{}", "a,b", "/dev/null", ".", "../..", " ", "\n", "\x00",
]  # fmt: skip
words = st.sampled_from(WORDS)


def assert_succeeds_or_says_one_line(command: str, *arguments: object) -> None:
    output, error = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(error):
        code = call(command, *arguments)
    assert code in (0, 2)
    if code == 2:
        assert error.getvalue().count("\n") == 1, error.getvalue()
        assert error.getvalue().startswith(f"{command}.py: ")
        assert len(error.getvalue()) > len(f"{command}.py: ") + 10


@settings(KNOWN, max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(FLAGS), words), min_size=1, max_size=3))
def test_random_flags(tmp_path_factory: pytest.TempPathFactory, flags: list[tuple[str, str]]) -> None:
    folder = tmp_path_factory.mktemp("flags")
    with contextlib.chdir(folder):
        assert_succeeds_or_says_one_line("train", *TINY, *(part for flag in flags for part in flag), "--dry-run")
        assert not list(folder.iterdir())


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run, whose configuration and end the tests edit."""
    folder = tmp_path_factory.mktemp("finished")
    assert call("train", *TINY, "--run-dir", folder / "run", "--export-dir", folder / "out") == 0
    return folder


json_values = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 40), st.floats(), words, st.lists(st.integers(-1, 9), max_size=2)
)


@pytest.mark.slow
@settings(KNOWN, max_examples=40)
@given(st.dictionaries(st.sampled_from([*FLAGS, "colour"]), json_values, min_size=1, max_size=3))
def test_random_edits_of_a_configuration(finished: Path, edits: dict[str, object]) -> None:
    run_dir = finished / "edited"
    shutil.rmtree(run_dir, ignore_errors=True)
    shutil.copytree(finished / "run", run_dir)
    record = json.loads((run_dir / "config.json").read_text())
    record["config"] |= {flag.removeprefix("--").replace("-", "_"): value for flag, value in edits.items()}
    (run_dir / "config.json").write_text(json.dumps(record))
    # A configuration that is read, and does not differ in what matters, belongs to a run that is finished.
    run = (*TINY, "--run-dir", run_dir, "--export-dir", finished / "out")
    assert_succeeds_or_says_one_line("train", *run, "--dry-run")
    assert_succeeds_or_says_one_line("train", *run)
    assert [path.name for path in (finished / "out").iterdir()] == ["1"]


@settings(KNOWN, max_examples=40)
@given(st.binary(max_size=40))
def test_random_bytes_as_a_configuration(finished: Path, content: bytes) -> None:
    run_dir = finished / "bytes"
    run_dir.mkdir(exist_ok=True)
    (run_dir / "config.json").write_bytes(content)
    assert_succeeds_or_says_one_line("train", *TINY, "--run-dir", run_dir, "--export-dir", finished / "out")
    assert_succeeds_or_says_one_line("export", run_dir)


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one checkpoint after two steps."""
    folder = tmp_path_factory.mktemp("checkpoints")
    model = shrunk_model("mlp_gan")
    model.fit(batches().take(2), verbose=0)
    save_checkpoint(model, folder)
    return folder


@settings(KNOWN, max_examples=60)
@given(st.floats(0, 1), st.sampled_from(["truncate", "flip", "insert"]), st.booleans())
def test_random_damage_of_checkpoints(checkpoints: Path, place: float, damage: str, of_record: bool) -> None:
    folder = checkpoints / "copy"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for path in checkpoints.glob("step_*"):
        shutil.copy(path, folder)
    (path,) = folder.glob("*.json" if of_record else "*.keras")
    content = path.read_bytes()
    at = min(int(place * len(content)), len(content) - 1)
    changed = {
        "truncate": content[:at],
        "flip": content[:at] + bytes([content[at] ^ 0x10]) + content[at + 1 :],
        "insert": content[:at] + b"1" + content[at:],
    }[damage]
    path.write_bytes(changed)
    with contextlib.redirect_stderr(io.StringIO()):
        try:
            checkpoint = newest_checkpoint(folder)
        except InputError:
            return
    # Only damage that changes no fact, such as a space more in the record, is none.
    assert of_record
    assert checkpoint is not None
    restore_checkpoint(shrunk_model("mlp_gan"), checkpoint)
