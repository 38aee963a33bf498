"""What a model of pairs has learned before its adversarial loss comes in is kept."""

from pathlib import Path

import numpy as np
import pytest
from conforming import arrays_of
from lanes import slow
from shrunk import shrunk_model

from tfgan_suite import load_model
from tfgan_suite.callbacks.content_stage import ContentStage


@pytest.mark.parametrize(("steps", "rows"), [(2, 8), slow(1, 8), slow(4, 8)])
def test_the_weights_at_that_step_are_kept(steps: int, rows: int, tmp_path: Path) -> None:
    model = shrunk_model("super_resolve", content_only_steps=steps, ema_momentum=0.9)
    source, target = arrays_of(model, 3 * rows)
    model.fit(source, target, batch_size=rows, shuffle=False, verbose=0, callbacks=[ContentStage(tmp_path / "a.keras")])
    assert (tmp_path / "a.keras").exists() == (steps <= 3)
    if steps > 3:
        return
    kept, other = (
        load_model(tmp_path / "a.keras"),
        shrunk_model("super_resolve", content_only_steps=steps, ema_momentum=0.9),
    )
    other.fit(source[: steps * rows], target[: steps * rows], batch_size=rows, shuffle=False, verbose=0)
    assert int(kept.step.numpy()) == steps
    for mine, theirs in zip(kept.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-6)


def test_a_run_that_goes_on_later_leaves_it(tmp_path: Path) -> None:
    model = shrunk_model("super_resolve", content_only_steps=1)
    arrays = arrays_of(model, 16)
    watching = {"batch_size": 8, "verbose": 0, "callbacks": [ContentStage(tmp_path / "a.keras")]}
    model.fit(*arrays, **watching)
    kept = (tmp_path / "a.keras").read_bytes()
    model.fit(*arrays, **watching)
    assert (tmp_path / "a.keras").read_bytes() == kept
