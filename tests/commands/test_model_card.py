"""A run made ready to be given away."""

import hashlib
import json
import re
from pathlib import Path

import pytest
from shrunk import shrunk_config

from tfgan_suite.cli import COMMANDS, run
from tfgan_suite.commands.train import train
from tfgan_suite.continuation.checkpoints import arrays_sha256
from tfgan_suite.images import read_picture
from tfgan_suite.metrics.records import read_records
from tfgan_suite.serving.saved_generator import CARD_BESIDE, SavedGenerator, read_card, version_folder

COUNT = "120"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    settings = {"steps_per_epoch": 2, "batch_size": 32, "dataset": "digits", "tensorboard": False, "seed": 3}
    folders = {"run_dir": str(folder / "run"), "export_dir": str(folder / "out")}
    train(shrunk_config("cgan_mirza2014", **folders, **settings))
    return folder / "run"


def test_a_card_says_what_it_is_made_from_and_what_it_measures(trained: Path, tmp_path: Path) -> None:
    base = tmp_path / "cgan_digits"
    assert run(COMMANDS["model_card"], [str(trained), "--output", str(base), "--count", COUNT], "model_card.py") == 0
    assert sorted(path.name for path in base.iterdir()) == ["1", "MODEL_CARD.md", "evaluation.json", "samples.png"]
    text = (base / "MODEL_CARD.md").read_text()
    assert "# cgan_digits" in text and "(2 generator steps, seed 3)" in text
    (command,) = re.findall(r"Command: `(.*?)`", text)
    assert command.startswith(
        "python scripts/train.py --model cgan_mirza2014 --dataset digits --epochs 1 --batch-size 32 "
    )
    assert "--seed 3" in command and str(trained) not in command
    assert "CC BY 4.0" in text and "as many real images that it has learned from (digits" in text
    for record in read_records(base / "evaluation.json"):
        assert f"| {record.metric} | {record.value:.4g} |" in text
    assert SavedGenerator(base).num_classes == 10
    assert "CC BY 4.0" in read_card(version_folder(base))["licence"]
    card = read_card(version_folder(base))
    assert json.loads((base / "1" / CARD_BESIDE).read_text()) == {**card, "image_shape": list(card["image_shape"])}
    checkpoint = trained / "checkpoints" / card["training"]["checkpoint"]
    assert card["training"]["checkpoint_sha256"] == hashlib.sha256(checkpoint.read_bytes()).hexdigest()
    assert card["training"]["arrays_sha256"] == arrays_sha256(checkpoint)
    assert card["training"]["config_sha256"] == hashlib.sha256((trained / "config.json").read_bytes()).hexdigest()
    for record in read_records(base / "evaluation.json"):
        told = card["metrics"][record.metric]
        assert told["value"] == record.value
        assert {**card["metrics_protocol"], **told["protocol"]} == record.protocol
        assert record.protocol["num_generated"] == int(COUNT)
    width, height = read_picture(base / "samples.png").size
    assert width == 10 * (2 * 32 + 4) - 4 and height > width  # a line of names above


@pytest.mark.slow
def test_an_export_carries_the_numbers_of_its_own_checkpoint_alone(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    measured = ["--dataset", "digits", "--count", "50", "--metrics", "precision_recall", "--output"]
    own, other = str(tmp_path / "own.json"), str(tmp_path / "other.json")
    assert run(COMMANDS["evaluate"], [str(trained), *measured, own], "evaluate.py") == 0
    assert run(COMMANDS["evaluate"], [str(trained.parent / "out"), *measured, other], "evaluate.py") == 0
    export = [str(trained), "--export-dir", str(tmp_path / "base"), "--evaluation"]
    assert run(COMMANDS["export"], [*export, own], "export.py") == 0
    card = read_card(tmp_path / "base" / "1")
    assert "CC BY 4.0" in card["licence"]
    numbers = card["metrics"]
    assert {name: number["value"] for name, number in numbers.items()} == {
        record.metric: record.value for record in read_records(own)
    }
    capsys.readouterr()
    assert run(COMMANDS["export"], [*export, other], "export.py") == 2
    assert f"The records measure {trained.parent / 'out'} as it was, and " in capsys.readouterr().err
    assert not (tmp_path / "base" / "2").exists()


def test_data_without_a_licence(trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = trained / "config.json"
    text = config.read_text()
    try:
        config.write_text(text.replace('"dataset": "digits"', '"dataset": "photos"'))
        assert run(COMMANDS["model_card"], [str(trained), "--output", str(tmp_path / "x")], "model_card.py") == 2
    finally:
        config.write_text(text)
    assert "licence of photos is not known" in capsys.readouterr().err


@pytest.mark.slow
def test_a_translator_has_a_card_too(tmp_path: Path) -> None:
    """Of pairs, with what is got without learning beside each number, and the limits of its export."""
    settings = {"steps_per_epoch": 2, "dataset": "digits", "tensorboard": False, "fit": "pad", "background": "black"}
    folders = {"run_dir": str(tmp_path / "run"), "export_dir": str(tmp_path / "out")}
    train(shrunk_config("inpaint", **folders, **settings))
    base = tmp_path / "inpaint_digits"
    assert (
        run(COMMANDS["model_card"], [folders["run_dir"], "--output", str(base), "--count", "40"], "model_card.py") == 0
    )
    assert sorted(path.name for path in base.iterdir()) == ["1", "MODEL_CARD.md", "evaluation.json", "samples.png"]
    text, card = (base / "MODEL_CARD.md").read_text(), read_card(base / "1")
    assert "A translator of 32x32x1 pictures, beside a mask of a hole, into pictures of 32x32x1; " in text
    assert "padded with black, transparent ones lie on black" in text
    assert f"may have {card['max_rows']} rows, and {card['max_pixels']:,} pixels\nin all" in text
    assert "python scripts/translate.py PATH photo.jpg --output translated/ --mask mask.png" in text
    assert "| metric | value | +- | real data | input | mean target | biharmonic |" in text
    for record in read_records(base / "evaluation.json"):
        assert f"| {record.metric} | {record.value:.4g} |" in text
        assert card["metrics"][record.metric]["baselines"] == record.baselines
    assert min(read_picture(base / "samples.png").size) > 400
