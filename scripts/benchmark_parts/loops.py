"""What `benchmark.py` times with TensorFlow: `fit`, a plain loop, and a convolution for comparison."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from benchmark_parts.flops import count_step_flops
from benchmark_parts.models import LATENT_DIM, MODELS, BenchmarkModel, make_batches, make_images

from tfgan_suite.options.objective import PENALTIES


class Duration(NamedTuple):
    """What some steps take.

    Attributes:
        seconds: on the clock.
        cpu_seconds: of all threads of the process.
    """

    seconds: float
    cpu_seconds: float

    @classmethod
    def now(cls) -> "Duration":
        """Both clocks' time, to be subtracted from a later one."""
        return cls(time.perf_counter(), time.process_time())

    def since(self, start: "Duration") -> "Duration":
        """The difference to an earlier `now`."""
        return Duration(self.seconds - start.seconds, self.cpu_seconds - start.cpu_seconds)


class Contestant(Protocol):
    """Something that can be timed.

    Attributes:
        flops: floating-point operations of a step; None where they are not counted.
    """

    flops: int | None

    def run(self, steps: int) -> Duration | None:
        """Takes so many steps; gives a duration only where that of the whole call is not the one to compare."""


class Fit:
    """`fit` of the package's model; an epoch is timed between Keras's own events.

    Args:
        model: what is timed.
        batch_size: rows a step, for all devices together.
        dtype: dtype policy of the networks.
        strategy: the devices; None: one.
        penalty: of the discriminator's slopes.

    Attributes:
        exchange_seconds: what one exchange of both networks' gradients takes; None for one device.
    """

    exchange_seconds: float | None = None

    def __init__(
        self,
        model: BenchmarkModel,
        batch_size: int,
        dtype: str = "float32",
        strategy: Any = None,
        penalty: str = "none",
    ):
        import keras

        class EpochTimer(keras.callbacks.Callback):
            def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
                self.start = Duration.now()

            def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
                self.duration = Duration.now().since(self.start)

        with strategy.scope() if strategy else contextlib.nullcontext():
            self.gan = model.make(dtype)
            self.gan.compile(loss=model.loss, penalty=penalty)
        if strategy:
            self.exchange_seconds = time_exchange(strategy, self.gan.trainable_variables)
        self.batches = make_batches(model, batch_size)
        self.timer = EpochTimer()
        ends = self.gan.sides().values()
        self.flops = None if model.is_unpaired else batch_size * count_step_flops(*(each[0] for each in ends))

    def run(self, steps: int) -> Duration:
        """From the begin to the end of an epoch of so many steps."""
        self.gan.fit(self.batches, epochs=1, steps_per_epoch=steps, verbose=0, callbacks=[self.timer])
        return self.timer.duration


def time_exchange(strategy: Any, variables: Sequence[Any]) -> float:
    """Seconds that adding up gradients of the variables' shapes over all replicas takes; median of 10."""
    import tensorflow as tf

    @tf.function
    def exchange() -> Any:
        def replica() -> Any:
            context = tf.distribute.get_replica_context()
            return context.all_reduce(tf.distribute.ReduceOp.SUM, [tf.zeros(v.shape) for v in variables])

        return tf.reduce_sum(strategy.experimental_local_results(strategy.run(replica)[0])[0])

    seconds = []
    for _ in range(12):
        start = time.perf_counter()
        exchange().numpy()
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds[2:]))


