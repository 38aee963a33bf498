"""A SavedModel read into Python, after a look at what it holds."""

from pathlib import Path
from typing import Any

import tensorflow as tf

from tfgan_suite.errors import InputError
from tfgan_suite.serving.allowed_ops import refuse_foreign_ops


def load_saved(folder: Path, trust: bool, of_translator: bool = False) -> Any:
    """The SavedModel of a version folder. One that holds an operation which it has no need of is not loaded.

    Args:
        folder: version folder.
        trust: whether to load it whatever it holds.
        of_translator: see `allowed_ops`.

    Raises:
        InputError: such an operation, or a SavedModel that is damaged.
    """
    if not trust:
        refuse_foreign_ops(folder, of_translator)
    try:
        return tf.saved_model.load(str(folder))
    except Exception as error:  # TensorFlow raises many kinds for files that are damaged
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"The SavedModel {folder} cannot be loaded: {reason}") from error
