import os
import signal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
from lanes import corners
from PIL import Image
from shrunk import batches, shrunk_config, shrunk_model, tiny_data

from tfgan_suite import DivergenceError, InputError
from tfgan_suite.callbacks import sample_grid, throttle
from tfgan_suite.callbacks.loss_plot import LossPlot
from tfgan_suite.callbacks.sample_grid import SampleGrid
from tfgan_suite.callbacks.stop_on_non_finite import StopOnNonFinite
from tfgan_suite.callbacks.stop_on_signal import StopOnSignal, StoppedBySignalError
from tfgan_suite.callbacks.throttle import Throttle
from tfgan_suite.continuation.checkpoints import newest_checkpoint
from tfgan_suite.continuation.exact_checkpoint import ExactCheckpoint
from tfgan_suite.images import save_png, to_uint8
from tfgan_suite.runs.run import Run
from tfgan_suite.runs.training import run_callbacks


def test_sample_grids_gif_and_tensorboard_images(tmp_path: Path) -> None:
    callback = SampleGrid(tmp_path / "samples", 9, gif=tmp_path / "all.gif", log_dir=tmp_path / "board")
    shrunk_model("dcgan").fit(batches(), epochs=2, callbacks=[callback], verbose=0)
    pictures = sorted((tmp_path / "samples").iterdir())
    assert [picture.name for picture in pictures] == ["epoch_0001.png", "epoch_0002.png"]
    with Image.open(pictures[0]) as picture:
        assert picture.size == (608, 608)  # 3 images of 8 pixels, each 25 wide, 4 apart
        last = np.asarray(Image.open(pictures[1]))
    with Image.open(tmp_path / "all.gif") as animation:
        assert animation.n_frames == 2
        animation.seek(1)
        frame = np.asarray(animation.convert("L"))
    np.testing.assert_array_equal(frame[-len(last) :], last)
    assert (frame[: -len(last)] < 128).any()  # the epoch
    assert list((tmp_path / "board").rglob("events*"))


def test_what_is_looked_at_is_written_as_the_run_goes(tmp_path: Path) -> None:
    history, shown = tmp_path / "history.csv", []

    class Look(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: object = None) -> None:
            shown.append((frames(tmp_path / "all.gif"), (tmp_path / "losses.png").is_file()))

    callbacks = [
        keras.callbacks.CSVLogger(str(history)),
        SampleGrid(tmp_path / "samples", 4, gif=tmp_path / "all.gif"),
        LossPlot(history, tmp_path / "losses.png"),
        Look(),
    ]
    shrunk_model("dcgan").fit(batches(), epochs=3, callbacks=callbacks, verbose=0)
    assert shown[0] == (1, True)
    assert [count for count, _ in shown] == sorted(count for count, _ in shown)
    assert frames(tmp_path / "all.gif") == 3  # at the end all of them


def frames(path: Path) -> int:
    with Image.open(path) as animation:
        return animation.n_frames  # type: ignore[attr-defined, no-any-return]


def test_a_continued_run_animates_all_epochs(tmp_path: Path) -> None:
    for first in (0, 2):
        grid = SampleGrid(tmp_path / "samples", 4, gif=tmp_path / "all.gif")
        shrunk_model("dcgan").fit(batches(), initial_epoch=first, epochs=first + 2, callbacks=[grid], verbose=0)
    assert frames(tmp_path / "all.gif") == 4


def test_a_gif_has_evenly_spaced_epochs_and_the_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "samples").mkdir()
    for epoch in (*range(1, 10), 10_000):
        save_png(tmp_path / "samples" / f"epoch_{epoch:04d}.png", np.full((8, 90, 1), epoch % 256, np.uint8))
    (tmp_path / "samples" / "epoch_x.png").touch()
    save_png(tmp_path / "samples" / "epoch_0010.png", np.zeros((8, 91, 1), np.uint8))  # of another size
    monkeypatch.setattr(sample_grid, "MAX_FRAMES", 4)
    SampleGrid(tmp_path / "samples", gif=tmp_path / "all.gif").on_train_end()
    levels = []
    with Image.open(tmp_path / "all.gif") as animation:
        for index in range(animation.n_frames):
            animation.seek(index)
            levels.append(int(np.asarray(animation.convert("L"))[-1, 0]))
    assert levels == [1, 4, 7, 10_000 % 256]


