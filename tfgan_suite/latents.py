"""Latents of seeds, and what is done with them."""

import math
import os
from collections.abc import Sequence

import tensorflow as tf

from tfgan_suite.errors import InputError
from tfgan_suite.noise import SAMPLE_STREAM

MAX_SEED = 2**62  # of the first of many: those that follow it stay within an int64


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
