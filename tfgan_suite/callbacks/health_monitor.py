"""What goes wrong while a GAN trains, by name and early, with the option to change."""

import json
import math
import sys
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import keras
import numpy as np

from tfgan_suite.arguments import checked_types
from tfgan_suite.callbacks.health_checks import (
    Check,
    append_rows,
    checkerboard,
    colours_inverted,
    discriminator_won,
    generator_collapsed,
    memory_grows,
    not_finite,
    read_checks,
    source_copied,
    stalled,
    write_checks,
)
from tfgan_suite.callbacks.health_images import OfSeeds, OfSources, WatchedImages
from tfgan_suite.callbacks.health_measures import loss_range, memory_mib, weight_norm
from tfgan_suite.errors import DivergenceError, InputError, unknown_choice
from tfgan_suite.models.finite import first_broken

ON_COLLAPSE = ("warn", "stop", "rollback")


class CollapseError(DivergenceError):
    """The discriminator has won or the generator has collapsed, and the run was told not to go on so."""


class HealthMonitor(keras.callbacks.Callback):
    """Warns in one line when training goes wrong, writes the series to `health.csv`, and acts if told to.

    Every so many steps, and at the last step of an epoch, it checks the losses since the last check,
    the diversity of fixed samples (those of `generate(samples, seed=0)`; where they come from a moving
    average, the alarm comes later) beside that of real images, the weights, and the memory. What it
    names: `not_finite`, `discriminator_won`, `generator_collapsed`, `stalled`, `memory_grows`, each once
    until the run has been healthy in that respect again. Of a model that makes images of images it looks at
    what becomes of fixed sources, and names `source_copied` and `checkerboard` besides; of one that learns without
    pairs `colours_inverted` too, as a question. One that translates both ways is looked at in both.

    A conditional model's diversity is that within each label, so that one that ignores z is found. A
    generator that still makes several different images, such as one class in many forms, is not
    called collapsed: for that see `scripts/evaluate.py`.

    To stand in the list of callbacks before `StopOnNonFinite`, which ends the run, and before what
    saves checkpoints. All is decided from the rows, which a continued run takes back up to the step
    that it goes on from: it decides as an uncut one does. The memory alone is the process's own.
    Where a loss was not finite, its means are none up to the end of the epoch. With
    `steps_per_execution` checks come at the ends of groups, and where Keras does not know the number
    of steps in an epoch, not at its end.

    Args:
        path: of `health.csv`.
        real_images: uint8, or float in [-1, 1], (N, H, W, C), at least 16, with sources 8; up to 256 evenly spaced
            ones are used.
        labels: theirs, classes (N,) or attributes (N, A); an unconditional model leaves them aside. Without
            them, or where hardly two of the images share a label, within each label the samples of a
            conditional model are held against all images.
        sources: of a model that makes images of images, float (N, H, W, C) in [-1, 1] or uint8: what it shall make
            `real_images` of; of one that learns without pairs as many images of the other kind.
        every: steps between two checks, at multiples of it.
        window: steps for which something must have been wrong.
        grace: first steps in which a discriminator may win and samples be alike: untrained they are.
        samples: generated images at each check, or sources that are translated.
        on_collapse: what follows where the discriminator has won or the generator has collapsed:
            `"warn"`, `"stop"` (`CollapseError`) or `"rollback"`.
        rollback: for `"rollback"`: gets the last step that was healthy, gives the model the weights and optimizers
            of the newest checkpoint of that step or an earlier one, deletes the later ones, and returns the
            checkpoint's step; None where there is none. The step counter goes on all the same: noise and
            data are functions of it, and the same ones would end in the same way.
        max_rollbacks: after so many the next one is a `CollapseError`.
        writes: whether to write and print, as one of several workers does; all of them read and decide.
        quiet: diagnoses that are written and not printed, since another callback says them.

    Raises:
        InputError: an argument out of its range, or images that are all equal.
    """

    @checked_types
    def __init__(
        self,
        path: Path | str,
        real_images: np.ndarray,
        labels: np.ndarray | None = None,
        *,
        every: int = 100,
        window: int = 500,
        grace: int = 500,
        samples: int = 64,
        on_collapse: str = "warn",
        rollback: Callable[[int], int | None] | None = None,
        max_rollbacks: int = 3,
        writes: bool = True,
        quiet: Collection[str] = (),
        sources: np.ndarray | None = None,
    ):
        least = {"every": (every, 1), "window": (window, 1), "grace": (grace, 0), "samples": (samples, 8)}
        for name, (value, low) in {**least, "max_rollbacks": (max_rollbacks, 1)}.items():
            if value < low:
                raise InputError(f"{name} must be at least {low}. Received: {value}.")
        if on_collapse not in ON_COLLAPSE:
            raise unknown_choice("on_collapse", on_collapse, ON_COLLAPSE)
        if (on_collapse == "rollback") != (rollback is not None):
            raise InputError("on_collapse='rollback' and a function rollback go together. Received: one of them.")
        super().__init__()
        self.path = Path(path)
        self.every, self.window, self.grace, self.samples = every, window, grace, samples
        self.on_collapse, self.rollback, self.max_rollbacks = on_collapse, rollback, max_rollbacks
        self.writes, self.quiet = writes, quiet
        self.checks: list[Check] = []
        if sources is not None and labels is not None:
            raise InputError("labels are of models that make images of latents, sources of others. Received: both.")
        self._images: WatchedImages = (
            OfSeeds(real_images, labels, samples) if sources is None else OfSources(real_images, sources, samples)
        )
        self._active: set[str] = set()
        self._base: dict[str, list[float]] | None = None
        self._first_step: int | None = None  # of this process

    def on_train_begin(self, logs: Any = None) -> None:
        """Takes the series up where the model stands.

        Raises:
            InputError: the images are not of the model's shape, or the file at `path` is another's.
        """
        self._images.begin(self.model)
        self._start = self._step()
        self._loss_range = loss_range(self.model)
        if self._first_step is None:
            self.checks = read_checks(self.path)
        self.checks = [check for check in self.checks if check.step <= self._start]
        if self.writes:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_checks(self.path, self.checks)
        self._first_step = self._start if self._first_step is None else self._first_step
        self._active = set(self.diagnose())

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._base = None

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        if self._base is None:
            # Only now has a checkpoint given a continued epoch its means back.
            means, last = self.model.epoch_means(), self.checks[-1] if self.checks else None
            goes_on = last is not None and any(count for _, count in means.values())
            self._base = json.loads(last.epoch_means) if last is not None and goes_on else {}

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Checks, where it is time.

        Raises:
            CollapseError: as `on_collapse` says.
        """
        step, last = self._step(), self.checks[-1].step if self.checks else self._start
        # Not in on_epoch_end: by then the epoch's means may be those of the validation.
        epoch_ends = batch + 1 >= (self.params.get("steps") or math.inf)
        broken = not all(math.isfinite((logs or {}).get(key, 0.0)) for key in self.model.logged)
        if epoch_ends or step // self.every > last // self.every or (broken and "not_finite" not in self._active):
            self._check(step, logs or {}, epoch_ends)

    def diagnose(self) -> dict[str, str]:
        """What is wrong at the last check, by name."""
        since = self._last_rollback()
        own = [check for check in self.checks if check.step > since]
        learned = [check for check in own if check.step >= self.grace]
        here = [check for check in self.checks if check.step > (self._first_step or 0) + self.grace]
        found = {
            "not_finite": not_finite(own, self.window),
            "discriminator_won": discriminator_won(learned, self.window),
            "generator_collapsed": generator_collapsed(learned, self.window),
            "source_copied": source_copied(learned, self.window),
            "colours_inverted": colours_inverted(learned, self.window),
            "checkerboard": checkerboard(learned, self.window),
            "stalled": stalled(own, self.window),
            "memory_grows": memory_grows(here, self.window),
        }
        return {name: message for name, message in found.items() if message}

    def _check(self, step: int, logs: dict[str, float], epoch_ends: bool) -> None:
        check = self._measure(step, logs)
        self._base = {} if epoch_ends else self.model.epoch_means()
        self.checks.append(check._replace(epoch_means=json.dumps(self._base)))
        found = self.diagnose()
        events = [name for name in found if name not in self._active]
        for name in events:
            if name not in self.quiet:
                self._say(step, found[name])
        self._active = set(found)
        error = None
        trouble = [found[name] for name in ("discriminator_won", "generator_collapsed") if name in found]
        if trouble and self.on_collapse != "warn":
            event, error = self._act(step, " Also: ".join(trouble))
            events.append(event)
        self.checks[-1] = self.checks[-1]._replace(event="; ".join(events))
        if self.writes:
            append_rows(self.path, self.checks[-1:])
        if error:
            raise CollapseError(f"Step {step}: {error}")

    def _act(self, step: int, message: str) -> tuple[str, str | None]:
        """Goes back to a checkpoint, or says why the run ends: (event, error)."""
        done = sum("rollback" in check.event for check in self.checks)
        if self.rollback is None:
            return "stop", message
        if done == self.max_rollbacks:
            return "stop", f"{message} It went back {done} times, and it came again."
        healthy = [check.step for check in self.checks if not (check.won or check.collapsed)]
        before = max([*healthy, self._last_rollback(), 0])
        means = self.model.epoch_means()
        restored = self.rollback(before)
        if restored is None:
            return "stop", f"{message} There is no checkpoint of step {before} or an earlier one to go back to."
        self.model.step.assign(step)
        self.model.set_epoch_means(means)
        self._active = set()
        self._say(step, f"back to the weights of step {restored}, rollback {done + 1} of {self.max_rollbacks}")
        return f"rollback to {restored}", None

    def _step(self) -> int:
        return int(self.model.step.numpy())

    def _last_rollback(self) -> int:
        return max((check.step for check in self.checks if "rollback" in check.event), default=-1)

    def _measure(self, step: int, logs: dict[str, float]) -> Check:
        base = self._base or {}
        means = {
            key: (total - base.get(key, (0.0, 0.0))[0]) / ((count - base.get(key, (0.0, 0.0))[1]) or math.nan)
            for key, (total, count) in self.model.epoch_means().items()
        }
        least, at_zero = self._loss_range
        return Check(
            step,
            means["generator_loss"],
            means["discriminator_loss"],
            means.get("real_score", math.nan),
            means.get("fake_score", math.nan),
            loss_share=(means["discriminator_loss"] - least) / (at_zero - least) if math.isfinite(least) else math.nan,
            **self._images.measure(self.model),  # type: ignore[arg-type]
            generator_norm=weight_norm(self.model.variables_of("generator")),
            discriminator_norm=weight_norm(self.model.variables_of("discriminator")),
            memory_mib=memory_mib(),
            broken=first_broken(self.model, logs) or "",
        )

    def _say(self, step: int, message: str) -> None:
        if self.writes:
            print(f"health: step {step}: {message}", file=sys.stderr, flush=True)
