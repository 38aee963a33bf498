"""Residual networks of WGAN-GP and SNGAN, for images of any shape.

32x32 gives the published ones. Another shape starts from the smallest grid that reaches it by doublings and is cropped
at the end, with as many blocks as there are doublings; all blocks have the same width.
"""

from functools import partial
from typing import Any

import keras
from keras import layers

from tfgan_suite.layers.resampling import NearestDoubling
from tfgan_suite.networks.conditional import embed_labels, label_input, label_vector, vector_size
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
    norm_layer,
    outer_dtype,
    resolved_policy,
    synchronized_batch_norm,
)
from tfgan_suite.networks.network import Network
from tfgan_suite.options.networks import check_options

# Of Glorot's variances: residual convolutions, which stand behind ReLU, have twice those of all else.
RESIDUAL_SCALE, PLAIN_SCALE = 2.0, 1.0
PLAIN_BLOCKS = 2  # that end a discriminator


def glorot(scale: float) -> keras.initializers.Initializer:
    """Uniform numbers of the variance 2 scale / (fan_in + fan_out)."""
    return keras.initializers.VarianceScaling(scale, "fan_avg", "uniform")


def _conv(filters: int, size: int, scale: float, use_bias: bool, dtype: str) -> layers.Conv2D:
    return layers.Conv2D(
        filters,
        size,
        padding="same",
        data_format=DATA_FORMAT,
        use_bias=use_bias,
        kernel_initializer=glorot(scale),
        dtype=dtype,
    )


def _batch_norm(x: keras.KerasTensor, label: keras.KerasTensor | None, of_classes: bool, dtype: str) -> Any:
    """BatchNorm whose scale and offset are a class's own, or 1 and 0 with the sums of what attributes add to them."""
    if label is None:
        return synchronized_batch_norm(dtype)(x)
    x = synchronized_batch_norm(dtype, affine=False)(x)  # (N, h, w, filters)
    filters = x.shape[-1]
    parts = []
    for start in ("ones", "zeros"):
        part = layers.Dense(
            filters,
            use_bias=not of_classes,
            kernel_initializer=start if of_classes else "zeros",
            bias_initializer=start,
            dtype=dtype,
        )(label)  # (N, filters)
        parts.append(layers.Reshape((1, 1, filters), dtype=dtype)(part))
    gamma, beta = parts
    return layers.Add(dtype=dtype)([layers.Multiply(dtype=dtype)([x, gamma]), beta])


