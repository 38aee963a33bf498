"""The networks of the DCGAN paper, for images of any shape.

64x64 and 32x32 give the published ones. Another shape starts from the smallest grid that reaches
it by doublings and is cropped at the end: 28x28 is grown to 32x32, 48x80 from 6x10 without a crop.
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
    num_doublings,
    surplus,
)
from tfgan_suite.networks.initializers import (
    in_discriminator,
    in_generator,
    kernel_initializer,
    norm_layer,
    outer_dtype,
    resolved_policy,
    synchronized_batch_norm,
)
from tfgan_suite.networks.network import Network
from tfgan_suite.options.networks import check_options

KERNEL_SIZE = 4
LEAKY_SLOPE = 0.2  # section 4 of the paper
INITIALIZER_STDDEV = 0.02  # section 4 of the paper


@keras.saving.register_keras_serializable(package="tfgan_suite")
class DCGANGenerator(Network):
    """z -> ConvT 4x4 valid -> (ConvT 4x4 stride 2) x n -> tanh; BatchNorm and ReLU between.

    Args:
        image_shape: (height, width, channels) of the images. 64x64 has four doublings and
            512, 256, 128, 64 filters; 32x32 has three and leaves out the widest.
        latent_dim: length of z.
        base_filters: filters of the last hidden stage, twice as many a stage below.
        initializer_stddev: kernels from N(0, stddev); None: Keras's Glorot uniform.
        spectral_norm: `"both"` divides each kernel by its largest singular value; `"none"`, `"discriminator"`: no.
        dtype: dtype policy of the hidden layers; the images are float32, or float64 under `"float64"`.

    Call: float32 (N, latent_dim) -> float32 (N, H, W, C) in [-1, 1].

    Raises:
        InputError: a size that is not positive, or an image shape that is none.

    Reference: Radford, Metz and Chintala, 2015, arXiv 1511.06434, section 3 and figure 1. The 4x4
    kernels and 64 base filters are those of the authors' later PyTorch form, the figure has 5x5 and
    128. Layers before BatchNorm have no bias, which BatchNorm would only take away again.
    """

    def __init__(
        self,
        image_shape: ImageShape,
        latent_dim: int = 100,
        base_filters: int = 64,
        initializer_stddev: float | None = INITIALIZER_STDDEV,
        spectral_norm: str = "none",
        dtype: Any = None,
        name: str = "dcgan_generator",
    ):
        dtype = resolved_policy(dtype)
        image_shape = check_image_shape(image_shape)
        check_positive(latent_dim=latent_dim)
        check_options(base_filters=base_filters, initializer_stddev=initializer_stddev, spectral_norm=spectral_norm)
        doublings = num_doublings(image_shape)

        def transposed(filters: int, kernel_size: Any, strides: int, padding: str, use_bias: bool) -> layers.Layer:
            initializer = kernel_initializer(initializer_stddev)
            layer = ImageConv2DTranspose(
                filters,
                kernel_size,
                strides,
                padding,
                data_format=DATA_FORMAT,
                use_bias=use_bias,
                kernel_initializer=initializer,
                dtype=dtype,
            )
            return in_generator(layer, spectral_norm)

        latents = keras.Input((latent_dim,), dtype=outer_dtype(dtype), name="latents")  # (N, latent_dim)
        x = layers.Reshape((1, 1, latent_dim), dtype=dtype)(latents)  # (N, 1, 1, latent_dim)
        for stage in range(doublings):
            filters = base_filters * 2 ** (doublings - 1 - stage)
            if stage == 0:
                x = transposed(filters, base_grid(image_shape, doublings), 1, "valid", use_bias=False)(x)
                # (N, h, w, filters), the base grid: 4x4 for 32x32 and 64x64
            else:
                x = transposed(filters, KERNEL_SIZE, 2, "same", use_bias=False)(x)  # (N, 2h, 2w, filters), 4h, ...
            x = synchronized_batch_norm(dtype)(x)
            x = layers.ReLU(dtype=dtype)(x)
        x = transposed(image_shape[2], KERNEL_SIZE, 2, "same", use_bias=True)(x)  # (N, H or more, W or more, C)
        if any(map(any, surplus(image_shape, doublings))):
            x = layers.Cropping2D(surplus(image_shape, doublings), DATA_FORMAT, dtype=dtype)(x)  # (N, H, W, C)
        images = layers.Activation("tanh", dtype=outer_dtype(dtype), name="images")(x)
        super().__init__(latents, images, locals())


@keras.saving.register_keras_serializable(package="tfgan_suite")
class DCGANDiscriminator(Network):
    """x -> (Conv 4x4 stride 2) x n -> Conv to 1x1: a logit; LeakyReLU 0.2, a norm but for the first.

    Args:
        image_shape: (height, width, channels) of the images.
        base_filters: filters of the first stage, twice as many a stage above.
        dropout: share of activations dropped after each stage, in [0, 1); the paper has none.
        initializer_stddev: kernels from N(0, stddev); None: Keras's Glorot uniform.
        norm: `"batch"` as in the paper, `"layer"`, `"instance"` or `"none"`; see `norm_layer`.
        initializer: `"normal"`, the one above, or `"he"`: N(0, sqrt(2 / fan-in)), which brings maps through the layers
            in their size where no norm does.
        spectral_norm: `"discriminator"`, `"both"` divide each kernel by its largest singular value; `"none"`: no.
        dtype: dtype policy of the hidden layers; the logits are float32, or float64 under `"float64"`.

    Call: float32 (N, H, W, C) in [-1, 1] -> float32 (N, 1).

    Raises:
        InputError: a size that is not positive, or an image shape that is none.

    Reference: Radford, Metz and Chintala, 2015, arXiv 1511.06434, section 3.
    """

    def __init__(
        self,
        image_shape: ImageShape,
        base_filters: int = 64,
        dropout: float = 0.0,
        initializer_stddev: float | None = INITIALIZER_STDDEV,
        norm: str = "batch",
        initializer: str = "normal",
        spectral_norm: str = "none",
        dtype: Any = None,
        name: str = "dcgan_discriminator",
    ):
        dtype = resolved_policy(dtype)
        image_shape = check_image_shape(image_shape)
        check_options(
            base_filters=base_filters,
            dropout=dropout,
            initializer_stddev=initializer_stddev,
            discriminator_norm=norm,
            discriminator_initializer=initializer,
            spectral_norm=spectral_norm,
        )
        doublings = num_doublings(image_shape)

        def kernels() -> keras.initializers.Initializer:
            return keras.initializers.HeNormal() if initializer == "he" else kernel_initializer(initializer_stddev)

        images = keras.Input(image_shape, dtype=outer_dtype(dtype), name="images")
        x = images  # (N, H, W, C)
        for stage in range(doublings):
            convolution = ImageConv2D(
                base_filters * 2**stage,
                KERNEL_SIZE,
                2,
                "same",
                data_format=DATA_FORMAT,
                use_bias=stage == 0 or norm == "none",
                kernel_initializer=kernels(),
                dtype=dtype,
            )
            x = in_discriminator(convolution, spectral_norm)(x)
            # (N, H / 2, W / 2, base_filters), then half the sides, rounded up, and twice the filters a stage
            if stage > 0 and norm != "none":
                x = norm_layer(norm, dtype)(x)
            x = layers.LeakyReLU(LEAKY_SLOPE, dtype=dtype)(x)
            if dropout:
                x = KeyedDropout(dropout, stage, dtype=dtype)(x)
        last = layers.Conv2D(
            1,
            base_grid(image_shape, doublings),
            data_format=DATA_FORMAT,
            kernel_initializer=kernels(),
            dtype=outer_dtype(dtype),
        )
        x = in_discriminator(last, spectral_norm)(x)  # (N, 1, 1, 1)
        logits = layers.Reshape((1,), dtype=outer_dtype(dtype), name="logits")(x)  # (N, 1)
        super().__init__(images, logits, locals())