class TwoProcesses(Fit):
    """`fit` on two machines, both of them this one: half of the batch each. The times are those of the first.

    Args:
        model: what is timed.
        batch_size: rows a step, for both together.
    """

    def __init__(self, model: BenchmarkModel, batch_size: int):
        workers = [f"127.0.0.1:{port}" for port in _free_ports(2)]
        tasks = [{"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}} for index in (0, 1)]
        name = next(name for name, each in MODELS.items() if each == model)
        code = f"from benchmark_parts import loops; loops.second_worker({name!r}, {batch_size})"
        self.second = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=Path(__file__).parent.parent,
            env={**os.environ, "TF_CONFIG": json.dumps(tasks[1])},
        )
        os.environ["TF_CONFIG"] = json.dumps(tasks[0])
        import tensorflow as tf

        super().__init__(model, batch_size, strategy=tf.distribute.MultiWorkerMirroredStrategy())

    def run(self, steps: int) -> Duration:
        """As `Fit.run`, in both."""
        assert self.second.stdin
        self.second.stdin.write(f"{steps}\n")
        self.second.stdin.flush()
        return super().run(steps)


def second_worker(name: str, batch_size: int) -> None:
    """The life of the other process of `TwoProcesses`: an epoch for each number on standard input."""
    import tensorflow as tf

    fit = Fit(MODELS[name], batch_size, strategy=tf.distribute.MultiWorkerMirroredStrategy())
    for line in sys.stdin:
        fit.run(int(line))


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [each.getsockname()[1] for each in sockets]


class PlainLoop:
    """The same algorithm as a user of TensorFlow would write it down, on the same networks.

    Args:
        model: what is timed.
        batch_size: rows a step.
        dtype: dtype policy of the networks.
    """

    def __init__(self, model: BenchmarkModel, batch_size: int, dtype: str):
        import keras
        import tensorflow as tf

        from tfgan_suite.networks.bodies import build_body
        from tfgan_suite.options.networks import NetworkOptions

        shape, options = model.image_shape, NetworkOptions(**model.options)
        generator, discriminator = build_body(model.body, shape, shape, LATENT_DIM, options, dtype)
        optimizers = [keras.optimizers.Adam(2e-4, beta_1=0.5) for _ in range(2)]
        for optimizer, network in zip(optimizers, (generator, discriminator), strict=True):
            optimizer.build(network.trainable_variables)
        self.batches = make_batches(model, batch_size)
        self.flops = batch_size * count_step_flops(generator, discriminator)

        @tf.function
        def step(real_images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            with tf.GradientTape() as generator_tape:
                fake_images = generator(tf.random.normal([batch_size, LATENT_DIM]), training=True)
                with generator_tape.stop_recording(), tf.GradientTape() as discriminator_tape:
                    real_logits = discriminator(real_images, training=True)
                    fake_logits = discriminator(fake_images, training=True)
                    real_loss = tf.reduce_mean(tf.nn.softplus(-real_logits))
                    discriminator_loss = real_loss + tf.reduce_mean(tf.nn.softplus(fake_logits))
                variables = discriminator.trainable_variables
                gradients = discriminator_tape.gradient(discriminator_loss, variables)
                with generator_tape.stop_recording():
                    optimizers[1].apply(gradients, variables)
                generator_loss = tf.reduce_mean(tf.nn.softplus(-discriminator(fake_images, training=True)))
            variables = generator.trainable_variables
            optimizers[0].apply(generator_tape.gradient(generator_loss, variables), variables)
            return generator_loss, discriminator_loss

        self.step = step

    def run(self, steps: int) -> None:
        """From making the iterator to having the losses of the last step."""
        losses: Any = ()
        for real_images in self.batches.take(steps):
            losses = self.step(real_images)
        [loss.numpy() for loss in losses]


class ConvolutionRate:
    """A large convolution and its two gradients: the rate that a step of convolutions can hope for.

    Args:
        batch_size: rows.
        dtype: `"float32"` or `"bfloat16"`.
    """

    size, channels, kernel_size = 16, 128, 5

    def __init__(self, batch_size: int, dtype: str):
        import tensorflow as tf

        shape = (batch_size, self.size, self.size, self.channels)
        kernel_shape = (self.kernel_size, self.kernel_size, self.channels, self.channels)
        images = tf.cast(tf.random.normal(shape), dtype)
        kernel = tf.cast(tf.random.normal(kernel_shape), dtype)

        @tf.function
        def convolve(images: tf.Tensor, kernel: tf.Tensor) -> list[tf.Tensor]:
            with tf.GradientTape() as tape:
                tape.watch([images, kernel])
                features = tf.nn.conv2d(images, kernel, 1, "SAME")
            return tape.gradient(features, [images, kernel], output_gradients=images)

        self.flops = 2 * 2 * batch_size * (self.size * self.kernel_size * self.channels) ** 2
        self.convolve = lambda: [gradient[0].numpy() for gradient in convolve(images, kernel)]

    def run(self, steps: int) -> None:
        """Computes so often."""
        for _ in range(steps):
            self.convolve()


def penalty_of(variant: str) -> str:
    """The penalty in the name of a variant such as `fit_r1`."""
    name = variant.partition("_")[2]
    return name if name in PENALTIES else "none"


def make_contestant(model: BenchmarkModel, variant: str, batch_size: int) -> Contestant:
    """The runner of a variant of `BenchmarkConfig.variants`, or of the rate of convolutions."""
    low = variant.endswith("_bfloat16")
    penalty = penalty_of(variant)
    if variant.startswith("torch") and model.of_pairs:
        from benchmark_parts.torch_pairs import TorchPairs

        images = make_images(model)
        return TorchPairs(images[::-1].copy(), images, batch_size, low)
    if variant.startswith("torch") and model.is_unpaired:
        from benchmark_parts.torch_cycle import TorchCycle

        images = make_images(model)
        return TorchCycle(images[::-1].copy(), images, batch_size)
    if variant.startswith("torch"):
        from benchmark_parts.torch_loop import TorchLoop

        return TorchLoop(model.body, make_images(model), batch_size, low, penalty, model.norm)
    if variant.startswith("convolutions"):
        return ConvolutionRate(batch_size, "bfloat16" if low else "float32")
    if variant == "fit_2_processes":
        return TwoProcesses(model, batch_size)
    if variant == "fit_2_devices":
        import tensorflow as tf

        return Fit(model, batch_size, strategy=tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]))
    dtype = "mixed_bfloat16" if low else "float32"
    return PlainLoop(model, batch_size, dtype) if variant == "plain" else Fit(model, batch_size, dtype, penalty=penalty)
