"""What an image keeps of its source: each place of it is nearest to the same place, among others of the same source."""

from collections.abc import Sequence

import tensorflow as tf

TEMPERATURE = 0.07  # of the paper


def patch_nce(queries: tf.Tensor, keys: tf.Tensor, temperature: float = TEMPERATURE) -> tf.Tensor:
    """The cross-entropy of finding, of P places of a source, the one that a place of the result belongs to, (N,).

    -log(exp(q_i k_i / t) / sum_j exp(q_i k_j / t)) in the mean over i; log P where all places look alike.

    Args:
        queries: (N, P, F), vectors of length 1 at places of what was made.
        keys: (N, P, F), at the same places of the sources; no gradient passes to them.
        temperature: t.

    >>> patch_nce(tf.ones((1, 4, 1)), tf.ones((1, 4, 1))).numpy().round(4).tolist()  # log 4
    [1.386299967765808]

    Reference: Park, Efros, Zhang and Zhu, 2020, arXiv 2007.15651, equations 2 and 3; negatives from the image itself.
    """
    keys = tf.stop_gradient(keys)
    own = tf.reduce_sum(queries * keys, -1) / temperature  # (N, P): no diagonal, whose gradient refuses unknown rows
    every = tf.matmul(queries, keys, transpose_b=True) / temperature  # (N, P, P)
    return tf.reduce_mean(tf.reduce_logsumexp(every, -1) - own, -1)


def mean_patch_nce(queries: Sequence[tf.Tensor], keys: Sequence[tf.Tensor]) -> tf.Tensor:
    """The mean of `patch_nce` over several maps, (N,)."""
    return tf.add_n([patch_nce(query, key) for query, key in zip(queries, keys, strict=True)]) / float(len(queries))
