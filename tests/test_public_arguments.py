"""Every public function refuses arguments of wrong types and ranges in one line, as the command line does."""

import inspect
import math
import types
import typing
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shrunk import CLASSES, SHAPE, shrunk_model, tiny_data

import tfgan_suite
from tfgan_suite import metrics
from tfgan_suite.errors import InputError

RANDOM = np.random.default_rng(0)
ROWS = RANDOM.normal(size=(24, 3))
PIXELS = RANDOM.uniform(size=(24, 16))
PREDICTED = np.arange(24) % CLASSES
IMAGES = RANDOM.integers(0, 256, (2, 12, 12, 1)).astype(np.uint8)

# Right arguments of each; a wrong one takes the place of one of them. Paths lead into an empty folder.
RIGHT: dict[str, Callable[[Path], dict[str, Any]]] = {
    "ConditionalGAN": lambda p: {"image_shape": SHAPE, "num_classes": 3, "body": "mlp", "discriminator_steps": 1},
    "DCGAN": lambda p: {"image_shape": SHAPE, "base_filters": 2, "seed": 0},
    "Pix2Pix": lambda p: {"source_shape": SHAPE, "target_shape": SHAPE, "l1_weight": 10.0, "seed": 0},
    "SRGAN": lambda p: {"source_shape": SHAPE, "target_shape": (16, 16, 1), "features": "general", "seed": 0},
    "CycleGAN": lambda p: {"source_shape": SHAPE, "target_shape": SHAPE, "pool_size": 4, "seed": 0},
    "CUT": lambda p: {"source_shape": SHAPE, "target_shape": SHAPE, "nce_patches": 4, "seed": 0},
    "MLPGAN": lambda p: {"image_shape": SHAPE, "ema_momentum": 0.0, "updates": "alternating"},
    "Evaluation": lambda p: {"real": tiny_data().images, "extractor": metrics.load_extractor("classifier", "digits")},
    "ExactCheckpoint": lambda p: {"directory": p},
    "HealthMonitor": lambda p: {"path": p / "health.csv", "real_images": tiny_data().images},
    "SampleGrid": lambda p: {"directory": p},
    "SavedGenerator": lambda p: {"path": p / "none"},
    "TrainConfig": lambda p: {},
    "EpochHistory": lambda p: {"path": p / "history.csv"},
    "KeepBest": lambda p: {"directory": p, "metric": "frechet_distance"},
    "cut_history": lambda p: {"path": p / "history.csv", "epochs": 1},
    "export_generator": lambda p: {"model": shrunk_model("mlp_gan_small"), "base": p},
    "load_images": lambda p: {"dataset": "digits"},
    "load_model": lambda p: {"path": p / "none.keras"},
    "training_batches": lambda p: {"data": tiny_data(), "batch_rows": 4, "epochs": 1, "seed": 0},
    "verify_export": lambda p: {"path": p / "none"},
    "FrechetDistance": lambda p: {"num_features": 3},
    "KernelDistance": lambda p: {"num_features": 3},
    "choose_sigma": lambda p: {"samples": PIXELS, "validation": PIXELS},
    "class_accuracies": lambda p: {"predicted": PREDICTED, "labels": PREDICTED, "num_classes": 3},
    "class_entropy": lambda p: {"shares": np.full(4, 0.25)},
    "class_shares": lambda p: {"predicted": PREDICTED, "num_classes": 3},
    "classifier_score": lambda p: {"logits": ROWS, "splits": 2},
    "cycle_errors": lambda p: {
        "there": lambda x, first: x, "back": lambda x, first: x, "sources": np.zeros((4, 4, 4, 1)), "sigma": 0.02,
        "seed": 0,
    },
    "density_coverage": lambda p: {"real": ROWS, "generated": ROWS},
    "duplicate_share": lambda p: {"generated": ROWS, "real": ROWS},
    "frechet_distance": lambda p: {"real": ROWS, "generated": ROWS},
    "frechet_distance_infinity": lambda p: {"real": ROWS, "generated": ROWS, "points": 3},
    "frechet_standard_error": lambda p: {"real": ROWS, "generated": ROWS},
    "grouped_mean": lambda p: {"values": ROWS[:, 0], "groups": PREDICTED},
    "kernel_distance": lambda p: {"real": ROWS, "generated": ROWS, "subsets": 2, "subset_size": 8},
    "kept_accuracy": lambda p: {"predicted": PREDICTED, "of_truth": PREDICTED, "labels": PREDICTED},
    "l1_distance": lambda p: {"made": IMAGES, "true": IMAGES, "where": IMAGES[..., 0] > 9},
    "label_accuracy": lambda p: {"predicted": PREDICTED, "labels": PREDICTED},
    "load_extractor": lambda p: {"name": "classifier", "dataset": "digits"},
    "memorisation_ratio": lambda p: {"generated": ROWS, "train": ROWS, "held_out": ROWS},
    "mode_counts": lambda p: {"points": ROWS[:, :2], "centres": ROWS[:8, :2], "stddev": 0.1},
    "mode_divergence": lambda p: {"shares": np.array([0.5, 0.5]), "expected": np.array([0.25, 0.75])},
    "moments": lambda p: {"features": ROWS},
    "nearest_neighbour_accuracy": lambda p: {
        "train_images": PIXELS, "train_labels": PREDICTED, "test_images": PIXELS, "test_labels": PREDICTED
    },
    "parzen_log_likelihood": lambda p: {"samples": PIXELS, "test": PIXELS, "sigma": 0.2},
    "perceptual_path_length": lambda p: {
        "generate": lambda z: z, "features": lambda x: x, "latent_dim": 2, "count": 100
    },
    "precision_recall": lambda p: {"real": ROWS, "generated": ROWS},
    "psnr": lambda p: {"made": IMAGES, "true": IMAGES, "where": IMAGES[..., 0] > 9, "span": 255.0},
    "read_records": lambda p: {"path": p / "none.json"},
    "ring": lambda p: {},
    "sample_modes": lambda p: {"centres": ROWS[:8, :2], "stddev": 0.1, "count": 4, "seed": 0},
    "slerp": lambda p: {"a": ROWS, "b": ROWS, "t": np.full(24, 0.5)},
    "square_grid": lambda p: {},
    "ssim": lambda p: {"made": IMAGES, "true": IMAGES, "where": IMAGES[..., 0] > 9, "span": 255.0},
    "stack_digits": lambda p: {
        "images": RANDOM.integers(0, 256, (8, 4, 4, 1)).astype(np.uint8), "labels": np.arange(8), "count": 2, "seed": 0
    },
    "stacked_modes": lambda p: {"predicted": np.zeros((4, 3), np.int64)},
    "write_records": lambda p: {"path": p / "none" / "a.json", "records": []},
}  # fmt: skip
# Values that are told apart by other tests, or made by the package alone.
NOT_CALLED = {
    "AdversarialLoss", "CollapseError", "Comparison", "DivergenceError", "Extractor", "GAN", "InputError", "LOSSES",
    "METRICS", "MetricRecord", "Moments", "PRESETS", "Samples", "StopOnNonFinite", "StopOnSignal", "difference",
    "frechet_distance_of_moments", "resume_fit", "train",
}  # fmt: skip
# What may be below 0, or is looked at when it is used.
ANY_NUMBER = {"seed", "spacing"}
ANY_TEXT = {
    "name",
    "dataset",
    "data_dir",
    "split",
    "init_from",
    "run_dir",
    "export_dir",
    "path",
    "directory",
    "gif",
    "base",
    "log_dir",
    "metric",
}


