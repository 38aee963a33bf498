"""PNG and JPEG files within a graph: refused by what they say of themselves, or decoded to what training would read."""

from dataclasses import replace
from typing import NamedTuple

import tensorflow as tf

from tfgan_suite.data.degrading.painting import GREY_WEIGHTS
from tfgan_suite.images import HOLE, HOLE_SHARE
from tfgan_suite.models.fitting import fitted
from tfgan_suite.models.refusals import refuse
from tfgan_suite.picture_rules import PictureRules, parse_background

PNG_BEGINS, JPEG_BEGINS = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
IHDR = b"\0\0\0\rIHDR"  # which must come first, and has 13 bytes
HEAD = 33  # bytes of the first chunk's end
# What a decoder goes through one after the other, so that some kB of them would take it seconds: the passes of a
# progressive JPEG file, mostly 10, and texts of a PNG file, each of which may be 8 MB when it is unpacked.
JPEG_SCAN, MOST_SCANS = b"\xff\xda", 100
PNG_TEXTS, MOST_TEXTS = (b"zTXt", b"iTXt"), 16
WIDTH, HEIGHT, DEPTH = slice(16, 20), slice(20, 24), 24  # in it
FILE_CHANNELS = (1, 3, 4)  # of pictures that files are made into, as in training
HEX = [f"{byte:02x} " for byte in range(256)]


class Files(NamedTuple):
    """Files of which the first bytes are right; N of them.

    Attributes:
        name: of the input.
        contents: string (N,).
        is_png: bool (N,); the others are JPEG.
        depth: bits a channel, int32 (N,), at most 8.
        sides: height and width, int64 (N, 2), each 1 to 2**32 - 1.
    """

    name: str
    contents: tf.Tensor
    is_png: tf.Tensor
    depth: tf.Tensor
    sides: tf.Tensor


