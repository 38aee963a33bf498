"""From a labelled data set to a classifier on disk."""

import json
from pathlib import Path

import pytest

from tfgan_suite import load_images
from tfgan_suite.cli import COMMANDS, run
from tfgan_suite.commands.train_classifier import train_classifier_to
from tfgan_suite.errors import InputError
from tfgan_suite.files import sha256_of
from tfgan_suite.metrics.extractors import load_extractor


@pytest.mark.slow
def test_a_classifier_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "own.keras"
    flags = ["--dataset", "digits", "--output", str(path), "--image-size", "12", "--epochs", "12", "--seed", "3"]
    assert run(COMMANDS["train_classifier"], flags, "train_classifier.py") == 0
    facts = json.loads(path.with_suffix(".json").read_text())
    assert facts["sha256"] == sha256_of(path)
    assert facts["accuracy"] > 0.9 and facts["num_test_images"] == 359
    assert facts["command"].endswith("--dataset digits --output own.keras --epochs 12 --image-size 12x12 --seed 3")
    _, test = load_images("digits", image_size=(12, 12)).split(0.2)
    logits = load_extractor(str(path), "digits")(test.images).logits
    assert logits is not None and test.labels is not None
    assert (logits.argmax(1) == test.labels).mean() == pytest.approx(facts["accuracy"])


@pytest.mark.parametrize(
    ("choices", "named"),
    [
        ({"output": "own.h5"}, "NAME.keras"),
        ({"output": "nowhere/own.keras"}, "does not exist"),
        ({"epochs": 0}, "--epochs must be at least 1"),
        ({"dataset": "general", "flip": True}, "Leave out --image-size, --flip"),
    ],
)
def test_bad_choices(choices: dict[str, object], named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=named):
        train_classifier_to(**{"output": "own.keras", "dataset": "digits", **choices})  # type: ignore[arg-type]
