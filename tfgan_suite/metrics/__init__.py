"""Numbers that say what a generator makes: features -> statistics -> value, one metric a file.

The functions are loaded when they are first used. Their files have other names than they have.
"""

import importlib
from typing import Any

_PUBLIC = {
    "METRICS": "catalogue",
    "class_accuracies": "classes",
    "class_entropy": "classes",
    "class_shares": "classes",
    "label_accuracy": "classes",
    "Comparison": "comparison",
    "Samples": "comparison",
    "density_coverage": "coverage",
    "duplicate_share": "duplicates",
    "Extractor": "extractors",
    "load_extractor": "extractors",
    "Moments": "frechet",
    "frechet_distance": "frechet",
    "frechet_distance_infinity": "frechet",
    "frechet_distance_of_moments": "frechet",
    "moments": "frechet",
    "frechet_standard_error": "frechet",
    "kernel_distance": "kernel",
    "FrechetDistance": "keras_metrics",
    "KernelDistance": "keras_metrics",
    "memorisation_ratio": "memorisation",
    "mode_counts": "modes",
    "ring": "modes",
    "sample_modes": "modes",
    "square_grid": "modes",
    "stack_digits": "modes",
    "stacked_modes": "modes",
    "nearest_neighbour_accuracy": "nearest_label",
    "choose_sigma": "parzen",
    "parzen_log_likelihood": "parzen",
    "perceptual_path_length": "path_length",
    "slerp": "path_length",
    "precision_recall": "precision",
    "MetricRecord": "records",
    "difference": "records",
    "read_records": "records",
    "write_records": "records",
    "classifier_score": "score",
}

__all__ = sorted(_PUBLIC)


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'tfgan_suite.metrics' has no attribute {name!r}")
    return getattr(importlib.import_module(f"tfgan_suite.metrics.{_PUBLIC[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_PUBLIC])
