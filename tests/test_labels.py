from typing import Any

import numpy as np
import pytest

from tfgan_suite.errors import InputError
from tfgan_suite.labels import Labels

CLOTHES = Labels("classes", 11, ("T-shirt/top", "Bag", "bag", "Ankle boot", "Weiß", "a, b", "a+b", "", " ", "12", "10"))
FACES = Labels("attributes", 5, ("Male", "Smiling", "Young", "a, b", "a+b"))


@pytest.mark.parametrize(("text", "expected"), [("3,1,4", [3, 1, 4]), ("7", [7]), (" 0 , 10 ", [0, 10])])
@pytest.mark.parametrize("names", [(), tuple("abcdefghijk")])
def test_parse_classes(text: str, expected: list[int], names: tuple[str, ...]) -> None:
    labels = Labels("classes", 11, names).parse(text)
    assert labels.dtype == np.int32
    assert labels.tolist() == expected


def test_parse_attributes() -> None:
    labels = Labels("attributes", 4).parse("0110, 1001")
    assert labels.dtype == np.float32
    assert labels.tolist() == [[0, 1, 1, 0], [1, 0, 0, 1]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("T-shirt/top", [0]),
        ("t-SHIRT/Top", [0]),
        ("Bag,bag", [1, 2]),  # as it stands, before another case
        ("ANKLE BOOT, 3", [3, 3]),
        ("weiss", [4]),
        ("WEISS", [4]),
        ("a+b", [6]),
        ("10", [10]),
        ("9", [9]),  # whose name is 12
    ],
)
def test_parse_names_of_classes(text: str, expected: list[int]) -> None:
    assert CLOTHES.parse(text).tolist() == expected


def test_parse_an_accent_however_it_is_written() -> None:
    composed, apart = "caf\u00e9", "cafe\u0301"
    assert Labels("classes", 1, (apart,)).parse(composed).tolist() == [0]
    assert Labels("classes", 1, (composed,)).parse(apart).tolist() == [0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Smiling+Young,Male", [[0, 1, 1, 0, 0], [1, 0, 0, 0, 0]]),
        ("smiling + male , 00011", [[1, 1, 0, 0, 0], [0, 0, 0, 1, 1]]),
        ("Young+Young", [[0, 0, 1, 0, 0]]),
    ],
)
def test_parse_names_of_attributes(text: str, expected: list[list[int]]) -> None:
    assert FACES.parse(text).tolist() == expected


