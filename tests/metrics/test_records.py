"""A number is compared with another only where both were measured alike."""

import dataclasses
from pathlib import Path

import pytest

from tfgan_suite.errors import InputError
from tfgan_suite.metrics.records import MetricRecord, difference, read_records, write_records

RECORD = MetricRecord(
    "frechet_distance", 6.5, None, 0.1, {"num_real": 100, "extractor_sha256": "ab"}, {"path": "x"}, {"a": [1, 2]}
)


def test_records_round_trip(tmp_path: Path) -> None:
    write_records(tmp_path / "r.json", [RECORD, RECORD])
    assert read_records(tmp_path / "r.json") == [RECORD, RECORD]


def test_difference() -> None:
    assert difference(RECORD, dataclasses.replace(RECORD, value=4.0, subject={"path": "y"})) == 2.5


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"metric": "precision"}, "metric is frechet_distance and precision"),
        ({"protocol": {**RECORD.protocol, "num_real": 50}}, "num_real is 100 and 50"),
        ({"protocol": {"num_real": 100}}, "extractor_sha256 is ab and None"),
    ],
)
def test_another_protocol_is_refused_by_name(change: dict[str, object], named: str) -> None:
    with pytest.raises(InputError, match=named):
        difference(RECORD, dataclasses.replace(RECORD, **change))


@pytest.mark.parametrize(
    "text", ["", "{}", '{"records": [{"metric": 1}]}', '{"records": 3}', '{"records": [{"value": "a", "metric": "b"}]}']
)
def test_damaged_records(text: str, tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(text)
    with pytest.raises(InputError, match="holds no records"):
        read_records(tmp_path / "r.json")


def test_missing_records(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="do not exist"):
        read_records(tmp_path / "none.json")
