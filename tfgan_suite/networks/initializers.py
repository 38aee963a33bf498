"""The choices that every network of the suite makes in the same way."""

from typing import Any

import keras
import tensorflow as tf

from tfgan_suite.errors import InputError
from tfgan_suite.layers.batch_norm import FusedBatchNormalization
from tfgan_suite.layers.layer_norm import ImageNormalization, InstanceNormalization
from tfgan_suite.layers.spectral_norm import SpectralNormalization


def kernel_initializer(stddev: float | None) -> keras.initializers.Initializer:
    """N(0, stddev), or Keras's own Glorot uniform when `stddev` is None. A new one each time:
    an unseeded initializer that is shared would give every layer the same numbers."""
    return keras.initializers.GlorotUniform() if stddev is None else keras.initializers.RandomNormal(0.0, stddev)


# PyTorch's, and so that of the DCGAN authors' later form. Keras's 0.99 needs hundreds of steps until
# the moving statistics, which samples are made with, have forgotten their start.
BATCH_NORM_MOMENTUM = 0.9


def synchronized_batch_norm(dtype: Any = None, affine: bool = True) -> FusedBatchNormalization:
    """BatchNorm over the global batch: with statistics a replica, k replicas would not train what one does.

    Synchronization costs an exchange a layer, so it is left out where there is one replica only. One that is not
    `affine` has no scale and no offset of its own.
    """
    return FusedBatchNormalization(
        momentum=BATCH_NORM_MOMENTUM,
        center=affine,
        scale=affine,
        synchronized=tf.distribute.get_strategy().num_replicas_in_sync > 1,
        dtype=dtype,
    )


def norm_layer(norm: str, dtype: Any = None) -> keras.layers.Layer:
    """A norm between a convolution and its activation.

    Args:
        norm: `"batch"` over the global batch, see `synchronized_batch_norm`; `"layer"` over height, width and channels
            of each image, `"instance"` over its height and width, which leave the images of a batch to themselves.
        dtype: dtype policy.
    """
    if norm == "batch":
        return synchronized_batch_norm(dtype)
    return InstanceNormalization(dtype=dtype) if norm == "instance" else ImageNormalization(dtype=dtype)


def in_generator(layer: keras.layers.Layer, spectral_norm: str) -> keras.layers.Layer:
    """A layer with a kernel, normalised where `spectral_norm` is `"both"`; see `SpectralNormalization`."""
    return SpectralNormalization(layer) if spectral_norm == "both" else layer


def in_discriminator(layer: keras.layers.Layer, spectral_norm: str) -> keras.layers.Layer:
    """A layer with a kernel, normalised unless `spectral_norm` is `"none"`; see `SpectralNormalization`."""
    return layer if spectral_norm == "none" else SpectralNormalization(layer)


def resolved_policy(dtype: Any) -> str:
    """The name of a dtype policy, Keras's global one for None: a network keeps it when it is loaded under another.

    Raises:
        InputError: Keras has no such policy.
    """
    try:
        return keras.dtype_policies.get(dtype or keras.config.dtype_policy()).name
    except ValueError as error:
        raise InputError(f"dtype must be a dtype policy of Keras, such as 'float32'. Received: {dtype!r}.") from error


def outer_dtype(policy: str) -> str:
    """The dtype of a network's inputs and outputs: float32, but for a policy that computes in float64."""
    return "float64" if keras.dtype_policies.get(policy).compute_dtype == "float64" else "float32"
