"""What a preset is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Preset:
    """Settings under a name.

    Attributes:
        settings: fields of `TrainConfig`.
        paper: where the method comes from.
        note: which numbers are the paper's, which are ours, and why.
        command: what shows it.
        expected: what the command is expected to give.
    """

    settings: Mapping[str, Any]
    paper: str
    note: str
    command: str
    expected: str
