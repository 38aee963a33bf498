"""Images in memory or in a file that is mapped to it, with their labels."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from tfgan_suite.data.image_store import taken
from tfgan_suite.errors import InputError
from tfgan_suite.images import to_float
from tfgan_suite.labels import Labels, classes_of

if TYPE_CHECKING:
    import tensorflow as tf  # marks of pictures are read without it

# One choice for every generator: which real images stand for the data.
SELECTION_SEED = 0


@dataclass(frozen=True, repr=False)
class ImageData:
    """A data set as the pipeline takes it.

    Attributes:
        images: uint8 (N, H, W, C), or where `stored_as` says so uint16; an array or an `np.memmap`.
        labels: int32 (N,) classes, float32 (N, A) attributes, or None.
        label_names: a name for each class or attribute; empty where there are no labels.
        source: where it comes from, for people to read.
        num_damaged: images that were left out since they could not be decoded.
        notes: what was done to pictures and what else was left out, for people to read.
        effects: the rules of reading that made a difference; see `PictureRules.effects`.
        warnings: what is doubtful about the data, for people to read.
        class_shares: float64 (K,), by which classes were drawn; None: as they lie.
        look: the other look that the images were brought into, names in `data.looks.LOOKS`; a classifier reads them as
            `undone` leaves them.
    """

    images: np.ndarray
    labels: np.ndarray | None
    label_names: tuple[str, ...]
    source: str
    num_damaged: int = 0
    notes: tuple[str, ...] = ()
    effects: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    class_shares: np.ndarray | None = None
    look: tuple[str, ...] = ()
    stored_as: ClassVar[tuple[type, ...]] = (np.uint8,)

    def __repr__(self) -> str:
        shape = "x".join(map(str, self.images.shape))
        kind = "no labels" if self.labels is None else f"{len(self.label_names)} labels"
        return f"{type(self).__name__}({self.source!r}, {self.images.dtype} {shape}, {kind})"

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(height, width, channels)."""
        _, height, width, channels = self.images.shape
        return height, width, channels

    def arrays(self) -> tuple[np.ndarray, ...]:
        """The arrays of which a batch has the same rows, in the order in which a model takes them."""
        return (self.images,) if self.labels is None else (self.images, self.labels)

    def columns(self) -> tuple[tuple[np.ndarray, ...], ...]:
        """The same arrays in groups, each of which has an order of its own."""
        return (self.arrays(),)

    @property
    def num_rows(self) -> int:
        """Rows of the longest group of `columns`, of which an epoch takes each once."""
        return max(len(arrays[0]) for arrays in self.columns())

    def examples(self, count: int) -> tuple[np.ndarray, ...]:
        """The first rows of each array as a model takes them: images as float32 in [-1, 1]."""
        rows = [array[:count] for array in self.arrays()]
        return tuple(to_float(each).numpy() if each.ndim == 4 else each for each in rows)

    def batch(
        self, parts: "tuple[tf.Tensor, ...]", moved: "Callable[..., tf.Tensor]", seed: int, step: "tf.Tensor"
    ) -> tuple[Any, ...]:
        """A batch as a model takes it, inside the pipeline.

        Args:
            parts: rows of the arrays of `columns`.
            moved: `augment` with all but its images and its interpolation; it moves equal rows alike.
            seed: of the run.
            step: of the run, counted from 0.
        """
        return tuple(moved(to_float(part)) if part.shape.rank == 4 else part for part in parts)

    def known_labels(self) -> Labels | None:
        """What kind of labels there are, how many, and their names; None where there are none."""
        return None if self.labels is None else Labels.of_rows(self.labels.shape[1:], self.label_names)

    @property
    def num_classes(self) -> int | None:
        """Number of classes; None for attributes and where there are no labels."""
        return Labels.facts(self.known_labels())["num_classes"]

    def shares(self) -> np.ndarray | None:
        """The share of each class, float64 (K,): by which they were drawn, or as they lie; None without classes."""
        if self.class_shares is not None or self.labels is None or self.num_classes is None:
            return self.class_shares
        return np.bincount(self.labels, minlength=self.num_classes) / len(self.labels)

    def fingerprint(self) -> str:
        """SHA-256 of the number of images, of up to 1,000 evenly spaced ones, and of all labels."""
        digest = hashlib.sha256(repr(self.images.shape).encode())
        digest.update(self.images[:: -(-len(self.images) // 1000)].tobytes())
        if self.labels is not None:
            digest.update(self.labels.tobytes())
        return digest.hexdigest()

    def facts(self) -> dict[str, Any]:
        """What a run folder keeps of its data, to know them again; JSON types."""
        return {
            "source": self.source,
            "num_images": len(self.images),
            "image_shape": list(self.image_shape),
            "label_names": list(self.label_names),
            "fingerprint": self.fingerprint(),
            # Numbers in the place of `auto`, by which other pictures of the same kind are read.
            **({"levels": self.effects["levels"]} if self.effects.get("levels") else {}),
            **({"look": list(self.look)} if self.look else {}),
        }

    def at(self, rows: np.ndarray) -> Self:
        """These rows of the data, by number."""
        return replace(self, images=taken(self.images, rows), labels=None if self.labels is None else self.labels[rows])

    def at_most(self, count: int) -> Self:
        """The data, or where there are more rows than `count` so many of them: at random, but always the same."""
        return self if len(self.images) <= count else self.at(self.rows_of_choice(count))

    def split(self, share: float, seed: int = 0) -> tuple[Self, Self]:
        """The data without a random share of them, and that share.

        Args:
            share: size of the second part, in (0, 1).
            seed: of the choice.
        """
        order = np.random.default_rng(seed).permutation(len(self.images))
        cut = round(len(order) * (1 - share))
        return self.at(np.sort(order[:cut])), self.at(np.sort(order[cut:]))

    def rows_of_choice(self, count: int) -> np.ndarray:
        """The rows of `chosen`, in order."""
        return np.sort(np.random.default_rng(SELECTION_SEED).permutation(len(self.images))[:count])

    def chosen(self, count: int) -> tuple[np.ndarray, np.ndarray | None]:
        """`count` images and their classes, or fewer where there are not so many: at random, but always the same."""
        rows = self.rows_of_choice(count)
        return self.images[rows], None if self.labels is None else classes_of(self.labels[rows])

    def checked(self) -> Self:
        """Itself, with labels of the pipeline's types.

        Raises:
            InputError: no image, labels that are not one an image, or labels out of range.
        """
        if len(self.images) == 0:
            raise InputError(f"{self.source} has no images.")
        known = self.known_labels()
        if self.labels is None or known is None:
            return self
        if len(self.labels) != len(self.images):
            raise InputError(f"{self.source} has {len(self.images)} images but {len(self.labels)} labels.")
        right = known.is_right(self.labels)
        if not right.all():
            raise InputError(f"{self.source}: labels {known.said}. Received: {self.labels[~right][0]}.")
        return replace(self, labels=self.labels.astype(known.dtype))
