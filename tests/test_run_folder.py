"""What a run folder says of its run, and which runs may go on in it."""

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image
from test_cli import TINY, call, refused

from tfgan_suite.errors import InputError
from tfgan_suite.runs.folder import locked, move_aside
from tfgan_suite.runs.record import Finished, newest_of_run, read_finished, write_finished

DECAY = ("--learning-rate-decay", "step")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a finished run and its export; each test works on a copy."""
    folder = tmp_path_factory.mktemp("finished")
    assert call("train", *TINY, *DECAY, *where(folder)) == 0
    return folder


@pytest.fixture
def folder(finished: Path, tmp_path: Path) -> Path:
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    return tmp_path


def where(folder: Path) -> tuple[str, ...]:
    return "--run-dir", str(folder / "run"), "--export-dir", str(folder / "out")


def edit(folder: Path, **changes: object) -> None:
    path = folder / "run" / "config.json"
    record = json.loads(path.read_text())
    record["config"] = {k: v for k, v in (record["config"] | changes).items() if v != "REMOVED"}
    path.write_text(json.dumps(record))


@pytest.mark.slow
def test_more_epochs_go_on_under_the_same_decay(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert call("train", *TINY, *DECAY, *where(folder), "--no-tensorboard") == 0
    assert capsys.readouterr().out.startswith("finished: the run in ")
    assert call("train", *TINY, *DECAY, *where(folder), "--epochs", 3, "--keep-checkpoints", 5) == 0
    output = capsys.readouterr().out
    assert "after step 4 (2 epochs and 0 of 2 steps)" in output
    assert output.rstrip().endswith("exported: " + str(folder / "out" / "2"))
    config = json.loads((folder / "run" / "config.json").read_text())["config"]
    assert (config["epochs"], config["decay_steps"]) == (3, 60)
    rows = (folder / "run" / "history.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows] == ["epoch", "1", "2", "3"]
    assert read_finished(folder / "run") == Finished(3, str(folder / "out" / "2"))


def test_more_epochs_at_a_rate_that_is_0_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    linear = ("--learning-rate-decay", "linear")
    assert call("train", *TINY, *linear, *where(tmp_path), "--no-tensorboard") == 0
    capsys.readouterr()
    error = refused(capsys, "train", *TINY, *linear, *where(tmp_path), "--epochs", 3)
    assert "falls to 0 at step 4, the end of its 2 epochs" in error and "--restart --epochs 3" in error


def test_fewer_epochs_than_have_been_trained_export_what_there_is(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "run" / "finished.json").unlink()
    assert call("train", *TINY, *DECAY, *where(folder), "--epochs", 1) == 0
    assert capsys.readouterr().out.rstrip().endswith("exported: " + str(folder / "out" / "2"))


def test_each_difference_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    error = refused(capsys, "train", *TINY, *DECAY, *where(folder), "--latent-dim", 4, "--seed", 9, "--epochs", 7)
    assert "--seed was 0, now 9; --latent-dim was 3, now 4. " in error
    assert "--epochs" not in error
    error = refused(capsys, "train", *TINY, *DECAY, *where(folder), "--channels", 3)
    assert "--channels was None, now 3; the data's image_shape was [8, 8, 1], now [8, 8, 3]" in error


def test_a_run_goes_on_by_the_settings_that_its_preset_had(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where the preset has been tuned since and no flag says otherwise; a run that begins takes those of today."""
    edit(folder, discriminator_learning_rate=3e-4)
    before = newest_of_run(folder / "run")
    assert call("train", *TINY, *DECAY, *where(folder), "--dry-run") == 0
    assert "discriminator_learning_rate = 0.0003" in capsys.readouterr().out
    error = refused(capsys, "train", *TINY, *DECAY, *where(folder), "--discriminator-learning-rate", 1e-4)
    assert "--discriminator-learning-rate was 0.0003, now 0.0001" in error
    assert call("train", *TINY, *DECAY, *where(folder), "--restart", "--dry-run") == 0
    assert "discriminator_learning_rate = 0.0004" in capsys.readouterr().out
    assert newest_of_run(folder / "run") == before


def test_restart_moves_the_old_run_aside(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("train", *TINY, *where(folder), "--seed", 9, "--restart") == 0
    assert str(folder / "run_old1") in capsys.readouterr().out
    assert (folder / "run_old1" / "checkpoints").is_dir()
    assert json.loads((folder / "run" / "config.json").read_text())["config"]["seed"] == 9
    assert move_aside(folder / "run") == folder / "run_old2"
    assert move_aside(folder / "run") is None


@pytest.mark.slow
def test_other_versions_are_named_when_a_run_goes_on(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "run" / "config.json"
    path.write_text(path.read_text().replace('"keras": "', '"keras": "0.'))
    assert call("train", *TINY, *DECAY, *where(folder), "--epochs", 3) == 0
    assert "other versions than before, so that numbers may differ in rounding: keras 0." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"colour": 3}, "unknown colour"),
        ({"epochs": "two"}, "epochs is 'two'"),
        ({"epochs": 2.5}, "epochs is 2.5"),
        ({"generator_units": [3, "x"]}, "generator_units is (3, 'x')"),
        ({"batch_size": -3}, "--batch-size must be at least 1. Received: -3"),
        ({"loss": "hing"}, "Did you mean hinge?"),
    ],
)
def test_an_edited_configuration_is_refused(
    changes: dict, message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(folder, **changes)
    error = refused(capsys, "train", *TINY, *DECAY, *where(folder))
    assert "config.json is no configuration of a run" in error
    assert message in error


def test_a_run_goes_on_that_began_before_a_setting_was_there(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(folder, updates="REMOVED")
    capsys.readouterr()
    assert call("train", *TINY, *DECAY, *where(folder), "--epochs", 3) == 0
    assert "after step 4 (2 epochs and 0 of 2 steps)" in capsys.readouterr().out
    error = refused(capsys, "train", *TINY, *DECAY, *where(folder), "--epochs", 4, "--updates", "simultaneous")
    assert "--updates was alternating, now simultaneous" in error


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"config": 3}'])
def test_a_configuration_that_is_none_is_refused(text: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "run" / "config.json").write_text(text)
    assert "is no configuration of a run" in refused(capsys, "train", *TINY, *where(folder))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"epochs": "x", "exported": ""}', '{"epochs": 1}'])