@pytest.mark.parametrize(
    ("labels", "text", "message"),
    [
        (CLOTHES, "Ankle bot", r"Unknown class 'Ankle bot'. Did you mean Ankle boot\? Expected one of: .*T-shirt/top"),
        (CLOTHES, "a, b", "Unknown class 'a'"),
        (CLOTHES, "BAG", "'BAG' is the name of several: class 1 and 2. Give the one by its digits"),
        (CLOTHES, "", "names or numbers, separated by commas"),
        (CLOTHES, "0,,1", "names or numbers, separated by commas"),
        (CLOTHES, "12", r'in 0..10. Received: 12; "12" is label 9'),
        (CLOTHES, "9" * 5000, r"in 0..10. Received: 9{40}\."),
        (CLOTHES, "x" * 5000, "Unknown class 'x{80}'"),
        (CLOTHES, "-1", "Unknown class '-1'"),
        (FACES, "Smilling", "Unknown attribute 'Smilling'. Did you mean Smiling"),
        (FACES, "Smiling+Old", "Unknown attribute 'Old'"),
        (FACES, "Smiling+", "or names joined by"),
        (FACES, "Smiling+3", "or names joined by"),
        (FACES, "0101", "one digit, 0 or 1, for each of the 5 attributes, or names joined by"),
        (Labels("classes", 3), "cat", "Labels are numbers, separated by commas. Received: 'cat'"),
        (Labels("classes", 3), "3", "in 0..2. Received: 3"),
    ],
)
def test_parse_refuses_names_in_one_line(labels: Labels, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        labels.parse(text)
    assert len(str(caught.value).splitlines()) == 1
    assert len(str(caught.value)) < 300


def test_every_label_can_be_given_as_its_line_says() -> None:
    for labels in (CLOTHES, FACES):
        lines = labels.listing()
        assert len(lines) == labels.size
        for index, (line, own) in enumerate(zip(lines, labels.check(None, labels.size), strict=True)):
            number, _, name = line.partition(" ")
            assert number == str(index)
            given = name.partition(" (give it as ")[2].rstrip(")") or name
            np.testing.assert_array_equal(labels.parse(given)[0], own)
    assert CLOTHES.listing()[3:6] == ["3 Ankle boot", "4 Weiß", "5 a, b (give it as 5)"]
    assert FACES.listing()[2:] == ["2 Young", "3 a, b (give it as 00010)", "4 a+b (give it as 00001)"]


def test_labels_without_all_their_names_have_their_numbers() -> None:
    assert Labels.of(3, None, ["cat"]) == Labels("classes", 3, ("cat",))
    assert Labels.of(2, None, ["a", "b", "c"]) == Labels("classes", 2, ("a", "b"))
    assert Labels("classes", 3, ("cat",)).listing() == ["0 cat", "1 1", "2 2"]
    assert Labels("classes", 2, ("red\nhot", "b")).listing()[0].startswith("0 red?hot")
    for strange in (None, "abc", 3, {"a": 1}):
        assert Labels.of(None, 2, strange) == Labels("attributes", 2)
    assert Labels.of(None, None, ["a"]) is None


def test_names_that_are_other_numbers_are_told() -> None:
    digits = Labels("classes", 4, ("0", "2", "03", "x"))
    assert digits.renumbered(digits.parse("1,0,1")) == ['label 1 is "2"']
    assert digits.renumbered(digits.parse("2,3,0")) == ['label 2 is "03"']
    assert FACES.renumbered(FACES.parse("11111")) == []


@pytest.mark.parametrize("text", ["", "3,,4", "3;4", "-1", "1.5", "three", "99999999999"])
def test_parse_refuses_classes(text: str) -> None:
    with pytest.raises(InputError):
        Labels("classes", 10).parse(text)


@pytest.mark.parametrize("text", ["", "011", "01101", "0120", "0110,10", "abcd"])
def test_parse_refuses_attributes(text: str) -> None:
    with pytest.raises(InputError):
        Labels("attributes", 4).parse(text)


@pytest.mark.parametrize("num_attributes", [1, 2, 5])
@pytest.mark.parametrize("names", [(), ("hat",)])
def test_the_example_in_the_refusal_can_be_parsed(num_attributes: int, names: tuple[str, ...]) -> None:
    labels = Labels("attributes", num_attributes, names)
    with pytest.raises(InputError, match="such as") as caught:
        labels.parse("9")
    example = str(caught.value).partition("such as ")[2].partition(".")[0]
    assert labels.parse(example).shape == (1, num_attributes)


CLASSES = [
    (None, 5, [0, 1, 2, 0, 1]),
    (2, 3, [2, 2, 2]),
    ([2, 0], 5, [2, 0, 2, 0, 2]),
    (np.array([1, 2], np.int64), 2, [1, 2]),
    (np.array([[1], [2]], np.uint8), 3, [1, 2, 1]),
    (None, 0, []),
]


@pytest.mark.parametrize(("labels", "count", "expected"), CLASSES)
def test_check_classes(labels: Any, count: int, expected: list[int]) -> None:
    checked = Labels("classes", 3).check(labels, count)
    assert checked.dtype == np.int32
    assert checked.tolist() == expected


ATTRIBUTES = [
    (None, 3, [[1, 0], [0, 1], [1, 0]]),
    ([0, 1], 2, [[0, 1], [0, 1]]),
    ([0, 1], 1, [[0, 1]]),
    ([[1, 1], [0, 0]], 3, [[1, 1], [0, 0], [1, 1]]),
    (np.array([[True, False]]), 1, [[1, 0]]),
]


@pytest.mark.parametrize(("labels", "count", "expected"), ATTRIBUTES)
def test_check_attributes(labels: Any, count: int, expected: list[list[int]]) -> None:
    checked = Labels("attributes", 2).check(labels, count)
    assert checked.dtype == np.float32
    assert checked.tolist() == expected


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"])
def test_every_type_of_integer_is_taken(dtype: str) -> None:
    for shape in ((3,), (3, 1)):
        assert Labels("classes", 3).check(np.arange(3, dtype=dtype).reshape(shape), 3).tolist() == [0, 1, 2]
    assert Labels("attributes", 3).check(np.eye(3, dtype=dtype), 3).tolist() == np.eye(3).tolist()


REFUSED_CLASSES = [
    ([0, 3], r"in 0\.\.2\. Received: 3\.$"),
    ([-1], r"in 0\.\.2\. Received: -1\.$"),
    ([1, 3, 2], r"Received: 3\. They are counted from 0: give labels - 1"),
    (3, r"Received: 3\."),
    (np.uint64(2**63), "Received: 9223372036854775808"),
    ([0.0, 1.0], r"Received: float64 of shape \(2,\)\. Of whole numbers give labels.astype"),
    (np.zeros((2, 1), "float32"), "Of whole numbers give"),
    ([True], "Received: bool"),
    ([np.nan], "must be integers"),
    ([[0, 1]], r"shape \(1, 2\)"),
    (np.eye(3), r"one-hot rows give np\.argmax\(labels, 1\)"),
    (np.eye(3, dtype=bool), r"np\.argmax"),
    (np.eye(3, dtype="int64"), r"np\.argmax"),
    (np.zeros((2, 1, 1), int), r"shape \(2, 1, 1\)"),
    ([], r"shape \(0,\)"),
    (["0"], r"must be numbers\. .*np\.unique\(labels, return_inverse=True\)"),
    ("cat", "must be numbers"),
    ([b"cat"], "must be numbers"),
    ([None], "must be numbers"),
    ([[0], [1, 2]], "of one shape each"),
    ({"a": 1}, "must be numbers"),
    ([0, 1, 2, 0, 1], "more labels than images"),
]


@pytest.mark.parametrize(("labels", "message"), REFUSED_CLASSES)
def test_check_refuses_classes(labels: Any, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        Labels("classes", 3).check(labels, 4)
    assert len(str(caught.value).splitlines()) == 1


def test_the_refusal_names_the_wrong_class() -> None:
    with pytest.raises(InputError, match=r"in 0\.\.2\. Received: 7\."):
        Labels("classes", 3).check([1, 7, 9], 3)


REFUSED_ATTRIBUTES = [
    ([0, 1, 1], r"For attribute k alone give np\.eye\(2\)\[\[k\]\]"),
    (1, "For attribute k alone"),
    ([[0, 2]], "rows of 2 zeros and ones"),
    ([[0.5, 0]], r"with values \[0\.0, 0\.5\]"),
    ([[np.nan, 0]], "zeros and ones"),
    ([[-1, 1]], r"Of -1 and 1 give \(labels \+ 1\) // 2"),
    ([[1.0, -1.0], [1.0, 1.0]], r"Of -1 and 1"),
    (np.zeros((0, 2)), r"shape \(0, 2\)"),
    (np.zeros((1, 2, 2)), r"shape \(1, 2, 2\)"),
    (["hat"], "must be numbers"),
]


@pytest.mark.parametrize(("labels", "message"), REFUSED_ATTRIBUTES)
def test_check_refuses_attributes(labels: Any, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        Labels("attributes", 2).check(labels, 4)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    "given", ["T-shirt/top,weiss", ["T-shirt/top", "weiss"], np.array(["T-shirt/top", "4"]), [["0"], ["Weiß"]]]
)
def test_check_takes_names(given: Any) -> None:
    assert CLOTHES.check(given, 3).tolist() == [0, 4, 0]


def test_check_takes_names_that_the_command_line_cannot_give() -> None:
    assert CLOTHES.check(["a, b"], 1).tolist() == [5]
    assert FACES.check(["a, b", "Smiling+Young"], 2).tolist() == [[0, 0, 0, 1, 0], [0, 1, 1, 0, 0]]
    with pytest.raises(InputError, match="Unknown class 'Ankle'"):
        CLOTHES.check(["Ankle"], 1)
