"""Evaluation of models that translate: from a run folder to a table, beside what is got without learning."""

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from lanes import slow
from shrunk import shrunk_config, shrunk_model

from tfgan_suite.cli import COMMANDS, run
from tfgan_suite.commands.train import train
from tfgan_suite.data.degradations import Degradation
from tfgan_suite.data.degraded_images import load_degraded
from tfgan_suite.data.pairs import PairData, StoredPairs
from tfgan_suite.data.two_looks import load_two_looks
from tfgan_suite.errors import InputError
from tfgan_suite.evaluation.translations import evaluate_translator
from tfgan_suite.evaluation.translators import translate_with
from tfgan_suite.images import save_png
from tfgan_suite.metrics.absolute import l1_distance
from tfgan_suite.metrics.extractors import load_extractor
from tfgan_suite.metrics.records import MetricRecord, difference, read_records
from tfgan_suite.models.pix2pix import Pix2Pix

Split = tuple[PairData, PairData]


@pytest.fixture(scope="module")
def digits() -> Split:
    how = Degradation("mask", mask_kind="centre")
    train, test = (load_degraded("digits", how, split) for split in ("train", "test"))
    return train, test


SMALL = {"steps_per_epoch": 1, "epochs": 2, "tensorboard": False, "sample_count": 3}


@pytest.fixture(scope="module")
def holes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of digits with a hole, and of its export."""
    folder = tmp_path_factory.mktemp("holes")
    train(shrunk_config("inpaint", run_dir=str(folder / "holes"), export_dir=str(folder / "out"), **SMALL))
    return folder


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of pairs of pictures, of which two are one emoji in two tones, and of its export."""
    folder = tmp_path_factory.mktemp("runs")
    random = np.random.default_rng(0)
    for split in ("train", "test"):
        for name in ("1f44b-1f3fb", "1f44b-1f3fc", "1f600", *(f"{i}" for i in range(8))):
            for half in ("a", "b"):
                path = folder / "pairs" / split / half / f"{name}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                save_png(path, random.integers(0, 256, (12, 12, 1)).astype(np.uint8))
    # Wide enough that what Dropout drops is seen in levels.
    pairs = {"dataset": str(folder / "pairs"), "source": "a", "target": "b", "initializer_stddev": 0.3}
    train(shrunk_config("pix2pix", run_dir=str(folder / "pixels"), export_dir=str(folder / "out2"), **pairs, **SMALL))
    return folder


def by_name(records: list[MetricRecord]) -> dict[str, MetricRecord]:
    return {record.metric: record for record in records}


def evaluated(path: Path, *flags: str) -> dict[str, MetricRecord]:
    """By the command line."""
    output = path.parent / "e.json"
    assert run(COMMANDS["evaluate"], [str(path), *flags, "--output", str(output)], "evaluate.py") == 0
    return by_name(read_records(output))


