"""The GAN of convolutional networks."""

from typing import Any

import keras

from tfgan_suite.arguments import checked_types
from tfgan_suite.models.gan import GAN
from tfgan_suite.models.network_options import parted, takes_options
from tfgan_suite.networks.bodies import CONVOLUTIONAL, build_body, get_body
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
        body: `"dcgan_radford2015"`, `"dcgan_tutorial"`, or `"dcgan"` to choose by the size; `"resnet"`; `"r3gan"`.
        dtype: dtype policy of the hidden layers: `"float32"` or `"mixed_bfloat16"`; None: Keras's global one.
        options: those of the networks that the signature names: see `NetworkOptions`, and the generator and the
            discriminator of the body. None is the network's own: of DCGAN `base_filters` 64; `dropout` 0 and
            `initializer_stddev` 0.02 in the paper's form, 0.3 and Glorot uniform in the tutorial's.
            Besides, `discriminator_steps`, `updates`, `ema_momentum`, `seed` and `name` of `GAN`.

    Raises:
        InputError: an argument out of its range.

    Reference: Radford, Metz and Chintala, 2015, arXiv 1511.06434.
    """

    @takes_options(*CONVOLUTIONAL)
    @checked_types
    def __init__(
        self,
        image_shape: ImageShape,
        latent_dim: int = 100,
        body: str = "dcgan",
        *,
        dtype: str | None = None,
        **options: Any,
    ):
        networks, of_pair, of_gan = parted(options)
        dtype = resolved_policy(dtype)
        pair = build_body(body, image_shape, image_shape, latent_dim, of_pair, dtype)
        super().__init__(*pair, **of_gan)
        self._network_config = {
            "image_shape": tuple(image_shape),
            "body": body,
            "latent_dim": latent_dim,
            **networks,
            "dtype": dtype,
        }

    def default_optimizer(self) -> keras.optimizers.Optimizer:
        """The tutorial's Adam 1e-4, or the paper's Adam 2e-4 with beta1 0.5."""
        config = self._network_config
        if get_body(config["body"], config["image_shape"]) is get_body("dcgan_tutorial", config["image_shape"]):
            return keras.optimizers.Adam(1e-4)
        return keras.optimizers.Adam(2e-4, beta_1=0.5)

    def network_config(self) -> dict[str, Any]:
        return dict(self._network_config)
