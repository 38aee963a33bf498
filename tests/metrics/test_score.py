import math

import numpy as np
import pytest

from tfgan_suite.errors import InputError
from tfgan_suite.metrics.score import classifier_score

LOGITS = np.random.default_rng(2).normal(size=(1000, 10)) * 3
# torch-fidelity 0.4.0, in order: splits -> mean, deviation.
REFERENCES = {10: (3.8061817589766114, 0.19974187223269707), 1: (3.861047671936938, 0.0)}


@pytest.mark.parametrize("splits", REFERENCES)
def test_the_references_value(splits: int) -> None:
    assert classifier_score(LOGITS, splits, seed=None) == pytest.approx(REFERENCES[splits], rel=1e-12, abs=1e-15)


def test_by_hand() -> None:
    """Answers (0.9, 0.1) and (0.5, 0.5), whose mean is (0.7, 0.3)."""
    divergences = [
        0.9 * math.log(0.9 / 0.7) + 0.1 * math.log(0.1 / 0.3),
        0.5 * math.log(0.5 / 0.7) + 0.5 * math.log(0.5 / 0.3),
    ]
    score, _ = classifier_score([[math.log(0.9) + 5, math.log(0.1) + 5], [2, 2]], splits=1)
    assert score == pytest.approx(math.exp(sum(divergences) / 2), rel=1e-14)


@pytest.mark.parametrize("num_classes", [2, 10])
@pytest.mark.parametrize("size", [100.0, 1e4, 1e300])
def test_sure_answers_of_all_classes(num_classes: int, size: float) -> None:
    """K, however sure; also where no row leaves a class any probability."""
    logits = np.tile(size * np.eye(num_classes), (20, 1))
    assert classifier_score(logits, splits=1) == (pytest.approx(num_classes, rel=1e-14), 0)
    one_class_short = np.pad(logits, ((0, 0), (0, 1)))
    assert classifier_score(one_class_short, splits=1)[0] == pytest.approx(num_classes, rel=1e-14)


@pytest.mark.parametrize("row", [np.zeros(10), LOGITS[0], 1e4 * np.eye(10)[3]])
def test_equal_answers(row: np.ndarray) -> None:
    assert classifier_score(np.tile(row, (50, 1))) == (pytest.approx(1, rel=1e-14), pytest.approx(0, abs=1e-14))


def test_samples_in_the_order_of_their_classes_are_shuffled() -> None:
    logits = np.repeat(100 * np.eye(10), 100, axis=0)
    assert classifier_score(logits, splits=10, seed=None) == (pytest.approx(1), pytest.approx(0))
    mean, _ = classifier_score(logits, splits=10)
    assert mean > 9


def test_the_order_matters_between_splits_only() -> None:
    assert classifier_score(LOGITS, 1, seed=1)[0] == pytest.approx(classifier_score(LOGITS, 1, seed=None)[0])
    first, again, other = (classifier_score(LOGITS, 10, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert first[0] != other[0]


def test_splits_that_do_not_divide_the_rows_leave_none_out() -> None:
    """Two splits of five rows: two and three."""
    rows = LOGITS[:5]
    parts = [classifier_score(part, 1, seed=None)[0] for part in (rows[:2], rows[2:])]
    assert classifier_score(rows, 2, seed=None) == pytest.approx((np.mean(parts), np.std(parts)), rel=1e-12)


@pytest.mark.parametrize("splits", [-1, 0, 1001])
def test_splits_out_of_range(splits: int) -> None:
    with pytest.raises(InputError, match=rf"from 1 to the number of rows, 1000\. Received: {splits}"):
        classifier_score(LOGITS, splits)


@pytest.mark.parametrize("logits", [LOGITS[0], LOGITS[:1], np.where(LOGITS > 8, np.nan, LOGITS), LOGITS[:, :0]])
def test_bad_logits(logits: np.ndarray) -> None:
    with pytest.raises(InputError, match="logits must"):
        classifier_score(logits, splits=1)


@pytest.mark.parametrize("splits", [1, 7])
def test_torch_fidelity_agrees(splits: int) -> None:
    torch = pytest.importorskip("torch")
    theirs = pytest.importorskip("torch_fidelity.metric_isc", exc_type=ImportError)
    expected = theirs.isc_features_to_metric(torch.tensor(LOGITS), splits, shuffle=False)
    assert classifier_score(LOGITS, splits, seed=None) == pytest.approx(tuple(expected.values()), rel=1e-12, abs=1e-15)