def test_pictures_take_a_twentieth_of_the_time_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, done = [100.0], []
    monkeypatch.setattr(throttle, "time", SimpleNamespace(monotonic=lambda: clock[0]))

    def work() -> None:
        done.append(clock[0])
        clock[0] += 2.0

    drawing = Throttle(work)
    for _ in range(1000):  # epochs of a second
        drawing.perhaps()
        clock[0] += 1.0
    assert done[:3] == [100.0, 142.0, 184.0]
    assert len(done) * 2.0 <= (clock[0] - 100.0) / 20 + 2.0
    before = len(done)
    drawing.finish()
    assert len(done) == before + 1
    drawing.finish()
    assert len(done) == before + 1


def test_pictures_that_are_up_to_date_are_not_written_again() -> None:
    done: list[int] = []
    drawing = Throttle(lambda: done.append(1))
    drawing.perhaps()
    drawing.finish()
    assert done == [1]


@pytest.mark.parametrize("attributes", [False, True])
def test_conditional_grid_has_a_column_a_class(attributes: bool, tmp_path: Path) -> None:
    model = shrunk_model("cgan", attributes=attributes)
    labels = np.eye(3) if attributes else np.arange(3)
    images = to_uint8(model.generate(6, labels=labels))

    def drawn(**options: Any) -> np.ndarray:
        callback = SampleGrid(tmp_path, 8, **options)
        callback.set_model(model)
        return callback.draw()

    pixels = drawn()
    assert pixels.shape == (404, 608, 1)  # 2 rows of the 3 classes, each pixel 25 wide, 4 apart
    np.testing.assert_array_equal(pixels[204::25, :200:25], images[3])  # second row, first column
    named = drawn(label_names=["cat", "dog", "emu"])
    np.testing.assert_array_equal(named[-404:], pixels)
    assert (named[:-404] < 128).any()


@pytest.mark.parametrize("preset", ["dcgan", "cgan"])
def test_a_run_of_plain_grids_goes_on_with_them(preset: str, tmp_path: Path) -> None:
    model = shrunk_model(preset)
    callback = SampleGrid(tmp_path, 9, label_names=["cat", "dog", "emu"], plain=True)
    callback.set_model(model)
    pixels = callback.draw()
    assert pixels.shape == (28, 28, 1)  # 3 images of 8 pixels, 2 apart
    labels = None if preset == "dcgan" else np.arange(3)
    np.testing.assert_array_equal(pixels[10:18, :8], to_uint8(model.generate(9, labels=labels))[3])


@pytest.mark.parametrize("data_rules", [1, 2])
def test_a_run_of_old_rules_keeps_its_grids(data_rules: int, tmp_path: Path) -> None:
    config = shrunk_config("cgan", run_dir=str(tmp_path), tensorboard=False)
    run = Run(config, tiny_data(), tiny_data(), shrunk_model("cgan"), 2, {}, data_rules)
    callbacks = run_callbacks(run, ExactCheckpoint(tmp_path / "checkpoints"))
    (grid,) = (callback for callback in callbacks if isinstance(callback, SampleGrid))
    assert (grid.plain, grid.label_names) == (data_rules == 1, ("a", "b", "c"))


def test_checkpoints_after_epochs_and_every_so_many_steps(tmp_path: Path) -> None:
    class Steps(keras.callbacks.Callback):
        def on_train_end(self, logs: object = None) -> None:
            assert saved() == [3, 4, 6, 8, 9, 12]

    def saved() -> list[int]:
        return sorted(int(path.stem.removeprefix("step_")) for path in tmp_path.glob("step_*.keras"))

    checkpoint = ExactCheckpoint(tmp_path, every=3, keep=100)
    shrunk_model("dcgan").fit(batches(), epochs=3, callbacks=[checkpoint, Steps()], verbose=0)


def test_rolling_back_takes_the_newest_state_before_and_deletes_later_ones(tmp_path: Path) -> None:
    class RollBack(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: object = None) -> None:
            if batch == 1:
                self.seen = self.model.generator.get_weights()
            if batch == 5:
                assert checkpoint.roll_back(1) is None
                assert checkpoint.roll_back(3) == 2

    checkpoint, rolled = ExactCheckpoint(tmp_path, every=2, keep=100), RollBack()
    model = shrunk_model("dcgan")
    model.fit(batches(count=48), callbacks=[checkpoint, rolled], verbose=0)
    for then, now in zip(rolled.seen, model.generator.get_weights(), strict=True):
        np.testing.assert_array_equal(then, now)
    # The epoch's end saves the state that it went back to, and what was saved at step 4 is gone.
    assert sorted(path.name for path in tmp_path.glob("*.keras")) == ["step_00000002.keras"]


