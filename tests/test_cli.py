"""The command line in this process, as the scripts call it; a few times as a process of its own."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tfgan_suite import SavedGenerator, TrainConfig, load_model
from tfgan_suite.cli import COMMANDS, run
from tfgan_suite.errors import DIVERGED
from tfgan_suite.runs.record import read_config
from tfgan_suite.serving.saved_generator import CARD
from tfgan_suite.versions import VERSIONED

SCRIPTS = Path(__file__).parent.parent / "scripts"
# As small as a run can be, and without the second that TensorBoard takes.
TINY = ("--model", "dcgan", "--image-size", "8", "--base-filters", "4", "--latent-dim", "3", "--epochs", "2",
        "--steps-per-epoch", "2", "--sample-count", "10", "--no-tensorboard")  # fmt: skip


def call(command: str, *arguments: object) -> int:
    return run(COMMANDS[command], [str(argument) for argument in arguments], f"{command}.py")


def refused(capsys: pytest.CaptureFixture[str], command: str, *arguments: object) -> str:
    """The one line of an exit with code 2."""
    assert call(command, *arguments) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("\n") == 1, output.err
    assert output.err.startswith(f"{command}.py: ")
    return output.err


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the run and the export of a conditional and of an unconditional model."""
    folder = tmp_path_factory.mktemp("exported")
    for model in ("dcgan", "cgan"):
        assert call("train", *TINY, "--model", model, "--run-dir", folder / "runs" / model,
                    "--export-dir", folder / model) == 0  # fmt: skip
    return folder


def test_a_run_leaves_all_that_it_promises(exported: Path) -> None:
    run_dir = exported / "runs" / "dcgan"
    names = sorted(path.name for path in run_dir.iterdir())
    assert names == [
        "checkpoints", "config.json", "finished.json", "health.csv", "history.csv", "losses.png", "samples",
        "training.gif",
    ]  # fmt: skip
    record = json.loads((run_dir / "config.json").read_text())
    assert record["config"]["base_filters"] == 4
    assert record["data_rules"] == 2
    assert set(record["versions"]) == {*VERSIONED, "python"}
    config, facts = read_config(run_dir)[:2]
    assert config == TrainConfig(**record["config"])
    assert facts["source"] == "digits (scikit-learn, 1,797 images)"
    with (run_dir / "history.csv").open() as stream:
        assert [row["epoch"] for row in csv.DictReader(stream)] == ["1", "2"]
    assert [path.name for path in sorted((run_dir / "samples").iterdir())] == ["epoch_0001.png", "epoch_0002.png"]
    assert [path.name for path in (exported / "dcgan").iterdir()] == ["1"]


