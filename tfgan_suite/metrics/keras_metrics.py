"""The Frechet and the kernel distance as `keras.metrics`, fed batch by batch.

On several replicas each of them counts the rows of all: the result is that of one device.
"""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgan_suite.arguments import checked_types
from tfgan_suite.errors import InputError


def _rows(features: Any, num_features: int, name: str) -> tf.Tensor:
    """The features that all replicas hold, as float64 (N, num_features)."""
    rows = tf.cast(tf.convert_to_tensor(features), tf.float64)
    if not rows.shape.is_compatible_with([None, num_features]):
        raise InputError(f"{name}_features must have the shape (rows, {num_features}). Received: {rows.shape}.")
    rows = tf.debugging.check_numerics(rows, f"{name}_features must be finite")
    replica = tf.distribute.get_replica_context()
    if replica is not None and replica.num_replicas_in_sync > 1:
        rows = replica.all_gather(rows, axis=0)
    return tf.ensure_shape(rows, [None, num_features])


class _FeatureMetric(keras.metrics.Metric):
    """A metric of two sets of features. Every replica keeps the same state, of which the first is read."""

    def __init__(self, num_features: int, dtype: Any = None, name: str | None = None):
        if num_features < 1:
            raise InputError(f"num_features must be at least 1. Received: {num_features}.")
        super().__init__(dtype=dtype, name=name)
        self.num_features = num_features

    def _add_sum(self, shape: tuple[int, ...], name: str) -> keras.Variable:
        return self.add_variable(shape, "zeros", "float64", aggregation="only_first_replica", name=name)

    def _pair(self, real_features: Any, generated_features: Any, sample_weight: Any) -> tuple[tf.Tensor, tf.Tensor]:
        if sample_weight is not None:
            raise InputError("Every row counts once: leave sample_weight out. Received: sample_weight.")
        real = _rows(real_features, self.num_features, "real")
        return real, _rows(generated_features, self.num_features, "generated")

    def get_config(self) -> dict[str, Any]:
        return {"num_features": self.num_features, **super().get_config()}


