"""k replicas train what one device does."""

from pathlib import Path

import numpy as np
import pytest
from conforming import MODELS, tolerance
from replica_runs import in_a_process, steps_of, train_at_full_width, train_models

FOUR = 4  # devices. On two: the toys of tests/test_conformance.py, and each axis of tests/test_penalties.py


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[int, dict[str, np.ndarray]]:
    """Losses and weights of every model after its steps, by number of devices."""
    folder: Path = tmp_path_factory.mktemp("replicas")
    return {devices: in_a_process(train_models, devices, folder) for devices in (1, FOUR)}


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_replicas_have_the_losses_and_weights_of_one_device(name: str, runs: dict[int, dict[str, np.ndarray]]) -> None:
    keys = [key for key in runs[1] if key.startswith(f"{name}/")]
    assert runs[1][f"{name}/log/generator_loss"].shape == (steps_of(name),)
    for key in keys:
        # Mean logits may cross 0, near which only an absolute difference says anything.
        near = {"rtol": 1e-5, "atol": 1e-7} if "/log/" in key else {"atol": tolerance(name), "rtol": 0.0}
        np.testing.assert_allclose(runs[FOUR][key], runs[1][key], **near, err_msg=key)


@pytest.mark.slow
def test_at_full_width_replicas_differ_from_one_device_by_the_rounding_of_float64_alone(tmp_path: Path) -> None:
    one, *others = (in_a_process(train_at_full_width, devices, tmp_path) for devices in (1, 2, 4))
    assert one["cgan/weight/1"].dtype == one["cgan/log/generator_loss"].dtype == np.float64
    for run in others:
        for key, values in one.items():
            np.testing.assert_allclose(run[key], values, rtol=1e-9 if "/log/" in key else 0.0, atol=1e-9, err_msg=key)
