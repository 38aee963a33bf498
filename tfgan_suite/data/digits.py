"""The 1,797 handwritten digits that come with scikit-learn: real data without a download."""

from collections import Counter
from dataclasses import replace

import numpy as np
from PIL import Image

from tfgan_suite.data.image_data import ImageData
from tfgan_suite.images import convert
from tfgan_suite.picture_rules import PictureRules

DEFAULT_SIZE = (32, 32)


def load_digits(rules: PictureRules) -> ImageData:
    """UCI's handwritten digits, 8x8 pixels of 17 grey levels, resized.

    Args:
        rules: how pictures are read; a size of None is 32x32, channels of None are 1.

    Reference: Alpaydin and Kaynak, 1998, Optical Recognition of Handwritten Digits, UCI (CC BY 4.0).
    """
    # Imported here: scikit-learn takes a second that only this data set needs.
    from sklearn import datasets

    digits = datasets.load_digits()
    levels = np.rint(digits.images * (255 / 16)).astype(np.uint8)
    rules = replace(rules, size=rules.size or DEFAULT_SIZE)
    converted = [convert(Image.fromarray(level), rules) for level in levels]
    counts = Counter(effect for each in converted for effect in each.effects)
    return ImageData(
        np.stack([each.pixels for each in converted]),
        digits.target.astype(np.int32),
        tuple(str(name) for name in digits.target_names),
        "digits (scikit-learn, 1,797 images)",
        notes=rules.notes(counts),
        effects=rules.effects(counts),
    )
