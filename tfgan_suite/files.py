"""Files that are written whole or not at all."""

from pathlib import Path

# What a name begins with while its file or folder is being written.
PARTIAL = ".partial_"


def write_whole(path: Path, text: str) -> None:
    """Writes a file aside and renames it, so that a cut leaves the old one or the new one."""
    partial = path.with_name(f"{PARTIAL}{path.name}")
    try:
        partial.write_text(text, encoding="utf-8", newline="")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
