"""Evaluation of models that learned without pairs, in both ways: on pictures of equal names, and without."""

import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
from shrunk import shrunk_config

from tfgan_suite.cli import COMMANDS, run
from tfgan_suite.config import TrainConfig
from tfgan_suite.continuation.checkpoints import save_checkpoint
from tfgan_suite.data.pairs import StoredPairs
from tfgan_suite.data.unpaired import UnpairedData, broken
from tfgan_suite.data.unpaired_files import load_unpaired
from tfgan_suite.evaluation.translations import evaluate_translator
from tfgan_suite.exported import DIRECTIONS
from tfgan_suite.files import CHECKPOINTS
from tfgan_suite.images import save_png, to_float
from tfgan_suite.metrics.absolute import l1_distance
from tfgan_suite.metrics.records import MetricRecord, difference, read_records
from tfgan_suite.metrics.zoom_blur import ZOOM_BLUR, ZoomBlur, changed
from tfgan_suite.models.algorithm import Algorithm
from tfgan_suite.models.loading import load_model
from tfgan_suite.runs.assembly import build_model
from tfgan_suite.runs.exporting import export_run
from tfgan_suite.runs.record import write_config

KINDS = {"source": "a", "target": "b"}


def write_kinds(folder: Path, names: dict[str, list[str]]) -> None:
    """Random pictures of 12x12; those of one name are in both kinds, in b darker."""
    for split in ("train", "test"):
        for kind, each in names.items():
            (folder / split / kind).mkdir(parents=True)
            for name in each:
                pixels = np.random.default_rng([len(split), *name.encode()]).integers(0, 256, (12, 12, 1))
                save_png(folder / split / kind / f"{name}.png", (pixels // (2 if kind == "b" else 1)).astype(np.uint8))


def model_of(config: TrainConfig, folder: Path) -> Algorithm:
    keras.utils.set_random_seed(5)
    return build_model(config, load_unpaired(str(folder), **KINDS), steps=1)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two kinds that was not trained, and data of equal names and of none."""
    folder = tmp_path_factory.mktemp("unpaired")
    write_kinds(folder / "named", {"a": [*"abcdefghij"], "b": [*"abcdefgxyz"]})
    write_kinds(folder / "others", {"a": [*"abcdefghij"], "b": [*"klmnopq"]})
    for name in ("run", "later"):
        # Wide enough that what is made is seen in levels.
        config = shrunk_config("cyclegan", dataset=str(folder / "named"), initializer_stddev=0.4, **KINDS)
        model, place = model_of(config, folder / "named"), folder / name
        (place / CHECKPOINTS).mkdir(parents=True)
        write_config(config, place, load_unpaired(str(folder / "named"), **KINDS).facts())
        for step in (1, 2)[: 1 + (name == "later")]:
            model.step.assign(step)
            save_checkpoint(model, place / CHECKPOINTS)
    return folder


@pytest.fixture(scope="module")
def out(runs: Path) -> Path:
    """The exports of both ways."""
    export_run(runs / "run", runs / "out")
    return runs / "out"


def evaluated(path: Path, *flags: str) -> dict[str, MetricRecord]:
    """By the command line."""
    output = path.parent / "e.json"
    assert run(COMMANDS["evaluate"], [str(path), *flags, "--output", str(output)], "evaluate.py") == 0
    return {record.metric: record for record in read_records(output)}


def test_both_ways_of_a_run(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flags = ("--metrics", "l1,ssim,cycle")
    both = {way: evaluated(runs / "run", *flags, "--direction", way) for way in DIRECTIONS}
    table = capsys.readouterr().out
    assert "step_00000001.keras, step 1, b_to_a" in table and "input  mean target zoom and blur" in table
    assert "zoom and blur: the input zoomed " in table and "cycle: from a picture there and back" in table
    evaluated(runs / "run", "--metrics", "cycle")
    assert "zoom and blur" not in capsys.readouterr().out
    assert evaluated(runs / "run", *flags)["l1"].value == both["a_to_b"]["l1"].value
    checkpoint = next((runs / "run" / CHECKPOINTS).glob("*.keras"))
    assert evaluated(checkpoint, *flags, "--direction", "b_to_a")["l1"].value == both["b_to_a"]["l1"].value
    data = load_unpaired(str(runs / "named"), split="test", **KINDS).pairs()
    assert len(data.images) == 7
    model = load_model(checkpoint)
    for way, pairs in (("a_to_b", data), ("b_to_a", data.turned())):
        found, other = both[way], model.directed(next(each for each in DIRECTIONS if each != way))
        source, target = pairs.examples(7)
        made = model.directed(way)(source)
        assert found["l1"].value == pytest.approx(np.abs(made - target).mean(), abs=0.005)
        assert found["cycle_l1"].value == pytest.approx(np.abs(other(made) - source).mean(), rel=1e-4)
        assert 0.1 < found["cycle_noise_ratio"].value < 10
        assert found["l1"].subject["direction"] == way and set(found["cycle_l1"].baselines) == set()
        assert found["l1"].baselines["input"] == pytest.approx(np.abs(source - target).mean(), abs=1e-6)
        assert found["l1"].baselines[ZOOM_BLUR] <= found["l1"].baselines["input"]
        assert found["l1"].protocol[ZOOM_BLUR].startswith("zoomed ")
    hashes = {found["l1"].protocol["dataset_sha256"] for found in both.values()}
    assert len(hashes) == 2 and both["b_to_a"]["l1"].protocol["held_out"]


@pytest.mark.slow
def test_every_checkpoint_in_the_other_way(runs: Path) -> None:
    evaluated(runs / "later", "--metrics", "l1", "--direction", "b_to_a", "--all-checkpoints")
    records = read_records(runs / "e.json")
    assert [(record.subject["step"], record.subject["direction"]) for record in records] == [
        (1, "b_to_a"), (2, "b_to_a"),
    ]  # fmt: skip


@pytest.mark.slow
def test_both_ways_of_an_export_are_measured_as_those_of_its_run(runs: Path, out: Path) -> None:
    flags = ("--metrics", "l1,cycle", "--dataset", str(runs / "named"))
    for way in DIRECTIONS:
        of_run = evaluated(runs / "run", *flags, "--direction", way)
        of_both = evaluated(out, *flags, "--direction", way)
        alone = evaluated(out / way, *flags[2:], "--metrics", "l1")
        for name, record in of_run.items():
            difference(of_both[name], record)
            assert of_both[name].value == pytest.approx(record.value, rel=0.02), name  # of levels
        assert alone["l1"].value == of_both["l1"].value and alone["l1"].baselines == of_run["l1"].baselines
        assert alone["l1"].subject["direction"] == of_both["l1"].subject["direction"] == way


def test_kinds_without_equal_names(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The distance of what is made of all a to all b, and that of all a."""
    flags = ("--dataset", str(runs / "others"))
    found, back = (evaluated(runs / "run", *flags, "--direction", way) for way in DIRECTIONS)
    assert set(found) == {"kernel_distance", "cycle_l1", "cycle_noise_ratio"}
    told = capsys.readouterr()
    assert "others, test: no equal names in both kinds" in told.err and "10 generated and 7 real images" in told.out
    record = found["kernel_distance"]
    assert (record.protocol["num_generated"], record.protocol["num_real"]) == (10, 7)
    assert set(record.baselines) == {"input", "mean target"} and record.floor is not None
    assert (back["kernel_distance"].protocol["num_generated"], back["cycle_l1"].protocol["num_real"]) == (7, 10)
    few = evaluated(runs / "run", *flags, "--count", "6", "--metrics", "kernel_distance")["kernel_distance"]
    assert few.protocol["num_generated"] == few.protocol["num_real"] == 6


@pytest.mark.parametrize(
    ("place", "flags", "message"),
    [
        ("run", ["--dataset", "others", "--metrics", "l1"], "no image a has the name of an image b"),
        ("run", ["--dataset", "others", "--metrics", "label_accuracy"], "label_accuracy needs an extractor that reads"),
        ("run", ["--dataset", "others", "--count", "1"], "at least 2 pairs, or images of each kind. Received: 1."),
        ("out/b_to_a", ["--dataset", "named", "--metrics", "cycle"], "cycle needs the way back too: a model that"),
        ("out/b_to_a", ["--dataset", "named", "--direction", "a_to_b"], "goes b_to_a. Received: --direction a_to_b."),
        ("a.npz", ["--direction", "a_to_b"], "--direction is of models that translate. Received: "),
    ],
)
def test_refusals(
    place: str, flags: list[str], message: str, runs: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.savez(runs / "a.npz", images=np.zeros((3, 8, 8, 1), np.uint8))
    flags = [str(runs / flag) if (runs / flag).is_dir() else flag for flag in flags]
    assert run(COMMANDS["evaluate"], [str(runs / place), *flags], "evaluate.py") == 2
    error = capsys.readouterr().err.splitlines()
    assert message in error[-1]


def test_a_model_of_pairs_goes_one_way(runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(runs / "run", tmp_path / "run")
    config = shrunk_config("pix2pix", dataset=str(runs / "named"), **KINDS)
    write_config(config, tmp_path / "run", {"source": "named"})
    assert run(COMMANDS["evaluate"], [str(tmp_path / "run"), "--direction", "b_to_a"], "evaluate.py") == 2
    assert "run goes one way. Received: --direction b_to_a. Leave it out." in capsys.readouterr().err


# ---- any translator ---------------------------------------------------------------------------------


def blurred_pairs() -> tuple[StoredPairs, ZoomBlur]:
    """Pairs whose targets are their sources, a little larger and blurred."""
    how = ZoomBlur(1.1, 0.5)
    sources = np.random.default_rng(0).integers(0, 256, (20, 12, 12, 1)).astype(np.uint8)
    return StoredPairs.of_arrays(sources, changed(sources, how).astype(np.uint8)), how


def test_the_floor_of_a_zoom_and_a_blur_is_of_models_without_pairs_alone() -> None:
    pairs, how = blurred_pairs()
    for train in (broken(pairs), pairs):
        (found,) = evaluate_translator(
            lambda source, first: source, {}, train, pairs, None, ["l1"], dataset="own", held_out=False
        )
        assert found.value == found.baselines["input"] > 0.1
        if isinstance(train, UnpairedData):
            assert found.baselines[ZOOM_BLUR] == 0.0
            assert found.protocol[ZOOM_BLUR] == f"{how}, the least l1 of these pairs"
        else:
            assert ZOOM_BLUR not in found.baselines and ZOOM_BLUR not in found.protocol


def test_a_translator_that_learned_without_pairs_is_held_against_the_hidden_partner() -> None:
    pairs, _ = blurred_pairs()
    (found,) = evaluate_translator(
        lambda source, first: to_float(pairs.images[first : first + len(source)]), {}, broken(pairs), pairs, None,
        ["l1"], dataset="own",
    )  # fmt: skip
    assert found.value == 0.0
    assert found.baselines["input"] == pytest.approx(l1_distance(pairs.sources, pairs.images).mean() / 127.5)
