"""The 1,797 handwritten digits that come with scikit-learn: real data without a download."""

import numpy as np
from PIL import Image

from tfgan_suite.data.image_data import ImageData
from tfgan_suite.images import convert

DEFAULT_SIZE = (32, 32)


def load_digits(size: tuple[int, int] | None, channels: int | None) -> ImageData:
    """UCI's handwritten digits, 8x8 pixels of 17 grey levels, resized.

    Args:
        size: (height, width); None: 32x32.
        channels: 1, 3 or 4; None: 1.

    Reference: Alpaydin and Kaynak, 1998, Optical Recognition of Handwritten Digits, UCI (CC BY 4.0).
    """
    # Imported here: scikit-learn takes a second that only this data set needs.
    from sklearn import datasets

    digits = datasets.load_digits()
    levels = np.rint(digits.images * (255 / 16)).astype(np.uint8)
    images = np.stack([convert(Image.fromarray(level), size or DEFAULT_SIZE, channels or 1) for level in levels])
    names = tuple(str(name) for name in digits.target_names)
    return ImageData(images, digits.target.astype(np.int32), names, "digits (scikit-learn, 1,797 images)")
