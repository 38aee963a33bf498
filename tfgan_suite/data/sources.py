"""From the name of a data set to its images."""

from collections.abc import Callable
from pathlib import Path

from tfgan_suite.data.digits import load_digits
from tfgan_suite.data.image_data import ImageData
from tfgan_suite.data.image_files import load_csv, load_folder
from tfgan_suite.data.tfds_images import load_tfds, split_names
from tfgan_suite.errors import InputError

HELD_OUT_SHARE = 0.2  # of data without a split `test`
# What needs no path and no download. Any other name is looked for as a path, then among TFDS's.
DATASETS: dict[str, Callable[[tuple[int, int] | None, int | None], ImageData]] = {"digits": load_digits}


def load_images(
    dataset: str,
    split: str = "train",
    data_dir: str | None = None,
    image_size: tuple[int, int] | None = None,
    channels: int | None = None,
    skip_damaged: bool = False,
    cache_gigabytes: float = 4.0,
) -> ImageData:
    """A data set by name or path, whole, as uint8.

    Args:
        dataset: a key of `DATASETS`, a folder of images, a CSV file, or the name of a TFDS data set.
        split: of a TFDS data set.
        data_dir: where TFDS keeps its data.
        image_size: (height, width) to resize to, antialiased; None: as they are.
        channels: 1, 3 or 4; None: as they are.
        skip_damaged: leave out files that cannot be decoded.
        cache_gigabytes: images beyond this lie in a temporary file that is mapped to memory.

    Raises:
        InputError: the data set is not found, empty, damaged, or of several sizes.
    """
    if not dataset:
        raise InputError("The data set has no name. Expected digits, a folder of images, a CSV file, or a TFDS name.")
    path = Path(dataset).expanduser()
    if split != "train" and (dataset in DATASETS or path.exists()):
        raise InputError(f"Only data sets of TensorFlow Datasets have splits. Received: split {split!r} of {dataset}.")
    if dataset in DATASETS:
        data = DATASETS[dataset](image_size, channels)
    elif path.is_dir():
        data = load_folder(path, image_size, channels, skip_damaged, cache_gigabytes)
    elif path.suffix.lower() == ".csv":
        if not path.is_file():
            raise InputError(f"The CSV file {path} does not exist.")
        data = load_csv(path, image_size, channels, skip_damaged, cache_gigabytes)
    elif path.is_file():
        raise InputError(f"{path} is a file. Expected a folder of images or a CSV file NAME.csv.")
    elif path.is_absolute() or dataset.startswith((".", "~")):
        raise InputError(f"The folder {path} does not exist. Expected a folder of images or a file NAME.csv.")
    else:
        data = load_tfds(dataset, split, data_dir, image_size, channels, cache_gigabytes)
    return data.checked()


def load_train_and_test(
    dataset: str,
    data_dir: str | None = None,
    image_size: tuple[int, int] | None = None,
    channels: int | None = None,
) -> tuple[ImageData, ImageData]:
    """The splits `train` and `test`; of data without a split `test`, a random fifth is the second.

    Args:
        dataset, data_dir, image_size, channels: see `load_images`.

    Raises:
        InputError: as `load_images`.
    """
    train = load_images(dataset, data_dir=data_dir, image_size=image_size, channels=channels)
    if "test" in splits_of(dataset, data_dir):
        return train, load_images(dataset, "test", data_dir=data_dir, image_size=image_size, channels=channels)
    return train.split(HELD_OUT_SHARE)


def splits_of(dataset: str, data_dir: str | None = None) -> tuple[str, ...]:
    """The splits of a data set of TensorFlow Datasets that is prepared; none of any other."""
    if dataset in DATASETS or Path(dataset).expanduser().exists():
        return ()
    return split_names(dataset, data_dir)
