"""Runs of models that learn from pairs, from flags to an export."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tfgan_suite.cli import COMMANDS, run
from tfgan_suite.config import TrainConfig
from tfgan_suite.data.pairs import PairData
from tfgan_suite.errors import InputError, saying_flags
from tfgan_suite.models.loading import load_model
from tfgan_suite.presets import PRESETS
from tfgan_suite.presets.pairs import PAIRS
from tfgan_suite.runs.data import read_data, read_held_out
from tfgan_suite.runs.record import picture_rules

TINY = {"image_size": 8, "base_filters": 2, "discriminator_halvings": 1, "steps_per_epoch": 2, "sample_count": 6}


def flags(settings: dict[str, Any]) -> list[str]:
    return [part for name, value in settings.items() for part in (f"--{name.replace('_', '-')}", str(value))]


def train(tmp_path: Path, model: str, dataset: object, *more: str, **settings: Any) -> int:
    places = {"run_dir": tmp_path / "run", "export_dir": tmp_path / "out"}
    given = {"model": model, "dataset": dataset, "epochs": 2, **TINY, **places, **settings}
    return run(COMMANDS["train"], [*flags(given), "--no-tensorboard", *more], "train.py")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twenty pairs: colours, and the same in another order."""
    random = np.random.default_rng(0)
    for row in range(20):
        pixels = random.integers(0, 256, (8, 8, 3)).astype(np.uint8)
        for half, image in (("photo", pixels), ("map", pixels[..., ::-1])):
            (tmp_path / "pairs" / half).mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(tmp_path / "pairs" / half / f"{row}.png")
    return tmp_path / "pairs"


