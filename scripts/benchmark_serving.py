"""Requests to a generator behind TensorFlow Serving: how many a second, how late, at what memory. See `--help`."""

import contextlib
import itertools
import json
import platform
import shlex
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
import psutil
import tyro

from tfgan_suite.cli import parse, quiet_import, run
from tfgan_suite.errors import InputError
from tfgan_suite.files import write_whole

MODEL = "gan"
START_SECONDS = 120
SOAK_CLIENTS = 8
SOAK_WATCH_SECONDS = 5.0
SETTLED = 0.2  # share of a soak after which its memory should be flat
BATCHING = ("--enable_batching", "--enable_per_model_batching_parameters")
QUANTILES = (50, 95, 99)


@dataclass(frozen=True)
class BenchmarkServingConfig:
    """Times requests of one row to a server of its own, with its batching and without, beside direct calls.

    Each client is a thread that sends its next request when it has read the answer to the one before. All of them and
    the server share this machine's cores, and the clients one Python, so that the numbers compare with each other and
    with the floor, which is the same signature run in a TensorFlow Session in this process.
    """

    generator: Annotated[str, tyro.conf.Positional]
    """Serve the SavedModel of this folder of versions."""
    server: str = "tensorflow_model_server"
    """Start this, which takes the flags of tensorflow_model_server, such as "python tests/serving/stand_in.py"."""
    clients: tuple[int, ...] = (1, 8, 32)
    """Let so many clients ask at a time."""
    seconds: float = 4.0
    """Measure each case for so long."""
    rounds: int = 3
    """Repeat all measurements so often; medians are shown."""
    soak_minutes: float = 0.0
    """Watch the server's memory under eight clients' requests of all kinds for so long, in place of the speed."""
    output: str | None = None
    """Write all numbers into this JSON file."""


class Case(NamedTuple):
    """One kind of request: what people call it, the protocol and the signature."""

    title: str
    scheme: str
    signature: str


CASES = (
    Case("floats, REST", "http", "sample"),
    Case("PNG, REST", "http", "sample_png"),
    Case("floats, gRPC", "grpc", "sample"),
    Case("PNG, gRPC", "grpc", "sample_png"),
)


class Running(NamedTuple):
    """A server: its addresses by scheme, and its process."""

    urls: dict[str, str]
    process: psutil.Process


