"""Public names that are loaded when they are first used."""

import importlib
import sys
from collections.abc import Callable, Mapping
from typing import Any

from tfgan_suite.startup.backend import check_backend


def lazy_names(package: str, modules: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The `__getattr__` and `__dir__` of a package.

    Args:
        package: its name.
        modules: where each public name lives.
    """

    def get(name: str) -> Any:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        try:
            return getattr(importlib.import_module(modules[name]), name)
        except ImportError:
            check_backend()  # that another backend is not installed is no news to who wants TensorFlow
            raise

    def listed() -> list[str]:
        return sorted({*vars(sys.modules[package]), *modules})

    return get, listed
