"""Two optimizers under the one name that Keras and its callbacks look for."""

from collections.abc import Callable
from typing import Any

import keras

from tfgan_suite.errors import InputError

_OWN = ("optimizers", "built", "name")


class OptimizerPair:
    """What `model.optimizer` is for a GAN: the generator's and the discriminator's optimizer.

    Keras's learning-rate callbacks and TensorBoard ask `model.optimizer.optimizers` for all that
    there are and treat each: `LearningRateScheduler` calls its function once for each with that
    one's rate, `ReduceLROnPlateau` lowers both by the same factor, and both log
    `learning_rate_generator` and `learning_rate_discriminator`.

    A setting that both have, such as `learning_rate` or `clipnorm`, is read where it is equal for both, and set
    for both where it was equal before. What is one optimizer's work alone, such as `apply`, is refused.

    Args:
        generator: the generator's optimizer.
        discriminator: the discriminator's optimizer.

    Raises:
        InputError: a setting that differs is read or set, or a method of one optimizer is called.
    """

    built = True
    name = "optimizer_pair"

    def __init__(self, generator: keras.optimizers.Optimizer, discriminator: keras.optimizers.Optimizer):
        self.optimizers = [generator, discriminator]

    @property
    def iterations(self) -> Any:
        """Steps of the generator, which are the steps of training."""
        return self.optimizers[0].iterations

    @property
    def variables(self) -> list[keras.Variable]:
        """Those of both, the generator's first."""
        return [variable for optimizer in self.optimizers for variable in optimizer.variables]

    def get_config(self) -> dict[str, Any]:
        """The configuration of each by its name."""
        return {optimizer.name: optimizer.get_config() for optimizer in self.optimizers}

    def __getattr__(self, name: str) -> Any:
        # Reached for names that are not above. Python's own and Keras's private ones are not ours to answer.
        if name.startswith("_") or not all(hasattr(optimizer, name) for optimizer in self.__dict__["optimizers"]):
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
        values = [getattr(optimizer, name) for optimizer in self.optimizers]
        if callable(values[0]):
            return _refusing(name)
        if not _are_equal(*values):
            raise InputError(f"{_differs(name, values)} Ask each.")
        # Not the generator's variable, which could be assigned to without the other's.
        return keras.ops.convert_to_tensor(values[0]) if hasattr(values[0], "shape") else values[0]

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _OWN:
            return super().__setattr__(name, value)
        if name.startswith("_") or not all(hasattr(optimizer, name) for optimizer in self.optimizers):
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r} that could be set")
        values = [getattr(optimizer, name) for optimizer in self.optimizers]
        if name in ("iterations", "variables") or callable(values[0]):
            raise InputError(f"model.optimizer.{name} cannot be set: {_OF_ONE}.")
        if not _are_equal(*values):
            raise InputError(f"{_differs(name, values)} Set each.")
        try:
            for optimizer in self.optimizers:
                setattr(optimizer, name, value)
        except TypeError as error:  # a rate that follows a schedule
            raise InputError(f"model.optimizer.{name} cannot be set: {' '.join(str(error).split())}") from error
        return None


_OF_ONE = "it belongs to one optimizer, model.generator_optimizer or model.discriminator_optimizer"


def _refusing(name: str) -> Callable[..., Any]:
    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise InputError(
            f"model.optimizer holds the optimizers of two networks, and {name} is for one. "
            f"Call model.generator_optimizer.{name} or model.discriminator_optimizer.{name}."
        )

    return refuse


def _plain(value: Any) -> Any:
    """A number for a variable or a tensor; all else as it is."""
    return float(keras.ops.convert_to_numpy(value)) if hasattr(value, "shape") else value


def _are_equal(one: Any, other: Any) -> bool:
    return bool(_plain(one) == _plain(other))


def _differs(name: str, values: list[Any]) -> str:
    numbers = [f"{value:g}" if isinstance(value, float) else str(value) for value in map(_plain, values)]
    return (
        f"{name} differs: model.generator_optimizer.{name} is {numbers[0]}, model.discriminator_optimizer.{name} is "
        f"{numbers[1]}."
    )
