"""The history of a run, row by row, and where it is cut and gone on with."""

import csv
from pathlib import Path

import keras
import pytest
from shrunk import batches, shrunk_model

from tfgan_suite.callbacks.history import EpochHistory, cut_history, epochs_in
from tfgan_suite.callbacks.loss_plot import LossPlot


def log(path: Path, *epochs: tuple[int, dict[str, float]], logger: type = EpochHistory) -> list[dict[str, str]]:
    """Rows of a CSV file after epochs, counted from 0 as callbacks are told them."""
    history = logger(path) if logger is EpochHistory else logger(path, append=True)
    history.on_train_begin()
    for epoch, logs in epochs:
        history.on_epoch_end(epoch, logs)
    history.on_train_end()
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_epochs_count_from_1_and_no_column_is_empty(tmp_path: Path) -> None:
    rows = log(tmp_path / "h.csv", (0, {"loss": 2.0, "a": 1.0}), (1, {"loss": 1.5, "a": 3.0}))
    assert rows == [{"epoch": "1", "a": "1.0", "loss": "2.0"}, {"epoch": "2", "a": "3.0", "loss": "1.5"}]
    assert epochs_in(tmp_path / "h.csv") == 2


def test_what_fit_logs(tmp_path: Path) -> None:
    """With validation data its columns are there, with their numbers."""
    for validation in (None, batches()):
        path = tmp_path / f"{validation is None}.csv"
        history = shrunk_model("mlp_gan").fit(
            batches(), validation_data=validation, epochs=2, verbose=0, callbacks=[EpochHistory(path)]
        )
        with path.open(newline="") as stream:
            rows = list(csv.DictReader(stream))
        assert {key: [float(row[key]) for row in rows] for key in rows[0]} == {"epoch": [1, 2]} | history.history


def test_it_goes_on_where_it_was_cut(tmp_path: Path) -> None:
    path = tmp_path / "h.csv"
    epochs = [(epoch, {"loss": 1.0 / (epoch + 1)}) for epoch in range(4)]
    whole = log(tmp_path / "whole.csv", *epochs)
    log(path, *epochs[:3])
    cut_history(path, 2)
    assert log(path, *epochs[2:]) == whole


def test_a_file_that_keras_began_keeps_its_count(tmp_path: Path) -> None:
    path = tmp_path / "h.csv"
    log(path, (0, {"loss": 2.0}), (1, {"loss": 1.5}), logger=keras.callbacks.CSVLogger)
    rows = log(path, (2, {"loss": 1.0}))
    assert [row["epoch"] for row in rows] == ["0", "1", "2"]
    assert [row["val_loss"] for row in rows] == ["NA"] * 3


def test_a_new_number_becomes_a_column(tmp_path: Path) -> None:
    path = tmp_path / "h.csv"
    log(path, (0, {"loss": 2.0}))
    rows = log(path, (1, {"loss": 1.5, "recall": 0.5}), (2, {"loss": 1.0, "recall": 0.75}))
    assert [row["recall"] for row in rows] == ["NA", "0.5", "0.75"]
    assert [row["loss"] for row in rows] == ["2.0", "1.5", "1.0"]
    # And one that is no longer logged keeps its own.
    assert [row["recall"] for row in log(path, (3, {"loss": 0.5}))] == ["NA", "0.5", "0.75", "NA"]


@pytest.mark.parametrize("first", [0, 1])
def test_it_is_cut_to_whole_rows_of_whole_epochs(first: int, tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    header, *rows = "epoch,loss\r\n", f"{first},1.5\r\n", f"{first + 1},1.25\r\n"
    cut_history(path, 3)
    path.write_bytes("".join([header, *rows, f"{first + 2},1."]).encode())
    cut_history(path, 3)
    assert path.read_bytes().decode() == "".join([header, *rows])
    cut_history(path, 1)
    assert path.read_bytes().decode() == "".join([header, rows[0]])
    cut_history(path, 0)
    assert not path.exists()


@pytest.mark.parametrize("logger", [EpochHistory, keras.callbacks.CSVLogger])
def test_the_plot_counts_from_1(logger: type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[list[int]] = []
    monkeypatch.setattr("matplotlib.axes.Axes.plot", lambda self, x, *_, **__: shown.append(list(x)))
    monkeypatch.setattr("matplotlib.axes.Axes.legend", lambda *_, **__: None)
    log(tmp_path / "h.csv", *[(epoch, {"generator_loss": 1.0}) for epoch in range(3)], logger=logger)
    LossPlot(tmp_path / "h.csv", tmp_path / "losses.png").on_train_end()
    assert shown == [[1, 2, 3]]
