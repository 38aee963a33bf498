"""Penalties on the slopes of a discriminator: where they are taken, and one equation each.

A slope is the gradient of a sample's logit by its image alone; of a discriminator of patches, of their mean. Its norm
is taken over height, width and channels, never over the batch: every function gives one number a sample, (N,).
"""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from tfgan_suite.noise import PENALTY_STREAM, Step
from tfgan_suite.objectives.losses import per_sample_mean

Judge = Callable[[tf.Tensor], tf.Tensor]

# Inside the root, whose gradient has no number at 0: far below the square of any slope that learns.
EPSILON = 1e-12


class Penalty(NamedTuple):
    """A place where slopes are taken, and what is asked of them.

    Attributes:
        places: of `"real"`, `"fake"`, `"between"` and `"around"`; the penalties of several add up.
        equation: squared norms (N,) -> penalties (N,).
        weight: what multiplies it where nothing is said.
        factor: what multiplies the weight: 1/2 where papers write gamma / 2.
    """

    places: tuple[str, ...]
    equation: Callable[[tf.Tensor], tf.Tensor]
    weight: float
    factor: float = 1.0


def one_centred(squares: tf.Tensor) -> tf.Tensor:
    """(|slope| - 1)^2."""
    return tf.square(tf.sqrt(squares + EPSILON) - 1.0)


def one_sided(squares: tf.Tensor) -> tf.Tensor:
    """max(0, |slope| - 1)^2: slopes below 1 are free."""
    return tf.square(tf.nn.relu(tf.sqrt(squares + EPSILON) - 1.0))


def zero_centred(squares: tf.Tensor) -> tf.Tensor:
    """|slope|^2."""
    return squares


# gradient_penalty: Gulrajani et al., 2017, arXiv 1704.00028, equation 3; one-sided: section 4 there, not recommended.
# dragan: Kodali et al., 2017, arXiv 1705.07215. r1: Mescheder et al., 2018, arXiv 1801.04406, equation 9, and r2 10;
# both at once: Huang et al., 2024, arXiv 2501.05441.
PENALTIES: dict[str, Penalty] = {
    "gradient_penalty": Penalty(("between",), one_centred, 10.0),
    "one_sided_gradient_penalty": Penalty(("between",), one_sided, 10.0),
    "dragan": Penalty(("around",), one_centred, 10.0),
    "r1": Penalty(("real",), zero_centred, 1.0, 0.5),
    "r2": Penalty(("fake",), zero_centred, 1.0, 0.5),
    "r1_r2": Penalty(("real", "fake"), zero_centred, 1.0, 0.5),
}


def points_of(rule: Penalty, real_images: tf.Tensor, fake_images: tf.Tensor, step: Step, call: int) -> list[tf.Tensor]:
    """Where the slopes of a penalty are taken: images (N, H, W, C) for each of its places.

    Args:
        rule: of `PENALTIES`.
        real_images: (N, H, W, C).
        fake_images: of the same shape.
        step: keys the points between and around images.
        call: number within the step of the judgement; keys differ by it.
    """
    places: dict[str, Callable[[], tf.Tensor]] = {
        "real": lambda: real_images,
        "fake": lambda: fake_images,
        "between": lambda: between(real_images, fake_images, step, call),
        "around": lambda: around(real_images, step, call),
    }
    return [places[place]() for place in rule.places]


def squared_slopes(discriminator: Judge, images: tf.Tensor) -> tf.Tensor:
    """|grad D(x)|^2 at each image, (N,)."""
    with tf.GradientTape() as tape:
        tape.watch(images)
        logits = tf.reduce_sum(per_sample_mean(discriminator(images)))
    return squared_norms(tape.gradient(logits, images))


def squared_norms(slopes: tf.Tensor) -> tf.Tensor:
    """(N, H, W, C) -> (N,)."""
    return tf.reduce_sum(tf.square(slopes), axis=[1, 2, 3])


def between(real_images: tf.Tensor, fake_images: tf.Tensor, step: Step, call: int) -> tf.Tensor:
    """x + a (G(z) - x), one a of U[0, 1) a sample."""
    share = tf.cast(step.uniform(PENALTY_STREAM + 2 * call, (1, 1, 1)), real_images.dtype)
    return real_images + share * (fake_images - real_images)


def around(real_images: tf.Tensor, step: Step, call: int) -> tf.Tensor:
    """x + a s u / 2: a and u of U[0, 1), one a sample and one a number; s the deviation of the global batch."""
    shape = tuple(real_images.shape[1:])
    share = tf.cast(step.uniform(PENALTY_STREAM + 2 * call, (1, 1, 1)), real_images.dtype)
    noise = tf.cast(step.uniform(PENALTY_STREAM + 2 * call + 1, shape), real_images.dtype)
    return real_images + share * 0.5 * _deviation(real_images, step) * noise


def _deviation(images: tf.Tensor, step: Step) -> tf.Tensor:
    """The standard deviation of all numbers of the images of all replicas."""
    sums = tf.stack([tf.reduce_sum(images), tf.reduce_sum(tf.square(images))])
    if step.rows.global_rows is not None:
        sums = tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, sums)
    count = tf.cast(step.rows.total * tf.reduce_prod(tf.shape(images)[1:]), images.dtype)
    mean, mean_square = sums[0] / count, sums[1] / count
    return tf.sqrt(tf.maximum(mean_square - tf.square(mean), 0.0))
