"""The classifier that images are read with."""

import numpy as np
import pytest

from tfgan_suite import load_images
from tfgan_suite.data.image_data import ImageData
from tfgan_suite.errors import InputError
from tfgan_suite.metrics.classifier import FEATURES, build_classifier, classify, train_classifier


@pytest.mark.slow  # a classifier of one's own, by its command: tests/commands/test_train_classifier.py
def test_classifier_learns_the_digits() -> None:
    learned, held_out = load_images("digits", image_size=(16, 16)).split(0.2)
    model = train_classifier(learned, epochs=6, verbose=0)
    assert (classify(model, held_out.images) == held_out.labels).mean() > 0.9


@pytest.mark.parametrize("channels", [1, 3])
def test_features_are_the_mean_of_the_last_map(channels: int) -> None:
    model = build_classifier((9, 14, channels), 7)
    assert 4 * model.count_params() < 950_000  # bytes of float32 in a file of at most 1 MB
    assert model.get_layer(FEATURES).output.shape == (None, 128)
    assert model.output_shape == (None, 7)


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (ImageData(np.zeros((200, 8, 8, 1), np.uint8), None, (), "unlabelled"), "has none"),
        (ImageData(np.zeros((9, 8, 8, 1), np.uint8), np.zeros(9, np.int32), ("a",), "few"), "at least 128 images"),
    ],
)
def test_data_that_teach_no_classifier(data: ImageData, named: str) -> None:
    with pytest.raises(InputError, match=named):
        train_classifier(data)
