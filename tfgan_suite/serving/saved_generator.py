"""A generator that was exported, run without Keras."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from tfgan_suite.errors import InputError
from tfgan_suite.labels import check_labels

CARD = "assets.extra/tfgan_suite.json"


def version_folder(path: Path | str) -> Path:
    """The folder of a SavedModel: itself, or the highest version in a base folder.

    Raises:
        InputError: there is none.
    """
    path = Path(path)
    if (path / "saved_model.pb").is_file():
        return path
    versions = [entry for entry in path.glob("*") if entry.name.isdecimal() and (entry / "saved_model.pb").is_file()]
    if not versions:
        raise InputError(
            f"{path} is no SavedModel. Expected a folder that train.py or export.py wrote, or one of its versions."
        )
    return max(versions, key=lambda entry: int(entry.name))


class SavedGenerator:
    """Images from an exported generator.

    Args:
        path: base folder (its highest version is taken) or version folder.

    Attributes:
        image_shape: (height, width, channels).
        latent_dim: length of a latent vector.
        num_classes: number of classes; None without them.
        num_attributes: number of attributes; None without them.

    Raises:
        InputError: no SavedModel, a damaged one, or one that is no generator of this package.
    """

    def __init__(self, path: Path | str):
        self.path = version_folder(path)
        try:
            self._model = tf.saved_model.load(str(self.path))
        except Exception as error:  # TensorFlow raises many kinds for files that are damaged
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise InputError(f"The SavedModel {self.path} cannot be loaded: {reason}") from error
        try:
            self._sample = self._model.signatures["sample"]
            card = json.loads((self.path / CARD).read_text(encoding="utf-8"))
            self.image_shape = tuple(card["image_shape"])
            self.latent_dim: int = card["latent_dim"]
            self.num_classes: int | None = card["num_classes"]
            self.num_attributes: int | None = card["num_attributes"]
        except (KeyError, OSError, ValueError) as error:
            raise InputError(
                f"The SavedModel {self.path} is no generator of tfgan_suite: it lacks the signature 'sample' or {CARD}."
            ) from error

    @property
    def is_conditional(self) -> bool:
        """Whether it takes labels."""
        return self.num_classes is not None or self.num_attributes is not None

    def check_labels(self, labels: Any, count: int) -> np.ndarray | None:
        """The labels of `count` images; None for a generator without labels.

        Raises:
            InputError: labels that do not fit.
        """
        if self.is_conditional:
            return check_labels(labels, count, self.num_classes, self.num_attributes)
        if labels is not None:
            raise InputError(f"The generator {self.path} is not conditional and takes no labels.")
        return None

    def generate(self, seeds: np.ndarray, labels: Any = None, batch_size: int = 256) -> np.ndarray:
        """Images of seeds, each depending on its seed (and label) alone.

        Args:
            seeds: int64 (N,).
            labels: see `check_labels`.
            batch_size: images made at a time.

        Returns:
            float32 (N, H, W, C) in [-1, 1].
        """
        inputs = {"seeds": np.asarray(seeds, np.int64)}
        values = self.check_labels(labels, len(seeds))
        if values is not None:
            inputs["labels"] = values
        parts = [slice(start, start + batch_size) for start in range(0, len(seeds), batch_size)]
        images = [
            self._sample(**{key: tf.constant(value[part]) for key, value in inputs.items()})["images"] for part in parts
        ]
        return np.concatenate(images)
