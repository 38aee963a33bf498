"""The networks that come with the package, trained and fixed, and those that a user has in a file of Keras."""

import json
from pathlib import Path
from typing import Any

import keras

from tfgan_suite.errors import InputError
from tfgan_suite.files import sha256_of

# NAME.keras, and NAME.json with its hash, command and accuracy.
WEIGHTS = Path(__file__).parent / "bundled_weights"
GENERAL = "general"  # of images of any kind; all others are named after the data set whose classes they know


def bundled(name: str) -> tuple[keras.Model, str]:
    """A network of the package and its file's SHA-256, which must be that of its facts.

    Raises:
        InputError: its file is damaged.
    """
    path = WEIGHTS / f"{name}.keras"
    expected, received = bundled_facts(name)["sha256"], sha256_of(path)
    if received != expected:
        raise InputError(f"{path} is damaged: its SHA-256 is {received[:16]}, expected {expected[:16]}. Install anew.")
    return network_of_file(path, "network"), received


def bundled_facts(name: str) -> dict[str, Any]:
    """What is known of a network of the package: `sha256`, `command`, `accuracy`, `test_images`."""
    return json.loads((WEIGHTS / f"{name}.json").read_text(encoding="utf-8"))


def network_of_file(path: Path, title: str) -> keras.Model:
    """The model of a file NAME.keras, in Keras's safe mode.

    Args:
        path: of the file.
        title: what it is to the user.

    Raises:
        InputError: no such file, or one that is damaged or foreign.
    """
    if not path.is_file():
        raise InputError(f"The {title} {path} does not exist. Expected a Keras model NAME.keras.")
    try:
        return keras.saving.load_model(path, safe_mode=True, compile=False)
    except Exception as error:  # Keras raises many kinds for files that are damaged or foreign
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"The {title} {path} cannot be loaded: {reason}") from error
