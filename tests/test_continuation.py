"""A run that is cut anywhere and continued is the run that was not."""

import signal
from pathlib import Path

import numpy as np
import pytest
from cut_runs import (
    EPOCHS,
    STEPS,
    after_step,
    cut,
    finish,
    random_moments,
    result,
    settings,
    step_reached,
    variables_of,
    while_writing,
)


@pytest.mark.slow
def test_killed_in_a_step_and_in_a_checkpoint_then_equal(tmp_path: Path) -> None:
    whole, pieces = tmp_path / "whole", tmp_path / "pieces"
    assert finish(settings("mlp_gan", whole)) == 0
    run = settings("mlp_gan", pieces)
    assert cut(run, after_step(pieces, 3)) == -signal.SIGKILL
    assert cut(run, while_writing(pieces, 9)) == -signal.SIGKILL
    assert finish(run) == 0
    assert result(pieces) == result(whole)
    log = (pieces / "log.txt").read_text()
    assert log.count("continues: ") == 2
    # A third start says that all is done, and exports nothing anew.
    assert finish(run) == 0
    assert "finished: " in (pieces / "log.txt").read_text()
    assert [version.name for version in (pieces / "out").iterdir()] == ["1"]


@pytest.mark.slow
def test_signals_save_and_the_same_command_goes_on(tmp_path: Path) -> None:
    whole, pieces = tmp_path / "whole", tmp_path / "pieces"
    assert finish(settings("cgan", whole)) == 0
    run = settings("cgan", pieces, checkpoint_every=1000)  # what is saved is saved by the signals
    for number, step in ((signal.SIGINT, STEPS), (signal.SIGTERM, 2 * STEPS)):
        assert cut(run, after_step(pieces, step), number) == 128 + number
        assert (pieces / "log.txt").read_text().rstrip().endswith("The same command goes on from there.")
    assert finish(run) == 0
    assert result(pieces) == result(whole)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "devices", "policy"),
    [("mlp_gan", 1, "float32"), ("dcgan", 2, "mixed_bfloat16"), ("cgan", 1, "mixed_bfloat16"), ("cgan", 2, "float32")],
)
def test_killed_at_random_moments_then_equal(model: str, devices: int, policy: str, tmp_path: Path) -> None:
    more = {"dtype_policy": policy}
    if devices > 1:
        more |= {"strategy": "mirrored", "logical_devices": devices}
    whole, pieces = tmp_path / "whole", tmp_path / "pieces"
    assert finish(settings(model, whole, **more)) == 0
    run = settings(model, pieces, **more)
    for moment in random_moments(pieces, 10 * len(model) + 2 * devices + (policy == "float32"), 4):
        cut(run, moment)
    assert finish(run) == 0
    assert result(pieces) == result(whole)


@pytest.mark.slow
@pytest.mark.parametrize(("first", "model"), [(1, "mlp_gan"), (2, "cgan")])
def test_cut_on_some_devices_and_continued_on_others(first: int, model: str, tmp_path: Path) -> None:
    whole, pieces = tmp_path / "whole", tmp_path / "pieces"
    two = {"strategy": "mirrored", "logical_devices": 2}
    before, after = (two, {}) if first == 2 else ({}, two)
    epochs = EPOCHS + 2
    assert finish(settings(model, whole, epochs=epochs)) == 0
    assert cut(settings(model, pieces, epochs=epochs, **before), after_step(pieces, 4), signal.SIGTERM) == 143
    assert step_reached(pieces) <= STEPS * epochs - 20
    assert finish(settings(model, pieces, epochs=epochs, **after)) == 0
    for name, values in variables_of(whole).items():
        np.testing.assert_allclose(variables_of(pieces)[name], values, atol=1e-5, err_msg=name)
    histories = [np.genfromtxt(folder / "run" / "history.csv", delimiter=",", names=True) for folder in (whole, pieces)]
    for key in ("generator_loss", "discriminator_loss", "real_score", "fake_score"):
        np.testing.assert_allclose(histories[1][key], histories[0][key], rtol=1e-5)
