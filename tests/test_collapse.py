"""The preset that train.py begins with makes every class: as published, the wide MLP ends in the digit 8 alone."""

from pathlib import Path

import numpy as np
import pytest

from tfgan_suite import SavedGenerator, TrainConfig, load_images, train
from tfgan_suite.data.image_data import ImageData
from tfgan_suite.images import to_uint8
from tfgan_suite.metrics.classes import class_shares, label_accuracy
from tfgan_suite.metrics.classifier import classify, train_classifier
from tfgan_suite.metrics.diversity import diversity

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def mnist(tfds_dir: Path) -> ImageData:
    return load_images("mnist", data_dir=str(tfds_dir))


@pytest.fixture(scope="module")
def classifier(mnist: ImageData) -> object:
    return train_classifier(mnist, epochs=1)


def test_no_class_is_missing(classifier: object, mnist: ImageData, tfds_dir: Path, tmp_path: Path) -> None:
    """After a fraction of its budget, five epochs of 937 steps."""
    config = TrainConfig.from_preset(
        "cgan_relativistic",
        dataset="mnist",
        data_dir=str(tfds_dir),
        epochs=1,
        steps_per_epoch=600,
        run_dir=str(tmp_path / "run"),
        export_dir=str(tmp_path / "out"),
        tensorboard=False,
    )
    generator = SavedGenerator(train(config))
    images = to_uint8(generator.generate(np.arange(2000)))
    predicted = classify(classifier, images)
    shares = class_shares(predicted, 10)
    assert shares.min() > 0.02, shares
    # All classes may be there with one image each: a conditional generator that ignores z.
    assert diversity(images, predicted) > 0.7 * diversity(mnist.images[:2000], mnist.labels[:2000])
    assert label_accuracy(predicted, np.arange(2000) % 10) > 0.7  # 0.83 so early; 0.1 where labels say nothing
