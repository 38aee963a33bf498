"""What is converted where pictures are made of pictures: an exported translator, of a run its export."""

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from tfgan_suite.errors import InputError, one_line, printable
from tfgan_suite.formats.frozen import FrozenTranslator
from tfgan_suite.marking import generator_name
from tfgan_suite.ports import masks_port
from tfgan_suite.serving.saved_translator import SavedTranslator

CELLS = (
    1,
    8,
    2,
    32,
)  # pixels: pictures are noise of several coarsenesses, since one alone may leave a tanh at its ends


class TranslatorSource:
    """A translator to be converted.

    Args:
        saved: as it was exported.

    Attributes:
        card: what the export says of itself.
        name: what it calls itself in pictures.
        frozen: its graph, for the converters.
        row_shape: of the pictures that it is given, (height, width, channels), without a mask.
        has_mask: whether it takes masks beside them.

    Raises:
        InputError: a card that does not fit the graph.
    """

    def __init__(self, saved: SavedTranslator):
        self.saved, self.card = saved, saved.card
        self.name = printable(generator_name(saved))
        self.frozen = FrozenTranslator(saved.path)
        self._check_card()
        self.has_mask: bool = self.card["has_mask"]
        height, width, channels = self.card["source_shape"]
        self.row_shape: tuple[int, int, int] = (height, width, channels - self.has_mask)
        self.target_shape: tuple[int, int, int] = tuple(self.card["target_shape"])

    def _check_card(self) -> None:
        """A card may have been changed since, and goes beside the files."""
        shapes = [spec.shape[1:].as_list() for spec in self.frozen.specs]
        has_mask = len(shapes) > 1
        height, width, channels = shapes[0]
        told = {
            "source_shape": [height, width, channels + has_mask],
            "target_shape": self.frozen.concrete.structured_outputs["images"].shape[1:].as_list(),
            "has_mask": has_mask,
        }
        for what, expected in told.items():
            if (received := self.card.get(what)) != expected:
                raise InputError(
                    f"The card of {self.saved.path} does not fit its graph: {what} must be {expected}. "
                    f"Received: {one_line(str(received))}. Export the translator again."
                )

    def images(self, source: np.ndarray, masks: np.ndarray | None) -> np.ndarray:
        """What must be made of pictures, levels of 0 to 255; see `SavedTranslator.translate`."""
        return self.saved.translate(source, masks)

    def wide(self, source: np.ndarray, masks: np.ndarray | None) -> np.ndarray:
        """The same by the graph that is converted, which computes in 32 bits."""
        given = [source] if masks is None else [source, masks]
        return self.frozen.function(*given)["images"].numpy()

    def inputs(self, rows: int) -> tuple[np.ndarray, np.ndarray | None]:
        """Pictures, always the same, uint8 (N, H, W, C), and masks, uint8 (N, H, W, 1), of a translator that has them.

        Args:
            rows: how many; no more come than it takes.
        """
        rows = min(rows, self.saved.max_rows)
        pictures = np.stack(list(itertools.islice(_pictures(self.row_shape), rows)))
        if not self.has_mask:
            return pictures, None
        example = masks_port(*self.row_shape[:2]).example
        assert example is not None
        return pictures, example(np.arange(rows))

    def operations(self) -> int:
        """What one picture takes, two for a multiplication and an addition: of convolutions and products of matrices.

        `models.costs` counts the same of a network of Keras, which an export has no more.
        """
        return sum(map(_operations, self.frozen.concrete.graph.get_operations()))

    def said(self) -> dict[str, Any]:
        """What a card says of a file's inputs and output, all of levels from 0 to 255."""
        masks = {"masks": {"dtype": "uint8", "shape": [None, *self.row_shape[:2], 1], "hole": "128 or more"}}
        return {
            "inputs": {
                "source": {"dtype": "uint8", "shape": [None, *self.row_shape]},
                **(masks if self.has_mask else {}),
            },
            "outputs": {"images": {"dtype": "uint8", "shape": [None, *self.target_shape]}},
        }


def _operations(node: tf.Operation) -> int:
    # A kernel is at work at each place of the map that is made, or of a transposed one at each that it is given.
    maps = {"Conv2D": node.outputs, "Conv2DBackpropInput": node.inputs[2:], "MatMul": node.outputs}.get(node.type)
    if not maps:
        return 0
    places = [side or 1 for side in maps[0].shape[1:-1]]
    return 2 * math.prod(node.inputs[1].shape.as_list()) * math.prod(places)


def _pictures(shape: tuple[int, int, int]) -> Iterator[np.ndarray]:
    height, width, channels = shape
    for number in itertools.count():
        # None of one colour alone: of such, norms over the map make rounding as large as pictures.
        cell = min(CELLS[number % len(CELLS)], max(1, min(height, width) // 2))
        sides = -(-height // cell), -(-width // cell)
        noise = np.random.default_rng(number).integers(0, 256, (*sides, channels), np.uint8)
        yield noise.repeat(cell, 0).repeat(cell, 1)[:height, :width]
