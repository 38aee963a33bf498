"""Models on so many logical devices, in a process of its own: a process has one MirroredStrategy."""

import contextlib
import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

STEPS = 20
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tfgan_suite.commands.train"])


def strategy_over(devices: int) -> Any:
    """A strategy over so many logical devices of the CPU; it must be the process's first use of them."""
    import tensorflow as tf

    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * devices)
    names = [f"CPU:{index}" for index in range(devices)]
    return tf.distribute.MirroredStrategy(names) if devices > 1 else tf.distribute.get_strategy()


def steps_of(name: str) -> int:
    """How many a model takes: few with an L1 loss, whose kink lets rounding grow where made and true pixels meet, and
    with norms over four pixels, which let it grow too."""
    from conforming import PRECISE

    return 8 if "toy" in name or name.startswith("pix2pix") or name in PRECISE or name == "template" else STEPS


def trained(name: str, model: Any, data: Any) -> dict[str, np.ndarray]:
    """The losses of each step and the weights after the last, by name."""
    # An epoch a step, so that the losses are those of a step.
    history = model.fit(data, epochs=steps_of(name), steps_per_epoch=1, verbose=0).history
    return {f"{name}/log/{key}": np.array(values) for key, values in history.items()} | {
        f"{name}/weight/{index}": np.array(weight) for index, weight in enumerate(model.weights)
    }


def train_models(devices: int, path: str) -> None:
    """Takes its steps with each model of `conforming`, the last uneven if it may be; writes losses and weights."""
    from conforming import MODELS, ROWS, arrays_of, dataset_of, of_replicas

    strategy = strategy_over(devices)
    arrays: dict[str, np.ndarray] = {}
    for name in MODELS:
        with strategy.scope():
            model = of_replicas(name)
        rows = steps_of(name) * ROWS - (model.num_parts() == 1)  # parts have to be even
        arrays |= trained(name, model, dataset_of(model, arrays_of(model, rows)).batch(ROWS))
    np.savez(path, **arrays)


def train_at_full_width(devices: int, path: str) -> None:
    """Takes 20 steps of 16 digits with `cgan` as it ships, in float64; writes losses and weights to a file."""
    import keras

    from tfgan_suite.config import TrainConfig
    from tfgan_suite.data.pipeline import training_batches
    from tfgan_suite.data.sources import load_images
    from tfgan_suite.runs.assembly import build_model

    strategy = strategy_over(devices)
    data = load_images("digits")
    keras.utils.set_random_seed(0)
    with strategy.scope():
        model = build_model(TrainConfig.from_preset("cgan", batch_size=16, dtype_policy="float64"), data, steps=STEPS)
    np.savez(path, **trained("cgan", model, training_batches(data, 16, 1, seed=0)))


def in_a_process(train: Callable[[int, str], None], devices: int, folder: Path) -> dict[str, np.ndarray]:
    """What a function of this file writes."""
    path = folder / f"{devices}.npz"
    process = _context.Process(target=train, args=(devices, str(path)))
    process.start()
    with contextlib.closing(process):
        process.join(1800)
        assert process.exitcode == 0
    with np.load(path) as arrays:
        return dict(arrays)
