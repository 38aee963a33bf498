"""What every network of the suite is."""

import inspect
from collections.abc import Mapping
from typing import Any

import keras


class Network(keras.Model):
    """A functional model whose configuration is what its constructor was given.

    Args:
        inputs: symbolic tensor, or several in a list.
        outputs: symbolic tensor made of them, or several.
        arguments: at least the constructor's, by name, each as JSON may have it: `locals()` at its end.
    """

    def __init__(
        self,
        inputs: keras.KerasTensor | list[keras.KerasTensor],
        outputs: keras.KerasTensor | list[keras.KerasTensor],
        arguments: Mapping[str, Any],
    ):
        super().__init__(inputs, outputs, name=arguments["name"])
        self._arguments = {
            name: arguments[name] for name in inspect.signature(type(self)).parameters if name in arguments
        }

    def get_config(self) -> dict[str, Any]:
        return dict(self._arguments)
