"""Servers for tests: the real tensorflow_model_server where there is one, and the stand-in; see `real_server`.

One that runs already, at TFGAN_TF_SERVING_URL (http://host:8501, gRPC at :8500 or TFGAN_TF_SERVING_GRPC_URL), serves
TFGAN_TF_SERVING_MODEL (gan).
"""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import urllib3
from real_server import real_binary

STAND_IN = Path(__file__).with_name("stand_in.py")
# TensorFlow and the warmup take some 5 s of a quiet core.
STARTS_WITHIN = 180


@dataclass
class Server:
    """Where a server answers.

    Attributes:
        rest_url: http://host:port.
        grpc_url: grpc://host:port.
        process: None for one that ran already.
        is_real: whether it is tensorflow_model_server.
        log_file: what it has printed.
        model: name of the model where a test names no other.
    """

    rest_url: str
    grpc_url: str
    process: subprocess.Popen | None
    is_real: bool
    log_file: Path | None = None
    model: str = "gan"

    @property
    def log(self) -> str:
        """What it has printed so far."""
        return self.log_file.read_text(encoding="utf-8", errors="replace") if self.log_file else ""

    def check_alive(self) -> None:
        """Fails with the log where the server has ended."""
        if self.process is not None and self.process.poll() is not None:
            pytest.fail(f"The server has ended with {self.process.returncode}:\n{self.log[-5000:]}")


@contextlib.contextmanager
def running_server(base: Path, *flags: str, kind: str | None = None) -> Iterator[Server]:
    """A server of the model `gan` on free ports, ended at the end.

    Args:
        base: folder of the versions; not used where `flags` name a --model_config_file.
        flags: those of tensorflow_model_server.
        kind: `stand_in`, `real`, or `url`; None: the real one where there is one.

    Raises:
        RuntimeError: it does not start, or has to be killed.
    """
    if kind == "real" and not real_binary():
        pytest.fail("TFGAN_REQUIRE_REAL_SERVING=1, and there is no tensorflow_model_server: set TFGAN_TF_SERVING_BIN")
    if kind == "url":
        yield _running_already()
        return
    is_real = bool(real_binary()) if kind is None else kind == "real"
    command = [real_binary()] if is_real else [sys.executable, str(STAND_IN)]
    ports = _free_ports()
    if not any(flag.startswith("--model_config_file=") for flag in flags):
        flags = ("--model_name=gan", f"--model_base_path={base.absolute()}", *flags)
    command += [f"--port={ports[0]}", f"--rest_api_port={ports[1]}", *flags]
    with (
        tempfile.NamedTemporaryFile(prefix="server_", suffix=".log") as log,
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log) as process,
    ):
        rest_url, grpc_url = f"http://127.0.0.1:{ports[1]}", f"grpc://127.0.0.1:{ports[0]}"
        server = Server(rest_url, grpc_url, process, is_real, Path(log.name))
        try:
            _await_start(server)
            yield server
        except BaseException:
            print(server.log[-5000:])
            raise
        finally:
            _end(server)


def _await_start(server: Server) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    with urllib3.PoolManager(retries=False, timeout=5) as pool:
        while server.process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(urllib3.exceptions.HTTPError):
                pool.request("GET", f"{server.rest_url}/v1/models/{server.model}")
                return
            time.sleep(0.1)
    raise RuntimeError(f"The server does not start:\n{server.log[-5000:]}")


def _end(server: Server) -> None:
    died = server.process.poll()
    server.process.terminate()
    try:
        server.process.wait(30)
    except subprocess.TimeoutExpired:
        server.process.kill()
        raise RuntimeError(f"The server had to be killed:\n{server.log[-5000:]}") from None
    if not server.is_real and server.process.returncode != 0 and died is None:
        raise RuntimeError(f"The stand-in ended with {server.process.returncode}:\n{server.log[-5000:]}")


def _free_ports() -> list[int]:
    """Ports that were free a moment ago."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(2)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _running_already() -> Server:
    rest_url = os.environ["TFGAN_TF_SERVING_URL"].rstrip("/")
    grpc_url = os.environ.get("TFGAN_TF_SERVING_GRPC_URL", f"grpc://{urlsplit(rest_url).hostname}:8500")
    return Server(rest_url, grpc_url, None, True, model=os.environ.get("TFGAN_TF_SERVING_MODEL", "gan"))
