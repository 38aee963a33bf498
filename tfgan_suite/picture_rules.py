"""How pictures of any size, shape, transparency and depth become arrays of one kind."""

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral
from typing import Any, Literal

from tfgan_suite.errors import InputError, option, unknown_choice

# 1: every run that was begun before config.json said so. Files by the order of text, hidden ones among them, links to
# folders left out; pictures stretched, transparency dropped. Such runs go on as they are.
DATA_RULES = 2
FITS = ("crop", "pad", "stretch")
RESAMPLINGS = ("bicubic", "nearest")
Levels = tuple[int, int] | Literal["auto"]


def parse_levels(text: str) -> Levels:
    """Two values of 16-bit pictures, or `auto`.

    >>> parse_levels("0:4095"), parse_levels("auto")
    ((0, 4095), 'auto')

    Raises:
        InputError: the text is neither form, or the first value is not below the second.
    """
    low, colon, high = text.partition(":")
    if text == "auto":
        return "auto"
    if not colon or not all(part.removeprefix("-").isdecimal() for part in (low, high)) or int(low) >= int(high):
        raise InputError(
            f"{option('levels')} must be MIN:MAX, whole numbers such as 0:4095 with MIN below MAX, or auto. Received: "
            f"{text!r}."
        )
    return int(low), int(high)


def parse_background(text: str) -> str:
    """A colour as `#rrggbb`.

    >>> parse_background("white"), parse_background("#FF8000"), parse_background("rgb(1, 2, 3)")
    ('#ffffff', '#ff8000', '#010203')

    Raises:
        InputError: no opaque colour that Pillow knows.
    """
    if text == "white":  # the default, for which no help waits for Pillow
        return "#ffffff"
    # Imported here: all else of this file is the standard library's.
    from PIL import ImageColor

    try:
        colour = ImageColor.getrgb(text)
    except ValueError:
        colour = (0, 0, 0, 0)
    if len(colour) != 3 or max(colour) > 255:
        raise InputError(
            f"{option('background')} must be an opaque colour, by name such as white or as #rrggbb. Received: {text!r}."
        )
    return "#{:02x}{:02x}{:02x}".format(*colour)


def _are_two_whole(value: object) -> bool:
    return isinstance(value, tuple | list) and len(value) == 2 and all(isinstance(part, Integral) for part in value)


@dataclass(frozen=True)
class PictureRules:
    """How pictures are read.

    Attributes:
        size: (height, width) to bring them to, antialiased; None: as they are.
        channels: 1 (grey), 3 (RGB) or 4 (RGBA); None: as they are.
        fit: what `size` does to pictures of another shape: `crop` keeps the middle, `pad` adds edges of the
            background's colour, `stretch` distorts.
        background: colour that transparent pictures are put on where they lose their fourth channel.
        levels: the values of 16-bit pictures that become 0 and 255; `auto`: the smallest and the largest of all;
            None: 0 and 65535.
        data_rules: 2, or 1 for how a run read its data that was begun before there were these rules: stretched,
            transparency dropped, and files listed in another order.
        resampling: how sizes are changed: `bicubic`, or `nearest` for maps of labels, which must not be blended.
        deep: grey pictures of more than 8 bits keep 16, and arrays in files NAME.npy are read, for pairs; else all
            become 8 bits.

    Raises:
        InputError: none of these.
    """

    size: tuple[int, int] | None = None
    channels: int | None = None
    fit: str = "crop"
    background: str = "white"
    levels: Levels | None = None
    data_rules: int = DATA_RULES
    resampling: str = "bicubic"
    deep: bool = False

    def __post_init__(self) -> None:
        if self.resampling not in RESAMPLINGS:
            raise unknown_choice("resampling", self.resampling, RESAMPLINGS)
        if self.size is not None and (not _are_two_whole(self.size) or min(self.size) < 4):
            raise InputError(f"image_size must be (height, width) of at least 4 pixels. Received: {self.size!r}.")
        if self.channels not in (None, 1, 3, 4):
            raise InputError(f"channels must be 1, 3 or 4. Received: {self.channels!r}.")
        if self.fit not in FITS:
            raise unknown_choice("fit", self.fit, FITS)
        if self.data_rules not in range(1, DATA_RULES + 1):
            raise InputError(
                f"data_rules must be in 1..{DATA_RULES}, as this version knows them. Received: {self.data_rules!r}."
            )
        if not isinstance(self.background, str):
            raise InputError(f"background must be the name of a colour, or #rrggbb. Received: {self.background!r}.")
        parse_background(self.background)
        levels: Any = self.levels
        if levels not in (None, "auto") and (not _are_two_whole(levels) or levels[0] >= levels[1]):
            raise InputError(f"levels must be (MIN, MAX) with MIN below MAX, 'auto' or None. Received: {levels!r}.")
        for name in ("size", "levels"):
            if isinstance(pair := getattr(self, name), list | tuple):  # NumPy's numbers and lists as those of Python
                object.__setattr__(self, name, tuple(map(int, pair)))

    @property
    def are_old(self) -> bool:
        """Whether data are read as before there were rules."""
        return self.data_rules == 1

    def facts(self) -> dict[str, Any]:
        """What an export says of them; JSON types. The size and the channels are those of its images."""
        if self.are_old:
            return {"data_rules": 1}
        levels = list(self.levels) if isinstance(self.levels, tuple) else self.levels
        return {"data_rules": self.data_rules, "fit": self.fit, "background": self.background, "levels": levels}

    @classmethod
    def of_facts(cls, facts: Mapping[str, Any]) -> "PictureRules":
        """Those that an export says; one of a run that does not say is from before there were any.

        Raises:
            InputError: facts that `facts` could not have written.
        """
        said = {key: facts[key] for key in ("fit", "background", "levels", "data_rules") if key in facts}
        if isinstance(said.get("levels"), list):
            said["levels"] = tuple(said["levels"])
        return cls(**({"data_rules": 1} if "seed" in facts else {}) | said)  # what train.py exports says its seed

    def effects(self, counts: Mapping[str, int]) -> dict[str, Any]:
        """The rules that made a difference to data, which a number measured on them must share; JSON types.

        Args:
            counts: pictures that `convert` says each effect of.
        """
        told: dict[str, Any] = {}
        if counts.get("fit"):
            told["fit"] = "stretch" if self.are_old else self.fit
        if counts.get("background"):
            told["background"] = "dropped" if self.are_old else parse_background(self.background)
        if counts.get("levels"):
            told["levels"] = list(self.levels) if isinstance(self.levels, tuple) else None
        return told

    def notes(self, counts: Mapping[str, int]) -> tuple[str, ...]:
        """What was done to pictures, in parts of a line for people; nothing by the old rules, which never said."""
        if self.are_old:
            return ()
        told = []
        if count := counts.get("fit"):
            how = {"crop": "cropped", "pad": f"padded with {self.background}", "stretch": "stretched"}[self.fit]
            told.append(f"{count:,} {how}")
        if count := counts.get("transparent"):
            told.append(f"{count:,} with transparency on {self.background}")
        if self.levels is not None:
            count = counts.get("levels", 0)
            span = f", of which {self.levels[0]}:{self.levels[1]} is black to white" if self.levels != "auto" else ""
            told.append(
                f"{count:,} of 16 bits{span}" if count else f"none of 16 bits, so that {option('levels')} does nothing"
            )
        if count := counts.get("frames"):
            told.append(f"the first frame of {count:,} animations")
        return tuple(told)
