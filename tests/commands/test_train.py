"""What `train` does besides training: a file of settings, callbacks of one's own, measurements, the best, a start."""

import csv
import json
import math
import signal
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from cut_runs import after_step, cut, finish, result, settings
from PIL import Image
from short_runs import arrays_of
from shrunk import shrunk_model, tiny_data
from test_cli import TINY, call, refused

from tfgan_suite import (
    ExactCheckpoint,
    InputError,
    SavedGenerator,
    TrainConfig,
    load_model,
    resume_fit,
    train,
    training_batches,
)
from tfgan_suite.continuation.keep_best import read_best
from tfgan_suite.runs.assembly import with_epochs
from tfgan_suite.runs.record import newest_of_run, read_config, read_finished

MEASURED = ("--evaluate-every", "1", "--evaluate-count", "40", "--metrics", "frechet_distance,precision_recall")


def tiny(folder: Path, **more: Any) -> TrainConfig:
    """Two epochs of two steps."""
    values = {
        "image_size": "8", "base_filters": 4, "latent_dim": 3, "epochs": 2, "steps_per_epoch": 2, "sample_count": 4,
        "tensorboard": False, "run_dir": str(folder / "run"), "export_dir": str(folder / "out"),
    }  # fmt: skip
    return TrainConfig.from_preset("dcgan", **{**values, **more})


