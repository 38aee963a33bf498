"""Numbers that say what a generator makes: features -> statistics -> value, one metric a file.

The functions are loaded when they are first used. Their files have other names than they have.
"""

from tfgan_suite.startup.backend import check_backend
from tfgan_suite.startup.lazy import lazy_names

check_backend()

_PUBLIC = {
    "METRICS": "catalogue",
    "l1_distance": "absolute",
    "class_accuracies": "classes",
    "class_entropy": "classes",
    "class_shares": "classes",
    "kept_accuracy": "classes",
    "label_accuracy": "classes",
    "Comparison": "comparison",
    "Samples": "comparison",
    "density_coverage": "coverage",
    "cycle_errors": "cycle",
    "duplicate_share": "duplicates",
    "grouped_mean": "grouping",
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
    "mode_divergence": "modes",
    "ring": "modes",
    "sample_modes": "modes",
    "square_grid": "modes",
    "stacked_modes": "modes",
    "nearest_neighbour_accuracy": "nearest_label",
    "choose_sigma": "parzen",
    "parzen_log_likelihood": "parzen",
    "perceptual_path_length": "path_length",
    "slerp": "path_length",
    "psnr": "peak_noise",
    "precision_recall": "precision",
    "MetricRecord": "records",
    "difference": "records",
    "read_records": "records",
    "write_records": "records",
    "classifier_score": "score",
    "ssim": "structure",
}

__all__ = sorted([*_PUBLIC, "stack_digits"])
__getattr__, __dir__ = lazy_names(
    __name__,
    {name: f"tfgan_suite.metrics.{module}" for name, module in _PUBLIC.items()}
    | {"stack_digits": "tfgan_suite.data.stacked_mnist"},
)
