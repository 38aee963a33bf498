"""What the networks of a model may be told. Standard library only."""

import dataclasses
import typing
from dataclasses import dataclass
from typing import Any

from tfgan_suite.arguments import Range
from tfgan_suite.errors import option, unknown_choice
from tfgan_suite.options.settings import ABOVE_ZERO, AT_LEAST_ONE, AT_LEAST_ZERO, Family, check_settings, setting

# What options may be that are names.
NAMES = {
    "generator_norm": ("none", "batch", "layer", "instance"),
    "generator_up": ("transposed", "nearest", "bilinear", "pixel_shuffle"),
    "generator_down": ("strided", "blurred"),
    "discriminator_norm": ("none", "batch", "layer", "instance"),
    "discriminator_initializer": ("normal", "he"),
    "spectral_norm": ("none", "discriminator", "both"),
}
_MLP, _DCGANS = ("mlp",), ("dcgan", "dcgan_radford2015", "dcgan_tutorial")
_RESNET, _R3GAN = ("resnet",), ("r3gan",)
_PIX2PIX, _SRGAN, _RESIDUAL = ("Pix2Pix",), ("SRGAN",), ("CycleGAN", "CUT")  # the classes: their networks are no body
_OF_IMAGES = _PIX2PIX + _SRGAN + _RESIDUAL


def _option(of: tuple[str, ...], valid: Range | None = None) -> Any:
    return setting(Family.MODEL, None, of=of, valid=valid)


@dataclass(frozen=True)
class NetworkOptions:
    """The options of a generator and a discriminator; None is the network's own default.

    `generator_X` or `discriminator_X` is the parameter `X` of that network; any other is the parameter of its own name
    of each of the two that has one. A new option is a field here and a parameter there: its flag of `train.py` and
    its keyword of the models, with type, range and help, follow.

    Raises:
        InputError: a value of another type, or out of its range.
    """

    generator_units: tuple[int, ...] | None = _option(_MLP, AT_LEAST_ONE)
    """Build hidden layers of these widths in an mlp generator; else the model's own."""
    discriminator_units: tuple[int, ...] | None = _option(_MLP, AT_LEAST_ONE)
    """Build hidden layers of these widths in an mlp discriminator; else the model's own."""
    batch_norm: bool | None = _option(_MLP)
    """Put BatchNorm into an mlp generator, or not; else as the model does."""
    base_filters: int | None = _option(_DCGANS + _RESNET + _R3GAN + _OF_IMAGES, AT_LEAST_ONE)
    """Use so many filters at full resolution; resnet and srgan have as many at each half of it, all others twice as
    many; else the network's own."""
    residual_blocks: int | None = _option(_SRGAN + _RESIDUAL, AT_LEAST_ONE)
    """Build a generator of srgan, cyclegan or cut with so many residual blocks; else 16, or 6 and from 256 pixels on
    9."""
    dropout: float | None = _option(_MLP + _DCGANS + _PIX2PIX, Range(0.0, 1.0, "in [0, 1)"))
    """Drop this share of features in training, the discriminator's or of pix2pix the inner generator's; else the
    network's own."""
    initializer_stddev: float | None = _option(_MLP + _DCGANS + _OF_IMAGES, ABOVE_ZERO)
    """Start kernels from a normal distribution of this standard deviation; else as the network does."""

    generator_norm: str | None = _option(_OF_IMAGES)
    """Put the norm batch, instance, layer or none into a generator of images of images; else batch, of cyclegan and
    cut instance."""
    generator_up: str | None = _option(_OF_IMAGES)
    """Make maps of a generator of images of images larger by nearest, transposed, bilinear (cyclegan, cut) or
    pixel_shuffle (srgan)."""
    generator_down: str | None = _option(_RESIDUAL)
    """Halve maps of a generator of cyclegan or cut by strided convolutions, or blurred after them; else strided."""
    enlarged_skip: bool | None = _option(_SRGAN)
    """Let a generator of srgan add what it makes to its source, enlarged bicubically, or not; else not."""
    paste_known: bool | None = _option(_PIX2PIX)
    """Fill the hole of --degrade mask alone, and keep all other pixels as they are given, or not; else not."""

    discriminator_norm: str | None = _option(("dcgan", "dcgan_radford2015", *_RESNET, *_OF_IMAGES))
    """Put the norm batch, instance, layer or none into a discriminator of resnet (else none), dcgan_radford2015 or a
    model of images of images (else batch)."""
    discriminator_halvings: int | None = _option(_PIX2PIX + _RESIDUAL, AT_LEAST_ZERO)
    """Let a discriminator of patches see 16, 34, 70 or 142 pixels by 1, 2, 3 or 4; else about 14x14 patches."""

    discriminator_initializer: str | None = _option(("dcgan", "dcgan_radford2015"))
    """Start a dcgan_radford2015 discriminator's kernels normal, by --initializer-stddev, or he, if it has no norm."""
    spectral_norm: str | None = _option(_MLP + _DCGANS + _RESNET + _OF_IMAGES)
    """Divide each kernel by its largest singular value: of none, of the discriminator, or of both networks."""
    groups: int | None = _option(_R3GAN, AT_LEAST_ONE)
    """Divide the 3x3 convolutions of r3gan into so many groups; on a CPU they cost what one does; else 1, dense."""

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if hasattr(value, "__len__") and not isinstance(value, str):
                object.__setattr__(self, field.name, tuple(value))
        check_settings(self)
        for name, known in NAMES.items():
            if getattr(self, name) not in (None, *known):
                raise unknown_choice(option(name), getattr(self, name), known)


# The types by name, in the order in which they are told.
OPTIONS: dict[str, Any] = typing.get_type_hints(NetworkOptions)


def check_options(**options: Any) -> None:
    """Refuses what a network is told, as `NetworkOptions` does: a network may be made without a model.

    Raises:
        InputError: a value of another type, or out of its range.
    """
    NetworkOptions(**options)
