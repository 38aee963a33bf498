"""The benchmark runs, each variant in processes of its own."""

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / "scripts" / "benchmark.py"


@pytest.mark.slow
def test_fit_a_plain_loop_two_devices_and_two_processes(tmp_path: Path) -> None:
    variants = ["fit", "plain", "fit_2_devices", "fit_2_processes"]
    command = [sys.executable, str(SCRIPT), "--models", "mlp_gan_small", "--variants", *variants, "--batch-size", "8"]
    command += ["--repetitions", "1", "--seconds", "0.1", "--output", str(tmp_path / "numbers.json")]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stderr
    results = json.loads((tmp_path / "numbers.json").read_text())
    assert [row["variant"] for row in results["speed"]] == variants
    for row in results["speed"]:
        assert row["images_per_second"] > 0
        assert row["variant"] in process.stdout
        assert ("exchange_share" in row) == row["variant"].startswith("fit_2")
        assert 0 < row.get("exchange_share", 0.5) < 1


@pytest.mark.slow
def test_pairs_beside_pytorch(tmp_path: Path) -> None:
    """Of both libraries the networks of the preset; what they do not have is left out."""
    pytest.importorskip("torch")
    command = [sys.executable, str(SCRIPT), "--models", "pix2pix_64", "--variants", "fit", "plain", "torch", "fit_r1"]
    command += ["--batch-size", "2", "--repetitions", "1", "--seconds", "0.1"]
    process = subprocess.run([*command, "--output", str(tmp_path / "numbers.json")], capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    rows = json.loads((tmp_path / "numbers.json").read_text())["speed"]
    assert [row["variant"] for row in rows] == ["fit", "torch"]
    assert all(row["images_per_second"] > 0 for row in rows) and rows[0]["ratio_to_torch"] > 0


@pytest.mark.parametrize("side", [64, 128])
def test_the_networks_of_pairs_are_as_large_in_pytorch(side: int, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    monkeypatch.syspath_prepend(SCRIPT.parent)
    from benchmark_parts.models import MODELS
    from benchmark_parts.torch_pairs import UNet, patches

    model = MODELS[f"pix2pix_{side}"].make("float32")
    for mine, theirs in ((model.generator, UNet(side, 3)), (model.discriminator, patches(side, 3))):
        assert mine.count_params() - sum(math.prod(w.shape) for w in mine.non_trainable_weights) == sum(
            weight.numel() for weight in theirs.parameters()
        )


def test_the_networks_of_two_kinds_are_as_large_in_pytorch(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    monkeypatch.syspath_prepend(SCRIPT.parent)
    from benchmark_parts.models import MODELS
    from benchmark_parts.torch_cycle import patches, translator

    model = MODELS["cyclegan_64"].make("float32")
    for mine, theirs in ((model.generator_ab, translator(3)), (model.discriminator_b, patches(64, 3))):
        assert mine.count_params() == sum(weight.numel() for weight in theirs.parameters())
