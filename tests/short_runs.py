"""Short runs by the command line in processes of their own, and the arrays that they leave.

What is used of the package is its command line alone, so that runs of other commits are made in the same way.
"""

import multiprocessing
import os
import signal
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

CHECKPOINTS = "checkpoints"

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tfgan_suite.commands.train", "tfgan_suite.serving.saved_generator"])


def train(folder: Path, arguments: Sequence[str], stop_after: int | None = None) -> tuple[int, str]:
    """`train.py` with its paths relative to a folder.

    Args:
        folder: where it is started.
        arguments: its flags.
        stop_after: the step at whose end it gets SIGTERM; None: none.

    Returns:
        Exit code, and what was printed.
    """
    with tempfile.TemporaryDirectory() as logs:
        log = Path(logs) / "log.txt"
        process = _context.Process(target=_life, args=(str(folder), list(arguments), stop_after, str(log)))
        process.start()
        process.join(300)
        process.kill()
        process.join()
        return process.exitcode or 0, log.read_text(encoding="utf-8")


def _life(folder: str, arguments: list[str], stop_after: int | None, log: str) -> None:
    """What the process does."""
    os.chdir(folder)
    with Path(log).open("a") as stream:
        for number in (1, 2):
            os.dup2(stream.fileno(), number)
    import keras

    from tfgan_suite import cli

    def stop(logger: Any, batch: int, logs: Any = None) -> None:
        if int(logger.model.step.numpy()) == stop_after:
            signal.raise_signal(signal.SIGTERM)

    keras.callbacks.CSVLogger.on_train_batch_end = stop  # every run has one
    os._exit(cli.run(cli.train_command, arguments, "train.py"))


def arrays_of(path: Path | str) -> dict[str, np.ndarray]:
    """Every array of a `.keras` file by its place there: networks, moving average, step, both optimizers."""
    arrays: dict[str, np.ndarray] = {}

    def visit(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset):
            arrays[name] = item[()]

    with zipfile.ZipFile(path) as archive, archive.open("model.weights.h5") as weights, h5py.File(weights) as file:
        file.visititems(visit)
    assert len(arrays) > 10
    return arrays


def newest_step(run_dir: Path) -> int:
    """The step of a run's newest checkpoint; 0 where there is none."""
    names = (run_dir / CHECKPOINTS).glob("step_*.json")
    return max((int(path.stem.removeprefix("step_")) for path in names), default=0)
