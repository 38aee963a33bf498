"""Pictures of what the generator has learned so far."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgan_suite.images import grid, read_picture, save_gif, save_png, to_uint8

MAX_COLUMNS = 20
MAX_FRAMES = 120


class SampleGrid(keras.callbacks.Callback):
    """Writes a grid of samples after each epoch, from the same latents, and all of them as one GIF at the end.

    A conditional model has one column a class (the first 20), or one a single attribute. The PNG files are
    marked as generated, with the model's class and the epoch: see `tfgan_suite.images.read_mark`.

    Args:
        directory: for `epoch_0001.png`, `epoch_0002.png`, ...; made when needed.
        count: images in a grid; of a conditional model at least one a column.
        gif: where the GIF goes; None: no GIF.
        log_dir: of a TensorBoard writer that gets the grids too; None: none.
    """

    def __init__(
        self,
        directory: Path | str,
        count: int = 64,
        gif: Path | str | None = None,
        log_dir: Path | str | None = None,
    ):
        super().__init__()
        self.directory = Path(directory)
        self.count = count
        self.gif = gif
        self.log_dir = log_dir
        self._writer: Any = None

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

    def on_train_end(self, logs: Any = None) -> None:
        if self._writer is not None:
            self._writer.close()
        pictures = sorted(self.directory.glob("epoch_*.png"), key=lambda path: (len(path.name), path.name))
        if self.gif is not None and pictures:
            stride = -(-len(pictures) // MAX_FRAMES)
            chosen = pictures[::-stride][::-1]  # evenly spaced, the last one among them
            save_gif(self.gif, [read_picture(picture) for picture in chosen])

    def draw(self) -> np.ndarray:
        """The grid as uint8 (H, W, C)."""
        spec = self.model.label_spec()
        if spec is None:
            columns = max(1, round(self.count**0.5))
            return grid(to_uint8(self.model.generate(self.count)), columns)
        every = self.model.check_labels(None, self.model.num_classes or self.model.num_attributes)
        columns = min(len(every), MAX_COLUMNS)
        count = max(1, self.count // columns) * columns
        return grid(to_uint8(self.model.generate(count, labels=every[:columns])), columns)
