"""All noise of the suite: functions of (seed, stream, step) and of the global row, without state.

A number drawn here depends on nothing else: not on how many were drawn before, not on how many
devices share the batch. A resumed run and a run on k replicas therefore see what one
uninterrupted run on one device sees.
"""

import contextlib
import threading
from collections.abc import Iterator
from typing import NamedTuple

import tensorflow as tf

# Streams keep numbers of different purpose apart; a number that is given never changes its meaning. Training's
# latents use the streams 0, 1, ...: one for each discriminator step of a train step.
EVALUATION_STREAM = 1_000
AUGMENTATION_STREAM = 1_001
SHUFFLE_STREAM = 1_002
# Samples for people and for serving are keyed by their own seed alone: [seed, SAMPLE_STREAM].
SAMPLE_STREAM = 1_003
# Cuts and colours in the training of the network `general`.
COLOUR_STREAM = 1_004
# What is done to the targets of a batch to make its sources; and to those that are looked at, a row an image.
DEGRADATION_STREAM, FIXED_DEGRADATION_STREAM = 1_005, 1_006
# The order of the second of two kinds of images, and how it is moved.
SECOND_SHUFFLE_STREAM, SECOND_AUGMENTATION_STREAM = 1_007, 1_008
# Which images of a data set are one of two kinds and which, in another look, the other; and the hues of such a look.
HALVES_STREAM, HUE_STREAM = 1_009, 1_010
# Dropout's masks: MASK_STREAM + i for the i-th call of a network within a step.
MASK_STREAM = 2_000
# Which earlier images a discriminator sees: POOL_STREAM + i for the pool i of a model.
POOL_STREAM = 4_000
# Places of maps that are compared: PATCH_STREAM + i for the i-th map; and which images are mirrored before them.
PATCH_STREAM, MIRROR_STREAM = 5_000, 5_900
# Points at which a discriminator's slopes are penalised: two streams for each call of a judgement within a step.
PENALTY_STREAM = 10_000
# How a discriminator sees images: a block of streams for each set of images within a step, one for each augmentation.
AUGMENT_STREAM, AUGMENT_BLOCK = 100_000, 10

_PHILOX = 1  # of tf.random.Algorithm
_PHILOX_BLOCK = 4  # float32 numbers that one count of its counter makes
_mask_key = threading.local()  # a strategy traces each replica in a thread of its own


class Rows(NamedTuple):
    """The place of one replica's rows in the global batch of one step.

    Attributes:
        num_rows: rows on this replica.
        first_row: global index of the first of them.
        global_rows: rows on all replicas; None where there is one replica only.
    """

    num_rows: tf.Tensor | int
    first_row: tf.Tensor | int = 0
    global_rows: tf.Tensor | int | None = None

    @property
    def total(self) -> tf.Tensor | int:
        """Size of the global batch."""
        return self.num_rows if self.global_rows is None else self.global_rows


class MaskKey(NamedTuple):
    """What `mask_key` says to the layers that are called inside of it."""

    seed: tf.Tensor
    first_row: tf.Tensor | int
    in_use: bool


class Step(NamedTuple):
    """One step of training, as far as noise and reductions depend on it.

    Attributes:
        seed: of the run.
        number: counted from 0, int64.
        rows: that this replica has.
        augment_probability: of adaptive augmentations, as it is at the time.
    """

    seed: int
    number: tf.Tensor | int
    rows: Rows
    augment_probability: tf.Tensor | float = 0.0

    def normal(self, stream: int, size: int) -> tf.Tensor:
        """float32 (n, size), N(0, 1), for the n rows of this replica: cut from those of the global batch.

        Args:
            stream: the purpose of the numbers.
            size: of a row.
        """
        seed, rows = stateless_seed(self.seed, stream, self.number), self.rows
        numbers = tf.random.stateless_normal([rows.total, size], seed, alg="philox")  # (global_rows, size)
        return numbers if rows.global_rows is None else numbers[rows.first_row : rows.first_row + rows.num_rows]

    def uniform(self, stream: int, row_shape: tuple[int, ...] = ()) -> tf.Tensor:
        """float32 (n, *row_shape) in [0, 1), for the n rows of this replica.

        Args:
            stream: the purpose of the numbers.
            row_shape: of a row.
        """
        shape = tf.stack([self.rows.num_rows, *row_shape])
        return row_uniform(stateless_seed(self.seed, stream, self.number), shape, self.rows.first_row)

    def masks(self, call: int, in_use: bool = False) -> contextlib.AbstractContextManager[None]:
        """Keys Dropout's masks for one call of a network.

        Args:
            call: its number within the step; calls with the same number have the same masks.
            in_use: see `mask_key`.
        """
        return mask_key(stateless_seed(self.seed, MASK_STREAM + call, self.number), self.rows.first_row, in_use)


def stateless_seed(seed: int, stream: int, step: tf.Tensor | int) -> tf.Tensor:
    """A seed of shape (2,) for TensorFlow's stateless functions, one for each (seed, stream, step)."""
    key = tf.random.experimental.stateless_fold_in(tf.constant([seed, 0], tf.int64), stream)
    return tf.random.experimental.stateless_fold_in(key, tf.cast(step, tf.int64))


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


@contextlib.contextmanager
def mask_key(seed: tf.Tensor, first_row: tf.Tensor | int = 0, in_use: bool = False) -> Iterator[None]:
    """Keys the masks of every `KeyedDropout` that is called inside.

    Args:
        seed: integer (2,), from `stateless_seed`; one for each call of a network in a step.
        first_row: index in the global batch of the first row that this replica holds.
        in_use: whether the layers drop also where they are not called in training: the noise of a network in use.
    """
    outer = current_mask_key()
    _mask_key.value = MaskKey(seed, first_row, in_use)
    try:
        yield
    finally:
        _mask_key.value = outer


def current_mask_key() -> MaskKey | None:
    """What `mask_key` has set; None outside of it."""
    return getattr(_mask_key, "value", None)