def opened(contents: tf.Tensor, name: str) -> Files:
    """What files say of themselves. Nothing is decoded, however large a file says that it is.

    TensorFlow's decoders take more formats than PNG and JPEG, each by the name of any other.

    Args:
        contents: string (N,).
        name: of the input, for messages.
    """
    short = tf.strings.substr(contents, 0, HEAD)
    head = tf.io.decode_raw(tf.strings.substr(tf.strings.join([short, b"\0" * HEAD]), 0, HEAD), tf.uint8)  # (N, 33)
    is_png, is_jpeg = (_begins(head, begin) for begin in (PNG_BEGINS, JPEG_BEGINS))
    begin = tf.strings.reduce_join(tf.gather(tf.constant(HEX), tf.cast(head[:, :4], tf.int32)), 1)
    is_whole = ~is_png | (_begins(head[:, len(PNG_BEGINS) :], IHDR) & (tf.strings.length(contents) >= HEAD))
    depth = tf.where(is_png, tf.cast(head[:, DEPTH], tf.int32), 8)
    asserts = [
        _refuse_row(is_png | is_jpeg, f"{name} must be PNG or JPEG files.", "which begins with", begin),
        _refuse_row(is_whole, f"{name} must be whole: a PNG file begins with its IHDR.", "which does not"),
        _refuse_row(depth <= 8, f"{name} must have 8 bits a channel: convert the picture.", "which has", depth),
    ]
    with tf.control_dependencies(asserts):
        contents = tf.identity(contents)
    of_png = tf.stack([_number(head[:, HEIGHT]), _number(head[:, WIDTH])], 1)

    def look(row: tuple[tf.Tensor, tf.Tensor, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        """The sides of a file, and how many parts of it are decoded one after the other."""
        file, is_png, sides = row

        def of_jpeg() -> tuple[tf.Tensor, tf.Tensor]:
            return tf.cast(tf.image.extract_jpeg_shape(file)[:2], tf.int64), _count(file, JPEG_SCAN)

        return tf.cond(is_png, lambda: (sides, sum(_count(file, text) for text in PNG_TEXTS)), of_jpeg)

    specs = tf.TensorSpec([2], tf.int64), tf.TensorSpec([], tf.int32)
    sides, parts = tf.map_fn(look, (contents, is_png, of_png), fn_output_signature=specs)
    has_few = parts <= tf.where(is_png, MOST_TEXTS, MOST_SCANS)
    most = f"{MOST_SCANS} scans in a JPEG file and {MOST_TEXTS} texts in a PNG file"
    asserts = [
        _refuse_row(tf.reduce_all(sides >= 1, 1), f"{name} must have pixels.", "which has none"),
        _refuse_row(has_few, f"{name} must have at most {most}: store the picture again.", "which has", parts),
    ]
    with tf.control_dependencies(asserts):
        return Files(name, tf.identity(contents), is_png, depth, sides)


def let_through(files: tuple[Files, ...], max_pixels: int) -> tuple[Files, ...]:
    """Pictures, or pictures and their masks, that may be decoded: not too many pixels, and masks as large as pictures.

    Args:
        files: of each input.
        max_pixels: of all together.
    """
    names = " and ".join(each.name for each in files)
    # In doubles, since two sides may multiply to more than an int64 holds.
    pixels = tf.add_n([tf.reduce_sum(tf.reduce_prod(tf.cast(each.sides, tf.float64), 1)) for each in files])
    shown = tf.cast(tf.minimum(pixels, 2.0**62), tf.int64)
    message = f"{names} of a request must have at most {max_pixels} pixels in all: make the pictures smaller."
    asserts = [refuse(pixels <= max_pixels, message, shown)]
    for each in files[1:]:
        same = tf.reduce_all(each.sides == files[0].sides, 1)
        message = f"{each.name} must be as high and wide as {files[0].name}."
        asserts.append(_refuse_row(same, message, "which is not"))
    with tf.control_dependencies(asserts):
        return tuple(each._replace(contents=tf.identity(each.contents)) for each in files)


def decoded(files: Files, rules: PictureRules) -> tf.Tensor:
    """Pictures as training would have read them; EXIF turns none.

    Args:
        files: that may be decoded.
        rules: with a size and with channels.

    Returns:
        uint8 (N, H, W, C).
    """
    colour = parse_background(rules.background).removeprefix("#")
    background = tf.constant([int(colour[start : start + 2], 16) for start in (0, 2, 4)])  # int32 (3,)

    def picture(row: tuple[tf.Tensor, tf.Tensor, tf.Tensor]) -> tf.Tensor:
        pixels = _rgba(*row)  # int32 (h, w, 4)
        if rules.channels == 4:
            return _in_levels(_fitted_rgba(pixels, rules, background))
        opaque, edge = _on_background(pixels, background), background
        if rules.channels == 1:
            opaque, edge = _grey(opaque), _grey(background)
        return _in_levels(fitted(tf.cast(opaque, tf.float32), rules, tf.cast(edge, tf.float32)))

    spec = tf.TensorSpec([*(rules.size or ()), rules.channels], tf.uint8)
    return tf.map_fn(picture, (files.contents, files.is_png, files.depth), fn_output_signature=spec)


def decoded_masks(files: Files, rules: PictureRules) -> tf.Tensor:
    """Masks brought to a network's size beside their pictures, as `images.mask_of` does it.

    Args:
        files: that may be decoded.
        rules: of the pictures.

    Returns:
        uint8 (N, H, W, 1), 255 in the hole and 0 elsewhere.
    """
    rules = replace(rules, resampling="bicubic")  # which is not nearest

    def mask(row: tuple[tf.Tensor, tf.Tensor, tf.Tensor]) -> tf.Tensor:
        grey = _grey(_on_background(_rgba(*row), tf.zeros([3], tf.int32)))
        hole = tf.where(grey >= HOLE, 255.0, 0.0)
        share = _in_levels(fitted(hole, rules, tf.zeros([1]), "triangle"))
        return tf.where(share >= HOLE_SHARE, tf.constant(255, tf.uint8), tf.constant(0, tf.uint8))

    spec = tf.TensorSpec([*(rules.size or ()), 1], tf.uint8)
    return tf.map_fn(mask, (files.contents, files.is_png, files.depth), fn_output_signature=spec)


def _rgba(contents: tf.Tensor, is_png: tf.Tensor, depth: tf.Tensor) -> tf.Tensor:
    """One file, int32 (h, w, 4)."""

    def of_png() -> tf.Tensor:
        pixels = tf.io.decode_png(contents, channels=4)
        # TensorFlow fills the opacity that a file of fewer bits lacks with as few: 1 of 255 for one bit.
        filled = (depth < 8) & tf.reduce_all(tf.cast(pixels[..., 3], tf.int32) == 2**depth - 1)
        return tf.where(filled, tf.maximum(pixels, tf.constant([0, 0, 0, 255], tf.uint8)), pixels)

    def of_jpeg() -> tf.Tensor:
        # The transform that other programs use, Pillow among them; TensorFlow's own choice is a faster one.
        pixels = tf.io.decode_jpeg(contents, channels=3, dct_method="INTEGER_ACCURATE")
        return tf.pad(pixels, [[0, 0], [0, 0], [0, 1]], constant_values=255)

    pixels = tf.cond(is_png, of_png, of_jpeg)
    return tf.cast(tf.ensure_shape(pixels, [None, None, 4]), tf.int32)


def _on_background(pixels: tf.Tensor, background: tf.Tensor) -> tf.Tensor:
    """int32 (h, w, 4) on a colour (3,), (h, w, 3): Pillow's whole numbers, to the bit."""
    colours, alpha = pixels[..., :3], pixels[..., 3:]
    total = 128 * (colours * alpha + background * (255 - alpha) + 128)
    return (total // 256 + total) // 2**15


def _grey(colours: tf.Tensor) -> tf.Tensor:
    """int32 (..., 3) -> (..., 1), as Pillow weighs them."""
    return (tf.reduce_sum(colours * tf.constant(GREY_WEIGHTS), -1, keepdims=True) + 2**15) // 2**16


def _fitted_rgba(pixels: tf.Tensor, rules: PictureRules, background: tf.Tensor) -> tf.Tensor:
    """Colours weighed by their opacity, so that what cannot be seen does not show at edges; float32 (H, W, 4).

    Of the right size already they stay as they are.
    """
    alpha = tf.cast(pixels[..., 3:], tf.float32) / 255.0
    weighed = tf.concat([tf.cast(pixels[..., :3], tf.float32) * alpha, alpha], -1)
    edge = tf.concat([tf.cast(background, tf.float32), [1.0]], 0)
    made = fitted(weighed, rules, edge)
    made = tf.concat([tf.math.divide_no_nan(made[..., :3], made[..., 3:]), 255.0 * made[..., 3:]], -1)
    same = tf.reduce_all(tf.shape(pixels)[:2] == rules.size)
    return tf.cond(same, lambda: tf.reshape(tf.cast(pixels, tf.float32), made.shape), lambda: made)


def _in_levels(pixels: tf.Tensor) -> tf.Tensor:
    return tf.cast(tf.clip_by_value(tf.round(pixels), 0.0, 255.0), tf.uint8)


def _begins(head: tf.Tensor, begin: bytes) -> tf.Tensor:
    """Whether the first bytes of each row, uint8 (N, K), are these; bool (N,)."""
    return tf.reduce_all(head[:, : len(begin)] == tf.constant(list(begin), tf.uint8), 1)


def _count(file: tf.Tensor, word: bytes) -> tf.Tensor:
    """How often a word stands in a file, int32."""
    octets = tf.io.decode_raw(tf.strings.join([file, b"\0" * len(word)]), tf.uint8)
    places = tf.shape(octets)[0] - len(word)
    found = [octets[index : places + index] == byte for index, byte in enumerate(word)]
    return tf.reduce_sum(tf.cast(tf.reduce_all(tf.stack(found), 0), tf.int32))


def _number(four: tf.Tensor) -> tf.Tensor:
    """Whole numbers of four bytes each, the highest first: uint8 (N, 4) -> int64 (N,)."""
    return tf.reduce_sum(tf.cast(four, tf.int64) * tf.constant([2**24, 2**16, 2**8, 1], tf.int64), 1)


def _refuse_row(is_right: tf.Tensor, message: str, which: str, shown: tf.Tensor | None = None) -> tf.Operation | None:
    """Refuses all where a row is wrong, and names the first such row.

    Args:
        is_right: bool (N,).
        message: what was expected.
        which: what the wrong row is.
        shown: of each row, what follows that; None: nothing.
    """
    row = tf.argmin(tf.cast(is_right, tf.int32))
    received = [] if shown is None else [tf.strings.strip(shown[row]) if shown.dtype == tf.string else shown[row]]
    return refuse(is_right, message, "row", row, which, *received)
