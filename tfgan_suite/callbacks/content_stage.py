"""The weights of a model of pairs before its adversarial loss comes in."""

from pathlib import Path
from typing import Any

import keras

from tfgan_suite.arguments import checked_types
from tfgan_suite.files import writing_whole
from tfgan_suite.models.paired_translator import PairedTranslator


class ContentStage(keras.callbacks.Callback):
    """Keeps the model as it is at the end of its `content_only_steps`: the adversarial loss will lower its PSNR.

    Args:
        path: of the file NAME.keras. A run that goes on from a later step leaves it as it is.
    """

    model: PairedTranslator

    @checked_types
    def __init__(self, path: Path | str):
        super().__init__()
        self.path = Path(path)

    def on_train_begin(self, logs: Any = None) -> None:
        self._before = int(self.model.step.numpy())

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        before, self._before = self._before, int(self.model.step.numpy())
        if before < self.model.content_only_steps <= self._before:
            with writing_whole(self.path) as partial:
                self.model.save(partial)
