"""What generated images teach: the nearest of them tells the class of a real image."""

import numpy as np
from sklearn.metrics import pairwise_distances_argmin

from tfgan_suite.arguments import checked_types
from tfgan_suite.errors import InputError
from tfgan_suite.metrics.classes import check_classes, label_accuracy
from tfgan_suite.metrics.memorisation import image_rows


@checked_types
def nearest_neighbour_accuracy(
    train_images: np.ndarray, train_labels: np.ndarray, test_images: np.ndarray, test_labels: np.ndarray
) -> float:
    """The share of test images whose nearest training image, in pixels, has their label.

    With generated images and the classes they were made for as training set, and real images as test
    set, one number judges a conditional generator: it falls when classes are mistaken, when images are
    far from real ones, and when they are all alike. It depends on how many there are: name the count.
    One minus this is the test error of the literature. MNIST's own training images have 0.9691 on its
    test images, the first 10,000 of them 0.9480.

    Args:
        train_images: uint8 or float (N, ...); generated images.
        train_labels: integer classes (N,).
        test_images: (M, ...), of the same shape and scale; real images.
        test_labels: integer classes (M,).

    Returns:
        In [0, 1].

    Raises:
        InputError: arrays that do not fit each other, or labels that are not classes.

    Reference: Radford, Metz, Chintala 2015, arXiv 1511.06434.
    """
    train, test = image_rows(train_images=train_images, test_images=test_images)
    for name, labels, rows in (("train_labels", train_labels, train), ("test_labels", test_labels, test)):
        if len(check_classes(labels, name=name)) != len(rows):
            raise InputError(f"{name} must be as many as the images, {len(rows)}. Received: {len(labels)}.")
    # Pixels of uint8 are whole in float32, and scikit-learn adds their products in float64: nothing is lost.
    return label_accuracy(np.asarray(train_labels)[pairwise_distances_argmin(test, train)], test_labels)
