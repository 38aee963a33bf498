"""The metrics by name, each from a comparison to numbers: what the command line, the callback and the tables share."""

from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from tfgan_suite.errors import InputError, unknown_choice
from tfgan_suite.metrics.absolute import l1_distance
from tfgan_suite.metrics.classes import class_accuracies, class_entropy, class_shares, kept_accuracy, label_accuracy
from tfgan_suite.metrics.comparison import Comparison, as_rows
from tfgan_suite.metrics.coverage import density_coverage
from tfgan_suite.metrics.cycle import NOISE_SIGMA
from tfgan_suite.metrics.diversity import diversity
from tfgan_suite.metrics.duplicates import duplicate_share
from tfgan_suite.metrics.frechet import frechet_distance, frechet_distance_infinity, frechet_standard_error
from tfgan_suite.metrics.grouping import grouped_mean
from tfgan_suite.metrics.kernel import kernel_distance
from tfgan_suite.metrics.measured import Measured, Metric
from tfgan_suite.metrics.memorisation import QUANTILE, memorisation_ratio
from tfgan_suite.metrics.modes import mode_divergence
from tfgan_suite.metrics.nearest_label import nearest_neighbour_accuracy
from tfgan_suite.metrics.parzen import choose_sigma, parzen_log_likelihood
from tfgan_suite.metrics.path_length import EPSILON, perceptual_path_length
from tfgan_suite.metrics.peak_noise import MOST_DECIBELS, psnr
from tfgan_suite.metrics.precision import precision_recall
from tfgan_suite.metrics.score import classifier_score
from tfgan_suite.metrics.structure import SIDE, SIGMA, ssim

NEIGHBOURS = 5
SUBSETS, SUBSET_SIZE = 100, 1000
SPLITS = 10
PATHS = 1000


def _share(name: str, value: float, count: int, **more: Any) -> Measured:
    """A share of `count` samples, with its binomial standard error."""
    protocol = {"uncertainty": "binomial standard error", **more.pop("protocol", {})}
    return Measured(name, value, float(np.sqrt(max(value * (1 - value), 0.0) / count)), protocol, **more)


def _frechet(c: Comparison) -> list[Measured]:
    features = c.reference.features, c.generated.features
    protocol = {"uncertainty": "standard error over the generated images"}
    return [Measured("frechet_distance", frechet_distance(*features), frechet_standard_error(*features), protocol)]


def _frechet_infinity(c: Comparison) -> list[Measured]:
    value = frechet_distance_infinity(c.reference.features, c.generated.features, seed=c.seed)
    return [Measured("frechet_distance_infinity", value)]


