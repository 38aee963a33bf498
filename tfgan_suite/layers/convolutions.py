"""Keras's convolutions, by a faster way where there is one on a CPU."""

import keras
import numpy as np
import tensorflow as tf

from tfgan_suite.layers.fourier_convolution import fourier_transposed, is_worthwhile
from tfgan_suite.layers.thin_convolution import grow, thin_end, thin_grow, thin_shrink

# The kernel of oneDNN that writes so few channels reaches a tenth of the usual rate.
FEW_CHANNELS = 4
# From which on the gradient by a kernel takes longer than all else, since each pixel is copied for each of its taps.
LARGE_KERNEL = 5

# Outside of training Keras's own way is taken, or `grow` as it is: an export then holds no gradients of ours,
# of which TensorFlow warns whenever it is loaded.


@keras.saving.register_keras_serializable(package="tfgan_suite")
class ImageConv2D(keras.layers.Conv2D):
    """`keras.layers.Conv2D` with fast gradients where it reads or makes images of few channels.

    Of several groups it is one convolution with a kernel that is 0 between them: the derivatives of a grouped one take
    thirty times as long on a CPU, and Keras compiles it, which no export may hold. A GPU trains it as Keras does.
    """

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        if self.groups > 1 and not (training and tf.config.get_visible_devices("GPU")):
            kernel = of_one_group(tf.convert_to_tensor(self.kernel), self.groups)
            return _finished(self, tf.nn.conv2d(inputs, kernel, self.strides, self.padding.upper(), "NHWC"))
        if training and self.groups == 1 and _is_thin(self, inputs.shape, inputs.shape[-1]):
            return _finished(self, thin_shrink(inputs, tf.convert_to_tensor(self.kernel)))
        if training and self.groups == 1 and _ends_thin(self):
            return _finished(self, thin_end(inputs, tf.convert_to_tensor(self.kernel)))
        return super().call(inputs)


@keras.saving.register_keras_serializable(package="tfgan_suite")
class ImageConv2DTranspose(keras.layers.Conv2DTranspose):
    """`keras.layers.Conv2DTranspose`, fast where it makes images of few channels, and in training on small maps."""

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        if self.output_padding is not None:
            return super().call(inputs)
        if _is_thin(self, (None, 2, 2), self.filters):
            convolution = thin_grow if training else grow
        elif training and _has_few_products(self, inputs.shape):
            convolution = fourier_transposed
        else:
            return super().call(inputs)
        return _finished(self, convolution(inputs, tf.convert_to_tensor(self.kernel)))


def of_one_group(kernel: tf.Tensor, groups: int) -> tf.Tensor:
    """The kernel of a grouped convolution, (k, k, D / groups, C), as that of an ordinary one, (k, k, D, C)."""
    *_, depth, channels = kernel.shape
    group_of_input = np.repeat(np.arange(groups), depth)
    group_of_output = np.repeat(np.arange(groups), channels // groups)
    within = group_of_input[:, np.newaxis] == group_of_output  # (D, C)
    return tf.tile(kernel, [1, 1, groups, 1]) * tf.constant(within, kernel.dtype)


def _is_plain(layer: keras.layers.Layer, strides: tuple[int, int]) -> bool:
    plain = layer.padding == "same" and layer.dilation_rate == (1, 1) and layer.data_format == "channels_last"
    return plain and layer.strides == strides


def _is_thin(layer: keras.layers.Layer, shape: tuple[int | None, ...], channels: int | None) -> bool:
    """Whether a layer's call can go the fast way: few channels, kernel 4 or 5, stride 2, padding "same", even sides."""
    if channels is None or channels > FEW_CHANNELS or any(side is None or side % 2 for side in shape[1:3]):
        return False
    return _is_plain(layer, (2, 2)) and layer.kernel_size in ((4, 4), (5, 5))


def _ends_thin(layer: keras.layers.Layer) -> bool:
    """Whether a layer makes images of few channels by a large kernel, stride 1 and padding "valid"."""
    is_valid = layer.padding == "valid" and layer.dilation_rate == (1, 1) and layer.strides == (1, 1)
    size, other = layer.kernel_size
    return is_valid and layer.filters <= FEW_CHANNELS and size == other and size >= LARGE_KERNEL


def _has_few_products(layer: keras.layers.Layer, shape: tuple[int | None, ...]) -> bool:
    """Whether the Fourier transform pays: 32 bits or more (16 lose too much in it), no GPU, stride 1, known sides."""
    _, height, width, depth = shape
    size, other = layer.kernel_size
    if not (height and width and depth) or size != other or not _is_plain(layer, (1, 1)):
        return False
    pays = layer.compute_dtype in ("float32", "float64") and not tf.config.get_visible_devices("GPU")
    return pays and is_worthwhile(height, width, size, depth, layer.filters)


def _finished(layer: keras.layers.Layer, outputs: tf.Tensor) -> tf.Tensor:
    """With the layer's bias and activation."""
    if layer.use_bias:
        outputs = tf.nn.bias_add(outputs, tf.convert_to_tensor(layer.bias))
    return layer.activation(outputs)
