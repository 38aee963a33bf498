"""Runs of models that learn from two kinds of images without pairs, from flags to both of their exports."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tfgan_suite.cli import COMMANDS, run
from tfgan_suite.config import TrainConfig
from tfgan_suite.exported import read_card
from tfgan_suite.metrics.records import read_records
from tfgan_suite.presets import PRESETS
from tfgan_suite.presets.unpaired import UNPAIRED

TINY = {
    "image_size": 8, "base_filters": 2, "residual_blocks": 1, "discriminator_halvings": 1, "pool_size": 6,
    "batch_size": 4, "steps_per_epoch": 3, "sample_count": 8,
}  # fmt: skip


def flags(settings: dict[str, Any]) -> list[str]:
    return [
        part
        for name, value in settings.items()
        if value is not None
        for part in (f"--{name.replace('_', '-')}", str(value))
    ]


def train(tmp_path: Path, dataset: object, *more: str, **settings: Any) -> int:
    places = {"run_dir": tmp_path / "run", "export_dir": tmp_path / "out"}
    given = {"model": "cyclegan", "dataset": dataset, "epochs": 2, "source": "a", "target": "b"}
    given |= TINY | places | settings
    return run(COMMANDS["train"], [*flags(given), "--no-tensorboard", *more], "train.py")


def translate(*arguments: object) -> int:
    return run(COMMANDS["translate"], list(map(str, arguments)), "translate.py")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Kinds of 24 and of 18 images, of which those of one name show the same, brighter or darker."""
    random = np.random.default_rng(0)
    for row in range(24):
        pixels = random.integers(0, 128, (8, 8, 3)).astype(np.uint8)
        for kind, added in (("a", 0), ("b", 127)) if row < 18 else (("a", 0),):
            (tmp_path / "kinds" / kind).mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels + np.uint8(added)).save(tmp_path / "kinds" / kind / f"{row}.png")
    return tmp_path / "kinds"


