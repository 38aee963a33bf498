"""Holes filled without training: a search among a generator's latents for the image that fits around them."""

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from scipy import ndimage

from tfgan_suite.arguments import Range
from tfgan_suite.errors import InputError, option
from tfgan_suite.latents import latents_from_seeds

WINDOW = 7  # of the paper
PRIOR_WEIGHT = 0.003  # of the paper
LEARNING_RATE = 0.03
# Latents are N(0, 1) here, where the paper's are uniform in [-1, 1] and stay there: 99.7 % of all numbers lie within.
BOUND = 3.0
STEPS, STARTS = 1000, 4

# Latents (N, L) and labels (N, ...), or None -> images (N, H, W, C) in [-1, 1], through which gradients pass.
Generate = Callable[[tf.Tensor, Any], tf.Tensor]
# Latents, images and labels -> what is unlikely about each, (N,).
Prior = Callable[[tf.Tensor, tf.Tensor, Any], tf.Tensor]


class Found(NamedTuple):
    """What a search has found.

    Attributes:
        image: float32 (H, W, C) in [-1, 1], the whole as the generator makes it.
        loss: the smallest of all.
        distance: the mean of |image - y| over the known pixels, each as heavy as it counts.
        label: what the generator was told; None for one that takes no labels.
    """

    image: np.ndarray
    loss: float
    distance: float
    label: np.ndarray | None


def importance(hole: np.ndarray) -> np.ndarray:
    """How much each known pixel counts: the share of the 7x7 pixels around it that are missing; 0 for a missing one.

    What lies beyond the image is not missing.

    Args:
        hole: bool (H, W).

    Returns:
        float32 (H, W) in [0, 1].

    Reference: Yeh et al., 2016, arXiv 1607.07539, equation 2.
    """
    shares = ndimage.uniform_filter(hole.astype(np.float64), WINDOW, mode="constant")
    return np.where(hole, 0.0, shares).astype(np.float32)


def mean_square(latents: tf.Tensor, images: tf.Tensor, labels: Any) -> tf.Tensor:
    """The prior of a generator without its discriminator: the mean square of a latent's numbers, (N,)."""
    return tf.reduce_mean(latents**2, axis=1)


def search_latents(
    generate: Generate,
    prior: Prior,
    image: np.ndarray,
    hole: np.ndarray,
    latent_dim: int,
    labels: np.ndarray | None = None,
    steps: int = STEPS,
    starts: int = STARTS,
    seed: int = 0,
    progress: Callable[[], Any] = lambda: None,
) -> Found:
    """The image of a generator that fits best to what is known of another.

    From several latents Adam goes down sum W |G(z) - y| + .003 prior, each number of z kept in [-3, 3], and the
    smallest of all is taken. W is `importance`; the paper's prior is the generator's loss by its discriminator.

    Args:
        generate: see `Generate`.
        prior: see `Prior`.
        image: float32 (H, W, C) in [-1, 1]; what stands in the hole does not matter.
        hole: bool (H, W), what is missing.
        latent_dim: L.
        labels: (K, ...), each of which is tried; None for a generator without labels.
        steps: of Adam, at least 1.
        starts: latents that it starts from, for each label.
        seed: of the first of them.
        progress: called after each step.

    Raises:
        InputError: no hole or nothing else, a number out of its range, or a generator through which no gradient passes.

    Reference: Yeh et al., 2016, arXiv 1607.07539. Theirs blends the result by Poisson's equation; here the known pixels
    are for who calls it to put back.
    """
    for name, value in (("steps", steps), ("starts", starts)):
        Range(1, float("inf"), "at least 1").refuse(option(name), value)
    if hole.all() or not hole.any():
        raise InputError(
            f"The mask must have a hole, and pixels that are known. Received: {int(hole.sum()):,} of {hole.size:,} in "
            "the hole. White is the hole, black is known."
        )
    count = 1 if labels is None else len(labels)
    told = None if labels is None else tf.constant(np.repeat(labels, starts, axis=0))
    first = latents_from_seeds(tf.range(seed, seed + starts, dtype=tf.int64), latent_dim)
    latents = keras.Variable(tf.tile(first, [count, 1]), name="latents")  # (count * starts, L)
    optimizer = keras.optimizers.Adam(LEARNING_RATE)
    optimizer.build([latents])
    weights, known = tf.constant(importance(hole)[..., np.newaxis]), tf.constant(image)

    def losses() -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        images = generate(latents.value, told)
        distances = tf.reduce_sum(weights * tf.abs(images - known), [1, 2, 3])
        return images, distances, distances + PRIOR_WEIGHT * prior(latents.value, images, told)

    @tf.function(autograph=False)
    def step() -> None:
        with tf.GradientTape() as tape:
            total = tf.reduce_sum(losses()[2])
        optimizer.apply([tape.gradient(total, latents.value)], [latents])
        latents.assign(tf.clip_by_value(latents, -BOUND, BOUND))

    _refuse_without_gradient(lambda: generate(latents.value, told), latents.value)
    for _ in range(steps):
        step()
        progress()
    images, distances, totals = (np.asarray(each) for each in losses())
    best = int(np.argmin(np.where(np.isfinite(totals), totals, np.inf)))
    label = None if labels is None else labels[best // starts]
    heaviness = float(importance(hole).sum()) * image.shape[-1]
    return Found(images[best], float(totals[best]), float(distances[best]) / heaviness, label)


def _refuse_without_gradient(made: Callable[[], tf.Tensor], latents: tf.Variable) -> None:
    try:
        with tf.GradientTape() as tape:
            images = made()
        passes = tape.gradient(images, latents) is not None
    except LookupError:  # TensorFlow's, where it has no gradient of an operation
        passes = False
    if not passes:
        raise InputError(
            "No gradient passes through the generator as it was exported. Search in the run folder or the file "
            "NAME.keras that it was made of, or export it again."
        )


def pasted(image: np.ndarray, made: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """The known pixels of an image, and in its hole those that were made; uint8 (H, W, C) all three."""
    return np.where(hole[..., np.newaxis], made, image)
