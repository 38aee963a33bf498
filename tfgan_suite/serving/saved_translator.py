"""A translator that was exported, run without Keras."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from tfgan_suite.errors import InputError
from tfgan_suite.exported import is_translator, read_card, version_folder
from tfgan_suite.models.refusals import refusal
from tfgan_suite.serving.loaded import load_saved


class SavedTranslator:
    """Pictures of pictures from an exported translator.

    A SavedModel is code. One that holds an operation which a translator has no need of is not loaded.

    Args:
        path: base folder (its highest version is taken) or version folder.
        trust: whether to load it whatever it holds.

    Attributes:
        path: the version folder.
        card: what it says of itself.
        max_rows: how many pictures it takes at a time.

    Raises:
        InputError: no SavedModel, a damaged one, or one that is no translator of this package.
    """

    def __init__(self, path: Path | str, trust: bool = False):
        self.path = version_folder(path)
        self.card = read_card(self.path)
        if "latent_dim" in self.card:
            raise InputError(f"{self.path} makes images of latents, and no pictures of pictures: use generate.py.")
        if not is_translator(self.card):
            raise InputError(
                f"{self.path} is no translator. Received: a model with the signatures "
                f"{', '.join(sorted(self.card['signatures']))}."
            )
        self.max_rows = int(self.card.get("max_rows", 1))
        self._function = load_saved(self.path, trust, of_translator=True).signatures["serving_default"]

    def translate(self, images: np.ndarray, masks: np.ndarray | None = None) -> np.ndarray:
        """What the translator makes of pictures of its own size.

        Args:
            images: uint8 (N, H, W, C), at most `max_rows`.
            masks: uint8 (N, H, W, 1), 128 or more in the hole; of a translator that takes them.

        Returns:
            uint8 (N, H, W, D).

        Raises:
            InputError: what the graph refuses.
        """
        inputs = {"images": tf.constant(images)} | ({} if masks is None else {"masks": tf.constant(masks)})
        try:
            return self._function(**inputs)["images"].numpy()
        except tf.errors.InvalidArgumentError as error:
            raise InputError(refusal(error)) from error
