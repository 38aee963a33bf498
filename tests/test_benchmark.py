"""The benchmark runs, each variant in processes of its own."""

import json
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
