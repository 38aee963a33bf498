"""Every preset on so many logical devices, in a process of its own: a process has one MirroredStrategy."""

import contextlib
import multiprocessing
from pathlib import Path

import numpy as np

STEPS = 20
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tfgan_suite.commands.train"])


def train_presets(devices: int, path: str) -> None:
    """Takes 20 steps with each shrunk preset, the last on an uneven batch; writes losses and weights to a file."""
    import tensorflow as tf
    from shrunk import ROWS, batches, shrunk_model

    from tfgan_suite.presets import PRESETS

    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * devices)
    names = [f"CPU:{index}" for index in range(devices)]
    strategy = tf.distribute.MirroredStrategy(names) if devices > 1 else tf.distribute.get_strategy()
    data = batches(STEPS * ROWS - 1)
    arrays: dict[str, np.ndarray] = {}
    for name in PRESETS:
        with strategy.scope():
            model = shrunk_model(name)
        # An epoch a step, so that the losses are those of a step.
        history = model.fit(data, epochs=STEPS, steps_per_epoch=1, verbose=0).history
        arrays |= {f"{name}/log/{key}": np.array(values) for key, values in history.items()}
        arrays |= {f"{name}/weight/{index}": np.array(weight) for index, weight in enumerate(model.weights)}
    np.savez(path, **arrays)


def trained_presets(devices: int, folder: Path) -> dict[str, np.ndarray]:
    """What `train_presets` gives."""
    path = folder / f"{devices}.npz"
    process = _context.Process(target=train_presets, args=(devices, str(path)))
    process.start()
    with contextlib.closing(process):
        process.join(900)
        assert process.exitcode == 0
    with np.load(path) as arrays:
        return dict(arrays)
