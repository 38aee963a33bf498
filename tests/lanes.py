"""Which cases of a matrix the fast lane takes; the slow lane takes the others, so that both together take all."""

from collections.abc import Iterable
from typing import Any

import pytest


def slow(*values: Any) -> Any:
    """A case of the slow lane."""
    return pytest.param(*values, marks=pytest.mark.slow)


def corners(cases: Iterable[Any], *quick: Any) -> list[Any]:
    """The cases, of which only the quick ones are in the fast lane.

    Raises:
        AssertionError: a quick one is no case.
    """
    cases = list(cases)
    assert all(case in cases for case in quick), quick
    return [case if case in quick else slow(*case) if isinstance(case, tuple) else slow(case) for case in cases]
