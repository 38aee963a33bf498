"""The 28x28 form of DCGAN that tutorials teach, for images of any shape.

Two doublings from a quarter of the image's size; an image whose sides are no multiples of four
is grown to the next ones and cropped.
"""

from typing import Any

import keras
from keras import layers

from tfgan_suite.layers.convolutions import ImageConv2D, ImageConv2DTranspose
from tfgan_suite.layers.keyed_dropout import KeyedDropout
from tfgan_suite.networks.geometry import (
    DATA_FORMAT,
    ImageShape,
    base_grid,
    check_dropout,
    check_image_shape,
    check_positive,
    surplus,
)
from tfgan_suite.networks.initializers import kernel_initializer, outer_dtype, resolved_policy, synchronized_batch_norm

KERNEL_SIZE = 5
DOUBLINGS = 2
LEAKY_SLOPE = 0.3  # what LeakyReLU without an argument means in Keras, as the tutorials write it


@keras.saving.register_keras_serializable(package="tfgan_suite")
class TutorialDCGANGenerator(keras.Model):
    """z -> Dense h*w*256 -> ConvT 128 -> ConvT 64 stride 2 -> ConvT C stride 2 -> tanh.

    All kernels are 5x5, BatchNorm and LeakyReLU 0.3 stand after each hidden layer, and no layer
    has a bias. 28x28 grey images and z of 100 make 2,330,944 parameters.

    Args:
        image_shape: (height, width, channels) of the images.
        latent_dim: length of z.
        base_filters: filters of the last hidden stage; the stages below have 2 and 4 times as many.
        initializer_stddev: kernels from N(0, stddev); None: Keras's Glorot uniform.
        dtype: dtype policy of the hidden layers; the images are float32, or float64 under `"float64"`.

    Call: float32 (N, latent_dim) -> float32 (N, H, W, C) in [-1, 1].

    Raises:
        InputError: a size that is not positive, or an image shape that is none.

    Reference: the DCGAN tutorial of TensorFlow's documentation, after arXiv 1511.06434.
    """

    def __init__(
        self,
        image_shape: ImageShape,
        latent_dim: int = 100,
        base_filters: int = 64,
        initializer_stddev: float | None = None,
        dtype: Any = None,
        name: str = "tutorial_dcgan_generator",
    ):
        dtype = resolved_policy(dtype)
        image_shape = check_image_shape(image_shape)
        check_positive(latent_dim=latent_dim, base_filters=base_filters)
        height, width = base_grid(image_shape, DOUBLINGS)

        def transposed(filters: int, strides: int) -> layers.Layer:
            initializer = kernel_initializer(initializer_stddev)
            return ImageConv2DTranspose(
                filters,
                KERNEL_SIZE,
                strides,
                "same",
                data_format=DATA_FORMAT,
                use_bias=False,
                kernel_initializer=initializer,
                dtype=dtype,
            )

        latents = keras.Input((latent_dim,), dtype=outer_dtype(dtype), name="latents")
        x = layers.Dense(
            height * width * 4 * base_filters,
            use_bias=False,
            kernel_initializer=kernel_initializer(initializer_stddev),
            dtype=dtype,
        )(latents)
        x = synchronized_batch_norm(dtype)(x)
        x = layers.LeakyReLU(LEAKY_SLOPE, dtype=dtype)(x)
        x = layers.Reshape((height, width, 4 * base_filters), dtype=dtype)(x)
        for filters, strides in ((2 * base_filters, 1), (base_filters, 2)):
            x = transposed(filters, strides)(x)
            x = synchronized_batch_norm(dtype)(x)
            x = layers.LeakyReLU(LEAKY_SLOPE, dtype=dtype)(x)
        x = transposed(image_shape[2], 2)(x)
        if any(map(any, surplus(image_shape, DOUBLINGS))):
            x = layers.Cropping2D(surplus(image_shape, DOUBLINGS), DATA_FORMAT, dtype=dtype)(x)
        images = layers.Activation("tanh", dtype=outer_dtype(dtype), name="images")(x)
        super().__init__(latents, images, name=name)
        self._arguments = {
            "image_shape": image_shape,
            "latent_dim": latent_dim,
            "base_filters": base_filters,
            "initializer_stddev": initializer_stddev,
            "dtype": dtype,
            "name": name,
        }

    def get_config(self) -> dict[str, Any]:
        return dict(self._arguments)


@keras.saving.register_keras_serializable(package="tfgan_suite")
class TutorialDCGANDiscriminator(keras.Model):
    """x -> Conv 64 stride 2 -> Conv 128 stride 2 -> Dense 1: a logit.

    All kernels are 5x5; LeakyReLU 0.3 and dropout stand after each convolution. 28x28 grey images
    make 212,865 parameters.

    Args:
        image_shape: (height, width, channels) of the images.
        base_filters: filters of the first convolution; the second has twice as many.
        dropout: share of activations dropped, in [0, 1).
        initializer_stddev: kernels from N(0, stddev); None: Keras's Glorot uniform.
        dtype: dtype policy of the hidden layers; the logits are float32, or float64 under `"float64"`.

    Call: float32 (N, H, W, C) in [-1, 1] -> float32 (N, 1).

    Raises:
        InputError: a size that is not positive, or an image shape that is none.

    Reference: the DCGAN tutorial of TensorFlow's documentation, after arXiv 1511.06434.
    """

    def __init__(
        self,
        image_shape: ImageShape,
        base_filters: int = 64,
        dropout: float = 0.3,
        initializer_stddev: float | None = None,
        dtype: Any = None,
        name: str = "tutorial_dcgan_discriminator",
    ):
        dtype = resolved_policy(dtype)
        image_shape = check_image_shape(image_shape)
        check_positive(base_filters=base_filters)
        check_dropout(dropout)
        images = keras.Input(image_shape, dtype=outer_dtype(dtype), name="images")
        x = images
        for key, filters in enumerate((base_filters, 2 * base_filters)):
            x = ImageConv2D(
                filters,
                KERNEL_SIZE,
                2,
                "same",
                data_format=DATA_FORMAT,
                kernel_initializer=kernel_initializer(initializer_stddev),
                dtype=dtype,
            )(x)
            x = layers.LeakyReLU(LEAKY_SLOPE, dtype=dtype)(x)
            if dropout:
                x = KeyedDropout(dropout, key, dtype=dtype)(x)
        x = layers.Flatten(DATA_FORMAT, dtype=dtype)(x)
        logits = layers.Dense(
            1, kernel_initializer=kernel_initializer(initializer_stddev), dtype=outer_dtype(dtype), name="logits"
        )(x)
        super().__init__(images, logits, name=name)
        self._arguments = {
            "image_shape": image_shape,
            "base_filters": base_filters,
            "dropout": dropout,
            "initializer_stddev": initializer_stddev,
            "dtype": dtype,
            "name": name,
        }

    def get_config(self) -> dict[str, Any]:
        return dict(self._arguments)
