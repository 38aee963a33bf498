"""Pictures of what the generator has learned so far."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

from tfgan_suite.arguments import checked_types
from tfgan_suite.callbacks.throttle import Throttle
from tfgan_suite.errors import InputError
from tfgan_suite.images import read_picture, save_gif, save_png, to_uint8
from tfgan_suite.labels import titles
from tfgan_suite.pictures import captioned, grid, sheet

MAX_FRAMES = 120


class SampleGrid(keras.callbacks.Callback):
    """Writes a grid of samples after each epoch, from the same latents, and all of them as one GIF.

    A conditional model's samples stand by class (the first 20), or by single attribute. The PNG files are
    marked as generated, with the model's class and the epoch: see `tfgan_suite.images.read_mark`. The GIF has the
    epoch in each frame; it is written after epochs, in a twentieth of the time at most, and at the end.

    Args:
        directory: for `epoch_0001.png`, `epoch_0002.png`, ...; made when needed.
        count: images in a grid; of a conditional model at least one of a label.
        gif: where the GIF goes; None: no GIF.
        log_dir: of a TensorBoard writer that gets the grids too; None: none.
        label_names: of the classes or attributes, to stand above their samples; empty: nothing does.
        examples: rows of a batch, an array for each port of the model's `takes`: what a model makes images of that
            makes them of images.
        plain: pixel by pixel, one column a label, without names: what folders with such pictures go on with, since
            the frames of a GIF are of one size.
    """

    @checked_types
    def __init__(
        self,
        directory: Path | str,
        count: int = 64,
        gif: Path | str | None = None,
        log_dir: Path | str | None = None,
        label_names: Sequence[str] = (),
        examples: tuple[np.ndarray, ...] = (),
        plain: bool = False,
    ):
        super().__init__()
        self.directory = Path(directory)
        if count < 1:
            raise InputError(f"count must be at least 1. Received: {count}.")
        self.count = count
        self.gif = gif
        self.log_dir = log_dir
        self.label_names = label_names
        self.examples = examples
        self.plain = plain
        self._writer: Any = None
        self._animation = Throttle(self._animate)

    def on_train_begin(self, logs: Any = None) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        if self.log_dir is not None:
            self._writer = tf.summary.create_file_writer(str(self.log_dir))

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        pixels = self.draw()
        facts = {"generator": f"{type(self.model).__name__} in training", "epoch": epoch + 1}
        save_png(self.directory / f"epoch_{epoch + 1:04d}.png", pixels, facts)
        if self._writer is not None:
            with self._writer.as_default():
                tf.summary.image("samples", pixels[np.newaxis], step=epoch)
        self._animation.perhaps()

    def on_train_end(self, logs: Any = None) -> None:
        if self._writer is not None:
            self._writer.close()
        self._animation.finish()

    def draw(self) -> np.ndarray:
        """The grid as uint8 (H, W, C)."""
        made, columns = self.model.show(self.count, self.examples)
        images, width = to_uint8(made), len(columns)
        if self.plain:
            return grid(images, width or max(1, round(self.count**0.5)))
        words = [(str(word), str(word)) for word in columns if isinstance(word, str)]
        return sheet(images, width, words or titles(columns, self.label_names)) if width else sheet(images)

    def _animate(self) -> None:
        """Makes the GIF of the folder's pictures that are as large as the last, evenly spaced where there are many."""
        numbered = {}
        for path in self.directory.glob("epoch_*.png"):
            if number := re.fullmatch(r"epoch_(\d+)\.png", path.name):
                numbered[int(number[1])] = path
        if self.gif is None or not numbered:
            return
        size = _size(numbered[max(numbered)])
        epochs = sorted(epoch for epoch, path in numbered.items() if _size(path) == size)
        chosen = epochs[:: -(-len(epochs) // MAX_FRAMES) * -1][::-1]  # the last one among them
        save_gif(self.gif, self._frames({epoch: numbered[epoch] for epoch in chosen}), len(chosen))

    def _frames(self, pictures: dict[int, Path]) -> Iterator[Image.Image]:
        for epoch, path in pictures.items():
            yield captioned(read_picture(path), (f"epoch {epoch}", str(epoch)))


def _size(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        return picture.size
