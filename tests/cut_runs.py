"""Runs in processes of their own that can be killed, and what must be equal afterwards.

The processes are forked from a server that has imported TensorFlow once.
"""

import contextlib
import csv
import hashlib
import json
import multiprocessing
import os
import random
import signal
import socket
import time
from collections.abc import Callable, Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np
from short_runs import CHECKPOINTS, arrays_of, newest_step

STEPS = 7  # an epoch
EPOCHS = 4
TINY = {
    "mlp_gan": {"generator_units": (16,), "discriminator_units": (16, 8)},
    "dcgan": {"base_filters": 4, "dropout": 0.2, "ema_momentum": 0.9},
    "cgan": {"base_filters": 4, "ema_momentum": 0.9},
}

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tfgan_suite.commands.train", "tfgan_suite.serving.saved_generator"])


def settings(model: str, folder: Path, **more: object) -> dict[str, object]:
    """A run of 28 steps on the embedded digits at 8x8, with a checkpoint every two."""
    return {
        "model": model,
        "dataset": "digits",
        "image_size": "8",
        "epochs": EPOCHS,
        "steps_per_epoch": STEPS,
        "batch_size": 16,
        "latent_dim": 4,
        "seed": 5,
        "flip": True,
        "sample_count": 20,
        "tensorboard": False,
        "deterministic": True,
        "checkpoint_every": 2,
        "run_dir": str(folder / "run"),
        "export_dir": str(folder / "out"),
        **TINY[model],
        **more,
    }


def life(values: dict[str, object], log: str, environment: dict[str, str]) -> None:
    """What a process does: `train.py`, with its output in a file."""
    os.environ.update(environment)
    with Path(log).open("a") as stream:
        for number in (1, 2):
            os.dup2(stream.fileno(), number)
    from tfgan_suite import cli
    from tfgan_suite.command_line.flags import TrainCommandConfig
    from tfgan_suite.config import TrainConfig

    cli.parse = lambda *_, **__: TrainCommandConfig(**vars(TrainConfig.from_preset(**values)))
    os._exit(cli.run(cli.train_command, [], "train.py"))


@contextlib.contextmanager
def started(values: dict[str, object], log_name: str = "log.txt", **environment: str) -> Iterator[BaseProcess]:
    """A run that is under way, and is killed at the end if it still is."""
    log = Path(str(values["export_dir"])).parent / log_name
    log.parent.mkdir(parents=True, exist_ok=True)
    process = _context.Process(target=life, args=(values, str(log), environment))
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join()


def finish(values: dict[str, object]) -> int:
    """Runs to the end; the exit code."""
    with started(values) as process:
        process.join(300)
        return process.exitcode if process.exitcode is not None else -1


def cut(values: dict[str, object], moment: Callable[[], bool], number: int = signal.SIGKILL) -> int | None:
    """Starts a run, sends a signal when the moment has come, and gives the exit code."""
    with started(values) as process:
        pid = process.pid
        deadline = time.monotonic() + 300
        while process.is_alive() and time.monotonic() < deadline:
            if moment():
                os.kill(pid, number)
                break
            time.sleep(0.0005)
        process.join(300)
        return process.exitcode


def step_reached(folder: Path) -> int:
    """The newest committed step of a run; 0 where there is none."""
    return newest_step(folder / "run")


def after_step(folder: Path, step: int, delay: float = 0.0) -> Callable[[], bool]:
    """The moment when a step has been committed, and so many seconds more."""
    since: list[float] = []

    def moment() -> bool:
        if not since and step_reached(folder) >= step:
            since.append(time.monotonic())
        return bool(since) and time.monotonic() - since[0] >= delay

    return moment


def while_writing(folder: Path, step: int) -> Callable[[], bool]:
    """The moment when a checkpoint after that step is being written."""
    checkpoints = folder / "run" / "checkpoints"
    return lambda: step_reached(folder) >= step and any(checkpoints.glob(".partial_*"))


def random_moments(folder: Path, seed: int, count: int) -> list[Callable[[], bool]]:
    """Moments all over a run, every other one in the middle of a checkpoint's writing."""
    numbers = random.Random(seed)
    steps = sorted(numbers.sample(range(STEPS * EPOCHS - 2), count))
    return [
        while_writing(folder, step) if index % 2 else after_step(folder, step, numbers.random() / 4)
        for index, step in enumerate(steps)
    ]


def variables_of(folder: Path) -> dict[str, np.ndarray]:
    """The arrays of the last checkpoint of a finished run."""
    return arrays_of(max((folder / "run" / CHECKPOINTS).glob("step_*.keras")))


def result(folder: Path) -> dict[str, str]:
    """SHA-256 of what a finished run leaves: its variables, exported images, history, health and grids of samples."""
    from tfgan_suite.serving.saved_generator import SavedGenerator

    arrays = variables_of(folder)
    parts = {
        "variables": b"".join(name.encode() + arrays[name].tobytes() for name in sorted(arrays)),
        "images": SavedGenerator(folder / "out").generate(np.arange(16)).tobytes(),
        "health": without_memory(folder / "run" / "health.csv"),
        "history": (folder / "run" / "history.csv").read_bytes(),
        "samples": b"".join(path.read_bytes() for path in sorted((folder / "run" / "samples").glob("*.png"))),
    }
    assert len(parts["history"].splitlines()) == 1 + EPOCHS
    assert step_reached(folder) == STEPS * EPOCHS
    return {name: hashlib.sha256(value).hexdigest() for name, value in parts.items()}


def without_memory(path: Path) -> bytes:
    """The rows of a `health.csv` but for the process's memory."""
    with path.open(newline="") as stream:
        rows = [{**row, "memory_mib": ""} for row in csv.DictReader(stream)]
    assert len(rows) == EPOCHS
    return json.dumps(rows).encode()


def free_ports(count: int) -> list[int]:
    """Ports of this machine that nothing listens on."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def finish_together(
    values: dict[str, object], count: int, moment: Callable[[], bool] | None = None
) -> list[int | None]:
    """A run on several processes; their exit codes. At the moment, if there is one, the last of them is killed."""
    workers = [f"127.0.0.1:{port}" for port in free_ports(count)]
    with contextlib.ExitStack() as stack:
        processes = []
        for index in range(count):
            task = {"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}}
            processes.append(stack.enter_context(started(values, f"log{index}.txt", TF_CONFIG=json.dumps(task))))
        while moment is not None and not moment() and processes[0].is_alive():
            time.sleep(0.0005)
        if moment is not None:
            processes[-1].kill()
        for process in processes:
            process.join(300)
        return [process.exitcode for process in processes]
