"""The order of names that people give: 2 before 10, img2 before img10."""

import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal

NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")


def natural_key(name: str) -> tuple[object, ...]:
    """What a name is sorted by: its digits count as numbers, all else as text.

    >>> sorted(["img10.png", "img2.png", "img.png"], key=natural_key)
    ['img2.png', 'img10.png', 'img.png']
    """
    parts = re.split("([0-9]+)", name)  # text, digits, text, ...
    numbers = [(len(digits.lstrip("0")), digits.lstrip("0")) if i % 2 else digits for i, digits in enumerate(parts)]
    return (*numbers, (0, ""), name)


def class_names(names: Iterable[str]) -> tuple[str, ...]:
    """The different names of classes in their order: by value where all are numbers, else the natural one.

    >>> class_names(["10", "-1", "2", "2"]), class_names(["b10", "b9", "a"])
    (('-1', '2', '10'), ('a', 'b9', 'b10'))
    """
    different = set(names)
    if all(NUMBER.fullmatch(name) for name in different):
        return tuple(sorted(different, key=lambda name: (Decimal(name), name)))
    return tuple(sorted(different, key=natural_key))


def composed(name: str) -> str:
    r"""A name in Unicode with each accented letter as one character, which Apple's file systems take apart.

    >>> composed("u\u0308ber"), composed("\udcff")
    ('über', '\\xff')
    """
    return unicodedata.normalize("NFC", name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace"))