class _StreamedMoments(_FeatureMetric):
    """Count, mean and covariance of rows that come in batches.

    A batch of n rows with mean b joins N rows with mean m by n N / (n + N) (b - m)(b - m)^T, so that
    nothing cancels where the mean is far greater than the deviations.

    Reference: Chan, Golub and LeVeque, 1979, Updating formulae and a pairwise algorithm
    for computing sample variances.
    """

    def __init__(self, num_features: int, dtype: Any = None, name: str | None = None):
        super().__init__(num_features, dtype, name)
        self.count = self._add_sum((), "count")
        self.mean = self._add_sum((num_features,), "mean")
        self.scatter = self._add_sum((num_features, num_features), "scatter")

    def update_state(self, rows: tf.Tensor) -> None:
        count = tf.convert_to_tensor(self.count)
        added = tf.cast(tf.shape(rows)[0], tf.float64)
        batch_mean = tf.math.divide_no_nan(tf.reduce_sum(rows, axis=0), added)
        share = tf.math.divide_no_nan(added, count + added)
        step = batch_mean - tf.convert_to_tensor(self.mean)
        deviations = rows - batch_mean
        scatter = tf.matmul(deviations, deviations, transpose_a=True) + count * share * tf.tensordot(step, step, 0)
        self.scatter.assign_add(scatter)
        self.mean.assign_add(share * step)
        self.count.assign_add(added)

    def result(self) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Count, mean and covariance; that of fewer than 2 rows is 0."""
        count = tf.convert_to_tensor(self.count)
        return count, tf.convert_to_tensor(self.mean), self.scatter / tf.maximum(count - 1.0, 1.0)


@keras.saving.register_keras_serializable(package="tfgan_suite")
class FrechetDistance(_FeatureMetric):
    """`tfgan_suite.metrics.frechet_distance` of all rows so far, in float64; NaN before there are two of each.

    The number of rows belongs to the number: its bias goes like 1/N.

    Args:
        num_features: F.
        dtype: as Keras's metrics have it; sums and result are float64 all the same.
        name: of the metric.

    Raises:
        InputError: num_features below 1, or features of another shape.
        tf.errors.InvalidArgumentError: NaN or infinity in the features.

    Reference: Heusel et al., 2017, arXiv 1706.08500, equation 6.
    """

    @checked_types
    def __init__(self, num_features: int, dtype: Any = None, name: str | None = "frechet_distance"):
        super().__init__(num_features, dtype, name)
        self.real = _StreamedMoments(num_features, name="real")
        self.generated = _StreamedMoments(num_features, name="generated")

    def update_state(self, real_features: Any, generated_features: Any, sample_weight: None = None) -> None:
        """Adds rows (N, F) of real and (M, F) of generated images; N and M may differ."""
        real, generated = self._pair(real_features, generated_features, sample_weight)
        self.real.update_state(real)
        self.generated.update_state(generated)

    def result(self) -> tf.Tensor:
        """A float64 scalar."""
        real_count, real_mean, real_covariance = self.real.result()
        count, mean, covariance = self.generated.result()
        cross = tf.matmul(_root(real_covariance), _root(covariance), transpose_a=True)
        distance = (
            tf.reduce_sum(tf.square(real_mean - mean))
            + tf.linalg.trace(real_covariance + covariance)
            - 2.0 * tf.reduce_sum(tf.linalg.svd(cross, compute_uv=False))
        )
        return tf.where(tf.minimum(real_count, count) < 2.0, tf.constant(float("nan"), tf.float64), distance)


def _root(covariance: tf.Tensor) -> tf.Tensor:
    """R (F, F) with R R^T = S; 0 in the directions in which the features do not vary."""
    values, vectors = tf.linalg.eigh(covariance)
    least = values[-1] * covariance.shape[0] * np.finfo(np.float64).eps
    return vectors * tf.sqrt(tf.where(values > least, values, tf.zeros_like(values)))


@keras.saving.register_keras_serializable(package="tfgan_suite")
class KernelDistance(_FeatureMetric):
    """The unbiased MMD^2 within each batch, averaged over the batches with their rows as weights.

    `tfgan_suite.metrics.kernel_distance` whose subsets are the batches; unbiased whatever their size,
    though smaller batches make it vary more. NaN before the first batch.

    Args:
        num_features: F.
        dtype: as Keras's metrics have it; sums and result are float64 all the same.
        name: of the metric.

    Raises:
        InputError: num_features below 1, or features of another shape.
        tf.errors.InvalidArgumentError: NaN or infinity in the features, or a batch of fewer than 2 rows.

    Reference: Binkowski et al., 2018, arXiv 1801.01401, section 4.
    """

    @checked_types
    def __init__(self, num_features: int, dtype: Any = None, name: str | None = "kernel_distance"):
        super().__init__(num_features, dtype, name)
        self.total = self._add_sum((), "total")
        self.weight = self._add_sum((), "weight")

    def update_state(self, real_features: Any, generated_features: Any, sample_weight: None = None) -> None:
        """Adds a batch, (N, F) of real and (M, F) of generated images; it weighs N + M."""
        real, generated = self._pair(real_features, generated_features, sample_weight)
        weight = tf.cast(tf.shape(real)[0] + tf.shape(generated)[0], tf.float64)
        between = tf.reduce_mean(_kernel(real, generated))
        discrepancy = _mean_of_pairs(real) + _mean_of_pairs(generated) - 2.0 * between
        self.total.assign_add(weight * discrepancy)
        self.weight.assign_add(weight)

    def result(self) -> tf.Tensor:
        """A float64 scalar."""
        return tf.convert_to_tensor(self.total) / tf.convert_to_tensor(self.weight)


def _mean_of_pairs(rows: tf.Tensor) -> tf.Tensor:
    """The mean of the kernel over all pairs of different rows."""
    count = tf.shape(rows)[0]
    checked = tf.debugging.assert_greater_equal(
        count, 2, "A batch needs at least 2 rows: batch with drop_remainder=True"
    )
    with tf.control_dependencies([checked] if checked is not None else []):
        values = _kernel(rows, rows)
    pairs = tf.cast(count * (count - 1), tf.float64)
    return (tf.reduce_sum(values) - tf.linalg.trace(values)) / pairs


def _kernel(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """(x.y / F + 1)^3."""
    base = tf.matmul(x, y, transpose_b=True) / tf.cast(x.shape[1], tf.float64) + 1.0
    return base * base * base
