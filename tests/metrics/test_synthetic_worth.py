from collections import Counter

import numpy as np
import pytest

from tfgan_suite.data.image_data import ImageData
from tfgan_suite.metrics import synthetic_worth
from tfgan_suite.metrics.synthetic_worth import Worth, choose, joined, measure, repeated


def numbered(labels: list[int], first: int = 0) -> ImageData:
    """Images that tell their index."""
    images = np.arange(first, first + len(labels), dtype=np.uint8).reshape(-1, 1, 1, 1)
    return ImageData(images, np.array(labels, np.int32), ("a", "b"), "numbered")


def test_worth_by_hand() -> None:
    facts = Worth(10, 500, [0.5, 0.7], [0.6, 1.0]).facts()
    assert (facts["real_per_class"], facts["steps"]) == (10, 500)
    for name, each, middle, spread in (
        ("real_only", [0.5, 0.7], 0.6, 0.02**0.5),
        ("with_synthetic", [0.6, 1.0], 0.8, 0.08**0.5),
        ("difference", [0.1, 0.3], 0.2, 0.02**0.5),
    ):
        assert facts[name]["each"] == pytest.approx(each)
        assert facts[name]["mean"] == pytest.approx(middle)
        assert facts[name]["sd"] == pytest.approx(spread)


def test_k_images_of_each_class_by_chance() -> None:
    data = numbered([0, 1] * 20)
    sets = {(k, seed): choose(data, k, seed) for k in (2, 5) for seed in (0, 1)}
    for (k, _), chosen in sets.items():
        assert chosen.labels is not None
        assert np.bincount(chosen.labels).tolist() == [k, k]
        assert (chosen.images.ravel() % 2 == chosen.labels).all()  # each kept its label
        assert len(np.unique(chosen.images)) == 2 * k
    indices = {key: set(chosen.images.ravel().tolist()) for key, chosen in sets.items()}
    assert indices[2, 0] < indices[5, 0]
    assert indices[5, 0] != indices[5, 1]
    np.testing.assert_array_equal(choose(data, 5, 1).images, sets[5, 1].images)


@pytest.mark.parametrize(("rows", "times"), [(14, {2}), (17, {2, 3}), (3, {1})])
def test_repeated_images_are_equally_often_there(rows: int, times: set[int]) -> None:
    data = repeated(numbered([0, 1, 0, 1, 0, 1, 0]), rows, seed=0)
    assert data.labels is not None
    assert (len(data.images), len(data.labels)) == (rows, rows)
    assert set(Counter(data.images.ravel().tolist()).values()) == times
    assert (data.images.ravel() % 2 == data.labels).all()


def test_joined_images_are_those_of_both() -> None:
    data = joined(numbered([0, 1]), numbered([1, 1, 0], first=10))
    assert data.labels is not None
    assert (data.images.ravel().tolist(), data.labels.tolist()) == ([0, 1, 10, 11, 12], [0, 1, 1, 1, 0])


@pytest.mark.parametrize(("count", "k", "steps"), [(40, 2, 3), (40, 100, 7), (996, 2, 24), (600, 2, 5)])
def test_both_arms_take_the_same_steps_from_the_same_start(
    count: int, k: int, steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def record(data: ImageData, epochs: int, seed: int, verbose: int) -> None:
        calls.append((len(data.images), epochs, seed, set(data.images.ravel().tolist())))

    monkeypatch.setattr(synthetic_worth, "train_classifier", record)
    monkeypatch.setattr(synthetic_worth, "classify", lambda classifier, images: np.zeros(len(images)))
    real, synthetic = numbered([0, 1] * 100), numbered([1] * count)
    synthetic = ImageData(np.full_like(synthetic.images, 255), synthetic.labels, ("a", "b"), "synthetic")
    worth = measure(real, numbered([0, 0, 0, 1]), synthetic, k, [4, 5], steps)
    assert (worth.steps, worth.real_only, worth.with_synthetic) == (steps, [0.75] * 2, [0.75] * 2)
    assert [seed for _, _, seed, _ in calls] == [4, 4, 5, 5]
    for alone, more in (calls[:2], calls[2:]):
        assert alone[:2] == more[:2]
        assert alone[0] * alone[1] == 128 * steps
        assert alone[0] >= 2 * k + count  # an epoch has room for all
        assert len(alone[3]) == 2 * k
        assert more[3] == alone[3] | {255}  # the same real images


@pytest.mark.slow
def test_good_images_are_worth_something(small_digits: ImageData) -> None:
    """Three digits a class, and as many others as a perfect generator would make."""
    train, test = small_digits.split(0.3)
    few, perfect = train.split(0.5)
    worth = measure(few, test, perfect, 3, [0], steps=30)
    assert 0.1 < worth.real_only[0] < worth.with_synthetic[0] - 0.05
