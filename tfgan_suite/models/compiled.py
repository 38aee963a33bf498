"""What `compile` chooses for a model: an optimizer a side, an objective; and what a file keeps of it."""

import dataclasses
import warnings
from typing import Any

import keras

from tfgan_suite.errors import InputError, option
from tfgan_suite.models.keras_surface import KerasSurface
from tfgan_suite.models.network_checks import check_held, check_no_batch_norm
from tfgan_suite.models.optimizer_pair import OptimizerPair
from tfgan_suite.objectives.augmentations import check_channels
from tfgan_suite.objectives.losses import AdversarialLoss
from tfgan_suite.objectives.objective import Objective

SIDES = ("generator", "discriminator")
# Of a model from a file, which does not keep them.
EXECUTION = {"steps_per_execution": 1, "jit_compile": False, "run_eagerly": False}


class Compiled(KerasSurface):
    """A model of two sides, each with an optimizer of its own; `Algorithm` is what stands behind it."""

    def sides(self) -> dict[str, list[keras.Model]]:
        """The networks that each optimizer trains, by `SIDES`."""
        raise NotImplementedError

    def default_optimizer(self) -> keras.optimizers.Optimizer:
        """A new optimizer with the settings of the model's paper, for either side."""
        return keras.optimizers.Adam(2e-4, beta_1=0.5)

    def judged_parts(self, network: keras.Model) -> tuple[int, ...]:
        """The channels of each image that one of the discriminators is given, where several are joined in channels."""
        return (network.inputs[0].shape[-1],)

    def check_ends(self, objective: Objective, is_loading: bool) -> None:
        """Refuses, or warns of, networks whose last activation does not fit; see `network_checks`."""

    def compile(
        self,
        generator_optimizer: keras.optimizers.Optimizer | str | None = None,
        discriminator_optimizer: keras.optimizers.Optimizer | str | None = None,
        loss: str | AdversarialLoss = "non_saturating",
        label_smoothing: float = 0.0,
        *,
        steps_per_execution: int = 1,
        jit_compile: bool | str | None = "auto",
        run_eagerly: bool = False,
        **objective: Any,
    ) -> None:
        """Chooses optimizers and objective; without arguments those of the model's paper.

        Args:
            generator_optimizer: a Keras optimizer of its own; `default_optimizer()` when None.
            discriminator_optimizer: another one; `default_optimizer()` when None.
            loss: a name in `LOSSES`, or an `AdversarialLoss`.
            label_smoothing: real images' target is 1 - label_smoothing, in [0, 0.5).
            steps_per_execution: training steps a call of the graph, at least 1; see `keras.Model.compile`.
            jit_compile: True for XLA, whose graphs cannot refuse a later batch; `"auto"`: no.
            run_eagerly: see `keras.Model.compile`.
            objective: `penalty`, `penalty_weight` and all else that an `Objective` takes. What it does not take is
                refused, since the step would not look at it.

        Raises:
            InputError: an unknown loss or penalty, settings that do not go together, one optimizer for both sides, a
                network whose last activation belongs to another loss, BatchNorm in a discriminator that is penalised,
                colours of images of one channel, or an option that this step, or TensorFlow under several replicas,
                cannot do.

        Warns:
            UserWarning: a last activation that does not fit, or `jit_compile=True`.
        """
        known = [field.name for field in dataclasses.fields(Objective)]
        if others := sorted(objective.keys() - known):
            raise InputError(
                f"{type(self).__name__}.compile takes no {', '.join(others)}. Expected generator_optimizer, "
                f"discriminator_optimizer, {', '.join(known)}, steps_per_execution, jit_compile or run_eagerly."
            )
        if jit_compile is True:
            warnings.warn(
                "Under jit_compile=True only the first batch of each call is looked at: XLA drops what would refuse "
                "images or labels out of range in later ones.",
                UserWarning,
                stacklevel=2,
            )
        self._compile(
            generator_optimizer,
            discriminator_optimizer,
            Objective(loss, label_smoothing, **objective),
            {
                "steps_per_execution": steps_per_execution,
                "jit_compile": jit_compile is True,
                "run_eagerly": run_eagerly,
            },
        )

    def _compile(
        self,
        generator_optimizer: keras.optimizers.Optimizer | str | None,
        discriminator_optimizer: keras.optimizers.Optimizer | str | None,
        objective: Objective,
        execution: dict[str, Any],
        is_loading: bool = False,
    ) -> None:
        replicas = self.distribute_strategy.num_replicas_in_sync
        for name in ("steps_per_execution", "jit_compile"):
            if replicas > 1 and execution[name] not in (1, False):
                raise InputError(
                    f"{name} does not work under a strategy with several replicas. "
                    f"Received: {name}={execution[name]} with {replicas} replicas. Leave it out, or use one device."
                )
        self.objective = objective
        self.check_ends(self.objective, is_loading)
        for network in self.sides()["discriminator"]:
            for channels in self.judged_parts(network):
                check_channels(self.objective.augmentations, channels)
            check_held(network, objective.loss, objective.penalty, objective.weight_clip)
            if self.objective.rule is not None:
                check_no_batch_norm(
                    network,
                    f"{option('penalty', self.objective.penalty)} holds the slope at each image alone",
                    "mixes the images of a batch",
                )
        self.generator_optimizer = self._own_optimizer(generator_optimizer, "generator")
        self.discriminator_optimizer = self._own_optimizer(discriminator_optimizer, "discriminator")
        if self.generator_optimizer is self.discriminator_optimizer:
            raise InputError("The generator and the discriminator need an optimizer each. Received: one for both.")
        super().compile(optimizer=self.generator_optimizer, loss=None, **execution, auto_scale_loss=False)
        # Built here, inside the strategy's scope: an optimizer that is built later is skipped by
        # restores, with a warning only, and fails under MirroredStrategy.
        for side in SIDES:
            self.optimizer_of(side).build(self.variables_of(side))
        self.optimizer = OptimizerPair(self.generator_optimizer, self.discriminator_optimizer)

    def _own_optimizer(self, optimizer: Any, name: str) -> keras.optimizers.Optimizer:
        optimizer = self.default_optimizer() if optimizer is None else keras.optimizers.get(optimizer)
        if optimizer.built and not getattr(self, "compiled", False):
            raise InputError(f"The {name}'s optimizer has been used for another model. Make a new one.")
        if optimizer.use_ema:
            raise InputError(
                f"The {name}'s optimizer has use_ema=True, whose averages no step of a GAN would use. Leave it "
                "out, and give the model an ema_momentum."
            )
        optimizer.name = name  # Keras's callbacks log the learning rates under these names.
        return optimizer

    def optimizer_of(self, side: str) -> keras.optimizers.Optimizer:
        """The optimizer of one of `SIDES`."""
        optimizer: keras.optimizers.Optimizer = getattr(self, f"{side}_optimizer")
        return optimizer

    def variables_of(self, side: str) -> list[keras.Variable]:
        """What the optimizer of one of `SIDES` trains."""
        return [variable for network in self.sides()[side] for variable in network.trainable_variables]

    def get_compile_config(self) -> dict[str, Any]:
        loss = self.objective.loss
        if isinstance(loss, AdversarialLoss):
            raise InputError("A model with a loss of your own cannot be saved whole: use save_weights.")
        kept = dataclasses.asdict(self.objective).items()
        defaults = dataclasses.asdict(Objective())
        return {
            "generator_optimizer": keras.saving.serialize_keras_object(self.generator_optimizer),
            "discriminator_optimizer": keras.saving.serialize_keras_object(self.discriminator_optimizer),
            "loss": loss,
            "label_smoothing": self.objective.label_smoothing,
            **{name: value for name, value in kept if value != defaults[name]},
        }

    def compile_from_config(self, config: dict[str, Any]) -> None:
        optimizers = [f"{side}_optimizer" for side in SIDES]
        objective = Objective(**{name: value for name, value in config.items() if name not in optimizers})
        first, second = (keras.saving.deserialize_keras_object(config[name]) for name in optimizers)
        self._compile(first, second, objective, EXECUTION, is_loading=True)
