"""Trains the same short runs with the package of two commits, and says what of them is not equal bit for bit.

    python tests/compare_commits.py OLD [NEW]

Each commit is checked out in a temporary `git worktree`, which `PYTHONPATH` puts before the installed package. Both
train here, on one machine with one set of packages, since other kernels round otherwise; `test_old_files.py` compares
over machines and years. Compared are the arrays of the last checkpoint, the samples' pixels, the columns of the
histories and the images of an export; not the files, which hold dates.

It prints a line a run. Exit codes: 0 all equal, 1 something differs or does not run, 2 there is no such commit.
"""

import argparse
import contextlib
import csv
import os
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from short_runs import CHECKPOINTS, arrays_of, newest_step

TESTS = Path(__file__).resolve().parent
SMALL = (
    "--image-size 8 --epochs 2 --steps-per-epoch 5 --batch-size 8 --latent-dim 4 --seed 5 --sample-count 10 "
    "--deterministic --no-tensorboard"
)
# Every class of model, every stream of random numbers. Their data are read alike by every rule.
RUNS = {
    "mlp_gan": "--model mlp_gan --dataset digits --generator-units 8 --discriminator-units 8 --label-smoothing 0.1",
    "dcgan": "--model dcgan --dataset digits --base-filters 4 --dropout 0.3 --ema-momentum 0.9 --discriminator-steps 2 "
    "--flip --crop 1 --rotation 10 --learning-rate-decay cosine",
    "cgan": "--model cgan --dataset digits --base-filters 4 --dropout 0.3 --loss least_squares",
    "cgan_attributes": "--model cgan_mirza2014 --dataset pictures.csv --generator-units 8 --discriminator-units 8 "
    "--updates simultaneous",
    "inpaint": "--model inpaint --dataset digits --base-filters 4",
    "super_resolve": "--model super_resolve --dataset digits --base-filters 4 --residual-blocks 1",
    "cyclegan": "--model cyclegan --dataset kinds.csv --base-filters 4 --residual-blocks 1 --pool-size 6 --flip",
    "cut": "--model cut --dataset kinds.csv --base-filters 4 --residual-blocks 1 --flip-equivariance",
}
EXPORTED = "cgan"  # the run whose export is asked for images
GAN = "from pathlib import Path; from make_old_files import make_gan; make_gan(Path('gan.keras'), deterministic=True)"
NAMED = 6  # differences that a line names
OF_THE_PROCESS = "memory_mib"

Facts = dict[str, np.ndarray]


class ComparisonError(Exception):
    """What keeps two commits from being compared."""


