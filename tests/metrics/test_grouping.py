import math

import numpy as np
import pytest

from tfgan_suite.errors import InputError
from tfgan_suite.metrics.grouping import grouped_mean, groups_of, without_tone


def test_by_hand() -> None:
    """Groups of 1 and 3, of 5, and of 9: means 2, 5 and 9, whose deviation is sqrt(37 / 3)."""
    mean, error = grouped_mean(np.array([1.0, 5.0, 3.0, 9.0]), np.array([7, 2, 7, 3]))
    assert mean == 16 / 3
    assert error == pytest.approx(math.sqrt(37 / 3 / 3), rel=1e-15)


def test_without_groups_each_counts() -> None:
    values = np.array([1.0, 2.0, 6.0])
    assert grouped_mean(values) == grouped_mean(values, np.array([0, 1, 2])) == (3.0, math.sqrt(7 / 3))


def test_what_has_no_number_counts_for_nothing() -> None:
    values, groups = np.array([1.0, np.nan, np.nan, 4.0]), np.array([0, 0, 1, 2])
    assert grouped_mean(values, groups)[0] == 2.5
    assert np.isnan(grouped_mean(values[1:3], groups[1:3])).all()
    mean, error = grouped_mean(values[3:])
    assert (mean, math.isnan(error)) == (4.0, True)


@pytest.mark.parametrize("groups", [np.zeros(2), np.zeros((3, 1))])
def test_groups_of_another_number(groups: np.ndarray) -> None:
    with pytest.raises(InputError, match="groups must be as many as values"):
        grouped_mean(np.zeros(3), groups)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("people/1f44b-1f3fb", "people/1f44b"),
        ("people/1F44B-1F3FF", "people/1F44B"),
        ("1f9d1-1f3fb-200d-2764-fe0f-200d-1f9d1-1f3fc", "1f9d1-200d-2764-200d-1f9d1"),  # two people, two tones
        ("261d-fe0f", "261d"),  # of which the tones are 261d-1f3fb and so on
        ("1f3fb", "1f3fb"),  # the tone itself
        ("cat-1f3fd9", "cat-1f3fd9"),
        ("faces/7", "faces/7"),
    ],
)
def test_a_name_without_its_tone(name: str, expected: str) -> None:
    assert without_tone(name) == expected


def test_groups_of_names() -> None:
    groups = groups_of(["a/261d-1f3fb", "a/1f600", "a/261d-1f3fc", "a/261d-fe0f"])
    assert groups is not None and groups[0] == groups[2] == groups[3] != groups[1]
    assert groups_of(["a/261d-1f3fb", "b/261d-1f3fc"]) is None  # each is alone
    assert groups_of([]) is None
    first = groups_of(["ax", "ay", "bx"], called=lambda name: name[0])
    assert first is not None and first.tolist() == [0, 0, 1]
