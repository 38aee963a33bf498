"""A pool of images that were made before, the same on any number of replicas and after a cut."""

from typing import Any

import keras
import tensorflow as tf

from tfgan_suite.noise import Rows, Step


class ImagePool(keras.layers.Layer):
    """Gives a discriminator images of earlier steps in the place of half of the new ones.

    The first images fill the pool. After that each is given on, or, with a probability of a half, changes places with
    one of the pool as it was before the step: a function of the seed, the step and the row in the global batch. Its
    images are weights, so that checkpoints keep them.

    Args:
        size: images that the pool holds, at least 1.
        image_shape: (height, width, channels).
        stream: of the numbers that choose; no other pool may have it.
        dtype: of the images.

    Reference: Shrivastava et al., 2016, arXiv 1612.07828, section 2.3.
    """

    def __init__(self, size: int, image_shape: tuple[int, int, int], stream: int, dtype: Any = "float32"):
        super().__init__(dtype=dtype, trainable=False)
        self.size, self.stream = size, stream
        once = {"trainable": False, "initializer": "zeros", "aggregation": "only_first_replica"}
        self.images = self.add_weight(shape=(size, *image_shape), name="images", **once)
        self.num_filled = self.add_weight(shape=(), dtype="int64", name="num_filled", **once)
        self.built = True

    def exchanged(self, everyone: tf.Tensor, step: Step) -> tf.Tensor:
        """New and earlier images in the place of new ones.

        Args:
            everyone: the new images of all replicas in the order of the global batch, (global_rows, H, W, C); see
                `Algorithm.gathered`.
            step: of the training.

        Returns:
            (N, H, W, C), for the N rows of this replica.
        """
        everyone = tf.cast(everyone, self.images.dtype)
        total = tf.cast(step.rows.total, tf.int64)
        draws = step._replace(rows=Rows(step.rows.total)).uniform(self.stream, (2,))  # (global_rows, 2)
        place = self.num_filled.value + tf.range(total)
        fills = place < self.size
        place = tf.where(fills, place, tf.cast(draws[:, 0] * self.size, tf.int64))
        enters = fills | (draws[:, 1] < 0.5)
        earlier = tf.gather(self.images.value, place)
        # A step that fills the last places has rows left over, which may choose one that was empty before it.
        leaves = enters & (place < self.num_filled.value)
        given = tf.where(leaves[:, None, None, None], earlier, everyone)
        # Of several that enter at one place the last stays.
        who = tf.where(
            enters[:, None] & (place[:, None] == tf.range(self.size, dtype=tf.int64)), tf.range(total)[:, None], -1
        )
        last = tf.reduce_max(who, axis=0)  # (size,)
        entered = tf.gather(everyone, tf.maximum(last, 0))
        self.images.assign(tf.where((last >= 0)[:, None, None, None], entered, self.images.value))
        self.num_filled.assign(tf.minimum(self.num_filled.value + total, self.size))
        return given[step.rows.first_row : step.rows.first_row + step.rows.num_rows]
