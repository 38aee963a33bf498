"""Training speed and memory, side by side: `fit`, a plain TensorFlow loop and PyTorch. See `--help`.

Every variant lives in a process of its own. The processes take turns, a few seconds each, so that
other load on the machine hits all alike; ratios are medians of the ratios within one round.
"""

import json
import multiprocessing
import os
import platform
import resource
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from importlib import metadata, util
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from benchmark_parts.loops import Duration, Fit, make_contestant, penalty_of
from benchmark_parts.models import MODELS, NUM_IMAGES, BenchmarkModel

from tfgan_suite.cli import parse, quiet_import, run
from tfgan_suite.errors import InputError, unknown_choice
from tfgan_suite.options.objective import PENALTIES

WARM_UP_STEPS = 2
EPOCH_STEPS = 100  # of the watch over memory
BUSY = 0.25  # load average for each core from which on other programs disturb
VARIANTS = (
    "fit", "plain", "torch", "fit_bfloat16", "plain_bfloat16", "torch_bfloat16", "fit_2_devices", "fit_2_processes",
    *(f"{library}_{penalty}" for penalty in PENALTIES if penalty != "none" for library in ("fit", "torch")),
)  # fmt: skip
OF_PAIRS = ("fit", "torch", "fit_bfloat16", "torch_bfloat16")  # what there is of pix2pix
UNPAIRED = ("fit", "torch", "fit_bfloat16")  # and of cyclegan


@dataclass(frozen=True)
class BenchmarkConfig:
    """Times training steps of several models, each by `fit`, by a plain loop and by PyTorch.

    `fit` is this package's, with alternating updates. `plain` is a tf.function of the same
    algorithm on the same Keras networks with Keras's Adam, fed by the same pipeline, without `fit`,
    metrics and latents keyed by step. `torch` is PyTorch run eagerly on networks of the same shapes.
    A variant that ends in `_bfloat16` computes in bfloat16 where the others use float32. `fit_2_devices` divides
    the same batch over two logical devices of this machine, `fit_2_processes` over two processes on it: where they
    share the cores of one device, what they lose against `fit` is what the division costs. `fit_r1` and `torch_r1`
    add that penalty to the discriminator's step, and so for every other; not on dcgan_64, which has BatchNorm.
    `pix2pix_64`, `pix2pix_128` and `cyclegan_64` are these presets without moving averages, by `fit` and `torch`.
    """

    models: tuple[str, ...] = ("mlp_gan_small", "dcgan_28", "dcgan_64")
    """Time these models."""
    variants: tuple[str, ...] = ("fit", "plain", "torch", "fit_bfloat16")
    """Time these variants; torch is left out where it is not installed, bfloat16 for fully connected networks."""
    batch_size: int = 128
    """Take so many images a step."""
    repetitions: int = 7
    """Go so many rounds; each gives every variant one turn."""
    seconds: float = 2.0
    """Let a turn take about so long, but two steps at least."""
    threads: int | None = None
    """Give every variant so many threads; else what each library chooses. With 1 the CPU time tells the work of a step
    even on a busy machine."""
    memory_steps: int = 0
    """Watch the resident memory over so many steps of fit, in place of the speed."""
    output: str | None = None
    """Write all numbers into this JSON file."""


def serve(connection: Connection, model: BenchmarkModel, variant: str, config: BenchmarkConfig) -> None:
    """The life of a variant's process: build, take the first step, then a turn for each number until 0 comes."""
    if variant.startswith("torch"):
        import torch

        if config.threads:
            torch.set_num_threads(config.threads)
    else:
        with quiet_import():
            import tensorflow as tf

            import tfgan_suite.models.gan  # noqa: F401
        if variant == "fit_2_devices":
            halves = [tf.config.LogicalDeviceConfiguration()] * 2
            tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], halves)
        if config.threads:
            tf.config.threading.set_intra_op_parallelism_threads(config.threads)
            tf.config.threading.set_inter_op_parallelism_threads(config.threads)
    start = Duration.now()
    contestant = make_contestant(model, variant, config.batch_size)
    contestant.run(1)
    exchange = getattr(contestant, "exchange_seconds", None)
    connection.send((Duration.now().since(start).seconds, contestant.flops, exchange))
    contestant.run(WARM_UP_STEPS)
    while steps := connection.recv():
        start = Duration.now()
        own = contestant.run(steps)
        connection.send(own or Duration.now().since(start))
    connection.send(peak_memory())


