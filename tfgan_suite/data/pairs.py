"""Pairs: a source picture, and the target that shall be made of it; stored, or made of each image by a degradation."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Self

import numpy as np
import tensorflow as tf

from tfgan_suite.data.degradations import Degradation
from tfgan_suite.data.image_data import ImageData
from tfgan_suite.data.image_store import taken
from tfgan_suite.errors import InputError, unknown_choice
from tfgan_suite.images import to_float
from tfgan_suite.options.pairs import SOURCE_KINDS

# Of data without a split `test`, a share is held out: enough to measure, and not more than a grid and a table need.
HELD_OUT_SHARE, FEWEST_HELD_OUT, MOST_HELD_OUT = 0.05, 8, 200


@dataclass(frozen=True, repr=False)
class PairData(ImageData):
    """Images as targets, each with a source: batches are (sources, targets).

    All that `ImageData` says of its images is said of the targets.
    """

    @property
    def source_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of a source."""
        raise NotImplementedError

    @property
    def target_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of a target."""
        return self.image_shape

    @property
    def num_sources(self) -> int:
        """As many as there are targets."""
        return len(self.images)

    def source_rows(self, rows: np.ndarray) -> np.ndarray:
        """Sources, by number, as a model takes them: float32 (n, h, w, C) in [-1, 1]."""
        return self.at(rows).examples(len(rows))[0]

    def facts(self) -> dict[str, Any]:
        """As of images, and the shape of the sources."""
        return super().facts() | {"source_shape": list(self.source_shape)}


@dataclass(frozen=True, repr=False, kw_only=True)
class StoredPairs(PairData):
    """Pairs whose sources lie beside their targets.

    Attributes:
        sources: uint8 or uint16 (N, H, W, D), as high and wide as the targets; channels and type may differ.
        source_kind: `images`, or `labels`: colours that are classes, between which there is nothing.
        names: of each pair; empty where they have none.
        source_look: of the sources, as `look` is of the targets.

    Raises:
        InputError: sources that do not go with the targets.
    """

    sources: np.ndarray
    source_kind: str = "images"
    names: tuple[str, ...] = ()
    source_look: tuple[str, ...] = ()
    stored_as: ClassVar[tuple[type, ...]] = (np.uint8, np.uint16)

    def __post_init__(self) -> None:
        if self.source_kind not in SOURCE_KINDS:
            raise unknown_choice("source_kind", self.source_kind, SOURCE_KINDS)
        for what, array in (("sources", self.sources), ("targets", self.images)):
            if array.ndim != 4 or array.dtype not in self.stored_as:
                raise InputError(
                    f"The {what} of pairs must be uint8 or uint16 (N, H, W, C). Received: {array.dtype} {array.shape}."
                )
        if self.sources.shape[:3] != self.images.shape[:3]:
            raise InputError(
                "Sources and targets must be as many, and as high and wide. Received: sources "
                f"{self.sources.shape} and targets {self.images.shape}."
            )

    @classmethod
    def of_arrays(
        cls, sources: np.ndarray, targets: np.ndarray, source: str = "arrays", source_kind: str = "images"
    ) -> "StoredPairs":
        """Pairs in memory; see the attributes."""
        return cls(targets, None, (), source, sources=sources, source_kind=source_kind)

    @property
    def source_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of a source."""
        _, height, width, channels = self.sources.shape
        return height, width, channels

    def arrays(self) -> tuple[np.ndarray, ...]:
        """The sources and the targets."""
        return self.sources, self.images

    def batch(
        self, parts: tuple[tf.Tensor, ...], moved: Callable[..., tf.Tensor], seed: int, step: tf.Tensor
    ) -> tuple[tf.Tensor, ...]:
        """Both halves, moved alike; see `ImageData.batch`."""
        source, target = map(to_float, parts)
        between = "nearest" if self.source_kind == "labels" else "bilinear"
        return moved(source, interpolation=between), moved(target)

    def at(self, rows: np.ndarray) -> Self:
        """These pairs, by number."""
        names = tuple(np.array(self.names, object)[rows]) if self.names else ()
        labels = None if self.labels is None else self.labels[rows]
        images, sources = taken(self.images, rows), taken(self.sources, rows)
        return replace(self, images=images, labels=labels, sources=sources, names=names)

    def turned(self) -> "StoredPairs":
        """The pairs the other way round: of the targets their sources are made. A pair keeps its name and its label."""
        return replace(
            self, images=self.sources, sources=self.images, source_kind="images",
            look=self.source_look, source_look=self.look,
        )  # fmt: skip

    def fingerprint(self) -> str:
        """SHA-256 of those of the targets and of the sources."""
        parts = super().fingerprint(), ImageData(self.sources, None, (), "").fingerprint()
        return hashlib.sha256(" ".join(parts).encode()).hexdigest()

    def facts(self) -> dict[str, Any]:
        """As of images, and the shape, the kind and the look of the sources."""
        looks = {"source_look": list(self.source_look)} if self.source_look else {}
        return super().facts() | {"source_kind": self.source_kind} | looks


