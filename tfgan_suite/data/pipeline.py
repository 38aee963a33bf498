"""The one pipeline: uint8 images in memory -> shuffled, normalised batches.

The order is a function of (seed, epoch, position) alone: a permutation that is computed, not
stored, so that a run can start at any step and see what an uninterrupted one sees.
"""

import functools
from typing import Any

import numpy as np
import tensorflow as tf

from tfgan_suite.arguments import checked_types
from tfgan_suite.data.augmentation import augment
from tfgan_suite.data.image_data import ImageData
from tfgan_suite.errors import InputError
from tfgan_suite.noise import SECOND_SHUFFLE_STREAM, SHUFFLE_STREAM, stateless_seed


def steps_of_pass(data: ImageData, batch_rows: int) -> int:
    """Whole batches in one pass over the data, or over the larger kind of them.

    Raises:
        InputError: a batch is larger than the data, or than a kind of them.
    """
    return max(steps_per_epoch(len(arrays[0]), batch_rows) for arrays in data.columns())


def steps_per_epoch(num_images: int, batch_rows: int) -> int:
    """Whole batches in one pass over so many images.

    Raises:
        InputError: a batch is larger than that.
    """
    if batch_rows < 1:
        raise InputError(f"A batch must have at least 1 row. Received: {batch_rows}.")
    if batch_rows > num_images:
        raise InputError(
            f"A batch must not be larger than the data. Received: {batch_rows} rows a batch "
            f"(batch_size x discriminator_steps) of {num_images} images."
        )
    return num_images // batch_rows


@checked_types
def training_batches(
    data: ImageData,
    batch_rows: int,
    epochs: int,
    seed: int,
    steps: int | None = None,
    start_step: int = 0,
    flip: bool = False,
    crop: int = 0,
    rotation: float = 0.0,
) -> tf.data.Dataset:
    """All batches of a run, one epoch after the other; to be used with `fit(steps_per_epoch=...)`.

    Each epoch has a permutation of its own. Images that fill no whole batch wait for the next one. Of two kinds of
    images each has its own; the smaller one goes round by itself, whatever an epoch is.

    Args:
        data: images, with labels or with a source each.
        batch_rows: rows a batch, for all replicas together.
        epochs: epochs of the run.
        seed: of the order and of the augmentation.
        steps: batches an epoch; None: one pass over the data. More than a pass goes on with
            another permutation.
        start_step: the first step to give, counted from the start of the run.
        flip, crop, rotation: see `augment`.

    Returns:
        A dataset of known cardinality with batches of images, float32 (batch_rows, H, W, C) in
        [-1, 1], or (images, labels), or (sources, targets), or ((a, b),).

    Raises:
        InputError: a batch is larger than the data.
    """
    for name, value, low in (
        ("epochs", epochs, 1),
        ("steps", steps, 1),
        ("start_step", start_step, 0),
        ("crop", crop, 0),
    ):
        if value is not None and value < low:
            raise InputError(f"{name} must be at least {low}. Received: {value}.")
    if not 0.0 <= rotation <= 180.0:
        raise InputError(f"rotation must be in [0, 180] degrees. Received: {rotation}.")
    if any(array.dtype not in data.stored_as for arrays in data.columns() for array in arrays if array.ndim == 4):
        raise InputError(f"The images of the data must be uint8, 0 to 255. Received: {data.images.dtype}.")
    per_pass = steps_of_pass(data, batch_rows)
    steps = per_pass if steps is None else steps

    def rows_of(arrays: tuple[np.ndarray, ...], stream: int, step: tf.Tensor) -> list[tf.Tensor]:
        """The rows of a batch from a group of arrays with an order of its own."""
        own = steps_per_epoch(len(arrays[0]), batch_rows)
        # One permutation a pass over the data; an epoch of more than one pass has several.
        epoch, within = step // steps, step % steps
        permutation, position = epoch * (-(-steps // per_pass)) + within // per_pass, within % per_pass
        if own < per_pass:  # of the smaller kind
            permutation, position = step // own, step % own
        key = tf.cast(stateless_seed(seed, stream, permutation), tf.int64)
        positions = position * batch_rows + tf.range(batch_rows, dtype=tf.int64)
        # tf.random.experimental.index_shuffle is this with 4 rounds of its cipher, which leave some epochs
        # of small data sets nearly in order; 8 look random by every measure that the tests take.
        last = tf.constant(len(arrays[0]) - 1, tf.int64)
        indices = tf.raw_ops.RandomIndexShuffle(
            index=positions, seed=tf.concat([[0], key], 0), max_index=last, rounds=8
        )

        def taken(rows: np.ndarray) -> list[np.ndarray]:
            return [array[rows] for array in arrays]

        parts = tf.numpy_function(taken, [indices], [tf.as_dtype(array.dtype) for array in arrays], stateful=False)
        return [tf.ensure_shape(part, [batch_rows, *a.shape[1:]]) for part, a in zip(parts, arrays, strict=True)]

    def batch(step: tf.Tensor) -> Any:
        # One kind of images, or two.
        streams = zip(data.columns(), (SHUFFLE_STREAM, SECOND_SHUFFLE_STREAM), strict=False)
        made = [part for arrays, stream in streams for part in rows_of(arrays, stream, step)]
        moved = functools.partial(augment, seed=seed, step=step, flip=flip, crop=crop, rotation=rotation)
        given = data.batch(tuple(made), moved, seed, step)
        return given[0] if len(given) == 1 and isinstance(given[0], tf.Tensor) else given

    dataset = tf.data.Dataset.range(start_step, epochs * steps)
    dataset = dataset.map(batch, num_parallel_calls=2, deterministic=True).prefetch(4)
    options = tf.data.Options()
    # All numbers are fixed above. The thread that would tune them can miss that the iterator ends, which then waits
    # for the thread's next look: as long as the iterator has lived, up to a minute.
    options.autotune.enabled = False
    # Each worker computes the global batch's indices and takes its rows: there are no files to share out.
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    return dataset.with_options(options)
