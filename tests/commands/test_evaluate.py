"""Evaluation from a folder to a table: exports, runs, arrays; floors, records, refusals."""

import dataclasses
import json
from pathlib import Path

import keras
import numpy as np
import pytest
from lanes import corners, slow
from shrunk import shrunk_config

from tfgan_suite import export_generator, load_images
from tfgan_suite.cli import COMMANDS, run
from tfgan_suite.commands.evaluate import as_table
from tfgan_suite.commands.train import train
from tfgan_suite.commands.train_classifier import train_classifier_to
from tfgan_suite.data.image_data import ImageData
from tfgan_suite.errors import InputError
from tfgan_suite.evaluation.measure import evaluate, evaluate_subject
from tfgan_suite.evaluation.real_images import load_real
from tfgan_suite.evaluation.subjects import Subject, find_subjects
from tfgan_suite.images import save_png
from tfgan_suite.metrics.catalogue import METRICS
from tfgan_suite.metrics.extractors import bundled_classifier, load_extractor
from tfgan_suite.metrics.records import MetricRecord, difference, read_records
from tfgan_suite.runs.assembly import build_model

FEW = 110
OF_PAIRS = {name for name, metric in METRICS.items() if {"pairs", "both_ways"} & {*metric.needs}}


@pytest.fixture(scope="module")
def digits() -> ImageData:
    return load_images("digits")


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory, digits: ImageData) -> Path:
    """An untrained conditional generator of digits."""
    base = tmp_path_factory.mktemp("exported") / "cgan_digits"
    model = build_model(shrunk_config("cgan"), digits, steps=1)
    export_generator(model, base, {"model": "cgan", "dataset": digits.source, "seed": 0})
    return base


@pytest.fixture(scope="module")
def records(exported: Path) -> dict[str, MetricRecord]:
    return {record.metric: record for record in evaluate(str(exported), "digits", count=FEW)}


def test_every_metric_that_applies_is_there(records: dict[str, MetricRecord]) -> None:
    """The digits have no split that is held out, and 110 samples are too few to extrapolate from."""
    left_out = {"memorisation", "frechet_distance_infinity", *OF_PAIRS}
    assert set(records) == {name for key, metric in METRICS.items() if key not in left_out for name in metric.gives}


@pytest.mark.slow
def test_a_generator_without_labels(tmp_path: Path, digits: ImageData) -> None:
    """As an export and as a run: all that asks for no labels is measured of both, and is the same."""
    config = shrunk_config(
        "mlp_gan", run_dir=str(tmp_path / "run"), export_dir=str(tmp_path / "out"), steps_per_epoch=1
    )
    train(config)
    of_labels = {"label_accuracy", "nearest_label"}
    left_out = of_labels | OF_PAIRS | {"memorisation", "frechet_distance_infinity"}
    expected = {name for key, metric in METRICS.items() if key not in left_out for name in metric.gives}
    of_export, of_run = (evaluate(str(tmp_path / name), "digits", count=FEW) for name in ("out", "run"))
    assert {record.metric for record in of_export} == expected
    for exported_record, run_record in zip(of_export, of_run, strict=True):
        assert exported_record.value == pytest.approx(run_record.value, rel=1e-4, abs=1e-4)


def test_noise_is_far_from_the_floor(records: dict[str, MetricRecord]) -> None:
    for name in ("frechet_distance", "kernel_distance"):
        floor = records[name].floor
        assert floor is not None and records[name].value > 5 * abs(floor)
    for name in ("recall", "coverage", "class_entropy", "label_accuracy", "parzen_log_likelihood"):
        floor = records[name].floor
        assert floor is not None and records[name].value < floor


def test_a_record_carries_its_protocol(records: dict[str, MetricRecord], exported: Path) -> None:
    record = records["kernel_distance"]
    assert record.protocol["num_real"] == record.protocol["num_generated"] == FEW
    assert record.protocol["sample_seeds"] == [0, FEW - 1]
    assert record.protocol["extractor_sha256"] == bundled_classifier("digits").sha256
    assert record.protocol["subset_size"] == FEW // 2
    assert record.protocol["dataset"] == "digits" and "antialiased" in record.protocol["resize"]
    assert record.protocol["held_out"] is False
    pixels = records["duplicate_share"].protocol
    assert (pixels["extractor"], pixels["resize"], pixels["quantile"]) == ("pixels", None, 0.01)
    assert record.subject["path"] == str(exported) and record.subject["model"] == "cgan"
    assert record.versions["tensorflow"]
    assert any("too few" in warning for warning in record.warnings)  # 110 samples, 128 features