def history_of(run_dir: Path) -> list[dict[str, str]]:
    with (run_dir / "history.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def where(folder: Path) -> tuple[object, ...]:
    return "--run-dir", folder / "run", "--export-dir", folder / "out"


class Counts(keras.callbacks.Callback):
    """Logs a number that grows, and stops the run after an epoch."""

    def __init__(self, stop_after: int | None = None):
        super().__init__()
        self.epochs: list[int] = []
        self.stop_after = stop_after

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.epochs.append(epoch)
        assert logs is not None
        logs["counted"] = float(len(self.epochs))
        if epoch + 1 == self.stop_after:
            self.model.stop_training = True


class Spoils(keras.callbacks.Callback):
    """Changes the weights when training has ended."""

    def on_train_end(self, logs: Any = None) -> None:
        for weight in self.model.weights:
            weight.assign(weight * 0)


@pytest.mark.parametrize(
    ("images", "epochs"), [(1, 60), (1797, 60), (5000, 60), (6000, 50), (25_000, 12), (60_000, 5), (10**6, 5)]
)
def test_epochs_of_a_new_run_follow_from_its_images(images: int, epochs: int) -> None:
    assert with_epochs(TrainConfig(), images).epochs == epochs
    assert with_epochs(TrainConfig(epochs=7), images).epochs == 7


def test_the_epochs_are_said_and_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    unsaid = [flag for flag in TINY if flag not in ("--epochs", "2")]
    unsaid.insert(unsaid.index("--steps-per-epoch") + 1, "2")
    assert call("train", *unsaid, *where(tmp_path), "--dry-run") == 0
    output = capsys.readouterr().out
    assert "epochs: 60, as many as show 300,000 images, but 5 to 60; --epochs N changes it" in output
    assert "epochs = 60" in output
    assert call("train", *TINY, *where(tmp_path)) == 0
    output = capsys.readouterr().out
    assert "epochs:" not in output
    assert output.count("Epoch 2/2\n") == 1 and not {"\b", "\r"} & {*output}  # no bar where it cannot be drawn anew
    assert call("train", *unsaid, *where(tmp_path)) == 0
    assert capsys.readouterr().out.startswith("finished: ")  # it has the 2 epochs that it was begun with


@pytest.mark.slow
def test_a_file_of_settings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It gives what the run had but its folders; flags beat it, and equal settings give equal weights."""
    assert call("train", *TINY, *where(tmp_path / "a"), "--seed", "3") == 0
    file = tmp_path / "a" / "run" / "config.json"
    assert call("train", f"--config={file}", *where(tmp_path / "b")) == 0
    first, second = (read_config(tmp_path / name / "run").config for name in "ab")
    assert vars(second) == {**vars(first), "run_dir": second.run_dir, "export_dir": second.export_dir}
    assert (
        f"settings: those of {file} but its folders; this run lies in {tmp_path / 'b' / 'run'}"
        in capsys.readouterr().out
    )
    assert TrainConfig.from_file(str(file.parent)) == TrainConfig.from_file(str(file))
    arrays = [arrays_of(newest_of_run(tmp_path / name / "run")) for name in "ab"]
    assert all(np.allclose(arrays[1][name], values, atol=1e-5) for name, values in arrays[0].items())
    capsys.readouterr()
    assert call("train", "--config", file, *where(tmp_path / "c"), "--seed", "4", "--dry-run") == 0
    output = capsys.readouterr().out
    assert "seed = 4" in output and "base_filters = 4" in output


def test_settings_alone_stand_over_their_preset(tmp_path: Path) -> None:
    file = tmp_path / "few.json"
    file.write_text(
        json.dumps({"model": "mlp_gan", "generator_units": [5, 6], "run_dir": "elsewhere", "restart": True})
    )
    expected = TrainConfig.from_preset("mlp_gan", generator_units=(5, 6))
    assert TrainConfig.from_file(str(file)) == expected


@pytest.mark.parametrize(
    ("content", "flags", "said"),
    [
        (None, (), "No such file"),
        ("{", (), "no JSON object of settings"),
        ("[1]", (), "no JSON object of settings"),
        ('{"config": 3}', (), "no JSON object of settings"),
        ('{"epohs": 3}', (), "Did you mean epochs?"),
        ('{"epochs": "many"}', (), "--epochs must be an integer or None. Received: 'many'"),
        ('{"epochs": 0}', (), "--epochs must be at least 1"),
        ('{"model": "dgan"}', (), "Unknown model 'dgan'"),
        ('{"model": "dcgan"}', ("--model", "cgan"), "--model cgan does not go with --config"),
    ],
)
def test_a_file_that_cannot_be_used(
    content: str | None, flags: tuple[str, ...], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file.json"
    if content is not None:
        file.write_text(content)
    assert said in refused(capsys, "train", "--config", file, *flags, "--dry-run")


@pytest.mark.slow
def test_callbacks_of_ones_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They are called, named and may log and stop; the same call goes on, and the run is the one without them."""
    counts = Counts(stop_after=1)
    train(tiny(tmp_path), callbacks=[counts])
    assert counts.epochs == [0]
    assert "stopped: by a callback, after 2 of 4 steps; the same call goes on" in capsys.readouterr().out
    assert json.loads((tmp_path / "run" / "config.json").read_text())["callbacks"] == ["Counts"]
    assert read_finished(tmp_path / "run").epochs == 1  # type: ignore[union-attr]
    again = Counts()
    train(tiny(tmp_path), callbacks=[again])
    assert again.epochs == [1]
    assert [row["counted"] for row in history_of(tmp_path / "run")] == ["1.0", "1.0"]
    train(tiny(tmp_path / "without"))
    one, other = (arrays_of(newest_of_run(folder / "run")) for folder in (tmp_path, tmp_path / "without"))
    assert all(np.allclose(other[name], values, atol=1e-5) for name, values in one.items())


def test_what_a_callback_changes_at_the_end_is_not_exported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    version = train(tiny(tmp_path), callbacks=[Spoils()])
    assert "a callback has changed the weights after the last step" in capsys.readouterr().err
    assert version is not None
    seeds = np.arange(4)
    expected = load_model(newest_of_run(tmp_path / "run")).generate(4, seed=0)
    np.testing.assert_allclose(SavedGenerator(version).generate(seeds), expected, atol=1e-5)


def test_what_is_no_callback_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="callbacks"):
        train(tiny(tmp_path), callbacks=["EarlyStopping"])  # type: ignore[list-item]
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_measured_as_it_goes_and_the_best_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flags = (*TINY, *where(tmp_path), *MEASURED, "--epochs", "3", "--keep-best", "frechet_distance")
    assert call("train", *flags) == 0
    values = [float(row["frechet_distance"]) for row in history_of(tmp_path / "run")]
    assert len(set(values)) == 3 and all(map(math.isfinite, values))
    assert {"precision", "recall"} < set(history_of(tmp_path / "run")[0])
    kept = read_best(tmp_path / "run" / "best", "frechet_distance")
    assert kept is not None
    assert kept.noted == {"frechet_distance": min(values), "epoch": values.index(min(values)) + 1}
    output = capsys.readouterr().out
    assert "evaluation: frechet_distance,precision_recall of 40 samples against as many images" in output
    assert f"best: frechet_distance {min(values):.5g} after epoch {kept.noted['epoch']}, in " in output
    # A run's newest checkpoint, and its best, go wherever a run goes.
    for name in ("run", "run/best"):
        path = tmp_path / name
        expected = load_model(newest_of_run(path)).generate(4, seed=0)
        assert call("generate", path, "--count", "4", "--output", tmp_path / "four.npz") == 0
        with np.load(tmp_path / "four.npz") as arrays:
            np.testing.assert_allclose(arrays["images"], np.rint((expected + 1) * 127.5), atol=1)
        assert call("evaluate", path, "--count", "40", "--metrics", "frechet_distance") == 0
    capsys.readouterr()
    said = refused(capsys, "generate", tmp_path / "run", "--labels", "7", "--output", tmp_path / "b.png")
    assert f"The generator {tmp_path / 'run'} is not conditional" in said
    assert call("export", tmp_path / "run" / "best", "--export-dir", tmp_path / "best") == 0
    card = json.loads((tmp_path / "best" / "1" / "card.json").read_text())
    assert card["training"]["checkpoint"] == Path(kept.path).name


