"""Keras must run on TensorFlow. Looked at before what needs it is imported, so that Keras's own errors are not met."""

import json
import os
import sys
from pathlib import Path

from tfgan_suite.errors import InputError

NEEDED = "tensorflow"


class WrongBackendError(InputError, ImportError):
    """Keras runs, or would run, on something else than TensorFlow."""


def check_backend() -> None:
    """Refuses another backend of Keras than TensorFlow's, without importing Keras.

    Raises:
        WrongBackendError: naming the backend and where it was chosen.
    """
    backend, place = _chosen_backend()
    if backend != NEEDED:
        raise WrongBackendError(
            f"tfgan_suite needs Keras on {NEEDED}. Received: the backend {backend}, from {place}. "
            f"Set KERAS_BACKEND={NEEDED}."
        )


def _chosen_backend() -> tuple[str, str]:
    """The backend, and who says so: Keras as it runs, the variable, or the file, as Keras would read them."""
    keras = sys.modules.get("keras")
    if keras is not None and hasattr(keras, "config"):
        return keras.config.backend(), "Keras as it was imported before"
    if named := os.environ.get("KERAS_BACKEND"):
        return named, "the variable KERAS_BACKEND"
    home = Path.home() if os.access(Path.home(), os.W_OK) else Path("/tmp")
    path = Path(os.environ.get("KERAS_HOME", home / ".keras")).expanduser() / "keras.json"
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["backend"]), str(path)
    except (OSError, ValueError, KeyError, TypeError):
        return NEEDED, "Keras's default"
