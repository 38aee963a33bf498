"""A small convolutional classifier of a labelled data set, to read generated images with."""

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from tfgan_suite.data.image_data import ImageData
from tfgan_suite.data.pipeline import steps_per_epoch, training_batches
from tfgan_suite.errors import InputError
from tfgan_suite.images import to_float

BATCH_ROWS = 128


def build_classifier(image_shape: tuple[int, int, int], num_classes: int) -> keras.Model:
    """Two convolutions, two dense layers, about 0.4 million parameters at 28x28.

    Call: float32 (N, H, W, C) in [-1, 1] -> logits (N, num_classes).
    """
    return keras.Sequential(
        [
            keras.Input(image_shape),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(128, activation="relu"),
            layers.Dense(num_classes),
        ],
        name="classifier",
    )


def train_classifier(data: ImageData, epochs: int = 3, seed: int = 0) -> keras.Model:
    """A classifier of the data's classes, trained by Adam at a rate that falls to 0.

    Args:
        data: images with classes as labels.
        epochs: passes over the data.
        seed: of weights and order.

    Raises:
        InputError: the data have no classes.
    """
    if data.num_classes is None:
        raise InputError(f"A classifier needs images with classes, and {data.source} has none.")
    keras.utils.set_random_seed(seed)
    steps = steps_per_epoch(len(data.images), BATCH_ROWS)
    model = build_classifier(data.image_shape, data.num_classes)
    model.compile(
        optimizer=keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(1e-3, steps * epochs)),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    batches = training_batches(data, BATCH_ROWS, epochs, seed)
    model.fit(batches, epochs=epochs, steps_per_epoch=steps, shuffle=False)
    return model


def load_or_train(path: Path, data: ImageData, epochs: int = 3, seed: int = 0) -> keras.Model:
    """The classifier at a path, trained and saved there when there is none.

    Raises:
        InputError: the file is of other images or classes.
    """
    if path.suffix != ".keras":
        raise InputError(f"A classifier is kept in a file NAME.keras. Received: {path}.")
    if not path.exists():
        if len(data.images) < BATCH_ROWS:
            raise InputError(f"A classifier needs at least {BATCH_ROWS} images. Received: {len(data.images)}.")
        model = train_classifier(data, epochs, seed)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".partial_{path.name}")
        model.save(partial)
        partial.replace(path)
        return model
    try:
        model = keras.saving.load_model(path, safe_mode=True)
    except Exception as error:  # Keras raises many kinds for files that are damaged or foreign
        raise InputError(f"The classifier {path} cannot be loaded. Remove it, and it is trained anew.") from error
    if model.input_shape[1:] != data.image_shape or model.output_shape[-1] != data.num_classes:
        raise InputError(
            f"The classifier {path} reads {model.input_shape[1:]} images of {model.output_shape[-1]} classes. "
            f"Received: {data.image_shape} of {data.num_classes}."
        )
    return model


def classify(classifier: keras.Model, images: np.ndarray) -> np.ndarray:
    """The likeliest class of uint8 images (N, H, W, C): int64 (N,)."""
    batches = tf.data.Dataset.from_tensor_slices(images).batch(500).map(to_float)
    return np.argmax(classifier.predict(batches, verbose=0), axis=-1)
