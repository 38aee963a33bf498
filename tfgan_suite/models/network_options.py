"""Models that are told the options of their networks by keyword, each option written in `NetworkOptions` alone."""

import functools
import inspect
from collections.abc import Callable, Mapping
from inspect import Parameter
from typing import Any, ParamSpec

from tfgan_suite.errors import InputError, unknown_choice
from tfgan_suite.models.algorithm import Algorithm
from tfgan_suite.models.gan import GAN
from tfgan_suite.networks.bodies import options_of
from tfgan_suite.options.networks import OPTIONS, NetworkOptions

P = ParamSpec("P")


def takes_options(
    *bodies: str, base: type[Algorithm] = GAN, **defaults: Any
) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """For a constructor whose `**options` are those of its networks, and the keywords of the class that it extends.

    Its signature, which `help` shows, names each of them in their place. Its `options` hold every option of the
    networks, also those that were not given, and of the keywords of that class those that were.

    Args:
        bodies: names of `BODIES` or `TRANSLATORS`: the options that a network of these takes.
        base: the class.
        defaults: of options whose default is not None, the network's own.

    Raises:
        InputError: by the constructor, for a keyword that it does not have.
    """

    def decorate(init: Callable[P, None]) -> Callable[P, None]:
        own = [part for part in inspect.signature(init).parameters.values() if part.kind is not Parameter.VAR_KEYWORD]
        names = [name for name in options_of(*bodies) if name not in [part.name for part in own]]
        options = {name: defaults.get(name) for name in names}
        parts = {part.name: part for part in own}
        parts |= {
            name: Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=OPTIONS[name])
            for name, default in options.items()
        }
        of_base = inspect.signature(base.__init__).parameters.values()
        parts |= {part.name: part for part in of_base if part.kind is Parameter.KEYWORD_ONLY}

        @functools.wraps(init)
        def call(*args: P.args, **kwargs: P.kwargs) -> None:
            for name in kwargs:
                if name not in parts:
                    raise unknown_choice(f"argument of {type(args[0]).__name__}", name, parts.keys() - {"self"})
            try:
                inspect.signature(init).bind(*args)
            except TypeError as error:
                if "too many" in str(error):
                    raise InputError(
                        f"{type(args[0]).__name__} takes its options by name: {', '.join(options)}. Received: "
                        f"{len(args) - 1} arguments without a name."
                    ) from None
            return init(*args, **{**options, **kwargs})  # type: ignore[arg-type]

        call.__signature__ = inspect.Signature(list(parts.values()))  # type: ignore[attr-defined]
        call.__annotations__ = {part.name: part.annotation for part in parts.values() if part.name != "self"}
        return call

    return decorate


def parted(options: Mapping[str, Any]) -> tuple[dict[str, Any], NetworkOptions, dict[str, Any]]:
    """What a constructor with `takes_options` was given: the options of its networks, by name and all of them, and the
    keywords of the class that it extends.

    Raises:
        InputError: an option of another type, or out of its range.
    """
    of_networks = {name: value for name, value in options.items() if name in OPTIONS}
    checked = NetworkOptions(**of_networks)
    of_base = {name: value for name, value in options.items() if name not in OPTIONS}
    return {name: getattr(checked, name) for name in of_networks}, checked, of_base
