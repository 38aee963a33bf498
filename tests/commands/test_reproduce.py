"""Tables: cells are trained once, skipped when they are there, refused when they are of other settings."""

import dataclasses
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import tfgan_suite.commands.reproduce as reproduce_module
from tfgan_suite.cli import COMMANDS, run
from tfgan_suite.commands.reproduce import HANDED_ON, _call, cell_path, k_means_likelihood, render, rendered, reproduce
from tfgan_suite.commands.tables import TABLES, Row, Table
from tfgan_suite.config import CHOICES, TrainConfig
from tfgan_suite.data.image_data import ImageData
from tfgan_suite.errors import DIVERGED, InputError
from tfgan_suite.metrics.catalogue import METRICS, chosen_metrics

ROOT = Path(__file__).parents[2]
SMALL = Table(
    "Small",
    "frechet_distance",
    {"frechet_distance": ("FID", ".2f")},
    (Row("`a`", "mlp_gan", "mnist", 1, "7"), Row("`b`", "mlp_gan", "mnist", 1, settings={"loss": "hinge"})),
)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[str]]]:
    """Commands that were called; `train` leaves a folder, `evaluate` records whose value is the training seed."""
    made: list[tuple[str, list[str]]] = []

    def call(command: str, flags: list[str], accepted: tuple[int, ...] = (0,)) -> int:
        made.append((command, flags))
        if command == "train":
            Path(flags[flags.index("--run-dir") + 1]).mkdir(parents=True)
        else:
            seed = int(flags[0].split("seed")[1].split("/")[0])
            record = {"metric": "frechet_distance", "value": seed + 1.0, "floor": 0.125, "protocol": {}}
            Path(flags[flags.index("--output") + 1]).write_text(json.dumps({"records": [record]}))
        return 0

    monkeypatch.setattr("tfgan_suite.commands.reproduce._call", call)
    monkeypatch.setitem(TABLES, "small", SMALL)
    return made


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., list[str]]:
    def made(**choices: object) -> list[str]:
        folders = {"results": str(tmp_path / "results"), "runs": str(tmp_path / "runs")}
        return list(reproduce("small", **folders, **choices))  # type: ignore[arg-type]

    return made


def test_cells_are_made_once(
    calls: list[tuple[str, list[str]]], make: Callable[..., list[str]], tmp_path: Path
) -> None:
    assert len(make(seeds=(0, 1))) == 4
    assert [command for command, _ in calls] == ["train", "evaluate"] * 4
    assert calls[2][1][8:10] == ["--loss", "hinge"]
    calls.clear()
    assert all(line.startswith("there:") for line in make(seeds=(0, 1)))
    assert not calls
    cell_path(tmp_path / "results", "small", SMALL.rows[1], 1, False).unlink()
    (tmp_path / "runs").rename(tmp_path / "moved")
    make(seeds=(0, 1))
    assert [command for command, _ in calls] == ["train", "evaluate"]


def test_render(calls: list[tuple[str, list[str]]], make: Callable[..., list[str]], tmp_path: Path) -> None:
    """Seeds 0, 1, 2 have the values 1, 2, 3."""
    make()
    lines = render("small", results=str(tmp_path / "results")).splitlines()
    assert lines[0] == "**Small**"
    assert lines[2] == "|  | published | FID | runs | training |"
    assert lines[4].startswith("| `a` | 7 | 2.00 +- 1.00 | 3 |")
    assert lines[5].startswith("| `b` | - | 2.00 +- 1.00 | 3 |")
    assert lines[6] == "| real images of MNIST | - | 0.12 |  |  |"


