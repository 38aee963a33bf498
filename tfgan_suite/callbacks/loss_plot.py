"""The losses and scores of a run, as a picture."""

import csv
from pathlib import Path
from typing import Any

import keras

PANELS = {
    "loss": ("generator_loss", "discriminator_loss"),
    "score": ("real_score", "fake_score"),
}


class LossPlot(keras.callbacks.Callback):
    """Draws the history at the end of training.

    Args:
        history: CSV file that `keras.callbacks.CSVLogger` wrote; it must stand before this one in
            the list of callbacks.
        path: PNG file to write.
    """

    def __init__(self, history: Path | str, path: Path | str):
        super().__init__()
        self.history = Path(history)
        self.path = Path(path)

    def on_train_end(self, logs: Any = None) -> None:
        with self.history.open(newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
        if rows:
            plot_history(rows, self.path)


def plot_history(rows: list[dict[str, str]], path: Path) -> None:
    """Losses above, scores below, over epochs; columns that start with val_ are dashed.

    Args:
        rows: one an epoch, with `epoch` counted from 0.
        path: PNG file to write.
    """
    # Imported here: drawing is needed once a run, and the import takes half a second.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 6), layout="constrained")
    epochs = [int(row["epoch"]) + 1 for row in rows]
    for axes, (title, keys) in zip(figure.subplots(2, 1, sharex=True), PANELS.items(), strict=True):
        for colour, key in zip(("tab:blue", "tab:orange"), keys, strict=True):
            for column, style in ((key, "-"), (f"val_{key}", "--")):
                # CSVLogger has columns of "NA" where there is no validation data.
                if rows[0].get(column, "NA") != "NA":
                    values = [float(row[column]) for row in rows]
                    axes.plot(epochs, values, style, color=colour, label=column, marker="." if len(rows) < 3 else "")
        axes.set_ylabel(title)
        axes.grid(alpha=0.3)
        axes.legend(loc="best")
    axes.set_xlabel("epoch")
    figure.savefig(path, dpi=100)