@keras.saving.register_keras_serializable(package="tfgan_suite")
class ResNetGenerator(Network):
    """z -> Dense to the base grid -> (residual block, x2) x n -> BatchNorm, ReLU, Conv 3x3 -> tanh.

    A block: BatchNorm, ReLU, nearest x2, Conv 3x3, BatchNorm, ReLU, Conv 3x3; beside it nearest x2 and Conv 1x1. With
    labels every BatchNorm has a scale and an offset for each class, which start at 1 and 0, or for attributes those of
    their sum. No convolution of a block has a bias: the BatchNorm at the end takes away what it would add.

    Args:
        image_shape: (height, width, channels) of the images. 32x32 has three blocks from 4x4.
        latent_dim: length of z.
        base_filters: filters of all blocks: 256 in SNGAN, 128 in WGAN-GP.
        spectral_norm: `"both"` divides each kernel, but for scales and offsets of labels, by its largest singular
            value; `"none"`, `"discriminator"`: no.
        num_classes: K, for integer labels beside z; None for attributes or for no labels.
        num_attributes: A, for multi-hot labels beside z; None for classes or for no labels.
        dtype: dtype policy of the hidden layers; the images are float32, or float64 under `"float64"`.

    Call: float32 (N, latent_dim), or [this, labels] -> float32 (N, H, W, C) in [-1, 1].

    Raises:
        InputError: a size that is not positive, or an image shape that is none.

    Reference: Gulrajani et al., 2017, arXiv 1704.00028, appendix F, where conditional BatchNorm is that of Dumoulin et
    al., 2016, arXiv 1610.07629; Miyato et al., 2018, arXiv 1802.05957, table 4.
    """

    def __init__(
        self,
        image_shape: ImageShape,
        latent_dim: int = 128,
        base_filters: int = 256,
        spectral_norm: str = "none",
        num_classes: int | None = None,
        num_attributes: int | None = None,
        dtype: Any = None,
        name: str = "resnet_generator",
    ):
        dtype = resolved_policy(dtype)
        image_shape = check_image_shape(image_shape)
        check_positive(latent_dim=latent_dim)
        check_options(base_filters=base_filters, spectral_norm=spectral_norm)
        doublings = num_doublings(image_shape)
        height, width = base_grid(image_shape, doublings)

        inputs = keras.Input((latent_dim,), dtype=outer_dtype(dtype), name="latents")  # (N, latent_dim)
        x, label = inputs, None
        if vector_size(num_classes, num_attributes):
            labels = label_input(num_attributes)  # (N,) or (N, A)
            inputs, label = [inputs, labels], label_vector(labels, num_classes)  # (N, K) or (N, A)
        normed = partial(_batch_norm, label=label, of_classes=num_classes is not None, dtype=dtype)

        def conv(filters: int, size: int, scale: float, use_bias: bool = False) -> layers.Layer:
            return in_generator(_conv(filters, size, scale, use_bias, dtype), spectral_norm)

        dense = layers.Dense(height * width * base_filters, kernel_initializer=glorot(PLAIN_SCALE), dtype=dtype)
        x = in_generator(dense, spectral_norm)(x)
        x = layers.Reshape((height, width, base_filters), dtype=dtype)(x)  # (N, h, w, f), of 32x32 (N, 4, 4, f)
        for _ in range(doublings):
            inner = layers.ReLU(dtype=dtype)(normed(x))
            inner = NearestDoubling(dtype=dtype)(inner)  # (N, 2h, 2w, f)
            inner = conv(base_filters, 3, RESIDUAL_SCALE)(inner)
            inner = layers.ReLU(dtype=dtype)(normed(inner))
            inner = conv(base_filters, 3, RESIDUAL_SCALE)(inner)
            # Before it grows a quarter of the products give the same.
            shortcut = conv(base_filters, 1, PLAIN_SCALE)(x)  # (N, h, w, f)
            shortcut = NearestDoubling(dtype=dtype)(shortcut)  # (N, 2h, 2w, f)
            x = layers.Add(dtype=dtype)([inner, shortcut])
        x = layers.ReLU(dtype=dtype)(normed(x))
        x = conv(image_shape[2], 3, PLAIN_SCALE, use_bias=True)(x)  # (N, H or more, W or more, C)
        if any(map(any, surplus(image_shape, doublings))):
            x = layers.Cropping2D(surplus(image_shape, doublings), DATA_FORMAT, dtype=dtype)(x)  # (N, H, W, C)
        images = layers.Activation("tanh", dtype=outer_dtype(dtype), name="images")(x)
        super().__init__(inputs, images, locals())