def test_what_needs_no_learning_stands_below_its_task(
    calls: list[tuple[str, list[str]]], make: Callable[..., list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each task has the numbers of its own pairs."""
    rows = tuple(Row(task, "inpaint", "digits", 1, settings={"mask_kind": kind}, task=task) for task, kind in
                 (("hole", "box"), ("strokes", "strokes")))  # fmt: skip
    monkeypatch.setitem(TABLES, "small", dataclasses.replace(SMALL, rows=rows))
    make(seeds=(0, 1))
    for number, row in enumerate(rows):
        for seed in (0, 1):
            path = cell_path(tmp_path / "results", "small", row, seed, False)
            cell = json.loads(path.read_text())
            cell["records"][0] |= {"baselines": {"input": 5.0 + number}, "protocol": {"degradation": row.title}}
            path.write_text(json.dumps(cell))
    lines = render("small", results=str(tmp_path / "results")).splitlines()[4:]
    assert [line.split("|")[1].strip() for line in lines] == [
        "hole", "hole: input", "hole: targets learned from",
        "strokes", "strokes: input", "strokes: targets learned from",
    ]  # fmt: skip
    assert [line.split("|")[2].strip() for line in lines] == [
        "1.50 +- 0.71", "5.00", "0.12", "1.50 +- 0.71", "6.00", "0.12",
    ]  # fmt: skip


def test_runs_that_diverge_are_counted_and_left_out(
    calls: list[tuple[str, list[str]]], make: Callable[..., list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of three seeds one ended in NaN, and one makes little else than one class."""
    monkeypatch.setitem(TABLES, "small", dataclasses.replace(SMALL, rows=SMALL.rows[:1], may_diverge=True))
    make(seeds=(1, 2))
    path = cell_path(tmp_path / "results", "small", SMALL.rows[0], 1, False)
    cell = json.loads(path.read_text())
    collapsed = {"metric": "smallest_class_share", "value": 0.0, "details": {"shares": [0.6, 0.4]}, "protocol": {}}
    path.write_text(json.dumps({**cell, "records": [*cell["records"], collapsed | {"floor": 0.09}]}))
    monkeypatch.setattr(reproduce_module, "_call", lambda *given: DIVERGED)
    (tmp_path / "runs" / SMALL.rows[0].name(0, False)).mkdir(parents=True)
    make(seeds=(0,))
    lines = render("small", results=str(tmp_path / "results")).splitlines()
    assert lines[2] == "|  | published | FID | diverged | training |"
    assert lines[4].startswith("| `a` | 7 | 3.00 | 2 of 3 |")


def test_full_runs_are_kept_apart(calls: list[tuple[str, list[str]]], make: Callable[..., list[str]]) -> None:
    make(seeds=(0,))
    calls.clear()
    make(seeds=(0,), full=True)
    assert calls[0][1][4:6] == ["--epochs", "25"]


def test_a_cell_of_other_settings_is_refused(
    calls: list[tuple[str, list[str]]], make: Callable[..., list[str]], tmp_path: Path
) -> None:
    make(seeds=(0,))
    path = cell_path(tmp_path / "results", "small", SMALL.rows[0], 0, False)
    cell = json.loads(path.read_text())
    del cell["config"]["updates"]  # as if it had been measured before there was a choice
    path.write_text(json.dumps(cell))
    assert make(seeds=(0,))[0] == f"there: {path}"
    cell["config"]["beta_1"] = 0.4
    path.write_text(json.dumps(cell))
    with pytest.raises(InputError, match="measured with another beta_1"):
        make(seeds=(0,))
    with pytest.raises(InputError, match="measured with another beta_1"):
        render("small", results=str(tmp_path / "results"))
    path.write_text("junk")
    with pytest.raises(InputError, match="is damaged"):
        make(seeds=(0,))


def test_failing_runs_end_with_their_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TABLES, "small", Table("", "frechet_distance", {}, (Row("", "mlp_gan", "nowhere/", 1),)))
    with pytest.raises(InputError, match="train ended with exit code 2"):
        list(reproduce("small", results=str(tmp_path), runs=str(tmp_path)))


@pytest.mark.parametrize("number", HANDED_ON)
def test_a_signal_is_handed_on_and_waited_for(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A training that saves before it ends has the time to."""
    slow = tmp_path / "python"
    slow.write_text(
        "#!/bin/sh\n"
        f"trap 'sleep 1; echo saved >> {tmp_path}/saved; exit 3' INT TERM HUP\n"
        f"touch {tmp_path}/ready\nwhile true; do sleep 0.05; done\n"
    )
    slow.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(slow))

    def send() -> None:
        while not (tmp_path / "ready").exists():
            time.sleep(0.01)
        os.kill(os.getpid(), number)

    before = signal.signal(number, signal.SIG_DFL)  # tests in the background may begin with it ignored
    try:
        threading.Thread(target=send).start()
        with pytest.raises(SystemExit) as stop:
            _call("train", [])
    finally:
        signal.signal(number, before)
    assert stop.value.code == 128 + number
    assert (tmp_path / "saved").read_text() == "saved\n"


def test_cells_that_were_not_measured_alike_are_not_averaged(
    calls: list[tuple[str, list[str]]], make: Callable[..., list[str]], tmp_path: Path
) -> None:
    make(seeds=(0, 1))
    path = cell_path(tmp_path / "results", "small", SMALL.rows[0], 1, False)
    cell = json.loads(path.read_text())
    cell["records"][0]["protocol"]["num_generated"] = 500
    path.write_text(json.dumps(cell))
    with pytest.raises(InputError, match="was not measured alike"):
        render("small", results=str(tmp_path / "results"))
    path.write_text(json.dumps({**cell, "records": []}))
    with pytest.raises(InputError, match="not every run has frechet_distance"):
        render("small", results=str(tmp_path / "results"))


def test_the_tables_of_all_pages_are_those_of_the_results() -> None:
    """What `reproduce.py --check` says of each page; committed cells are of the presets as they are now."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    texts = {page: page.read_text(encoding="utf-8") for page in pages}
    for table in TABLES:
        assert sum(f"<!-- table: {table} -->" in text for text in texts.values()) == 1
    checks = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    for page, text in texts.items():
        assert rendered(text, str(ROOT / "results")) == text
        is_checked = f"--check {page.relative_to(ROOT).as_posix()}\n" in checks
        assert is_checked == ("<!-- table: " in text), page


def test_check_and_render_by_command(
    calls: list[tuple[str, list[str]]],
    make: Callable[..., list[str]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    make(seeds=(0,))
    page = tmp_path / "page.md"
    page.write_text("Before.\n<!-- table: small -->\nold\n<!-- end -->\nAfter.\n")
    flags = ["--results", str(tmp_path / "results")]
    assert run(COMMANDS["reproduce"], ["--check", str(page), *flags], "reproduce.py") == 2
    assert "are not those of" in capsys.readouterr().err
    assert run(COMMANDS["reproduce"], ["--render", str(page), *flags], "reproduce.py") == 0
    assert run(COMMANDS["reproduce"], ["--check", str(page), *flags], "reproduce.py") == 0
    assert page.read_text().startswith("Before.\n<!-- table: small -->\n**Small**\n")
    assert page.read_text().endswith("<!-- end -->\nAfter.\n")


@pytest.mark.parametrize("name", TABLES)
def test_tables_can_be_trained_and_measured(name: str) -> None:
    gives = {number for metric in chosen_metrics(TABLES[name].metrics) for number in METRICS[metric].gives}
    assert set(TABLES[name].columns) <= gives
    for row in TABLES[name].rows:
        TrainConfig.from_preset(row.model, dataset=row.dataset, epochs=row.epochs, **row.settings)
        has_labels = row.model.startswith("cgan") or row.translates  # a translator's pictures keep theirs
        needs = {need for metric in TABLES[name].metrics_of(row).split(",") for need in METRICS[metric].needs}
        assert has_labels or "labels" not in needs
    assert len({row.name(0, False) for row in TABLES[name].rows}) == len(TABLES[name].rows)


def test_every_loss_that_stands_alone_is_in_the_table_of_losses() -> None:
    """The two others are nothing without a penalty or a clip."""
    alone = set(CHOICES["loss"]) - {"wasserstein", "relativistic"}
    assert {row.settings["loss"] for row in TABLES["losses"].rows} == alone


def test_unknown_table() -> None:
    with pytest.raises(InputError, match="Unknown table 'fid'"):
        render("fid")
    with pytest.raises(InputError, match="Unknown table 'fid'"):
        list(reproduce("fid"))


def test_k_means_centres_beat_real_images(monkeypatch: pytest.MonkeyPatch, small_digits: ImageData) -> None:
    """Why the number is a history: 40 blurred means beat 40 real digits."""
    from tfgan_suite.data import sources
    from tfgan_suite.metrics.comparison import as_rows
    from tfgan_suite.metrics.parzen import choose_sigma, parzen_log_likelihood

    train, test = small_digits.split(0.2)
    monkeypatch.setattr(sources, "load_images", lambda name, split="train", **more: test if split == "test" else train)
    monkeypatch.setattr("tfgan_suite.commands.reproduce.VALIDATION_ROWS", 200)
    of_means = k_means_likelihood("digits", centres=40)
    real = as_rows(train.images[:40])
    sigma = choose_sigma(real, as_rows(train.images[-200:]))
    assert of_means.value > parzen_log_likelihood(real, as_rows(test.images), sigma)[0]
    assert of_means.uncertainty is not None and np.isfinite(of_means.uncertainty)
    assert of_means.protocol["num_generated"] == 40 and of_means.protocol["num_real"] == len(test.images)
