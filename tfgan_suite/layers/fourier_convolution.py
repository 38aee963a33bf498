"""Convolutions of small maps with large kernels, by few products."""

import functools
import math
from typing import NamedTuple

import numpy as np
import tensorflow as tf

# The direct way has to need this many times the multiplications. In batches of 64 and 128, on two cores with AVX-512,
# 1.5 to 1.8 times as many took 1.2 to 1.4 times as long, three times as many 1.9 times, six times as many 3.5 times.
WORTHWHILE = 2.0


class ProductMatrices(NamedTuple):
    """A convolution as `outputs.T @ ((features @ x) * (kernel @ w))`, P products where there were H W k k.

    Attributes:
        features: float64 (P, H W).
        kernel: float64 (P, k k).
        outputs: float64 (P, H W).
    """

    features: np.ndarray
    kernel: np.ndarray
    outputs: np.ndarray


@functools.cache
def product_matrices(height: int, width: int, size: int) -> ProductMatrices:
    """The matrices of `fourier_transposed`.

    A discrete Fourier transform makes a circular convolution into products. At the length side +
    size // 2 what goes round falls on pixels that padding "SAME" cuts off. The transform of real numbers has
    half its frequencies, and three real products make a complex one (Gauss): with x = a + bi and
    w = c + di, the real part of x w is c (a + b) - b (c + d), the imaginary one c (a + b) + a (d - c).
    """
    lengths = np.array([height + size // 2, width + size // 2])
    grid = _grid(*lengths)
    mirrored = np.ravel_multi_index(tuple((-grid % lengths).T), tuple(lengths))
    indices = np.arange(len(grid))
    kept = indices <= mirrored
    is_real = (indices == mirrored)[kept]

    def waves(points: np.ndarray) -> np.ndarray:
        return np.exp(-2j * np.pi * (grid[kept] / lengths) @ points.T)

    x, w = waves(_grid(height, width)), waves(_grid(size, size))
    share = np.where(is_real, 1, 2)[:, np.newaxis] / math.prod(lengths)
    y = share * np.conj(waves(_grid(height, width) + (size - 1) // 2))

    def rows(sums: np.ndarray, *differences: np.ndarray) -> np.ndarray:
        return np.concatenate([sums, *(part[~is_real] for part in differences)])

    return ProductMatrices(
        rows(x.real + x.imag, x.real, x.imag),
        rows(w.real, w.imag - w.real, w.real + w.imag),
        rows(y.real - y.imag, -y.imag, -y.real),
    )


def _grid(height: int, width: int) -> np.ndarray:
    """Row and column of each pixel: (H W, 2)."""
    return np.indices((height, width)).reshape(2, -1).T


def fourier_transposed(features: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """`tf.nn.conv2d_transpose` with stride 1 and padding "SAME", to rounding.

    Args:
        features: float32 or float64 (N, H, W, D), H and W known.
        kernel: of the same type (k, k, C, D).

    Returns:
        (N, H, W, C).
    """
    height, width = features.shape[1:3]
    size, _, channels, depth = kernel.shape
    matrices = ProductMatrices(
        *(matrix.astype(tf.as_dtype(features.dtype).as_numpy_dtype) for matrix in product_matrices(height, width, size))
    )
    products, rows = len(matrices.features), tf.shape(features)[0]
    pixels = tf.reshape(tf.transpose(features, (1, 2, 0, 3)), (height * width, rows * depth))  # (H W, N D)
    x = tf.reshape(tf.matmul(matrices.features, pixels), (products, rows, depth))  # (P, N, D)
    taps = tf.reshape(kernel, (size**2, -1))  # (k k, C D)
    w = tf.reshape(tf.matmul(matrices.kernel, taps), (products, channels, depth))  # (P, C, D)
    y = tf.reshape(tf.matmul(x, w, transpose_b=True), (products, rows * channels))  # (P, N C)
    pixels = tf.matmul(matrices.outputs, y, transpose_a=True)  # (H W, N C)
    outputs = tf.reshape(pixels, (height, width, rows, channels))  # (H, W, N, C)
    return tf.transpose(outputs, (2, 0, 1, 3))


def is_worthwhile(height: int, width: int, size: int, depth: int, channels: int) -> bool:
    """Whether `fourier_transposed` of such sizes multiplies far less than the direct way, in large batches."""
    products = 1.5 * (height + size // 2) * (width + size // 2)
    pixels, pairs = height * width, depth * channels
    return WORTHWHILE * products * (pixels * (depth + channels) + pairs) < pixels * size**2 * pairs
