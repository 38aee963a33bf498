"""A run reads its data as it did at its first start, and what is measured of it is measured on the same pictures."""

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from test_cli import call, refused

import tfgan_suite
from tfgan_suite import load_images
from tfgan_suite.commands.augment import real_of_classes
from tfgan_suite.data.image_data import ImageData
from tfgan_suite.evaluation.measure import evaluate
from tfgan_suite.evaluation.subjects import find_subjects
from tfgan_suite.metrics.records import READING, difference
from tfgan_suite.picture_rules import PictureRules
from tfgan_suite.runs import run as run_module
from tfgan_suite.runs.record import read_config
from tfgan_suite.serving.saved_generator import CARD, SavedGenerator

TINY = ("--model", "cgan", "--image-size", "8", "--channels", "1", "--body", "mlp", "--generator-units", "8",
        "--discriminator-units", "8", "--latent-dim", "3", "--batch-size", "8", "--sample-count", "4",
        "--no-tensorboard")  # fmt: skip
EXTRACTOR = str(Path(tfgan_suite.__file__).parent / "networks" / "bundled_weights" / "digits.keras")
MADE = {10: "RGBA", 2: "I;16", 1: "L"}


def write_set(folder: Path, shift: int = 0) -> None:
    """Three classes, each of other pictures: transparent, of 16 bits and 8, none of them square; and a hidden one."""
    for name, mode in MADE.items():
        numbers = np.random.default_rng(name + shift)
        for index in range(8):
            shape = (10 + index, 16)
            made = {
                "RGBA": lambda shape=shape, n=numbers: n.integers(0, 256, (*shape, 4)).astype(np.uint8),
                "I;16": lambda shape=shape, n=numbers: (n.integers(0, 4000 + shift, shape)).astype(np.uint16),
                "L": lambda shape=shape, n=numbers: n.integers(0, 256, shape).astype(np.uint8),
            }[mode]()
            (folder / str(name)).mkdir(parents=True, exist_ok=True)
            Image.fromarray(made).save(folder / str(name) / f"{index + 3}.png")
    (folder / ".hidden").mkdir()
    Image.new("L", (16, 10), 99).save(folder / ".hidden" / "1.png")


def as_it_was(folder: Path) -> ImageData:
    """The data as read by the versions before there were rules, by Pillow alone."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix == ".png")
    names = sorted({path.parent.name for path in paths})
    images = []
    for path in paths:
        with Image.open(path) as image:
            deep = image.mode.startswith("I;16")
            grey = Image.fromarray((np.asarray(image) // 257).astype(np.uint8)) if deep else image.convert("L")
            images.append(np.asarray(grey.resize((8, 8), Image.Resampling.BICUBIC))[..., None])
    labels = np.array([names.index(path.parent.name) for path in paths], np.int32)
    return ImageData(np.stack(images), labels, tuple(names), f"{folder} ({len(paths)} images)")


def flags(place: Path, dataset: str = "set", *more: object) -> tuple[object, ...]:
    """Of a run in a place."""
    return (*TINY, "--dataset", place / dataset, "--run-dir", place / "run", "--export-dir", place / "out", *more)


def config_of(place: Path) -> dict[str, Any]:
    return json.loads((place / "run" / "config.json").read_text())


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of two epochs, its folder and its export as versions wrote them that knew no rules."""
    place = tmp_path_factory.mktemp("old")
    write_set(place / "set")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_module, "DATA_RULES", 1)
        assert call("train", *flags(place), "--epochs", 2) == 0
    strip(place / "run" / "config.json", "data_rules")
    for path in (place / "out" / "1" / CARD, place / "out" / "1" / "card.json"):
        strip(path, "data_rules")
    return place


def strip(path: Path, key: str) -> None:
    facts = json.loads(path.read_text())
    del facts[key]
    path.write_text(json.dumps(facts))


@pytest.fixture
def place(old: Path) -> Path:
    """The old run with its data, to be worked on; its path is part of its identity."""
    kept = old.with_name("kept")
    shutil.copytree(old, kept, symlinks=True)
    yield old
    shutil.rmtree(old)
    kept.rename(old)


def test_by_the_old_rules_data_are_what_they_were(place: Path) -> None:
    expected, data = as_it_was(place / "set"), load_images(str(place / "set"), "train", None, (8, 8), 1, data_rules=1)
    np.testing.assert_array_equal(data.images, expected.images)
    assert data.facts() == expected.facts()
    assert (data.notes, data.warnings, data.label_names) == ((), (), (".hidden", "1", "10", "2"))
    assert config_of(place)["data"] == expected.facts()


