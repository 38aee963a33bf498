"""A run that is cut anywhere and continued is the run that was not."""

import os
import signal
from pathlib import Path

import pytest
from cut_runs import after_step, cut, finish, random_moments, result, settings, step_reached, while_writing


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


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_and_the_same_command_goes_on(number: int, tmp_path: Path) -> None:
    whole, pieces = tmp_path / "whole", tmp_path / "pieces"
    assert finish(settings("cgan", whole)) == 0
    run = settings("cgan", pieces, checkpoint_every=1000)
    assert cut(run, lambda: step_reached(pieces) >= 7, number) == 128 + number
    assert "The same command goes on from there" in (pieces / "log.txt").read_text()
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
    seed = hash((len(model), devices, policy == "float32"))
    for moment in random_moments(pieces, seed, 4):
        cut(run, moment)
    assert finish(run) == 0
    assert result(pieces) == result(whole)
