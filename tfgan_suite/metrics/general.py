"""The network `general`: what pictures of any kind are compared by, where no classifier knows their classes."""

from dataclasses import replace

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from tfgan_suite.data.image_data import ImageData
from tfgan_suite.data.pipeline import steps_per_epoch, training_batches
from tfgan_suite.data.sources import load_train_and_test
from tfgan_suite.errors import InputError
from tfgan_suite.metrics.classifier import BATCH_ROWS, FEATURES
from tfgan_suite.networks.bundled import GENERAL
from tfgan_suite.networks.geometry import DATA_FORMAT
from tfgan_suite.noise import COLOUR_STREAM, stateless_seed
from tfgan_suite.picture_rules import PictureRules

DATASETS = ("cifar10", "fashion_mnist")
SIDE = 32  # of CIFAR-10's images, which those of Fashion-MNIST are brought to
# (width, convolutions) of the stages at the full, 1/2, 1/4 and 1/8 size: as wide as 1 MB of float32 allows.
STAGES = ((32, 1), (48, 2), (80, 2), (128, 1))
SMALLEST_CUT = 0.6  # of an image's side: what is seen in training is up to 1.7 times as large as it was


def build_general(num_classes: int, batch_norm: bool = False) -> keras.Model:
    """3x3 convolutions with ReLU in four stages, each half the size of the one before by a mean of 2x2.

    The layers `stage1` to `stage4` are the last of each stage; `features` are the means of `stage3` and `stage4` over
    their maps: 208 numbers, none negative. About 0.22 million parameters.

    Call: float32 (N, H, W, 3) in [-1, 1] of any size -> logits (N, num_classes).

    Args:
        num_classes: K of the head.
        batch_norm: BatchNorm after each convolution in place of its bias, as it is trained.
    """
    images = keras.Input((None, None, 3), name="images")
    x, maps = images, []
    for stage, (width, convolutions) in enumerate(STAGES, start=1):
        if stage > 1:
            x = layers.AveragePooling2D(2, padding="same", data_format=DATA_FORMAT)(x)
        for index in range(1, convolutions + 1):
            name = f"{stage}_{index}"
            x = layers.Conv2D(
                width, 3, padding="same", data_format=DATA_FORMAT, use_bias=not batch_norm, name=f"conv{name}"
            )(x)
            if batch_norm:
                x = layers.BatchNormalization(momentum=0.9, name=f"norm{name}")(x)
            x = layers.ReLU(name=f"stage{stage}" if index == convolutions else f"relu{name}")(x)
        maps.append(x)
    features = layers.Concatenate(name=FEATURES)([layers.GlobalAveragePooling2D(DATA_FORMAT)(x) for x in maps[-2:]])
    return keras.Model(images, layers.Dense(num_classes, name="logits")(features), name=GENERAL)


def fold_batch_norm(trained: keras.Model) -> keras.Model:
    """The same function without BatchNorm: its scale and shift at inference become the convolutions' own."""
    plain = build_general(trained.output_shape[-1])
    for layer in plain.layers:
        if isinstance(layer, layers.Conv2D):
            norm = trained.get_layer(layer.name.replace("conv", "norm"))
            gamma, beta, mean, variance = (np.asarray(weight, np.float64) for weight in norm.get_weights())
            scale = gamma / np.sqrt(variance + norm.epsilon)
            (kernel,) = trained.get_layer(layer.name).get_weights()
            layer.set_weights([kernel * scale, beta - mean * scale])
    plain.get_layer("logits").set_weights(trained.get_layer("logits").get_weights())
    return plain


def general_data(data_dir: str | None = None) -> tuple[ImageData, ImageData]:
    """Images of CIFAR-10 and Fashion-MNIST, 32x32x3, of twenty classes: those to learn from and those to test on.

    Args:
        data_dir: where TensorFlow Datasets keeps its data.

    Raises:
        InputError: as `load_images`.
    """
    pairs = [load_train_and_test(name, data_dir, PictureRules(size=(SIDE, SIDE), channels=3)) for name in DATASETS]
    train, test = (_joined(list(parts)) for parts in zip(*pairs, strict=True))
    return train, test


def _joined(parts: list[ImageData]) -> ImageData:
    """One data set of several, with the classes of all."""
    labels, names = [], list[str]()
    for part in parts:
        assert part.labels is not None
        labels.append(part.labels + len(names))
        names += part.label_names
    images = np.concatenate([part.images for part in parts])
    source = " and ".join(part.source for part in parts)
    return replace(parts[0], images=images, labels=np.concatenate(labels), label_names=tuple(names), source=source)


def vary(images: tf.Tensor, seed: int, step: tf.Tensor) -> tf.Tensor:
    """A square cut of each image, brought to its size, half of them mirrored, in other colours, a tenth negative.

    The colours change little: where they are made light of, photos with red for blue are no further off than real ones.

    Args:
        images: float32 (N, H, W, 3) in [-1, 1].
        seed: of the training.
        step: of the training.

    Returns:
        The same shape and range.
    """
    count, height, width = tf.shape(images)[0], images.shape[1], images.shape[2]
    numbers = tf.random.stateless_uniform([count, 10], stateless_seed(seed, COLOUR_STREAM, step), alg="philox")
    side = SMALLEST_CUT + (1.0 - SMALLEST_CUT) * numbers[:, 0]
    top, left = (1.0 - side) * numbers[:, 1], (1.0 - side) * numbers[:, 2]
    is_mirrored = numbers[:, 3] < 0.5
    first, last = tf.where(is_mirrored, left + side, left), tf.where(is_mirrored, left, left + side)
    boxes = tf.stack([top, first, top + side, last], axis=1)
    cut = tf.image.crop_and_resize(images, boxes, tf.range(count), [height, width])
    saturation, contrast, sign = (numbers[:, i, tf.newaxis, tf.newaxis, tf.newaxis] for i in (4, 5, 6))
    cast = 0.2 * numbers[:, tf.newaxis, tf.newaxis, 7:] - 0.1  # (N, 1, 1, 3), in [-0.1, 0.1]
    grey = tf.reduce_mean(cut, axis=-1, keepdims=True)
    coloured = (0.5 + contrast) * (grey + (0.5 + saturation) * (cut - grey)) + cast
    return tf.clip_by_value(tf.where(sign < 0.1, -coloured, coloured), -1.0, 1.0)


def train_general(data: ImageData, epochs: int = 8, seed: int = 0, verbose: int | str = "auto") -> keras.Model:
    """The network, trained to tell the data's classes by Adam at a rate that falls to 0, without BatchNorm.

    Args:
        data: RGB images with classes as labels.
        epochs: passes over the data.
        seed: of weights, order, cuts and colours.
        verbose: of `keras.Model.fit`.

    Raises:
        InputError: the data have no classes, or are fewer than a batch.
    """
    if data.num_classes is None:
        raise InputError(f"The network {GENERAL} learns from images with classes, and {data.source} has none.")
    keras.utils.set_random_seed(seed)
    steps = steps_per_epoch(len(data.images), BATCH_ROWS)
    model = build_general(data.num_classes, batch_norm=True)
    model.compile(
        optimizer=keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(3e-3, steps * epochs)),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    batches = training_batches(data, BATCH_ROWS, epochs, seed).enumerate()
    varied = batches.map(lambda step, pair: (vary(pair[0], seed, step), pair[1]), num_parallel_calls=2).prefetch(4)
    model.fit(varied, epochs=epochs, steps_per_epoch=steps, shuffle=False, verbose=verbose)
    return fold_batch_norm(model)
