"""What ran: the versions that a run folder, a record and an export keep."""

import platform
from importlib import metadata

VERSIONED = ("tfgan_suite", "tensorflow", "keras", "numpy", "tensorflow-datasets", "scikit-learn")


def versions() -> dict[str, str]:
    """Of this package, of what it computes with, and of Python."""
    return {name: metadata.version(name) for name in VERSIONED} | {"python": platform.python_version()}
