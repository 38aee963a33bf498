"""What `benchmark.py` times with TensorFlow: `fit`, a plain loop, and a convolution for comparison."""

import contextlib
import json
import math
import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from tfgan_suite.options.objective import PENALTIES

LATENT_DIM = 100
NUM_IMAGES = 2_048
SEED = 0


@dataclass(frozen=True)
class BenchmarkModel:
    """What is timed under a name: networks, image shape, whether they have convolutions, the discriminator's norm."""

    body: str
    image_shape: tuple[int, int, int]
    convolutional: bool = True
    norm: str | None = None

    @property
    def options(self) -> dict[str, Any]:
        """Of its networks."""
        return {"dropout": 0.0} | ({} if self.norm is None else {"discriminator_norm": self.norm})

    @property
    def of_pairs(self) -> bool:
        """Whether it is that of the preset `pix2pix`, of images as large and with as many channels on both sides."""
        return self.body == "unet"

    def make(self, dtype: str) -> Any:
        """The package's model."""
        from tfgan_suite.models.dcgan import DCGAN
        from tfgan_suite.models.mlp_gan import MLPGAN
        from tfgan_suite.models.pix2pix import Pix2Pix

        if self.of_pairs:
            of_preset = {"base_filters": 32, "generator_up": "nearest"}
            return Pix2Pix(self.image_shape, self.image_shape, dtype=dtype, **of_preset)
        if self.convolutional:
            return DCGAN(self.image_shape, LATENT_DIM, self.body, dtype=dtype, **self.options)
        return MLPGAN(self.image_shape, LATENT_DIM, dtype=dtype)


MODELS = {
    "mlp_gan_small": BenchmarkModel("mlp", (28, 28, 1), convolutional=False),
    "dcgan_28": BenchmarkModel("dcgan_tutorial", (28, 28, 1)),
    "dcgan_32": BenchmarkModel("dcgan_radford2015", (32, 32, 3), norm="none"),
    "dcgan_64": BenchmarkModel("dcgan_radford2015", (64, 64, 3)),
    "pix2pix_64": BenchmarkModel("unet", (64, 64, 3)),
    "pix2pix_128": BenchmarkModel("unet", (128, 128, 3)),
}


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


def make_images(model: BenchmarkModel) -> np.ndarray:
    """Random uint8 images (NUM_IMAGES, H, W, C)."""
    return np.random.default_rng(SEED).integers(0, 256, (NUM_IMAGES, *model.image_shape), np.uint8)


def make_batches(model: BenchmarkModel, batch_size: int) -> Any:
    """Batches of the package's own pipeline, without end for our purposes."""
    from tfgan_suite.data.image_data import ImageData
    from tfgan_suite.data.pairs import StoredPairs
    from tfgan_suite.data.pipeline import training_batches

    images = make_images(model)
    data = StoredPairs.of_arrays(images[::-1], images) if model.of_pairs else ImageData(images, None, (), "numbers")
    return training_batches(data, batch_size, epochs=1_000_000, seed=SEED)


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
            self.gan.compile(penalty=penalty)
        if strategy:
            self.exchange_seconds = time_exchange(strategy, self.gan.trainable_variables)
        self.batches = make_batches(model, batch_size)
        self.timer = EpochTimer()
        self.flops = batch_size * count_step_flops(self.gan.generator, self.gan.discriminator)

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


def forward_flops(network: Any) -> list[int]:
    """Floating-point operations of each dense or convolutional layer's forward pass on one image, in order.

    Two for each multiply-add of the direct way: edges count as if the padding were multiplied, a layer that goes
    through the Fourier transform as if it did not, all other layers as nothing.
    """
    from keras import layers

    flops = []
    for layer in network.layers:
        if isinstance(layer, layers.Conv2DTranspose):
            positions = math.prod(layer.input.shape[1:-1])
        elif isinstance(layer, layers.Conv2D):
            positions = math.prod(layer.output.shape[1:-1])
        elif isinstance(layer, layers.Dense):
            positions = 1
        else:
            continue
        flops.append(2 * positions * math.prod(layer.kernel.shape))
    return flops


def count_step_flops(generator: Any, discriminator: Any) -> int:
    """Floating-point operations of an alternating step with shared fake images, for each image of the batch.

    A layer's gradient by its kernel and the one by its input each cost what the forward pass costs;
    the first layer of a network needs none by its input, but for the generator's gradient through the
    discriminator, which needs no gradient by a kernel.
    """
    g, d = forward_flops(generator), forward_flops(discriminator)
    generator_flops = 3 * sum(g) - g[0]
    discriminator_flops = 2 * (3 * sum(d) - d[0])  # on real and on fake images
    return generator_flops + discriminator_flops + 2 * sum(d)


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