def test_another_count_or_seed_is_another_protocol(records: dict[str, MetricRecord], exported: Path) -> None:
    for choices, named in (({"count": FEW - 10}, "num_generated"), ({"count": FEW, "seed": 5}, "sample_seeds")):
        (other,) = evaluate(str(exported), "digits", metrics="frechet_distance", **choices)
        with pytest.raises(InputError, match=named):
            difference(records["frechet_distance"], other)


def test_evaluation_repeats_itself(records: dict[str, MetricRecord], exported: Path) -> None:
    (again,) = evaluate(str(exported), "digits", metrics="frechet_distance", count=FEW)
    assert again == records["frechet_distance"]


def test_real_images_in_place_of_generated_ones_are_the_floor(digits: ImageData) -> None:
    real = load_real("digits", None, None, digits.image_shape)
    rows = np.sort(np.random.default_rng(0).permutation(len(real.floor.images))[:FEW])
    images, labels = real.floor.images[rows], real.floor.labels[rows] if real.floor.labels is not None else None
    subject = Subject({"path": "floor"}, digits.image_shape, lambda count, seed: (images, labels))
    names = ["frechet_distance", "precision_recall", "density_coverage", "label_accuracy", "nearest_label"]
    for record in evaluate_subject(subject, real, bundled_classifier("digits"), names, FEW, 0):
        assert record.value == record.floor, record.metric


def test_reference_floor_and_validation_share_no_image(digits: ImageData) -> None:
    real = load_real("digits", None, None, digits.image_shape)
    parts = [real.reference, real.floor, real.validation]
    assert sum(len(part.images) for part in parts) == len(digits.images)
    assert real.held_out is False


@pytest.mark.slow
def test_a_run_folder_and_its_checkpoints(tmp_path: Path, digits: ImageData) -> None:
    settings = {"epochs": 2, "steps_per_epoch": 2, "batch_size": 32, "tensorboard": False, "dataset": "digits"}
    # The images of the shrunk convolutional ones are grey to the level.
    config = shrunk_config(
        "cgan_mirza2014", run_dir=str(tmp_path / "run"), export_dir=str(tmp_path / "out"), **settings
    )
    train(config)
    steps = [subject.facts["step"] for subject in find_subjects(str(tmp_path / "run"), all_checkpoints=True)]
    assert steps == [2, 4]
    newest = evaluate(str(tmp_path / "run"), None, metrics="frechet_distance", count=FEW)  # the run says of what
    every = evaluate(str(tmp_path / "run"), "digits", metrics="frechet_distance", count=FEW, all_checkpoints=True)
    assert [record.subject["step"] for record in every] == steps
    assert newest[0].value == every[1].value != every[0].value
    (of_export,) = evaluate(str(tmp_path / "out"), "digits", metrics="frechet_distance", count=FEW)
    assert of_export.value == pytest.approx(newest[0].value, rel=1e-3)  # a level of 255 may round the other way


def test_command_line_writes_and_compares(exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flags = ["--dataset", "digits", "--metrics", "label_accuracy,class_shares", "--count", "50"]
    output = tmp_path / "eval.json"
    assert run(COMMANDS["evaluate"], [str(exported), *flags, "--output", str(output)], "evaluate.py") == 0
    assert "label_accuracy" in capsys.readouterr().out
    assert [record.metric for record in read_records(output)] == [
        "label_accuracy",
        "smallest_class_share",
        "class_entropy",
    ]
    assert run(COMMANDS["evaluate"], [str(output), "--compare", str(output)], "evaluate.py") == 0
    table = capsys.readouterr().out
    assert "difference" in table and "+0" in table
    facts = json.loads(output.read_text())
    facts["records"][0]["protocol"]["extractor_sha256"] = "other"
    output.write_text(json.dumps(facts))
    assert run(COMMANDS["evaluate"], [str(exported), *flags, "--compare", str(output)], "evaluate.py") == 2
    assert "extractor_sha256" in capsys.readouterr().err


def arrays(path: Path, **content: np.ndarray) -> str:
    np.savez(path, **content)
    return str(path)


def images_of(count: int = 120, **more: object) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 32, 32, 1)).astype(np.uint8)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ({"images": images_of().astype(np.float32)}, "must be uint8"),
        ({"images": np.full((120, 32, 32, 1), np.nan)}, "must be uint8"),
        ({"images": images_of()[:, :, :, 0]}, "must be uint8"),
        ({"images": np.zeros((120, 32, 32, 2), np.uint8)}, "must be uint8"),
        ({"images": images_of(0)}, "must be uint8"),
        ({"pictures": images_of()}, "no array 'images'"),
        ({"images": images_of(), "labels": np.zeros(3, np.int32)}, "120 images but 3 labels"),
        ({"images": images_of(), "labels": np.full(120, 10)}, "must be in 0..9"),
        ({"images": np.zeros((120, 32, 32, 1), np.uint8)}, "blank images"),
        ({"images": images_of(50)}, "has 50 images"),
        ({"images": images_of(), "labels": np.full(120, 0.5)}, "Labels must be integers"),
        ({"images": images_of(), "labels": np.full((120, 1), 10)}, "must be in 0..9"),
        ({"images": images_of(), "labels": np.full(120, -1)}, "Received: -1"),
        ({"images": images_of(), "labels": np.zeros((120, 10), np.int32)}, "Of one-hot rows give np.argmax"),
        ({"images": images_of(), "labels": np.full((120, 3), 0.5)}, "rows of 3 zeros and ones"),
        ({"images": images_of(), "labels": np.full(120, "cat")}, "Labels must be numbers"),
        ({"images": images_of(), "labels": np.array(3)}, "is damaged"),
        ({"images": np.repeat(images_of(), 3, axis=-1)}, "takes images of 1 channels"),
    ],
)
def test_images_that_cannot_be_measured(content: dict[str, np.ndarray], named: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=named):
        evaluate(arrays(tmp_path / "a.npz", **content), "digits", count=FEW)


