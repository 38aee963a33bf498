"""The papers' tables: each cell a run of `train`, measured by `evaluate`, kept as JSON, rendered into the README."""

import json
import math
import re
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tfgan_suite.commands.tables import DATASET_TITLES, DEFAULTS, ELSEWHERE, TABLES, Row
from tfgan_suite.errors import DIVERGED, InputError, unknown_choice
from tfgan_suite.files import write_whole
from tfgan_suite.metrics.records import MetricRecord, read_records, write_records
from tfgan_suite.versions import versions

SEEDS = (0, 1, 2)
VALIDATION_ROWS = 1000  # training images that choose the width of a Parzen window and are not learned from
HANDED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
K_MEANS = Path("parzen/k_means_mnist.json")


def cell_path(results: Path, table: str, row: Row, seed: int, full: bool) -> Path:
    """Where the records of one run in one table lie."""
    return results / (f"{table}_full" if full else table) / f"{row.name(seed, full)}.json"


def reproduce(
    table: str,
    *,
    seeds: tuple[int, ...] = SEEDS,
    full: bool = False,
    data_dir: str | None = None,
    results: str = "results",
    runs: str = "runs/reproduce",
) -> Iterator[str]:
    """Trains and measures the cells of a table that are missing; a line for each.

    A run that several tables share is trained once. What was cut off goes on at the next call.

    Args:
        table: a key of `TABLES`.
        seeds: of training; at least three make a table.
        full: 25 epochs for every row.
        data_dir: where TensorFlow Datasets keeps its data.
        results: folder of the cells.
        runs: folder of the runs.

    Raises:
        InputError: an unknown table, or a run that failed.
    """
    if table not in TABLES:
        raise unknown_choice("table", table, TABLES)
    for seed in seeds:
        for row in TABLES[table].rows:
            path = cell_path(Path(results), table, row, seed, full)
            if path.exists():
                read_cell(path, row, seed, full)
                yield f"there: {path}"
                continue
            run_dir = Path(runs) / row.run_name(seed, full)
            where = [] if data_dir is None else ["--data-dir", data_dir]
            diverged = not _train(row, seed, full, run_dir, where, TABLES[table].may_diverge)
            path.parent.mkdir(parents=True, exist_ok=True)
            measured = run_dir / f"{path.parent.name}_{row.direction or 'measured'}.json"
            count, metrics = str(TABLES[table].samples), TABLES[table].metrics_of(row)
            flags = ["--dataset", row.dataset, "--metrics", metrics, "--count", count]
            flags += ["--direction", row.direction] if row.direction else []
            if diverged:
                write_records(measured, [])
            else:
                _call("evaluate", [str(run_dir / "export"), *flags, "--output", str(measured), *where])
            cell = {
                "command": " ".join(["python", "scripts/train.py", *row.flags(seed, full)]),
                "evaluation": " ".join(["python", "scripts/evaluate.py", "OUT", *flags]),
                "seconds": round(sum(map(float, (run_dir / "seconds.txt").read_text().split()))),
                "config": row.config(seed, full),
                "versions": versions(),
                **json.loads(measured.read_text(encoding="utf-8")),
            }
            write_whole(path, json.dumps(cell, indent=1) + "\n")
            yield f"wrote: {path}"
    if table == "parzen" and not (path := Path(results) / K_MEANS).exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_records(path, [k_means_likelihood("mnist", data_dir)])
        yield f"wrote: {path}"


def k_means_likelihood(dataset: str, data_dir: str | None = None, centres: int = 1000) -> MetricRecord:
    """The Parzen log-likelihood of k-means centres of the training images: a few blurred means do well by it.

    Args:
        dataset: with a split `test`.
        data_dir: where TensorFlow Datasets keeps its data.
        centres: how many.

    Returns:
        The number in nats.
    """
    # Imported here: all else of this file runs without TensorFlow.
    from sklearn.cluster import MiniBatchKMeans

    from tfgan_suite.data.sources import load_images
    from tfgan_suite.metrics.comparison import as_rows
    from tfgan_suite.metrics.parzen import choose_sigma, parzen_log_likelihood

    data, reference = (load_images(dataset, split=split, data_dir=data_dir) for split in ("train", "test"))
    train, test = as_rows(data.images), as_rows(reference.images)
    learned, validation = train[:-VALIDATION_ROWS], train[-VALIDATION_ROWS:]
    means = MiniBatchKMeans(centres, batch_size=4096, n_init=1, random_state=0).fit(learned).cluster_centers_
    sigma = choose_sigma(means, validation)
    value, error = parzen_log_likelihood(means, test, sigma)
    protocol = {
        "dataset": dataset,
        "reference": reference.source,
        "reference_sha256": reference.fingerprint(),
        "num_real": len(test),
        "num_generated": centres,
        "sigma_chosen_by": f"the last {len(validation)} training images",
        "uncertainty": "standard error over the reference images",
    }
    subject = {"path": f"centres of MiniBatchKMeans of {len(learned)} training images", "seed": 0}
    return MetricRecord(
        "parzen_log_likelihood", value, error, None, protocol, subject, {"sigma": sigma}, versions=versions()
    )


