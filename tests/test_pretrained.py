"""The generators that ship make what their cards say."""

from pathlib import Path

import numpy as np
import pytest
from lanes import corners

from tfgan_suite import TrainConfig, train
from tfgan_suite.commands.model_card import CARD, RECORDS, SAMPLES
from tfgan_suite.evaluation.measure import evaluate
from tfgan_suite.metrics.records import MetricRecord, read_records
from tfgan_suite.serving.saved_generator import read_card, version_folder
from tfgan_suite.serving.session import ServingSession
from tfgan_suite.serving.verify import verify_export

ROOT = Path(__file__).parent.parent
README, PRETRAINED = ROOT / "README.md", ROOT / "saved_models" / "pretrained"
SHIPPED = sorted(path.name for path in PRETRAINED.glob("*") if path.is_dir())
QUICK = "dcgan_digits"
# Numbers whose expectation hardly depends on how many samples there are.
UNBIASED = ("kernel_distance", "label_accuracy", "smallest_class_share", "class_entropy", "classifier_score")
COUNT = 2000
MEGABYTES = 60


def by_name(records: list[MetricRecord]) -> dict[str, MetricRecord]:
    return {record.metric: record for record in records}


@pytest.mark.parametrize("name", corners(SHIPPED, QUICK))
def test_measured_again(name: str, request: pytest.FixtureRequest) -> None:
    """On other seeds than the card's: within five standard errors of the smaller sample, and a little."""
    told = by_name(read_records(PRETRAINED / name / RECORDS))
    dataset = told["frechet_distance"].protocol["dataset"]
    data_dir = None if dataset == "digits" else request.getfixturevalue("tfds_dir")
    count = min(COUNT, told["frechet_distance"].protocol["num_generated"])
    metrics = "kernel_distance,class_shares,classifier_score" + (",label_accuracy" if "label_accuracy" in told else "")
    choices = {"data_dir": data_dir, "metrics": metrics, "count": count, "seed": 1_000_000}
    for record in evaluate(str(PRETRAINED / name), dataset, **choices):  # type: ignore[arg-type]
        if record.metric in UNBIASED:
            # A share of a tenth has this standard error; the entropy's is far below it.
            share_error = (0.1 * 0.9 / record.protocol["num_generated"]) ** 0.5
            tolerance = 5 * (record.uncertainty or share_error) + 0.002
            assert record.value == pytest.approx(told[record.metric].value, abs=tolerance), record.metric


@pytest.mark.parametrize("name", corners(SHIPPED, QUICK, "cgan_mnist"))
def test_has_its_papers_and_passes_its_checks(name: str) -> None:
    folder = PRETRAINED / name
    assert all((folder / file).is_file() for file in (CARD, RECORDS, SAMPLES))
    text = (folder / CARD).read_text(encoding="utf-8")
    for record in read_records(folder / RECORDS):
        assert f"| {record.metric} | {record.value:.4g} |" in text
    assert read_card(version_folder(folder))["licence"] in text
    assert verify_export(folder) == []


@pytest.mark.parametrize("name", SHIPPED)
def test_the_readme_says_what_was_measured(name: str) -> None:
    records = by_name(read_records(PRETRAINED / name / RECORDS))
    numbers = [format(records["frechet_distance"].value, ".2f")]
    numbers += [format(records[metric].value, ".3f") for metric in ("precision", "recall", "coverage")]
    accuracy = f"{records['label_accuracy'].value:.1%}".replace("%", " %") if "label_accuracy" in records else "-"
    (line,) = [line for line in README.read_text(encoding="utf-8").splitlines() if line.startswith(f"| [{name}](")]
    assert line.endswith(f" | {' | '.join([*numbers, accuracy])} |")


@pytest.mark.parametrize("name", corners(SHIPPED, QUICK, "cgan_mnist"))
def test_a_seed_is_one_image_in_any_request(name: str) -> None:
    with ServingSession(version_folder(PRETRAINED / name)) as session:
        inputs = {"seeds": np.arange(40)}
        if "labels" in session.signatures["sample"].inputs:
            inputs["labels"] = (np.arange(40) % 10).astype(np.int32)
        images, files = (session.run(*asked) for asked in (("sample", inputs), ("sample_png", inputs)))
        for rows in (1, 3, 7, 16):
            parts = [{key: value[i : i + rows] for key, value in inputs.items()} for i in range(0, 40, rows)]
            apart = np.concatenate([session.run("sample", part)["images"] for part in parts])
            # A CPU without AVX-512 adds up in another order for each number of rows: 6e-6 at most in mlp_gan_mnist.
            np.testing.assert_allclose(apart, images["images"], rtol=0, atol=1e-5)
            assert [file for part in parts for file in session.run("sample_png", part)["image_bytes"]] == list(
                files["image_bytes"]
            )


def test_all_together_are_small() -> None:
    sizes = [path.stat().st_size for path in PRETRAINED.rglob("*") if path.is_file()]
    assert np.sum(sizes) <= MEGABYTES * 1e6


@pytest.mark.parametrize(
    "name", [name if name == "dcgan_digits" else pytest.param(name, marks=pytest.mark.slow) for name in SHIPPED]
)
def test_a_new_run_starts_from_it(
    name: str, request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """At the width that ships; a dry run compares the images."""
    card = read_card(version_folder(PRETRAINED / name))
    model, dataset = card["model"], name.removeprefix(f"{card['model']}_")
    data_dir = None if dataset == "digits" else request.getfixturevalue("tfds_dir")
    config = TrainConfig.from_preset(
        model, dataset=dataset, init_from=str(PRETRAINED / name), dry_run=True, run_dir=str(tmp_path / "run"),
        export_dir=str(tmp_path / "out"), data_dir=data_dir,
    )  # fmt: skip
    train(config)
    assert f"starts from: the generator of {PRETRAINED / name}" in capsys.readouterr().out
