"""A generator that was exported, run without Keras."""

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from tfgan_suite.arguments import checked_types
from tfgan_suite.errors import InputError
from tfgan_suite.exported import CARD as CARD
from tfgan_suite.exported import CARD_BESIDE as CARD_BESIDE
from tfgan_suite.exported import card_of, is_translator
from tfgan_suite.exported import read_card as read_card
from tfgan_suite.exported import version_folder as version_folder
from tfgan_suite.labels import Labels
from tfgan_suite.models.refusals import refusal
from tfgan_suite.serving.loaded import load_saved


class SavedGenerator:
    """Images from an exported generator.

    A SavedModel is code. One that holds an operation which a generator has no need of is not loaded.

    Args:
        path: base folder (its highest version is taken) or version folder.
        trust: whether to load it whatever it holds.

    Attributes:
        path: the version folder.
        name: what messages call it; the path, unless it is set to another.
        card: what it says of itself.
        image_shape: (height, width, channels).
        latent_dim: length of a latent vector.
        labels: the labels that it takes; None without them.

    Raises:
        InputError: no SavedModel, a damaged one, or one that is no generator of this package.
    """

    @checked_types
    def __init__(self, path: Path | str, trust: bool = False):
        self.path = version_folder(path)
        self.name = str(self.path)
        if is_translator(card_of(self.path)):
            raise InputError(f"{self.path} makes no images of latents, but pictures of pictures: use translate.py.")
        self._model = load_saved(self.path, trust)
        self.card = card = read_card(self.path)
        if "latent_dim" not in card:
            raise InputError(
                f"{self.path} makes no images of latents. Expected a generator. Received: a model with the signatures "
                f"{', '.join(sorted(card['signatures']))}."
            )
        self.image_shape: tuple[int, int, int] = card["image_shape"]
        self.latent_dim: int = card["latent_dim"]
        self.labels = Labels.of_card(card)

    @property
    def num_classes(self) -> int | None:
        """Number of classes; None without them."""
        return Labels.facts(self.labels)["num_classes"]

    @property
    def num_attributes(self) -> int | None:
        """Number of attributes; None without them."""
        return Labels.facts(self.labels)["num_attributes"]

    @property
    def is_conditional(self) -> bool:
        """Whether it takes labels."""
        return self.labels is not None

    @property
    def label_names(self) -> tuple[str, ...]:
        """Names of its classes or attributes; empty where it knows none."""
        return () if self.labels is None else self.labels.names

    def weights(self) -> list[dict[str, np.ndarray]]:
        """The weights of each layer by their names, such as `kernel`, in the order in which an image passes them."""
        layers: dict[str, dict[str, np.ndarray]] = {}
        for variable in self._model.signatures["serving_default"].variables:
            layer, _, name = variable.name.removesuffix(":0").rpartition("/")
            layers.setdefault(layer, {})[name] = variable.numpy()
        return list(layers.values())

    def check_labels(self, labels: Any, count: int) -> np.ndarray | None:
        """The labels of `count` images, see `Labels.check`; None for a generator without labels.

        Raises:
            InputError: labels that do not fit.
        """
        if self.labels is not None:
            return self.labels.check(labels, count)
        if labels is not None:
            raise InputError(f"The generator {self.name} is not conditional and takes no labels.")
        return None

    def generate(
        self, seeds: np.ndarray, labels: Any = None, batch_size: int = 256, truncation: float | None = None
    ) -> np.ndarray:
        """Images of seeds, each depending on its seed (and label) alone.

        Args:
            seeds: int64 (N,).
            labels: classes or rows of attributes, or their names; see `check_labels`.
            batch_size: images made at a time.
            truncation: latents stay in [-truncation, truncation], greater than 0: the smaller, the more
                typical and the less diverse; None: as the generator was trained.

        Returns:
            float32 (N, H, W, C) in [-1, 1].
        """
        inputs = {"seeds": np.asarray(seeds, np.int64)}
        if truncation is None:
            return self._images("sample", inputs, labels, batch_size)
        inputs["truncation"] = np.full(len(seeds), truncation, np.float32)
        return self._images("sample_truncated", inputs, labels, batch_size)

    def images_from_latents(self, latents: np.ndarray, labels: Any = None, batch_size: int = 256) -> np.ndarray:
        """Images of latents, float32 (N, latent_dim); all else as `generate`."""
        return self._images("serving_default", {"latents": np.asarray(latents, np.float32)}, labels, batch_size)

    def graph_of_images(self, latents: tf.Tensor, labels: tf.Tensor | None = None) -> tf.Tensor:
        """Latents (N, latent_dim) and labels, which must be right, -> images, for a graph or a tape of who calls it."""
        run = self._model.signatures["serving_default"]
        return run(latents=latents, **({} if labels is None else {"labels": labels}))["images"]

    def interpolate(
        self, latents_a: np.ndarray, latents_b: np.ndarray, t: np.ndarray, labels: Any = None, batch_size: int = 256
    ) -> np.ndarray:
        """Images on the way from a, at t = 0, to b, at t = 1; see `latents.interpolated`.

        Args:
            latents_a: float32 (N, latent_dim).
            latents_b: float32 (N, latent_dim).
            t: float32 (N,), in [0, 1].
            labels: see `check_labels`.
            batch_size: images made at a time.

        Returns:
            float32 (N, H, W, C) in [-1, 1].
        """
        inputs = {name: np.asarray(value, np.float32) for name, value in (("latents_a", latents_a), ("t", t))}
        inputs["latents_b"] = np.asarray(latents_b, np.float32)
        return self._images("interpolate", inputs, labels, batch_size)

    def _images(self, signature: str, inputs: dict[str, np.ndarray], labels: Any, batch_size: int) -> np.ndarray:
        if signature not in self._model.signatures:
            raise InputError(f"The SavedModel {self.name} has no signature {signature!r}. Export it again.")
        count = len(next(iter(inputs.values())))
        values = self.check_labels(labels, count)
        if values is not None:
            inputs = {**inputs, "labels": values}
        run = self._model.signatures[signature]
        parts = [slice(start, start + batch_size) for start in range(0, count, batch_size)]
        try:
            made = [run(**{key: tf.constant(value[part]) for key, value in inputs.items()}) for part in parts]
        except tf.errors.InvalidArgumentError as error:
            raise InputError(refusal(error)) from error
        images = np.concatenate([part["images"] for part in made])
        if not np.isfinite(images).all():
            raise InputError(f"{self.name} makes images that are not finite: its training has diverged.")
        return images
