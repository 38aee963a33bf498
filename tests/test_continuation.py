"""A run that is cut anywhere and continued is the run that was not."""

import os
import signal
from pathlib import Path

import pytest
from cut_runs import STEPS, after_step, cut, finish, random_moments, result, settings, while_writing


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
    assert os.listdir(pieces / "out") == ["1"]


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
@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize("devices", [1, 2])
@pytest.mark.parametrize("model", ["mlp_gan", "dcgan", "cgan"])
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