def test_an_old_run_goes_on_with_the_data_that_it_had(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    record = config_of(place)
    assert "data_rules" not in record and not {"fit", "background", "levels"} & record["config"].keys()
    capfd.readouterr()
    assert call("train", *flags(place), "--epochs", 3) == 0
    output = capfd.readouterr()
    assert "after step 6 (2 epochs and 0 of 3 steps)" in output.out
    line = next(line for line in output.out.splitlines() if line.startswith("data: "))
    assert line.endswith("4 classes of 1 to 8 images")
    assert "warning" not in output.err
    after = config_of(place)
    assert after["data"] == record["data"]
    assert after["config"] == {**record["config"], "epochs": 3}
    assert after["data_rules"] == 1
    assert json.loads((place / "out" / "2" / CARD).read_text())["data_rules"] == 1


def test_an_old_run_does_not_take_the_new_settings(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, value in (("fit", "pad"), ("background", "black"), ("levels", "auto")):
        error = refused(capsys, "train", *flags(place), "--epochs", 3, f"--{name}", value)
        assert f"--{name} was not there yet, now {value}" in error
    assert call("train", *flags(place), "--epochs", 3, "--dry-run") == 0
    output = capsys.readouterr().out
    assert "4 classes" in output and not any(f"\n{name} = " in output for name in ("fit", "background", "levels"))


def test_begun_anew_it_reads_by_the_new_rules(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    # The other number of classes would be refused beside what the old run has exported.
    assert call("train", *flags(place), "--restart", "--dry-run", "--export-dir", place / "anew") == 0
    output = capfd.readouterr()
    assert (
        "3 classes of 8 to 8 images; 21 cropped; 8 with transparency on white; "
        "left out: 1 hidden picture (.hidden/1.png)\n" in output.out
    )
    assert "\nfit = crop\nbackground = white\nlevels = None\n" in output.out
    assert output.err.count("warning: 8 pictures of 16 bits have no value above") == 1


def test_rules_of_a_later_version_are_refused(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = place / "run" / "config.json"
    for rules in (3, 0, "2", None):
        path.write_text(json.dumps(json.loads(path.read_text()) | {"data_rules": rules}))
        error = refused(capsys, "train", *flags(place), "--epochs", 3)
        assert f"data_rules is {rules!r}, and this version knows 1 to 2" in error


@pytest.mark.parametrize("subject", ["run", "out"])
def test_an_old_run_and_its_export_are_measured_on_what_they_learned(place: Path, subject: str) -> None:
    (found,) = find_subjects(str(place / subject))
    assert found.rules.are_old
    (record, *_) = evaluate(str(place / subject), str(place / "set"), metrics="frechet_distance", extractor=EXTRACTOR)
    reading = {key: record.protocol[key] for key in READING}
    assert reading == {"fit": "stretch", "background": "dropped", "levels": None}
    # What an earlier version wrote of the same has none of these, and compares.
    bare = {key: value for key, value in record.protocol.items() if key not in READING}
    assert difference(record, dataclasses.replace(record, protocol=bare)) == 0
    for key, other in (("fit", "crop"), ("background", "#ffffff"), ("levels", [0, 4095])):
        with pytest.raises(ValueError, match=f"{key} is"):
            difference(dataclasses.replace(record, protocol={**bare, key: other}), record)
    data, _ = real_of_classes(SavedGenerator(place / "out"), str(place / "set"), None)
    assert data.label_names == (".hidden", "1", "10", "2")


@pytest.mark.slow
def test_a_new_run_is_measured_on_pictures_read_as_its_own(tmp_path: Path) -> None:
    """Splits, edges of a colour, and levels of `auto`, which are those of the training split in every split."""
    write_set(tmp_path / "set" / "train")
    write_set(tmp_path / "set" / "test", shift=999)
    assert call("train", *flags(tmp_path, "set", "--fit", "pad", "--background", "navy", "--levels", "auto"),
                "--epochs", 1) == 0  # fmt: skip
    record = config_of(tmp_path)
    low, high = record["data"]["levels"]
    assert (record["data_rules"], record["config"]["levels"]) == (2, "auto")
    rules = PictureRules((8, 8), 1, "pad", "navy", (low, high))
    expected = load_images(str(tmp_path / "set"), "train", None, (8, 8), 1, fit="pad", background="navy", levels="auto")
    assert expected.fingerprint() == record["data"]["fingerprint"]
    test = load_images(
        str(tmp_path / "set"), "test", None, (8, 8), 1, fit="pad", background="navy", levels=rules.levels
    )
    assert expected.label_names == test.label_names == ("1", "2", "10")
    assert read_config(tmp_path / "run").picture_rules() == rules
    card = json.loads((tmp_path / "out" / "1" / CARD).read_text())
    assert PictureRules.of_facts(card) == dataclasses.replace(rules, size=None, channels=None)
    assert find_subjects(str(tmp_path / "out"))[0].rules == PictureRules.of_facts(card)
    (first, *_) = evaluate(
        str(tmp_path / "run"), str(tmp_path / "set"), metrics="frechet_distance", extractor=EXTRACTOR
    )
    assert (first.protocol["held_out"], first.protocol["reference"]) == (True, test.source)
    reading = {key: first.protocol[key] for key in READING}
    assert reading == {"fit": "pad", "background": "#000080", "levels": [low, high]}
    _, held_out = real_of_classes(SavedGenerator(tmp_path / "out"), str(tmp_path / "set"), None)
    np.testing.assert_array_equal(held_out.images, test.images)


def test_what_needs_no_conversion_says_nothing_of_it(small_digits: ImageData) -> None:
    """Records of mnist, of cifar10 and of the digits stay comparable with those of before."""
    assert (small_digits.effects, small_digits.notes, "levels" in small_digits.facts()) == ({}, (), False)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, PictureRules()),  # exported from Python: it does not say
        ({"dataset": "photos", "licence": "mine"}, PictureRules()),
        ({"model": "cgan", "dataset": "photos", "seed": 0}, PictureRules(data_rules=1)),
        ({"seed": 0, "data_rules": 1}, PictureRules(data_rules=1)),
        ({"seed": 0, **PictureRules().facts()}, PictureRules()),
        ({"seed": 0, **PictureRules(fit="pad", levels=(3, 9)).facts()}, PictureRules(fit="pad", levels=(3, 9))),
    ],
)
def test_what_a_card_says(facts: dict[str, Any], expected: PictureRules) -> None:
    assert PictureRules.of_facts(json.loads(json.dumps(facts))) == expected
