"""What every test runs with: two logical CPU devices, known random numbers, Keras's default dtype policy."""

import gc
import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import pytest
import tensorflow as tf
from real_server import there

from tfgan_suite.callbacks.health_measures import memory_mib
from tfgan_suite.data.image_data import ImageData
from tfgan_suite.data.sources import load_images

# Graphs are many long-lived objects, which Python's collector would look through again and again: 6 to 8 % of the
# time of files that make many.
gc.set_threshold(50_000, 20, 100)
MUCH_MIB = 3_000  # of one worker, of which three run at a time
PART = 15  # tests of a file that a worker takes at once

tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)


_as_iterated = tf.data.Dataset._apply_debug_options


def _untuned(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """Without TensorFlow's tuner, also of those that Keras makes of arrays: its thread may hold up the end of an
    iterator for up to a minute, in whatever test Python frees it."""
    options = tf.data.Options()
    options.autotune.enabled = False
    return _as_iterated(dataset).with_options(options)


tf.data.Dataset._apply_debug_options = _untuned


@pytest.hookimpl(tryfirst=True)  # before xdist looks for the groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Divides what several workers take at once: tests that share a fixture of their file stay together, all others go
    in parts of a file. What cannot be divided comes first, so that no worker is left with it at the end, and of the
    others what has few tests, since these are the long ones."""
    if not hasattr(config, "workerinput"):
        return
    seen: Counter[str] = Counter()
    groups: dict[pytest.Item, str] = {}
    for item in items:
        lane = f"{item.nodeid.partition('::')[0]} {'slow' if item.get_closest_marker('slow') else 'quick'}"
        groups[item] = lane if _shares_a_fixture(item) else f"{lane} {seen[lane] // PART}"
        seen[lane] += 1
        item.add_marker(pytest.mark.xdist_group(groups[item]))
    sizes = Counter(groups.values())
    whole = {groups[item] for item in items if _shares_a_fixture(item)}
    items.sort(key=lambda item: (groups[item] not in whole, sizes[groups[item]]))


def _shares_a_fixture(item: Any) -> bool:
    """Whether a test takes what is made once for its file."""
    made = {name: fixtures[-1].scope for name, fixtures in item._fixtureinfo.name2fixturedefs.items()}
    return "module" in {scope for name, scope in made.items() if name != graphs_of_before_freed.__name__}


def pytest_report_header() -> str | None:
    if there("real", "url"):
        return None
    return "no tensorflow_model_server here: tests of the real server are left out, those of its stand-in run"


@pytest.fixture(scope="module", autouse=True)
def graphs_of_before_freed() -> Iterator[None]:
    """Memory for the tests that follow: graphs refer to themselves, and what looks for such comes seldom, see above."""
    yield
    if memory_mib() > MUCH_MIB:
        gc.collect()


@pytest.fixture(autouse=True)
def known_start() -> Iterator[None]:
    """The same random numbers for a test whatever ran before it, and no dtype policy left behind."""
    keras.utils.set_random_seed(0)
    yield
    keras.config.set_dtype_policy("float32")


@pytest.fixture(scope="session")
def mirrored() -> tf.distribute.MirroredStrategy:
    """Two replicas on the CPU. The only one of the process: the collective keys of several collide."""
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


@pytest.fixture(scope="session")
def tfds_dir() -> str:
    """A folder where TensorFlow Datasets has MNIST prepared."""
    folder = os.environ.get("TFDS_DATA_DIR")
    if not folder:
        pytest.skip("TFDS_DATA_DIR is not set: point it at a folder with prepared data sets")
    if not list(Path(folder).glob("mnist/*/dataset_info.json")):
        pytest.skip(f"TFDS_DATA_DIR={folder} has no prepared mnist")
    return folder


@pytest.fixture(scope="session")
def small_digits() -> ImageData:
    """The embedded digits at 8x8x1, with their ten classes."""
    return load_images("digits", image_size=(8, 8))
