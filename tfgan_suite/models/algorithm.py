"""What every adversarial model has, once: the frame of a step, its noise and reductions, averages, means."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgan_suite.arguments import checked_types
from tfgan_suite.data.image_data import ImageData
from tfgan_suite.errors import InputError, option, unknown_choice
from tfgan_suite.layers.spectral_norm import move_spectral
from tfgan_suite.models.compiled import Compiled
from tfgan_suite.models.endpoints import Endpoint, Servable, Shown
from tfgan_suite.models.first_batch import Expected
from tfgan_suite.models.network_checks import check_spectral_norm
from tfgan_suite.models.replicas import replica_rows, several_machines
from tfgan_suite.noise import Step
from tfgan_suite.ports import Ports

# Steps from one move of an adaptive augmentation's probability to the next: Karras et al., 2020, arXiv 2006.06676.
ADAPT_EVERY = 4


class Algorithm(Compiled):
    """An adversarial algorithm: what stands here is written once, and `update` is the paper.

    A class gives

    - `KEYS`: the names of what is logged, each a mean over the samples of the epoch so far;
    - `sides`: the networks of the generator's and of the discriminator's side;
    - `averaged`: the networks that have a moving average;
    - `takes`: what a batch is made of; `arguments_of`: what of its constructor the data decide;
    - `update`: the step, from top to bottom, by `mean`, `track` and `apply`;
    - `judge_batch`: what `evaluate` tracks of a batch;
    - `call`, and `endpoints`, which is what is exported of it;
    - `show`: the images that people see while it learns;
    - `network_config`: what the constructor made the networks of;

    and calls `begin` as the last line of its constructor.

    Args:
        ema_momentum: momentum of the moving averages, in [0, 1); 0 is off. At step t it is
            min(ema_momentum, (1 + t) / (10 + t)), so that an average forgets the first, random weights.
        seed: of all noise, which is a function of (seed, stream, step, row) alone.

    Raises:
        InputError: a momentum out of its range.
    """

    KEYS: tuple[str, ...] = ()

    @checked_types
    def __init__(self, *, ema_momentum: float = 0.0, seed: int = 0, name: str | None = None, **kwargs: Any):
        if not 0.0 <= ema_momentum < 1.0:
            raise InputError(f"ema_momentum must be in [0, 1). Received: {ema_momentum}.")
        super().__init__(name=name, **kwargs)
        self.ema_momentum = ema_momentum
        self.seed = seed

    def begin(self) -> None:
        """Makes what a run counts with: the step, the epoch's means, the batches of an evaluation.

        Raises:
            InputError: a discriminator with both spectral normalisation and BatchNorm.
        """
        for network in self.sides()["discriminator"]:
            check_spectral_norm(network)
        self.step = self.add_weight(
            shape=(), dtype="int64", initializer="zeros", trainable=False, name="step", aggregation="only_first_replica"
        )
        wide = any(network.outputs[0].dtype == "float64" for network in self.sides()["discriminator"])
        self._tracked_in = "float64" if wide else "float32"
        self._trackers = {key: self._mean_of(key) for key in self.KEYS}
        self._evaluated_batches = keras.metrics.Sum(name="evaluated_batches")
        # Of an adaptive augmentation: its probability; of real images since it last moved the sum of signs, the number.
        self.augmentation: keras.Variable | None = None
        # Keras would otherwise build the model by calling it on a batch.
        self.built = True

    # ---- what a class gives ---------------------------------------------------------------------

    @classmethod
    def arguments_of(cls, data: ImageData) -> dict[str, Any]:
        """The arguments of the constructor that the data decide.

        Raises:
            InputError: the model cannot learn from these data.
        """
        raise NotImplementedError

    def averaged(self) -> list[tuple[keras.Model, keras.Model]]:
        """Pairs of a moving average and the network that it follows."""
        return []

    def takes(self) -> tuple[Any, ...]:
        """The ports of a batch in Keras's form: (images,), (images, labels), (source, target) or ((a, b),)."""
        raise NotImplementedError

    def update(self, batch: tuple[tf.Tensor, ...], step: Step) -> None:
        """One step: each network moved once or more, and what is logged tracked.

        Args:
            batch: an array for each port of `takes`, in one row.
            step: keys all noise, and knows the rows of this replica.
        """
        raise NotImplementedError

    def judge_batch(self, batch: tuple[tf.Tensor, ...], step: Step) -> dict[str, tf.Tensor]:
        """What `evaluate` tracks of a batch, by names of `KEYS`, each (N,); no weight moves.

        Args:
            batch: as `update` takes it.
            step: its number counts the batches of the evaluation.
        """
        raise NotImplementedError

    def endpoints(self, with_discriminator: bool = False) -> dict[str, Endpoint]:
        """What an export can be asked, by name; `serving_default` is what the model itself is called on.

        Args:
            with_discriminator: whether the discriminator may be asked too, by an endpoint `score`, where it has one.
        """
        raise NotImplementedError

    def served(self, card: Mapping[str, Any], with_discriminator: bool = False) -> dict[str, Endpoint]:
        """`endpoints` as an export has them, whose card may say more of them than the model knows.

        Args:
            card: of the export, such as how its run has read pictures.
            with_discriminator: see `endpoints`.
        """
        return self.endpoints(with_discriminator)

    @property
    def directions(self) -> tuple[str, ...]:
        """The ways that a model goes which translates both ways, each of which is exported by itself; else none."""
        return ()

    def directed(self, direction: str | None) -> Servable:
        """One way of a model that goes two, or the model itself.

        Args:
            direction: of `directions`; None: the first of them.

        Raises:
            InputError: a way that it does not go.
        """
        self.checked_direction(direction)
        return self

    def checked_direction(self, direction: str | None) -> str | None:
        """A way that it goes; see `directed`."""
        if direction is None:
            return self.directions[0] if self.directions else None
        if not self.directions:
            raise InputError(
                f"{type(self).__name__} goes one way. Received: {option('direction', direction)}. Leave it out."
            )
        if direction not in self.directions:
            raise unknown_choice(option("direction"), direction, self.directions)
        return direction

    def show(self, count: int, examples: tuple[np.ndarray, ...] = ()) -> Shown:
        """Images for people, the same at each call of an unchanged model.

        Args:
            count: about how many to make.
            examples: rows of a batch, an array for each port of `takes`, for a model that makes images of images.
        """
        raise NotImplementedError

    def facts(self) -> dict[str, Any]:
        """What the card of an export says of what it takes and gives; JSON types."""
        every = self.endpoints(with_discriminator=True)
        return {"signatures": {name: endpoint.ports.facts() for name, endpoint in every.items()}}

    def num_parts(self) -> int:
        """Into how many parts `update` divides the rows of a batch."""
        return 1

    # ---- Keras ----------------------------------------------------------------------------------

    def expected(self) -> Expected:
        x, y = (*self.takes(), None)[:2]
        parts, replicas = self.num_parts(), self.distribute_strategy.num_replicas_in_sync
        return Expected(
            x if isinstance(x, tuple) else (x,), y, parts * replicas if parts > 1 else 1, type(self).__name__
        )

    def call_ports(self) -> Ports:
        return self.endpoints()["serving_default"].ports

    def _compile(self, *args: Any, **kwargs: Any) -> None:
        super()._compile(*args, **kwargs)
        self._trackers = {key: self._trackers.get(key) or self._mean_of(key) for key in self.logged}
        if self.objective.adapts and self.augmentation is None:
            self.augmentation = self.add_weight(
                shape=(3,), dtype="float32", initializer="zeros", trainable=False, name="augmentation",
                aggregation="only_first_replica",
            )  # fmt: skip
        elif self.augmentation is not None and not self.objective.adapts:
            del self.augmentation  # which Keras forgets then too
            self.augmentation = None

    @property
    def logged(self) -> tuple[str, ...]:
        """`KEYS`, and what is logged of a compiled model's objective besides."""
        return (*self.KEYS, *(self.objective.logs if self.compiled else ()))

    def _mean_of(self, key: str) -> keras.metrics.Mean:
        return keras.metrics.Mean(name=f"{key}_tracker", dtype=self._tracked_in)

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        return [*self._trackers.values(), self._evaluated_batches]

    def _maybe_symbolic_build(self, iterator: Any = None, data_batch: Any = None) -> None:
        """Nothing, since all is built. Keras 3.15 reduces a batch here, which dies on (x, y) over several machines."""

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        batch = self.unpack_batch(data)
        # Nothing moves before the batch is known to be right.
        with tf.control_dependencies(batch):
            probability = 0.0 if self.augmentation is None else self.augmentation.value[0]
            self.update(batch, Step(self.seed, self.step, replica_rows(batch[0], self.num_parts()), probability))
            self._update_averages()
            self._adapt_augmentation()
            self.step.assign_add(1)
            return self.logs()

    def test_step(self, data: Any) -> dict[str, tf.Tensor]:
        batch = self.unpack_batch(data)
        number = tf.cast(self._evaluated_batches.result(), tf.int64)
        step = Step(self.seed, number, replica_rows(batch[0], 1))
        found = self.judge_batch(batch, step)
        self.track(found, step)
        self._evaluated_batches.update_state(1.0)
        return {key: value for key, value in self.logs().items() if key in found}

    # ---- what a step is made of -----------------------------------------------------------------

    def average_of(self, network: keras.Model) -> keras.Model | None:
        """A copy of a network to be its moving average; None where there is none."""
        if not self.ema_momentum:
            return None
        average = keras.models.clone_model(network)
        average.set_weights(network.get_weights())
        average.trainable = False
        return average

    def mean(self, per_sample: tf.Tensor, step: Step) -> tf.Tensor:
        """Sum over this replica's samples / size of the global batch: Keras adds the gradients up."""
        return tf.reduce_sum(per_sample) / tf.cast(step.rows.total, per_sample.dtype)

    def apply(self, side: str, tape: tf.GradientTape, loss: tf.Tensor) -> None:
        """Moves one of `SIDES` down the gradient of a loss that a tape has seen."""
        self.move(side, tape.gradient(loss, self.variables_of(side)))

    def move(self, side: str, gradients: list[tf.Tensor]) -> None:
        """Moves one of `SIDES` by gradients of its variables.

        Gradients are clipped before, and a discriminator's weights after that, as the objective says.
        What spectral normalisation keeps of the side's kernels then follows them, once, and stands still in all passes
        until the side moves again.
        """
        variables, limit = self.variables_of(side), self.objective.weight_clip
        if self.objective.clip_norm is not None:
            gradients = _within(self.objective.clip_norm, gradients)
        self.optimizer_of(side).apply(gradients, variables)
        if side == "discriminator" and limit is not None:
            for variable in variables:
                variable.assign(tf.clip_by_value(variable.value, -limit, limit))
        for network in self.sides()[side]:
            move_spectral(network)

    def gathered(self, values: tf.Tensor, step: Step) -> tf.Tensor:
        """The rows of all replicas in the order of the global batch, without a gradient, the same on each replica.

        For a state that each replica brings up to date by itself, such as a pool of images.
        """
        rows, values = step.rows, tf.stop_gradient(values)
        if rows.global_rows is None:
            return values
        around = [[rows.first_row, rows.total - rows.first_row - rows.num_rows]] + [[0, 0]] * (len(values.shape) - 1)
        return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, tf.pad(values, around))

    def track(self, per_sample: dict[str, tf.Tensor], step: Step) -> None:
        """Adds the samples of all replicas to the epoch's means, which are the same on each replica then."""
        sums = tf.stack([tf.reduce_sum(tf.cast(values, self._tracked_in)) for values in per_sample.values()])
        if step.rows.global_rows is not None:
            sums = tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, sums)
        total = tf.cast(step.rows.total, sums.dtype)
        for index, key in enumerate(per_sample):
            self._trackers[key].update_state(sums[index] / total, sample_weight=total)
            if key == "real_sign" and self.augmentation is not None:
                self.augmentation.assign_add(tf.cast([0.0, sums[index], total], tf.float32))

    def _adapt_augmentation(self) -> None:
        """Moves the probability of an adaptive augmentation, now and then, by what all replicas have seen since."""
        if self.augmentation is None:
            return
        probability, signs, images = tf.unstack(self.augmentation.value)
        moved = tf.stack([self.objective.adapted(probability, signs, images), 0.0, 0.0])
        is_due = tf.equal((self.step + 1) % ADAPT_EVERY, 0)
        self.augmentation.assign(tf.where(is_due, moved, self.augmentation.value))

    def _update_averages(self) -> None:
        step = tf.cast(self.step, tf.float32)
        momentum = tf.minimum(self.ema_momentum, (1.0 + step) / (10.0 + step))
        for average, network in self.averaged():
            for mine, theirs in zip(average.weights, network.weights, strict=True):
                kept = tf.cast(momentum, mine.dtype)
                mine.assign(kept * mine.value + (1.0 - kept) * theirs.value)
            move_spectral(average)

    def logs(self) -> dict[str, tf.Tensor]:
        """What `fit` and `evaluate` show: the means so far."""
        logs = {key: tracker.result() for key, tracker in self._trackers.items()}
        # Over several machines Keras reduces logs along an axis that scalars do not have.
        return {k: v[tf.newaxis] for k, v in logs.items()} if several_machines(self.distribute_strategy) else logs

    def epoch_means(self) -> dict[str, list[float]]:
        """The epoch's means so far as [sum, count], which are the same on each replica."""
        local = self.distribute_strategy.experimental_local_results
        return {
            key: [float(local(variable.value)[0].numpy()) for variable in tracker.variables]
            for key, tracker in self._trackers.items()
        }

    def set_epoch_means(self, means: dict[str, list[float]]) -> None:
        """Takes back what `epoch_means` gave."""
        for key, values in means.items():
            for variable, value in zip(self._trackers[key].variables, values, strict=True):
                for local in self.distribute_strategy.experimental_local_results(variable.value):
                    local.assign(value)

    # ---- saving ---------------------------------------------------------------------------------

    def network_config(self) -> dict[str, Any]:
        """The constructor's arguments that choose the networks."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        return {**self.network_config(), "ema_momentum": self.ema_momentum, "seed": self.seed, "name": self.name}


def _within(limit: float, gradients: list[tf.Tensor | None]) -> list[tf.Tensor | None]:
    """This replica's gradients, scaled so that their sum over all replicas, as one vector, has at most this norm.

    Keras's `global_clipnorm` clips what each replica adds to that sum, and so trains something else on each number of
    them.
    """
    # Rows of an embedding that a batch has several times are added up, before they are squared.
    found = [gradient if gradient is None else tf.convert_to_tensor(gradient) for gradient in gradients]
    mine = [gradient for gradient in found if gradient is not None]
    norm = tf.linalg.global_norm(tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, mine))
    scale = limit / tf.maximum(norm, limit)
    return [gradient if gradient is None else scale * gradient for gradient in found]
