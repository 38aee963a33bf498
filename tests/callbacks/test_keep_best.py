"""The best checkpoint is the best, whatever order values come in and wherever a run is cut."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shrunk import shrunk_model

from tfgan_suite import GAN, InputError, KeepBest, load_model
from tfgan_suite.continuation.checkpoints import save_checkpoint
from tfgan_suite.continuation.keep_best import read_best

NAN = math.nan


@pytest.fixture(scope="module")
def model() -> GAN:
    return shrunk_model("mlp_gan_small")


def told(model: GAN, folder: Path, values: list[float], best: str = "lowest", start: int = 0) -> tuple[int, float]:
    """The epoch and the value that are kept after epochs with these values."""
    callback = KeepBest(folder, "recall", best)
    callback.set_model(model)
    for epoch, value in enumerate(values, start):
        model.step.assign(epoch + 1)
        callback.on_epoch_end(epoch, {"recall": value})
    kept = read_best(folder, "recall", best)
    assert kept is not None
    assert kept.step == kept.noted["epoch"]
    assert len(list(folder.glob("step_*.keras"))) == 1
    return kept.noted["epoch"], kept.noted["recall"]


@pytest.mark.parametrize(
    ("values", "lowest", "highest"),
    [
        ([3.0, 1.0, 2.0], (2, 1.0), (1, 3.0)),
        ([1.0, 1.0, 1.0], (1, 1.0), (1, 1.0)),
        ([NAN, 2.0, NAN, 1.0, 1.0], (4, 1.0), (2, 2.0)),
        ([-1.0, -2.0, -0.5], (2, -2.0), (3, -0.5)),
    ],
)
def test_the_best_is_kept(
    model: GAN, values: list[float], lowest: tuple[int, float], highest: tuple[int, float], tmp_path: Path
) -> None:
    assert told(model, tmp_path / "low", values) == lowest
    assert told(model, tmp_path / "high", values, "highest") == highest


@pytest.mark.parametrize("cut", range(1, 5))
def test_a_run_that_goes_on_knows_the_best_before(model: GAN, cut: int, tmp_path: Path) -> None:
    values = [3.0, 1.0, 1.0, 2.0, 0.5]
    told(model, tmp_path, values[:cut])
    # Cut after the best and before the epoch's checkpoint, an epoch is trained and measured again.
    assert told(model, tmp_path, values[cut - 1 :], start=cut - 1) == (5, 0.5)
    assert told(model, tmp_path / "ties", [*values[:4], *values[3:4]]) == (2, 1.0)


def test_after_a_roll_back_an_earlier_step_may_be_the_best(model: GAN, tmp_path: Path) -> None:
    told(model, tmp_path, [3.0, 3.0, 2.0])
    assert told(model, tmp_path, [1.0], start=1) == (2, 1.0)


def test_what_a_cut_leaves_beside_it_is_cleared(model: GAN, tmp_path: Path) -> None:
    told(model, tmp_path, [3.0])
    model.step.assign(2)
    save_checkpoint(model, tmp_path, keep=2, between_epochs=True, noted={"recall": 2.0, "epoch": 2})  # cut here
    kept = read_best(tmp_path, "recall")
    assert kept is not None and kept.noted["recall"] == 2.0
    assert told(model, tmp_path, [1.0], start=2) == (3, 1.0)


def test_it_is_the_state_of_its_epoch(model: GAN, tmp_path: Path) -> None:
    kept = [np.array(weight) for weight in model.generator.weights]
    told(model, tmp_path, [1.0])
    weight = model.generator.weights[0]
    weight.assign(weight + 1)
    told(model, tmp_path, [2.0], start=1)
    restored = load_model(next(tmp_path.glob("*.keras")))
    assert all(np.array_equal(a, b) for a, b in zip(kept, restored.generator.weights, strict=True))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda m, p: KeepBest(p, "recall", "heighest"), "Unknown best 'heighest'. Did you mean highest?"),
        (lambda m, p: told(m, p, [1.0]) and KeepBest(p, "precision").on_epoch_end(0, {"loss": 1.0}), "not logged"),
    ],
)
def test_what_is_wrong_is_said(model: GAN, wrong: Callable[[GAN, Path], Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=said):
        wrong(model, tmp_path)
