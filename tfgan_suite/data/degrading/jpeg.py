"""What is left of a picture that was saved as JPEG."""

import tensorflow as tf

from tfgan_suite.data.degrading.painting import levels_of, place
from tfgan_suite.images import to_float

QUALITIES = (10, 50)  # that are drawn


def jpeg(images: tf.Tensor, numbers: tf.Tensor, quality: int | None) -> tf.Tensor:
    """Each image encoded as JPEG, with a quarter of the colours' pixels as most programs do, and decoded again.

    Args:
        images: float32 (N, H, W, C) in [-1, 1], C of 1 or 3.
        numbers: float32 (N, 1) in [0, 1): the quality of each.
        quality: of all, 1 to 100; None: another for each, a whole number of 10 to 50.
    """
    low, high = QUALITIES if quality is None else (quality, quality)
    qualities = low + tf.cast(place(numbers[:, 0], tf.constant(float(high - low))), tf.int32)
    channels = images.shape[-1]

    def encoded_and_decoded(image_and_quality: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
        file = tf.raw_ops.EncodeJpegVariableQuality(images=image_and_quality[0], quality=image_and_quality[1])
        return tf.image.decode_jpeg(file, channels, dct_method="INTEGER_ACCURATE")

    pixels = tf.cast(levels_of(images), tf.uint8)
    made = tf.map_fn(encoded_and_decoded, (pixels, qualities), fn_output_signature=tf.uint8)
    return to_float(tf.ensure_shape(made, images.shape))