@dataclass(frozen=True, repr=False, kw_only=True)
class DegradedData(PairData):
    """Pairs whose sources are made of the targets: others at each step of training, one for each image else.

    Attributes:
        degradation: what makes them.

    Raises:
        InputError: images that cannot be degraded so.
    """

    degradation: Degradation

    def __post_init__(self) -> None:
        self.degradation.source_shape(self.image_shape)

    @property
    def source_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of a source."""
        return self.degradation.source_shape(self.image_shape)

    def arrays(self) -> tuple[np.ndarray, ...]:
        """The targets, of which each batch makes its sources."""
        return (self.images,)

    def examples(self, count: int) -> tuple[np.ndarray, ...]:
        """The first pairs as a model takes them, float32; the sources are always the same."""
        images = self.images[:count]
        return self.degradation.fixed(images), to_float(images).numpy()

    def batch(
        self, parts: tuple[tf.Tensor, ...], moved: Callable[..., tf.Tensor], seed: int, step: tf.Tensor
    ) -> tuple[tf.Tensor, ...]:
        """The targets are moved, and then degraded; see `ImageData.batch`."""
        target = moved(to_float(parts[0]))
        return self.degradation.of_step(target, seed, step), target

    def facts(self) -> dict[str, Any]:
        """As of images, and the shape of the sources and what makes them."""
        return super().facts() | {"degradation": self.degradation.facts()}


def degraded(data: ImageData, degradation: Degradation) -> DegradedData:
    """Images as targets of the sources that a degradation makes of them; their labels stay beside them.

    Raises:
        InputError: images that cannot be degraded so.
    """
    kept = {field.name: getattr(data, field.name) for field in fields(ImageData)}
    notes = (*data.notes, f"sources by {degradation.said()}")
    return DegradedData(**kept | {"notes": notes}, degradation=degradation)


def held_out(names: Sequence[str]) -> np.ndarray:
    """Which pairs of data without a split `test` are kept from training: bool (N,), a function of their names.

    So many of the smallest hashes: 5 %, but 8 to 200, and of fewer than 16 pairs half.
    """
    count = max(FEWEST_HELD_OUT, min(MOST_HELD_OUT, round(HELD_OUT_SHARE * len(names))))
    hashes = [hashlib.sha256(name.encode()).hexdigest() for name in names]
    chosen = np.zeros(len(names), bool)
    chosen[np.argsort(hashes, kind="stable")[: min(count, len(names) // 2)]] = True
    return chosen


def rows_of_split(names: Sequence[str], split: str, where: str, what: str = "pairs") -> tuple[np.ndarray, str]:
    """The pairs of `train` or `test` of data without a split `test`, by number, and what is said of it.

    Args:
        names: of all pairs.
        split: `train` or `test`.
        where: the pairs lie, for people to read.
        what: they are called.

    Raises:
        InputError: one alone.
    """
    out = held_out(names)
    if not out.any():
        raise InputError(f"{where} has {len(names)} of {what}. Expected at least 2, of which one is held out.")
    count = f"{out.sum():,} of {len(names):,} {what}"
    note = f"{count} held out" if split == "train" else f"the {count} that are held out"
    return np.flatnonzero(out == (split == "test")), note
