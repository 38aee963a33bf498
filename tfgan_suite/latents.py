"""All noise of the suite: functions of (seed, stream, step) and of the global row, without state.

A number drawn here depends on nothing else: not on how many were drawn before, not on how many
devices share the batch. A resumed run and a run on k replicas therefore see what one
uninterrupted run on one device sees.
"""

import math
import os
from collections.abc import Sequence

import tensorflow as tf

from tfgan_suite.errors import InputError

# Streams keep numbers of different purpose apart. Training uses the streams 0, 1, ...: one for
# each discriminator step of a train step.
EVALUATION_STREAM = 1_000
AUGMENTATION_STREAM = 1_001
SHUFFLE_STREAM = 1_002
# Samples for people and for serving are keyed by their own seed alone: [seed, SAMPLE_STREAM].
SAMPLE_STREAM = 1_003
# Cuts and colours in the training of the network `general`.
COLOUR_STREAM = 1_004
# Dropout's masks: MASK_STREAM + i for the i-th call of a network within a step.
MASK_STREAM = 2_000

_PHILOX = 1  # of tf.random.Algorithm
MAX_SEED = 2**62  # of the first of many: those that follow it stay within an int64
_PHILOX_BLOCK = 4  # float32 numbers that one count of its counter makes


def stateless_seed(seed: int, stream: int, step: tf.Tensor | int) -> tf.Tensor:
    """A seed of shape (2,) for TensorFlow's stateless functions, one for each (seed, stream, step)."""
    key = tf.random.experimental.stateless_fold_in(tf.constant([seed, 0], tf.int64), stream)
    return tf.random.experimental.stateless_fold_in(key, tf.cast(step, tf.int64))


def batch_latents(
    seed: int,
    stream: int,
    step: tf.Tensor | int,
    latent_dim: int,
    num_rows: tf.Tensor | int,
    first_row: tf.Tensor | int = 0,
    global_rows: tf.Tensor | int | None = None,
) -> tf.Tensor:
    """Standard normal latents for the rows of one replica, cut from those of the global batch.

    Args:
        seed: the run's seed.
        stream: the purpose of the numbers.
        step: the training step.
        latent_dim: length L of a latent vector.
        num_rows: n, how many rows this replica has.
        first_row: the global index of its first row.
        global_rows: rows of all replicas together; `num_rows` when None.

    Returns:
        float32 (n, L), N(0, 1).
    """
    total = num_rows if global_rows is None else global_rows
    numbers = tf.random.stateless_normal(
        [total, latent_dim], stateless_seed(seed, stream, step), alg="philox"
    )  # (global_rows, L)
    return numbers if global_rows is None else numbers[first_row : first_row + num_rows]


def row_uniform(seed: tf.Tensor, shape: tf.Tensor, first_row: tf.Tensor | int = 0) -> tf.Tensor:
    """Uniform numbers for the rows of one replica, without drawing those of the rows before it.

    Philox makes number i of a key without the numbers before it: each row has a stretch of the counter.

    Args:
        seed: integer (2,), from `stateless_seed`.
        shape: (n, ...) of the replica's rows.
        first_row: the global index of its first row.

    Returns:
        float32 of that shape, in [0, 1).
    """
    row_size = tf.reduce_prod(shape[1:])
    blocks = (row_size + _PHILOX_BLOCK - 1) // _PHILOX_BLOCK
    key, counter = tf.raw_ops.StatelessRandomGetKeyCounter(seed=tf.cast(seed, tf.int64))
    skipped = tf.cast(first_row, tf.uint64) * tf.cast(blocks, tf.uint64)
    numbers = tf.raw_ops.StatelessRandomUniformV2(
        shape=tf.stack([shape[0], blocks * _PHILOX_BLOCK]),
        key=key,
        counter=counter + tf.stack([skipped, tf.zeros([], tf.uint64)]),
        alg=_PHILOX,
    )
    return tf.reshape(numbers[:, :row_size], shape)


def check_seed(seed: int) -> None:
    """Refuses a first seed of samples that leaves no room for those that follow it.

    Raises:
        InputError: it is out of 0..2**62.
    """
    if not 0 <= seed <= MAX_SEED:
        raise InputError(f"seed must be in 0..2**62. Received: {seed}.")


