"""What turns images into features and logits: networks that are known by name and hash."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from tfgan_suite.arguments import checked_types
from tfgan_suite.errors import InputError, option
from tfgan_suite.files import sha256_of
from tfgan_suite.images import on_white, to_float
from tfgan_suite.metrics.classifier import FEATURES
from tfgan_suite.networks.bundled import GENERAL, WEIGHTS, bundled, network_of_file
from tfgan_suite.networks.geometry import DATA_FORMAT

INCEPTION_URL = (
    "https://storage.googleapis.com/tensorflow/keras-applications/inception_v3/"
    "inception_v3_weights_tf_dim_ordering_tf_kernels.h5"
)
INCEPTION_MD5 = "9a0d58056eeedaa3f26cb7ebd46da564"
BATCH_ROWS = 250
STACKED = "stacked_mnist"
GENERAL_SIDE = 64  # pixels that images are brought to for the network `general`, which itself takes any size


class Extracted(NamedTuple):
    """What an extractor makes of N images.

    Attributes:
        features: float32 (N, F).
        logits: float32 (N, K); None of a network without them.
    """

    features: np.ndarray
    logits: np.ndarray | None


class Extractor:
    """A network that images are compared by.

    Args:
        model: float32 (N, H, W, C) in [-1, 1] -> features; with a layer named `features`, that
            layer gives the features and the model's output the logits. A map of features is averaged over its pixels.
        name: for people and for records.
        sha256: of its weights' file.

    Attributes:
        num_features: F.
        num_classes: K; None without logits.
    """

    def __init__(self, model: keras.Model, name: str, sha256: str):
        if not getattr(model, "inputs", None):
            raise InputError(f"The extractor {name} must be a Functional or Sequential model. Received: {type(model)}.")
        self.name = name
        self.sha256 = sha256
        self.image_shape: tuple[int, int, int] = tuple(model.input_shape[1:])
        if len(self.image_shape) != 3 or None in self.image_shape or self.image_shape[2] not in (1, 3, 4):
            raise InputError(
                f"The extractor {name} must take images (N, H, W, C) of a known size and 1, 3 or 4 channels. "
                f"Received: {model.input_shape}."
            )
        if len(model.inputs) != 1 or len(model.outputs) != 1:
            raise InputError(
                f"The extractor {name} must have one input and one output. Received: {model.output_shape}."
            )
        output, layers = model.outputs[0], [layer.name for layer in model.layers]
        features = model.get_layer(FEATURES).output if FEATURES in layers else output
        if len(features.shape) == 4:
            features = keras.layers.GlobalAveragePooling2D(DATA_FORMAT)(features)
        if len(features.shape) != 2:
            raise InputError(f"The extractor {name} must give features (N, F). Received: {features.shape}.")
        self.num_features: int = features.shape[-1]
        self.num_classes: int | None = output.shape[-1] if FEATURES in layers else None
        outputs = {"features": features, **({"logits": output} if self.num_classes else {})}
        self._call = tf.function(keras.Model(model.inputs, outputs), reduce_retracing=True)

    def protocol(self, image_channels: int | None = None) -> dict[str, Any]:
        """What a record says of it.

        Args:
            image_channels: of the images that it is given; None: not RGBA.
        """
        height, width, channels = self.image_shape
        on_white = "on white, " if (image_channels, channels) == (4, 3) else ""
        return {
            "extractor": self.name,
            "extractor_sha256": self.sha256,
            "resize": f"{on_white}bicubic, antialiased, to {height}x{width}x{channels}",
        }

    def __call__(self, images: np.ndarray, progress: Callable[[int], Any] = lambda rows: None) -> Extracted:
        """Features and logits of images.

        Args:
            images: uint8 (N, H, W, C) of any size. To a network of colours, grey ones are given three times over, and
                RGBA ones on white.
            progress: called with the number of rows after each batch.

        Raises:
            InputError: the images are not uint8, or in colours that the network does not take.
        """
        if images.dtype != np.uint8 or images.ndim != 4:
            raise InputError(f"Images must be uint8 (N, H, W, C). Received: {images.dtype} {images.shape}.")
        mine, theirs = self.image_shape[2], images.shape[3]
        if theirs not in (mine, 1) and (theirs, mine) != (4, 3):
            raise InputError(
                f"The extractor {self.name} takes images of {mine} channels. Received: {theirs} channels. "
                f"Choose {option('extractor', GENERAL)}."
            )
        return self.of_floats(to_float(images), progress)

    def of_floats(
        self, images: np.ndarray | tf.Tensor, progress: Callable[[int], Any] = lambda rows: None
    ) -> Extracted:
        """Features and logits of images float32 (N, H, W, C) in [-1, 1], which 256 levels have not made coarse."""
        parts = []
        for start in range(0, len(images), BATCH_ROWS):
            batch = self._fit(images[start : start + BATCH_ROWS])
            parts.append({key: value.numpy() for key, value in self._call(batch).items()})
            progress(len(batch))
        joined = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
        return Extracted(joined["features"], joined.get("logits"))

    def _fit(self, images: tf.Tensor) -> tf.Tensor:
        """In the network's size and channels."""
        if (images.shape[3], self.image_shape[2]) == (4, 3):
            images = on_white(images)
        values = tf.repeat(images, self.image_shape[2] // images.shape[3], axis=-1)
        if images.shape[1:3] == self.image_shape[:2]:
            return values
        resized = tf.image.resize(values, self.image_shape[:2], method="bicubic", antialias=True)
        return tf.clip_by_value(resized, -1.0, 1.0)


@checked_types
def load_extractor(name: str | None, dataset: str = "", inception_weights: str | None = None) -> Extractor:
    """The extractor of a name.

    Args:
        name: `classifier` (the one that comes with the package for this data set), `general` (features only, of images
            of any kind), `inception`, or the path of a `.keras` file; None: `classifier` where there is one for the
            data set, else `general`.
        dataset: the name that the real images are loaded by.
        inception_weights: see `inception`.

    Raises:
        InputError: no such extractor, or a file that is damaged or of another kind.
    """
    if inception_weights is not None and name != "inception":
        raise InputError(f"inception_weights are of the extractor inception. Received: the extractor {name!r}.")
    if name is None:
        name = "classifier" if dataset in bundled_datasets() else GENERAL
    if name == "classifier":
        return bundled_classifier(dataset)
    if name == GENERAL:
        return general()
    if name == "inception":
        return inception(inception_weights)
    if Path(name).suffix == ".keras":
        return Extractor(network_of_file(Path(name), "extractor"), Path(name).name, sha256_of(name))
    raise InputError(
        f"Unknown extractor {name!r}. Expected classifier, {GENERAL}, inception, or the path of a Keras model "
        "NAME.keras."
    )


def bundled_datasets() -> list[str]:
    """The data sets that a classifier comes with the package for."""
    return sorted({path.stem for path in WEIGHTS.glob("*.keras")} - {GENERAL} | {STACKED})


def bundled_classifier(dataset: str) -> Extractor:
    """The classifier that comes with the package for a data set.

    Raises:
        InputError: there is none for it, or its file is damaged.
    """
    names = bundled_datasets()
    if dataset not in names:
        raise InputError(
            f"No classifier comes with the package for {dataset!r}, only for {', '.join(names)}. Choose "
            f"{option('extractor', GENERAL)}, or train one on labelled images by train_classifier.py --dataset "
            f"{dataset} --output NAME.keras, and give {option('extractor', 'NAME.keras')}."
        )
    if dataset == STACKED:
        model, sha256 = bundled("mnist")
        return Extractor(_channel_by_channel(model), "classifier of mnist, a channel at a time", sha256)
    model, sha256 = bundled(dataset)
    return Extractor(model, f"classifier of {dataset}", sha256)


def _channel_by_channel(classifier: keras.Model) -> keras.Model:
    """A classifier of grey images as one of three in a stack, whose classes are the triples of its classes.

    The logit of a triple is the sum of those of its parts, so that its probability is the product of theirs.

    Args:
        classifier: (N, H, W, 1) -> logits (N, K), with a layer `features`, (N, F).

    Call: (N, H, W, 3) -> logits (N, K^3), with a layer `features`, (N, 3 F).
    """
    to_features, head = keras.Model(classifier.inputs, classifier.get_layer(FEATURES).output), classifier.layers[-1]
    images = keras.Input((*classifier.input_shape[1:3], 3))  # (N, H, W, 3)
    each = [to_features(images[..., channel : channel + 1]) for channel in range(3)]  # (N, F) three times
    features = keras.layers.Concatenate(name=FEATURES)(each)  # (N, 3 F)
    first, second, third = (head(part) for part in keras.ops.split(features, 3, axis=1))  # (N, K) three times
    sums = first[:, :, None, None] + second[:, None, :, None] + third[:, None, None, :]  # (N, K, K, K)
    return keras.Model(images, keras.layers.Flatten(DATA_FORMAT)(sums))  # (N, K^3)


def general() -> Extractor:
    """The network that comes with the package for images of any kind: 208 features, no logits; see `build_general`.

    Its twenty classes are those of its own training, not those of the images, so that its head is left out.

    Raises:
        InputError: its file is damaged.
    """
    model, sha256 = bundled(GENERAL)
    images = keras.Input((GENERAL_SIDE, GENERAL_SIDE, 3))
    features = keras.Model(model.inputs, model.get_layer(FEATURES).output)(images)
    return Extractor(keras.Model(images, features), GENERAL, sha256)


def inception(weights: str | None = None) -> Extractor:
    """Keras's InceptionV3 at 299x299: 2,048 pooled features, 1,000 ImageNet logits.

    Its weights are Keras's, not those of the 2015 network that published FIDs rest on: the two give
    different numbers, and a record says which one it was.

    Args:
        weights: path of Keras's `inception_v3_weights_tf_dim_ordering_tf_kernels.h5`, or of a file
            that `save_weights` wrote; None: Keras downloads it, once.

    Raises:
        InputError: no weights, or weights of another network.
    """
    if weights is not None and not Path(weights).is_file():
        raise InputError(f"The weights {weights} of InceptionV3 do not exist.")
    try:
        network = _inception_network()
        name = INCEPTION_URL.rpartition("/")[2]
        # As Keras does it, which keeps to itself where the file is that a hash is to be taken of.
        path = weights or keras.utils.get_file(name, INCEPTION_URL, cache_subdir="models", file_hash=INCEPTION_MD5)
        network.load_weights(path)
    except Exception as error:  # Keras raises plain exceptions where there is no network or another file
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        remedy = (
            "Expected the weights of Keras's InceptionV3 with its top."
            if weights
            else f"Give a file with {option('inception_weights')}, or choose {option('extractor', GENERAL)}."
        )
        raise InputError(f"InceptionV3 has no weights: {reason}. {remedy}") from error
    pooled = keras.layers.Identity(name=FEATURES)(network.get_layer("avg_pool").output)
    logits = network.get_layer("predictions")(pooled)
    return Extractor(keras.Model(network.inputs, logits), "InceptionV3 of Keras", sha256_of(path))


def _inception_network() -> keras.Model:
    """The network alone. It takes no data format but Keras's global one, which is the user's own."""
    before = keras.config.image_data_format()
    keras.config.set_image_data_format(DATA_FORMAT)
    try:
        return keras.applications.InceptionV3(weights=None, classifier_activation=None)
    finally:
        keras.config.set_image_data_format(before)