@pytest.mark.slow
def test_measuring_changes_nothing_in_the_run(tmp_path: Path) -> None:
    for name, more in (("with", {"evaluate_every": 2, "evaluate_count": 16}), ("without", {})):
        train(tiny(tmp_path / name, dropout=0.3, **more))
    one, other = (arrays_of(newest_of_run(tmp_path / name / "run")) for name in ("with", "without"))
    assert all(np.allclose(other[name], values, atol=1e-5) for name, values in one.items())
    assert [row["frechet_distance"] == "nan" for row in history_of(tmp_path / "with" / "run")] == [True, False]


@pytest.mark.slow
def test_killed_and_gone_on_with_it_measures_and_keeps_the_same(tmp_path: Path) -> None:
    more = {"evaluate_every": 1, "evaluate_count": 40, "keep_best": "frechet_distance"}
    whole, pieces = tmp_path / "whole", tmp_path / "pieces"
    assert finish(settings("cgan", whole, **more)) == 0
    run = settings("cgan", pieces, **more)
    for step in (5, 14):
        assert cut(run, after_step(pieces, step, 0.2)) == -signal.SIGKILL
    assert finish(run) == 0
    assert result(pieces) == result(whole)
    one, other = (read_best(folder / "run" / "best", "frechet_distance") for folder in (whole, pieces))
    assert one is not None and other is not None and one.noted == other.noted


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--keep-best", "recall"), "--keep-best needs --evaluate-every N"),
        (("--metrics", "all"), "--metrics needs --evaluate-every N"),
        (("--evaluate-every", "1", "--metrics", "all"), "takes names such as"),
        (("--evaluate-every", "1", "--metrics", "recall"), "recall is a number of the metric precision_recall"),
        (("--evaluate-every", "3"), "--evaluate-every 3 never comes in 2 epochs"),
        (("--evaluate-every", "0"), "--evaluate-every must be at least 1"),
        (("--evaluate-every", "1", "--evaluate-count", "1"), "--evaluate-count must be at least 2"),
        (("--evaluate-every", "1", "--keep-best", "recall"), "Received: recall. Add precision_recall to --metrics."),
        (("--evaluate-every", "1", "--metrics", "frechet"), "Unknown metric 'frechet'"),
        (("--evaluate-every", "1", "--metrics", "memorisation"), "has not learned from"),
        (("--evaluate-every", "1", "--metrics", "memorisation", "--keep-best", "x"), "there is none"),
        (("--evaluate-every", "1", "--extractor", "nothing.keras"), "nothing.keras"),
    ],
)
def test_what_cannot_be_measured_is_refused_before_a_step(
    flags: tuple[str, ...], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for more in (["--dry-run"], []) if "has not learned" in said else (["--dry-run"],):
        assert call("train", *TINY, *where(tmp_path), *flags, *more) == 2
        assert said in capsys.readouterr().err
    assert not list(tmp_path.glob("run/checkpoints/*"))


@pytest.mark.parametrize("command", ["generate", "evaluate", "export"])
def test_a_run_without_a_best_checkpoint_says_how_to_keep_one(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"config": vars(TrainConfig()), "data": {}, "versions": {}}))
    more = ("--output", tmp_path / "a.png") if command == "generate" else ()
    assert call(command, tmp_path / "best", *more) == 2
    assert f"{tmp_path} keeps no best checkpoint: train.py --keep-best METRIC does." in capsys.readouterr().err