@keras.saving.register_keras_serializable(package="tfgan_suite")
class ResNetDiscriminator(Network):
    """x -> (residual block, half the sides) x n -> two residual blocks -> ReLU, sum over pixels -> Dense 1: a logit.

    A block: ReLU, Conv 3x3, ReLU, Conv 3x3, then the mean of 2x2 pixels where it halves the sides; beside it that mean
    and Conv 1x1, or where nothing is halved the input itself. The first block has no first ReLU. With labels the logit
    is a sum with the inner product of a label's learned vector and the features that Dense is given.

    Args:
        image_shape: (height, width, channels) of the images. 32x32 has two blocks that halve and two that do not.
        base_filters: filters of all blocks.
        norm: `"none"`, or `"layer"`, `"instance"` or `"batch"` before each ReLU of the blocks but the first; see
            `norm_layer`.
        spectral_norm: `"discriminator"`, `"both"` divide each kernel by its largest singular value, as SNGAN does;
            `"none"`: no.
        num_classes: K, for integer labels beside x; None for attributes or for no labels.
        num_attributes: A, for multi-hot labels beside x; None for classes or for no labels.
        dtype: dtype policy of the hidden layers; the logits are float32, or float64 under `"float64"`.

    Call: float32 (N, H, W, C) in [-1, 1], or [this, labels] -> float32 (N, 1).

    Raises:
        InputError: a size that is not positive, or an image shape that is none.

    Reference: Miyato et al., 2018, arXiv 1802.05957, table 4, with the projection of Miyato and Koyama, 2018, arXiv
    1802.05637; Gulrajani et al., 2017, arXiv 1704.00028, appendix F, has the mean over pixels in place of the sum, and
    recommends layer norm. Convolutions 1x1 have no bias of their own beside that of the Conv 3x3 they are added to.
    """

    def __init__(
        self,
        image_shape: ImageShape,
        base_filters: int = 128,
        norm: str = "none",
        spectral_norm: str = "none",
        num_classes: int | None = None,
        num_attributes: int | None = None,
        dtype: Any = None,
        name: str = "resnet_discriminator",
    ):
        dtype = resolved_policy(dtype)
        outer = outer_dtype(dtype)
        image_shape = check_image_shape(image_shape)
        check_options(base_filters=base_filters, discriminator_norm=norm, spectral_norm=spectral_norm)
        halvings = max(1, num_doublings(image_shape) - 1)

        def conv(size: int, scale: float, use_bias: bool) -> layers.Layer:
            return in_discriminator(_conv(base_filters, size, scale, use_bias, dtype), spectral_norm)

        def rectified(x: keras.KerasTensor, is_normed: bool) -> keras.KerasTensor:
            x = norm_layer(norm, dtype)(x) if is_normed and norm != "none" else x
            return layers.ReLU(dtype=dtype)(x)

        def halved(x: keras.KerasTensor) -> keras.KerasTensor:
            return layers.AveragePooling2D(2, padding="same", data_format=DATA_FORMAT, dtype=dtype)(x)

        images = keras.Input(image_shape, dtype=outer, name="images")
        x = images  # (N, H, W, C)
        for block in range(halvings + PLAIN_BLOCKS):
            is_first, halves = block == 0, block < halvings
            has_bias = is_first or norm == "none"  # a norm behind it would take it away again
            inner = x if is_first else rectified(x, is_normed=True)
            inner = conv(3, RESIDUAL_SCALE, has_bias)(inner)  # (N, h, w, f)
            inner = rectified(inner, is_normed=not is_first)
            inner = conv(3, RESIDUAL_SCALE, True)(inner)
            shortcut = x
            if halves:
                inner = halved(inner)  # (N, h / 2, w / 2, f), rounded up
                # The mean first: a quarter of the products give the same.
                shortcut = conv(1, PLAIN_SCALE, False)(halved(x))
            x = layers.Add(dtype=dtype)([inner, shortcut])
        x = layers.ReLU(dtype=dtype)(x)  # (N, h, w, f), of 32x32 (N, 8, 8, f)
        pixels = x.shape[1] * x.shape[2]
        x = layers.GlobalAveragePooling2D(DATA_FORMAT, dtype=outer)(x)
        features = layers.Rescaling(pixels, dtype=outer)(x)  # (N, f), the sum
        dense = layers.Dense(1, kernel_initializer=glorot(PLAIN_SCALE), dtype=outer, name="logits")
        logits = in_discriminator(dense, spectral_norm)(features)  # (N, 1)
        if size := vector_size(num_classes, num_attributes):
            labels = label_input(num_attributes)
            stddev = (2.0 / (size + base_filters)) ** 0.5  # Glorot's
            vector = embed_labels(labels, num_classes, base_filters, stddev, outer, spectral_norm)  # (N, f)
            logits = layers.Add(dtype=outer)([logits, layers.Dot(axes=1, dtype=outer)([features, vector])])  # (N, 1)
            images = [images, labels]
        super().__init__(images, logits, locals())