def test_images_of_a_class_each_have_no_diversity(tmp_path: Path, digits: ImageData) -> None:
    assert digits.labels is not None
    rows = [int(np.flatnonzero(digits.labels == label)[0]) for label in (0, 1)]
    path = arrays(tmp_path / "a.npz", images=digits.images[rows])
    with pytest.raises(InputError, match="Each of 2 images is of a class of its own"):
        evaluate(path, "digits", count=2, metrics="class_diversity")


def test_one_real_image_is_too_few(tmp_path: Path) -> None:
    save_png(tmp_path / "a.png", np.zeros((32, 32, 1), np.uint8))
    with pytest.raises(InputError, match="too few images to compare with: 1"):
        load_real(str(tmp_path), None, None, (32, 32, 1))


@pytest.mark.parametrize(
    ("choices", "named"),
    [
        ({"count": 1}, "^count must be at least 2"),
        ({"seed": -1}, "seed must be"),
        ({"dataset": None}, "^dataset is missing"),
        ({"metrics": "fid"}, "Unknown metric 'fid'"),
        ({"metrics": ""}, "Unknown metric ''"),
        ({"metrics": "memorisation"}, "not learned from"),
        ({"metrics": "path_length"}, "a generator, not only its images"),
        ({"metrics": "label_accuracy"}, "labelled samples"),
        ({"extractor": "vgg"}, "Unknown extractor"),
        ({"all_checkpoints": True}, "needs a run folder"),
        ({"path": "nowhere"}, "does not exist"),
        ({"path": "nowhere.npz"}, "does not exist"),
        ({"split": "test"}, "have splits"),
    ],
)
def test_bad_choices(choices: dict[str, object], named: str, tmp_path: Path) -> None:
    path = arrays(tmp_path / "a.npz", images=images_of())
    with pytest.raises(InputError, match=named):
        evaluate(**{"path": path, "dataset": "digits", "count": FEW, **choices})  # type: ignore[arg-type]


