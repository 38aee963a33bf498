"""What ran: the versions that a run folder, a record and an export keep; and how to install what is missing."""

import platform
import re
import shlex
from importlib import metadata

NAME = "tfgan_suite"
VERSIONED = ("tfgan_suite", "tensorflow", "keras", "numpy", "tensorflow-datasets", "scikit-learn")


def versions() -> dict[str, str]:
    """Of this package, of what it computes with, and of Python."""
    return {name: metadata.version(name) for name in VERSIONED} | {"python": platform.python_version()}


def remedy(extra: str) -> str:
    """The command that installs what an extra of this package needs, wherever the package itself came from.

    >>> remedy("litert")
    "pip install 'ai-edge-litert<3,>=2.3'"
    """
    required = [line.partition(";") for line in metadata.requires(NAME) or ()]
    needed = [name.strip() for name, _, marker in required if re.search(rf"extra == ['\"]{extra}['\"]", marker)]
    return f"pip install {' '.join(shlex.quote(name) for name in needed)}"
