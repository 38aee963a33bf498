import os
import signal
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image
from shrunk import batches, shrunk_model

from tfgan_suite import DivergenceError, InputError
from tfgan_suite.callbacks.exact_checkpoint import ExactCheckpoint
from tfgan_suite.callbacks.loss_plot import LossPlot
from tfgan_suite.callbacks.sample_grid import SampleGrid
from tfgan_suite.callbacks.stop_on_non_finite import StopOnNonFinite
from tfgan_suite.callbacks.stop_on_signal import StopOnSignal, StoppedBySignalError
from tfgan_suite.models.checkpoints import newest_checkpoint


def test_sample_grids_gif_and_tensorboard_images(tmp_path: Path) -> None:
    callback = SampleGrid(tmp_path / "samples", 9, gif=tmp_path / "all.gif", log_dir=tmp_path / "board")
    shrunk_model("dcgan").fit(batches(), epochs=2, callbacks=[callback], verbose=0)
    pictures = sorted((tmp_path / "samples").iterdir())
    assert [picture.name for picture in pictures] == ["epoch_0001.png", "epoch_0002.png"]
    with Image.open(pictures[0]) as picture:
        assert picture.size == (28, 28)  # 3 images of 8 pixels, 2 apart
    with Image.open(tmp_path / "all.gif") as animation:
        assert animation.n_frames == 2
    assert list((tmp_path / "board").rglob("events*"))


@pytest.mark.parametrize("attributes", [False, True])
def test_conditional_grid_has_a_column_a_class(attributes: bool, tmp_path: Path) -> None:
    model = shrunk_model("cgan", attributes=attributes)
    callback = SampleGrid(tmp_path, 8)
    callback.set_model(model)
    pixels = callback.draw()
    assert pixels.shape == (18, 28, 1)  # 2 rows of the 3 classes
    labels = np.eye(3) if attributes else np.arange(3)
    second_row_first_column = (model.generate(6, labels=labels)[3] + 1) * 127.5
    np.testing.assert_allclose(pixels[10:18, :8], second_row_first_column, atol=0.51)


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


@pytest.mark.parametrize("validated", [False, True])
def test_loss_plot(validated: bool, tmp_path: Path) -> None:
    history = tmp_path / "history.csv"
    callbacks = [keras.callbacks.CSVLogger(str(history)), LossPlot(history, tmp_path / "losses.png")]
    validation = batches() if validated else None
    shrunk_model("dcgan").fit(batches(), validation_data=validation, epochs=2, callbacks=callbacks, verbose=0)
    with Image.open(tmp_path / "losses.png") as picture:
        assert picture.size == (800, 600)