def _kernel(c: Comparison) -> list[Measured]:
    # Half of few images: subsets of all of them would not differ.
    size = min(SUBSET_SIZE, max(2, len(c.generated.features) // 2))
    mean, deviation = kernel_distance(c.reference.features, c.generated.features, SUBSETS, size, c.seed)
    protocol = {"subsets": SUBSETS, "subset_size": size, "uncertainty": "standard deviation over subsets"}
    return [Measured("kernel_distance", mean, deviation, protocol)]


def _precision_recall(c: Comparison) -> list[Measured]:
    precision, recall = precision_recall(c.reference.features, c.generated.features, NEIGHBOURS)
    more = {"protocol": {"neighbours": NEIGHBOURS}}
    return [
        _share("precision", precision, len(c.generated.features), **more),
        _share("recall", recall, len(c.reference.features), **more),
    ]


def _density_coverage(c: Comparison) -> list[Measured]:
    density, coverage = density_coverage(c.reference.features, c.generated.features, NEIGHBOURS)
    protocol = {"neighbours": NEIGHBOURS}
    return [
        Measured("density", density, None, protocol),
        _share("coverage", coverage, len(c.reference.features), protocol=protocol),
    ]


def _score(c: Comparison) -> list[Measured]:
    assert c.generated.logits is not None
    mean, deviation = classifier_score(c.generated.logits, SPLITS, c.seed)
    protocol = {"splits": SPLITS, "uncertainty": "standard deviation over splits"}
    return [Measured("classifier_score", mean, deviation, protocol)]


def _classes(c: Comparison) -> list[Measured]:
    assert c.num_classes is not None
    shares = class_shares(c.generated.predicted, c.num_classes)
    details = {"shares": shares.tolist()}
    return [
        Measured("smallest_class_share", float(shares.min()), details=details),
        Measured("class_entropy", class_entropy(shares)),
    ]


def _modes(c: Comparison) -> list[Measured]:
    assert c.num_classes is not None
    return [Measured("modes", float(len(np.unique(c.generated.predicted))), None, {"of": c.num_classes})]


def _mode_divergence(c: Comparison) -> list[Measured]:
    assert c.num_classes is not None and c.class_shares is not None
    if (missing := np.flatnonzero(c.class_shares == 0)).size:
        raise InputError(f"mode_divergence needs images of each class. Received: none of class {missing[0]}.")
    shares = class_shares(c.generated.predicted, c.num_classes)
    return [Measured("mode_divergence", mode_divergence(shares, c.class_shares))]


def _class_diversity(c: Comparison) -> list[Measured]:
    for samples in (c.reference, c.generated):
        if len(samples.images) <= len(np.unique(samples.predicted)):
            raise InputError(f"Each of {len(samples.images)} images is of a class of its own: diversity needs more.")
    of_real = diversity(c.reference.images, c.reference.predicted)
    if not of_real:
        raise InputError("The real images of a class are all equal: diversity cannot be told.")
    return [Measured("diversity_within_classes", diversity(c.generated.images, c.generated.predicted) / of_real)]


def _label_accuracy(c: Comparison) -> list[Measured]:
    assert c.generated.labels is not None and c.num_classes is not None
    each = class_accuracies(c.generated.predicted, c.generated.labels, c.num_classes)
    details = {"of_class": [None if np.isnan(value) else float(value) for value in each]}
    value = label_accuracy(c.generated.predicted, c.generated.labels)
    return [_share("label_accuracy", value, len(c.generated.images), details=details)]


def _label_accuracy_kept(c: Comparison) -> list[Measured]:
    assert c.generated.labels is not None and c.reference.labels is not None
    kept, error = kept_accuracy(c.generated.predicted, c.reference.predicted, c.reference.labels)
    return [Measured("label_accuracy_kept", kept, error, {"uncertainty": "standard error over pairs"})]


def _nearest_label(c: Comparison) -> list[Measured]:
    assert c.generated.labels is not None and c.reference.labels is not None
    value = nearest_neighbour_accuracy(c.generated.images, c.generated.labels, c.reference.images, c.reference.labels)
    return [_share("nearest_neighbour_accuracy", value, len(c.reference.images))]


def _duplicates(c: Comparison) -> list[Measured]:
    value = duplicate_share(c.generated.images, c.reference.images)
    return [Measured("duplicate_share", value, None, {"quantile": QUANTILE})]


def _memorisation(c: Comparison) -> list[Measured]:
    ratio, share = memorisation_ratio(c.generated.images, c.train, c.reference.images)
    protocol = {"num_train": len(c.train), "quantile": QUANTILE}
    return [
        Measured("memorisation_ratio", ratio, None, protocol),
        _share("memorised_share", share, len(c.generated.images), protocol=protocol),
    ]


def _parzen(c: Comparison) -> list[Measured]:
    sigma = choose_sigma(c.generated.pixels, as_rows(c.validation))
    mean, error = parzen_log_likelihood(c.generated.pixels, c.reference.pixels, sigma)
    protocol = {
        "sigma_chosen_by": f"{len(c.validation)} real images",
        "uncertainty": "standard error over the reference images",
    }
    return [Measured("parzen_log_likelihood", mean, error, protocol, {"sigma": sigma})]


def _path_length(c: Comparison) -> list[Measured]:
    assert c.draw is not None and c.extract is not None and c.latent_dim is not None
    labels = None if c.generated.labels is None else np.resize(c.generated.labels, PATHS)
    mean, error = perceptual_path_length(c.draw, c.extract, c.latent_dim, PATHS, seed=c.seed, labels=labels)
    protocol = {"paths": PATHS, "epsilon": EPSILON, "space": "full", "uncertainty": "standard error over paths"}
    return [Measured("path_length", mean, error, protocol)]


def _of_pairs(
    c: Comparison, name: str, measure: Callable[..., np.ndarray], protocol: dict[str, Any], unit: float = 1.0
) -> list[Measured]:
    """A number of each pair, in the mean: of whole images, and where their sources have holes, in and around these."""
    parts = {name: None} if c.holes is None else {name: None, f"{name}_inside": c.holes, f"{name}_outside": ~c.holes}
    protocol = {**protocol, "uncertainty": "standard error over pairs"}
    if c.groups is not None:
        told = {"groups": len(np.unique(c.groups)), "uncertainty": "standard error over groups, each counted once"}
        protocol = protocol | told
    found = []
    for part, where in parts.items():
        mean, error = grouped_mean(measure(c.generated.images, c.reference.images, where) / unit, c.groups)
        if not np.isnan(mean):  # no image has such a place
            found.append(Measured(part, mean, None if np.isnan(error) else error, protocol))
    return found


def _psnr(c: Comparison) -> list[Measured]:
    return _of_pairs(c, "psnr", psnr, {"mean_of": f"dB of each image, at most {MOST_DECIBELS:g}"})


def _ssim(c: Comparison) -> list[Measured]:
    window = f"Gaussian, {SIDE}x{SIDE}, sigma {SIGMA:g}, inside the image, biased variance"
    return _of_pairs(c, "ssim", ssim, {"window": window})


def _l1(c: Comparison) -> list[Measured]:
    return _of_pairs(c, "l1", l1_distance, {"span": "-1 to 1"}, unit=127.5)


def _cycle(c: Comparison) -> list[Measured]:
    assert c.cycle is not None
    plain, noisy = (grouped_mean(errors, c.groups) for errors in c.cycle)
    protocol = {"span": "-1 to 1", "noise_sigma": NOISE_SIGMA, "noise_seed": c.seed}
    told = {**protocol, "uncertainty": "standard error over images"}
    found = [Measured("cycle_l1", plain[0], None if np.isnan(plain[1]) else plain[1], told)]
    if plain[0]:  # else nothing is a multiple of it
        found.append(Measured("cycle_noise_ratio", noisy[0] / plain[0], None, protocol, {"cycle_l1_after": noisy[0]}))
    return found


def _parts(name: str) -> tuple[str, str, str]:
    """What a metric of pairs gives; where no source has a hole, the first alone."""
    return name, f"{name}_inside", f"{name}_outside"


METRICS: dict[str, Metric] = {
    "frechet_distance": Metric(_frechet, ("frechet_distance",), on_features=True, best="lowest"),
    "frechet_distance_infinity": Metric(
        _frechet_infinity, ("frechet_distance_infinity",), on_features=True, best="lowest"
    ),
    "kernel_distance": Metric(_kernel, ("kernel_distance",), on_features=True, best="lowest"),
    "precision_recall": Metric(_precision_recall, ("precision", "recall"), on_features=True, best="highest"),
    "density_coverage": Metric(_density_coverage, ("density", "coverage"), on_features=True, best="highest"),
    "classifier_score": Metric(_score, ("classifier_score",), ("logits",), best="highest"),
    "class_shares": Metric(_classes, ("smallest_class_share", "class_entropy"), ("classes",), best="highest"),
    "modes": Metric(_modes, ("modes",), ("classes",), best="highest"),
    "mode_divergence": Metric(_mode_divergence, ("mode_divergence",), ("classes", "class_shares"), best="lowest"),
    "class_diversity": Metric(_class_diversity, ("diversity_within_classes",), ("classes",)),
    "label_accuracy": Metric(_label_accuracy, ("label_accuracy",), ("classes", "labels"), best="highest"),
    "label_accuracy_kept": Metric(
        _label_accuracy_kept, ("label_accuracy_kept",), ("classes", "labels", "pairs"), has_floor=False, best="highest"
    ),
    "nearest_label": Metric(
        _nearest_label, ("nearest_neighbour_accuracy",), ("labels",), on_pixels=True, best="highest"
    ),
    "duplicates": Metric(_duplicates, ("duplicate_share",), on_pixels=True, best="lowest"),
    "memorisation": Metric(
        _memorisation, ("memorisation_ratio", "memorised_share"), ("held_out",), has_floor=False, on_pixels=True
    ),
    "parzen_log_likelihood": Metric(_parzen, ("parzen_log_likelihood",), ("validation",), on_pixels=True),
    "path_length": Metric(_path_length, ("path_length",), ("generator",), has_floor=False),
    "psnr": Metric(_psnr, _parts("psnr"), ("pairs",), has_floor=False, on_pixels=True, best="highest"),
    "ssim": Metric(_ssim, _parts("ssim"), ("pairs",), has_floor=False, on_pixels=True, best="highest"),
    "l1": Metric(_l1, _parts("l1"), ("pairs",), has_floor=False, on_pixels=True, best="lowest"),
    "cycle": Metric(_cycle, ("cycle_l1", "cycle_noise_ratio"), ("both_ways",), has_floor=False, on_pixels=True),
}


def best_of(number: str) -> Literal["lowest", "highest"] | None:
    """Which values of a number that a metric gives are the best; None where neither is.

    >>> best_of("frechet_distance"), best_of("recall"), best_of("memorisation_ratio")
    ('lowest', 'highest', None)
    """
    return next((metric.best for metric in METRICS.values() if number in metric.gives), None)


def chosen_metrics(text: str) -> list[str]:
    """Names of metrics, separated by commas, or `all`.

    >>> chosen_metrics("kernel_distance,label_accuracy")
    ['kernel_distance', 'label_accuracy']

    Raises:
        InputError: a name that is not one.
    """
    names = list(METRICS) if text == "all" else [name.strip() for name in text.split(",") if name.strip()]
    for name in names or [""]:
        if givers := [metric for metric, entry in METRICS.items() if name in entry.gives and name not in METRICS]:
            raise InputError(f"{name} is a number of the metric {givers[0]}: give that. Received: {text}.")
        if name not in METRICS:
            raise unknown_choice("metric", name, [*METRICS, "all"])
    return names


def lacks(comparison: Comparison, name: str) -> str | None:
    """Why a metric cannot be measured on a comparison; None where it can."""
    reasons = {
        "logits": (comparison.generated.logits is None, "an extractor with logits"),
        "classes": (comparison.num_classes is None, "an extractor that reads the classes of the data"),
        "class_shares": (comparison.class_shares is None, "data with classes"),
        "labels": (comparison.generated.labels is None or comparison.reference.labels is None, "labelled samples"),
        "held_out": (not comparison.held_out, "real images that the generator has not learned from"),
        "validation": (not len(comparison.validation), "real images to choose the width of its window by"),
        "generator": (comparison.draw is None, "a generator, not only its images"),
        "pairs": (not comparison.paired, "a target for each image: pairs, and a model that translates"),
        "both_ways": (comparison.cycle is None, "the way back too: a model that translates both ways"),
    }
    missing = [what for need, (is_missing, what) in reasons.items() if is_missing and need in METRICS[name].needs]
    return f"{name} needs {' and '.join(missing)}" if missing else None
