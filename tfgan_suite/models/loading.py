"""Models from disk, with their optimizers."""

from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar, overload

import keras

from tfgan_suite.arguments import checked_types
from tfgan_suite.errors import InputError
from tfgan_suite.models.algorithm import Algorithm
from tfgan_suite.presets import MODELS

Kind = TypeVar("Kind", bound=Algorithm)


def model_classes() -> dict[str, type[Algorithm]]:
    """The class of every model that a preset names; Keras knows their files from then on."""
    return {name: getattr(import_module(module), name) for name, module in MODELS.items()}


@overload
def load_model(path: Path | str) -> Any: ...
@overload
def load_model(path: Path | str, kind: type[Kind]) -> Kind: ...


@checked_types
def load_model(path: Path | str, kind: type[Algorithm] = Algorithm) -> Any:
    """A model from a `.keras` file, in Keras's safe mode, with its optimizers and its loss.

    Keras's own `load_model` works too once the model's class has been imported; this one sees to it.

    Args:
        path: a file that `model.save` or a run's checkpoint wrote.
        kind: the class that is expected.

    Raises:
        InputError: the file is missing, damaged, or holds no such model of this package.
    """
    if not Path(path).is_file():
        raise InputError(f"The model {path} does not exist. Expected a file NAME.keras.")
    if Path(path).suffix != ".keras":
        raise InputError(f"{path} is no model. Expected a file NAME.keras.")
    model_classes()
    try:
        model = keras.saving.load_model(path, safe_mode=True)
    except Exception as error:  # Keras raises many kinds for files that are damaged or foreign
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"The model {path} cannot be loaded: {reason}") from error
    if not isinstance(model, kind):
        expected = "model" if kind is Algorithm else kind.__name__
        raise InputError(f"{path} holds no {expected} of tfgan_suite. Received: a {type(model).__name__}.")
    return model
