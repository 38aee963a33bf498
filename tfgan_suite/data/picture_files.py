"""Files of pictures, decoded: any format that Pillow reads by itself, up to a size."""

import contextlib
import contextvars
import threading
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
from PIL import ExifTags, Image, ImageFile, ImageOps

from tfgan_suite.data.image_data import ImageData
from tfgan_suite.data.image_store import allocate
from tfgan_suite.errors import InputError, option
from tfgan_suite.images import Converted, convert, is_deep, natural_channels, read_picture
from tfgan_suite.picture_rules import PictureRules

Item = TypeVar("Item")
Found = TypeVar("Found")
LARGEST = 200_000_000  # pixels of a picture
# Pillow knows these by name only: EPS runs Ghostscript, MPEG is recognised and not read. Its stubs are left out too.
NOT_READ = {"EPS", "MPEG"}
# Formats of several pictures in time or of several pages, of which the first is taken; MPO is a photo with its preview.
ANIMATED = {"GIF", "WEBP", "PNG", "AVIF", "TIFF", "FLI"}
HALF_OF_16_BITS = 2**15
ARRAY_SUFFIX = ".npy"  # of whole numbers, which only pairs read
INT32 = np.iinfo(np.int32)
SIDEWAYS = range(5, 9)  # those of the orientations of EXIF that exchange height and width
_one_at_a_time = threading.Lock()  # Pillow's limit is the process's


class DamagedImageError(InputError):
    """A file that cannot be decoded, which `skip_damaged` leaves out."""


class Picture(NamedTuple):
    """A decoded file.

    Attributes:
        image: turned as its EXIF says.
        animated: whether it is the first of several frames or pages.
    """

    image: Image.Image
    animated: bool


class Seen(NamedTuple):
    """What a first look at a file says.

    Attributes:
        whole: whether it can be decoded.
        span: smallest and largest value of more than 8 bits; None where there are none.
    """

    whole: bool
    span: tuple[int, int] | None


def readable_formats() -> list[str]:
    """The formats that Pillow, with what a user has added to it, opens without another program."""
    Image.init()
    classes = {name: factory for name, (factory, _) in Image.OPEN.items() if name not in NOT_READ}
    return [
        name
        for name, factory in classes.items()
        if not (isinstance(factory, type) and issubclass(factory, ImageFile.StubImageFile))
    ]


def readable_suffixes() -> set[str]:
    """How names of files in these formats end."""
    formats = {*readable_formats(), "MPO"}  # which is opened as JPEG
    return {suffix for suffix, name in Image.registered_extensions().items() if name in formats}


def read_pictures(
    paths: Sequence[Path],
    labels: np.ndarray | None,
    names: tuple[str, ...],
    source: str,
    rules: PictureRules,
    skip_damaged: bool,
    cache_gigabytes: float,
    half: int | None = None,
) -> ImageData:
    """The pictures of a list of files.

    Args:
        paths: the files.
        labels: one a file, or None.
        names: of the classes or attributes.
        source: where they come from, for people to read.
        rules: how they are converted.
        skip_damaged: leave out what cannot be decoded, instead of refusing it.
        cache_gigabytes: images beyond this lie in a temporary file.
        half: 0 takes the left half of each picture, 1 the right one; None: the whole.

    Raises:
        InputError: a damaged or missing image, one that is too large, several sizes or numbers of channels, or a half
            of an odd width.
    """
    with _large_pictures(rules), ThreadPoolExecutor() as pool:
        kept = np.ones(len(paths), bool)
        if skip_damaged or rules.levels == "auto":
            seen = _each(pool, lambda path: _look(path, rules, skip_damaged), paths)
            kept = np.array([each.whole for each in seen])
            rules = _with_numbers(rules, [each.span for each in seen])
        whole = [path for path, good in zip(paths, kept, strict=True) if good]
        if not whole:
            raise InputError(f"{source}: none of the {len(paths)} images can be decoded.")
        first = _part(whole[0], open_picture(whole[0], rules).image, half)
        natural = natural_channels(first)
        wanted = replace(rules, channels=rules.channels or natural)
        first_pixels = _converted(whole[0], first, wanted).pixels
        shape = first_pixels.shape
        dtype = first_pixels.dtype
        images = allocate((len(whole), *shape), cache_gigabytes, dtype)

        def decode(index: int) -> tuple[frozenset[str], int]:
            picture = open_picture(whole[index], rules)
            image = _part(whole[index], picture.image, half)
            found = natural_channels(image)
            if rules.channels is None and found != natural:
                raise InputError(
                    f"{whole[index]} has {found} channels, {whole[0]} has {natural}. "
                    f"Give one number for all with {option('channels')}."
                )
            converted = _converted(whole[index], image, wanted)
            if converted.pixels.shape != shape:
                height, width, _ = converted.pixels.shape
                raise InputError(
                    f"{whole[index]} is {height}x{width} pixels, {whole[0]} is {shape[0]}x{shape[1]}. "
                    f"Give one size for all with {option('image_size')}."
                )
            if converted.pixels.dtype != dtype:
                eight, deep = (whole[0], whole[index]) if dtype == np.uint8 else (whole[index], whole[0])
                raise InputError(f"{eight} has 8 bits, {deep} has 16. Expected one depth for all: convert one kind.")
            images[index] = converted.pixels
            frames = {"frames"} if picture.animated else set()
            return converted.effects | frames, _span(image)[1] if is_deep(image) else 0

        told = _each(pool, decode, range(len(whole)))
    counts = Counter(effect for effects, _ in told for effect in effects)
    return ImageData(
        images,
        None if labels is None else labels[kept],
        names,
        f"{source} ({len(whole)} images)",
        int((~kept).sum()),
        rules.notes(counts),
        rules.effects(counts),
        _warnings(rules, counts["levels"], max(peak for _, peak in told)),
    )