def git(repository: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs git, out of reach of Ctrl-C, so that it never leaves half of a worktree."""
    command = ["git", "-C", str(repository), *arguments]
    return subprocess.run(command, capture_output=True, text=True, start_new_session=True)


def find_commit(repository: Path, name: str) -> str:
    """The hash of a commit.

    Raises:
        ComparisonError: there is none of this name.
    """
    found = git(repository, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    if found.returncode:
        raise ComparisonError(
            f"{repository} has no commit {name!r}. Expected a hash, branch or tag, as git log shows them."
        )
    return found.stdout.strip()


@contextlib.contextmanager
def checked_out(repository: Path, commit: str) -> Iterator[Path]:
    """A temporary worktree of a commit, which is gone afterwards whatever happens."""
    with tempfile.TemporaryDirectory(prefix="compare_commits_") as place:
        folder = Path(place) / "checkout"
        try:
            added = git(repository, "worktree", "add", "--detach", str(folder), commit)
            if added.returncode:
                raise ComparisonError(f"{commit} cannot be checked out: {added.stderr.strip().splitlines()[-1]}")
            yield folder
        finally:
            with uninterrupted():
                git(repository, "worktree", "remove", "--force", str(folder))


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Leaves Ctrl-C and SIGTERM aside."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def write_pictures(folder: Path) -> None:
    """Writes pictures of the size and the channels of the runs, `pictures.csv` with attributes and `kinds.csv`."""
    numbers = np.random.default_rng(0)
    rows = []
    for index in range(24):
        pixels = numbers.integers(0, 256, (8, 8, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{index}.png")
        rows.append((f"{index}.png", index % 2, index // 12))
    with (folder / "pictures.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([("path", "label_odd", "label_late"), *rows])
    with (folder / "kinds.csv").open("w", newline="") as stream:
        names = [(f"{index}.png", f"{23 - index}.png") for index in range(24)]
        csv.writer(stream).writerows([("source", "target"), *names])


def run_python(checkout: Path, folder: Path, *arguments: str) -> str:
    """Runs Python in a folder with the package of a checkout; why it failed, or nothing."""
    environment = {**os.environ, "PYTHONPATH": f"{checkout}{os.pathsep}{TESTS}", "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run([sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True)
    if not done.returncode:
        return ""
    return (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]


def trained(checkout: Path, names: Sequence[str]) -> Iterator[tuple[str, Facts | str]]:
    """Each run with what it leaves, or why it failed."""
    where = "import sys, tfgan_suite; sys.exit(not tfgan_suite.__file__.startswith(sys.argv[1]))"
    with tempfile.TemporaryDirectory(prefix="compare_commits_") as place:
        folder = Path(place)
        write_pictures(folder)
        if run_python(checkout, folder, "-c", where, str(checkout)):
            raise ComparisonError(f"Python imports another tfgan_suite than that of {checkout}.")
        for name in names:
            if name == "gan":
                yield name, run_python(checkout, folder, "-c", GAN) or arrays_of(folder / "gan.keras")
                continue
            flags = shlex.split(f"{RUNS[name]} {SMALL} --run-dir {name} --export-dir out/{name}")
            failure = run_python(checkout, folder, "-m", "tfgan_suite", "train", *flags)
            if not failure and name == EXPORTED:
                sampled = ("generate", f"out/{name}", "--count", "16", "--output", f"{name}/exported.npz")
                failure = run_python(checkout, folder, "-m", "tfgan_suite", *sampled)
            yield name, failure or facts_of(folder / name)


def facts_of(run_dir: Path) -> Facts:
    """All numbers that a finished run leaves, by a name."""
    facts = arrays_of(run_dir / CHECKPOINTS / f"step_{newest_step(run_dir):08d}.keras")
    for path in sorted((run_dir / "samples").glob("*.png")):
        facts[f"samples/{path.name}"] = np.asarray(Image.open(path))
    for path in sorted(run_dir.glob("*.csv")):
        with path.open(newline="") as stream:
            rows = list(csv.DictReader(stream))
        for column in rows[0]:
            if column != OF_THE_PROCESS:
                facts[f"{path.name}/{column}"] = np.array([row[column] for row in rows])
    if (run_dir / "exported.npz").exists():
        with np.load(run_dir / "exported.npz") as arrays:
            facts |= {f"export/{key}": value for key, value in arrays.items()}
    return facts


def differences(old: Facts, new: Facts) -> list[str]:
    """What is not the same bit for bit: names, with the largest difference of numbers."""
    found = []
    for name in [*old, *(name for name in new if name not in old)]:
        if name not in old or name not in new:
            found.append(f"{name} (only in {'OLD' if name in old else 'NEW'})")
            continue
        a, b = old[name], new[name]
        if (a.dtype, a.shape) != (b.dtype, b.shape):
            found.append(f"{name} ({a.dtype} {a.shape} and {b.dtype} {b.shape})")
        elif a.tobytes() != b.tobytes():
            by = "" if a.dtype.kind in "US" else f" by {np.abs(a.astype(np.float64) - b.astype(np.float64)).max():.2g}"
            found.append(f"{name}{by}")
    return found


def line_of(name: str, old: Facts | str, new: Facts | str) -> tuple[bool, str]:
    """Whether a run is the same in both, and the line that says so."""
    failures = [f"in {side}: {facts}" for side, facts in (("OLD", old), ("NEW", new)) if isinstance(facts, str)]
    if failures or isinstance(old, str) or isinstance(new, str):
        return False, f"{name}: does not run {'; '.join(failures)}"
    found = differences(old, new)
    if not found:
        return True, f"{name}: equal, {len(old)} arrays"
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    return False, f"{name}: {len(found)} of {len({*old, *new})} arrays differ: {', '.join(found[:NAMED])}{more}"


def compare(repository: Path, names: tuple[str, str], runs: Sequence[str]) -> bool:
    """Prints a line a run; whether all are equal.

    Args:
        repository: where both commits are.
        names: of the commits.
        runs: which ones: keys of `RUNS`, and `gan`.

    Raises:
        ComparisonError: one of the commits does not exist, or cannot be checked out.
    """
    commits = [find_commit(repository, name) for name in names]
    for side, commit in zip(("OLD", "NEW"), commits, strict=True):
        print(f"{side}: {git(repository, 'log', '-1', '--format=%h %s', commit).stdout.strip()}", flush=True)
    with checked_out(repository, commits[0]) as old, checked_out(repository, commits[1]) as new:
        all_equal = True
        for (name, before), (_, after) in zip(trained(old, runs), trained(new, runs), strict=True):
            equal, line = line_of(name, before, after)
            print(line, flush=True)
            all_equal &= equal
    return all_equal


def main(arguments: Sequence[str], repository: Path = TESTS.parent) -> int:
    """The command line; its exit code."""
    choices = [*RUNS, "gan"]
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("old", help="commit")
    parser.add_argument("new", nargs="?", default="HEAD", help="commit; else HEAD, without what is not committed")
    parser.add_argument("--runs", nargs="+", choices=choices, default=choices, help="which runs; else all")
    chosen = parser.parse_args(arguments)
    try:
        return 0 if compare(repository, (chosen.old, chosen.new), chosen.runs) else 1
    except ComparisonError as error:
        print(f"compare_commits.py: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("compare_commits.py: interrupted; its worktrees are removed.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what is temporary is taken away then too
    sys.exit(main(sys.argv[1:]))
