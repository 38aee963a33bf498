"""The one pipeline: uint8 images in memory -> shuffled, normalised batches.

The order is a function of (seed, epoch, position) alone: a permutation that is computed, not
stored, so that a run can start at any step and see what an uninterrupted one sees.
"""

import functools

import numpy as np
import tensorflow as tf

from tfgan_suite.arguments import checked_types
from tfgan_suite.data.augmentation import augment
from tfgan_suite.data.image_data import ImageData
from tfgan_suite.errors import InputError
from tfgan_suite.noise import SHUFFLE_STREAM, stateless_seed


def steps_per_epoch(num_images: int, batch_rows: int) -> int:
    """Whole batches in one pass over the data.

    Raises:
        InputError: a batch is larger than the data.
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

    Each epoch has a permutation of its own. Images that fill no whole batch wait for the next one.

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
        [-1, 1], or (images, labels), or (sources, targets).

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
    if data.images.dtype not in data.stored_as:
        raise InputError(f"The images of the data must be uint8, 0 to 255. Received: {data.images.dtype}.")
    per_pass = steps_per_epoch(len(data.images), batch_rows)
    steps = per_pass if steps is None else steps
    last_index, arrays = len(data.images) - 1, data.arrays()

    def rows(indices: np.ndarray) -> list[np.ndarray]:
        return [array[indices] for array in arrays]

    def batch(step: tf.Tensor) -> tuple[tf.Tensor, ...] | tf.Tensor:
        epoch, within = step // steps, step % steps
        passes, position = within // per_pass, within % per_pass
        # One permutation a pass over the data; an epoch of more than one pass has several.
        permutation = epoch * (-(-steps // per_pass)) + passes
        key = tf.cast(stateless_seed(seed, SHUFFLE_STREAM, permutation), tf.int64)
        positions = position * batch_rows + tf.range(batch_rows, dtype=tf.int64)
        # tf.random.experimental.index_shuffle is this with 4 rounds of its cipher, which leave some epochs
        # of small data sets nearly in order; 8 look random by every measure that the tests take.
        indices = tf.raw_ops.RandomIndexShuffle(
            index=positions, seed=tf.concat([[0], key], 0), max_index=tf.constant(last_index, tf.int64), rounds=8
        )
        parts = tf.numpy_function(rows, [indices], [tf.as_dtype(array.dtype) for array in arrays], stateful=False)
        made = [tf.ensure_shape(part, [batch_rows, *a.shape[1:]]) for part, a in zip(parts, arrays, strict=True)]
        moved = functools.partial(augment, seed=seed, step=step, flip=flip, crop=crop, rotation=rotation)
        given = data.batch(tuple(made), moved, seed, step)
        return given if len(given) > 1 else given[0]

    dataset = tf.data.Dataset.range(start_step, epochs * steps)
    dataset = dataset.map(batch, num_parallel_calls=2, deterministic=True).prefetch(4)
    options = tf.data.Options()
    # All numbers are fixed above. The thread that would tune them can miss that the iterator ends, which then waits
    # for the thread's next look: as long as the iterator has lived, up to a minute.
    options.autotune.enabled = False
    # Each worker computes the global batch's indices and takes its rows: there are no files to share out.
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    return dataset.with_options(options)
