"""What is converted: an exported generator or a run, and what its images must be; of translators see `translator`."""

import contextlib
import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from tfgan_suite.errors import InputError, one_line, option, printable
from tfgan_suite.exported import card_of, is_translator, version_folder, way_folder
from tfgan_suite.files import is_run
from tfgan_suite.formats.frozen import FrozenGenerator
from tfgan_suite.formats.translator import TranslatorSource
from tfgan_suite.labels import MAX_CLASSES
from tfgan_suite.latents import latents_from_seeds
from tfgan_suite.marking import check_parent, generator_name
from tfgan_suite.models.from_latents import FromLatents
from tfgan_suite.models.loading import load_model
from tfgan_suite.ports import labels_port
from tfgan_suite.runs.exporting import opened_generator, opened_translator
from tfgan_suite.runs.record import newest_of_run, read_config
from tfgan_suite.serving.saved_generator import SavedGenerator, read_card
from tfgan_suite.versions import remedy

# Images from latents float32 (N, L) and labels, None without them: float32 (N, H, W, C) in [-1, 1].
Images = Callable[[np.ndarray, Any], np.ndarray]


class Source:
    """A generator of latents to be converted.

    Args:
        saved: as it was exported.
        images: what its images must be; of a run the Keras generator, else the exported one.

    Attributes:
        card: what the export says of itself; see `read_card`.
        name: what it calls itself in pictures.
        frozen: its graph, for the converters.

    Raises:
        InputError: a card that does not fit the graph.
    """

    def __init__(self, saved: SavedGenerator, images: Images):
        self.saved = saved
        self.images = images
        self.card = read_card(saved.path)
        self.name = printable(generator_name(saved))  # a folder of data may have a name that is no text
        labels = saved.labels
        if labels is not None and not (type(labels.size) is int and 0 < labels.size < MAX_CLASSES):
            raise self._refusal(f"num_{labels.kind}", f"a number of {labels.kind}", labels.size)
        self.frozen = FrozenGenerator(saved.path, labels)
        self._check_card()

    def _check_card(self) -> None:
        """A card may have been changed since, and goes into the files."""
        saved, names = self.saved, self.card.get("label_names") or []
        rows = {spec.name: spec.shape[1:].as_list() for spec in self.frozen.specs}
        images = self.frozen.concrete.structured_outputs["images"].shape[1:].as_list()
        labels = [] if saved.labels is None else list(labels_port(saved.labels).row_shape or ())
        told = {
            "image_shape": (images, list(saved.image_shape)),
            "latent_dim": (rows["latents"], [saved.latent_dim]),
            "labels": (rows.get("labels"), labels if saved.is_conditional else None),
        }
        for what, (expected, received) in told.items():
            if received != expected:
                raise self._refusal(what, expected, received)
        if not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
            raise self._refusal("label_names", "a list of names", names)

    def _refusal(self, what: str, expected: object, received: object) -> InputError:
        return InputError(
            f"The card of {self.saved.path} does not fit its graph: {what} must be {expected}. "
            f"Received: {one_line(str(received))}. Export the generator again."
        )

    def inputs(self, rows: int) -> tuple[np.ndarray, np.ndarray | None]:
        """Latents and labels of the seeds 0, 1, ...; the labels go through all classes in turn."""
        latents = latents_from_seeds(np.arange(rows), self.saved.latent_dim).numpy()
        return latents, None if self.saved.labels is None else self.saved.labels.check(None, rows)


@contextlib.contextmanager
def opened(path: Path | str, direction: str | None = None) -> Iterator[Source | TranslatorSource]:
    """A generator of latents, or a translator, from where users have one.

    Args:
        path: a run folder, of which the newest checkpoint is taken; a folder of a SavedModel or of its versions.
        direction: of `DIRECTIONS`, of a model that translates both ways; None: the first of them.

    Raises:
        InputError: neither, one that is damaged, or a direction in which it does not go.
    """
    if _translates(path, direction):
        with opened_translator(path, direction) as translator:
            yield TranslatorSource(translator)
        return
    with opened_generator(path) as saved:
        if is_run(path):
            model = load_model(newest_of_run(path), FromLatents)
            model.checked_direction(direction)
            yield Source(saved, functools.partial(_keras_images, model))
        else:
            yield Source(saved, saved.images_from_latents)


def _translates(path: Path | str, direction: str | None) -> bool:
    if is_run(path):
        return read_config(Path(path)).config.translates
    return is_translator(card_of(version_folder(way_folder(path, direction))))


def _keras_images(model: FromLatents, latents: np.ndarray, labels: Any) -> np.ndarray:
    return model.images_from_latents(tf.constant(latents), None if labels is None else tf.constant(labels)).numpy()


def check_output(path: Path | str, suffix: str) -> Path:
    """The path of a file to be written.

    Raises:
        InputError: another suffix, a folder, or a folder around it that does not exist.
    """
    path = Path(path)
    if path.suffix.lower() != suffix:
        raise InputError(f"{option('output')} must be NAME{suffix}. Received: {path}.")
    if path.is_dir():
        raise InputError(f"{option('output')} must be a file. {path} is a folder.")
    check_parent(path)
    return path


def missing_extra(name: str, error: ImportError) -> InputError:
    """The error for a format whose libraries are not installed."""
    return InputError(
        f"{option('format', name)} needs libraries that are not installed ({error.name or error}). "
        f"Install them with: {remedy(name if name != 'web' else 'onnx')}"
    )
