"""Arguments of another type or range than a public function takes, refused in one line as the command line does."""

import functools
import inspect
import numbers
import types
import typing
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, ParamSpec, TypeVar

from tfgan_suite.errors import InputError

P = ParamSpec("P")
Result = TypeVar("Result")
# What stands for a plain type: NumPy's numbers are as good as Python's, and True is no number.
_KINDS: dict[Any, tuple[Callable[[Any], bool], str]] = {
    bool: (lambda value: isinstance(value, bool), "True or False"),
    int: (lambda value: isinstance(value, numbers.Integral) and not isinstance(value, bool), "an integer"),
    float: (lambda value: isinstance(value, numbers.Real) and not isinstance(value, bool), "a number"),
    str: (lambda value: isinstance(value, str), "text"),
    Path: (lambda value: isinstance(value, Path), "a path"),
    types.NoneType: (lambda value: value is None, "None"),
}


def checked_types(function: Callable[P, Result]) -> Callable[P, Result]:
    """A function that refuses arguments of another type than their annotation; ranges are the function's own matter.

    Looked at are numbers, text, paths, True and False, None, tuples and sequences of these, and what must be an array;
    all else, such as models, passes.

    Args:
        function: whose parameters are annotated.

    Raises:
        InputError: by the function that is returned, naming the argument, what was expected and what was received.
    """
    signature = inspect.signature(function)
    hints: dict[str, Any] = {}

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> Result:
        if not hints:
            hints.update(typing.get_type_hints(function) or {"return": None})
        for name, value in signature.bind(*args, **kwargs).arguments.items():
            refuse_type(name, value, hints.get(name, Any))
        return function(*args, **kwargs)

    return call


def refuse_type(name: str, value: Any, hint: Any) -> None:
    """Refuses a value of another type than its annotation.

    Raises:
        InputError: it is.

    >>> refuse_type("count", 3, int | None)
    >>> refuse_type("size", (16, 16.5), tuple[int, int])
    Traceback (most recent call last):
    ...
    tfgan_suite.errors.InputError: size must be a tuple of an integer, an integer. Received: (16, 16.5).
    """
    if not _fits(value, hint):
        shown = repr(value) if isinstance(value, str | numbers.Number | tuple | None) else f"a {type(value).__name__}"
        raise InputError(f"{name} must be {_said(hint)}. Received: {shown}.")


class Range(NamedTuple):
    """The numbers from `low` on that are below `high`, and how they are said.

    >>> Range(0.0, 1.0, "in [0, 1)").refuse("dropout", 1.5)
    Traceback (most recent call last):
    ...
    tfgan_suite.errors.InputError: dropout must be in [0, 1). Received: 1.5.
    """

    low: float
    high: float
    said: str

    def refuse(self, name: str, value: Any) -> None:
        """Refuses a number that is not one of them, or a tuple with such a number; None passes.

        Raises:
            InputError: it is not.
        """
        for number in value if isinstance(value, tuple | list) else (value,):
            if number is not None and not self.low <= number < self.high:  # false for NaN
                raise InputError(f"{name} must be {self.said}. Received: {value}.")


def _fits(value: Any, hint: Any) -> bool:
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if hint in _KINDS:
        return _KINDS[hint][0](value)
    if origin in (types.UnionType, typing.Union):
        return any(_fits(value, part) for part in parts)
    if origin is tuple:
        if not isinstance(value, tuple | list):
            return False
        if len(parts) == 2 and parts[1] is Ellipsis:
            return all(_fits(item, parts[0]) for item in value)
        return len(value) == len(parts) and all(_fits(item, part) for item, part in zip(value, parts, strict=True))
    if _is_array(hint):
        kind = getattr(getattr(value, "dtype", None), "kind", "")
        return isinstance(value, list | tuple) or (hasattr(value, "__array__") and kind not in ("S", "U"))
    if origin in (list, Sequence):
        # An array is a sequence too, of numbers that it knows itself.
        return not isinstance(value, str) and hasattr(value, "__len__") and all(_fits(item, parts[0]) for item in value)
    return True


def _said(hint: Any) -> str:
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if hint in _KINDS:
        return _KINDS[hint][1]
    if origin in (types.UnionType, typing.Union):
        return " or ".join(_said(part) for part in parts)
    if origin is tuple:
        return f"a tuple of {', '.join(_said(part) for part in parts if part is not Ellipsis)}"
    if origin in (list, Sequence):
        return f"a sequence, each of it {_said(parts[0])}"
    return "an array of numbers" if _is_array(hint) else f"a {getattr(hint, '__name__', hint)}"


def _is_array(hint: Any) -> bool:
    """Whether NumPy's array is meant, which is not imported for the sake of the command line."""
    return getattr(hint, "__module__", None) == "numpy" and hint.__name__ == "ndarray"
