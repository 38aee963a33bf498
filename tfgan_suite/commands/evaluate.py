"""An evaluation as a table and as a file."""

from pathlib import Path
from typing import Any

from tfgan_suite.errors import InputError
from tfgan_suite.evaluation.measure import evaluate
from tfgan_suite.metrics.records import READING, MetricRecord, difference, read_records, write_records


def evaluate_to(output: str | None, compare: str | None, **choices: Any) -> str:
    """A table of an evaluation, which is written as JSON too.

    Args:
        output: JSON file for the records; None: none is written.
        compare: JSON file of other records, measured alike, whose values stand beside these.
        choices: of `evaluate`.

    Raises:
        InputError: as `evaluate`, or records that were measured otherwise.
    """
    others = [] if compare is None else read_records(compare)
    if output is not None and not Path(output).parent.is_dir():
        raise InputError(f"The folder {Path(output).parent} of --output does not exist.")
    records = read_records(choices["path"]) if choices["path"].endswith(".json") else evaluate(**choices)
    if output is not None:
        write_records(output, records)
    return as_table(records, others)


def as_table(records: list[MetricRecord], others: list[MetricRecord] | None = None) -> str:
    """Records as lines for people: value, uncertainty, floor, and where there are others the difference to them.

    Raises:
        InputError: records of one metric that were measured otherwise.
    """
    by_name = {record.metric: record for record in others or []}
    if len(by_name) < len(others or []):
        raise InputError("The records to compare with have a metric more than once. Give those of one generator.")
    head = f"{'metric':<28} {'value':>12} {'+-':>10} {'real data':>12}" + (f"{'difference':>13}" if by_name else "")
    lines: list[str] = []
    subject = None
    for record in records:
        if record.subject != subject:
            subject = record.subject
            step = f", step {subject['step']}" if "step" in subject else ""
            lines += [*([""] if lines else []), f"{subject.get('path', '-')}{step}", head]
        uncertainty = "" if record.uncertainty is None else f"{record.uncertainty:.4g}"
        floor = "" if record.floor is None else f"{record.floor:.5g}"
        line = f"{record.metric:<28} {record.value:>12.5g} {uncertainty:>10} {floor:>12}"
        if record.metric in by_name:
            line += f"{difference(record, by_name[record.metric]):>+13.4g}"
        lines.append(line.rstrip())
    lines += sorted({f"warning: {record.metric}: {text}" for record in records for text in record.warnings})
    if records:
        protocols = [record.protocol for record in records]
        networks = {
            f"{told.get('extractor', '?')} ({str(told['extractor_sha256'])[:12]}), {told.get('resize', '?')}"
            for told in protocols
            if told.get("extractor_sha256")
        }
        told = protocols[0]
        lines.append(
            f"{told.get('num_generated', '?')} generated and as many real images ({told.get('reference', '?')}), by "
            f"{' and '.join(sorted(networks)) or 'pixels'}"
        )
        if read := [f"{key} {told[key]}" for key in READING if told.get(key)]:
            lines.append(f"real images were read as the generator's were: {', '.join(read)}")
        if not told.get("held_out", True):
            lines.append("the generator has learned from these real images: there are no others")
    return "\n".join(lines)