def _train(row: Row, seed: int, full: bool, run_dir: Path, where: list[str], may_diverge: bool) -> bool:
    """Whether the run came to its end; where it may diverge, False says that it did."""
    folders = ["--run-dir", str(run_dir), "--export-dir", str(run_dir / "export"), "--no-tensorboard"]
    finished = (run_dir / "finished.json").exists()
    started = time.monotonic()
    try:
        accepted = (0, DIVERGED) if may_diverge else (0,)
        return _call("train", [*row.flags(seed, full), *folders, *where], accepted) == 0
    finally:
        # One line a start: a run that was cut off has several, and their sum is its cost.
        if run_dir.is_dir() and not finished:
            with (run_dir / "seconds.txt").open("a", encoding="utf-8") as stream:
                stream.write(f"{time.monotonic() - started:.1f}\n")


def _call(command: str, flags: list[str], accepted: tuple[int, ...] = (0,)) -> int:
    """The exit code of a command of this package in a process of its own: no cell sees what another left behind.

    Ctrl-C, SIGTERM and SIGHUP are handed on and waited for: a training saves what it has before it ends.
    """
    received: list[int] = []

    def hand_on(number: int, frame: object) -> None:
        received.append(number)
        child.send_signal(number)

    # In a session of its own, where a terminal's Ctrl-C reaches it through here alone, and once.
    child = subprocess.Popen([sys.executable, "-m", "tfgan_suite", command, *flags], start_new_session=True)
    heard = [number for number in HANDED_ON if signal.getsignal(number) != signal.SIG_IGN]  # not what nohup ignores
    before = {number: signal.signal(number, hand_on) for number in heard}
    try:
        code = child.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if received:
        sys.exit(128 + received[0])
    if code not in accepted:
        raise InputError(f"{command} ended with exit code {code}: {' '.join(flags)}.")
    return code


def read_cell(path: Path, row: Row, seed: int, full: bool) -> dict[str, Any]:
    """A cell as it was written; a setting that came after it was measured had its default.

    Raises:
        InputError: it is damaged, or was measured with other settings than the row has now.
    """
    try:
        cell = json.loads(path.read_text(encoding="utf-8"))
        config, _, _ = cell["config"], cell["records"], cell["seconds"]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is damaged: {error}. Remove it to measure it again.") from error
    expected = row.config(seed, full)
    keys = sorted({*config, *expected} - {*ELSEWHERE})
    changed = [key for key in keys if config.get(key, DEFAULTS.get(key)) != expected.get(key)]
    if changed:
        raise InputError(
            f"{path} was measured with another {', '.join(changed)} than {row.model} has now. "
            "Remove it to measure it again."
        )
    return cell


