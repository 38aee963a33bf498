"""Whether a model's numbers are still numbers."""

import math
from collections.abc import Mapping

import numpy as np

from tfgan_suite.models.gan import GAN

# As a step computes them.
LOGS_IN_ORDER = ("real_score", "fake_score", "discriminator_loss", "generator_loss")


def first_broken(model: GAN, logs: Mapping[str, float] | None = None) -> str | None:
    """The first of a step's losses and scores that is not finite, and the first such weight; None where all are.

    Args:
        model: whose weights are looked at.
        logs: of the step, where there are some.
    """
    logs = logs or {}
    key = next((key for key in LOGS_IN_ORDER if not math.isfinite(logs.get(key, 0.0))), None)
    parts = [] if key is None else [f"{key} is {logs[key]}"]
    # Scores are taken before a step's updates: where D(x) is a number and D(G(z)) is none, the generator
    # broke first, and the discriminator within the same step.
    for name in ("generator", "discriminator") if key == "fake_score" else ("discriminator", "generator"):
        for variable in getattr(model, name).weights:
            if not np.isfinite(np.asarray(variable.value, np.float32)).all():
                return ", ".join([*parts, f"the {name}'s weight {variable.path} is not finite"])
    return parts[0] if parts else None
