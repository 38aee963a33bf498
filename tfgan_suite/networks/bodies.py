"""The networks by name: a generator and a discriminator that belong together."""

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import keras

from tfgan_suite.errors import InputError, option, unknown_choice
from tfgan_suite.networks.conditional import (
    ConditionalDiscriminator,
    ConditionalGenerator,
    check_label_sizes,
    vector_size,
)
from tfgan_suite.networks.dcgan import DCGANDiscriminator, DCGANGenerator
from tfgan_suite.networks.dcgan_tutorial import TutorialDCGANDiscriminator, TutorialDCGANGenerator
from tfgan_suite.networks.geometry import ImageShape
from tfgan_suite.networks.initializers import resolved_policy
from tfgan_suite.networks.mlp import MLPDiscriminator, MLPGenerator
from tfgan_suite.networks.patch import PatchDiscriminator
from tfgan_suite.networks.r3gan import R3GANDiscriminator, R3GANGenerator
from tfgan_suite.networks.residual_translator import ResidualTranslator
from tfgan_suite.networks.resnet import ResNetDiscriminator, ResNetGenerator
from tfgan_suite.networks.srresnet import SRGANDiscriminator, SRResNetGenerator
from tfgan_suite.networks.unet import UNetGenerator
from tfgan_suite.options.networks import OPTIONS, NetworkOptions


class Body(NamedTuple):
    """Two network classes that are trained against each other."""

    generator: Callable[..., keras.Model]
    discriminator: Callable[..., keras.Model]

    def parameters(self, side: str) -> dict[str, str]:
        """The options that the network of a side takes, each with the name of its parameter.

        >>> BODIES["mlp"].parameters("discriminator")["discriminator_units"]
        'units'
        """
        taken = inspect.signature(getattr(self, side)).parameters
        names = {option: option.removeprefix(f"{side}_") for option in OPTIONS}
        found = {option: name for option, name in names.items() if name in taken}
        assert len(set(found.values())) == len(found), f"two options are one parameter: {found}"
        return found

    @property
    def hears_labels(self) -> bool:
        """Whether its networks take a label in a way of their own; any other is told it by `networks.conditional`."""
        return "num_classes" in inspect.signature(self.generator).parameters


BODIES: dict[str, Body] = {
    "mlp": Body(MLPGenerator, MLPDiscriminator),
    "dcgan_radford2015": Body(DCGANGenerator, DCGANDiscriminator),
    "dcgan_tutorial": Body(TutorialDCGANGenerator, TutorialDCGANDiscriminator),
    "resnet": Body(ResNetGenerator, ResNetDiscriminator),
    "r3gan": Body(R3GANGenerator, R3GANDiscriminator),
}
# Of images into images, which no `body` names: each is its model's own.
TRANSLATORS: dict[str, Body] = {
    "unet": Body(UNetGenerator, PatchDiscriminator),
    "srresnet": Body(SRResNetGenerator, SRGANDiscriminator),
    "residual": Body(ResidualTranslator, PatchDiscriminator),
}
CONVOLUTIONAL = tuple(name for name in BODIES if name != "mlp")

# float64 is for checks of what rounding hides.
DTYPE_POLICIES = ("float32", "mixed_bfloat16", "float64")


def get_body(name: str, image_shape: ImageShape) -> Body:
    """The networks of a name in `BODIES`; `"dcgan"` is the tutorial's form at 28x28, else the paper's.

    Raises:
        InputError: the name is unknown.
    """
    if name == "dcgan":
        name = "dcgan_tutorial" if tuple(image_shape[:2]) == (28, 28) else "dcgan_radford2015"
    if name not in BODIES:
        raise unknown_choice("body", name, ["dcgan", *BODIES])
    return BODIES[name]


def options_of(*names: str) -> list[str]:
    """The options that a network of these bodies or translators takes, in the order of `NetworkOptions`."""
    bodies = {**BODIES, **TRANSLATORS}
    taken = {option for name in names for side in Body._fields for option in bodies[name].parameters(side)}
    return [option for option in OPTIONS if option in taken]


def build_body(
    name: str,
    generator_shape: ImageShape,
    discriminator_shape: ImageShape,
    latent_dim: int,
    options: NetworkOptions | None = None,
    dtype: str | None = None,
    **labels: int | None,
) -> tuple[keras.Model, keras.Model]:
    """A generator and a discriminator, each told the options that its constructor takes.

    Args:
        name: a key of `BODIES`, or `"dcgan"`.
        generator_shape: (height, width, channels) of the images to make.
        discriminator_shape: the same with the channels that the discriminator sees.
        latent_dim: length of the generator's input.
        options: what is None there, or all where it is left out, is the network's own default.
        dtype: dtype policy of the hidden layers, one of `DTYPE_POLICIES`; None: Keras's global one.
        labels: `num_classes` or `num_attributes` of a body that `hears_labels`.

    Raises:
        InputError: an option that neither network takes, or a size that is not positive.
    """
    body = get_body(name, generator_shape)
    dtype = _computing(dtype)
    of_generator, of_discriminator = _told(body, options)
    generator = body.generator(
        image_shape=generator_shape, latent_dim=latent_dim, dtype=dtype, **labels, **of_generator
    )
    discriminator = body.discriminator(image_shape=discriminator_shape, dtype=dtype, **labels, **of_discriminator)
    return generator, discriminator


