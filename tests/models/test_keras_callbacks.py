"""Keras's own callbacks on a GAN: each does what it does for any model."""

import csv
from pathlib import Path

import keras
import numpy as np
import pytest
from lanes import corners
from shrunk import batches, shrunk_model

from tfgan_suite import ExactCheckpoint, load_model, resume_fit
from tfgan_suite.continuation.checkpoints import all_variables
from tfgan_suite.models.gan import GAN


def rates(model: GAN) -> list[float]:
    return [float(np.array(optimizer.learning_rate)) for optimizer in model.optimizer.optimizers]


def test_model_checkpoint_whole_and_weights(tmp_path: Path) -> None:
    model = shrunk_model("dcgan")
    whole = keras.callbacks.ModelCheckpoint(str(tmp_path / "whole.keras"))
    weights = keras.callbacks.ModelCheckpoint(str(tmp_path / "part.weights.h5"), save_weights_only=True)
    model.fit(batches(), callbacks=[whole, weights], verbose=0)
    other = shrunk_model("dcgan", seed=9)
    other.load_weights(tmp_path / "part.weights.h5")
    for copy in (load_model(tmp_path / "whole.keras"), other):
        np.testing.assert_array_equal(copy.generate(2), model.generate(2))
        assert [int(o.iterations.numpy()) for o in copy.optimizer.optimizers] == [4, 4]
        for mine, theirs in zip(model.generator_optimizer.variables, copy.generator_optimizer.variables, strict=True):
            np.testing.assert_array_equal(np.array(mine), np.array(theirs))


def test_model_checkpoint_keeps_the_best(tmp_path: Path) -> None:
    path = tmp_path / "best.keras"
    best = keras.callbacks.ModelCheckpoint(str(path), monitor="val_discriminator_loss", mode="min", save_best_only=True)
    shrunk_model("dcgan").fit(batches(), validation_data=batches(), callbacks=[best], verbose=0)
    assert path.is_file()


class CutOff(keras.callbacks.Callback):
    """Ends a run as it begins its third epoch."""

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        if epoch == 2:
            raise KeyboardInterrupt


# With Dropout and a moving average; the noise and the masks are keyed by the step that is restored.
@pytest.mark.parametrize("ours", corners([False, True], True))
def test_a_run_cut_between_epochs_goes_on_as_the_uncut_one(ours: bool, tmp_path: Path) -> None:
    whole = shrunk_model("mlp_gan")
    whole.fit(batches(), epochs=4, verbose=0)

    def life(*callbacks: keras.callbacks.Callback) -> GAN:
        model = shrunk_model("mlp_gan")
        keeper = ExactCheckpoint(tmp_path) if ours else keras.callbacks.BackupAndRestore(str(tmp_path / "backup"))
        done = keeper.restore(model) if ours else 0
        model.fit(batches(), epochs=4, initial_epoch=done // 4, callbacks=[keeper, *callbacks], verbose=0)
        return model

    with pytest.raises(KeyboardInterrupt):
        life(CutOff())
    resumed = life()
    for mine, theirs in zip(all_variables(whole), all_variables(resumed), strict=True):
        np.testing.assert_allclose(np.array(mine), np.array(theirs), atol=1e-6, err_msg=mine.path)


def test_resume_fit_goes_on_in_the_middle_of_an_epoch(tmp_path: Path) -> None:
    class CutInEpoch(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: object = None) -> None:
            if int(self.model.step.numpy()) == 7:
                raise KeyboardInterrupt

    def life(folder: Path, *callbacks: keras.callbacks.Callback) -> GAN:
        model = shrunk_model("mlp_gan")
        rows = keras.callbacks.CSVLogger(str(folder / "history.csv"), append=True)
        data = batches().repeat(3)
        try:
            resume_fit(model, data.skip, 3, 4, ExactCheckpoint(folder / "c", every=2), [rows, *callbacks], verbose=0)
        finally:
            rows.csv_file.close()
        return model

    folders = tmp_path / "whole", tmp_path / "pieces"
    for folder in folders:
        folder.mkdir()
    whole = life(folders[0])
    with pytest.raises(KeyboardInterrupt):
        life(folders[1], CutInEpoch())
    assert (folders[1] / "history.csv").read_text().count("\n") == 2  # no row for part of an epoch
    resumed = life(folders[1])
    for mine, theirs in zip(all_variables(whole), all_variables(resumed), strict=True):
        np.testing.assert_allclose(np.array(mine), np.array(theirs), atol=1e-6, err_msg=mine.path)
    histories = [np.genfromtxt(folder / "history.csv", delimiter=",", names=True) for folder in folders]
    for key in ("epoch", "generator_loss", "discriminator_loss", "real_score", "fake_score"):
        np.testing.assert_allclose(histories[1][key], histories[0][key], rtol=1e-5)


def test_early_stopping() -> None:
    stop = keras.callbacks.EarlyStopping("generator_loss", mode="min", patience=0, min_delta=1e9)
    history = shrunk_model("dcgan").fit(batches(), epochs=5, callbacks=[stop], verbose=0).history
    assert len(history["generator_loss"]) == 2


def test_learning_rate_scheduler_steers_both_optimizers() -> None:
    model = shrunk_model("dcgan", generator_learning_rate=1e-3, discriminator_learning_rate=4e-3)
    halve = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.5)
    history = model.fit(batches(), epochs=2, callbacks=[halve], verbose=0).history
    np.testing.assert_allclose(rates(model), [0.25e-3, 1e-3], rtol=1e-5)
    np.testing.assert_allclose(history["learning_rate_discriminator"], [2e-3, 1e-3], rtol=1e-5)


def test_reduce_on_plateau_steers_both_optimizers() -> None:
    model = shrunk_model("dcgan", generator_learning_rate=1e-3, discriminator_learning_rate=4e-3)
    reduce = keras.callbacks.ReduceLROnPlateau(
        "generator_loss", mode="min", factor=0.1, patience=1, min_delta=1e9, min_lr=0
    )
    model.fit(batches(), epochs=2, callbacks=[reduce], verbose=0)
    np.testing.assert_allclose(rates(model), [1e-4, 4e-4], rtol=1e-5)


def test_csv_logger_lambda_progress_bar_and_tensorboard(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seen: list[int] = []
    callbacks = [
        keras.callbacks.CSVLogger(str(tmp_path / "log.csv")),
        keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(epoch)),
        keras.callbacks.TensorBoard(str(tmp_path / "board"), write_graph=False, histogram_freq=1),
    ]
    shrunk_model("dcgan").fit(batches(), epochs=2, callbacks=callbacks, verbose=2)
    with (tmp_path / "log.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [row["epoch"] for row in rows] == ["0", "1"]
    assert float(rows[1]["discriminator_loss"]) > 0
    assert seen == [0, 1]
    assert list((tmp_path / "board").rglob("events*"))
    assert "discriminator_loss" in capsys.readouterr().out


def test_iterations_are_epochs_times_steps_on_data_of_unknown_size() -> None:
    dataset = batches().filter(lambda images, labels: True).repeat()
    model = shrunk_model("dcgan")
    model.fit(dataset, epochs=3, steps_per_epoch=4, verbose=0)
    assert int(model.step.numpy()) == 12
