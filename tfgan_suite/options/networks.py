"""What the networks of a model may be told. Standard library only."""

import dataclasses
import math
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tfgan_suite.arguments import Range, refuse_type


def _option(valid: Range) -> Any:
    return dataclasses.field(default=None, metadata={"range": valid})


_AT_LEAST_ONE = Range(1, math.inf, "at least 1")


@dataclass(frozen=True)
class NetworkOptions:
    """The options of a generator and a discriminator; None is the network's own default.

    `generator_X` or `discriminator_X` is the parameter `X` of that network; any other is the parameter of its own name
    of each of the two that has one. A new option is a field here and a parameter there: its flag of `train.py` and
    its keyword of the models, with type, range and help, follow.

    Raises:
        InputError: a value of another type, or out of its range.
    """

    generator_units: tuple[int, ...] | None = _option(_AT_LEAST_ONE)
    """mlp: widths of the generator's hidden layers."""
    discriminator_units: tuple[int, ...] | None = _option(_AT_LEAST_ONE)
    """mlp: widths of the discriminator's hidden layers."""
    batch_norm: bool | None = None
    """mlp: BatchNorm in the generator."""
    base_filters: int | None = _option(_AT_LEAST_ONE)
    """dcgan: filters at full resolution, the fewest; other stages have multiples."""
    dropout: float | None = _option(Range(0.0, 1.0, "in [0, 1)"))
    """Dropout of the discriminator."""
    initializer_stddev: float | None = _option(Range(math.ulp(0.0), math.inf, "greater than 0"))
    """Kernels start from a normal distribution of this standard deviation."""

    def __post_init__(self) -> None:
        for name, hint in OPTIONS.items():
            value = getattr(self, name)
            if hasattr(value, "__len__") and not isinstance(value, str):
                object.__setattr__(self, name, tuple(value))
            refuse_type(name, getattr(self, name), hint)
        self.refuse_ranges(str)

    def refuse_ranges(self, said: Callable[[str], str]) -> None:
        """Refuses options out of their range.

        Args:
            said: what the user calls an option of this name.

        Raises:
            InputError: one is.
        """
        for option in dataclasses.fields(NetworkOptions):
            if "range" in option.metadata:
                option.metadata["range"].refuse(said(option.name), getattr(self, option.name))


# The types by name, in the order in which they are told.
OPTIONS: dict[str, Any] = typing.get_type_hints(NetworkOptions)


def check_options(**options: Any) -> None:
    """Refuses what a network is told, as `NetworkOptions` does: a network may be made without a model.

    Raises:
        InputError: a value of another type, or out of its range.
    """
    NetworkOptions(**options)
