"""What is converted: an exported generator or a run, and what its images must be."""

import contextlib
import functools
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from tfgan_suite.errors import InputError
from tfgan_suite.exporting import export_run
from tfgan_suite.formats.frozen import FrozenGenerator
from tfgan_suite.labels import check_labels
from tfgan_suite.latents import latents_from_seeds
from tfgan_suite.marking import check_parent, generator_name
from tfgan_suite.models.gan import GAN
from tfgan_suite.models.loading import load_model
from tfgan_suite.run_folder import CONFIG, newest_of_run
from tfgan_suite.serving.saved_generator import SavedGenerator, read_card

# Images from latents float32 (N, L) and labels, None without them: float32 (N, H, W, C) in [-1, 1].
Images = Callable[[np.ndarray, Any], np.ndarray]


class Source:
    """A generator to be converted.

    Args:
        saved: as it was exported.
        images: what its images must be; of a run the Keras generator, else the exported one.

    Attributes:
        card: what the export says of itself; see `read_card`.
        name: what it calls itself in pictures.
        frozen: its graph, for the converters.
    """

    def __init__(self, saved: SavedGenerator, images: Images):
        self.saved = saved
        self.images = images
        self.card = read_card(saved.path)
        self.name = generator_name(saved)
        self.frozen = FrozenGenerator(saved.path, saved.num_classes)

    def inputs(self, rows: int) -> tuple[np.ndarray, np.ndarray | None]:
        """Latents and labels of the seeds 0, 1, ...; the labels go through all classes in turn."""
        latents = latents_from_seeds(np.arange(rows), self.saved.latent_dim).numpy()
        if not self.saved.is_conditional:
            return latents, None
        return latents, check_labels(None, rows, self.saved.num_classes, self.saved.num_attributes)


@contextlib.contextmanager
def opened(path: Path | str) -> Iterator[Source]:
    """A generator from where users have one.

    A run goes through an export into a temporary folder, so that one way leads to each format.

    Args:
        path: a run folder, of which the newest checkpoint is taken; a folder of a SavedModel or of its versions.

    Raises:
        InputError: neither, or one that is damaged.
    """
    if not (Path(path) / CONFIG).is_file():
        saved = SavedGenerator(path)
        yield Source(saved, saved.images_from_latents)
        return
    model = load_model(newest_of_run(path))
    with tempfile.TemporaryDirectory() as folder:
        yield Source(SavedGenerator(export_run(path, folder)), functools.partial(_keras_images, model))


def _keras_images(model: GAN, latents: np.ndarray, labels: Any) -> np.ndarray:
    return model.images_from_latents(tf.constant(latents), None if labels is None else tf.constant(labels)).numpy()


def check_output(path: Path | str, suffix: str) -> Path:
    """The path of a file to be written.

    Raises:
        InputError: another suffix, a folder, or a folder around it that does not exist.
    """
    path = Path(path)
    if path.suffix.lower() != suffix:
        raise InputError(f"--output must be NAME{suffix}. Received: {path}.")
    if path.is_dir():
        raise InputError(f"--output must be a file. {path} is a folder.")
    check_parent(path)
    return path


def missing_extra(name: str, error: ImportError) -> InputError:
    """The error for a format whose libraries are not installed."""
    return InputError(
        f"--format {name} needs libraries that are not installed ({error.name or error}). "
        f"Install them with: pip install 'tfgan_suite[{name if name != 'web' else 'onnx'}]'"
    )