def test_a_damaged_end_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "finished.json").write_text(text)
    with pytest.raises(InputError, match="is damaged"):
        read_finished(tmp_path)
    assert read_finished(tmp_path / "nowhere") is None


def test_an_end_that_was_not_exported_is_exported(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "run" / "finished.json").unlink()
    assert call("train", *TINY, *DECAY, *where(folder)) == 0
    assert capsys.readouterr().out.rstrip().endswith("exported: " + str(folder / "out" / "2"))


def test_checkpoints_of_another_model_are_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(folder, base_filters=5)
    (folder / "run" / "finished.json").unlink()
    error = refused_after_its_lines(capsys, "train", *TINY, *DECAY, *where(folder), "--base-filters", 5)
    assert "is not one of this model" in error


def test_one_run_at_a_time_and_a_stale_lock_is_none(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with locked(folder / "run"):
        assert "Another process trains" in refused(capsys, "train", *TINY, *DECAY, *where(folder))
    assert (folder / ".run.lock").exists()
    with locked(folder / "run"):
        pass


def test_the_end_of_a_run_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_finished(tmp_path, Finished(3, "out/1"))
    assert read_finished(tmp_path) == Finished(3, "out/1")


def refused_after_its_lines(capsys: pytest.CaptureFixture[str], command: str, *arguments: object) -> str:
    """The one line of an exit with code 2, after lines about the run on standard output."""
    assert call(command, *arguments) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1, error
    return error


@pytest.mark.slow
def test_what_a_cut_in_the_first_write_leaves_is_no_run(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "new").mkdir()
    (folder / "new" / ".partial_config.json").write_text("{")
    arguments = ("--run-dir", folder / "new", "--export-dir", folder / "new_out", "--epochs", 1)
    assert call("train", *TINY, *arguments) == 0
    assert (folder / "new" / "finished.json").exists()


def test_checkpoints_that_are_gone_are_missed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(folder / "run" / "checkpoints")
    history = (folder / "run" / "history.csv").read_bytes()
    assert "its checkpoints are gone" in refused(capsys, "train", *TINY, *DECAY, *where(folder), "--epochs", 3)
    assert (folder / "run" / "history.csv").read_bytes() == history


def test_one_lock_whatever_the_folder_is_called(folder: Path) -> None:
    (folder / "alias").symlink_to(folder / "run")
    with locked(folder / "run"), pytest.raises(InputError, match="Another process"), locked(folder / "alias"):
        pass


def test_images_that_are_all_equal_are_trained_on_and_not_watched(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data").mkdir()
    for number in range(16):
        Image.new("L", (8, 8), 99).save(tmp_path / "data" / f"{number}.png")
    assert call("train", *TINY, *where(tmp_path), "--dataset", tmp_path / "data", "--batch-size", 8) == 0
    assert "health: not watched: real_images are all equal" in capsys.readouterr().out


def test_restart_of_many_machines_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = (*TINY, *where(tmp_path), "--strategy", "multi_worker", "--restart")
    assert "would begin anew at each start of a worker" in refused(capsys, "train", *arguments)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("--init-from", "nowhere"), "--init-from was None, now nowhere"),
        (("--seed", "9"), "--seed was 0, now 9"),
        (("--steps-per-execution", "3"), "must divide"),
        (("--batch-size", "2000"), "larger than the data"),
        (("--crop", "-1"), "--crop"),
    ],
)
def test_a_dry_run_refuses_what_a_run_refuses(
    change: tuple[str, ...], message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = (*TINY, *DECAY, *where(folder), *change)
    before = sorted(folder.rglob("*"))
    errors = [refused(capsys, "train", *arguments, *dry) for dry in ((), ("--dry-run",))]
    assert errors[0] == errors[1]
    assert message in errors[0]
    assert sorted(folder.rglob("*")) == before


def test_a_dry_run_refuses_a_missing_start_a_busy_folder_and_a_damaged_checkpoint(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = ("--run-dir", folder / "new", "--export-dir", folder / "new_out", "--dry-run")
    assert "nowhere" in refused(capsys, "train", *TINY, *new, "--init-from", folder / "nowhere")
    assert not (folder / ".new.lock").exists()
    dry = (*TINY, *DECAY, *where(folder), "--dry-run")
    with locked(folder / "run"):
        assert "Another process trains" in refused(capsys, "train", *dry)
    assert call("train", *dry) == 0
    assert capsys.readouterr().out.startswith("finished: the run in ")
    for checkpoint in (folder / "run" / "checkpoints").glob("*.keras"):
        checkpoint.write_bytes(b"damaged")
    assert call("train", *dry) == 2
    assert "Every checkpoint in" in capsys.readouterr().err
