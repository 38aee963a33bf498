"""Runs that are cut in the middle of an epoch and continued, beside runs that are not, bit for bit.

In a process of its own, since what makes operations give the same bits each time stays on in a process.
"""

import json
import multiprocessing
from collections.abc import Sequence
from pathlib import Path
from typing import Any

STEPS, EPOCHS, CUT = 4, 2, 7  # an epoch, a run, and the step after which it is cut, one after a checkpoint
KINDS = ("variables", "epoch means")

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tfgan_suite.commands.train"])


def in_two_pieces(names: Sequence[str], folder: Path) -> dict[tuple[str, str], bool]:
    """Whether each of `KINDS` is equal at the end of a cut run and of an uncut one, for models of `conforming`."""
    path = folder / "found.json"
    process = _context.Process(target=_compare, args=(list(names), str(folder)))
    process.start()
    process.join(1800)
    assert process.exitcode == 0
    return {(name, kind): equal for name, kind, equal in json.loads(path.read_text())}


def _compare(names: Sequence[str], folder: str) -> None:
    import numpy as np
    import tensorflow as tf

    from tfgan_suite.continuation.checkpoints import all_variables

    tf.config.experimental.enable_op_determinism()
    found = []
    for name in names:
        whole = _run(name, Path(folder) / name / "whole", EPOCHS * STEPS)
        _run(name, Path(folder) / name / "pieces", CUT)
        pieces = _run(name, Path(folder) / name / "pieces", EPOCHS * STEPS)
        pairs = zip(all_variables(whole), all_variables(pieces), strict=True)
        found.append((name, KINDS[0], all(np.array_equal(np.array(a), np.array(b)) for a, b in pairs)))
        found.append((name, KINDS[1], whole.epoch_means() == pieces.epoch_means()))
    (Path(folder) / "found.json").write_text(json.dumps(found))


def _run(name: str, folder: Path, end: int) -> Any:
    """A model after so many steps, from the newest checkpoint of the folder where there is one."""
    import keras
    from conforming import MODELS, batches_of

    from tfgan_suite.continuation.exact_checkpoint import ExactCheckpoint
    from tfgan_suite.continuation.resume import resume_fit

    class CutError(Exception):
        """What Keras does not catch."""

    class Cut(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if int(self.model.step.numpy()) == end < EPOCHS * STEPS:
                raise CutError

    # As in a process of its own, where layers have the names that they had: TensorFlow sorts by names what it adds up.
    keras.utils.clear_session()
    model, was_cut = MODELS[name](), False
    try:
        resume_fit(
            model,
            lambda step: batches_of(model, EPOCHS * STEPS - step, first=step),
            EPOCHS,
            STEPS,
            ExactCheckpoint(folder, every=2),
            [Cut()],
            verbose=0,
        )
    except CutError:
        was_cut = True
    assert was_cut == (end < EPOCHS * STEPS) and int(model.step.numpy()) == end
    return model
