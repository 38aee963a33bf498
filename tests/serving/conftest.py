"""Exports that several tests look at: each takes seconds to write."""

from pathlib import Path

import pytest
from exported import exported

# Test equipment, which needs tensorflow-serving-api where it is imported.
collect_ignore_glob = ["stand_in*.py", "asking.py", "abusing.py"]


@pytest.fixture(scope="session")
def dcgan_version(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exported("dcgan", tmp_path_factory.mktemp("dcgan"))


@pytest.fixture(scope="session")
def cgan_version(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exported("cgan", tmp_path_factory.mktemp("cgan"))
