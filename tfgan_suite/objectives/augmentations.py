"""What a discriminator sees of images in training: each changed at random, real and made ones alike.

A generator learns the images before the change, as long as the change can be told from its results; the discriminator
sees more than the data hold. Not to be mixed up with `data/augmentation.py`, which changes real images alone, so that
samples learn the change. The gradient goes through every change: to the generator, and to the image of a penalty.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import tensorflow as tf

from tfgan_suite.errors import InputError, option
from tfgan_suite.noise import AUGMENT_BLOCK, AUGMENT_STREAM, Step
from tfgan_suite.objectives.ada import DRAWS, ada
from tfgan_suite.objectives.diff_augment import color, cutout, translation


class Augmentation(NamedTuple):
    """A change of images.

    Attributes:
        draws: how many random numbers it takes for an image.
        change: (images (N, H, W, C), numbers (N, draws) in [0, 1)) -> images of the same shape and type.
        has_probability: whether it takes a third argument, how probable each change is.
    """

    draws: int
    change: Callable[..., tf.Tensor]
    has_probability: bool = False


# A row that is given never changes its place, by which its numbers are keyed.
AUGMENTATIONS: dict[str, Augmentation] = {
    "color": Augmentation(3, color),
    "translation": Augmentation(2, translation),
    "cutout": Augmentation(2, cutout),
    "ada": Augmentation(DRAWS, ada, has_probability=True),
}


def augmented(
    names: Sequence[str],
    images: tf.Tensor,
    step: Step,
    draw: int,
    probability: tf.Tensor | float = 0.0,
    parts: Sequence[int] = (),
) -> tf.Tensor:
    """Images after changes, computed in float32 at least; the very same without names.

    Args:
        names: of `AUGMENTATIONS`, in the order in which they are done.
        images: (N, H, W, C) in [-1, 1].
        step: keys the numbers, by the row in the global batch.
        draw: number within the step of this set of images.
        probability: of each change of `ada`, at least 0; 1 and above: always.
        parts: channels of each image, where several are joined in channels: all are changed alike, and each has its own
            colours; none: it is one image.

    Returns:
        The same shape and type; colours may leave [-1, 1].

    Raises:
        InputError: colours of images that have one channel.
    """
    if not names:
        return images
    parts = parts or (images.shape[-1],)
    for channels in parts:
        check_channels(names, channels)
    changed = tf.cast(images, tf.float64 if images.dtype == tf.float64 else tf.float32)
    for name in names:
        augmentation = AUGMENTATIONS[name]
        stream = AUGMENT_STREAM + AUGMENT_BLOCK * draw + list(AUGMENTATIONS).index(name)
        numbers = tf.cast(step.uniform(stream, (augmentation.draws,)), changed.dtype)
        more = (tf.cast(probability, changed.dtype),) if augmentation.has_probability else ()
        each = [augmentation.change(part, numbers, *more) for part in tf.split(changed, parts, axis=-1)]
        changed = tf.concat(each, axis=-1)
    return tf.cast(changed, images.dtype)


def check_channels(names: Sequence[str], channels: int) -> None:
    """Refuses colours of images that have one channel.

    Raises:
        InputError: naming what to do.
    """
    if "color" in names and channels == 1:
        others = ",".join(name for name in names if name != "color") or "translation,cutout"
        raise InputError(
            f"{option('augment')} color needs images of several channels. Received: 1 channel. Use "
            f"{option('augment', others)}."
        )
