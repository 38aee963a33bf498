"""Files of pictures that are good, damaged, or lie about themselves: each a function of a number."""

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
HUGE = 30_000  # pixels a side of a file of 20 kB


def chunk(kind: bytes, content: bytes) -> bytes:
    """Of a PNG file, with the checksum that it must have."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_saying(width: int, height: int, *more: int) -> bytes:
    """20 kB that say of themselves to be so large; `more` are the last five bytes of IHDR."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, *(more or (8, 2, 0, 0, 0))))
    return PNG + head + chunk(b"IDAT", zlib.compress(bytes(20_000), 0)) + chunk(b"IEND", b"")


def jpeg_saying(width: int, height: int) -> bytes:
    """A small picture whose frame says of itself to be so large."""
    file = bytearray(good_file(2, "JPEG"))  # not progressive: its frame would begin otherwise
    place = file.index(b"\xff\xc0") + 5
    file[place : place + 4] = struct.pack(">HH", height, width)
    return bytes(file)


def good_file(number: int, kind: str = "PNG") -> bytes:
    """Of 1 to 40 pixels a side, in one of the modes that such a file has."""
    random = np.random.default_rng(number)
    modes = ["L", "RGB"] if kind in ("JPEG", "BMP") else ["1", "L", "LA", "P", "RGB", "RGBA"]
    height, width = (int(side) for side in random.integers(1, 41, 2))
    pixels = random.integers(0, 256, (height, width, 4)).astype(np.uint8)
    image = Image.fromarray(pixels).convert(modes[number % len(modes)])
    stream = io.BytesIO()
    image.save(stream, format=kind, **({"progressive": bool(number % 2)} if kind == "JPEG" else {}))
    return stream.getvalue()


def _cut(file: bytes, random: np.random.Generator) -> bytes:
    return file[: int(random.integers(0, len(file)))]


def _changed(file: bytes, random: np.random.Generator) -> bytes:
    changed = bytearray(file)
    for _ in range(int(random.integers(1, 6))):
        changed[int(random.integers(0, len(changed)))] = int(random.integers(0, 256))
    return bytes(changed)


def _side(random: np.random.Generator) -> int:
    return int(random.choice([0, 1, 7, 40, 1000, 2**16, 2**24, 2**31 - 1, 2**31, 2**32 - 1]))


def _any_head(random: np.random.Generator) -> bytes:
    depth, colour = int(random.choice([0, 1, 2, 4, 8, 16, 255])), int(random.choice([0, 1, 2, 3, 4, 6, 255]))
    others = (int(value) for value in random.choice([0, 0, 0, 1, 2, 255], 3))
    return png_saying(_side(random), _side(random), depth, colour, *others)


Maker = Callable[[int, np.random.Generator], bytes]
KINDS: dict[str, Maker] = {
    "good png": lambda number, random: good_file(number),
    "good jpeg": lambda number, random: good_file(number, "JPEG"),
    "random bytes": lambda number, random: random.bytes(int(random.integers(0, 300))),
    "random bytes behind the first of a png": lambda number, random: PNG + random.bytes(int(random.integers(0, 300))),
    "random bytes behind the first of a jpeg": lambda number, random: JPEG + random.bytes(int(random.integers(0, 300))),
    "a cut png": lambda number, random: _cut(good_file(number), random),
    "a cut jpeg": lambda number, random: _cut(good_file(number, "JPEG"), random),
    "a changed png": lambda number, random: _changed(good_file(number), random),
    "a changed jpeg": lambda number, random: _changed(good_file(number, "JPEG"), random),
    "a png with any head": lambda number, random: _any_head(random),
    "a jpeg with any frame": lambda number, random: jpeg_saying(_side(random) % 2**16, _side(random) % 2**16),
    "a gif": lambda number, random: good_file(number, "GIF"),
    "a bmp": lambda number, random: good_file(number, "BMP"),
    "a tiff": lambda number, random: good_file(number, "TIFF"),
    "a huge png": lambda number, random: png_saying(HUGE, HUGE),
    "a huge jpeg": lambda number, random: jpeg_saying(HUGE, HUGE),
}


def fuzzed(number: int) -> tuple[str, bytes]:
    """The kind of a file, and the file; of each kind one in turn."""
    kind = list(KINDS)[number % len(KINDS)]
    return kind, KINDS[kind](number, np.random.default_rng([7, number]))


def must_be(kind: str) -> str | None:
    """`answered` or `refused`; None where a file is damaged in some way."""
    if kind.startswith("good"):
        return "answered"
    return "refused" if kind.split()[1] in ("gif", "bmp", "tiff", "huge") else None


def megabytes_of(process: int | str, what: str = "VmRSS") -> float:
    """Of memory that a process has, or (`VmHWM`) has had at most."""
    with open(f"/proc/{process}/status", encoding="ascii") as status:  # noqa: PTH123
        (line,) = [line for line in status if line.startswith(f"{what}:")]
    return int(line.split()[1]) / 1024


def opened_picture(file: bytes) -> Any:
    """Pixels of an answer."""
    with Image.open(io.BytesIO(file), formats=["PNG"]) as image:
        return np.asarray(image)
