"""What models of images of images hold these against, beside what the discriminator says. Standard library only."""

import math
from dataclasses import dataclass
from typing import Any

from tfgan_suite.arguments import Range
from tfgan_suite.errors import InputError, option
from tfgan_suite.options.pairs import OF_PAIRS
from tfgan_suite.options.settings import AT_LEAST_ZERO, Family, setting

FEATURES = ("general", "vgg19")
_CYCLE_GAN, _CUT = ("CycleGAN",), ("CUT",)
_AT_LEAST_TWO = Range(2, math.inf, "at least 2")


def _option(default: Any, of: tuple[str, ...] = OF_PAIRS, valid: Range | None = None) -> Any:
    return setting(Family.LOSS, default, of=of, valid=valid)


@dataclass(frozen=True)
class ContentOptions:
    """The weights of what a model of images of images goes down beside its adversarial loss."""

    l1_weight: float = _option(100.0, valid=AT_LEAST_ZERO)
    """Multiply the mean absolute difference of result and target by this, beside the adversarial loss."""
    perceptual_weight: float = _option(6.0, of=("SRGAN",), valid=AT_LEAST_ZERO)
    """Multiply the mean square difference of result and target in the maps of --features by this; 0 is off."""
    features: str = _option("general", of=("SRGAN",))
    """Compare by the maps of general (the package's own network), vgg19 (Keras downloads it) or a file NAME.keras."""
    content_only_steps: int = _option(0, valid=AT_LEAST_ZERO)
    """Train the generator for so many steps by the difference alone, and keep it then as content_stage.keras."""

    cycle_weight: float = _option(10.0, of=_CYCLE_GAN, valid=AT_LEAST_ZERO)
    """Multiply the mean absolute difference of an image and what comes back of it through both generators by this."""
    identity_weight: float = _option(0.5, of=_CYCLE_GAN, valid=AT_LEAST_ZERO)
    """Multiply the difference of an image of the kind already and what becomes of it by this and the cycle's."""
    pool_size: int = _option(50, of=_CYCLE_GAN, valid=AT_LEAST_ZERO)
    """Keep so many images of earlier steps, which the discriminator sees in the place of half of the new; 0 is off."""

    nce_weight: float = _option(1.0, of=_CUT, valid=AT_LEAST_ZERO)
    """Multiply the contrast of places of an image and of what becomes of it by this, beside the adversarial loss."""
    nce_identity: bool = _option(True, of=_CUT)
    """Contrast images of the kind already and what becomes of them too, or not, which frees colours."""
    nce_patches: int = _option(256, of=_CUT, valid=_AT_LEAST_TWO)
    """Compare so many places of each map of an image."""
    flip_equivariance: bool = _option(False, of=_CUT)
    """Mirror half of the images before they are translated, and what is compared back again."""

    def check_content(self) -> None:
        """Refuses settings that no model takes.

        Raises:
            InputError: naming the setting.
        """
        check_features(self.features)


def check_features(name: str) -> None:
    """Refuses a name that no network of features can have.

    Raises:
        InputError: it is none of `FEATURES`, and no file of Keras.
    """
    if name not in FEATURES and not name.endswith(".keras"):
        raise InputError(
            f"{option('features')} must be {', '.join(FEATURES)} or the path of a Keras model NAME.keras. Received: "
            f"{name!r}."
        )
