"""Checkpoints of a whole run's state, each of them whole or absent.

A checkpoint is a pair of files in one folder, local or of an object store (`gs://...`): the model
with its optimizers, `step_00000123.keras`, and beside it `step_00000123.json`, which is written
last and says that the first is complete: its size and its SHA-256. A file without that record is
what a cut left behind, and counts as nothing. No rename has to be atomic for this.
"""

import contextlib
import hashlib
import json
import re
import sys
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import tensorflow as tf

from tfgan_suite.errors import DivergenceError, InputError
from tfgan_suite.files import PARTIAL
from tfgan_suite.models.algorithm import Algorithm
from tfgan_suite.models.finite import first_broken

NAME = re.compile(r"step_\d+\.(keras|json)")
CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Checkpoint:
    """One complete checkpoint.

    Attributes:
        path: of the `.keras` file.
        step: generator steps taken before it.
        epoch_means: the means of the epoch so far, as `Algorithm.epoch_means` gives them; empty between epochs.
        noted: what else was written down with it.
    """

    path: str
    step: int
    epoch_means: dict[str, list[float]]
    noted: dict[str, Any] = field(default_factory=dict)


def save_checkpoint(
    model: Algorithm,
    directory: Path | str,
    keep: int = 2,
    keep_before: int = 0,
    between_epochs: bool = False,
    noted: Mapping[str, Any] | None = None,
) -> str:
    """Writes the state of a run after the present step, and deletes the checkpoints that it makes superfluous.

    Args:
        model: compiled, between two steps.
        directory: for the files, a path or an address that `tf.io.gfile` knows; it must exist.
        keep: how many of the newest checkpoints stay.
        keep_before: besides, the newest checkpoint that is at least so many steps older stays, and the
            oldest of the others, which will be; 0: none.
        between_epochs: whether an epoch is over, and its means with it.
        noted: what else to write down with it; JSON types.

    Returns:
        The path of the `.keras` file.

    Raises:
        DivergenceError: a weight is not finite; nothing was written.
        OSError: the folder cannot be written; older checkpoints stay.
    """
    broken = first_broken(model)
    if broken is not None:
        raise DivergenceError(f"{broken}. The checkpoints before it stay.")
    directory = str(directory)
    step = int(keras.ops.convert_to_numpy(model.step))
    name = f"step_{step:08d}"
    path, partial = _join(directory, f"{name}.keras"), _join(directory, f"{PARTIAL}{name}.keras")
    try:
        model.save(partial)
        size, digest = _size_and_digest(partial)
        tf.io.gfile.rename(partial, path, overwrite=True)
        means = {} if between_epochs else model.epoch_means()
        facts = {"step": step, "bytes": size, "sha256": digest, "epoch_means": means}
        facts |= {"noted": dict(noted)} if noted else {}
        _write(_join(directory, f"{name}.json"), json.dumps({"facts": facts, "facts_sha256": _facts_digest(facts)}))
    except tf.errors.OpError as error:
        raise OSError(f"{directory} cannot be written: {error.message}") from error
    finally:
        if tf.io.gfile.exists(partial):
            tf.io.gfile.remove(partial)  # a full disk needs the room
    names = sorted(_committed(directory), key=_step_of)
    kept = names[-keep:]
    if keep_before:
        count = sum(_step_of(name) <= step - keep_before for name in names)
        kept += names[max(0, count - 1) : count + 1]
    _delete(directory, kept)
    return path


def newest_checkpoint(directory: Path | str, at_most: int | None = None) -> Checkpoint | None:
    """The newest complete checkpoint, or None where there is no checkpoint at all: see `complete_checkpoints`."""
    return next(complete_checkpoints(directory, at_most), None)


def complete_checkpoints(directory: Path | str, at_most: int | None = None) -> Iterator[Checkpoint]:
    """The complete checkpoints, the newest first; one that is damaged is named on standard error and passed over.

    Args:
        directory: of the files.
        at_most: leave later steps than this aside.

    Raises:
        InputError: there are checkpoints, and every one is damaged.
    """
    names = sorted(_committed(str(directory)), key=_step_of, reverse=True)
    damaged, complete = [], False
    for name in names:
        if at_most is not None and _step_of(name) > at_most:
            continue
        found = _examined(str(directory), name)
        if isinstance(found, Checkpoint):
            complete = True
            yield found
            continue
        path = _join(str(directory), name).removesuffix(".json") + ".keras"
        damaged.append(path)
        print(f"The checkpoint {path} is damaged: {found}. It is passed over.", file=sys.stderr, flush=True)
    if damaged and not complete:
        raise InputError(
            f"Every checkpoint in {directory} is damaged: {', '.join(damaged)}. Put back a copy, or begin anew."
        )


def _examined(directory: str, name: str) -> Checkpoint | str:
    """The checkpoint of a record, or what is wrong with it."""
    record_path = _join(directory, name)
    path = record_path.removesuffix(".json") + ".keras"
    try:
        record = json.loads(_read(record_path))
        facts = record["facts"]
        if _facts_digest(facts) != record["facts_sha256"]:
            return f"its record {name} is not the one that was written"
        if _size_and_digest(path) != (facts["bytes"], facts["sha256"]):
            return "its bytes are not those that were written"
        return Checkpoint(path, facts["step"], facts["epoch_means"], facts.get("noted", {}))
    except (ValueError, KeyError, TypeError, tf.errors.OpError) as error:
        return str(getattr(error, "message", error)) or type(error).__name__