def decodable(paths: Sequence[Path], rules: PictureRules) -> np.ndarray:
    """Which files are pictures that can be decoded, bool (N,).

    Raises:
        InputError: a file that is missing, too large, or of too many bits.
    """
    with _large_pictures(rules), ThreadPoolExecutor() as pool:
        return np.array([seen.whole for seen in _each(pool, lambda path: _look(path, rules, True), paths)], bool)


def sizes_of(paths: Sequence[Path], rules: PictureRules) -> list[tuple[int, int]]:
    """The (height, width) of pictures that can be decoded, upright, from their first bytes."""

    def size(path: Path) -> tuple[int, int]:
        if _is_array(path, rules):
            return np.load(path, mmap_mode="r").shape[:2]
        with Image.open(path, formats=readable_formats()) as image:
            turned = image.getexif().get(ExifTags.Base.Orientation) in SIDEWAYS
            return (image.width, image.height) if turned else (image.height, image.width)

    with _large_pictures(rules), ThreadPoolExecutor() as pool:
        return _each(pool, size, paths)


def _part(path: Path, image: Image.Image, half: int | None) -> Image.Image:
    """A half of a picture, or the whole."""
    if half is None:
        return image
    if image.width % 2:
        raise InputError(
            f"The image {path} is {image.width} pixels wide. Two pictures side by side have an even width: crop it, or "
            f"leave out {option('pair_layout', 'side_by_side')}."
        )
    width = image.width // 2
    return image.crop((half * width, 0, (half + 1) * width, image.height))


def _each(pool: ThreadPoolExecutor, function: Callable[[Item], Found], items: Iterable[Item]) -> list[Found]:
    """What a function makes of items in threads, whose errors say `option` as this thread does."""
    context = contextvars.copy_context()
    return list(pool.map(lambda item: context.copy().run(function, item), items))


