"""Files of pictures in a graph: refused by their first bytes, or decoded to what training reads of them."""

import io
import struct
import zlib
from functools import partial
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from lanes import corners, slow
from PIL import Image

from tfgan_suite import InputError
from tfgan_suite.images import convert, mask_of
from tfgan_suite.models.decoding import decoded, decoded_masks, let_through, opened
from tfgan_suite.models.refusals import refusal
from tfgan_suite.picture_rules import FITS, PictureRules

COLOUR = (200, 120, 40)  # of a background that no other colour is


def noise(height: int, width: int, channels: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels)).astype(np.uint8)


def smooth(height: int, width: int, channels: int) -> np.ndarray:
    """As photos are, with an edge."""
    y, x = np.mgrid[:height, :width]
    waves = [127 + 90 * np.sin(y / 5 + c) * np.cos(x / 7 - c) + 30 * (x > width // 3) for c in range(channels)]
    return np.clip(np.stack(waves, -1), 0, 255).astype(np.uint8)


def file_of(image: Image.Image, kind: str = "PNG", **how: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format=kind, **how)
    return stream.getvalue()


def with_palette(bits: int, transparent: bool) -> bytes:
    palette = Image.fromarray(noise(9, 7, 1)[..., 0] >> (8 - bits), "P")
    palette.putpalette(noise(1, 256, 3, 5).ravel().tolist())
    return file_of(palette, bits=bits, **({"transparency": bytes([0, 100, 255])} if transparent else {}))


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def low_bits(bits: int) -> bytes:
    """Grey of fewer than 8 bits, which Pillow does not write."""
    rows = noise(9, 7, 1)[..., 0] >> (8 - bits)
    packed = [np.packbits([int(bit) for value in row for bit in f"{value:0{bits}b}"]).tobytes() for row in rows]
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 7, 9, bits, 0, 0, 0, 0))
    content = chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in packed)))
    return b"\x89PNG\r\n\x1a\n" + head + content + chunk(b"IEND", b"")


