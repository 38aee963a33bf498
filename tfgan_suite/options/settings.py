"""What is said of a setting beside its default: the family of its flag, its range, what it is to a run. Standard
library only."""

import dataclasses
import math
import typing
from collections.abc import Collection
from enum import StrEnum
from typing import Any

from tfgan_suite.arguments import Range, refuse_type
from tfgan_suite.errors import InputError, option


class Family(StrEnum):
    """The headings of the help of `train.py`, below which the flags stand."""

    MODEL = "model and network"
    DATA = "data"
    PAIRS = "pairs of source and target"
    AUGMENTATION = "augmentation"
    LENGTH = "length"
    START = "start and folder"
    LOSS = "loss and update"
    OPTIMIZER = "optimizer"
    DEVICE = "precision and device"
    CHECKPOINT = "checkpoint"
    WATCHING = "watching"
    HIDDEN = "hidden"  # taken, and shown in no help


ABOVE_ZERO = Range(math.ulp(0.0), math.inf, "greater than 0")
MOST = 2**31  # whole numbers are below it
AT_LEAST_ZERO = Range(0, math.inf, "at least 0")
AT_LEAST_ONE = Range(1, math.inf, "at least 1")

# What a setting is to a run. All others say what it learns: they stay as it was begun.
PLACE = "place"  # where it lies and how it is started
WATCH = "watch"  # on what it runs, and what is kept and measured of it
LENGTH = "length"  # how long it goes on
PICTURE = "picture"  # what its pictures show


def setting(
    family: Family, default: Any, role: str | None = None, of: Collection[str] = (), valid: Range | None = None
) -> Any:
    """A field of a dataclass of settings.

    Args:
        family: the heading of its flag.
        default: its value where it is not given.
        role: what it is to a run; None: it says what is learned.
        of: the classes of models or the bodies that alone take it; none: all.
        valid: what its value must be.
    """
    return dataclasses.field(default=default, metadata={"family": family, "role": role, "of": of, "range": valid})


def check_settings(settings: Any) -> None:
    """Refuses what a dataclass of settings holds of another type, or out of its range.

    Raises:
        InputError: naming the first such setting.
    """
    hints = typing.get_type_hints(type(settings))
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        refuse_type(option(field.name), value, hints[field.name])
        if isinstance(value, int) and value >= MOST:  # beyond what TensorFlow counts with
            raise InputError(f"{option(field.name)} must be below {MOST:,}. Received: {value}.")
        if (valid := field.metadata.get("range")) is not None:
            valid.refuse(option(field.name), value)
