"""On which devices, and on which machines, a run trains."""

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import tensorflow as tf

from tfgan_suite.config import TrainConfig
from tfgan_suite.errors import InputError, option
from tfgan_suite.models.replicas import several_machines

TF_CONFIG = "TF_CONFIG"
LOST = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.InternalError,
)


def choose_strategy(config: TrainConfig) -> tf.distribute.Strategy:
    """The strategy of a run; divides the CPU where `logical_devices` asks for it.

    To be called before TensorFlow computes anything.

    Raises:
        InputError: the CPU cannot be divided any more, the batch does not suit the devices, or
            TF_CONFIG cannot be used.
    """
    cpu = tf.config.list_physical_devices("CPU")[0]
    if config.logical_devices > 1:
        wanted = [tf.config.LogicalDeviceConfiguration()] * config.logical_devices
        if len(tf.config.get_logical_device_configuration(cpu) or [None]) != config.logical_devices:
            try:
                tf.config.set_logical_device_configuration(cpu, wanted)
            except RuntimeError as error:
                raise InputError(f"{option('logical_devices')} must be set before TensorFlow is first used.") from error
    if config.strategy == "multi_worker":
        return _multi_worker(config)
    gpus = tf.config.list_logical_devices("GPU")
    mirrored = config.strategy == "mirrored" or (config.strategy == "auto" and len(gpus) > 1)
    if not mirrored:
        return tf.distribute.get_strategy()
    cpus = tf.config.list_logical_devices("CPU")
    devices = [device.name for device in (cpus if config.logical_devices > 1 or not gpus else gpus)]
    refuse_unsuited(config, len(devices))
    return tf.distribute.MirroredStrategy(devices)


def refuse_unsuited(config: TrainConfig, replicas: int) -> None:
    """Refuses a configuration that so many replicas cannot train.

    Raises:
        InputError: rows that cannot be shared out, or an option that TensorFlow has for one device only.
    """
    if config.batch_size % replicas:
        raise InputError(
            f"{option('batch_size')} must be a multiple of the {replicas} devices. Received: {config.batch_size}."
        )
    if config.steps_per_execution > 1 and replicas > 1:
        raise InputError(
            f"{option('steps_per_execution')} does not work on several devices with this TensorFlow. "
            f"Received: {config.steps_per_execution} with {replicas} devices."
        )


class LostWorkersError(Exception):
    """Another machine of the run is gone, and this one cannot go on alone."""


def _multi_worker(config: TrainConfig) -> tf.distribute.Strategy:
    workers, index = read_tf_config(os.environ.get(TF_CONFIG))
    await_workers(workers, index, config.worker_timeout)
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    refuse_unsuited(config, strategy.num_replicas_in_sync)
    return strategy


def read_tf_config(text: str | None) -> tuple[list[str], int]:
    """The workers' addresses, and which of them this process is.

    Args:
        text: of the variable TF_CONFIG.

    Raises:
        InputError: the variable is not set, or is not of the form that it must have.
    """
    form = '{"cluster": {"worker": ["HOST:PORT", ...]}, "task": {"type": "worker", "index": 0}}'
    if not text:
        raise InputError(f"{option('strategy', 'multi_worker')} needs the variable {TF_CONFIG}. Expected: {form}.")
    try:
        record = json.loads(text)
        cluster, task = dict(record["cluster"]), dict(record["task"])
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{TF_CONFIG} cannot be read ({error!r}). Expected: {form}. Received: {text}") from error
    workers, index = cluster.get("worker"), task.get("index")
    if set(cluster) != {"worker"} or task.get("type") != "worker":
        raise InputError(
            f"{TF_CONFIG} must name tasks of the type worker alone. Expected: {form}. Received the types "
            f"{sorted(cluster)} and this task's {task.get('type')!r}."
        )
    if not isinstance(workers, list) or not workers or not all(_is_address(worker) for worker in workers):
        raise InputError(f"{TF_CONFIG} must list the workers as HOST:PORT. Received: {workers!r}.")
    if len(set(workers)) < len(workers):
        raise InputError(f"{TF_CONFIG} lists a worker twice. Received: {workers!r}.")
    if type(index) is not int or not 0 <= index < len(workers):
        raise InputError(
            f"The task's index in {TF_CONFIG} must be in 0..{len(workers) - 1}, one a worker. Received: {index!r}."
        )
    return workers, index


def _is_address(text: Any) -> bool:
    host, _, port = str(text).rpartition(":")
    return isinstance(text, str) and bool(host) and port.isdecimal() and 0 < int(port) < 65536


def await_workers(workers: list[str], index: int, seconds: float) -> None:
    """Waits until every other worker listens; TensorFlow itself would wait for a dead host for ever, deaf to signals.

    Raises:
        InputError: naming those that did not answer in that time, or this worker's port when it is taken.
    """
    port = int(workers[index].rpartition(":")[2])
    try:
        listener = socket.create_server(("", port))
    except OSError as error:
        raise InputError(f"{TF_CONFIG}: this worker cannot listen at {workers[index]}: {error.strerror}.") from error
    deadline = time.monotonic() + seconds
    silent = [worker for worker in workers if worker != workers[index]]
    with listener:
        while silent := [worker for worker in silent if not _listens(worker)]:
            if time.monotonic() > deadline:
                raise InputError(
                    f"{TF_CONFIG}: no answer from {', '.join(silent)} within {seconds:g} s. Start every worker, or "
                    f"raise {option('worker_timeout')}."
                )
            time.sleep(0.1)


def _listens(worker: str) -> bool:
    host, _, port = worker.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=1.0).close()
    except (OSError, UnicodeError):  # the latter for what cannot be a host's name
        return False
    return True


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Whether this process writes: the first worker, or the only process."""
    return not several_machines(strategy) or strategy.cluster_resolver.task_id == 0


def chiefs_value(strategy: tf.distribute.Strategy, value: int) -> int:
    """The chief's value on every worker; the others' arguments count for nothing. All wait here for all."""
    if not several_machines(strategy):
        return value

    @tf.function
    def exchange() -> tf.Tensor:
        context = tf.distribute.get_replica_context()
        mine = tf.equal(context.replica_id_in_sync_group, 0)
        return context.all_reduce(tf.distribute.ReduceOp.SUM, tf.where(mine, tf.constant(value, tf.int64), 0))

    return int(strategy.experimental_local_results(strategy.run(exchange))[0])


@contextmanager
def losing_workers_named(strategy: tf.distribute.Strategy) -> Iterator[None]:
    """Turns what TensorFlow raises when another machine dies into `LostWorkersError`."""
    try:
        yield
    except tf.errors.OpError as error:
        if not several_machines(strategy) or not isinstance(error, LOST):
            raise
        raise LostWorkersError(
            "Another worker of the run is gone. Start all workers again with the same command: they go on from the "
            "last checkpoint."
        ) from error
