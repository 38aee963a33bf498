"""The networks by name: a generator and a discriminator that belong together."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import keras

from tfgan_suite.errors import InputError, unknown_choice
from tfgan_suite.networks.dcgan import DCGANDiscriminator, DCGANGenerator
from tfgan_suite.networks.dcgan_tutorial import TutorialDCGANDiscriminator, TutorialDCGANGenerator
from tfgan_suite.networks.geometry import ImageShape
from tfgan_suite.networks.initializers import resolved_policy
from tfgan_suite.networks.mlp import MLPDiscriminator, MLPGenerator


class Body(NamedTuple):
    """Two network classes that are trained against each other."""

    generator: Callable[..., keras.Model]
    discriminator: Callable[..., keras.Model]


BODIES: dict[str, Body] = {
    "mlp": Body(MLPGenerator, MLPDiscriminator),
    "dcgan_radford2015": Body(DCGANGenerator, DCGANDiscriminator),
    "dcgan_tutorial": Body(TutorialDCGANGenerator, TutorialDCGANDiscriminator),
}

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


def build_body(
    name: str,
    generator_shape: ImageShape,
    discriminator_shape: ImageShape,
    latent_dim: int,
    generator_units: Sequence[int] | None = None,
    discriminator_units: Sequence[int] | None = None,
    batch_norm: bool | None = None,
    base_filters: int | None = None,
    dropout: float | None = None,
    initializer_stddev: float | None = None,
    dtype: str | None = None,
) -> tuple[keras.Model, keras.Model]:
    """A generator and a discriminator; what is None is the network's own default.

    Args:
        name: a key of `BODIES`, or `"dcgan"`.
        generator_shape: (height, width, channels) of the images to make.
        discriminator_shape: the same with the channels that the discriminator sees.
        latent_dim: length of the generator's input.
        generator_units, discriminator_units, batch_norm: see `MLPGenerator`, `MLPDiscriminator`.
        base_filters: see `DCGANGenerator`.
        dropout: of the discriminator.
        initializer_stddev: standard deviation of the first kernels.
        dtype: dtype policy of the hidden layers, one of `DTYPE_POLICIES`; None: Keras's global one.

    Raises:
        InputError: an option that neither network takes, or a size that is not positive.
    """
    body = get_body(name, generator_shape)
    dtype = resolved_policy(dtype)
    if dtype not in DTYPE_POLICIES:
        raise InputError(
            f"The dtype policy must be one of {', '.join(DTYPE_POLICIES)} (float16 would need its losses scaled). "
            f"Received: {dtype}."
        )
    shared = {"base_filters": base_filters, "initializer_stddev": initializer_stddev}
    generator_options = {"units": generator_units, "batch_norm": batch_norm, **shared}
    discriminator_options = {"units": discriminator_units, "dropout": dropout, **shared}
    generator = _build(
        body.generator, generator_options, image_shape=generator_shape, latent_dim=latent_dim, dtype=dtype
    )
    discriminator = _build(body.discriminator, discriminator_options, image_shape=discriminator_shape, dtype=dtype)
    return generator, discriminator


def _build(network: Callable[..., keras.Model], options: dict[str, Any], **arguments: Any) -> keras.Model:
    given = {name: value for name, value in options.items() if value is not None}
    taken = inspect.signature(network).parameters
    for name in given:
        if name not in taken:
            public = "generator_units and discriminator_units" if name == "units" else name
            raise InputError(
                f"{getattr(network, '__name__', network)} does not take {public}. Received: {given[name]}. "
                "Leave it out, or choose another body."
            )
    return network(**arguments, **given)
