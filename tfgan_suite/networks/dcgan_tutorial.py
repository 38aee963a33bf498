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
    check_image_shape,
    check_positive,
    surplus,
)
from tfgan_suite.networks.initializers import (
    in_discriminator,
    in_generator,
    kernel_initializer,
    outer_dtype,
    resolved_policy,
    synchronized_batch_norm,
)
from tfgan_suite.networks.network import Network
from tfgan_suite.options.networks import check_options

KERNEL_SIZE = 5
DOUBLINGS = 2
LEAKY_SLOPE = 0.3  # what LeakyReLU without an argument means in Keras, as the tutorials write it


@keras.saving.register_keras_serializable(package="tfgan_suite")
class TutorialDCGANGenerator(Network):
    """z -> Dense h*w*256 -> ConvT 128 -> ConvT 64 stride 2 -> ConvT C stride 2 -> tanh.

    All kernels are 5x5, BatchNorm and LeakyReLU 0.3 stand after each hidden layer, and no layer
    has a bias. 28x28 grey images and z of 100 make 2,330,944 parameters.

    Args:
        image_shape: (height, width, channels) of the images.
        latent_dim: length of z.
        base_filters: filters of the last hidden stage; the stages below have 2 and 4 times as many.
        initializer_stddev: kernels from N(0, stddev); None: Keras's Glorot uniform.
        spectral_norm: `"both"` divides each kernel by its largest singular value; `"none"`, `"discriminator"`: no.
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
        spectral_norm: str = "none",
        dtype: Any = None,
        name: str = "tutorial_dcgan_generator",
    ):
        dtype = resolved_policy(dtype)
        image_shape = check_image_shape(image_shape)
        check_positive(latent_dim=latent_dim)
        check_options(base_filters=base_filters, initializer_stddev=initializer_stddev, spectral_norm=spectral_norm)
        height, width = base_grid(image_shape, DOUBLINGS)

        def transposed(filters: int, strides: int) -> layers.Layer:
            initializer = kernel_initializer(initializer_stddev)
            layer = ImageConv2DTranspose(
                filters,
                KERNEL_SIZE,
                strides,
                "same",
                data_format=DATA_FORMAT,
                use_bias=False,
                kernel_initializer=initializer,
                dtype=dtype,
            )
            return in_generator(layer, spectral_norm)

        latents = keras.Input((latent_dim,), dtype=outer_dtype(dtype), name="latents")  # (N, latent_dim)
        first = layers.Dense(
            height * width * 4 * base_filters,
            use_bias=False,
            kernel_initializer=kernel_initializer(initializer_stddev),
            dtype=dtype,
        )
        x = in_generator(first, spectral_norm)(latents)  # (N, h * w * 4f), of 28x28 images (N, 7 * 7 * 256)
        x = synchronized_batch_norm(dtype)(x)
        x = layers.LeakyReLU(LEAKY_SLOPE, dtype=dtype)(x)
        x = layers.Reshape((height, width, 4 * base_filters), dtype=dtype)(x)  # (N, h, w, 4f)
        for filters, strides in ((2 * base_filters, 1), (base_filters, 2)):
            x = transposed(filters, strides)(x)  # (N, h, w, 2f), then (N, 2h, 2w, f)
            x = synchronized_batch_norm(dtype)(x)
            x = layers.LeakyReLU(LEAKY_SLOPE, dtype=dtype)(x)
        x = transposed(image_shape[2], 2)(x)  # (N, 4h, 4w, C)
        if any(map(any, surplus(image_shape, DOUBLINGS))):
            x = layers.Cropping2D(surplus(image_shape, DOUBLINGS), DATA_FORMAT, dtype=dtype)(x)  # (N, H, W, C)
        images = layers.Activation("tanh", dtype=outer_dtype(dtype), name="images")(x)
        super().__init__(latents, images, locals())


@keras.saving.register_keras_serializable(package="tfgan_suite")
class TutorialDCGANDiscriminator(Network):
    """x -> Conv 64 stride 2 -> Conv 128 stride 2 -> Dense 1: a logit.

    All kernels are 5x5; LeakyReLU 0.3 and dropout stand after each convolution. 28x28 grey images
    make 212,865 parameters.

    Args:
        image_shape: (height, width, channels) of the images.
        base_filters: filters of the first convolution; the second has twice as many.
        dropout: share of activations dropped, in [0, 1).
        initializer_stddev: kernels from N(0, stddev); None: Keras's Glorot uniform.
        spectral_norm: `"discriminator"`, `"both"` divide each kernel by its largest singular value; `"none"`: no.
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
        spectral_norm: str = "none",
        dtype: Any = None,
        name: str = "tutorial_dcgan_discriminator",
    ):
        dtype = resolved_policy(dtype)
        image_shape = check_image_shape(image_shape)
        check_options(
            base_filters=base_filters,
            dropout=dropout,
            initializer_stddev=initializer_stddev,
            spectral_norm=spectral_norm,
        )
        images = keras.Input(image_shape, dtype=outer_dtype(dtype), name="images")
        x = images  # (N, H, W, C)
        for key, filters in enumerate((base_filters, 2 * base_filters)):
            convolution = ImageConv2D(
                filters,
                KERNEL_SIZE,
                2,
                "same",
                data_format=DATA_FORMAT,
                kernel_initializer=kernel_initializer(initializer_stddev),
                dtype=dtype,
            )
            x = in_discriminator(convolution, spectral_norm)(x)
            # (N, h, w, f), then (N, h, w, 2f), with half the sides each time, rounded up
            x = layers.LeakyReLU(LEAKY_SLOPE, dtype=dtype)(x)
            if dropout:
                x = KeyedDropout(dropout, key, dtype=dtype)(x)
        x = layers.Flatten(DATA_FORMAT, dtype=dtype)(x)  # (N, h * w * 2f), of 28x28 images (N, 7 * 7 * 128)
        last = layers.Dense(
            1, kernel_initializer=kernel_initializer(initializer_stddev), dtype=outer_dtype(dtype), name="logits"
        )
        logits = in_discriminator(last, spectral_norm)(x)  # (N, 1)
        super().__init__(images, logits, locals())