FILES = {
    "bits": lambda: file_of(Image.fromarray(noise(9, 7, 1)[..., 0] > 127)),
    **{f"grey of {bits} bits": partial(low_bits, bits) for bits in (1, 2, 4)},
    "grey": lambda: file_of(Image.fromarray(noise(9, 7, 1)[..., 0])),
    "grey of a colour that is transparent": lambda: file_of(
        Image.fromarray(noise(9, 7, 1)[..., 0] // 64), transparency=2
    ),
    "grey with alpha": lambda: file_of(Image.fromarray(noise(9, 7, 2), "LA")),
    "palette of 256": lambda: with_palette(8, False),
    "palette of 4": lambda: with_palette(2, False),
    "palette of 16 with alpha": lambda: with_palette(4, True),
    "colours": lambda: file_of(Image.fromarray(noise(9, 7, 3))),
    "colours of which one is transparent": lambda: file_of(
        Image.fromarray(noise(9, 7, 3) // 128 * 255), transparency=(255, 0, 0)
    ),
    "colours with alpha": lambda: file_of(Image.fromarray(noise(9, 7, 4))),
    "jpeg": lambda: file_of(Image.fromarray(smooth(37, 51, 3)), "JPEG", quality=80),
    "progressive jpeg": lambda: file_of(Image.fromarray(smooth(37, 51, 3)), "JPEG", progressive=True, subsampling=0),
    "grey jpeg": lambda: file_of(Image.fromarray(smooth(37, 51, 1)[..., 0]), "JPEG"),
}


def read(files: list[bytes], rules: PictureRules, max_pixels: int = 10**6) -> np.ndarray:
    (found,) = let_through((opened(tf.constant(files), "image_bytes"),), max_pixels)
    return decoded(found, rules).numpy()


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_file_of_the_size_is_to_the_bit_what_training_reads(channels: int) -> None:
    for name, make in FILES.items():
        file = make()
        with Image.open(io.BytesIO(file)) as image:
            rules = PictureRules(image.size[::-1], channels, background="#c87828")
            expected = convert(image, rules).pixels
        np.testing.assert_array_equal(read([file], rules)[0], expected, err_msg=name)


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("size", [(24, 10), *map(slow, [(16, 16), (64, 90), (13, 51)])])
@pytest.mark.parametrize("channels", corners([1, 3], 3))
def test_another_size_is_fitted_as_training_does(fit: str, size: tuple[int, int], channels: int) -> None:
    files = [file_of(Image.fromarray(smooth(*sides, 3))) for sides in ((37, 51), (51, 37), (80, 80), (5, 90))]
    rules = PictureRules(size, channels, fit, "#c87828")
    made = read(files, rules)
    for file, mine in zip(files, made, strict=True):
        theirs = convert(Image.open(io.BytesIO(file)), rules).pixels
        assert np.abs(mine.astype(int) - theirs).max() <= 1  # Pillow rounds twice
        assert np.abs(mine.astype(int) - theirs).mean() < 0.3


def test_transparency_is_fitted_with_its_colours() -> None:
    """What cannot be seen, here red, does not show at the edge of what can."""
    pixels = np.zeros((40, 40, 4), np.uint8)
    pixels[:] = (255, 0, 0, 0)
    pixels[:, 21:] = (0, 0, 255, 255)
    rules = PictureRules((10, 20), 4, "pad")
    (made,) = read([file_of(Image.fromarray(pixels))], rules)
    theirs = convert(Image.fromarray(pixels), rules).pixels
    np.testing.assert_array_equal(made[:, :5], np.broadcast_to((255, 255, 255, 255), (10, 5, 4)))
    assert np.abs(made[..., 3].astype(int) - theirs[..., 3]).max() <= 1
    seen = theirs[..., 3] > 100
    assert np.abs(made[seen].astype(int) - theirs[seen]).max() <= 2
    assert (theirs[..., 3] == 0).any() and made[:, 5:15][made[:, 5:15, 3] > 0][:, 0].max() == 0


def test_maps_of_labels_are_not_blended() -> None:
    labels = np.repeat(np.repeat(noise(6, 8, 3) // 128 * 255, 7, 0), 5, 1)
    rules = PictureRules((12, 14), 3, "crop", resampling="nearest")
    (made,) = read([file_of(Image.fromarray(labels))], rules)
    np.testing.assert_array_equal(made, convert(Image.fromarray(labels), rules).pixels)
    assert set(np.unique(made)) == {0, 255}


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("size", [(20, 30), (10, 12), (40, 40)])
def test_masks_are_those_of_python(fit: str, size: tuple[int, int]) -> None:
    level = np.zeros((20, 30), np.uint8)
    level[3:9, 4:20], level[12:13, 2:29], level[15:18, 10:12] = 128, 255, 127
    files = [file_of(Image.fromarray(level)), file_of(Image.fromarray(level).convert("RGB"))]
    alpha = np.stack([np.full_like(level, 255), level], -1)  # white where it is seen
    files.append(file_of(Image.fromarray(alpha, "LA")))
    rules = PictureRules(size, 3, fit)

    for mine in decoded_masks(opened(tf.constant(files), "mask_bytes"), rules).numpy():
        np.testing.assert_array_equal(mine, mask_of(Image.fromarray(level), rules))
        assert set(np.unique(mine)) == {0, 255}
    if size == (20, 30):
        np.testing.assert_array_equal(mine[..., 0], np.where(level >= 128, 255, 0))


# ---- what is refused -----------------------------------------------------------------------------


def png_of(width: int, height: int, depth: int = 8) -> bytes:
    """A file that says of itself to be so large, and has 20 kB."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", b"\0" * 20_000) + chunk(b"IEND", b"")


def jpeg_of(width: int, height: int) -> bytes:
    """A file whose frame says so of itself."""
    file = bytearray(file_of(Image.fromarray(smooth(16, 16, 3)), "JPEG"))
    place = file.index(b"\xff\xc0") + 5
    file[place : place + 4] = struct.pack(">HH", height, width)
    return bytes(file)


GOOD = file_of(Image.fromarray(noise(8, 8, 3)))


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (b"", "must be PNG or JPEG files. Received: row 1 which begins with 00 00 00 00"),
        (b"GIF89a" + b"\0" * 50, "must be PNG or JPEG files. Received: row 1 which begins with 47 49 46 38"),
        (file_of(Image.fromarray(noise(8, 8, 3)), "BMP"), "must be PNG or JPEG files. Received: row 1 which begins"),
        (file_of(Image.fromarray(noise(8, 8, 3)), "GIF"), "must be PNG or JPEG files"),
        (file_of(Image.fromarray(noise(8, 8, 3)), "WEBP"), "must be PNG or JPEG files"),
        (GOOD[:20], "must be whole: a PNG file begins with its IHDR. Received: row 1 which does not"),
        (GOOD[:8] + chunk(b"tEXt", b"a\0b") + GOOD[8:], "must be whole: a PNG file begins with its IHDR"),
        (png_of(8, 8, 16), "must have 8 bits a channel: convert the picture. Received: row 1 which has 16"),
        (png_of(0, 8), "must have pixels. Received: row 1 which has none"),
        (png_of(30_000, 30_000), "at most 1000000 pixels in all: make the pictures smaller. Received: 900000064"),
        (png_of(2**32 - 1, 2**32 - 1), f"at most 1000000 pixels in all: .* Received: {2**62}"),
        (png_of(1000, 1000), "at most 1000000 pixels in all: .* Received: 1000064"),
        (jpeg_of(60_000, 60_000), "at most 1000000 pixels in all: .* Received: 3600000064"),
    ],
)
def test_what_is_refused_before_it_is_decoded(file: bytes, message: str) -> None:
    with pytest.raises(InputError, match=f"^image_bytes .*{message}"):
        read([GOOD, file], PictureRules((8, 8), 3))


def test_files_that_would_take_a_decoder_long_are_refused() -> None:
    """16 kB of scans took 1.5 s, 770 kB of texts 4.7 s."""
    rules = PictureRules((8, 8), 3)
    jpeg = file_of(Image.fromarray(smooth(16, 16, 1)[..., 0]), "JPEG", progressive=True)
    scan = jpeg[jpeg.rindex(b"\xff\xda") : -2]
    own = jpeg.count(b"\xff\xda")
    assert own > 3
    text = chunk(b"zTXt", b"k\0\0" + zlib.compress(b"text"))
    scans = [jpeg[:-2] + scan * (count - own) + jpeg[-2:] for count in (100, 101)]
    texts = [GOOD[:33] + text * count + GOOD[33:] for count in (16, 17)]
    for count, (more, most) in ((100, scans), (16, texts)):
        read([GOOD, more], rules)
        said = f"at most 100 scans in a JPEG file and 16 texts in a PNG file: .* Received: row 1 which has {count + 1}"
        with pytest.raises(InputError, match=said):
            read([GOOD, most], rules)


def test_a_graph_decodes_and_refuses_the_same() -> None:
    rules = PictureRules((9, 7), 3, background="#c87828")

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def run(contents: tf.Tensor) -> tf.Tensor:
        (found,) = let_through((opened(contents, "image_bytes"),), 7000)
        return decoded(found, rules)

    files = [make() for make in FILES.values()]
    np.testing.assert_array_equal(run(tf.constant(files)), read(files, rules))
    for wrong in (b"BM12", png_of(8, 8, 16), png_of(84, 84), GOOD[:25]):
        with pytest.raises(InputError) as here:
            read([GOOD, wrong], rules, 7000)
        with pytest.raises(tf.errors.InvalidArgumentError) as there:
            run(tf.constant([GOOD, wrong]))
        assert str(here.value) == f"{refusal(there.value)}."


@pytest.mark.parametrize("file", [GOOD[:-20], GOOD[:45], png_of(8, 8), b"\xff\xd8\xff\xe0", FILES["jpeg"]()[:200]])
def test_damaged_files_are_refused_by_the_decoders(file: bytes) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError):
        read([file], PictureRules((8, 8), 3))


def test_masks_must_be_as_large_as_their_pictures() -> None:
    small = file_of(Image.fromarray(noise(8, 7, 1)[..., 0]))
    pictures, masks = opened(tf.constant([GOOD, GOOD]), "image_bytes"), opened(tf.constant([GOOD, small]), "mask_bytes")
    let_through((pictures, opened(tf.constant([GOOD, GOOD]), "mask_bytes")), 256)
    with pytest.raises(InputError, match=r"mask_bytes must be as high and wide as image_bytes. Received: row 1 which"):
        let_through((pictures, masks), 256)
    with pytest.raises(
        InputError, match=r"^image_bytes and mask_bytes of a request .* at most 247 pixels .* Received: 248"
    ):
        let_through((pictures, masks), 247)