def render(table: str, full: bool = False, results: str = "results") -> str:
    """A table in Markdown, of the cells that are there; rows without any are left out.

    Raises:
        InputError: an unknown table, or a cell that is not what its row says now.
    """
    if table not in TABLES:
        raise unknown_choice("table", table, TABLES)
    chosen = TABLES[table]
    published = any(row.published for row in chosen.rows)
    last = ["diverged" if chosen.may_diverge else "runs", "training"]
    heads = ["", *(["published"] if published else []), *(head for head, _ in chosen.columns.values()), *last]
    lines = [f"**{chosen.title}**", "", _line(heads), "|---" * len(heads) + "|"]
    begun = len(lines)
    for group in dict.fromkeys(row.group for row in chosen.rows):
        protocols: dict[str, dict[str, Any]] = {}
        beside: dict[
            str, dict[str, float]
        ] = {}  # by line and by name: what is got without learning, and of real images
        for row in chosen.rows:
            cells = list(_cells(Path(results), table, row, full)) if row.group == group else []
            if not cells:
                continue
            whole = [cell for cell in cells if not (chosen.may_diverge and has_diverged(cell))]
            values: list[str] = []
            for name, (_, form) in chosen.columns.items():
                records = [record for cell in whole for record in cell["records"] if record["metric"] == name]
                if len(records) not in (0, len(whole)):
                    raise InputError(f"{table}: of {row.model} not every run has {name}. Remove those without it.")
                _refuse_unlike(records, protocols, name, f"{table}: {name} of {row.model}")
                values.append(_spread([record["value"] for record in records], form))
                for record in records:
                    for line, number in _without_learning(row, record).items():
                        beside.setdefault(line, {})[name] = number
            seconds = min(cell["seconds"] for cell in whole or cells)  # other work makes the others longer
            told = [row.title, *([row.published or "-"] if published else [])]
            runs = f"{len(cells) - len(whole)} of {len(cells)}" if chosen.may_diverge else str(len(cells))
            lines.append(_line([*told, *values, runs, f"{seconds / 60:.0f} min"]))
        for line, numbers in beside.items():
            shown = [
                format(numbers[name], form) if name in numbers else "-" for name, (_, form) in chosen.columns.items()
            ]
            lines.append(_line([line, *(["-"] if published else []), *shown, "", ""]))
    if len(lines) == begun:
        return f"**{chosen.title}**: not measured yet."
    if table == "parzen" and (path := Path(results) / K_MEANS).exists():
        (centres,) = read_records(path)
        title = f"{centres.protocol['num_generated']:,} k-means centres"
        lines.append(_line([title, "-", f"{centres.value:.0f}", "", ""]))
    return "\n".join(lines)


def _without_learning(row: Row, record: Mapping[str, Any]) -> dict[str, float]:
    """The number of a record as it is without learning from pairs, and of real images, by what stands before it."""
    task = f"{row.task}: " if row.task else ""
    found = {f"{task}{name}": number for name, number in record.get("baselines", {}).items()}
    if record["floor"] is not None:
        real = "targets learned from" if row.translates else f"real images of {DATASET_TITLES[row.dataset]}"
        found[f"{task}{real}"] = record["floor"]
    return found


def has_diverged(cell: Mapping[str, Any]) -> bool:
    """Whether a run ended in numbers that are not finite, or makes one class more often than all others together."""
    shares = [share for record in cell["records"] for share in record.get("details", {}).get("shares", ())]
    return not cell["records"] or max(shares, default=0.0) > 0.5


def _refuse_unlike(records: list[dict[str, Any]], protocols: dict[str, dict[str, Any]], key: str, what: str) -> None:
    """Refuses records of another protocol than the first of their column and data, which `protocols` keeps."""
    for record in records:
        if protocols.setdefault(key, record["protocol"]) != record["protocol"]:
            raise InputError(
                f"{what} was not measured alike in all its cells. Remove those that are to be measured again."
            )


def _cells(results: Path, table: str, row: Row, full: bool) -> Iterator[dict[str, Any]]:
    """The cells of a row that are there, by seed."""
    for path in sorted((results / (f"{table}_full" if full else table)).glob("*.json")):
        seed = re.search(r"_seed(\d+)\.json$", path.name)
        if seed and path.name == f"{row.name(int(seed[1]), full)}.json":
            yield read_cell(path, row, int(seed[1]), full)


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _spread(values: list[float], form: str) -> str:
    """Mean and standard deviation over the runs, such as `6.12 +- 0.31`."""
    if not values or any(math.isnan(value) for value in values):
        return "-"
    mean = format(statistics.mean(values), form)
    return mean if len(values) == 1 else f"{mean} +- {format(statistics.stdev(values), form)}"


def rendered(text: str, results: str = "results") -> str:
    """A Markdown text with each table between `<!-- table: NAME -->` and `<!-- end -->` as the cells have it now."""

    def fill(match: re.Match[str]) -> str:
        return f"{match[1]}\n{render(match[2], results=results)}\n{match[3]}"

    return re.sub(r"(<!-- table: (\w+) -->).*?(<!-- end -->)", fill, text, flags=re.DOTALL)
