"""Where the files of a run folder lie. Standard library only."""

from pathlib import Path

CONFIG = "config.json"
FINISHED = "finished.json"
HISTORY = "history.csv"
HEALTH = "health.csv"
CHECKPOINTS = "checkpoints"
BEST = "best"


def run_of(path: Path | str) -> Path:
    """The run folder that a path means: itself, or what `RUN/best` lies in.

    Where there is neither it is the path itself.
    """
    path = Path(path)
    if path.name == BEST and not (path / CONFIG).is_file() and (path.parent / CONFIG).is_file():
        return path.parent
    return path


def is_run(path: Path | str) -> bool:
    """Whether a path is a run folder, or its `RUN/best`."""
    return (run_of(path) / CONFIG).is_file()


def checkpoints_of(path: Path | str) -> Path:
    """The folder of checkpoints that a path means: the newest ones of a run folder, or the one of `RUN/best`."""
    return Path(path) if run_of(path) != Path(path) else Path(path) / CHECKPOINTS