def build_translator(
    name: str,
    source_shape: ImageShape,
    target_channels: int,
    judged_shape: ImageShape,
    options: NetworkOptions | None = None,
    dtype: str | None = None,
    names: tuple[str, str] | None = None,
    **sizes: int,
) -> tuple[keras.Model, keras.Model]:
    """A generator of images of others, and a discriminator.

    Args:
        name: a key of `TRANSLATORS`.
        source_shape: (height, width, channels) of the images that are given.
        target_channels: of those that are made.
        judged_shape: of what the discriminator sees.
        options, dtype: see `build_body`.
        names: of the two networks; None: their own.
        sizes: what else the generator must know.

    Raises:
        InputError: as `build_body`.
    """
    body, dtype = TRANSLATORS[name], _computing(dtype)
    of_generator, of_discriminator = _told(body, options)
    ends = {"source_shape": source_shape, "target_channels": target_channels, **sizes}
    called = [{"name": name} for name in names] if names else [{}, {}]
    return (
        body.generator(**ends, dtype=dtype, **of_generator, **called[0]),
        body.discriminator(image_shape=judged_shape, dtype=dtype, **of_discriminator, **called[1]),
    )


def _computing(dtype: str | None) -> str:
    """The name of a policy of `DTYPE_POLICIES`."""
    dtype = resolved_policy(dtype)
    if dtype not in DTYPE_POLICIES:
        raise InputError(
            f"The dtype policy must be one of {', '.join(DTYPE_POLICIES)} (float16 would need its losses scaled). "
            f"Received: {dtype}."
        )
    return dtype


def _told(body: Body, options: NetworkOptions | None) -> list[dict[str, Any]]:
    """The parameters of the generator and of the discriminator that options give; what is None is left out."""
    options = options or NetworkOptions()
    given = {each: getattr(options, each) for each in OPTIONS if getattr(options, each) is not None}
    for each, value in given.items():
        if not any(each in body.parameters(side) for side in Body._fields):
            network = body.discriminator if each.startswith("discriminator_") else body.generator
            raise InputError(
                f"{getattr(network, '__name__', network)} does not take {each}. Received: {value}. "
                "Leave it out, or choose another body."
            )
    return [
        {parameter: given[each] for each, parameter in body.parameters(side).items() if each in given}
        for side in Body._fields
    ]


def build_conditional_body(
    name: str,
    image_shape: ImageShape,
    latent_dim: int,
    num_classes: int | None,
    num_attributes: int | None,
    projection: bool,
    options: NetworkOptions | None = None,
    dtype: str | None = None,
) -> tuple[keras.Model, keras.Model]:
    """A generator and a discriminator that are told a label: in the body's own way, or by `networks.conditional`.

    Args:
        image_shape: (height, width, channels) of the images.
        latent_dim: length of z, without the label.
        num_classes, num_attributes: one of the two; see `networks.conditional`.
        projection: whether the discriminator adds the label's projection.
        name, options, dtype: see `build_body`.

    Raises:
        InputError: as `build_body`; neither or both of the label sizes; no projection for a body that hears its label
            by it alone.
    """
    check_label_sizes(num_classes, num_attributes)
    labels = {"num_classes": num_classes, "num_attributes": num_attributes}
    if get_body(name, image_shape).hears_labels:
        if not projection:
            raise InputError(
                f"The discriminator of {option('body', name)} hears the label by its projection alone. "
                f"{option('projection')} must be True. Received: False. Leave it out, or choose another body."
            )
        return build_body(name, image_shape, image_shape, latent_dim, options, dtype, **labels)
    height, width, channels = image_shape
    joined = latent_dim + vector_size(**labels)
    generator, discriminator = build_body(name, image_shape, (height, width, channels + 1), joined, options, dtype)
    dtype = resolved_policy(dtype)
    return (
        ConditionalGenerator(generator, num_classes, num_attributes, dtype),
        ConditionalDiscriminator(
            discriminator,
            num_classes,
            num_attributes,
            projection,
            dtype,
            spectral_norm=(options or NetworkOptions()).spectral_norm or "none",
        ),
    )
