"""What a metric is given: generated images beside real ones, with all that is known of both."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np


def as_rows(images: np.ndarray) -> np.ndarray:
    """uint8 (N, H, W, C) -> float32 (N, H*W*C) in [0, 1]."""
    return images.reshape(len(images), -1).astype(np.float32) / 255.0


@dataclass(frozen=True)
class Samples:
    """N images and what an extractor makes of them.

    Attributes:
        images: uint8 (N, H, W, C).
        features: float32 (N, F).
        logits: float32 (N, K); None of an extractor without them.
        labels: int32 (N,), what the images are meant to show; None where nothing was asked for.
    """

    images: np.ndarray
    features: np.ndarray
    logits: np.ndarray | None = None
    labels: np.ndarray | None = None

    @cached_property
    def predicted(self) -> np.ndarray:
        """The likeliest class of each image: int64 (N,)."""
        assert self.logits is not None
        return np.argmax(self.logits, axis=-1)

    @cached_property
    def pixels(self) -> np.ndarray:
        """The images as rows in [0, 1]: float32 (N, H*W*C)."""
        return as_rows(self.images)


@dataclass(frozen=True)
class Comparison:
    """Generated images, and the real ones that they are held against.

    Attributes:
        generated: what is measured; of the floor, other real images in their place.
        reference: as many real images, which the generator has not learned from where that is possible.
        train: uint8 (M, H, W, C), what it has learned from.
        validation: uint8 (V, H, W, C), real images beside `reference` that settings of metrics are chosen by.
        num_classes: K of the data, where the extractor reads their classes; else None.
        held_out: whether the generator has not learned from `reference`.
        draw: latents float32 (N, L) and labels (N,) or None -> float32 images in [-1, 1]; None where there is
            no generator, but only images.
        extract: such images -> features float32 (N, F); None where `draw` is.
        latent_dim: L; None where `draw` is.
        seed: of every random choice of a metric.
        class_shares: float64 (K,) of the classes in what it has learned from; None where there are none.
        paired: whether row i of `generated` should be row i of `reference`.
        holes: bool (N, H, W) of pairs, the pixels that the sources lack; None where they lack none.
        groups: (N,) of pairs, equal for those that count once in a mean; None: each counts.
        cycle: of a model that translates both ways, `cycle_errors` of the sources; else None.
    """

    generated: Samples
    reference: Samples
    train: np.ndarray
    validation: np.ndarray
    num_classes: int | None
    held_out: bool
    draw: Callable[[np.ndarray, np.ndarray | None], np.ndarray] | None = None
    extract: Callable[[np.ndarray], np.ndarray] | None = None
    latent_dim: int | None = None
    seed: int = 0
    class_shares: np.ndarray | None = None
    paired: bool = False
    holes: np.ndarray | None = None
    groups: np.ndarray | None = None
    cycle: tuple[np.ndarray, np.ndarray] | None = None
