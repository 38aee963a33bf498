"""What earlier commits wrote is read, loaded and continued as they did. `make_old_files.py` says what lies here."""

import contextlib
import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
from lanes import corners
from make_old_files import continued, keras_files, of_export, trained_on, unpacked
from short_runs import CHECKPOINTS, arrays_of

from tfgan_suite import verify_export
from tfgan_suite.callbacks.health_checks import read_checks
from tfgan_suite.cli import COMMANDS, run
from tfgan_suite.commands.evaluate import as_table
from tfgan_suite.metrics.records import read_records
from tfgan_suite.serving.saved_generator import read_card

OLD_FILES = Path(__file__).parent / "old_files"
COMMITS = sorted(path.name for path in OLD_FILES.iterdir() if path.is_dir())
RUNS = [path.parent.relative_to(OLD_FILES) for path in sorted(OLD_FILES.glob("*/*/config.json"))]
MODELS = [Path(commit, name) for commit in COMMITS for name in keras_files(OLD_FILES / commit)]
QUICK = ("gan", "mlp_gan")
# Kernels add up in another order on another CPU.
TOLERANCES = {"losses": 1e-5, "scores": 1e-5, "images": 1e-5, "truncated": 1e-5, "grid": 1.0}
OF_ARRAYS = 1e-4


@pytest.fixture
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A copy of a commit's files that may be written."""
    commit = request.node.callspec.params.get("commit") or request.node.callspec.params["path"].parts[0]
    return shutil.copytree(OLD_FILES / commit, tmp_path / "old", symlinks=True)


def expected_of(commit: str, name: str) -> dict[str, np.ndarray]:
    with np.load(OLD_FILES / commit / "expected" / f"{name}.npz") as arrays:
        return dict(arrays)


def assert_equal(actual: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    assert actual.keys() == expected.keys()
    for name, tolerance in TOLERANCES.items():
        if name in expected:
            assert_close(name, actual[name], expected[name], tolerance)
    if "names" in expected:
        assert actual["names"].tolist() == expected["names"].tolist()
        old = unpacked(expected)
        for name, values in unpacked(actual).items():
            assert_close(name, values, old[name], OF_ARRAYS)
    if "history" in expected:
        for column in expected["history"].dtype.names:
            assert_close(column, actual["history"][column], expected["history"][column], TOLERANCES["losses"])


def assert_close(name: str, actual: np.ndarray, expected: np.ndarray, tolerance: float) -> None:
    wide = [np.asarray(values, np.float64) for values in (actual, expected)]
    np.testing.assert_allclose(*wide, rtol=0, atol=tolerance, err_msg=name)


@pytest.mark.parametrize("path", corners(RUNS, *(path for path in RUNS if path.name in QUICK)), ids=str)
def test_a_cut_run_goes_on(path: Path, folder: Path) -> None:
    """By the order, the noise and the reading of the data with which it was begun, to its end."""
    commit, name = path.parts
    run_dir, expected = folder / name, expected_of(commit, name)
    facts = json.loads((run_dir / "config.json").read_text())["data"]
    checks = read_checks(run_dir / "health.csv")
    assert_equal(continued(folder, name), expected)
    now = json.loads((run_dir / "config.json").read_text())["data"]
    assert {key: now[key] for key in facts} == facts
    assert read_checks(run_dir / "health.csv")[:-1] == checks
    # The last picture is that of the last epoch, counted as before.
    last_epoch = int(expected["history"]["epoch"][-1])
    assert max((run_dir / "samples").glob("*.png")).name == f"epoch_{last_epoch + 1:04d}.png"
    assert json.loads((run_dir / "finished.json").read_text())["epochs"] == last_epoch + 1


@pytest.mark.parametrize("path", RUNS, ids=str)
def test_the_comparison_can_fail(path: Path) -> None:
    """Two steps move the weights by far more than the tolerance."""
    commit, name = path.parts
    before, expected = arrays_of(next((OLD_FILES / path / CHECKPOINTS).glob("*.keras"))), expected_of(commit, name)
    moved = {key: np.abs(values - before[key].ravel()).max() for key, values in unpacked(expected).items()}
    for network in ("generator/", "discriminator/"):
        assert max(value for key, value in moved.items() if key.startswith(network)) > 5 * OF_ARRAYS, network
    assert np.ptp(expected["losses"], axis=0).min() > 10 * TOLERANCES["losses"]


@pytest.mark.parametrize("path", corners(MODELS, *(path for path in MODELS if path.name in QUICK)), ids=str)
def test_a_model_file_loads_generates_and_trains_on(path: Path, folder: Path) -> None:
    commit, name = path.parts
    assert_equal(trained_on(keras_files(folder)[name], folder), expected_of(commit, f"{name}_keras"))


@pytest.mark.parametrize("commit", COMMITS)
def test_networks_and_layers_keep_their_names_and_arguments(commit: str) -> None:
    for facts in json.loads((OLD_FILES / commit / "networks.json").read_text(encoding="utf-8")):
        restored = keras.saving.deserialize_keras_object(facts["object"])
        assert [list(weight.shape) for weight in restored.weights] == facts["shapes"], facts["object"]["class_name"]
        assert keras.saving.serialize_keras_object(restored)["registered_name"] == facts["object"]["registered_name"]


@pytest.mark.parametrize("commit", COMMITS)
def test_an_export_is_served(commit: str) -> None:
    path = OLD_FILES / commit / "export"
    assert_equal(of_export(path), expected_of(commit, "export"))
    assert verify_export(path) == []
    card = json.loads((path / "1" / "card.json").read_text())
    assert read_card(path / "1") == {**card, "image_shape": tuple(card["image_shape"])}
    assert card["label_names"][:3] == [".ipynb_checkpoints", "0", "1"]


@pytest.mark.parametrize("commit", COMMITS)
def test_an_evaluation_is_read_compared_and_exported(
    commit: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    records = read_records(folder / "evaluation.json")
    lines = as_table(records).splitlines()
    with contextlib.chdir(folder):
        assert run(COMMANDS["evaluate"], ["evaluation.json"], "evaluate.py") == 0
        assert capsys.readouterr().out.splitlines() == lines
        # Measured again it is the same, and the two may be held against each other.
        names = "frechet_distance,kernel_distance,precision_recall"
        again = ["dcgan", "--dataset", "digits", "--count", "64", "--metrics", names, "--compare", "evaluation.json"]
        assert run(COMMANDS["evaluate"], [*again, "--output", "again.json"], "evaluate.py") == 0
        assert run(COMMANDS["export"], ["dcgan", "--evaluation", "evaluation.json"], "export.py") == 0
    for old, new in zip(records, read_records(folder / "again.json"), strict=True):
        assert old.metric == new.metric
        assert new.value == pytest.approx(old.value, rel=1e-3)
        assert new.floor == pytest.approx(old.floor, rel=1e-3)
    metrics = read_card(folder / "out" / "dcgan" / "1")["metrics"]
    assert {name: facts["value"] for name, facts in metrics.items()} == {r.metric: r.value for r in records}