def peak_memory() -> int:
    """The largest resident size of this process so far, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


class Player:
    """The parent's end of a variant's process.

    Attributes:
        first_step_seconds: from the first layer built to the end of the first step, after imports.
        flops: of a step, where the variant can tell.
        exchange_seconds: of adding up one step's gradients over the devices, where there are several.
        rates: steps a second, one number a turn.
        cpu_seconds: CPU time of a step over all threads, one number a turn.
    """

    def __init__(self, model: BenchmarkModel, variant: str, config: BenchmarkConfig):
        context = multiprocessing.get_context("spawn")
        self.connection, other = context.Pipe()
        process = context.Process(target=serve, args=(other, model, variant, config), daemon=True)
        process.start()
        other.close()
        self.process = process
        self.first_step_seconds, self.flops, self.exchange_seconds = self.connection.recv()
        self.rates: list[float] = []
        self.cpu_seconds: list[float] = []
        self.steps = 2
        self.turn()
        self.steps = max(2, round(config.seconds * self.rates.pop()))
        self.cpu_seconds.clear()

    def turn(self) -> None:
        """Takes as many steps as fill a turn."""
        self.connection.send(self.steps)
        duration = self.connection.recv()
        self.rates.append(self.steps / duration.seconds)
        self.cpu_seconds.append(duration.cpu_seconds / self.steps)

    def leave(self) -> int:
        """Ends the process; its peak memory in bytes."""
        self.connection.send(0)
        peak = self.connection.recv()
        self.process.join()
        return peak


def time_model(name: str, config: BenchmarkConfig) -> list[dict[str, Any]]:
    """One row a variant of a model."""
    model = MODELS[name]
    variants = [v for v in config.variants if model.convolutional or not v.endswith("_bfloat16")]
    of_images = OF_PAIRS if model.of_pairs else UNPAIRED if model.is_unpaired else variants
    variants = [v for v in variants if v in of_images]
    types = {_type(v) for v in variants}
    rate_names = {low: f"convolutions_{low}".rstrip("_") for low in types} if model.convolutional else {}
    players = {v: Player(model, v, config) for v in (*variants, *rate_names.values())}
    for _ in range(config.repetitions):
        for player in players.values():
            player.turn()
    flops = next((players[v].flops for v in variants if players[v].flops), None)
    rows = []
    for variant in variants:
        player = players[variant]
        images = [config.batch_size * rate for rate in player.rates]
        row: dict[str, Any] = {
            "model": name,
            "variant": variant,
            "images_per_second": statistics.median(images),
            "quartiles": [float(q) for q in np.percentile(images, (25, 75))],
            "all": images,
            "cpu_milliseconds_per_image": statistics.median(player.cpu_seconds) * 1e3 / config.batch_size,
            "steps_a_turn": player.steps,
            "first_step_seconds": player.first_step_seconds,
        }
        if player.exchange_seconds is not None:
            row["exchange_share"] = player.exchange_seconds * statistics.median(player.rates)
        same = f"torch_{penalty_of(variant)}"
        for other in ("fit", "plain", *([same] if same in players else ["torch"])):
            if other in players:
                row[f"ratio_to_{other.partition('_')[0]}"] = _median_ratio(player.rates, players[other].rates)
        if flops and rate_names:
            convolutions = players[rate_names[_type(variant)]]
            row["megaflops_per_image"] = flops / config.batch_size / 1e6
            row["gigaflops_per_second"] = flops * statistics.median(player.rates) / 1e9
            row["convolution_gigaflops_per_second"] = convolutions.flops * statistics.median(convolutions.rates) / 1e9
            relative = _median_ratio(player.rates, convolutions.rates)
            row["share_of_convolution_rate"] = relative * flops / convolutions.flops
        rows.append(row)
    peaks = {v: player.leave() for v, player in players.items()}
    return [{**row, "peak_memory_bytes": peaks[row["variant"]]} for row in rows]


def _type(variant: str) -> str:
    return "bfloat16" if variant.endswith("_bfloat16") else ""


def _median_ratio(rates: Sequence[float], others: Sequence[float]) -> float:
    """Median of the ratios of the two numbers of each round."""
    return statistics.median(rate / other for rate, other in zip(rates, others, strict=True))


def watch_memory(connection: Connection, name: str, config: BenchmarkConfig) -> None:
    """Trains by `fit` in a process of its own and sends (steps, resident bytes) once an epoch of 100 steps."""
    with quiet_import():
        import keras

    class MemoryWatch(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            pages = int(Path("/proc/self/statm").read_text().split()[1])
            seen.append(((epoch + 1) * EPOCH_STEPS, pages * os.sysconf("SC_PAGESIZE")))

    seen: list[tuple[int, int]] = []
    contestant = Fit(MODELS[name], config.batch_size, "float32")
    epochs = config.memory_steps // EPOCH_STEPS
    contestant.gan.fit(
        contestant.batches, epochs=epochs, steps_per_epoch=EPOCH_STEPS, verbose=0, callbacks=[MemoryWatch()]
    )
    connection.send(seen)


def print_table(rows: Sequence[dict[str, Any]]) -> None:
    """Prints the rows of `time_model` in aligned columns."""
    head = [
        "model",
        "variant",
        "images/s",
        "quartiles",
        "/fit",
        "/plain",
        "/torch",
        "exchange",
        "conv rate",
        "CPU ms/image",
        "peak MiB",
        "first step s",
    ]
    lines = [head]
    for row in rows:
        ratios = [
            f"{row[key]:.3f}" if key in row else "-" for key in ("ratio_to_fit", "ratio_to_plain", "ratio_to_torch")
        ]
        share, exchange = row.get("share_of_convolution_rate"), row.get("exchange_share")
        lines.append([
            row["model"],
            row["variant"],
            f"{row['images_per_second']:.1f}",
            "{:.1f}-{:.1f}".format(*row["quartiles"]),
            *ratios,
            "-" if exchange is None else f"{exchange:.1%}",
            "-" if share is None else f"{share:.0%}",
            f"{row['cpu_milliseconds_per_image']:.3f}",
            f"{row['peak_memory_bytes'] / 2**20:.0f}",
            f"{row['first_step_seconds']:.1f}",
        ])  # fmt: skip
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    for line in lines:
        names = [cell.ljust(width) for cell, width in zip(line[:2], widths[:2], strict=True)]
        numbers = [cell.rjust(width) for cell, width in zip(line[2:], widths[2:], strict=True)]
        print("  ".join(names + numbers), flush=True)


def describe_machine(config: BenchmarkConfig) -> dict[str, Any]:
    """What the numbers were measured with."""
    cpu_info = Path("/proc/cpuinfo")
    names = [line for line in cpu_info.read_text().splitlines() if "model name" in line] if cpu_info.exists() else []
    packages = ["tfgan_suite", "tensorflow", "keras", "numpy", *(["torch"] if util.find_spec("torch") else [])]
    return {
        "date": time.strftime("%Y-%m-%d"),
        "cpu": names[0].partition(":")[2].strip() if names else platform.processor(),
        "cores": os.cpu_count(),
        "load_average_at_start": os.getloadavg()[0],
        "python": platform.python_version(),
        "versions": {package: metadata.version(package) for package in packages},
        "settings": asdict(config),
    }


def benchmark(arguments: Sequence[str], program: str) -> int:
    """`benchmark.py`: see `BenchmarkConfig`."""
    config = parse(BenchmarkConfig, arguments, program)
    check(config)
    if not util.find_spec("torch"):
        print("torch is not installed: its variants are left out")
        config = replace(config, variants=tuple(v for v in config.variants if not v.startswith("torch")))
    results: dict[str, Any] = describe_machine(config)
    print(f"{results['cpu']}, {results['cores']} cores, load {results['load_average_at_start']:.1f}; " + ", ".join(
        f"{package} {version}" for package, version in results["versions"].items()), flush=True)  # fmt: skip
    if results["load_average_at_start"] > BUSY * os.cpu_count() and not config.memory_steps:
        print(
            "The machine is busy: ratios to PyTorch flatter TensorFlow then, whose threads do not wait for each other "
            "in step. Repeat on a quiet machine, or compare CPU time with --threads 1.",
            flush=True,
        )
    if config.memory_steps:
        results["memory"] = {name: measure_memory(name, config) for name in config.models}
    else:
        print(f"batch {config.batch_size}, {config.repetitions} rounds, about {config.seconds:g} s a turn", flush=True)
        results["speed"] = []
        for name in config.models:
            rows = time_model(name, config)
            print_table(rows)
            results["speed"] += rows
    if config.output:
        Path(config.output).write_text(json.dumps(results, indent=2) + "\n")
    return 0


def measure_memory(name: str, config: BenchmarkConfig) -> dict[str, int]:
    """Resident bytes by step; prints those after 200 steps, halfway and at the end."""
    context = multiprocessing.get_context("spawn")
    connection, other = context.Pipe()
    process = context.Process(target=watch_memory, args=(other, name, config), daemon=True)
    process.start()
    other.close()
    seen = dict(connection.recv())
    process.join()
    last = max(seen)
    sizes = [
        f"{seen[steps] / 2**20:.1f} MiB after {steps}"
        for steps in (2 * EPOCH_STEPS, last // 2 // EPOCH_STEPS * EPOCH_STEPS, last)
    ]
    print(f"{name}: resident {', '.join(sizes)} steps", flush=True)
    return {str(steps): size for steps, size in seen.items()}


def check(config: BenchmarkConfig) -> None:
    """Refuses settings that cannot be used.

    Raises:
        InputError: an unknown name, or a number out of its range.
    """
    for model in config.models:
        if model not in MODELS:
            raise unknown_choice("model", model, MODELS)
    for variant in config.variants:
        if variant not in VARIANTS:
            raise unknown_choice("variant", variant, VARIANTS)
    for name in ("batch_size", "repetitions", "seconds", "threads"):
        if getattr(config, name) is not None and getattr(config, name) <= 0:
            raise InputError(f"--{name.replace('_', '-')} must be greater than 0. Received: {getattr(config, name)}.")
    if config.batch_size > NUM_IMAGES:
        raise InputError(f"--batch-size must be at most {NUM_IMAGES}. Received: {config.batch_size}.")
    if config.memory_steps and config.memory_steps < 4 * EPOCH_STEPS:
        raise InputError(f"--memory-steps must be at least {4 * EPOCH_STEPS}. Received: {config.memory_steps}.")


if __name__ == "__main__":
    sys.exit(run(benchmark, sys.argv[1:], "benchmark.py"))
