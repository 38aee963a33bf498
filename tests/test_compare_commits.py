"""The comparison of two commits, on a package that trains in no time."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import compare_commits
import numpy as np
import pytest

PACKAGE = """
import pathlib, sys, time, zipfile
import h5py, numpy as np
from PIL import Image
run_dir = pathlib.Path(sys.argv[sys.argv.index("--run-dir") + 1])
for folder in ("checkpoints", "samples"):
    (run_dir / folder).mkdir(parents=True)
with h5py.File("weights.h5", "w") as file:
    for index in range(11):
        file[f"generator/{index}"] = np.float32([index, WEIGHT if index == 7 else 0.0])
with zipfile.ZipFile(run_dir / "checkpoints" / "step_00000001.keras", "w") as archive:
    archive.write("weights.h5", "model.weights.h5")
    archive.writestr("metadata.json", str(time.time()))
(run_dir / "checkpoints" / "step_00000001.json").touch()
Image.fromarray(np.zeros((4, 4), np.uint8)).save(run_dir / "samples" / "epoch_0001.png")
(run_dir / "history.csv").write_text("epoch,loss\\n0,0.5\\n")
(run_dir / "health.csv").write_text(f"step,memory_mib\\n1,{time.time()}\\n")
"""


def git(repository: Path, *arguments: str) -> str:
    name = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
    command = ["git", "-C", str(repository), *name, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with the tags `first`, `other` (one weight is another), `broken` and `slow`."""
    folder = tmp_path_factory.mktemp("repository")
    git(folder, "init", "--quiet")
    package = folder / "tfgan_suite"
    package.mkdir()
    (package / "__init__.py").touch()
    for tag, line in (
        ("first", "WEIGHT = 1.0"),
        ("other", "WEIGHT = 1.5"),
        ("broken", "raise SystemExit('no such flag')"),
        ("slow", "import pathlib, time; pathlib.Path(__file__).parents[2].joinpath('started').touch(); time.sleep(60)"),
    ):
        (package / "__main__.py").write_text(line + PACKAGE)
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "--message", f"The {tag} one")
        git(folder, "tag", tag)
    return folder


def worktrees(repository: Path) -> int:
    return len(git(repository, "worktree", "list").splitlines())


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        ("first", "first", 0, "mlp_gan: equal, 15 arrays"),
        ("first", "other", 1, "mlp_gan: 1 of 15 arrays differ: generator/7 by 0.5"),
        ("first", "broken", 1, "mlp_gan: does not run in NEW: no such flag"),
        ("broken", "broken", 1, "mlp_gan: does not run in OLD: no such flag; in NEW: no such flag"),
    ],
)
def test_a_line_says_what_differs(
    old: str, new: str, code: int, line: str, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compare_commits.main([old, new, "--runs", "mlp_gan"], repository) == code
    sides = [f"{side}: {git(repository, 'log', '-1', '--format=%h %s', tag).strip()}"
             for side, tag in (("OLD", old), ("NEW", new))]  # fmt: skip
    assert capsys.readouterr().out.splitlines() == [*sides, line]
    assert worktrees(repository) == 1


@pytest.mark.parametrize("name", ["nowhere", "--help", "", "first:tfgan_suite"])
def test_an_unknown_commit_is_one_line(name: str, repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compare_commits.main(["--", "first", name], repository) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err == (
        f"compare_commits.py: {repository} has no commit {name!r}. Expected a hash, branch or tag, as git log shows "
        "them.\n"
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_no_worktree(number: int, repository: Path, tmp_path: Path) -> None:
    script = tmp_path / "script.py"  # as the last lines of the script, on this repository
    end = Path(compare_commits.__file__).read_text().partition('if __name__ == "__main__":\n')[2]
    lines = ["import pathlib", "import signal", "import sys", "from compare_commits import main"]
    lines += [line.strip().replace("[1:]", f"[1:], pathlib.Path({str(repository)!r})") for line in end.splitlines()]
    script.write_text("\n".join(lines))
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(compare_commits.TESTS)}
    command = [sys.executable, str(script), "slow", "slow", "--runs", "mlp_gan"]
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob("compare_commits_*/started")) and time.monotonic() < deadline:
        assert process.poll() is None
        time.sleep(0.01)
    assert worktrees(repository) == 3
    os.killpg(process.pid, number)  # as a terminal does
    _, error = process.communicate(timeout=60)
    assert (process.returncode, error) == (130, "compare_commits.py: interrupted; its worktrees are removed.\n")
    assert worktrees(repository) == 1
    assert not list(tmp_path.glob("compare_commits_*"))


def test_differences_are_of_bits() -> None:
    old = {
        "same": np.float32([np.nan, 0.0]),
        "sign": np.float32([0.0]),
        "type": np.zeros(2, np.int32),
        "old": np.ones(1),
    }
    new = {"same": np.float32([np.nan, 0.0]), "sign": np.float32([-0.0]), "type": np.zeros(2), "new": np.ones(1)}
    assert compare_commits.differences(old, new) == [
        "sign by 0", "type (int32 (2,) and float64 (2,))", "old (only in OLD)", "new (only in NEW)"
    ]  # fmt: skip
    texts = {"history.csv/loss": np.array(["0.5", "0.25"])}, {"history.csv/loss": np.array(["0.5", "0.26"])}
    assert compare_commits.differences(*texts) == ["history.csv/loss"]
    many = [{str(index): np.full(1, value) for index in range(9)} for value in (0.0, 1.0)]
    assert compare_commits.line_of("run", *many)[1].endswith("5 by 1 and 3 more")


def test_every_model_is_among_the_runs() -> None:
    from tfgan_suite.config import CHOICES, TrainConfig

    models = [flags.split()[1] for flags in compare_commits.RUNS.values()]
    assert {TrainConfig.from_preset(model).model_class for model in models} == set(CHOICES["model_class"])
