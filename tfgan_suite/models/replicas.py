"""Which rows of the global batch a replica holds."""

import tensorflow as tf

from tfgan_suite.models.refusals import refuse
from tfgan_suite.noise import Rows


def replica_rows(images: tf.Tensor, parts: int) -> Rows:
    """The place of this replica's rows, when a batch is divided into parts by strides.

    A strategy gives its replicas contiguous blocks of the batch, replica 0 the first.

    Args:
        images: this replica's share of the batch, (N, ...).
        parts: into how many discriminator steps the batch is divided; N must be a multiple.
    """
    count = tf.shape(images)[0] // parts
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return Rows(count, 0, None)
    mine = tf.one_hot(context.replica_id_in_sync_group, context.num_replicas_in_sync, dtype=tf.int32) * count
    counts = context.all_reduce(tf.distribute.ReduceOp.SUM, mine)  # (replicas,)
    too_few = "A batch has too few rows: every replica needs one. Batch the data with drop_remainder=True."
    with tf.control_dependencies([refuse(counts > 0, too_few, "a replica of", tf.reduce_min(counts), "rows")]):
        counts = tf.identity(counts)
    first = tf.reduce_sum(tf.cumsum(counts, exclusive=True) * tf.cast(mine > 0, tf.int32))
    return Rows(count, first, tf.reduce_sum(counts))


def several_machines(strategy: tf.distribute.Strategy) -> bool:
    """Whether the replicas are those of more than one process."""
    resolver = strategy.cluster_resolver
    return resolver is not None and resolver.cluster_spec().num_tasks("worker") > 1