@pytest.mark.slow
def test_a_cut_epoch_goes_on_under_the_whole_run_s_number(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    class Stops(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if int(self.model.step.numpy()) == 3:
                self.model.stop_training = True

    train(tiny(tmp_path, epochs=3, checkpoint_every=1), callbacks=[Stops()])
    assert "stopped: by a callback, after 3 of 6 steps" in capsys.readouterr().out
    last = Counts()
    train(tiny(tmp_path, epochs=3, checkpoint_every=1), callbacks=[last])
    output = capsys.readouterr().out
    assert "Epoch 2/3" in output and "Epoch 3/3" in output
    assert last.epochs == [1, 2]
    assert [row["epoch"] for row in history_of(tmp_path / "run")] == ["1", "2", "3"]


def test_a_callback_that_stops_in_a_cut_epoch_stops_the_run(tmp_path: Path) -> None:
    def batches(step: int) -> tf.data.Dataset:
        return training_batches(tiny_data(), 8, 3, 0, 4, step)

    model = shrunk_model("mlp_gan_small")
    checkpoint = ExactCheckpoint(tmp_path, every=1)
    cut = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: setattr(model, "stop_training", batch == 1)
    )
    resume_fit(model, batches, 3, 4, checkpoint, [cut], verbose=0)
    counts = Counts(stop_after=1)
    assert resume_fit(model, batches, 3, 4, ExactCheckpoint(tmp_path, every=1), [counts], verbose=0) == 2
    assert counts.epochs == [0]
    assert int(model.step.numpy()) == 4


@pytest.mark.slow
def test_a_run_draws_its_labels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flags = (*TINY, *where(tmp_path), "--model", "cgan", "--epochs", "1")
    assert call("train", *flags) == 0
    capsys.readouterr()
    assert call("generate", tmp_path / "run", "--list-labels") == 0
    assert capsys.readouterr().out.splitlines() == [f"{index} {index}" for index in range(10)]
    assert call("generate", tmp_path / "run", "--labels", "3", "--output", tmp_path / "a.png") == 0
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.width > 8
    capsys.readouterr()
    said = refused(capsys, "generate", tmp_path / "run", "--labels", "77", "--output", tmp_path / "b.png")
    assert "77" in said


@pytest.mark.parametrize("model", [pytest.param(name, marks=pytest.mark.slow) for name in ("cgan", "mlp_gan")])
def test_a_run_starts_from_an_exported_generator(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its images before the first step are those of the export; all else is new."""
    tiny_networks = ("--generator-units", "8", "--discriminator-units", "8") if model == "mlp_gan" else ()
    flags = ["--model", model, *tiny_networks]
    shared = [flag for flag in TINY if model != "mlp_gan" or flag not in ("--base-filters", "4")]
    assert call("train", *shared, *flags, *where(tmp_path)) == 0
    capsys.readouterr()
    still = ("--generator-learning-rate", "1e-30", "--epochs", "1", "--steps-per-epoch", "1", "--seed", "9")
    new = ("--run-dir", tmp_path / "new", "--export-dir", tmp_path / "new_out")
    assert call("train", *shared, *flags, *still, *new, "--init-from", tmp_path / "out") == 0
    output = capsys.readouterr().out
    assert (
        f"starts from: the generator of {tmp_path / 'out'}; its discriminator and both optimizers start anew" in output
    )
    old, new_one = SavedGenerator(tmp_path / "out"), load_model(newest_of_run(tmp_path / "new"))
    images = old.images_from_latents(np.eye(3, dtype=np.float32), None)
    inputs = new_one.generator_inputs(np.eye(3, dtype=np.float32), new_one.check_labels(None, 3))
    # BatchNorm's moving means take one step.
    np.testing.assert_allclose(new_one(inputs), images, atol=0.2)
    theirs = load_model(newest_of_run(tmp_path / "run"))
    assert not np.allclose(new_one.discriminator.weights[0], theirs.discriminator.weights[0])


def test_another_generator_is_refused_as_a_start(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("train", *TINY, *where(tmp_path), "--epochs", "1") == 0
    capsys.readouterr()
    for flags, expected in (
        (("--base-filters", "5"), "its generator has other layers than this run's. Use the same model and widths"),
        (("--image-size", "16"), "image_shape is (8, 8, 1) there and (16, 16, 1) here"),
        (("--model", "cgan"), "num_classes is None there and 10 here"),
    ):
        said = refused(capsys, "train", *TINY, *flags, "--run-dir", tmp_path / "b", "--init-from", tmp_path / "out")
        assert expected in said
        assert not (tmp_path / "b").exists()
    other = ("--latent-dim", "4", "--run-dir", tmp_path / "b", "--init-from", tmp_path / "run")
    assert "latent_dim is 3 there and 4 here" in refused(capsys, "train", *TINY, *other)
    (tmp_path / "notes.txt").write_text("none")
    assert "Expected a file NAME.keras" in refused(capsys, "train", *TINY, "--init-from", tmp_path / "notes.txt")
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "is no SavedModel" in refused(capsys, "train", *TINY, "--init-from", empty)
