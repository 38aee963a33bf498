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


@tf.custom_gradient
def thin_end(features: tf.Tensor, kernel: tf.Tensor) -> tuple[tf.Tensor, Callable[..., tuple[tf.Tensor, tf.Tensor]]]:
    """`tf.nn.conv2d` with stride 1 and padding "VALID" to images of few channels, whose gradients are quick.

    Both are convolutions of the upstream gradient, with zeros around it, whose channels are few: that by the features
    with the turned kernel; that by the kernel with the features in the place of what came out, and is turned after.

    Args:
        features: (N, H, W, D).
        kernel: (k, k, D, C).

    Returns:
        (N, H - k + 1, W - k + 1, C).
    """
    size = kernel.shape[0]

    def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        around = tf.pad(upstream, [[0, 0], [size - 1] * 2, [size - 1] * 2, [0, 0]])  # (N, H + k - 1, W + k - 1, C)
        turned = _turned(kernel)
        of_kernel = tf.raw_ops.Conv2DBackpropFilter(
            input=around, filter_sizes=turned.shape, out_backprop=features, strides=[1] * 4, padding="VALID"
        )
        return tf.nn.conv2d(around, turned, 1, "VALID"), _turned(of_kernel)

    return tf.nn.conv2d(features, kernel, 1, "VALID"), gradient


def _turned(kernel: tf.Tensor) -> tf.Tensor:
    """By half a turn, and from the channels that come out to those that go in: (k, k, D, C) -> (k, k, C, D)."""
    return tf.transpose(tf.reverse(kernel, [0, 1]), (0, 1, 3, 2))
