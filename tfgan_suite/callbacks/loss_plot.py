"""The losses and scores of a run, as a picture."""

import csv
import itertools
from pathlib import Path
from typing import Any

import keras

from tfgan_suite.callbacks.throttle import Throttle
from tfgan_suite.files import writing_whole

# What is drawn first, in the colours that it always has.
PANELS = {
    "loss": ("generator_loss", "discriminator_loss"),
    "score": ("real_score", "fake_score"),
}


class LossPlot(keras.callbacks.Callback):
    """Draws the history after epochs, in a twentieth of the time at most, and at the end.

    Args:
        history: CSV file that `EpochHistory` or `keras.callbacks.CSVLogger` writes; it must stand before this one
            in the list of callbacks.
        path: PNG file to write.
    """

    def __init__(self, history: Path | str, path: Path | str):
        super().__init__()
        self.history = Path(history)
        self.path = Path(path)
        self._drawing = Throttle(self._draw)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self._drawing.perhaps()

    def on_train_end(self, logs: Any = None) -> None:
        self._drawing.finish()

    def _draw(self) -> None:
        with self.history.open(newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
        if rows:
            plot_history(rows, self.path)


def plot_history(rows: list[dict[str, str]], path: Path) -> None:
    """All losses above, scores below, over epochs; columns that start with val_ are dashed.

    Args:
        rows: one an epoch, with `epoch` counted from 1, or as Keras does from 0.
        path: PNG file to write.
    """
    # Imported here, since it takes half a second.
    from matplotlib.colors import TABLEAU_COLORS
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 6), layout="constrained")
    before = int(rows[0]["epoch"] == "0")  # what Keras counts from
    epochs = [int(row["epoch"]) + before for row in rows]
    for axes, (title, keys) in zip(figure.subplots(2, 1, sharex=True), PANELS.items(), strict=True):
        others = [
            key for key in rows[0] if key.endswith(f"_{title}") and not key.startswith("val_") and key not in keys
        ]
        for colour, key in zip(itertools.cycle(TABLEAU_COLORS), (*keys, *others), strict=False):
            for column, style in ((key, "-"), (f"val_{key}", "--")):
                # CSVLogger has columns of "NA" where there is no validation data.
                if rows[0].get(column, "NA") != "NA":
                    values = [float(row[column]) for row in rows]
                    axes.plot(epochs, values, style, color=colour, label=column, marker="." if len(rows) < 3 else "")
        axes.set_ylabel(title)
        axes.grid(alpha=0.3)
        axes.legend(loc="best")
    axes.set_xlabel("epoch")
    with writing_whole(path) as partial:
        figure.savefig(partial, format="png", dpi=100)
