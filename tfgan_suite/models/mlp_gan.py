"""The GAN of fully connected networks."""

from collections.abc import Sequence
from typing import Any

import keras

from tfgan_suite.arguments import checked_types
from tfgan_suite.models.gan import GAN
from tfgan_suite.models.network_options import parted, takes_options
from tfgan_suite.networks.bodies import build_body
from tfgan_suite.networks.geometry import ImageShape
from tfgan_suite.networks.initializers import resolved_policy


@keras.saving.register_keras_serializable(package="tfgan_suite")
class MLPGAN(GAN):
    """`GAN` with fully connected networks.

    Without further arguments: z 100 -> 128 -> 256 -> 512 -> H*W*C, tanh, against 512 -> 256 -> 1, all
    with LeakyReLU 0.2, both trained by Adam 2e-4, as tutorials give the paper's model today. The
    preset `mlp_gan` in `tfgan_suite.presets` is the form that does not collapse.

    Args:
        image_shape: (height, width, channels) of the images.
        latent_dim: length of z.
        generator_units: widths of the generator's hidden layers.
        discriminator_units: widths of the discriminator's hidden layers.
        dtype: dtype policy of the hidden layers: `"float32"` or `"mixed_bfloat16"`; None: Keras's global one.
        options: those of the networks that the signature names: see `NetworkOptions`, `MLPGenerator` and
            `MLPDiscriminator`. None is the network's own, of `initializer_stddev` Glorot uniform.
            Besides, `discriminator_steps`, `updates`, `ema_momentum`, `seed` and `name` of `GAN`.

    Raises:
        InputError: an argument out of its range.

    Reference: Goodfellow et al., 2014, arXiv 1406.2661.
    """

    @takes_options("mlp", batch_norm=False, dropout=0.0)
    @checked_types
    def __init__(
        self,
        image_shape: ImageShape,
        latent_dim: int = 100,
        generator_units: Sequence[int] = (128, 256, 512),
        discriminator_units: Sequence[int] = (512, 256),
        *,
        dtype: str | None = None,
        **options: Any,
    ):
        units = {"generator_units": generator_units, "discriminator_units": discriminator_units}
        networks, of_pair, of_gan = parted({**units, **options})
        dtype = resolved_policy(dtype)
        pair = build_body("mlp", image_shape, image_shape, latent_dim, of_pair, dtype)
        super().__init__(*pair, **of_gan)
        self._network_config = {
            "image_shape": tuple(image_shape),
            "latent_dim": latent_dim,
            **networks,
            "dtype": dtype,
        }

    def default_optimizer(self) -> keras.optimizers.Optimizer:
        """Adam with a rate of 2e-4, as the tutorials have it; the paper used momentum SGD."""
        return keras.optimizers.Adam(2e-4)

    def network_config(self) -> dict[str, Any]:
        return dict(self._network_config)
