"""Two kinds of images that are no pairs: a, and b, each in an order of its own."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Self

import numpy as np
import tensorflow as tf

from tfgan_suite.data.image_data import SELECTION_SEED, ImageData
from tfgan_suite.data.image_store import taken
from tfgan_suite.data.pairs import StoredPairs
from tfgan_suite.errors import InputError, option
from tfgan_suite.images import to_float


@dataclass(frozen=True, repr=False, kw_only=True)
class UnpairedData(ImageData):
    """Images b, and images a beside them, of another number: batches are ((a, b),).

    All that `ImageData` says of its images is said of b. Where an image a and an image b have one name, they show the
    same: what is made of a can be held against b, which no training does.

    Attributes:
        sources: the images a, uint8 or uint16 (M, H, W, D), as high and wide as b; channels and type may differ.
        source_names: of each a; empty where they have none.
        names: of each b.
        source_look: of the images a, as `look` is of b.

    Raises:
        InputError: no image, or images that do not go together.
    """

    sources: np.ndarray
    source_names: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    source_look: tuple[str, ...] = ()
    stored_as: ClassVar[tuple[type, ...]] = (np.uint8, np.uint16)

    def __post_init__(self) -> None:
        for what, array in (("a", self.sources), ("b", self.images)):
            if array.ndim != 4 or array.dtype not in self.stored_as or not len(array):
                raise InputError(
                    f"The images {what} must be uint8 or uint16 (N, H, W, C), at least one. Received: {array.dtype} "
                    f"{array.shape}."
                )
        if self.sources.shape[1:3] != self.images.shape[1:3]:
            a, b = ("x".join(map(str, array.shape[1:3])) for array in (self.sources, self.images))
            raise InputError(
                f"Images of both kinds must be as high and wide. Received: a of {a} and b of {b} pixels. Give one size "
                f"for both with {option('image_size')}."
            )

    @classmethod
    def of_arrays(cls, a: np.ndarray, b: np.ndarray, source: str = "arrays") -> "UnpairedData":
        """Images in memory; see the attributes."""
        return cls(b, None, (), source, sources=a)

    @property
    def source_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of an image a."""
        _, height, width, channels = self.sources.shape
        return height, width, channels

    @property
    def target_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of an image b."""
        return self.image_shape

    @property
    def num_sources(self) -> int:
        """How many images a there are."""
        return len(self.sources)

    def source_rows(self, rows: np.ndarray) -> np.ndarray:
        """Images a, by number, as a model takes them: float32 (n, H, W, C) in [-1, 1]."""
        return to_float(taken(self.sources, rows)).numpy()

    def columns(self) -> tuple[tuple[np.ndarray, ...], ...]:
        """The images a and the images b, each in an order of its own."""
        return (self.sources,), (self.images,)

    def examples(self, count: int) -> tuple[np.ndarray, ...]:
        """The first images a and b, as many of each, float32 in [-1, 1]."""
        count = min(count, len(self.sources), len(self.images))
        return tuple(to_float(array[:count]).numpy() for array in (self.sources, self.images))

    def batch(
        self, parts: tuple[tf.Tensor, ...], moved: Callable[..., tf.Tensor], seed: int, step: tf.Tensor
    ) -> tuple[Any, ...]:
        """Both kinds, each moved by numbers of its own; see `ImageData.batch`."""
        return (tuple(moved(to_float(part), kind=index) for index, part in enumerate(parts)),)

    def turned(self) -> "UnpairedData":
        """The kinds the other way round; the labels of b have no place then."""
        return replace(
            self, images=self.sources, sources=self.images, names=self.source_names, source_names=self.names,
            labels=None, label_names=(), class_shares=None, look=self.source_look, source_look=self.look,
        )  # fmt: skip

    def at_most(self, count: int) -> Self:
        """At most `count` images of each kind: at random, but always the same."""
        a, b = (
            np.sort(np.random.default_rng(SELECTION_SEED).permutation(len(images))[:count])
            for images in (self.sources, self.images)
        )
        return replace(
            self, images=taken(self.images, b), labels=None if self.labels is None else self.labels[b],
            names=_named(self.names, b), sources=taken(self.sources, a), source_names=_named(self.source_names, a),
        )  # fmt: skip

    @property
    def num_pairs(self) -> int:
        """How many images b have the name of an image a."""
        of_a = set(self.source_names)
        return sum(name in of_a for name in self.names)

    def pairs(self) -> StoredPairs:
        """The images a and b that have one name, as pairs, in the order of b.

        Raises:
            InputError: no two have.
        """
        rows = {name: row for row, name in enumerate(self.source_names)}
        of_b = np.array([row for row, name in enumerate(self.names) if name in rows], int)
        if not len(of_b):
            expected = "some files of equal names, but for the suffix, which are held out of training and compared"
            if self.look:  # a data set beside itself
                expected = "images that are in both looks, as those of another split than is learned from are"
            raise InputError(
                f"{self.source}: no image a has the name of an image b, so that nothing says what is right. Expected "
                f"{expected}."
            )
        names = tuple(self.names[row] for row in of_b)
        of_a = np.array([rows[name] for name in names], int)
        kept = {field.name: getattr(self, field.name) for field in fields(ImageData)}
        labels = None if self.labels is None else self.labels[of_b]
        kept |= {"images": self.images[of_b], "labels": labels}
        return StoredPairs(**kept, sources=self.sources[of_a], names=names, source_look=self.source_look)

    def at(self, rows: np.ndarray) -> Self:
        raise InputError(f"{self.source} is two kinds of images, of which no rows belong together.")

    def fingerprint(self) -> str:
        """SHA-256 of those of a and of b."""
        parts = ImageData(self.sources, None, (), "").fingerprint(), super().fingerprint()
        return hashlib.sha256(" ".join(parts).encode()).hexdigest()

    def facts(self) -> dict[str, Any]:
        """As of images, and the number and the shape of a."""
        looks = {"source_look": list(self.source_look)} if self.source_look else {}
        return super().facts() | {"num_sources": len(self.sources), "source_shape": list(self.source_shape)} | looks


def _named(names: tuple[str, ...], rows: np.ndarray) -> tuple[str, ...]:
    """The names of rows; none where there are none."""
    return tuple(names[row] for row in rows) if names else ()


def broken(pairs: StoredPairs) -> UnpairedData:
    """Pairs as two kinds of images: their names alone say what belonged together."""
    kept = {field.name: getattr(pairs, field.name) for field in fields(ImageData)}
    names, look = pairs.names, pairs.source_look
    return UnpairedData(**kept, sources=pairs.sources, source_names=names, names=names, source_look=look)