@pytest.mark.slow
def test_a_run_leaves_all_that_a_run_promises(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    watching = {"evaluate_every": 1, "keep_best": "l1", "metrics": "psnr,l1", "image_size": 16}
    assert train(tmp_path, folder, **watching) == 0, capsys.readouterr().err
    told = capsys.readouterr().out
    assert "16 a of 16x16x3; 10 b; a: 8 of 24 images held out; b: 8 of 18 images held out" in told
    assert "generator_ab" in told and "discriminator_a" in told and "no labels" not in told
    place = tmp_path / "run"
    assert {path.name for path in place.iterdir()} >= {"config.json", "history.csv", "health.csv", "losses.png", "best"}
    (_, last) = csv.DictReader((place / "history.csv").read_text().splitlines())
    assert all(float(last[name]) > 0 for name in ("cycle_loss", "identity_loss", "generator_loss", "psnr", "l1"))
    facts = json.loads((place / "config.json").read_text())["data"]
    assert (facts["num_sources"], facts["num_images"]) == (16, 10)
    with Image.open(place / "samples" / "epoch_0002.png") as grid:
        assert grid.width >= 4 * 16

    answers = []
    picture = folder / "a" / "0.png"
    for number, (subject, direction) in enumerate(
        [("out", "a_to_b"), ("out", "b_to_a"), ("out/b_to_a", None), ("run", None), ("run", "b_to_a")]
    ):
        way = [] if direction is None else ["--direction", direction]
        output = tmp_path / f"answer_{number}.png"
        assert translate(tmp_path / subject, picture, "--output", output, *way) == 0, capsys.readouterr().err
        with Image.open(output) as answer:
            answers.append(np.asarray(answer).astype(int))
    assert np.abs(answers[0] - answers[3]).max() <= 1 and np.abs(answers[1] - answers[4]).max() <= 1
    np.testing.assert_array_equal(answers[1], answers[2])
    assert np.abs(answers[0] - answers[1]).max() > 1

    output = ["--output", tmp_path / "none"]
    assert translate(tmp_path / "out" / "a_to_b", picture, "--direction", "b_to_a", *output) == 2
    assert "goes a_to_b. Received: --direction b_to_a. Leave it out." in capsys.readouterr().err
    assert run(COMMANDS["verify_export"], [str(tmp_path / "out")], "verify_export.py") == 2
    assert "holds a model for each direction. Give one of them" in capsys.readouterr().err
    assert run(COMMANDS["verify_export"], [str(tmp_path / "out" / "b_to_a")], "verify_export.py") == 0
    capsys.readouterr()
    card = [str(place), "--output", str(tmp_path / "card"), "--licence", "none", "--direction", "b_to_a"]
    assert run(COMMANDS["model_card"], card, "model_card.py") == 0, capsys.readouterr().err
    assert sorted(path.name for path in (tmp_path / "card").iterdir()) == [
        "1", "MODEL_CARD.md", "evaluation.json", "samples.png",
    ]  # fmt: skip
    text = (tmp_path / "card" / "MODEL_CARD.md").read_text()
    assert "It has learned without pairs" in text and "held-out pairs" in text and "cycle_noise_ratio" in text
    assert read_card(tmp_path / "card" / "1")["direction"] == "b_to_a"
    capsys.readouterr()
    for subject, way, written in (
        (place, ["--direction", "b_to_a"], "b_to_a"),
        (tmp_path / "out", [], "a_to_b"),
    ):
        code = run(COMMANDS["export"], [str(subject), "--format", "onnx", *way], "export.py")
        told, beside = capsys.readouterr(), tmp_path / "out" / f"{written}.onnx"
        assert code == 0 and f"exported: {beside}" in told.out, told.err
        assert json.loads(beside.with_suffix(".onnx.json").read_text())["direction"] == written
        beside.unlink()
    assert run(COMMANDS["evaluate"], [str(place), "--metrics", "psnr,l1"], "evaluate.py") == 0
    assert "psnr" in capsys.readouterr().out
    assert train(tmp_path, folder, cycle_weight=3, **watching) == 2
    assert "--cycle-weight was 5.0, now 3.0" in capsys.readouterr().err


@pytest.mark.slow
def test_a_run_one_way_leaves_one_export_and_a_card(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = {key: value for key, value in TINY.items() if key != "pool_size"}
    given = {"model": "cut", "dataset": folder, "epochs": 1, "source": "a", "target": "b", "nce_patches": 9}
    places = {"run_dir": tmp_path / "run", "export_dir": tmp_path / "out"}
    assert run(COMMANDS["train"], [*flags(given | own | places), "--no-tensorboard"], "train.py") == 0
    told = capsys.readouterr().out
    assert "patch_projector" in told and (tmp_path / "out" / "1").is_dir()
    (last,) = csv.DictReader((tmp_path / "run" / "history.csv").read_text().splitlines())
    assert float(last["nce_loss"]) > 0 and float(last["identity_nce_loss"]) > 0
    assert run(COMMANDS["evaluate"], [str(tmp_path / "run"), "--direction", "b_to_a"], "evaluate.py") == 2
    assert "CUT goes one way. Received: --direction b_to_a" in capsys.readouterr().err
    card = [str(tmp_path / "run"), "--output", str(tmp_path / "card"), "--licence", "none"]
    assert run(COMMANDS["model_card"], card, "model_card.py") == 0, capsys.readouterr().err
    text = (tmp_path / "card" / "MODEL_CARD.md").read_text()
    assert "It has learned without pairs" in text and "| l1 |" in text and "cycle" not in text.split("## Measured")[1]
    assert "direction" not in read_card(tmp_path / "card" / "1")


def train_looks(tmp_path: Path, *look: str, **settings: Any) -> int:
    given = {"source": None, "target": None, "image_size": 8} | settings
    return train(tmp_path, "digits", "--look", *look, **given)


@pytest.mark.slow
def test_a_run_of_another_look_from_data_to_measurement(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It learns from halves, and is measured on images that are in both looks, while it learns and afterwards."""
    watching = {"evaluate_every": 1, "metrics": "l1,label_accuracy,label_accuracy_kept", "keep_best": "l1"}
    assert train_looks(tmp_path, "thick", "inverted", **watching) == 0, capsys.readouterr().err
    told = capsys.readouterr().out
    assert "854 a of 8x8x1; 853 b, others, thick, inverted; 90 of 1,797 images held out" in told
    assert "l1,label_accuracy,label_accuracy_kept of 90 pairs held out, after each epoch" in told
    (_, last) = csv.DictReader((tmp_path / "run" / "history.csv").read_text().splitlines())
    facts = json.loads((tmp_path / "run" / "config.json").read_text())
    assert facts["config"]["look"] == facts["data"]["look"] == ["thick", "inverted"]
    for subject, more in (("run", []), ("out/a_to_b", ["--dataset", "digits"])):
        record = tmp_path / f"{subject.replace('/', '_')}.json"
        flags = [str(tmp_path / subject), *more, "--output", str(record)]
        assert run(COMMANDS["evaluate"], flags, "evaluate.py") == 0, capsys.readouterr().err
        found = {each.metric: each for each in read_records(record)}
        assert set(found) >= {"psnr", "l1", "kernel_distance", "label_accuracy", "label_accuracy_kept"}
        assert found["label_accuracy"].protocol["look"] == ["thick", "inverted"]
        assert found["label_accuracy"].value == pytest.approx(float(last["label_accuracy"]), abs=0.03)
        kept = found["label_accuracy"].value / found["label_accuracy"].floor
        assert found["label_accuracy_kept"].value == pytest.approx(kept, rel=1e-12)
        assert found["l1"].value == pytest.approx(float(last["l1"]), abs=0.01)
    assert run(COMMANDS["evaluate"], [str(tmp_path / "run"), "--split", "train", "--metrics", "l1"], "evaluate.py") == 2
    assert "Expected images that are in both looks" in capsys.readouterr().err
    # The same command says that it is finished; another look is another run.
    assert train_looks(tmp_path, "thick", "inverted", **watching) == 0
    assert "finished" in capsys.readouterr().out
    assert train_looks(tmp_path, "inverted", **watching) == 2
    error = capsys.readouterr().err
    assert "--look was ('thick', 'inverted'), now ('inverted',)" in error and error.count("\n") == 1


@pytest.mark.slow
def test_cut_and_continued_it_is_the_uncut_run(tmp_path: Path) -> None:
    """Of another look, which both starts must find alike; the steps of all models: tests/test_conformance.py."""
    look, colours = ("coloured", "rotated"), {"channels": 3}
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    assert train_looks(whole, *look, "--deterministic", **colours) == 0
    assert train_looks(cut, *look, "--deterministic", epochs=1, **colours) == 0
    assert train_looks(cut, *look, "--deterministic", **colours) == 0
    assert len({(each / "run" / "history.csv").read_text() for each in (whole, cut)}) == 1
    assert len({(each / "run" / "samples" / "epoch_0002.png").read_bytes() for each in (whole, cut)}) == 1


def test_a_dry_run_of_another_look_tells_both_kinds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train_looks(tmp_path, "coloured", "--dry-run", identity_weight=0, evaluate_every=1, metrics="psnr,l1") == 0
    told = capsys.readouterr().out
    assert "8x8x3 uint8" in told and "854 a of 8x8x1; 853 b, others, coloured; 90 of 1,797 images held out" in told
    assert "psnr,l1 of 90 pairs held out" in told and "look = ('coloured',)" in told
    assert TrainConfig.from_preset("cyclegan", look=("thick", "thick")).look == ("thick", "thick")


@pytest.mark.parametrize(
    ("look", "settings", "named"),
    [
        ([], {}, "--look takes at least one of inverted, coloured, rotated, thick. Received: none."),
        (["thik"], {}, "Unknown --look 'thik'. Did you mean thick?"),
        (["thick"], {"source": "a"}, "--source reads two kinds of images, and --look thick makes them of one."),
        (["thick"], {"pair_layout": "side_by_side"}, "--pair-layout reads two kinds of images"),
        (["rotated"], {"image_size": "8x12"}, "--look rotated needs images as high as wide. Received: images of 8x12."),
        (["coloured"], {}, "have 1 and 3 channels here. Give --identity-weight 0, or one number of --channels."),
        (["coloured"], {"channels": 4}, "--look coloured takes grey images. Received: images of 4 channels"),
        (["thick"], {"model": "pix2pix"}, "--look is of models that learn from two kinds of images without pairs"),
        (["thick"], {"model": "cgan"}, "as --model cyclegan. --model cgan learns from images."),
        (["thick"], {"split": "test", "evaluate_every": 1}, "Expected images that are in both looks, as those of"),
    ],
)  # fmt: skip
def test_looks_that_a_run_refuses(
    look: list[str], settings: dict[str, Any], named: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    of_model = dict.fromkeys(TINY) | {"model": "cyclegan"} if settings.get("model") else {}
    assert train_looks(tmp_path, *look, "--dry-run", **of_model | settings) == 2
    error = capsys.readouterr().err
    assert named in error and error.count("\n") == 1, error
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"dataset": "digits"}, "digits has one kind of images"),
        ({"degrade": "noise"}, "--model cyclegan learns from two kinds of images without pairs."),
        ({"source": "c"}, "has no folder c with pictures. It has: a, b."),
        ({"batch_size": 12}, "must not be larger than the data. Received: 12 rows"),
        ({"l1_weight": 3}, "--l1-weight does not apply to --model cyclegan"),
        ({"metrics": "precision_recall", "evaluate_every": 1}, "precision_recall is not of what is made of images"),
        ({"pool_size": -1}, "--pool-size must be at least 0"),
        ({"nce_weight": 2.0}, "--nce-weight does not apply to --model cyclegan"),
        ({"model": "cut", "pool_size": 6, "nce_patches": 1}, "--nce-patches must be at least 2"),
        ({"model": "cut", "pool_size": 7}, "--pool-size does not apply to --model cut"),
        ({"generator_up": "pixel_shuffle"}, "--generator-up of a residual translator must be"),
    ],
)  # fmt: skip
def test_what_a_run_refuses(
    settings: dict[str, Any], named: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = settings.pop("dataset", folder)
    assert train(tmp_path, dataset, "--dry-run", **settings) == 2
    error = capsys.readouterr().err
    assert named in error and error.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_kinds_without_one_name_are_trained_and_not_measured(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in list((folder / "b").iterdir()):
        path.rename(path.with_name(f"other_{path.name}"))
    assert train(tmp_path, folder, "--dry-run") == 0
    capsys.readouterr()
    assert train(tmp_path, folder, "--dry-run", evaluate_every=1) == 2
    assert "no image a has the name of an image b" in capsys.readouterr().err


@pytest.mark.parametrize("name", UNPAIRED)
def test_a_preset_has_settings_that_go_together(name: str) -> None:
    config = TrainConfig.from_preset(name)
    assert config.translates and not config.learns_from_pairs
    assert PRESETS[name].command.startswith(f"python scripts/train.py --model {name} --dataset ")
