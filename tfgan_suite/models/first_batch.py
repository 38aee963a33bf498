"""A look at the networks and at the first batch, before training starts."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgan_suite.errors import InputError


def check_networks(generator: keras.Model, discriminator: keras.Model) -> None:
    """Refuses networks that cannot be trained against each other.

    Raises:
        InputError: not built, without known shapes, or of shapes that do not fit.
    """
    for network in (generator, discriminator):
        if not network.built:
            raise InputError(f"{network.name} is not built: give its first layer an input shape.")
        if not hasattr(network, "output_shape"):
            raise InputError(f"{network.name} must be a Functional or Sequential model, whose shapes are known.")
    made = tuple(generator.output_shape[1:])
    shapes = discriminator.input_shape
    judged = tuple((shapes[0] if isinstance(shapes, list) else shapes)[1:])
    if len(made) != 3 or made != judged:
        raise InputError(
            f"The discriminator must take the generator's images (H, W, C). Received: a generator of {made}, "
            f"a discriminator of {judged}."
        )
    if discriminator.output_shape[-1] != 1:
        raise InputError(
            f"The discriminator must end in one logit, or one a patch. Received: {discriminator.output_shape[1:]}."
        )


def check_first_batch(x: Any, image_shape: tuple[int, ...], row_multiple: int = 1, batch_size: int = 32) -> None:
    """Refuses data that would train a GAN on the wrong range or shape without a word.

    Args:
        x: what `fit` was given: an array, a tensor, a dataset, a `PyDataset` or a generator (which is not looked at:
            its first batch would be lost).
        image_shape: (height, width, channels) of the generator's images.
        row_multiple: every batch must have a multiple of so many rows.
        batch_size: rows a batch, where x is an array.

    Raises:
        InputError: not floating, beyond [-1, 1], or of another shape.
    """
    batch_rows: tuple[int, ...] = ()
    if isinstance(x, tf.data.Dataset):
        images = _images(next(iter(x.take(1)), None))
    elif isinstance(x, keras.utils.PyDataset):
        images = _images(x[0])
    elif isinstance(x, np.ndarray | tf.Tensor):
        images, batch_rows = x[:256], (batch_size, len(x) % batch_size)
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
    for rows in batch_rows or (len(images),):
        if rows % row_multiple:
            raise InputError(
                f"A batch must have a multiple of {row_multiple} rows (discriminator_steps x replicas), the last one "
                f"too. Received: {rows} rows."
            )


def _images(batch: Any) -> Any:
    return batch[0] if isinstance(batch, tuple | list) else batch
