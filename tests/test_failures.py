"""A run that its machine lets down ends in one line, and can be continued."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from cut_runs import EPOCHS, after_step, finish, result, settings, started
from PIL import Image

pytestmark = pytest.mark.slow


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 300 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(folder)], check=False)
    if mounted.returncode:
        pytest.skip("this machine does not let the tests mount a small tmpfs")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def one_line(folder: Path) -> str:
    """The last line of a process's output, which has no traceback."""
    log = (folder / "log.txt").read_text()
    assert "Traceback" not in log
    return log.splitlines()[-1]


def test_a_full_disk(small_disk: Path, tmp_path: Path) -> None:
    whole, pieces = tmp_path / "whole", tmp_path / "pieces"
    assert finish(settings("dcgan", whole)) == 0
    run = settings("dcgan", pieces, run_dir=str(small_disk / "run"))
    (small_disk / "ballast").write_bytes(bytes(60_000))
    assert finish(run) == 2
    assert "No space left on device. Its checkpoints stay as they are" in one_line(pieces)
    subprocess.run(["mount", "-o", "remount,size=20m", str(small_disk)], check=True)
    assert finish(run) == 0
    shutil.copytree(small_disk / "run", pieces / "run")
    assert result(pieces) == result(whole)


def test_a_run_folder_that_vanishes(tmp_path: Path) -> None:
    run = settings("mlp_gan", tmp_path)
    with started(run) as process:
        moment = after_step(tmp_path, 3)
        while process.is_alive() and not moment():
            pass
        (tmp_path / "run").rename(tmp_path / "taken")
        process.join(100)
        assert process.exitcode == 2
    # Whichever finds out first, Python or TensorFlow.
    assert re.search(r"stopped: .*(No such file or directory|Could not find directory)", one_line(tmp_path))
    assert not (tmp_path / "run").exists()
    (tmp_path / "taken").rename(tmp_path / "run")
    assert finish(run) == 0
    assert [version.name for version in (tmp_path / "out").iterdir()] == ["1"]


def test_an_export_folder_that_cannot_be_written_at_the_end(tmp_path: Path) -> None:
    run = settings("mlp_gan", tmp_path)
    with started(run) as process:
        moment = after_step(tmp_path, 3)
        while process.is_alive() and not moment():
            pass
        (tmp_path / "out").touch()
        process.join(100)
        assert process.exitcode == 2
    assert "is a file" in one_line(tmp_path)
    (tmp_path / "out").unlink()
    assert finish(run) == 0
    assert one_line(tmp_path).startswith("exported: ")
    assert [version.name for version in (tmp_path / "out").iterdir()] == ["1"]


def test_data_files_that_vanish_are_not_missed(tmp_path: Path) -> None:
    """Once they are read, here into a file of their own, which no memory is taken for."""
    data = tmp_path / "data"
    data.mkdir()
    for number in range(32):
        pixels = np.random.default_rng(number).integers(0, 256, (8, 8), np.uint8)
        Image.fromarray(pixels).save(data / f"{number}.png")
    run = settings("mlp_gan", tmp_path, dataset=str(data), cache_gigabytes=0.0)
    with started(run) as process:
        moment = after_step(tmp_path, 3)
        while process.is_alive() and not moment():
            pass
        data.rename(tmp_path / "taken")
        process.join(100)
        assert process.exitcode == 0
    assert finish({**run, "epochs": EPOCHS + 1}) == 2
    assert "does not exist" in one_line(tmp_path)
    (tmp_path / "taken").rename(data)
    assert finish({**run, "epochs": EPOCHS + 1}) == 0
