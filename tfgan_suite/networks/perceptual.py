"""How far images are from each other in the maps of a fixed network."""

from collections.abc import Callable
from pathlib import Path

import keras
import tensorflow as tf

from tfgan_suite.errors import InputError, option
from tfgan_suite.images import on_white
from tfgan_suite.networks.bundled import GENERAL, bundled, network_of_file
from tfgan_suite.networks.geometry import DATA_FORMAT
from tfgan_suite.options.content import check_features

VGG19 = "vgg19"
# Of Keras's VGG19: the fourth convolution before the fifth pooling, after its ReLU, as the paper of SRGAN has it.
VGG19_MAP = "block5_conv4"
VGG19_MEANS = (103.939, 116.779, 123.68)  # blue, green, red, in levels of 0 to 255
# Of the package's own network: the maps at a quarter and an eighth of the sides, of which it makes its features.
GENERAL_MAPS = ("stage3", "stage4")


class PerceptualDistance:
    """The mean square difference of two images in the maps of a fixed network, in the mean over its maps.

    The network belongs to no model: no optimizer moves it, no checkpoint keeps it.

    Args:
        features: `"general"`, the package's network for images of any kind; `"vgg19"`, Keras's, whose ImageNet weights
            Keras downloads once; or the path of a Keras model NAME.keras: (N, H, W, 3) in [-1, 1] -> maps, one or more.

    Call: two batches of images, (N, H, W, C) in [-1, 1] of 1, 3 or 4 channels -> (N,), of the first one's dtype.

    Raises:
        InputError: no such network, or one of another kind; by the call, images that it cannot take.

    Reference: Ledig et al., 2016, arXiv 1609.04802, equation 5; of raw VGG19 maps, which the paper divides by 12.75.
    """

    def __init__(self, features: str = GENERAL):
        self.features = features
        self._maps = _network(features)

    def __call__(self, made: tf.Tensor, true: tf.Tensor) -> tf.Tensor:
        pairs = zip(self.maps(made), self.maps(true), strict=True)
        distances = [tf.reduce_mean(tf.math.squared_difference(one, other), [1, 2, 3]) for one, other in pairs]
        return tf.cast(tf.add_n(distances) / float(len(distances)), made.dtype)

    def maps(self, images: tf.Tensor) -> list[tf.Tensor]:
        """The network's maps of images, each float32 (N, h, w, F)."""
        channels = images.shape[-1]
        if channels not in (1, 3, 4):
            raise InputError(
                f"{option('features', self.features)} takes images of 1, 3 or 4 channels. Received: {channels}. Leave "
                f"out {option('perceptual_weight')}."
            )
        images = tf.cast(images, tf.float32)
        images = on_white(images) if channels == 4 else tf.repeat(images, 3 // channels, axis=-1)
        try:
            found = self._maps(images, training=False)
        except ValueError as error:  # a map without pixels, or another size than the network's own
            reason = str(error).splitlines()[0]
            size = "x".join(map(str, images.shape[1:3]))
            raise InputError(f"{option('features', self.features)} cannot take images of {size}: {reason}") from None
        return list(found) if isinstance(found, list | tuple) else [found]


def _network(features: str) -> Callable[..., tf.Tensor | list[tf.Tensor]]:
    """What gives the maps of images float32 (N, H, W, 3) in [-1, 1]."""
    check_features(features)
    if features == GENERAL:
        network, _ = bundled(GENERAL)
        return _fixed(keras.Model(network.inputs, [network.get_layer(name).output for name in GENERAL_MAPS]))
    if features == VGG19:
        return _vgg19()
    network = network_of_file(Path(features), "network of features")
    takes = getattr(network, "input_shape", None)
    if not (isinstance(takes, tuple) and len(takes) == 4 and takes[-1] == 3):
        raise InputError(f"{option('features', features)} must take images (N, H, W, 3). Received: {takes}.")
    if any(len(output.shape) != 4 for output in network.outputs):
        shapes = ", ".join(str(tuple(output.shape)) for output in network.outputs)
        raise InputError(f"{option('features', features)} must give maps (N, h, w, F). Received: {shapes}.")
    return _fixed(network)


def _vgg19() -> Callable[..., tf.Tensor]:
    """Keras's VGG19 up to `VGG19_MAP`, on images as it was trained on: blue, green, red, without their means."""
    before = keras.config.image_data_format()
    keras.config.set_image_data_format(DATA_FORMAT)  # the only one that Keras's applications heed
    try:
        whole = keras.applications.VGG19(include_top=False, weights="imagenet")
    except Exception as error:  # Keras raises plain exceptions where there is no network
        raise InputError(
            f"VGG19 has no weights: {str(error).splitlines()[0]}. Choose {option('features', GENERAL)}, or give a Keras"
            f" model by {option('features', 'NAME.keras')}."
        ) from error
    finally:
        keras.config.set_image_data_format(before)
    network = _fixed(keras.Model(whole.inputs, whole.get_layer(VGG19_MAP).output))

    def maps(images: tf.Tensor, training: bool) -> tf.Tensor:
        return network(127.5 * (images[..., ::-1] + 1.0) - tf.constant(VGG19_MEANS), training=training)

    return maps


def _fixed(network: keras.Model) -> keras.Model:
    network.trainable = False
    return network