@pytest.mark.slow
def test_a_run_of_digits_with_a_hole(holes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = evaluated(holes / "holes")
    parts = {f"{name}{part}" for name in ("psnr", "ssim", "l1") for part in ("", "_inside", "_outside")}
    assert set(found) == parts | {"kernel_distance", "label_accuracy", "label_accuracy_kept"}
    assert found["psnr_outside"].value == 100  # `inpaint` pastes known pixels
    record = found["l1_inside"]
    assert record.protocol["degradation"] == {"kind": "mask", "mask_share": 0.25, "mask_kind": "box"}
    assert (record.protocol["num_generated"], record.protocol["held_out"]) == (90, True)
    assert (record.protocol["extractor"], found["label_accuracy"].protocol["extractor"]) == (
        "pixels", "classifier of digits",
    )  # fmt: skip
    assert "at most 100" in found["psnr"].protocol["mean_of"]
    assert (record.subject["step"], record.subject["model"]) == (2, "inpaint")
    assert record.floor is None and found["label_accuracy"].floor == 1.0
    assert {"input", "mean target"} <= set(record.baselines)
    table = capsys.readouterr().out
    assert "real data        input  mean target" in table and "input: the source as it is" in table
    assert run(COMMANDS["evaluate"], [str(holes / "holes"), "--source", "a"], "evaluate.py") == 2
    assert "--source reads pairs, and --degrade mask makes them" in capsys.readouterr().err


def test_pairs_of_pictures(runs: Path) -> None:
    found = evaluated(runs / "pixels")
    assert set(found) == {"psnr", "ssim", "l1", "kernel_distance"}
    assert found["l1"].protocol["groups"] == 10  # of 11 pairs two are one emoji in two tones
    assert set(found["l1"].baselines) == {"input", "mean target"}
    assert found["kernel_distance"].protocol["extractor"] == "general"


def test_a_checkpoint_and_every_checkpoint(runs: Path) -> None:
    found = evaluated(runs / "pixels", "--metrics", "l1")["l1"]
    first = evaluated(runs / "pixels" / "checkpoints" / "step_00000001.keras", "--metrics", "l1")["l1"]
    assert (first.subject["step"], found.subject["step"]) == (1, 2)
    assert first.value != found.value
    evaluated(runs / "pixels", "--metrics", "l1", "--all-checkpoints")
    every = read_records(runs / "e.json")
    assert [record.value for record in every] == [first.value, found.value]


def test_other_data_and_another_split(runs: Path) -> None:
    other = evaluated(runs / "pixels", "--metrics", "l1", "--source", "b", "--target", "a")["l1"]
    learned = evaluated(runs / "pixels", "--metrics", "l1", "--split", "train")["l1"]
    found = evaluated(runs / "pixels", "--metrics", "l1")["l1"]
    assert other.baselines["input"] == pytest.approx(found.baselines["input"], rel=1e-12)
    assert other.value != found.value
    assert (learned.protocol["held_out"], found.protocol["held_out"]) == (False, True)
    with pytest.raises(InputError, match="dataset_sha256"):
        difference(found, learned)


@pytest.mark.parametrize(("export", "run_dir"), [slow("out", "holes"), slow("out2", "pixels")])
def test_an_export_is_measured_as_its_run(export: str, run_dir: str, request: pytest.FixtureRequest) -> None:
    """It makes levels of levels, so that a number differs by what a level is worth."""
    runs: Path = request.getfixturevalue("holes" if export == "out" else "runs")
    dataset = "digits" if export == "out" else str(runs / "pairs")
    flags = ("--metrics", "l1,psnr", "--dataset", dataset)
    of_export, of_run = evaluated(runs / export, *flags), evaluated(runs / run_dir, *flags)
    assert set(of_export) == set(of_run) and ("l1_inside" in of_run) == (export == "out")
    for name, record in of_export.items():
        difference(record, of_run[name])
        assert record.value == pytest.approx(of_run[name].value, abs=0.005 if "psnr" in name else 1e-4), name
        assert record.baselines == of_run[name].baselines
    assert of_export["l1"].subject["path"] == str(runs / export)
    assert of_export["l1"].subject["model"] == of_run["l1"].subject["model"]


def test_an_export_that_does_not_say_how_its_pairs_were_made(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(runs / "out2", tmp_path / "old")
    for name in ("assets.extra/tfgan_suite.json", "card.json"):
        path = next((tmp_path / "old").glob(f"*/{name}"))
        card = json.loads(path.read_text())
        assert card.pop("pairs") == {"source": "a", "target": "b"}
        path.write_text(json.dumps(card))
    flags = ["--metrics", "l1", "--dataset", str(runs / "pairs")]
    assert run(COMMANDS["evaluate"], [str(tmp_path / "old"), *flags], "evaluate.py") == 2
    assert "does not say how its pairs were read or made. Give --source and --target" in capsys.readouterr().err
    found = evaluated(tmp_path / "old", *flags, "--source", "a", "--target", "b")
    assert found["l1"].value == evaluated(runs / "out2", *flags)["l1"].value


def test_dropout_at_test_is_keyed_by_the_seed(runs: Path) -> None:
    flags = ("--metrics", "l1", "--test-dropout")
    once, again, other = (evaluated(runs / "pixels", *flags, "--seed", seed)["l1"] for seed in ("3", "3", "4"))
    without = evaluated(runs / "pixels", "--metrics", "l1")["l1"]
    assert once.value == again.value
    assert len({once.value, other.value, without.value}) == 3
    with pytest.raises(InputError, match="test_dropout is 3 and None"):
        difference(once, without)


def test_dropout_of_a_row_is_its_own() -> None:
    """Whatever stands beside it; and BatchNorm stays as it is served."""
    model = Pix2Pix((12, 12, 1), (12, 12, 1), base_filters=3, initializer_stddev=0.5)
    source = np.random.default_rng(0).uniform(-1, 1, (5, 12, 12, 1)).astype(np.float32)
    before = [np.array(weight) for weight in model.weights]
    whole, plain = (np.asarray(translate_with(model, seed)(source, 0)) for seed in (7, None))
    assert np.abs(whole - plain).max() > 0.1
    for row in range(5):
        apart = translate_with(model, 7)(source[row : row + 1], row)
        np.testing.assert_allclose(apart[0], whole[row], atol=1e-5)
    for old, new in zip(before, model.weights, strict=True):
        np.testing.assert_array_equal(old, np.array(new))


@pytest.mark.parametrize(
    ("place", "flags", "message"),
    [
        ("pixels", ["--metrics", "frechet_distance"], "frechet_distance needs 2,000 images on each side"),
        ("pixels", ["--metrics", "coverage,l1"], "coverage is a number of the metric density_coverage"),
        ("pixels", ["--metrics", "duplicates"], "duplicates is not measured of pairs; psnr, ssim"),
        ("pixels", ["--metrics", "label_accuracy"], "label_accuracy needs an extractor that reads the classes"),
        ("pixels", ["--count", "1"], "at least 2 pairs"),
        ("out2", ["--metrics", "l1"], "--dataset is missing: the pairs, or the images"),
        ("out2", ["--dataset", "digits", "--test-dropout"], "--test-dropout needs a run folder or a file NAME.keras"),
        ("out2", ["--dataset", "digits", "--all-checkpoints"], "--all-checkpoints needs a run folder"),
        ("alone.keras", [], "alone.keras lies in no run folder"),
        ("a.npz", ["--dataset", "digits", "--source", "a"], "--source is of models that translate"),
        ("a.npz", ["--dataset", "digits", "--test-dropout"], "--test-dropout is of models that translate"),
    ],
)
def test_refusals(
    place: str, flags: list[str], message: str, runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "alone.keras").touch()
    np.savez(tmp_path / "a.npz", images=np.zeros((3, 8, 8, 1), np.uint8))
    path = runs / place if (runs / place).exists() else tmp_path / place
    assert run(COMMANDS["evaluate"], [str(path), *flags], "evaluate.py") == 2
    assert message in capsys.readouterr().err


# ---- any translator -----------------------------------------------------------------------------


def test_the_floor_of_a_distance_is_what_was_learned_from(digits: Split) -> None:
    """A translator that gives those targets has the floor; one that knows has the accuracy of the targets."""
    train, test = digits
    learned = train.chosen(len(test.images))[0]
    extractor, names = load_extractor("classifier", "digits"), ["kernel_distance", "label_accuracy"]
    for images, name in ((learned, "kernel_distance"), (test.images, "label_accuracy")):
        made = images.astype(np.float32) / 127.5 - 1
        found = evaluate_translator(
            lambda source, first, made=made: made[first : first + len(source)], {}, train, test, extractor, names,
            dataset="digits",
        )  # fmt: skip
        assert by_name(found)[name].value == by_name(found)[name].floor
    assert by_name(found)["label_accuracy"].baselines["input"] < 0.7


def test_labels_kept_through_another_look(capsys: pytest.CaptureFixture[str]) -> None:
    """Of halves that are no pairs, both ways; beside what the truth keeps of the labels, and the input copied."""
    look = ["thick", "inverted"]
    train, test = load_two_looks("digits", look), load_two_looks("digits", look, "test", halves=False).pairs()
    extractor, names = (
        load_extractor("classifier", "digits"),
        ["kernel_distance", "label_accuracy", "label_accuracy_kept"],
    )
    protocols = []
    for learned, pairs in ((train, test), (train.turned(), test.turned())):
        made = pairs.images.astype(np.float32) / 127.5 - 1
        records = evaluate_translator(
            lambda source, first, made=made: made[first : first + len(source)], {}, learned, pairs, extractor, names,
            dataset="digits", wanted=True,
        )  # fmt: skip
        found = by_name(records)
        assert found["label_accuracy"].value == found["label_accuracy"].floor and found["label_accuracy"].value > 0.9
        assert found["label_accuracy_kept"].value == 1.0 and found["label_accuracy_kept"].floor is None
        assert found["label_accuracy_kept"].uncertainty == 0.0
        assert found["label_accuracy_kept"].baselines["input"] < 0.5
        assert found["kernel_distance"].value < found["kernel_distance"].floor + 0.1
        protocols.append(found["label_accuracy"].protocol)
    assert [told.get("look") for told in protocols] == [look, None]
    assert [told.get("source_look") for told in protocols] == [None, look]
    with pytest.raises(InputError, match=r"look is .*'thick', 'inverted'"):
        difference(*(dataclasses.replace(records[0], protocol=told) for told in protocols))
    assert "passed over" not in capsys.readouterr().err


def test_fewer_pairs_are_always_the_same(digits: Split) -> None:
    train, test = digits
    rows = np.sort(np.random.default_rng(0).permutation(90)[:20])
    found = evaluate_translator(
        lambda source, first: source[..., :1], {}, train, test, None, ["l1"], dataset="digits", count=20
    )
    copied = np.where(test.examples(90)[0][..., 1:] == 1, 128, test.images)[rows]
    assert found[0].value == pytest.approx(l1_distance(copied, test.images[rows]).mean() / 127.5, rel=1e-12)
    assert found[0].value == found[0].baselines["input"]


def test_pairs_of_16_bits_are_measured_in_8(digits: Split) -> None:
    """A level of 8 bits is 257 of 16."""
    images = np.random.default_rng(0).integers(0, 256, (6, 12, 12, 1)).astype(np.uint8)
    found = []
    for deep in (images, images.astype(np.uint16) * 257):
        pairs = StoredPairs.of_arrays(deep[::-1], deep)
        names = ["psnr", "ssim", "l1"]
        found.append(evaluate_translator(lambda s, first: s, {}, pairs, pairs, None, names, dataset="own"))
    for eight, sixteen in zip(*found, strict=True):
        assert sixteen.value == eight.value and sixteen.baselines == eight.baselines
    assert 0.5 < found[0][2].value < 0.8  # of random pictures: 2/3


def test_small_pictures_have_no_ssim(capsys: pytest.CaptureFixture[str]) -> None:
    images = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 1)).astype(np.uint8)
    pairs = StoredPairs.of_arrays(images, images)
    found = evaluate_translator(lambda source, first: source, {}, pairs, pairs, None, dataset="own", held_out=False)
    assert [record.metric for record in found] == ["psnr", "l1"]
    assert "ssim is passed over: ssim looks through windows" in capsys.readouterr().err


def test_a_model_of_latents_is_no_translator() -> None:
    with pytest.raises(InputError, match="MLPGAN makes images of latents"):
        translate_with(shrunk_model("mlp_gan_small"))
