"""A look at what a model is given, before anything is trained on it."""

import itertools
import types
import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from tfgan_suite.errors import InputError
from tfgan_suite.labels import Labels

# Rounding of what was mapped to [-1, 1].
LARGEST = 1.001
IN_RANGE = "Images must be in [-1, 1]."
MAP_BYTES, MAP_UNIT = "map [0, 255] by x / 127.5 - 1", "map [0, 1] by 2 x - 1"


class Expected(NamedTuple):
    """What a batch must be.

    Attributes:
        image_shape: (height, width, channels).
        labels: those that the model takes; None for a model that leaves them aside.
        row_multiple: every batch must have a multiple of so many rows.
        model: its class, for messages.
    """

    image_shape: tuple[int, ...]
    labels: Labels | None
    row_multiple: int
    model: str


def look_at_first_batch(x: Any, y: Any, batch_size: int | None, expected: Expected) -> Any:
    """Refuses, before a step, data that would train a GAN on the wrong range, shape or labels without a word.

    Of arrays all rows are looked at, of all else the first batch; the graph looks at each batch that follows.

    Args:
        x: what `fit` or `evaluate` was given: an array, a tensor, a dataset, a `PyDataset` or a generator.
        y: labels beside an array.
        batch_size: rows a batch, where x is an array; None: Keras's 32.
        expected: what a batch must be.

    Returns:
        `x`; a generator with its first batch put back.

    Raises:
        InputError: what was wrong.

    Warns:
        UserWarning: no value is below 0, as in images in [0, 1].
    """
    batch_rows: tuple[int, ...] = ()
    if isinstance(x, tf.data.Dataset):
        batch = next(iter(x.take(1)), None)
    elif isinstance(x, keras.utils.PyDataset):
        batch = x[0] if x.num_batches != 0 else None
    elif isinstance(x, np.ndarray | tf.Tensor):
        rows = batch_size or 32
        batch, batch_rows = (x, y), (min(rows, len(x)), len(x) % rows)
    elif isinstance(x, types.GeneratorType):
        batch = next(x, None)
        x = _chained(batch, x)
    else:
        return x
    if batch is None or len(batch) == 0:
        raise InputError("The data set is empty: training needs at least one batch of images.")
    images, labels, weights = keras.utils.unpack_x_y_sample_weight(tuple(batch) if isinstance(batch, list) else batch)
    refuse_weights(weights)
    check_images(images, expected.image_shape)
    check_batch_labels(labels, len(images), expected)
    for rows in batch_rows or (len(images),):
        if rows % expected.row_multiple:
            raise InputError(
                f"A batch must have a multiple of {expected.row_multiple} rows (discriminator_steps x replicas), the "
                f"last one too. Received: {rows} rows."
            )
    return x


def _chained(batch: Any, others: Iterator[Any]) -> Iterator[Any]:
    """A generator, which Keras knows by its type; its batches are tuples, as Keras wants them."""
    for each in itertools.chain([] if batch is None else [batch], others):
        yield tuple(each) if isinstance(each, list | tuple) else (each,)


def check_images(images: Any, image_shape: tuple[int, ...]) -> None:
    """Refuses images that are not float in [-1, 1] of the generator's shape; warns of those that are in [0, 1].

    Raises:
        InputError: what was wrong.
    """
    check_image_form(images, image_shape)
    images = np.asarray(images)
    if not len(images):
        raise InputError("The data set is empty: training needs at least one batch of images.")
    low, high = float(images.min()), float(images.max())
    if not -LARGEST <= low <= high <= LARGEST:
        raise InputError(f"{IN_RANGE} Received: values from {low:g} to {high:g}. {_way(MAP_BYTES, MAP_UNIT)}")
    if low >= 0:
        warnings.warn(
            f"No pixel is below 0 (values from {low:g} to {high:g}): images in [-1, 1] are expected. If these are in "
            f"[0, 1], {MAP_UNIT} first.",
            UserWarning,
            stacklevel=4,
        )


def check_image_form(images: Any, image_shape: tuple[int, ...]) -> None:
    """Refuses images of another type or shape, which are known without their numbers.

    Raises:
        InputError: what was wrong.
    """
    dtype, shape = getattr(images, "dtype", None), getattr(images, "shape", None)
    if dtype is None or shape is None:
        raise InputError(f"{shape_said(image_shape)} Received: a {type(images).__name__}.")
    if not tf.as_dtype(dtype).is_floating:
        raise InputError(f"Images must be float32 in [-1, 1]. Received: {tf.as_dtype(dtype).name}. {_way(MAP_BYTES)}")
    if not tf.TensorShape([None, *image_shape]).is_compatible_with(shape):
        raise InputError(f"{shape_said(image_shape)} Received: {tuple(shape)}.")


def check_batch_labels(labels: Any, count: int, expected: Expected) -> None:
    """Refuses labels that are not those of a conditional model; another leaves them aside.

    Args:
        labels: as an array or tensor.
        count: rows of the images.
        expected: what a batch must be.

    Raises:
        InputError: what was wrong.
    """
    if expected.labels is None:
        return
    if labels is None:
        raise InputError(f"{expected.model} trains on (images, labels). Received: images alone.")
    rows = len(expected.labels.values(np.asarray(labels)))
    if rows != count:
        raise InputError(f"There must be a label an image. Received: {rows} labels for {count} images.")


def refuse_weights(sample_weight: Any = None, class_weight: Any = None) -> None:
    """Refuses weights, which no loss of ours takes.

    Raises:
        InputError: there are some.
    """
    for name, value in (("sample_weight", sample_weight), ("class_weight", class_weight)):
        if value is not None:
            raise InputError(
                f"A GAN takes no {name}: its losses weigh all images alike. Received: {type(value).__name__}. Leave it "
                "out; to show some images more often, repeat them in the data."
            )


def _way(*ways: str) -> str:
    text = ", ".join(ways)
    return f"{text[0].upper()}{text[1:]} first."


def shape_said(image_shape: tuple[int, ...]) -> str:
    """What is said of images of another shape."""
    return f"Images must have the generator's shape (N, {', '.join(map(str, image_shape))})."
