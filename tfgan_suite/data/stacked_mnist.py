"""Stacked MNIST: three digits as the channels of one image, and so 1,000 classes that are known."""

from dataclasses import replace

import numpy as np

from tfgan_suite.arguments import checked_types
from tfgan_suite.data.image_data import ImageData
from tfgan_suite.data.tfds_images import load_tfds
from tfgan_suite.errors import InputError
from tfgan_suite.labels import Labels
from tfgan_suite.picture_rules import PictureRules

CHANNELS, DIGITS = 3, 10
NUM_TRIPLES = DIGITS**CHANNELS
DEFAULT_SIZE = (32, 32)
# How many images are drawn from each split of MNIST: those of the literature, for training and for counting modes.
COUNTS = {"train": 128_000, "test": 26_000}


@checked_types
def stack_digits(images: np.ndarray, labels: np.ndarray, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Stacked MNIST: in each channel another digit, drawn with replacement; 1,000 modes.

    Args:
        images: uint8 (M, H, W, 1) or (M, H, W).
        labels: their digits (M,) in 0..9.
        count: N, 128,000 for training in the literature; the first images are the same whatever it is.
        seed: of the choice.

    Returns:
        uint8 (N, H, W, 3), and int64 (N, 3), the digit of each channel.

    Raises:
        InputError: images of another shape or type, labels that do not fit, or a number out of range.

    Reference: Metz et al. 2016, arXiv 1611.02163; Lin et al. 2018, arXiv 1712.04086.
    """
    images = np.asarray(images)
    planes = images[..., 0] if images.ndim == 4 and images.shape[-1] == 1 else images
    if planes.ndim != 3 or planes.dtype != np.uint8:
        raise InputError(f"images must be uint8 (M, H, W, 1). Received: {images.dtype} of shape {images.shape}.")
    digits = Labels("classes", DIGITS).values(labels)
    if len(digits) != len(planes):
        raise InputError(f"labels must be as many as the images, {len(planes)}. Received: {len(digits)}.")
    if count < 1 or seed < 0:
        raise InputError(f"count must be at least 1 and seed not negative. Received: {count} and {seed}.")
    chosen = np.random.default_rng(seed).integers(len(planes), size=(count, CHANNELS))
    stacked = np.empty((count, *planes.shape[1:], CHANNELS), np.uint8)
    for channel in range(CHANNELS):
        stacked[..., channel] = planes[chosen[:, channel]]
    return stacked, digits.astype(np.int64)[chosen]


def number_of(triples: np.ndarray) -> np.ndarray:
    """The class of three digits, int (N, 3) -> (N,), as it is read: 3, 1 and 4 are 314."""
    return triples @ DIGITS ** np.arange(CHANNELS)[::-1]


def load_stacked_mnist(split: str, data_dir: str | None, rules: PictureRules) -> ImageData:
    """Triples of the digits of one split of MNIST, always the same, with their number 000 to 999 as label.

    Args:
        split: `train`, 128,000 images, or `test`, 26,000.
        data_dir: where TensorFlow Datasets keeps MNIST.
        rules: how pictures are read; a size of None is 32x32.

    Raises:
        InputError: another split, other channels than three, or no MNIST.
    """
    if split not in COUNTS:
        raise InputError(f"stacked_mnist has the splits train and test. Received: {split!r}.")
    if rules.channels not in (None, CHANNELS):
        raise InputError(f"stacked_mnist has {CHANNELS} channels, a digit each. Received: {rules.channels}.")
    mnist = load_tfds("mnist", split, data_dir, replace(rules, size=rules.size or DEFAULT_SIZE, channels=1), 4.0)
    assert mnist.labels is not None
    images, triples = stack_digits(mnist.images, mnist.labels, COUNTS[split], seed=list(COUNTS).index(split))
    shares = np.bincount(mnist.labels, minlength=DIGITS) / len(mnist.labels)
    return replace(
        mnist,
        images=images,
        labels=number_of(triples).astype(np.int32),
        label_names=tuple(f"{number:03}" for number in range(NUM_TRIPLES)),
        source=f"stacked {mnist.source}, {len(images):,} triples",
        class_shares=np.einsum("a,b,c->abc", shares, shares, shares).reshape(-1),
    )
