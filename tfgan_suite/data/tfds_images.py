"""Image data sets of TensorFlow Datasets, by name."""

import threading
import urllib.error
import urllib.request
from collections import Counter
from typing import Any

import numpy as np
import tensorflow as tf

from tfgan_suite.data.image_data import ImageData
from tfgan_suite.data.image_store import allocate
from tfgan_suite.errors import InputError, option, unknown_choice
from tfgan_suite.images import convert, from_array
from tfgan_suite.picture_rules import PictureRules

# Any answer from here, an error's too, shows that there is a network; TFDS keeps its index there.
NETWORK_PROBE = "https://storage.googleapis.com"
NETWORK_SECONDS = 5
BATCH_ROWS = 500


def load_tfds(
    name: str,
    split: str,
    data_dir: str | None,
    rules: PictureRules,
    cache_gigabytes: float,
    feature: str = "image",
) -> ImageData:
    """A prepared data set at once; one that is not prepared is downloaded.

    Args:
        name: such as `"mnist"`, or with a configuration `"name/config"`.
        split: such as `"train"` or `"train[:10%]"`.
        data_dir: where TFDS keeps its data; None: TFDS_DATA_DIR, else `~/tensorflow_datasets`.
        rules: how pictures are read; channels of None are the data set's own.
        cache_gigabytes: images beyond this lie in a temporary file.
        feature: which of its features the images are.

    Raises:
        InputError: the name or the split is unknown, the data set has no images, or it is neither
            prepared nor to be downloaded.
    """
    # Imported here: the package takes seconds that the other sources do not need.
    import tensorflow_datasets as tfds

    builder = _prepared_builder(name, data_dir) or _download(name, data_dir)
    features = dict(builder.info.features or {})
    if not isinstance(features.get(feature), tfds.features.Image):
        has = sorted(key for key, value in features.items() if isinstance(value, tfds.features.Image))
        wanted = f"one of its images: {', '.join(has)}" if has else "an image data set, such as mnist"
        raise InputError(f"The data set {name} has no feature {feature!r}. Expected {wanted}.")
    label = features.get("label")
    names = tuple(label.names) if isinstance(label, tfds.features.ClassLabel) else ()
    try:
        dataset = builder.as_dataset(
            split=split,
            shuffle_files=False,
            # One file at a time: the order of images is part of a run's identity.
            read_config=tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False),
        )
    except (ValueError, KeyError) as error:
        raise InputError(
            f"The data set {name} has no split {split!r}. It has: {', '.join(builder.info.splits)}."
        ) from error
    count = int(dataset.cardinality())
    if count < 1:
        raise InputError(f"The split {split!r} of {name} has no images.")
    try:
        images, labels, counts = _decode(dataset, count, name, rules, bool(names), cache_gigabytes, feature)
    except tf.errors.OpError as error:
        raise InputError(
            f"The prepared data of {name} in {builder.data_dir} are damaged: {error.message.splitlines()[0]}"
        ) from error
    source = f"{builder.info.full_name}, {split} ({count:,} images)"
    return ImageData(images, labels, names, source, notes=rules.notes(counts), effects=rules.effects(counts))


def split_names(name: str, data_dir: str | None, download: bool = False) -> tuple[str, ...]:
    """The splits of prepared data; of others none, or where `download` says so those of data that are then prepared.

    Raises:
        InputError: the data are to be downloaded and cannot be.
    """
    builder = _prepared_builder(name, data_dir) or (_download(name, data_dir) if download else None)
    return () if builder is None else tuple(builder.info.splits)


def _decode(
    dataset: Any,
    count: int,
    name: str,
    rules: PictureRules,
    labelled: bool,
    cache_gigabytes: float,
    feature: str,
) -> tuple[np.ndarray, np.ndarray | None, Counter[str]]:
    # Images of several sizes cannot be batched; single ones cost ten times as long to hand over.
    one_size = dataset.element_spec[feature].shape.is_fully_defined()
    images: np.ndarray | None = None
    labels = np.empty(count, np.int64) if labelled else None
    start = 0
    counts: Counter[str] = Counter()
    for chunk in dataset.batch(BATCH_ROWS if one_size else 1).as_numpy_iterator():
        if chunk[feature].dtype != np.uint8:
            raise InputError(f"The images of {name} must be uint8. Received: {chunk[feature].dtype}.")
        pixels = _converted(chunk[feature], rules, counts)
        if images is None:
            images = allocate((count, *pixels.shape[1:]), cache_gigabytes)
        if pixels.shape[1:] != images.shape[1:]:
            raise InputError(
                f"The images of {name} have several sizes, such as {images.shape[1]}x{images.shape[2]} and "
                f"{pixels.shape[1]}x{pixels.shape[2]}. Give one for all with {option('image_size')}."
            )
        rows = slice(start, start + len(pixels))
        images[rows] = pixels
        if labels is not None:
            labels[rows] = chunk["label"]
        start += len(pixels)
    assert images is not None
    return images, labels, counts


def _converted(pixels: np.ndarray, rules: PictureRules, counts: Counter[str]) -> np.ndarray:
    """uint8 (n, H, W, C) with the wanted size and channels; the effects of the rules are counted."""
    if rules.size in (None, pixels.shape[1:3]) and rules.channels in (None, pixels.shape[-1]):
        return pixels
    converted = [convert(from_array(image), rules) for image in pixels]
    counts.update(effect for each in converted for effect in each.effects)
    return np.stack([each.pixels for each in converted])


def _prepared_builder(name: str, data_dir: str | None) -> Any:
    """The builder of data that are on disk; None where there are none. Needs no network."""
    import tensorflow_datasets as tfds

    try:
        return tfds.core.read_only_builder.builder_from_files(name, data_dir=data_dir)
    except (tfds.core.registered.DatasetNotFoundError, FileNotFoundError, ValueError):  # ValueError: not a name's form
        return None


def _download(name: str, data_dir: str | None) -> Any:
    import tensorflow_datasets as tfds

    known = tfds.list_builders(with_community_datasets=False)
    if name.split("/")[0].split(":")[0] not in known:
        if "/" in name:  # a path, or a configuration of a data set that there is not
            raise InputError(
                f"The folder {name!r} does not exist, and TensorFlow Datasets has no {name.split('/')[0]}. "
                "Expected a folder of images, a CSV file, or a TFDS name such as mnist."
            )
        close = unknown_choice("data set", name, known)
        hint = str(close).split("Expected one of")[0]
        raise InputError(
            f"{hint}Expected digits, a TFDS image data set such as mnist or cifar10, a folder of images, or a CSV file."
        )
    where = data_dir or tfds.core.constants.DATA_DIR
    if not _network():
        raise InputError(
            f"The data set {name} is not prepared in {where} and there is no network to download it. "
            f"Point {option('data_dir')} or TFDS_DATA_DIR at prepared data, or train on {option('dataset', 'digits')}."
        )
    try:
        builder = tfds.builder(name, data_dir=data_dir)
        builder.download_and_prepare()
    except Exception as error:  # TFDS raises what its many sources raise
        raise InputError(f"The data set {name} could not be downloaded to {where}: {error}") from error
    return builder


def _network() -> bool:
    """Whether there is a network, known within `NETWORK_SECONDS`, a name server that hangs included."""
    answers: list[bool] = []

    def ask() -> None:
        try:
            urllib.request.urlopen(NETWORK_PROBE, timeout=NETWORK_SECONDS)
        except urllib.error.HTTPError:
            pass
        except OSError:
            return
        answers.append(True)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(NETWORK_SECONDS)
    return bool(answers)
