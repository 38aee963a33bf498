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
from tfgan_suite.ports import LARGEST_PIXEL, Port

MAP_BYTES, MAP_UNIT = "map [0, 255] by x / 127.5 - 1", "map [0, 1] by 2 x - 1"


class Expected(NamedTuple):
    """What a batch must be: x alone, or (x, y), as Keras's methods take it.

    Attributes:
        x: one array, or several, which stand in a tuple.
        y: an array beside them; None for a model that leaves what stands there aside.
        row_multiple: every batch must have a multiple of so many rows.
        model: its class, for messages.
    """

    x: tuple[Port, ...]
    y: Port | None
    row_multiple: int
    model: str

    @property
    def ports(self) -> tuple[Port, ...]:
        """Of the arrays of a batch, in their order."""
        return self.x if self.y is None else (*self.x, self.y)

    @property
    def form(self) -> str:
        """A batch as Python writes it.

        >>> from tfgan_suite.ports import images_port
        >>> a, b = (images_port((8, 8, 1), name) for name in "ab")
        >>> Expected((a,), b, 1, "Model").form, Expected((a, b), None, 1, "Model").form
        ('(a, b)', '((a, b),)')
        """
        names = ", ".join(port.name for port in self.x)
        if self.y is not None:
            return f"({names if len(self.x) == 1 else f'({names})'}, {self.y.name})"
        return names if len(self.x) == 1 else f"(({names}),)"

    def arrays(self, x: Any, y: Any) -> tuple[Any, ...]:
        """The arrays of a batch, one for each of `ports`.

        Raises:
            InputError: one is missing.
        """
        parts = (x,) if len(self.x) == 1 else tuple(x) if isinstance(x, tuple | list) else (x,)
        if len(parts) != len(self.x):
            raise InputError(f"{self.model} trains on {self.form}. Received: {len(parts)} arrays in the place of x.")
        if self.y is None:
            return parts
        if y is None:
            names = ", ".join(port.name for port in self.x)
            raise InputError(f"{self.model} trains on {self.form}. Received: {names} alone.")
        return (*parts, y)


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
    batch: Any
    if isinstance(x, tuple | list) and not x:
        batch = None
    elif isinstance(x, tf.data.Dataset):
        batch = next(iter(x.take(1)), None)
    elif isinstance(x, keras.utils.PyDataset):
        batch = x[0] if x.num_batches != 0 else None
    elif _are_arrays(x):
        count, rows = len(tf.nest.flatten(x)[0]), batch_size or 32
        batch, batch_rows = (x, y), (min(rows, count), count % rows)
    elif isinstance(x, types.GeneratorType):
        batch = next(x, None)
        x = _chained(batch, x)
    else:
        return x
    if batch is None or len(batch) == 0:
        raise InputError("The data set is empty: training needs at least one batch of images.")
    first, second, weights = keras.utils.unpack_x_y_sample_weight(tuple(batch) if isinstance(batch, list) else batch)
    refuse_weights(weights)
    check_batch(first, second, expected)
    for rows in batch_rows or (len(tf.nest.flatten(first)[0]),):
        if rows % expected.row_multiple:
            raise InputError(
                f"A batch must have a multiple of {expected.row_multiple} rows (discriminator_steps x replicas), the "
                f"last one too. Received: {rows} rows."
            )
    return x


def _are_arrays(x: Any) -> bool:
    parts = x if isinstance(x, tuple | list) else [x]
    return bool(parts) and all(isinstance(part, np.ndarray | tf.Tensor) for part in parts)


def _chained(batch: Any, others: Iterator[Any]) -> Iterator[Any]:
    """A generator, which Keras knows by its type; its batches are tuples, as Keras wants them."""
    for each in itertools.chain([] if batch is None else [batch], others):
        yield tuple(each) if isinstance(each, list | tuple) else (each,)


def check_batch(x: Any, y: Any, expected: Expected) -> None:
    """Refuses the arrays of a batch that are not what they must be, by their types, shapes and numbers.

    Args:
        x: as `fit` takes it.
        y: what stands beside it.
        expected: what a batch must be.

    Raises:
        InputError: what was wrong.

    Warns:
        UserWarning: no value of images is below 0, as in images in [0, 1].
    """
    arrays = expected.arrays(x, y)
    for port, array in zip(expected.ports, arrays, strict=True):
        if port.labels is None:
            _check_images(array, port)
        else:
            check_labels(array, port.labels, len(arrays[0]))
        if len(array) != len(arrays[0]):
            raise InputError(
                f"{port.title} must have a row for each of {expected.x[0].name}. Received: {len(array)} for "
                f"{len(arrays[0])}."
            )


def check_labels(labels: Any, expected: Labels, count: int) -> None:
    """Refuses labels that are not of these, one for each of so many images.

    Raises:
        InputError: what was wrong.
    """
    rows = len(expected.values(np.asarray(labels)))
    if rows != count:
        raise InputError(f"There must be a label an image. Received: {rows} labels for {count} images.")


def _check_images(images: Any, port: Port) -> None:
    check_form(images, port)
    images = np.asarray(images)
    if not len(images):
        raise InputError("The data set is empty: training needs at least one batch of images.")
    low, high = float(images.min()), float(images.max())
    if not -LARGEST_PIXEL <= low <= high <= LARGEST_PIXEL:
        raise InputError(f"{in_range(port)} Received: values from {low:g} to {high:g}. {_way(MAP_BYTES, MAP_UNIT)}")
    if low >= 0:
        warnings.warn(
            f"No pixel is below 0 (values from {low:g} to {high:g}): images in [-1, 1] are expected. If these are in "
            f"[0, 1], {MAP_UNIT} first.",
            UserWarning,
            stacklevel=5,
        )


def check_form(images: Any, port: Port) -> None:
    """Refuses images of another type or shape, which are known without their numbers.

    Raises:
        InputError: what was wrong.
    """
    dtype, shape = getattr(images, "dtype", None), getattr(images, "shape", None)
    if dtype is None or shape is None:
        raise InputError(f"{shape_said(port)} Received: a {type(images).__name__}.")
    if not tf.as_dtype(dtype).is_floating:
        found = f"Received: {tf.as_dtype(dtype).name}."
        raise InputError(f"{port.title} must be float32 in [-1, 1]. {found} {_way(MAP_BYTES)}")
    if not tf.TensorShape([None, *(port.row_shape or ())]).is_compatible_with(shape):
        raise InputError(f"{shape_said(port)} Received: {tuple(shape)}.")


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


def shape_said(port: Port) -> str:
    """What is said of images of another shape."""
    return f"{port.title} must have the generator's shape (N, {', '.join(map(str, port.row_shape or ()))})."


def in_range(port: Port) -> str:
    """What is said of images of other numbers."""
    return f"{port.title} {port.said}."
