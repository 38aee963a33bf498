"""A picture that a person names, for a translator."""

from pathlib import Path

from PIL import Image

from tfgan_suite.data.picture_files import DamagedImageError, open_picture
from tfgan_suite.errors import InputError
from tfgan_suite.picture_rules import PictureRules


def read_named(path: Path, rules: PictureRules | None = None) -> Image.Image:
    """A picture, decoded and turned as its EXIF says; of several frames or pages the first.

    Args:
        path: any file that Pillow reads by itself.
        rules: by which it will be converted; None: the usual ones.

    Raises:
        InputError: the file is missing or no picture, too large, or of too many bits.
    """
    try:
        return open_picture(path, rules or PictureRules()).image
    except DamagedImageError as error:
        raise InputError(
            f"{path} is damaged or no picture. Expected .png, .jpg or another format that Pillow reads."
        ) from error
