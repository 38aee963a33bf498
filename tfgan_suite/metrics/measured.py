"""What a metric gives, and what the catalogue says of one."""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from tfgan_suite.metrics.comparison import Comparison


class Measured(NamedTuple):
    """One number of a metric.

    Attributes:
        name: of the number.
        value: the number.
        uncertainty: as `protocol` says; None where none is known.
        protocol: the metric's own settings.
        details: parts of the value; JSON types.
    """

    name: str
    value: float
    uncertainty: float | None = None
    protocol: dict[str, Any] = {}  # noqa: RUF012  # read only
    details: dict[str, Any] = {}  # noqa: RUF012


class Metric(NamedTuple):
    """An entry of the catalogue.

    Attributes:
        measure: the numbers of a comparison.
        gives: their names.
        needs: what the comparison must have: `logits`, `classes`, `class_shares`, `labels`, `held_out`, `validation`,
            `generator`, `pairs`, `both_ways`.
        has_floor: whether real images in the place of generated ones give a number worth knowing.
        on_features: whether it estimates a distribution of features, which takes more samples than features.
        on_pixels: whether it looks at pixels alone, so that the extractor has no part in it.
        best: which of its numbers are the best; None where neither is, as of a history or a closeness to 1.
    """

    measure: Callable[[Comparison], list[Measured]]
    gives: tuple[str, ...]
    needs: tuple[str, ...] = ()
    has_floor: bool = True
    on_features: bool = False
    on_pixels: bool = False
    best: Literal["lowest", "highest"] | None = None
