"""The GAN of convolutional networks."""

from typing import Any

import keras

from tfgan_suite.arguments import checked_types
from tfgan_suite.models.gan import GAN
from tfgan_suite.networks.bodies import build_body, get_body
from tfgan_suite.networks.geometry import ImageShape
from tfgan_suite.networks.initializers import resolved_policy


@keras.saving.register_keras_serializable(package="tfgan_suite")
class DCGAN(GAN):
    """`GAN` with convolutional networks.

    Without further arguments: at 28x28 the tutorial's form (Adam 1e-4), at any other size the
    paper's (Adam 2e-4, beta1 0.5). The preset `dcgan` in `tfgan_suite.presets` is our tuned form.

    Args:
        image_shape: (height, width, channels) of the images.
        latent_dim: length of z.
        body: `"dcgan_radford2015"`, `"dcgan_tutorial"`, or `"dcgan"` to choose by the size.
        base_filters: filters at full resolution, the fewest; None: 64.
        dropout: of the discriminator, in [0, 1); None: the body's own (paper 0, tutorial 0.3).
        initializer_stddev: kernels from N(0, stddev); None: the body's own (paper 0.02, tutorial
            Glorot uniform).
        dtype: dtype policy of the hidden layers: `"float32"` or `"mixed_bfloat16"`; None: Keras's global one.
        kwargs: `discriminator_steps`, `updates`, `ema_momentum`, `seed`, `name` of `GAN`.

    Raises:
        InputError: an argument out of its range.

    Reference: Radford, Metz and Chintala, 2015, arXiv 1511.06434.
    """

    @checked_types
    def __init__(
        self,
        image_shape: ImageShape,
        latent_dim: int = 100,
        body: str = "dcgan",
        base_filters: int | None = None,
        dropout: float | None = None,
        initializer_stddev: float | None = None,
        dtype: str | None = None,
        **kwargs: Any,
    ):
        networks: dict[str, Any] = {
            "latent_dim": latent_dim,
            "base_filters": base_filters,
            "dropout": dropout,
            "initializer_stddev": initializer_stddev,
            "dtype": resolved_policy(dtype),
        }
        generator, discriminator = build_body(body, image_shape, image_shape, **networks)
        super().__init__(generator, discriminator, **kwargs)
        self._network_config = {"image_shape": tuple(image_shape), "body": body, **networks}

    def default_optimizer(self) -> keras.optimizers.Optimizer:
        """The tutorial's Adam 1e-4, or the paper's Adam 2e-4 with beta1 0.5."""
        config = self._network_config
        if get_body(config["body"], config["image_shape"]) is get_body("dcgan_tutorial", config["image_shape"]):
            return keras.optimizers.Adam(1e-4)
        return keras.optimizers.Adam(2e-4, beta_1=0.5)

    def network_config(self) -> dict[str, Any]:
        return dict(self._network_config)
