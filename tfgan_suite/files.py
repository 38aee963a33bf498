"""Files that are written whole or not at all."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

# What a name begins with while its file or folder is being written.
PARTIAL = ".partial_"


@contextlib.contextmanager
def writing_whole(path: Path | str) -> Iterator[Path]:
    """A path beside a file to write instead; renamed at the end, so that a cut leaves the old file or the new one."""
    partial = Path(path).with_name(f"{PARTIAL}{Path(path).name}")
    partial.unlink(missing_ok=True)
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def write_whole(path: Path, text: str) -> None:
    """Writes a text file whole or not at all."""
    with writing_whole(path) as partial:
        partial.write_text(text, encoding="utf-8", newline="")
