"""What is got of sources without learning from pairs: the source itself, the mean target, a method of old."""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image
from scipy import ndimage

from tfgan_suite.data.degradations import Degradation
from tfgan_suite.images import MOST_OF_16_BITS, convert, from_array
from tfgan_suite.metrics.translation import Translated
from tfgan_suite.picture_rules import PictureRules
from tfgan_suite.versions import remedy

INPUT, MEAN = "input", "mean target"
MEDIAN_SIDE = 3
# Of non-local means. Of filters of .6, .8, 1 and 1.2 times the noise, .8 has the best PSNR in the mean of MNIST,
# Fashion-MNIST and CIFAR-10 at deviations of 15, 25 and 50 levels.
PATCH_SIDE, PATCH_DISTANCE, FILTER = 5, 6, 0.8


def baselines(translated: Translated, train_targets: np.ndarray, degradation: Degradation | None) -> dict[str, Any]:
    """Images in the place of those that a model makes, by name, each uint8 (N, H, W, D).

    `input` is the source in the target's channels and size (by nearest pixels), as a file would be converted;
    `mean target` the mean of the targets that were learned from; and of a degradation that has one, the classical
    methods: `bicubic` for a smaller size, `median` (3x3) and `non-local means` for noise, `biharmonic` for a hole. The
    last two are scikit-image's: where it is not installed they are left out, and a line says so.

    Args:
        translated: the sources.
        train_targets: uint8 or uint16 (M, H, W, D).
        degradation: what made the sources; None where they were given.
    """
    sources, shape = translated.sources, train_targets.shape[1:]
    found = {}
    if sources.shape[3] in (1, 3, 4) and shape[2] in (1, 3, 4):
        found[INPUT] = _brought(sources, shape)
    steps = MOST_OF_16_BITS / 255 if train_targets.dtype == np.uint16 else 1.0
    mean = np.rint(train_targets.mean(axis=0, dtype=np.float64) / steps).astype(np.uint8)
    found[MEAN] = np.broadcast_to(mean, translated.images.shape)
    for name, method in CLASSICAL.get(degradation.kind, {}).items() if degradation else ():
        assert degradation is not None
        try:
            found[name] = method(translated, degradation)
        except ImportError:
            print(
                f"{name} is left out of what is compared with: it is scikit-image's. Install it: "
                f"{remedy('restoration')}",
                file=sys.stderr,
            )
    return found


def _brought(sources: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Sources in the targets' size and channels, (N, *shape)."""
    if sources.shape[1:] == shape:
        return sources
    rules = PictureRules((shape[0], shape[1]), shape[2], fit="stretch", resampling="nearest")
    return np.stack([convert(from_array(source), rules).pixels for source in sources])


def bicubic(translated: Translated, how: Degradation) -> np.ndarray:
    """Sources as large as the targets, by Pillow's bicubic interpolation (a = -1/2), channel by channel."""
    height, width = translated.images.shape[1:3]

    def larger(channel: np.ndarray) -> np.ndarray:
        return np.asarray(Image.fromarray(channel).resize((width, height), Image.Resampling.BICUBIC))

    return np.stack(
        [np.stack([larger(np.ascontiguousarray(channel)) for channel in np.moveaxis(source, -1, 0)], -1)
         for source in translated.sources]
    )  # fmt: skip


def median(translated: Translated, how: Degradation) -> np.ndarray:
    """The median of the 3x3 pixels around each, of a channel alone; the edge is repeated beyond the image."""
    return ndimage.median_filter(translated.sources, size=(1, MEDIAN_SIDE, MEDIAN_SIDE, 1), mode="nearest")


def non_local_means(translated: Translated, how: Degradation) -> np.ndarray:
    """The mean of pixels in like surroundings, told the noise's deviation: Buades, Coll and Morel, 2005, CVPR."""
    from skimage.restoration import denoise_nl_means

    sigma = how.noise_sigma / 255

    def denoised(source: np.ndarray) -> np.ndarray:
        clean = denoise_nl_means(
            source / 255, PATCH_SIDE, PATCH_DISTANCE, h=FILTER * sigma, fast_mode=False, sigma=sigma, channel_axis=-1
        )
        return _levels(clean.reshape(source.shape))

    return np.stack([denoised(source) for source in translated.sources])


def biharmonic(translated: Translated, how: Degradation) -> np.ndarray:
    """Holes filled by the biharmonic equation: Damelin and Hoang, 2018, doi 10.1155/2018/3950312."""
    from skimage.restoration import inpaint_biharmonic

    assert translated.holes is not None

    def filled(source: np.ndarray, hole: np.ndarray) -> np.ndarray:
        if hole.all() or not hole.any():
            return source
        return _levels(inpaint_biharmonic(source / 255, hole.copy(), channel_axis=-1))  # it refuses what is read only

    return np.stack([filled(*pair) for pair in zip(translated.sources, translated.holes, strict=True)])


def _levels(values: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(values * 255), 0, 255).astype(np.uint8)


CLASSICAL: dict[str, dict[str, Callable[[Translated, Degradation], np.ndarray]]] = {
    "downscale": {"bicubic": bicubic},
    "noise": {"median": median, "non-local means": non_local_means},
    "mask": {"biharmonic": biharmonic},
}
