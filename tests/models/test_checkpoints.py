"""Checkpoints are whole or absent, and a model takes its own only."""

import json
import shutil
import uuid
import zipfile
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from lanes import corners
from shrunk import batches, shrunk_model

from tfgan_suite import DivergenceError, InputError, load_model
from tfgan_suite.continuation.checkpoints import (
    all_variables,
    arrays_sha256,
    newest_checkpoint,
    restore_checkpoint,
    save_checkpoint,
)
from tfgan_suite.models.gan import GAN


def trained(name: str = "mlp_gan", steps: int = 2, **settings: object) -> GAN:
    model = shrunk_model(name, **settings)
    model.fit(batches().take(steps), verbose=0)
    return model


def assert_equal_models(one: GAN, other: GAN) -> None:
    for mine, theirs in zip(all_variables(one), all_variables(other), strict=True):
        np.testing.assert_array_equal(np.array(mine), np.array(theirs), err_msg=mine.path)
    assert one.epoch_means() == other.epoch_means()


@pytest.fixture(scope="module")
def two_steps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the checkpoints of steps 1 and 2; a test that writes works on a copy."""
    folder = tmp_path_factory.mktemp("two_steps")
    model = trained(steps=1)
    save_checkpoint(model, folder)
    model.fit(batches().take(1), verbose=0)
    save_checkpoint(model, folder)
    return folder


@pytest.mark.parametrize("place", corners(["local", "ram"], "local"))
def test_saved_restored_pruned_and_loadable(place: str, tmp_path: Path) -> None:
    directory = f"ram://{uuid.uuid4()}/checkpoints" if place == "ram" else str(tmp_path / "checkpoints")
    assert newest_checkpoint(directory) is None
    tf.io.gfile.makedirs(directory)
    model = trained()
    for _ in range(3):
        model.fit(batches().take(1), verbose=0)
        path = save_checkpoint(model, directory, keep=2)
    names = sorted(tf.io.gfile.listdir(directory))
    assert names == [f"step_{step:08d}.{kind}" for step in (4, 5) for kind in ("json", "keras")]
    checkpoint = newest_checkpoint(directory)
    assert checkpoint is not None
    assert (checkpoint.path, checkpoint.step) == (path, 5)
    fresh = shrunk_model("mlp_gan")
    restore_checkpoint(fresh, checkpoint)
    assert_equal_models(fresh, model)
    if place == "local":
        np.testing.assert_array_equal(load_model(path).generate(2), model.generate(2))


def test_two_replicas_take_the_state_of_one(tmp_path: Path, mirrored: tf.distribute.Strategy) -> None:
    one = trained("cgan")
    save_checkpoint(one, tmp_path)
    with mirrored.scope():
        two = shrunk_model("cgan")
    restore_checkpoint(two, newest_checkpoint(tmp_path))
    assert_equal_models(one, two)
    (tmp_path / "again").mkdir()
    save_checkpoint(two, tmp_path / "again")
    back = shrunk_model("cgan")
    restore_checkpoint(back, newest_checkpoint(tmp_path / "again"))
    assert_equal_models(one, back)


def test_what_a_cut_leaves_behind_counts_as_nothing_and_is_removed(tmp_path: Path) -> None:
    model = trained()
    save_checkpoint(model, tmp_path)
    (tmp_path / ".partial_step_00000009.keras").write_bytes(b"half")
    (tmp_path / "step_00000008.keras").write_bytes(b"without its record")
    (tmp_path / "notes.txt").touch()
    assert newest_checkpoint(tmp_path).step == 2
    model.fit(batches().take(1), verbose=0)
    save_checkpoint(model, tmp_path, keep=1)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["notes.txt", "step_00000003.json", "step_00000003.keras"]


@pytest.mark.parametrize("damage", ["truncated", "flipped", "missing", "record", "empty record", "other record"])
def test_a_damaged_newest_is_named_and_the_one_before_is_used(
    damage: str, two_steps: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(two_steps, tmp_path, dirs_exist_ok=True)
    newest = tmp_path / "step_00000002.keras"
    content, record = newest.read_bytes(), newest.with_suffix(".json")
    if damage == "truncated":
        newest.write_bytes(content[: len(content) // 2])
    elif damage == "flipped":
        newest.write_bytes(content[:1000] + bytes([content[1000] ^ 1]) + content[1001:])
    elif damage == "missing":
        newest.unlink()
    else:
        record.write_text({"record": "{", "empty record": "{}", "other record": "[3]"}[damage])
    assert newest_checkpoint(tmp_path).step == 1
    error = capsys.readouterr().err
    assert str(newest) in error
    assert "is damaged" in error
    assert error.count("\n") == 1
    for path in tmp_path.glob("*.keras"):
        path.write_bytes(b"")
    with pytest.raises(InputError, match=r"Every checkpoint in .* is damaged"):
        newest_checkpoint(tmp_path)


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"latent_dim": 5}, r"lacks variables of the shapes \(5, 6\)"), ({"ema_momentum": 0.0}, "others of")],
)
def test_another_models_checkpoint_is_refused(settings: dict, message: str, two_steps: Path) -> None:
    with pytest.raises(InputError, match=message):
        restore_checkpoint(shrunk_model("mlp_gan", **settings), newest_checkpoint(two_steps))


def test_variables_of_the_same_shapes_in_other_places_are_refused(tmp_path: Path) -> None:
    save_checkpoint(trained("mlp_gan", generator_units=(6, 6), dropout=0.0), tmp_path)
    record = next(tmp_path.glob("*.json"))
    assert json.loads(record.read_text())["facts"]["step"] == 2
    checkpoint = newest_checkpoint(tmp_path)
    other = shrunk_model("mlp_gan", generator_units=(6, 6), dropout=0.0)
    other.renamed, other.discriminator_optimizer = other.discriminator_optimizer, other.generator_optimizer
    with pytest.raises(InputError, match="is not one of this model"):
        restore_checkpoint(other, checkpoint)


def test_a_broken_weight_is_not_saved(tmp_path: Path) -> None:
    model = trained()
    kernel = model.generator.trainable_variables[0]
    kernel.assign(np.full(kernel.shape, np.nan))
    with pytest.raises(DivergenceError, match=r"the generator's weight .*kernel is not finite"):
        save_checkpoint(model, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_gone_is_an_error_and_not_made_anew(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file or directory"):
        save_checkpoint(trained(), tmp_path / "gone")
    assert not (tmp_path / "gone").exists()


def test_the_newest_that_is_old_enough_to_roll_back_to_stays(tmp_path: Path) -> None:
    model = trained(steps=1)
    for _ in range(7):
        save_checkpoint(model, tmp_path, keep=2, keep_before=3)
        model.fit(batches().take(1), verbose=0)
    # The newest two, 4 that is three steps older, and 5 that will be.
    steps = sorted(int(path.stem.removeprefix("step_")) for path in tmp_path.glob("*.keras"))
    assert steps == [4, 5, 6, 7]


def test_equal_arrays_have_an_equal_hash_whatever_the_date(tmp_path: Path) -> None:
    model = trained()
    model.save(tmp_path / "a.keras")
    with zipfile.ZipFile(tmp_path / "a.keras") as old, zipfile.ZipFile(tmp_path / "b.keras", "w") as new:
        for name in old.namelist():
            text = b'{"date_saved": "2020-01-01"}' if name == "metadata.json" else old.read(name)
            new.writestr(name, text)
    assert (tmp_path / "a.keras").read_bytes() != (tmp_path / "b.keras").read_bytes()
    model.save(tmp_path / "c.keras")
    assert len({arrays_sha256(tmp_path / f"{name}.keras") for name in "abc"}) == 1
    # One number of one optimizer is enough.
    rate = model.generator_optimizer.variables[1]
    rate.assign(rate * 2)
    model.save(tmp_path / "d.keras")
    assert arrays_sha256(tmp_path / "d.keras") != arrays_sha256(tmp_path / "a.keras")