@contextlib.contextmanager
def running(command: str, base: Path, flags: Sequence[str]) -> Iterator[Running]:
    """A server that has loaded the generator; it is ended on leaving.

    Raises:
        InputError: it cannot be started, or does not get ready; its last line is shown.
    """
    from tfgan_suite.serving.client import connect

    ports = {scheme: free_port() for scheme in ("grpc", "http")}
    urls = {scheme: f"{scheme}://127.0.0.1:{port}" for scheme, port in ports.items()}
    arguments = [f"--port={ports['grpc']}", f"--rest_api_port={ports['http']}", f"--model_name={MODEL}"]
    with tempfile.TemporaryFile("w+") as log:
        try:
            process = subprocess.Popen(
                [*shlex.split(command), *arguments, f"--model_base_path={base.resolve()}", *flags],
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        except (OSError, ValueError) as error:  # ValueError for a quotation that does not end
            reason = error.strerror if isinstance(error, OSError) else error
            raise InputError(f"--server {command!r} cannot be started: {reason}.") from error
        try:
            until = time.monotonic() + START_SECONDS
            while not is_ready(connect, urls):
                if process.poll() is not None or time.monotonic() > until:
                    log.seek(0)
                    last = (log.read().strip().splitlines() or ["nothing"])[-1]
                    raise InputError(f"--server {command!r} does not get ready. It says last: {last}")
                time.sleep(0.2)
            yield Running(urls, psutil.Process(process.pid))
        finally:
            process.terminate()
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def is_ready(connect: Callable[..., Any], urls: dict[str, str]) -> bool:
    """Whether a server answers in every protocol."""
    try:
        for url in urls.values():
            with connect(url, MODEL, timeout=2.0) as client:
                client.metadata()
    except InputError:
        return False
    return True


def free_port() -> int:
    """A port of this machine that nobody listens at now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def load(url: str, signature: str, inputs: dict[str, np.ndarray], clients: int, seconds: float) -> list[float]:
    """Seconds from each request to its answer, of those that were answered within a time."""
    from tfgan_suite.serving.client import connect

    begin = threading.Barrier(clients)

    def one(_: int) -> list[float]:
        latencies = []
        with connect(url, MODEL, timeout=60.0) as client:
            client.predict(signature, inputs)
            begin.wait()
            until = time.perf_counter() + seconds
            while (started := time.perf_counter()) < until:
                client.predict(signature, inputs)
                if (ended := time.perf_counter()) < until:
                    latencies.append(ended - started)
        return latencies

    with ThreadPoolExecutor(clients) as pool:
        return list(itertools.chain.from_iterable(pool.map(one, range(clients))))


def direct(session: Any, signature: str, inputs: dict[str, np.ndarray], seconds: float) -> float:
    """Calls a second of a signature in a Session, one after another: the floor."""
    session.run(signature, inputs)
    started, calls = time.perf_counter(), 0
    while time.perf_counter() - started < seconds:
        session.run(signature, inputs)
        calls += 1
    return calls / (time.perf_counter() - started)


def measure(config: BenchmarkServingConfig, base: Path, folder: Path, facts: dict[str, Any]) -> list[dict[str, Any]]:
    """A row for each kind of request, number of clients, and batching on or off."""
    from tfgan_suite.ports import example_inputs
    from tfgan_suite.serving.session import ServingSession

    cells: dict[tuple[Case, str, int], list[dict[str, float]]] = {}
    with ServingSession(folder) as session:
        inputs = {name: example_inputs(value.inputs, 1, facts) for name, value in session.signatures.items()}
        for _ in range(config.rounds):
            for batching, flags in (("off", ()), ("on", BATCHING)):
                with running(config.server, base, flags) as server:
                    for case in CASES:
                        floor = direct(session, case.signature, inputs[case.signature], config.seconds / 2)
                        for clients in config.clients:
                            url, signature = server.urls[case.scheme], case.signature
                            latencies = load(url, signature, inputs[signature], clients, config.seconds)
                            rate = len(latencies) / config.seconds
                            found = {"requests_per_second": rate, "to_direct": rate / floor}
                            for q in QUANTILES:
                                found[f"p{q}_ms"] = float(np.percentile(latencies, q)) * 1000
                            cells.setdefault((case, batching, clients), []).append(found)
    return [
        {"request": case.title, "batching": batching, "clients": clients}
        | {key: statistics.median(found[key] for found in rounds) for key in rounds[0]}
        for (case, batching, clients), rounds in cells.items()
    ]


def soak(config: BenchmarkServingConfig, base: Path, folder: Path, facts: dict[str, Any]) -> dict[str, Any]:
    """Requests of every kind without a pause, and the server's resident memory meanwhile."""
    from tfgan_suite.ports import example_inputs
    from tfgan_suite.serving.session import ServingSession

    with ServingSession(folder) as session:
        inputs = {name: example_inputs(value.inputs, 4, facts) for name, value in session.signatures.items()}
    seconds = config.soak_minutes * 60
    with running(config.server, base, BATCHING) as server, ThreadPoolExecutor(SOAK_CLIENTS) as pool:
        kinds = [(url, signature) for url in server.urls.values() for signature in sorted(inputs)]
        started = time.monotonic()

        def one(number: int) -> int:
            # Each client starts with another kind and asks them all in turn, a second each.
            answers = 0
            for url, signature in itertools.islice(itertools.cycle(kinds), number, None):
                if time.monotonic() - started > seconds:
                    return answers
                answers += len(load(url, signature, inputs[signature], 1, 1.0))
            raise AssertionError("the cycle does not end")

        clients = [pool.submit(one, number) for number in range(SOAK_CLIENTS)]
        memory = []
        while time.monotonic() - started < seconds:
            memory.append((time.monotonic() - started, server.process.memory_info().rss / 2**20))
            time.sleep(min(SOAK_WATCH_SECONDS, seconds / 20))
        answers = sum(client.result() for client in clients)
    settled = np.array(memory[int(SETTLED * len(memory)) :])
    return {
        "answers": answers,
        "minutes": config.soak_minutes,
        "mib_settled": settled[0, 1],
        "mib_end": settled[-1, 1],
        "mib_per_minute": 60 * np.polyfit(settled[:, 0], settled[:, 1], 1)[0],
        "memory": memory,
    }


def as_table(rows: list[dict[str, Any]]) -> str:
    """The rows in Markdown."""
    heads = ["request", "batching", "clients", "requests/s", "to direct", *(f"p{q} ms" for q in QUANTILES)]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for row in rows:
        numbers = [f"{row['requests_per_second']:.0f}", f"{row['to_direct']:.2f}"]
        numbers += [f"{row[f'p{q}_ms']:.1f}" for q in QUANTILES]
        lines.append(f"| {' | '.join([row['request'], row['batching'], str(row['clients']), *numbers])} |")
    return "\n".join(lines)


def benchmark_serving(arguments: Sequence[str], program: str) -> int:
    """`benchmark_serving.py`: see `BenchmarkServingConfig`."""
    config = parse(BenchmarkServingConfig, arguments, program)
    if min(*config.clients, config.rounds, 1) < 1 or not config.seconds > 0 or not config.soak_minutes >= 0:
        raise InputError("--clients, --rounds and --seconds must be greater than 0, --soak-minutes not below.")
    with quiet_import():
        from tfgan_suite.serving.saved_generator import read_card, version_folder
    folder = version_folder(config.generator)
    if folder == Path(config.generator):
        raise InputError(f"Expected the folder of the versions, which a server watches. Received one: {folder}.")
    facts = read_card(folder)
    found: Any
    if config.soak_minutes:
        found = soak(config, Path(config.generator), folder, facts)
        print(
            f"{found['answers']:,} answers in {config.soak_minutes:g} min; the server's memory: "
            f"{found['mib_settled']:.1f} MiB after {SETTLED:.0%} of it, {found['mib_end']:.1f} at the end, "
            f"{found['mib_per_minute']:+.2f} MiB a minute between"
        )
    else:
        found = measure(config, Path(config.generator), folder, facts)
        print(as_table(found))
    if config.output:
        facts = {"config": asdict(config), "machine": platform.platform(), "measured": found}
        write_whole(Path(config.output), json.dumps(facts, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(run(benchmark_serving, sys.argv[1:], Path(__file__).name))
