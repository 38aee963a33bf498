"""A look at the first batch before training starts."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgan_suite.errors import InputError


def check_first_batch(x: Any, image_shape: tuple[int, ...], row_multiple: int = 1) -> None:
    """Refuses data that would train a GAN on the wrong range or shape without a word.

    Args:
        x: what `fit` was given: an array, a tensor, a dataset, a `PyDataset` or a generator (which is not looked at:
            its first batch would be lost).
        image_shape: (height, width, channels) of the generator's images.
        row_multiple: a batch of a dataset must have a multiple of so many rows.

    Raises:
        InputError: not floating, beyond [-1, 1], or of another shape.
    """
    if isinstance(x, tf.data.Dataset):
        images = _images(next(iter(x.take(1)), None))
    elif isinstance(x, keras.utils.PyDataset):
        images = _images(x[0])
    elif isinstance(x, np.ndarray | tf.Tensor):
        images, row_multiple = x[:256], 1
    else:
        return
    if images is None or len(images) == 0:
        raise InputError("The data set is empty: training needs at least one batch of images.")
    images = np.asarray(images)
    if not np.issubdtype(images.dtype, np.floating):
        raise InputError(
            f"Images must be float32 in [-1, 1]. Received: {images.dtype}. Map the data by x / 127.5 - 1 first."
        )
    if images.shape[1:] != tuple(image_shape):
        raise InputError(f"Images must have the generator's shape {tuple(image_shape)}. Received: {images.shape[1:]}.")
    low, high = float(images.min()), float(images.max())
    if not -1.001 <= low <= high <= 1.001:
        raise InputError(
            f"Images must be in [-1, 1]. Received values from {low:g} to {high:g}. Map [0, 255] by x / 127.5 - 1, "
            "[0, 1] by 2 x - 1."
        )
    if len(images) % row_multiple:
        raise InputError(
            f"A batch must have a multiple of {row_multiple} rows (discriminator_steps x replicas). "
            f"Received: {len(images)} rows."
        )


def _images(batch: Any) -> Any:
    return batch[0] if isinstance(batch, tuple | list) else batch
