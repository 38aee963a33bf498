"""Where the pairs of a run come from, as settings: read from files, or made of images. Standard library only."""

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

from tfgan_suite.arguments import Range
from tfgan_suite.errors import InputError, option, unknown_choice
from tfgan_suite.options.settings import Family, setting

# The models that learn from pairs, and those that learn from two kinds of images without pairs; all others learn from
# images.
OF_PAIRS = ("Pix2Pix", "SRGAN")
UNPAIRED = ("CycleGAN", "CUT")
TRANSLATORS = OF_PAIRS + UNPAIRED
LAYOUTS = ("separate", "side_by_side")
SOURCE_KINDS = ("images", "labels")
MASK_KINDS = ("box", "centre", "strokes")
SCALES = (2, 4)
LOOKS = ("inverted", "coloured", "rotated", "thick")
# The settings that each degradation has.
DEGRADATIONS: dict[str, tuple[str, ...]] = {
    "mask": ("mask_share", "mask_kind"),
    "noise": ("noise_sigma",),
    "downscale": ("scale",),
    "grey": (),
    "edges": (),
    "watermark": ("stamp",),
    "old_photo": (),
    "jpeg": ("jpeg_quality",),
}
SHARE = Range(math.ulp(0.0), 1.0, "between 0 and 1")
SIGMA = Range(math.ulp(0.0), 255.0, "between 0 and 255")
QUALITY = Range(1, 101, "in 1..100")


def _option(default: Any, valid: Range | None = None, of: tuple[str, ...] = OF_PAIRS) -> Any:
    return setting(Family.PAIRS, default, of=of, valid=valid)


@dataclass(frozen=True)
class PairOptions:
    """The settings of models that learn from a source and a target: from pairs of them, or without pairs."""

    source: str | None = _option(None, of=TRANSLATORS)
    """Read sources from the folders of this name below the data set, or from this feature of a TFDS data set."""
    target: str | None = _option(None, of=TRANSLATORS)
    """Read targets from the folders of this name below the data set, or from this feature of a TFDS data set."""
    pair_layout: str = _option("separate", of=TRANSLATORS)
    """Read pairs from separate pictures, or side_by_side from one: its source on the left, its target on the right."""
    reverse: bool = _option(False, of=TRANSLATORS)
    """Take the right half of pictures side by side as the source."""
    source_kind: str = _option("images", of=TRANSLATORS)
    """Read sources as images, or as labels: colours that are classes, resized by the nearest pixel."""
    look: tuple[str, ...] | None = _option(None, of=UNPAIRED)
    """Learn between images as they are and others of the same data that are inverted, coloured, rotated or thick; of
    several names each is done in turn."""
    degrade: str | None = _option(None)
    """Make sources of images by mask, noise, downscale, grey, edges, watermark, old_photo or jpeg; else read pairs."""
    mask_share: float = _option(0.25, valid=SHARE)
    """Give the hole of --degrade mask this share of the image's area."""
    mask_kind: str = _option("box")
    """Choose the hole of --degrade mask: a box of random place and shape, the centre, or strokes of a brush."""
    noise_sigma: float = _option(25.0, valid=SIGMA)
    """Add noise of this standard deviation, in levels of 0 to 255."""
    scale: int = _option(2)
    """Make sources so many times smaller, 2 or 4."""
    stamp: str | None = _option(None)
    """Print this PNG file with transparency as the watermark; else words."""
    jpeg_quality: int | None = _option(None, QUALITY)
    """Store sources as JPEG of this quality, 1 to 100; else of another for each image, 10 to 50."""

    def check_pairs(self, model: str, model_class: str) -> None:
        """Refuses settings that do not go together, or not with a model.

        Args:
            model: the name of the preset.
            model_class: its class.

        Raises:
            InputError: naming them.
        """
        for field in dataclasses.fields(PairOptions):
            if model_class not in field.metadata["of"] and getattr(self, field.name) != field.default:
                learns = "pairs" if model_class in OF_PAIRS else _TWO_KINDS if model_class in UNPAIRED else "images"
                asked, such = (_TWO_KINDS, "cyclegan") if field.metadata["of"] == UNPAIRED else ("pairs", "pix2pix")
                raise InputError(
                    f"{option(field.name)} is of models that learn from {asked}, such as {option('model', such)}. "
                    f"{option('model', model)} learns from {learns}."
                )
        if self.look is not None:
            self._check_look(self.look)
        if self.degrade is not None:
            if self.degrade not in DEGRADATIONS:
                raise unknown_choice(option("degrade"), self.degrade, tuple(DEGRADATIONS))
            for name in _OF_FILES:
                if getattr(self, name) != getattr(PairOptions, name):
                    raise InputError(
                        f"{option(name)} reads pairs, and {option('degrade', self.degrade)} makes them. Leave one out."
                    )
        for degradation, names in DEGRADATIONS.items():
            for name in names:
                if self.degrade != degradation and getattr(self, name) != getattr(PairOptions, name):
                    raise InputError(
                        f"{option(name)} needs {option('degrade', degradation)}. Received: {self.degrade or 'none'}."
                    )
        if self.scale not in SCALES:
            raise InputError(f"{option('scale')} must be 2 or 4. Received: {self.scale}.")

    def _check_look(self, look: tuple[str, ...]) -> None:
        """Refuses names that are none, and settings of images that lie as two kinds already."""
        if not look:
            raise InputError(f"{option('look')} takes at least one of {', '.join(LOOKS)}. Received: none.")
        for name in look:
            if name not in LOOKS:
                raise unknown_choice(option("look"), name, LOOKS)
        for name in _OF_FILES:
            if getattr(self, name) != getattr(PairOptions, name):
                raise InputError(
                    f"{option(name)} reads two kinds of images, and {option('look', ' '.join(look))} makes them of "
                    "one. Leave one out."
                )


_TWO_KINDS = "two kinds of images without pairs"
_OF_FILES = ("source", "target", "pair_layout", "reverse", "source_kind")