def test_train_ends_with_the_exported_version(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = (*TINY, "--run-dir", tmp_path / "run", "--export-dir", tmp_path / "out", "--epochs", 1)
    assert call("train", *arguments) == 0
    assert capsys.readouterr().out.rstrip().endswith(f"exported: {tmp_path / 'out' / '1'}")
    assert call("export", tmp_path / "run", "--export-dir", tmp_path / "out") == 0
    assert capsys.readouterr().out == f"exported: {tmp_path / 'out' / '2'}\n"
    cards = [json.loads((tmp_path / "out" / version / CARD).read_text()) for version in "12"]
    assert cards[0] == cards[1]
    both = [SavedGenerator(tmp_path / "out" / version).generate(np.arange(3)) for version in "12"]
    np.testing.assert_allclose(both[0], both[1], atol=1e-6)


def test_dry_run_prints_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert call("train", "--dry-run", "--model", "mlp_gan", "--epochs", "3") == 0
    output = capsys.readouterr().out
    for text in ("1,797 images", "32x32x1", "10 classes", "mlp_generator", "parameters", "epochs = 3", "beta_1 = 0.5"):
        assert text in output
    assert not list(tmp_path.iterdir())


def test_a_flag_beats_the_preset_and_the_preset_the_dataclass(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("train", "--dry-run", "--batch-size", "33", "--model", "mlp_gan_wide") == 0
    output = capsys.readouterr().out
    assert "batch_size = 33\n" in output  # the preset says 100
    assert "beta_1 = 0.9\n" in output  # the dataclass says 0.5
    assert "epochs = 60\n" in output


def test_generate_the_same_seed_is_the_same_image_in_every_form(exported: Path, tmp_path: Path) -> None:
    model = exported / "dcgan"
    assert call("generate", model, "--count", 5, "--seed", 7, "--output", tmp_path / "a.npz") == 0
    assert call("generate", model / "1", "--count", 2, "--seed", 9, "--output", tmp_path / "b.npz") == 0
    assert call("generate", model, "--count", 4, "--seed", 7, "--output", tmp_path / "grid.png") == 0
    assert call("generate", model, "--count", 4, "--seed", 7, "--output", tmp_path / "files") == 0
    with np.load(tmp_path / "a.npz") as a, np.load(tmp_path / "b.npz") as b:
        assert set(a.files) == {"images", "seeds"}
        assert (a["images"].dtype, a["images"].shape) == (np.uint8, (5, 8, 8, 1))
        assert a["seeds"].tolist() == [7, 8, 9, 10, 11]
        np.testing.assert_array_equal(a["images"][2:4], b["images"])
        first = a["images"][0, :, :, 0]
    with Image.open(tmp_path / "grid.png") as grid, Image.open(tmp_path / "files" / "seed_00000007.png") as single:
        assert grid.size == (612, 612)  # each pixel 38 wide, 4 apart
        np.testing.assert_array_equal(np.asarray(grid)[:304:38, :304:38], first)
        np.testing.assert_array_equal(np.asarray(single), first)
    assert len(list((tmp_path / "files").iterdir())) == 4


def test_generate_with_labels(exported: Path, tmp_path: Path) -> None:
    for name, labels in (("given", ("--labels", "3,1,4")), ("cycling", ())):
        assert call("generate", exported / "cgan", "--count", 12, *labels, "--output", tmp_path / f"{name}.npz") == 0
    with np.load(tmp_path / "given.npz") as given, np.load(tmp_path / "cycling.npz") as cycling:
        assert given["labels"].tolist() == [3, 1, 4] * 4
        assert given["labels"].dtype == np.int32
        assert cycling["labels"].tolist() == [*range(10), 0, 1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--modle", "dcgan"], "Did you mean --model?"),
        (["--model", "dcgann"], "Did you mean dcgan"),
        (["--loss", "hing"], "Did you mean hinge?"),
        (["--dataset", "mnsit"], "Did you mean mnist"),
        (["--dataset", "./nowhere"], "does not exist"),
        (["--dataset", "nowhere.csv"], "does not exist"),
        (["--epochs", "0"], "--epochs must be at least 1. Received: 0"),
        (["--epochs", "two"], "--epochs"),
        (["--epochs"], "--epochs"),
        (["--batch-size", "-4"], "--batch-size must be at least 1"),
        (["--batch-size", "1798"], "larger than the data"),
        (["--generator-learning-rate", "0"], "--generator-learning-rate must be greater than 0"),
        (["--discriminator-learning-rate", "nan"], "--discriminator-learning-rate must be greater than 0"),
        (["--dropout", "1"], "--dropout must be in [0, 1)"),
        (["--image-size", "8x"], "HEIGHTxWIDTH"),
        (["--channels", "2"], "--channels must be 1, 3 or 4"),
        (["--strategy", "mirored"], "Did you mean mirrored?"),
        (["--generator-units", "3"], "does not apply to --model dcgan"),
        (["--model-class", "MLPGAN"], "--model dcgan is a DCGAN"),
        (["--split", "test"], "have splits"),
        (["--logical-devices", "2"], "needs --strategy mirrored"),
        (["--decay-steps", "2"], "needs --learning-rate-decay"),
        (["--seed", "9" * 400], "--seed must be"),
        (["--init-from", "nothing.keras"], "does not exist"),
        (["--updates", "simultaneous", "--discriminator-steps", "2"], "one discriminator step"),
        (["--label-smoothing", "0.1", "--loss", "hinge"], "real label"),
        (["--export-dir", "file"], "is a file"),
        (["--run-dir", "file/run"], "cannot be written"),
        (["--run-dir", "file"], "no run (it has no config.json)"),
    ],
)
def test_train_refuses_in_one_line_and_writes_nothing(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    paths = [] if {"--export-dir", "--run-dir"} & set(arguments) else ["--run-dir", "run", "--export-dir", "out"]
    assert call("train", *TINY, *paths, *arguments) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert message in error
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_cgan_on_unlabelled_images_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(3):
        Image.new("L", (8, 8), number).save(tmp_path / f"{number}.png")
    assert "needs labels" in refused(capsys, "train", "--model", "cgan", "--dataset", tmp_path, "--batch-size", 2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere", "--output", "a.png"], "no SavedModel"),
        (["CGAN", "--output", "a.png", "--labels", "10"], "must be in 0..9. Received: 10"),
        (["CGAN", "--output", "a.png", "--labels", "x"], "Unknown class 'x'. Expected one of: 0, 1"),
        (["CGAN", "--output", "a.png", "--labels", "1,"], "separated by commas"),
        (["DCGAN", "--output", "a.png", "--labels", "1"], "not conditional"),
        (["DCGAN", "--output", "a.png", "--count", "0"], "--count must be at least 1"),
        (["DCGAN", "--output", "a.png", "--count", "1000000000000"], "GiB at once"),
        (["CGAN", "--output", "a.png", "--sweep", "--count", "1000000000000"], "GiB at once"),
        (["DCGAN", "--output", "a.jpg"], ".png or .npz"),
        (["DCGAN", "--output", "missing/a.png"], "does not exist"),
        (["DCGAN", "--output", "full"], "not empty"),
        (["DCGAN"], "--output"),
    ],
)
def test_generate_refuses_in_one_line(
    arguments: list[str], message: str, exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    Path("full").mkdir()
    Path("full/file").touch()
    paths = {"DCGAN": exported / "dcgan", "CGAN": exported / "cgan"}
    assert message in refused(capsys, "generate", *(paths.get(argument, argument) for argument in arguments))
    assert [path.name for path in tmp_path.iterdir()] == ["full"]


def test_export_refuses_what_is_no_run(tmp_path: Path, exported: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "config.json" in refused(capsys, "export", tmp_path)
    (tmp_path / "config.json").write_text((exported / "runs" / "dcgan" / "config.json").read_text())
    assert "no checkpoint" in refused(capsys, "export", tmp_path)
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "step_00000004.json").write_text("{}")
    assert call("export", tmp_path) == 2
    assert "Every checkpoint in" in capsys.readouterr().err
    (tmp_path / "config.json").write_text('{"config": {"epochs": -1, "colour": 3}}')
    assert "no configuration" in refused(capsys, "export", tmp_path)


def test_init_from_starts_with_trained_weights(
    exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ("--run-dir", tmp_path / "run", "--export-dir", tmp_path / "out")
    still = ("--generator-learning-rate", "1e-30", "--discriminator-learning-rate", "1e-30", "--ema-momentum", "0")
    source = exported / "runs" / "dcgan"
    assert call("train", *TINY, *where, *still, "--init-from", source) == 0
    capsys.readouterr()
    before = load_model(source / "checkpoints" / "step_00000004.keras").generator.trainable_variables
    after = load_model(tmp_path / "run" / "checkpoints" / "step_00000004.keras").generator.trainable_variables
    for old, new in zip(before, after, strict=True):
        np.testing.assert_allclose(np.array(old), np.array(new), atol=1e-12)
    other = ("--run-dir", tmp_path / "b", "--init-from", source, "--base-filters", "5")
    assert "other shapes" in refused(capsys, "train", *TINY, *other)


def test_a_run_that_diverges_ends_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ("--run-dir", tmp_path / "run", "--export-dir", tmp_path / "out")
    rates = ("--generator-learning-rate", "1e38", "--discriminator-learning-rate", "1e38", "--model", "mlp_gan_small")
    small = [a for a in TINY if a not in ("--base-filters", "4")]
    assert call("train", *small, *where, *rates, "--steps-per-epoch", "20") == DIVERGED
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert " is nan" in error
    assert not (tmp_path / "out").exists()


# ---- processes of their own, few since each starts TensorFlow -------------------------------------


def start(*arguments: object, **options: object) -> subprocess.Popen[str]:
    command = [sys.executable, *(str(argument) for argument in arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)  # type: ignore[call-overload, no-any-return]


@pytest.mark.parametrize("name", ["train", "generate", "evaluate", "augment", "reproduce", "benchmark"])
def test_help_does_not_wait_for_tensorflow(name: str) -> None:
    script = str(SCRIPTS / f"{name}.py")
    code = f"""
import runpy, sys
sys.argv = ["x", "--help"]
sys.path.insert(0, {str(SCRIPTS)!r})  # as for a script that is started by its path
try:
    runpy.run_path({script!r}, run_name="__main__")
except SystemExit:
    assert "tensorflow" not in sys.modules
"""
    process = start("-c", code)
    output, error = process.communicate(timeout=60)
    assert process.returncode == 0, error
    assert "usage" in output


@pytest.mark.slow
def test_two_devices_and_the_module_form(tmp_path: Path) -> None:
    process = start(
        "-m", "tfgan_suite", "train", *TINY, "--strategy", "mirrored", "--logical-devices", "2",
        "--run-dir", "run", "--export-dir", "out", cwd=tmp_path,
    )  # fmt: skip
    output, error = process.communicate(timeout=300)
    assert process.returncode == 0, error
    assert output.rstrip().endswith("exported: out/1")
    assert "Traceback" not in error


def test_a_signal_saves_and_says_how_to_go_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [*TINY, "--run-dir", tmp_path / "run", "--export-dir", tmp_path / "out", "--epochs", "10000"]
    process = start(SCRIPTS / "train.py", *arguments)
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob("run/samples/*.png")) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert "Another process trains in the run folder" in refused(capsys, "train", *arguments)
    os.kill(process.pid, signal.SIGTERM)
    output, error = process.communicate(timeout=60)
    assert process.returncode == 143, error
    assert output.rstrip().endswith("The same command goes on from there.")
    assert "SIGTERM: stopping after this step, and saving the state" in error
    assert "Traceback" not in error
    step = int(output.rpartition("saved after step ")[2].partition(".")[0])
    saved = tmp_path / "run" / "checkpoints" / f"step_{step:08d}.keras"
    assert load_model(saved).generate(1).shape == (1, 8, 8, 1)