@pytest.mark.parametrize("content", [b"junk", b""])
def test_damaged_arrays(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(InputError, match="or is damaged"):
        evaluate(str(tmp_path / "a.npz"), "digits")


def test_arrays_in_the_order_of_their_classes_are_sampled_from_all(tmp_path: Path) -> None:
    labels = np.repeat(np.arange(10), 30)
    (subject,) = find_subjects(arrays(tmp_path / "a.npz", images=images_of(300), labels=labels))
    images, drawn = subject.sample(100, 0)
    assert len(images) == 100 and drawn is not None and set(drawn) == set(range(10))


@pytest.mark.parametrize(
    ("split", "learned", "held_out"),
    [
        (None, "train[:2000]", True),
        slow("test[:1000]", "train", True),
        slow("train[:1000]", "train", False),
        (None, "test", False),
    ],
)
def test_what_was_learned_from_is_not_held_out(split: str | None, learned: str, held_out: bool, tfds_dir: str) -> None:
    real = load_real("mnist", split, tfds_dir, (28, 28, 1), learned)
    assert real.held_out is held_out
    rows = [{image.tobytes() for image in part.images} for part in (real.reference, real.floor, real.validation)]
    assert sum(map(len, rows)) == len(set.union(*rows))


def unlabelled(folder: Path, shape: tuple[int, int, int], count: int = 60) -> str:
    """A folder of pictures without classes: bright and dark squares on coloured grounds."""
    folder.mkdir()
    random = np.random.default_rng(0)
    for index in range(count):
        picture = np.broadcast_to(random.integers(0, 256, shape[2]), shape).astype(np.uint8)
        top, left = random.integers(0, shape[0] // 2), random.integers(0, shape[1] // 2)
        picture[top : top + shape[0] // 2, left : left + shape[1] // 2] = random.integers(0, 256, shape[2])
        save_png(folder / f"{index}.png", picture)
    return str(folder)


@pytest.mark.parametrize("shape", [(64, 64, 3), (20, 30, 4), (200, 200, 1)])
def test_pictures_without_labels(
    shape: tuple[int, int, int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """From a folder to a table, with no flag but --dataset: what asks for no classes, by a network of known hash."""
    folder = unlabelled(tmp_path / "own", shape)
    path = arrays(tmp_path / "a.npz", images=np.random.default_rng(1).integers(0, 256, (30, *shape)).astype(np.uint8))
    flags = [path, "--dataset", folder, "--output", str(tmp_path / "eval.json")]
    assert run(COMMANDS["evaluate"], flags, "evaluate.py") == 0
    told = capsys.readouterr()
    assert f"No classifier comes with the package for {folder}: --extractor general is taken." in told.err
    records = {record.metric: record for record in read_records(tmp_path / "eval.json")}
    of_classes = {"classifier_score", "class_shares", "class_diversity", "label_accuracy", "nearest_label"}
    of_classes |= {"modes", "mode_divergence", *OF_PAIRS}
    needs_more = {*of_classes, "memorisation", "path_length", "frechet_distance_infinity", "duplicates"}
    assert set(records) == {name for key, metric in METRICS.items() if key not in needs_more for name in metric.gives}
    protocol = records["kernel_distance"].protocol
    assert (protocol["extractor"], protocol["extractor_sha256"]) == ("general", load_extractor("general").sha256)
    assert ("on white" in protocol["resize"]) == (shape[2] == 4)
    assert f"general ({protocol['extractor_sha256'][:12]})" in told.out
    floor = records["frechet_distance"].floor
    assert floor is not None and records["frechet_distance"].value > 2 * floor


OF_CLASSES = [name for name, metric in METRICS.items() if {"logits", "classes"} & {*metric.needs}]


@pytest.mark.parametrize("name", corners(OF_CLASSES, *OF_CLASSES[:2]))
def test_metrics_of_classes_are_refused_where_no_classes_are_read(name: str, tmp_path: Path) -> None:
    path = arrays(tmp_path / "a.npz", images=images_of(), labels=np.arange(120) % 10)
    with pytest.raises(InputError, match=rf"{name} needs an extractor .* the extractor is general\. Leave it out"):
        evaluate(path, "digits", count=FEW, metrics=f"frechet_distance,{name}", extractor="general")


def test_remedies_for_pictures_without_labels_lead_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is tried first, the refusal names what works."""
    folder = unlabelled(tmp_path / "own", (16, 16, 3), 200)
    path = arrays(
        tmp_path / "a.npz", images=np.random.default_rng(1).integers(0, 256, (90, 16, 16, 3)).astype(np.uint8)
    )

    def no_network(*facts: object, **more: object) -> str:
        raise OSError("no network")

    monkeypatch.setattr(keras.utils, "get_file", no_network)
    for extractor in ("classifier", "inception"):
        with pytest.raises(InputError, match="extractor='general'"):
            evaluate(path, folder, extractor=extractor)
    with pytest.raises(InputError, match="extractor='general'"):
        train_classifier_to(str(tmp_path / "own.keras"), folder)
    assert evaluate(path, folder, extractor="general", metrics="frechet_distance")


def test_records_of_several_generators_are_no_one_to_compare_with(records: dict[str, MetricRecord]) -> None:
    record = records["precision"]
    with pytest.raises(InputError, match="more than once"):
        as_table([record], [record, record])


def test_table_shows_values_floors_and_warnings(records: dict[str, MetricRecord]) -> None:
    record = dataclasses.replace(records["precision"], value=0.25, uncertainty=0.01, floor=0.75, warnings=["careful"])
    table = as_table([record])
    row = next(line for line in table.splitlines() if line.startswith("precision"))
    assert row.split() == ["precision", "0.25", "0.01", "0.75"]
    assert "warning: precision: careful" in table


def test_images_of_0_and_1_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for high, warned in ((1, True), (2, False)):
        images = np.random.default_rng(0).integers(0, high + 1, (30, 8, 8, 1)).astype(np.uint8)
        find_subjects(arrays(tmp_path / f"{high}.npz", images=images))
        assert ("no value is above 1" in capsys.readouterr().err) == warned