def every_public() -> dict[str, Any]:
    return {name: getattr(place, name) for place in (tfgan_suite, metrics) for name in place.__all__}


def test_every_public_name_is_called_or_said_why_not() -> None:
    assert set(every_public()) == set(RIGHT) | NOT_CALLED


def wrong_values(name: str, hint: Any) -> Iterator[Any]:
    """Values of other types and out of range."""
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        kept = [part for part in parts if part is not types.NoneType]
        for part in kept[:1] if set(kept) != {Path, str} else [str]:
            yield from (value for value in wrong_values(name, part) if value is not None)
    elif hint is int:
        yield from ("3", 1.5, None, True, *(() if name in ANY_NUMBER else (-1,)))
    elif hint is float:
        yield from ("0.5", None, True, math.nan, *(() if name in ANY_NUMBER else (-1.0,)))
    elif hint is bool:
        yield from ("yes", 1, None)
    elif hint in (str, Path):
        yield from (3, None, *(() if name in ANY_TEXT else ("no such",) if hint is str else ()))
    elif origin is tuple:
        yield from (16, "16", (0,) * len(parts), (1.5,) * len(parts))
    elif origin is Sequence:
        yield from (3, (None,), ("a",) if parts[0] in (int, float) else (-1,))
    elif hint is np.ndarray or "ArrayLike" in str(hint) or "_SupportsArray" in str(hint):
        yield from ("text", None, np.zeros((0, 3)), np.full((24, 3), np.nan), np.array(["a", "b"]))


def wrong_calls() -> list[tuple[str, str, Any]]:
    calls = []
    for name, function in every_public().items():
        if name in RIGHT:
            target = function.__init__ if inspect.isclass(function) else function
            for argument, hint in typing.get_type_hints(target).items():
                calls += [(name, argument, value) for value in wrong_values(argument, hint) if argument != "return"]
    return calls


def shown(value: Any) -> str:
    return f"{value.dtype} {value.shape}" if isinstance(value, np.ndarray) else repr(value)


@pytest.mark.parametrize("name", RIGHT)
def test_wrong_arguments_are_refused_in_one_line(name: str, tmp_path: Path) -> None:
    taken = []
    right = RIGHT[name](tmp_path)
    for argument, value in [(argument, value) for each, argument, value in wrong_calls() if each == name]:
        try:
            every_public()[name](**{**right, argument: value})
            taken.append(f"{argument}={shown(value)} is taken")
        except InputError as error:
            if "\n" in str(error):
                taken.append(f"{argument}={shown(value)}: several lines")
        except Exception as error:
            taken.append(f"{argument}={shown(value)}: {type(error).__name__}: {error}"[:150])
    assert not taken, "\n".join(taken)
