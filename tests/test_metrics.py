from pathlib import Path

import numpy as np
import pytest

from tfgan_suite import load_images
from tfgan_suite.data.image_data import ImageData
from tfgan_suite.errors import InputError
from tfgan_suite.metrics.class_shares import class_shares, label_accuracy
from tfgan_suite.metrics.classifier import classify, load_or_train, train_classifier


def test_class_shares_by_hand() -> None:
    np.testing.assert_array_equal(class_shares(np.array([0, 2, 2, 2]), 4), [0.25, 0, 0.75, 0])


def test_label_accuracy_by_hand() -> None:
    assert label_accuracy(np.array([1, 2, 3, 3]), np.array([1, 2, 0, 3])) == 0.75


def test_classifier_learns_the_digits_and_is_kept(tmp_path: Path) -> None:
    data = load_images("digits", image_size=(16, 16))
    model = load_or_train(tmp_path / "classifier.keras", data, epochs=4)
    assert (classify(model, data.images) == data.labels).mean() > 0.9
    kept = load_or_train(tmp_path / "classifier.keras", data)
    np.testing.assert_array_equal(classify(kept, data.images[:50]), classify(model, data.images[:50]))
    with pytest.raises(InputError, match="reads"):
        load_or_train(tmp_path / "classifier.keras", load_images("digits", image_size=(8, 8)))


def test_a_classifier_needs_classes() -> None:
    with pytest.raises(InputError, match="has none"):
        train_classifier(ImageData(np.zeros((2, 8, 8, 1), np.uint8), None, (), "unlabelled"))
