"""The GAN that is told a label."""

from typing import Any

import keras
import tensorflow as tf

from tfgan_suite.arguments import checked_types
from tfgan_suite.data.image_data import ImageData
from tfgan_suite.errors import InputError
from tfgan_suite.labels import Labels
from tfgan_suite.models.gan import GAN
from tfgan_suite.models.network_options import parted, takes_options
from tfgan_suite.networks.bodies import BODIES, build_conditional_body
from tfgan_suite.networks.geometry import ImageShape, check_image_shape
from tfgan_suite.networks.initializers import resolved_policy


@keras.saving.register_keras_serializable(package="tfgan_suite")
class ConditionalGAN(GAN):
    """`GAN` whose networks both see the label: a class, or several attributes at once.

    Args:
        image_shape: (height, width, channels) of the images.
        num_classes: number of classes, for integer labels (N,); None for attributes.
        num_attributes: number of attributes A, for multi-hot labels (N, A); None for classes.
        latent_dim: length of z.
        projection: whether the discriminator adds the label's projection: see `ConditionalDiscriminator`. A `"resnet"`
            or `"r3gan"` hears the label by it alone.
        body: a name in `BODIES`, or `"dcgan"` to choose one of the DCGANs by the size.
        dtype: dtype policy of the hidden layers: `"float32"` or `"mixed_bfloat16"`; None: Keras's global one.
        options: those of the networks that the signature names: see `NetworkOptions`. One that the body does not take
            is refused; None is the body's own, as `MLPGAN` and `DCGAN` have it.
            Besides, `discriminator_steps`, `updates`, `ema_momentum`, `seed` and `name` of `GAN`.

    `fit` takes (images, labels); `call` and `predict` take [latents, labels].

    Raises:
        InputError: an argument out of its range, neither or both of the label sizes.

    Reference: Mirza and Osindero, 2014, arXiv 1411.1784; Miyato and Koyama, 2018, arXiv 1802.05637.
    """

    @takes_options(*BODIES)
    @checked_types
    def __init__(
        self,
        image_shape: ImageShape,
        num_classes: int | None = None,
        num_attributes: int | None = None,
        latent_dim: int = 100,
        projection: bool = True,
        body: str = "dcgan",
        *,
        dtype: str | None = None,
        **options: Any,
    ):
        networks, of_pair, of_gan = parted(options)
        dtype = resolved_policy(dtype)
        shape = check_image_shape(image_shape)
        pair = build_conditional_body(body, shape, latent_dim, num_classes, num_attributes, projection, of_pair, dtype)
        super().__init__(*pair, **of_gan)
        self.num_classes = num_classes
        self.num_attributes = num_attributes
        self._network_config = {
            "image_shape": tuple(image_shape),
            "num_classes": num_classes,
            "num_attributes": num_attributes,
            "latent_dim": latent_dim,
            "projection": projection,
            "body": body,
            **networks,
            "dtype": dtype,
        }

    @classmethod
    def arguments_of(cls, data: ImageData) -> dict[str, Any]:
        if data.labels is None:
            raise InputError(
                f"{cls.__name__} needs labels, and {data.source} has none. Use subfolders as classes, a CSV with a "
                "column label, or an unconditional model such as dcgan."
            )
        return {**super().arguments_of(data), **Labels.facts(data.known_labels())}

    def generator_inputs(self, latents: tf.Tensor, labels: Any) -> Any:
        return [latents, labels]

    def discriminator_inputs(self, images: tf.Tensor, labels: Any) -> Any:
        return [images, labels]

    @property
    def labels(self) -> Labels | None:
        return Labels.of(self.num_classes, self.num_attributes)

    def network_config(self) -> dict[str, Any]:
        return dict(self._network_config)