def restore_checkpoint(model: Algorithm, checkpoint: Checkpoint) -> None:
    """Gives a model every variable of a checkpoint: networks, optimizers, moving average, step, means of the epoch.

    Args:
        model: compiled, of the same networks and optimizers, on any number of devices.
        checkpoint: what `newest_checkpoint` found.

    Raises:
        InputError: the checkpoint has another shape, lacks a variable or has one left over.
    """
    own = Counter(tuple(variable.shape) for variable in all_variables(model))
    theirs = Counter(_shapes_in(checkpoint.path))
    if own != theirs:
        raise InputError(
            f"The checkpoint {checkpoint.path} is not one of this model: it lacks variables of the shapes "
            f"{_listed(own - theirs)} and has others of {_listed(theirs - own)}. Use the settings it was made with."
        )
    try:
        with warnings.catch_warnings():
            # Keras only warns where it skips an optimizer.
            warnings.simplefilter("error", UserWarning)
            model.load_weights(checkpoint.path)
    except Exception as error:  # Keras raises many kinds for variables that do not fit
        reason = " ".join(str(error).split())
        raise InputError(f"The checkpoint {checkpoint.path} is not one of this model: {reason}") from error
    model.set_epoch_means(checkpoint.epoch_means)


def all_variables(model: Algorithm) -> list[keras.Variable]:
    """Networks, moving average, step and both optimizers: what a continued run must have equal."""
    return [*model.weights, *model.generator_optimizer.variables, *model.discriminator_optimizer.variables]


def arrays_sha256(path: Path | str) -> str:
    """SHA-256 of the names, types, shapes and bytes of all arrays in a `.keras` file.

    Equal runs have it equal, and not the file's own, since Keras writes the date into the file.
    """
    digest = hashlib.sha256()
    with _arrays_in(str(path)) as arrays:
        for name, array in sorted(arrays.items()):
            values = np.asarray(array)
            digest.update(f"{name} {values.dtype.str} {values.shape};".encode())
            digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()


def _shapes_in(path: str) -> Iterator[tuple[int, ...]]:
    """The shape of each array of a `.keras` file."""
    with _arrays_in(path) as arrays:
        return iter([array.shape for array in arrays.values()])


@contextlib.contextmanager
def _arrays_in(path: str) -> Iterator[dict[str, h5py.Dataset]]:
    """The arrays of a `.keras` file by their names in it."""
    arrays: dict[str, h5py.Dataset] = {}

    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            arrays[name] = item

    with (
        tf.io.gfile.GFile(path, "rb") as stream,
        zipfile.ZipFile(stream) as archive,
        archive.open("model.weights.h5") as weights,
        h5py.File(weights) as file,
    ):
        file.visititems(visit)
        yield arrays


def _listed(shapes: Counter[tuple[int, ...]]) -> str:
    return ", ".join(str(shape) for shape in sorted(shapes)[:4]) + (" ..." if len(shapes) > 4 else "") or "none"


def _committed(directory: str) -> list[str]:
    """The names of the records, such as `step_00000123.json`."""
    if not tf.io.gfile.isdir(directory):
        return []
    return [name for name in tf.io.gfile.listdir(directory) if NAME.fullmatch(name) and name.endswith(".json")]


def _step_of(name: str) -> int:
    return int(re.findall(r"\d+", name)[0])


def newest_step(directory: Path | str) -> int:
    """The step of the newest checkpoint, damaged or not; 0 where there is none."""
    return max(map(_step_of, _committed(str(directory))), default=0)


def delete_checkpoints_after(directory: Path | str, step: int) -> None:
    """Removes the checkpoints of all later steps."""
    _delete(str(directory), [name for name in _committed(str(directory)) if _step_of(name) <= step])


def delete_checkpoints_but(directory: Path | str, step: int) -> None:
    """Removes all checkpoints but that of a step."""
    _delete(str(directory), [name for name in _committed(str(directory)) if _step_of(name) == step])


def _delete(directory: str, kept: list[str]) -> None:
    """Removes all checkpoints but those of the kept records, and what cuts left behind."""
    steps = {_step_of(name) for name in kept}
    # Records first: a model without a record counts as nothing, a record without its model as damage.
    for name in sorted(tf.io.gfile.listdir(directory), key=lambda name: not name.endswith(".json")):
        if NAME.fullmatch(name.removeprefix(PARTIAL)) and (name.startswith(PARTIAL) or _step_of(name) not in steps):
            tf.io.gfile.remove(_join(directory, name))


def _size_and_digest(path: str) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    with tf.io.gfile.GFile(path, "rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
    return size, digest.hexdigest()


def _facts_digest(facts: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def _write(path: str, text: str) -> None:
    """Writes a small file whole or not at all, as far as the file system allows."""
    directory, _, name = path.rpartition("/")
    partial = _join(directory, f"{PARTIAL}{name}")
    with tf.io.gfile.GFile(partial, "w") as stream:
        stream.write(text)
    tf.io.gfile.rename(partial, path, overwrite=True)


def _read(path: str) -> str:
    with tf.io.gfile.GFile(path, "r") as stream:
        return str(stream.read())


def _join(directory: str, name: str) -> str:
    return f"{directory.rstrip('/')}/{name}"
