"""Which devices a run is given, and what several machines do together."""

import json
import signal
import socket
from pathlib import Path

import numpy as np
import pytest
from cut_runs import after_step, finish, finish_together, free_ports, result, settings, started, variables_of

from tfgan_suite.errors import InputError
from tfgan_suite.runs.devices import await_workers, read_tf_config

WORKERS = ["a:1", "b:2"]


def tf_config(workers: object = WORKERS, index: object = 0, kind: str = "worker") -> str:
    return json.dumps({"cluster": {kind: workers}, "task": {"type": kind, "index": index}})


def test_tf_config_is_read() -> None:
    assert read_tf_config(tf_config(index=1)) == (WORKERS, 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "needs the variable TF_CONFIG"),
        ("", "needs the variable TF_CONFIG"),
        ("{", "cannot be read"),
        ("[]", "cannot be read"),
        ('{"cluster": {"worker": ["a:1"]}}', "cannot be read"),
        (tf_config(kind="ps"), "of the type worker alone"),
        (tf_config(workers=[]), "list the workers as HOST:PORT"),
        (tf_config(workers=["a"]), "list the workers as HOST:PORT"),
        (tf_config(workers=["a:0"]), "list the workers as HOST:PORT"),
        (tf_config(workers=[3]), "list the workers as HOST:PORT"),
        (tf_config(workers=["a:1", "a:1"]), "lists a worker twice"),
        (tf_config(index=2), r"must be in 0\.\.1.*Received: 2"),
        (tf_config(index=-1), r"must be in 0\.\.1"),
        (tf_config(index="0"), r"must be in 0\.\.1.*Received: '0'"),
        (tf_config(index=True), r"must be in 0\.\.1"),
    ],
)
def test_tf_config_is_refused(text: str | None, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_tf_config(text)


def test_a_dead_host_is_named_within_the_time_stated(tmp_path: Path) -> None:
    dead, own = (f"127.0.0.1:{port}" for port in free_ports(2))
    values = settings("mlp_gan", tmp_path, strategy="multi_worker", worker_timeout=2.0)
    with started(values, TF_CONFIG=tf_config([own, dead])) as process:
        process.join(60)
        assert process.exitcode == 2
    log = (tmp_path / "log.txt").read_text()
    assert f"no answer from {dead} within 2 s" in log
    assert "Traceback" not in log
    assert not (tmp_path / "run").exists()


def test_a_port_that_is_taken_is_named() -> None:
    with socket.create_server(("", 0)) as taken:
        own = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(InputError, match=f"cannot listen at {own}: Address already in use"):
            await_workers([own], 0, 1.0)


@pytest.mark.slow
def test_a_worker_dies_and_all_start_again(tmp_path: Path) -> None:
    count = 3
    whole, pieces, alone = tmp_path / "whole", tmp_path / "pieces", tmp_path / "alone"
    more = {"batch_size": 12, "strategy": "multi_worker"}
    assert finish_together(settings("mlp_gan", whole, **more), count) == [0] * count
    run = settings("mlp_gan", pieces, **more)
    *survivors, killed = finish_together(run, count, after_step(pieces, 5))
    assert survivors == [75] * (count - 1)
    assert killed == -signal.SIGKILL
    assert "Another worker of the run is gone" in (pieces / "log0.txt").read_text()
    assert finish_together(run, count) == [0] * count
    assert result(pieces) == result(whole)
    assert "exported" not in (pieces / "log1.txt").read_text()
    assert "done: this worker has trained to the end" in (pieces / "log1.txt").read_text()
    # Several machines train what one device does.
    assert finish(settings("mlp_gan", alone, batch_size=12)) == 0
    for name, values in variables_of(alone).items():
        np.testing.assert_allclose(variables_of(whole)[name], values, atol=1e-5, err_msg=name)