def check_count(count: int, image_shape: Sequence[int]) -> None:
    """Refuses a number of samples below 1, or more than this machine's memory holds.

    Args:
        count: how many.
        image_shape: of each, in float32.

    Raises:
        InputError: it is.
    """
    if count < 1:
        raise InputError(f"count must be at least 1. Received: {count}.")
    needed, memory = 4 * math.prod(image_shape) * count, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if needed > memory:
        raise InputError(
            f"{count:,} images of {'x'.join(map(str, image_shape))} need {needed / 2**30:,.0f} GiB at once, and this "
            f"machine has {memory / 2**30:,.0f}. Make them in parts: image i of seed s is image 0 of seed s + i."
        )


def latents_from_seeds(seeds: tf.Tensor, latent_dim: int) -> tf.Tensor:
    """One latent vector a seed, the same whatever stands in the other rows.

    Args:
        seeds: int64 (N,).
        latent_dim: length L of a latent vector.

    Returns:
        float32 (N, L), N(0, 1).
    """

    def one(seed: tf.Tensor) -> tf.Tensor:
        key = tf.stack([seed, tf.constant(SAMPLE_STREAM, tf.int64)])
        return tf.random.stateless_normal([latent_dim], key, alg="philox")

    # vectorized_map would fall back to a loop with a warning, and fails on an empty batch.
    return tf.map_fn(one, tf.cast(seeds, tf.int64), fn_output_signature=tf.TensorSpec([latent_dim], tf.float32))


def truncated(latents: tf.Tensor, truncation: tf.Tensor) -> tf.Tensor:
    """Standard normal latents moved into [-t, t], where they have the truncated normal distribution.

    z' = Phi^-1(Phi(-t) + Phi(z) (Phi(t) - Phi(-t))): each number keeps its rank, so that a seed's image
    changes steadily with t, and t = infinity leaves it as it is. The paper draws numbers beyond t
    again, which gives the same distribution from other numbers.

    Args:
        latents: float32 (N, L), N(0, 1).
        truncation: t of each row, float32 (N,), greater than 0.

    Returns:
        float32 (N, L).

    Reference: Brock, Donahue and Simonyan, 2018, arXiv 1809.11096, section 3.1.
    """
    bound = truncation[:, tf.newaxis]
    # Of |z| and from the upper tail: Phi(z) near 1 has no digits left in float32.
    tail, outside = (tf.math.erfc(tf.abs(x) / math.sqrt(2)) / 2 for x in (latents, bound))
    moved = -tf.math.ndtri(outside + tail * (1 - 2 * outside))
    return tf.sign(latents) * tf.clip_by_value(moved, 0.0, bound)


def interpolated(latents_a: tf.Tensor, latents_b: tf.Tensor, t: tf.Tensor) -> tf.Tensor:
    """The point at t on the arc from a to b, which keeps to the lengths that latents have.

    (sin((1 - t) w) a + sin(t w) b) / sin(w), where w is the angle between a and b; on the straight
    line where they point the same way or opposite ways to 1e-3, since no arc is given there.

    Args:
        latents_a: float32 (N, L).
        latents_b: float32 (N, L).
        t: float32 (N,), in [0, 1]; 0 gives a, 1 gives b.

    Returns:
        float32 (N, L).

    Reference: White, 2016, arXiv 1609.04468.
    """
    a, b = (tf.math.l2_normalize(x, axis=-1, epsilon=0.0) for x in (latents_a, latents_b))
    # Not the arc cosine of a b, which has no digits left for small angles.
    angle = 2 * tf.math.atan2(tf.norm(a - b, axis=-1), tf.norm(a + b, axis=-1))
    sine = tf.sin(angle)
    is_arc = sine > 1e-3
    divisor = tf.where(is_arc, sine, 1.0)
    weight_a = tf.where(is_arc, tf.sin((1 - t) * angle) / divisor, 1 - t)[:, tf.newaxis]
    weight_b = tf.where(is_arc, tf.sin(t * angle) / divisor, t)[:, tf.newaxis]
    return weight_a * latents_a + weight_b * latents_b
