"""Which rows of the global batch a replica holds."""

from typing import NamedTuple

import tensorflow as tf

from tfgan_suite.models.refusals import refuse


class ReplicaRows(NamedTuple):
    """The place of one replica's rows in the global batch of one discriminator step.

    Attributes:
        num_rows: rows on this replica.
        first_row: global index of the first of them.
        global_rows: rows on all replicas; None where there is one replica only.
    """

    num_rows: tf.Tensor
    first_row: tf.Tensor | int
    global_rows: tf.Tensor | None

    @property
    def total(self) -> tf.Tensor:
        """Size of the global batch."""
        return self.num_rows if self.global_rows is None else self.global_rows


def replica_rows(images: tf.Tensor, parts: int) -> ReplicaRows:
    """The place of this replica's rows, when a batch is divided into parts by strides.

    A strategy gives its replicas contiguous blocks of the batch, replica 0 the first.

    Args:
        images: this replica's share of the batch, (N, ...).
        parts: into how many discriminator steps the batch is divided; N must be a multiple.
    """
    count = tf.shape(images)[0] // parts
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return ReplicaRows(count, 0, None)
    mine = tf.one_hot(context.replica_id_in_sync_group, context.num_replicas_in_sync, dtype=tf.int32) * count
    counts = context.all_reduce(tf.distribute.ReduceOp.SUM, mine)  # (replicas,)
    too_few = "A batch has too few rows: every replica needs one. Batch the data with drop_remainder=True."
    with tf.control_dependencies([refuse(counts > 0, too_few, "a replica of", tf.reduce_min(counts), "rows")]):
        counts = tf.identity(counts)
    first = tf.reduce_sum(tf.cumsum(counts, exclusive=True) * tf.cast(mine > 0, tf.int32))
    return ReplicaRows(count, first, tf.reduce_sum(counts))


def several_machines(strategy: tf.distribute.Strategy) -> bool:
    """Whether the replicas are those of more than one process."""
    resolver = strategy.cluster_resolver
    return resolver is not None and resolver.cluster_spec().num_tasks("worker") > 1
