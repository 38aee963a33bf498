import numpy as np
import pytest
from scipy.spatial.distance import cdist

from tfgan_suite.data.image_data import ImageData
from tfgan_suite.errors import InputError
from tfgan_suite.metrics.nearest_label import nearest_neighbour_accuracy


def test_by_hand() -> None:
    train, test = np.array([[0.0], [10.0], [20.0]]), np.array([[4.0], [6.0], [14.0], [99.0]])
    assert nearest_neighbour_accuracy(train, np.array([7, 8, 9]), test, np.array([7, 8, 9, 9])) == 0.75


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_as_the_direct_distances(small_digits: ImageData, dtype: type) -> None:
    """float32 is the same as float64: both are equal to the direct distances in float64."""
    images, labels = small_digits.images, small_digits.labels
    nearest = cdist(images[:900].reshape(900, -1), images[900:].reshape(897, -1)).argmin(axis=0)
    expected = np.mean(labels[:900][nearest] == labels[900:])
    assert 0.9 < expected < 1
    images = images.astype(dtype)
    assert nearest_neighbour_accuracy(images[:900], labels[:900], images[900:], labels[900:]) == expected


def test_labels_at_random_teach_nothing(small_digits: ImageData) -> None:
    images, labels = small_digits.images, small_digits.labels
    shuffled = np.random.default_rng(0).permutation(labels[:900])
    assert nearest_neighbour_accuracy(images[:900], shuffled, images[900:], labels[900:]) < 0.2


@pytest.mark.parametrize(
    ("train_labels", "test_labels", "message"),
    [
        (np.zeros(2, int), np.zeros(4, int), "train_labels must be as many as the images, 3. Received: 2"),
        (np.zeros(3, int), np.zeros(5, int), "test_labels must be as many as the images, 4. Received: 5"),
        (np.zeros(3), np.zeros(4, int), "train_labels must be integers"),
        (np.zeros(3, int), np.zeros((4, 2), int), "test_labels must be integers"),
    ],
)
def test_labels_that_do_not_fit(train_labels: np.ndarray, test_labels: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        nearest_neighbour_accuracy(np.zeros((3, 2)), train_labels, np.ones((4, 2)), test_labels)


@pytest.mark.parametrize("test_images", [np.zeros((3, 2), np.uint8), np.zeros((3, 5)), np.full((3, 2), np.nan)])
def test_images_that_do_not_fit(test_images: np.ndarray) -> None:
    with pytest.raises(InputError, match=r"Images or features must be .* Received: "):
        nearest_neighbour_accuracy(np.zeros((3, 2)), np.zeros(3, int), test_images, np.zeros(3, int))
