"""What the networks of a run play for, as settings. Standard library only."""

import math
from dataclasses import dataclass
from typing import Any

from tfgan_suite.arguments import Range
from tfgan_suite.errors import InputError, option, unknown_choice
from tfgan_suite.options.settings import ABOVE_ZERO, AT_LEAST_ONE, AT_LEAST_ZERO, Family, setting

LOSSES = ("non_saturating", "minimax", "least_squares", "hinge", "wasserstein", "relativistic")
PENALTIES = ("none", "gradient_penalty", "one_sided_gradient_penalty", "dragan", "r1", "r2", "r1_r2")
PENALTY_NUMBERS = ("penalty_weight", "penalty_weight_final", "penalty_burn_in", "penalty_every")
AUGMENTATIONS = ("color", "translation", "cutout", "ada")


def _option(default: Any, valid: Range | None = None) -> Any:
    return setting(Family.LOSS, default, valid=valid)


@dataclass(frozen=True)
class ObjectiveOptions:
    """The settings of an `Objective`: each is a flag of `train.py` and an argument of `compile` under its name."""

    loss: str = _option("non_saturating")
    """Learn by the loss non_saturating, minimax, least_squares, hinge, wasserstein or relativistic."""
    label_smoothing: float = _option(0.0, Range(0.0, 0.5, "in [0, 0.5)"))
    """Lower the target of real images to 1 minus this."""
    penalty: str = _option("none")
    """Hold the discriminator's slopes by gradient_penalty, one_sided_gradient_penalty, dragan, r1, r2 or r1_r2."""
    penalty_weight: float | None = _option(None, AT_LEAST_ZERO)
    """Multiply the penalty by this; of r1, r2 and r1_r2 it is gamma, halved; else 10, and gamma 1."""
    penalty_weight_final: float | None = _option(None, AT_LEAST_ZERO)
    """Move the penalty's weight to this by a cosine until --penalty-burn-in; else leave it as it is."""
    penalty_burn_in: int | None = _option(None, AT_LEAST_ONE)
    """Reach --penalty-weight-final after so many images, those of all steps together."""
    penalty_every: int = _option(1, AT_LEAST_ONE)
    """Take the penalty in every so many steps, so many times as heavy, in the step's one update, which leaves Adam as
    it is; r1_r2 needs each step."""
    weight_clip: float | None = _option(None, ABOVE_ZERO)
    """Clip the discriminator's weights to within so much of 0 after each of its steps, such as 0.01; else never."""
    clip_norm: float | None = setting(Family.OPTIMIZER, None, valid=ABOVE_ZERO)
    """Lower a gradient to this norm, over all variables of a side and all devices, where it is larger; else never."""
    augment: str = _option("none")
    """Show the discriminator all images changed by color,translation,cutout or ada; samples do not learn the change."""
    augment_target: float | None = _option(None, Range(math.ulp(0.0), 1.0, "between 0 and 1"))
    """Hold the mean sign of the logits of real images at this by ada's probability, which adapts; else at 0.6."""
    augment_final: float | None = _option(None, Range(0.0, 1.0 + 1e-9, "in [0, 1]"))
    """Move ada's probability from 0 to this by a cosine until --augment-burn-in, or hold it there; else adapt it."""
    augment_burn_in: int | None = _option(None, AT_LEAST_ONE)
    """Reach --augment-final after so many images, those of all steps together; else from the first on."""

    @property
    def augmentations(self) -> tuple[str, ...]:
        """The names in `augment`, in their order; empty for none."""
        return () if self.augment == "none" else tuple(name.strip() for name in self.augment.split(","))

    @property
    def adapts(self) -> bool:
        """Whether the probability of augmentations follows the discriminator's logits."""
        return self.augmentations == ("ada",) and self.augment_final is None

    def check_together(self) -> None:
        """Refuses settings that do not go together.

        Raises:
            InputError: naming them.
        """
        if self.penalty == "none":
            for name in PENALTY_NUMBERS:
                if getattr(self, name) != getattr(ObjectiveOptions, name):
                    raise InputError(f"{option(name)} needs {option('penalty')}, such as r1. Received: none.")
        elif self.weight_clip is not None:
            raise InputError(
                f"{option('weight_clip')} and {option('penalty', self.penalty)} both hold the discriminator's slopes. "
                "Leave one out."
            )
        elif (self.penalty_weight_final is None) != (self.penalty_burn_in is None):
            raise InputError(f"{option('penalty_weight_final')} and {option('penalty_burn_in')} need each other.")
        elif self.penalty == "r1_r2" and self.penalty_every > 1:
            raise InputError(
                f"{option('penalty', 'r1_r2')} does not converge when it is taken now and then. Expected "
                f"{option('penalty_every', 1)}. Received: {self.penalty_every}."
            )
        if self.label_smoothing and self.loss in ("wasserstein", "relativistic"):
            raise InputError(
                f"{option('label_smoothing')} lowers a real label, which {option('loss', self.loss)} does not have. "
                "Leave it out."
            )
        self._check_augment()

    def _check_augment(self) -> None:
        names = self.augmentations
        if "none" in names:
            raise InputError(f"{option('augment', 'none')} stands alone. Received: {self.augment}.")
        for name in names:
            if name not in AUGMENTATIONS:
                raise unknown_choice("augmentation", name, (*AUGMENTATIONS, "none"))
        if len(set(names)) < len(names):
            raise InputError(f"{option('augment')} takes each augmentation once. Received: {self.augment}.")
        if "ada" in names and len(names) > 1:
            raise InputError(f"{option('augment', 'ada')} stands alone. Received: {self.augment}.")
        if "ada" not in names:
            for name in ("augment_target", "augment_final", "augment_burn_in"):
                if getattr(self, name) is not None:
                    raise InputError(f"{option(name)} needs {option('augment', 'ada')}. Received: {self.augment}.")
        if self.augment_burn_in is not None and self.augment_final is None:
            raise InputError(f"{option('augment_burn_in')} needs {option('augment_final')}, such as 0.3.")
        if self.augment_target is not None and self.augment_final is not None:
            raise InputError(f"{option('augment_target')} adapts what {option('augment_final')} fixes. Leave one out.")
        if self.adapts and self.loss in ("wasserstein", "relativistic"):
            raise InputError(
                f"{option('augment', 'ada')} adapts to the sign of logits, and those of {option('loss', self.loss)} "
                f"have no zero. Give {option('augment_final')}, such as 0.3."
            )
