from typing import Any

import numpy as np
import pytest

from tfgan_suite.errors import InputError
from tfgan_suite.labels import check_labels, parse_labels


@pytest.mark.parametrize(("text", "expected"), [("3,1,4", [3, 1, 4]), ("7", [7]), (" 0 , 10 ", [0, 10])])
def test_parse_classes(text: str, expected: list[int]) -> None:
    labels = parse_labels(text, num_attributes=None)
    assert labels.dtype == np.int32
    assert labels.tolist() == expected


def test_parse_attributes() -> None:
    labels = parse_labels("0110, 1001", num_attributes=4)
    assert labels.dtype == np.float32
    assert labels.tolist() == [[0, 1, 1, 0], [1, 0, 0, 1]]


@pytest.mark.parametrize("text", ["", "3,,4", "3;4", "-1", "1.5", "three", "99999999999"])
def test_parse_refuses_classes(text: str) -> None:
    with pytest.raises(InputError):
        parse_labels(text, num_attributes=None)


@pytest.mark.parametrize("text", ["", "011", "01101", "0120", "0110,10", "abcd"])
def test_parse_refuses_attributes(text: str) -> None:
    with pytest.raises(InputError):
        parse_labels(text, num_attributes=4)


@pytest.mark.parametrize("num_attributes", [1, 2, 5])
def test_the_example_in_the_refusal_can_be_parsed(num_attributes: int) -> None:
    with pytest.raises(InputError, match="such as") as caught:
        parse_labels("9", num_attributes)
    example = str(caught.value).partition("such as ")[2].partition(".")[0]
    assert parse_labels(example, num_attributes).shape == (1, num_attributes)


CLASSES = [
    (None, 5, [0, 1, 2, 0, 1]),
    (2, 3, [2, 2, 2]),
    ([2, 0], 5, [2, 0, 2, 0, 2]),
    (np.array([1, 2], np.int64), 2, [1, 2]),
    (None, 0, []),
]


@pytest.mark.parametrize(("labels", "count", "expected"), CLASSES)
def test_check_classes(labels: Any, count: int, expected: list[int]) -> None:
    checked = check_labels(labels, count, num_classes=3, num_attributes=None)
    assert checked.dtype == np.int32
    assert checked.tolist() == expected


ATTRIBUTES = [
    (None, 3, [[1, 0], [0, 1], [1, 0]]),
    ([0, 1], 2, [[0, 1], [0, 1]]),
    ([[1, 1], [0, 0]], 3, [[1, 1], [0, 0], [1, 1]]),
    (np.array([[True, False]]), 1, [[1, 0]]),
]


@pytest.mark.parametrize(("labels", "count", "expected"), ATTRIBUTES)
def test_check_attributes(labels: Any, count: int, expected: list[list[int]]) -> None:
    checked = check_labels(labels, count, num_classes=None, num_attributes=2)
    assert checked.dtype == np.float32
    assert checked.tolist() == expected


@pytest.mark.parametrize("labels", [[0, 3], [-1], [0.0, 1.0], [[0, 1]], [], ["0"], 3, [True]])
def test_check_refuses_classes(labels: Any) -> None:
    with pytest.raises(InputError):
        check_labels(labels, 4, num_classes=3, num_attributes=None)


def test_the_refusal_names_the_wrong_class() -> None:
    with pytest.raises(InputError, match=r"in 0\.\.2\. Received: 7\."):
        check_labels([1, 7, 9], 3, num_classes=3, num_attributes=None)


@pytest.mark.parametrize("labels", [[0, 1, 1], [[0, 2]], [[0.5, 0]], 1, np.zeros((0, 2)), np.zeros((1, 2, 2))])
def test_check_refuses_attributes(labels: Any) -> None:
    with pytest.raises(InputError):
        check_labels(labels, 4, num_classes=None, num_attributes=2)