def test_a_run_of_pairs_leaves_all_that_a_run_promises(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    watching = {"evaluate_every": 2, "keep_best": "l1"}
    settings = {"source": "photo", "target": "map", "batch_size": 4, "metrics": "psnr,l1", **watching}
    assert train(tmp_path, "pix2pix", folder, **settings) == 0
    told = capsys.readouterr().out
    assert "12 pairs), 8x8x3 uint8" in told and "sources 8x8x3; 8 of 20 pairs held out" in told
    assert "no labels" not in told and "evaluation: psnr,l1 of 8 pairs held out, after every 2 epochs" in told
    assert "best: l1" in told
    place = tmp_path / "run"
    assert {path.name for path in place.iterdir()} >= {"config.json", "history.csv", "health.csv", "losses.png"}
    assert sorted(path.name for path in (place / "samples").iterdir()) == ["epoch_0001.png", "epoch_0002.png"]
    (last,) = list(csv.DictReader((place / "history.csv").read_text().splitlines()))[1:]
    assert float(last["l1_loss"]) > 0 and float(last["psnr"]) > 3 and float(last["l1"]) > 0
    kept = json.loads((place / "config.json").read_text())
    assert (kept["config"]["source"], kept["config"]["target"]) == ("photo", "map")
    assert kept["data"]["source_shape"] == [8, 8, 3]
    assert train(tmp_path, "pix2pix", folder, source="map", target="photo", batch_size=4) == 2
    assert "--source was photo, now map; --target was map, now photo" in capsys.readouterr().err
    signature = tf.saved_model.load(str(tmp_path / "out" / "1")).signatures["serving_default"]
    assert signature.structured_input_signature[1]["images"].shape[1:] == (8, 8, 3)


@pytest.mark.slow
def test_larger_images_from_flags_to_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With what it had learned before the adversarial loss came in, in the middle of an epoch."""
    small = {"image_size": 16, "residual_blocks": 1, "base_filters": 2, "steps_per_epoch": 2, "batch_size": 4}
    more = {name: value for name, value in small.items() if name != "image_size"}
    places = {"run_dir": tmp_path / "run", "export_dir": tmp_path / "out"}
    given = flags({"model": "super_resolve", "dataset": "digits", "epochs": 2, "image_size": 16, **more, **places})
    given += flags({"content_only_steps": 3, "evaluate_every": 1, "evaluate_count": 20, "seed": 1})
    assert run(COMMANDS["train"], [*given, "--no-tensorboard"], "train.py") == 0
    assert load_model(tmp_path / "run" / "content_stage.keras").step == 3
    (_, last) = csv.DictReader((tmp_path / "run" / "history.csv").read_text().splitlines())
    assert all(float(last[name]) > 0 for name in ("l1_loss", "perceptual_loss", "psnr"))
    with Image.open(tmp_path / "run" / "samples" / "epoch_0002.png") as grid:
        assert grid.width >= 3 * 16
    Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8)).save(tmp_path / "small.png")
    answers = []
    for number, place in enumerate(("run", "out", "run/content_stage.keras")):
        output = ["--output", str(tmp_path / f"answer_{number}")]
        translate = [str(tmp_path / place), str(tmp_path / "small.png"), *output]
        assert run(COMMANDS["translate"], translate, "translate.py") == 0, capsys.readouterr().err
        with Image.open(tmp_path / f"answer_{number}" / "small.png") as answer:
            assert answer.size == (16, 16)
            answers.append(np.asarray(answer).astype(int))
    assert np.abs(answers[0] - answers[1]).max() <= 1 < np.abs(answers[0] - answers[2]).max()
    for place in ("run", "out"):
        evaluate = [str(tmp_path / place), "--metrics", "psnr,ssim", "--count", "50", "--dataset", "digits"]
        assert run(COMMANDS["evaluate"], evaluate, "evaluate.py") == 0, capsys.readouterr().err
        assert "bicubic" in capsys.readouterr().out


@pytest.mark.slow
def test_cut_and_continued_it_is_the_uncut_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    assert train(whole, "inpaint", "digits", "--deterministic") == 0
    assert train(cut, "inpaint", "digits", "--deterministic", epochs=1) == 0
    assert train(cut, "inpaint", "digits", "--deterministic") == 0
    assert "continues" in capsys.readouterr().out
    same = [(each / "run" / "history.csv").read_text() for each in (whole, cut)]
    assert same[0] == same[1]
    pictures = [(each / "run" / "samples" / "epoch_0002.png").read_bytes() for each in (whole, cut)]
    assert pictures[0] == pictures[1]


@pytest.mark.parametrize("name", ["denoise", "inpaint"])
def test_what_is_shown_was_not_learned_from(name: str) -> None:
    config = TrainConfig.from_preset(name, dataset="digits")
    rules = picture_rules(config, 2)
    data = read_data(config, rules)
    held_out = read_held_out(config, rules, data)
    assert isinstance(data, PairData) and isinstance(held_out, PairData)
    assert (len(data.images), len(held_out.images)) == (1707, 90)
    assert not {image.tobytes() for image in held_out.images} & {image.tobytes() for image in data.images}
    other = TrainConfig.from_preset(name, dataset="digits", split="test")
    assert read_held_out(other, rules, data) is data
    images = TrainConfig.from_preset("dcgan", dataset="digits")
    assert read_held_out(images, rules, data) is data


@pytest.mark.slow
def test_it_starts_from_another_task_of_the_same_shapes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(tmp_path / "a", "denoise", "digits", epochs=1) == 0
    more = {"init_from": tmp_path / "a" / "run"}
    assert train(tmp_path / "b", "denoise", "digits", "--dry-run", degrade="mask", **more) == 2
    assert "signatures is" in capsys.readouterr().err
    assert train(tmp_path / "b", "denoise", "digits", "--dry-run", noise_sigma=50, **more) == 0
    assert "starts from: both networks" in capsys.readouterr().out
    assert train(tmp_path / "c", "denoise", "digits", "--dry-run", init_from=tmp_path / "a" / "out") == 2
    assert "a run folder or a .keras file is taken, and no export" in capsys.readouterr().err


@pytest.mark.parametrize("name", PAIRS)
def test_a_preset_of_pairs_has_settings_that_go_together(name: str) -> None:
    config = TrainConfig.from_preset(name)
    assert config.learns_from_pairs and config.epochs is None
    assert PRESETS[name].command.startswith(f"python scripts/train.py --model {name} --dataset ")


def test_another_degradation_or_pairs_of_files_leave_out_those_of_the_preset() -> None:
    assert TrainConfig.from_preset("inpaint", degrade="mask", mask_share=0.5).paste_known is True
    other = TrainConfig.from_preset("inpaint", degrade="noise", noise_sigma=10.0)
    assert (other.degrade, other.paste_known, other.noise_sigma) == ("noise", None, 10.0)
    files = TrainConfig.from_preset("denoise", source="noisy", target="clean")
    assert (files.degrade, files.source, files.target) == (None, "noisy", "clean")


@pytest.mark.parametrize(
    ("model", "settings", "message"),
    [
        ("dcgan", {"degrade": "mask"}, r"^--degrade is of models that learn from pairs, such as --model pix2pix\."),
        ("dcgan", {"source": "a", "target": "b"}, r"^--source is of models .* --model dcgan learns from images\.$"),
        ("pix2pix", {"degrade": "blur"}, r"^Unknown --degrade 'blur'"),
        ("pix2pix", {"degrade": "mask", "source": "a"}, r"^--source reads pairs, and --degrade mask makes them\."),
        ("pix2pix", {"mask_share": 0.5}, r"^--mask-share needs --degrade mask\. Received: none\.$"),
        ("denoise", {"scale": 4}, r"^--scale needs --degrade downscale\. Received: noise\.$"),
        ("pix2pix", {"degrade": "mask", "mask_share": 1.0}, "^--mask-share must be between 0 and 1"),
        ("pix2pix", {"degrade": "downscale", "scale": 3}, r"^--scale must be 2 or 4\. Received: 3\.$"),
        ("pix2pix", {"discriminator_steps": 2}, None),
    ],
)
def test_settings_that_do_not_go_together_are_refused(
    model: str, settings: dict[str, Any], message: str | None
) -> None:
    if message is None:
        TrainConfig.from_preset(model, **settings)  # refused where the model is built
        return
    with saying_flags(), pytest.raises(InputError, match=message):
        TrainConfig.from_preset(model, **settings)


@pytest.mark.parametrize(
    ("model", "dataset", "more", "message"),
    [
        ("pix2pix", "digits", [], "digits has no pairs. Make sources of its images with --degrade, such as mask."),
        ("colourise", "digits", [], "--degrade grey takes images of 3 channels. Received: images of 1."),
        ("pix2pix", "folder", [], "need --source and --target, the names of two folders"),
        ("pix2pix", "folder", ["--source", "photo", "--target", "sketch"], "has no folder sketch with pictures"),
        ("pix2pix", "digits", ["--degrade", "grey", "--channels", "3", "--latent-dim", "9"], "--latent-dim does not"),
        (
            "pix2pix",
            "digits",
            ["--degrade", "mask", "--discriminator-steps", "2"],
            "--discriminator-steps does not apply",
        ),
        (
            "denoise",
            "digits",
            ["--evaluate-every", "1", "--metrics", "recall"],
            "recall is a number of the metric",
        ),
        (
            "denoise",
            "digits",
            ["--evaluate-every", "1", "--metrics", "modes"],
            "modes is not of what is made of images",
        ),
        ("denoise", "digits", ["--penalty", "r1"], "Give --discriminator-norm layer or none"),
        (
            "denoise",
            "digits",
            ["--paste-known", "True"],
            "--paste-known fills a hole, and needs sources with its mask",
        ),
    ],
)
def test_a_run_that_cannot_be_is_refused_in_one_line(
    model: str, dataset: str, more: list[str], message: str, folder: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert train(tmp_path, model, folder if dataset == "folder" else dataset, *more) == 2
    error = capsys.readouterr().err
    assert error.startswith("train.py: ") and error.count("\n") == 1 and message in error
    assert not (tmp_path / "run").exists()
