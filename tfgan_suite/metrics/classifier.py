"""A small convolutional classifier of a labelled data set: what generated images are read and compared with."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from tfgan_suite.data.image_data import ImageData
from tfgan_suite.data.pipeline import steps_per_epoch, training_batches
from tfgan_suite.errors import InputError, option
from tfgan_suite.images import to_float
from tfgan_suite.networks.geometry import DATA_FORMAT

BATCH_ROWS = 128
# The widths of the convolutions at the full, 1/2 and 1/4 size; each form is within 1 MB of float32.
GREY_STAGES = ((32,), (64, 64), (128,))
COLOUR_STAGES = ((32,), (64, 64), (96, 128))
FEATURES = "features"  # name of the layer whose output metrics are taken on
MAX_SHIFT = 2  # pixels by which images are moved in training, so that a stroke beside its usual place is read


def build_classifier(image_shape: tuple[int, int, int], num_classes: int) -> keras.Model:
    """3x3 convolutions with BatchNorm and ReLU in three stages, a pooling between them, a mean over the map, one dense
    layer: four convolutions for grey images, five for others.

    The layer `features` is that mean: 128 numbers, none negative. About 0.13 million parameters, or 0.22 million.

    Call: float32 (N, H, W, C) in [-1, 1] -> logits (N, num_classes).
    """
    images = keras.Input(image_shape, name="images")
    x = images
    for stage, widths in enumerate(GREY_STAGES if image_shape[2] == 1 else COLOUR_STAGES):
        if stage > 0:
            x = layers.MaxPooling2D(padding="same", data_format=DATA_FORMAT)(x)
        for width in widths:
            x = layers.Conv2D(width, 3, padding="same", data_format=DATA_FORMAT, use_bias=False)(x)
            x = layers.BatchNormalization(momentum=0.9)(x)
            x = layers.ReLU()(x)
    features = layers.GlobalAveragePooling2D(DATA_FORMAT, name=FEATURES)(x)
    return keras.Model(images, layers.Dense(num_classes, name="logits")(features), name="classifier")


def train_classifier(
    data: ImageData, epochs: int = 8, seed: int = 0, verbose: int | str = "auto", flip: bool = False
) -> keras.Model:
    """A classifier of the data's classes, trained by Adam at a rate that falls to 0, on shifted images.

    Args:
        data: images with classes as labels.
        epochs: passes over the data.
        seed: of weights, order and shifts.
        verbose: of `keras.Model.fit`.
        flip: whether half of the images are mirrored: not those of digits or letters.

    Raises:
        InputError: the data have no classes, or are fewer than a batch.
    """
    if data.num_classes is None:
        raise InputError(
            f"A classifier needs images with classes, and {data.source} has none. Images without classes are evaluated "
            f"by {option('extractor', 'general')}."
        )
    if len(data.images) < BATCH_ROWS:
        raise InputError(f"A classifier needs at least {BATCH_ROWS} images. Received: {len(data.images)}.")
    keras.utils.set_random_seed(seed)
    steps = steps_per_epoch(len(data.images), BATCH_ROWS)
    model = build_classifier(data.image_shape, data.num_classes)
    model.compile(
        optimizer=keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(3e-3, steps * epochs)),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    batches = training_batches(data, BATCH_ROWS, epochs, seed, crop=MAX_SHIFT, flip=flip)
    model.fit(batches, epochs=epochs, steps_per_epoch=steps, shuffle=False, verbose=verbose)
    return model


def classify(classifier: keras.Model, images: np.ndarray) -> np.ndarray:
    """The likeliest class of uint8 images (N, H, W, C): int64 (N,)."""
    batches = tf.data.Dataset.from_tensor_slices(images).batch(500).map(to_float)
    return np.argmax(classifier.predict(batches, verbose=0), axis=-1)
