import math

import numpy as np
import pytest

from tfgan_suite.data.image_data import ImageData
from tfgan_suite.errors import InputError
from tfgan_suite.metrics.classes import class_accuracies, class_entropy, class_shares, kept_accuracy, label_accuracy


def test_class_shares_by_hand() -> None:
    np.testing.assert_array_equal(class_shares(np.array([0, 2, 2, 2]), 4), [0.25, 0, 0.75, 0])


def test_class_shares_of_the_digits(small_digits: ImageData) -> None:
    shares = class_shares(small_digits.labels, 10)
    assert shares.sum() == pytest.approx(1)
    assert shares[3] == np.mean(small_digits.labels == 3)


def test_label_accuracy_by_hand() -> None:
    assert label_accuracy(np.array([1, 2, 3, 3]), np.array([1, 2, 0, 3])) == 0.75


def test_kept_accuracy_by_hand() -> None:
    """Two of four are right where the truth has three: residues of 1/3, 1/3, -2/3 and 0 about a ratio of 2/3."""
    labels, truth, made = np.array([0, 1, 2, 3]), np.array([0, 1, 2, 0]), np.array([0, 1, 0, 0])
    kept, error = kept_accuracy(made, truth, labels)
    assert kept == pytest.approx(2 / 3, abs=1e-15)
    assert error == pytest.approx(math.sqrt((1 + 1 + 4) / 9 / 3 / 4) / (3 / 4), abs=1e-15)
    assert kept_accuracy(truth, truth, labels) == (1.0, 0.0)
    assert kept_accuracy(labels, truth, labels)[0] == pytest.approx(4 / 3, abs=1e-15)
    with pytest.raises(InputError, match="None of the 4 true images is read as what it shows"):
        kept_accuracy(made, (labels + 1) % 4, labels)


def test_the_error_of_a_kept_accuracy_is_that_of_the_bootstrap() -> None:
    random = np.random.default_rng(0)
    labels = np.zeros(400, int)
    made = np.where(random.uniform(size=400) < 0.7, 0, 1)
    truth = np.where((random.uniform(size=400) < 0.8) | (made == 0), 0, 1)
    draws = [random.integers(0, 400, 400) for _ in range(2000)]
    spread = np.std([(made[rows] == 0).mean() / (truth[rows] == 0).mean() for rows in draws])
    assert kept_accuracy(made, truth, labels)[1] == pytest.approx(spread, rel=0.06)


@pytest.mark.parametrize(
    ("shares", "entropy"),
    [
        ([0.1] * 10, math.log(10)),
        ([0.0, 1.0, 0.0], 0.0),
        ([0.5, 0.25, 0.25], 1.5 * math.log(2)),
        ([0.3334, 0.3333, 0.3333], math.log(3)),
    ],
)
def test_class_entropy_by_hand(shares: list[float], entropy: float) -> None:
    assert class_entropy(np.array(shares)) == pytest.approx(entropy, abs=1e-7)


def test_entropy_of_a_single_class_has_no_minus() -> None:
    assert math.copysign(1, class_entropy(np.array([1.0]))) == 1


def test_class_accuracies_by_hand() -> None:
    accuracies = class_accuracies(np.array([0, 0, 1, 3, 3]), np.array([0, 1, 1, 3, 0]), 4)
    np.testing.assert_array_equal(accuracies, [0.5, 0.5, np.nan, 1])


def test_accuracies_weighted_by_what_was_asked_are_the_accuracy() -> None:
    rng = np.random.default_rng(0)
    predicted, labels = rng.integers(0, 7, (2, 1000))
    weighted = class_accuracies(predicted, labels, 7) @ class_shares(labels, 7)
    assert weighted == pytest.approx(label_accuracy(predicted, labels), abs=1e-12)


@pytest.mark.parametrize(
    "predicted", [np.array([0, 3]), np.array([-1, 1]), np.array([0.0, 1.0]), np.zeros((2, 1), int), np.zeros(0, int)]
)
def test_classes_that_are_none(predicted: np.ndarray) -> None:
    with pytest.raises(InputError, match=r"predicted must be .* Received: "):
        class_shares(predicted, 3)
    with pytest.raises(InputError, match=r"predicted must be .* Received: "):
        class_accuracies(predicted, np.zeros(len(predicted), int), 3)


def test_no_classes_at_all() -> None:
    with pytest.raises(InputError, match=r"num_classes must be at least 1. Received: 0"):
        class_shares(np.array([0]), 0)


@pytest.mark.parametrize("shares", [[0.5, 0.4], [1.5, -0.5], [np.nan, 1.0], [[0.5, 0.5]], []])
def test_shares_that_are_none(shares: list[float]) -> None:
    with pytest.raises(InputError, match="of sum 1"):
        class_entropy(np.array(shares))


def test_as_many_predicted_as_asked_for() -> None:
    for function in (label_accuracy, lambda *pair: class_accuracies(*pair, 2)):
        with pytest.raises(InputError, match="Received: 2 and 3"):
            function(np.array([0, 1]), np.array([0, 1, 1]))
