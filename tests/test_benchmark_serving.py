"""The benchmark of serving runs against the stand-in."""

import json
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from shrunk import shrunk_model

from tfgan_suite.cli import run
from tfgan_suite.serving.export import export_generator

ROOT = Path(__file__).parent.parent
SCRIPT = ROOT / "scripts" / "benchmark_serving.py"
SERVER = f"{sys.executable} {ROOT / 'tests' / 'serving' / 'stand_in.py'}"


def benchmark(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_speed_and_memory_are_measured(tmp_path: Path) -> None:
    pytest.importorskip("tensorflow_serving.apis.predict_pb2")
    base, numbers = tmp_path / "base", tmp_path / "numbers.json"
    export_generator(shrunk_model("cgan"), base, verify=False)
    common = [base, "--server", SERVER, "--output", numbers]
    speed = benchmark(*common, "--clients", "1", "2", "--rounds", "1", "--seconds", "0.2")
    assert speed.returncode == 0, speed.stderr
    rows = json.loads(numbers.read_text())["measured"]
    assert len(rows) == 4 * 2 * 2  # kinds of requests, batching, numbers of clients
    for row in rows:
        assert row["requests_per_second"] > 0 and row["to_direct"] > 0
        assert 0 < row["p50_ms"] <= row["p95_ms"] <= row["p99_ms"]
        assert f"| {row['request']} | {row['batching']} | {row['clients']} |" in speed.stdout
    soak = benchmark(*common, "--soak-minutes", "0.1")
    assert soak.returncode == 0, soak.stderr
    found = json.loads(numbers.read_text())["measured"]
    assert found["answers"] > 8 and found["mib_end"] > 50
    assert f"{found['answers']:,} answers" in soak.stdout


def test_what_is_no_server_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = runpy.run_path(str(SCRIPT))["benchmark_serving"]
    export_generator(shrunk_model("mlp_gan"), tmp_path, verify=False)
    for arguments, said in (
        ([tmp_path, "--server", "no_such_server"], "cannot be started"),
        ([tmp_path, "--server", "false"], "does not get ready"),
        ([tmp_path / "1"], "the folder of the versions"),
    ):
        capsys.readouterr()
        assert run(command, list(map(str, arguments)), SCRIPT.name) == 2
        error = capsys.readouterr().err
        assert said in error and error.count("\n") == 1
