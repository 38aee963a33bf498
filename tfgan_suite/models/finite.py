"""Whether a model's numbers are still numbers."""

import math
from collections.abc import Mapping

import numpy as np

from tfgan_suite.models.algorithm import Algorithm

# As a step computes them; other losses come after these.
_FIRST = ("real_score", "fake_score", "discriminator_loss", "generator_loss")


def logs_in_order(model: Algorithm) -> list[str]:
    """The names of what a model logs, those first that a step computes first."""
    return sorted(model.logged, key=lambda key: _FIRST.index(key) if key in _FIRST else len(_FIRST))


def first_broken(model: Algorithm, logs: Mapping[str, float] | None = None) -> str | None:
    """The first of a step's losses and scores that is not finite, and the first such weight; None where all are.

    Args:
        model: whose weights are looked at.
        logs: of the step, where there are some.
    """
    logs = logs or {}
    key = next((key for key in logs_in_order(model) if not math.isfinite(logs.get(key, 0.0))), None)
    parts = [] if key is None else [f"{key} is {logs[key]}"]
    # Scores are taken before a step's updates: where D(x) is a number and D(G(z)) is none, the generator
    # broke first, and the discriminator within the same step.
    for side in ("generator", "discriminator") if key == "fake_score" else ("discriminator", "generator"):
        for variable in (weight for network in model.sides()[side] for weight in network.weights):
            if not np.isfinite(np.asarray(variable.value, np.float32)).all():
                return ", ".join([*parts, f"the {side}'s weight {variable.path} is not finite"])
    return parts[0] if parts else None