def open_picture(path: Path, rules: PictureRules) -> Picture:
    """A decoded picture; of several frames or pages the first.

    Raises:
        InputError: the file is missing, too large, of too many bits, or cannot be decoded; its name is given.
    """
    try:
        if _is_array(path, rules):
            image, animated, large = _picture_of_array(path), False, False
        elif rules.are_old:
            image, animated, large = read_picture(path), False, False
        else:
            with Image.open(path, formats=readable_formats()) as image:
                animated = image.format in ANIMATED and getattr(image, "is_animated", False)
                large = image.mode == "I" and image.format == "PPM"  # its 16 bits, with room to spare
                image.load()
        turned = ImageOps.exif_transpose(image)  # photos of a phone that was held upright
    except FileNotFoundError:
        raise InputError(f"The image {path} does not exist.") from None
    except Image.DecompressionBombError as error:
        if not rules.are_old:
            raise InputError(
                f"The image {path} is too large: {str(error).partition(')')[0].partition('(')[2]}. Expected at most "
                f"{LARGEST // 10**6} million. Make it smaller, or remove it."
            ) from error
        raise _damaged(path, error) from error
    except (MemoryError, InputError):
        raise
    except Exception as error:  # Pillow raises what its many formats raise
        raise _damaged(path, error) from error
    if image.mode == "F" or (image.mode == "I" and not large and (rules.are_old or rules.levels is None)):
        more = (
            ""
            if rules.are_old or image.mode == "F"
            else f", or give the range of its values with {option('levels', ('MIN', 'MAX'))}"
        )
        raise InputError(
            f"The image {path} has 32 bits a pixel in one channel. Expected 8 or 16: convert it first{more}."
        )
    return Picture(turned, animated)


def _is_array(path: Path, rules: PictureRules) -> bool:
    return rules.deep and path.suffix.lower() == ARRAY_SUFFIX


def _picture_of_array(path: Path) -> Image.Image:
    """A file NAME.npy of whole numbers as a picture of 32 bits, which levels bring into range."""
    array = np.load(path, mmap_mode="r")
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    if array.ndim != 2 or not np.issubdtype(array.dtype, np.integer) or not 0 < array.size <= LARGEST:
        raise InputError(
            f"The array {path} must be of whole numbers, (H, W) or (H, W, 1), at most {LARGEST // 10**6} million of "
            f"them. Received: {array.dtype} {array.shape}."
        )
    low, high = int(array.min()), int(array.max())
    if low < INT32.min or high > INT32.max:
        raise InputError(f"The array {path} has values of {low} to {high}. Expected those of int32.")
    return Image.fromarray(np.asarray(array, np.int32))


def _damaged(path: Path, error: Exception) -> DamagedImageError:
    return DamagedImageError(
        f"The image {path} is damaged or not an image ({error}). Mend or remove it, or leave such images out with "
        f"{option('skip_damaged', True)}."
    )


def _converted(path: Path, image: Image.Image, rules: PictureRules) -> Converted:
    try:
        return convert(image, rules)
    except InputError as error:
        raise InputError(f"The image {path}: {error}") from error


def _look(path: Path, rules: PictureRules, skip_damaged: bool) -> Seen:
    try:
        image = open_picture(path, rules).image
    except DamagedImageError:
        if not skip_damaged:
            raise
        return Seen(False, None)
    return Seen(True, _span(image) if is_deep(image) else None)


def _span(image: Image.Image) -> tuple[int, int]:
    values = np.asarray(image)
    return int(values.min()), int(values.max())


def _with_numbers(rules: PictureRules, spans: Sequence[tuple[int, int] | None]) -> PictureRules:
    """The rules with the smallest and the largest value of all pictures in the place of `auto`."""
    if rules.levels != "auto" or not any(spans):
        return rules
    low = min(span[0] for span in spans if span)
    return replace(rules, levels=(low, max(low + 1, *(span[1] for span in spans if span))))


def _warnings(rules: PictureRules, deep: int, peak: int) -> tuple[str, ...]:
    """What is said of pictures of fewer bits than their files have, which become a few dark levels."""
    if rules.are_old or rules.levels is not None or not 0 < peak < HALF_OF_16_BITS:
        return ()
    mapped = option("levels", (0, 2 ** peak.bit_length() - 1))
    return (
        f"{deep:,} pictures of 16 bits have no value above {peak:,} of 65,535, so that they have {peak // 257 + 1} of "
        f"256 levels. Give {mapped}, or {option('levels', 'auto')} for the range of the data.",
    )


@contextlib.contextmanager
def _large_pictures(rules: PictureRules) -> Iterator[None]:
    """Lets Pillow read up to `LARGEST` pixels without its notice, and refuse more before they are decoded."""
    if rules.are_old:
        yield
        return
    with _one_at_a_time, warnings.catch_warnings():
        before = Image.MAX_IMAGE_PIXELS
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        warnings.simplefilter("ignore", DeprecationWarning)  # of formats that a later Pillow will not read
        Image.MAX_IMAGE_PIXELS = LARGEST // 2  # Pillow refuses what is twice as large
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = before
