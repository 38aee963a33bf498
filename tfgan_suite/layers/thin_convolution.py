"""Convolutions between images and features, where one side has few channels only."""

from collections.abc import Callable

import tensorflow as tf


def grow(features: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """`tf.nn.conv2d_transpose` with stride 2 and padding "SAME", by a convolution at the small size.

    Each of the 2x2 pixels that a feature grows to is a 3x3 convolution with its own quarter of the
    kernel's taps: four times the channels, which `depth_to_space` lays side by side.

    Args:
        features: (N, H, W, D).
        kernel: (k, k, C, D) with k of 4 or 5.

    Returns:
        (N, 2 H, 2 W, C).
    """
    size, _, channels, depth = kernel.shape
    taps = tf.pad(kernel, [[1, 5 - size], [1, 5 - size], [0, 0], [0, 0]])  # (6, 6, C, D)
    taps = tf.reverse(tf.reshape(taps, (3, 2, 3, 2, channels, depth)), [0, 2])  # (3, 2, 3, 2, C, D)
    taps = tf.reshape(tf.transpose(taps, (0, 2, 5, 1, 3, 4)), (3, 3, depth, 4 * channels))  # (3, 3, D, 4 C)
    quarters = tf.nn.conv2d(features, taps, 1, "SAME")  # (N, H, W, 4 C)
    return tf.nn.depth_to_space(quarters, 2)


def shrink(images: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """`tf.nn.conv2d` with stride 2 and padding "SAME": (N, 2 H, 2 W, C), (k, k, C, D) -> (N, H, W, D)."""
    return tf.nn.conv2d(images, kernel, 2, "SAME")


def _kernel_gradient(images: tf.Tensor, features: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    return tf.raw_ops.Conv2DBackpropFilter(
        input=images, filter_sizes=kernel.shape, out_backprop=features, strides=[1, 2, 2, 1], padding="SAME"
    )


@tf.custom_gradient
def thin_grow(features: tf.Tensor, kernel: tf.Tensor) -> tuple[tf.Tensor, Callable[..., tuple[tf.Tensor, tf.Tensor]]]:
    """`grow` with the gradients of the transposed convolution that it is."""

    def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return thin_shrink(upstream, kernel), _kernel_gradient(upstream, features, kernel)

    return grow(features, kernel), gradient


@tf.custom_gradient
def thin_shrink(images: tf.Tensor, kernel: tf.Tensor) -> tuple[tf.Tensor, Callable[..., tuple[tf.Tensor, tf.Tensor]]]:
    """`shrink` whose gradient by the images is `grow`."""

    def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return thin_grow(upstream, kernel), _kernel_gradient(images, upstream, kernel)

    return shrink(images, kernel), gradient