def test_a_folder_with_later_checkpoints_is_refused_until_restored(tmp_path: Path) -> None:
    shrunk_model("dcgan").fit(batches(), callbacks=[ExactCheckpoint(tmp_path)], verbose=0)
    with pytest.raises(InputError, match="holds a checkpoint of step 4, and the model has taken 0"):
        shrunk_model("dcgan").fit(batches(), callbacks=[ExactCheckpoint(tmp_path)], verbose=0)


def test_a_damaged_checkpoint_is_not_counted_among_those_kept(tmp_path: Path) -> None:
    checkpoint, model = ExactCheckpoint(tmp_path, every=2, keep=1), shrunk_model("dcgan")
    model.fit(batches(), epochs=1, callbacks=[checkpoint], verbose=0)
    (tmp_path / "step_00000009.keras").write_bytes(b"damaged")
    (tmp_path / "step_00000009.json").write_text("{}")
    assert checkpoint.restore(model) == 4
    model.fit(batches().take(1), callbacks=[checkpoint], verbose=0)
    assert newest_checkpoint(tmp_path).step == 5


@pytest.mark.parametrize("wrong", [{"every": 0}, {"keep": 0}])
def test_a_checkpoint_refuses_counts_below_one(wrong: dict[str, int], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="must be at least 1"):
        ExactCheckpoint(tmp_path, **wrong)


def test_non_finite_stops_before_anything_is_saved(tmp_path: Path) -> None:
    model = shrunk_model("dcgan")
    checkpoint = ExactCheckpoint(tmp_path / "checkpoints")
    model.fit(batches(), callbacks=[StopOnNonFinite(), checkpoint], verbose=0)
    kernel = model.generator.trainable_variables[0]
    kernel.assign(np.full(kernel.shape, np.nan))
    with pytest.raises(
        DivergenceError, match=r"In epoch 2, step 1: fake_score is nan, the generator's weight .*kernel is not finite"
    ):
        model.fit(batches(), epochs=2, initial_epoch=1, callbacks=[StopOnNonFinite(), checkpoint], verbose=0)
    assert newest_checkpoint(tmp_path / "checkpoints").step == 4


def test_a_weight_that_breaks_in_the_last_step_is_not_saved(tmp_path: Path) -> None:
    class Break(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: object = None) -> None:
            kernel = self.model.generator.trainable_variables[0]
            kernel.assign(np.full(kernel.shape, np.inf))

    callbacks = [Break(), StopOnNonFinite(), ExactCheckpoint(tmp_path / "checkpoints")]
    with pytest.raises(DivergenceError, match=r"After epoch 1: the generator's weight .* is not finite"):
        shrunk_model("dcgan").fit(batches().take(1), callbacks=callbacks, verbose=0)
    assert not list((tmp_path / "checkpoints").iterdir())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_step_and_handlers_come_back(number: signal.Signals) -> None:
    class Send(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch: int, logs: object = None) -> None:
            if batch == 1:
                os.kill(os.getpid(), number)

    before = signal.getsignal(number)
    model = shrunk_model("dcgan")
    with pytest.raises(StoppedBySignalError) as stop:
        model.fit(batches(), callbacks=[StopOnSignal(), Send()], verbose=0)
    assert stop.value.number == number
    assert int(model.step.numpy()) == 2
    assert signal.getsignal(number) == before


@pytest.mark.parametrize("validated", corners([False, True], True))
def test_loss_plot(validated: bool, tmp_path: Path) -> None:
    history = tmp_path / "history.csv"
    callbacks = [keras.callbacks.CSVLogger(str(history)), LossPlot(history, tmp_path / "losses.png")]
    validation = batches() if validated else None
    shrunk_model("dcgan").fit(batches(), validation_data=validation, epochs=2, callbacks=callbacks, verbose=0)
    with Image.open(tmp_path / "losses.png") as picture:
        assert picture.size == (800, 600)
