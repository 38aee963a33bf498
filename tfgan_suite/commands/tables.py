"""The tables of the README: what is trained with how many seeds, and which numbers are shown of it."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tfgan_suite.config import TrainConfig, settings_of_role
from tfgan_suite.exported import A_TO_B, B_TO_A
from tfgan_suite.options.pairs import TRANSLATORS
from tfgan_suite.options.settings import PICTURE, PLACE, WATCH
from tfgan_suite.presets import PRESETS

FULL_EPOCHS = 25
# Settings of a run that say where it lies, what it runs on and how it is watched, and not what it learns.
ELSEWHERE = settings_of_role(PLACE, WATCH, PICTURE)
LABEL_METRICS = ("label_accuracy", "nearest_label")


def _as_json(config: TrainConfig) -> dict[str, Any]:
    """The settings as they are read back from a file."""
    return json.loads(json.dumps(dataclasses.asdict(config)))


DEFAULTS = _as_json(TrainConfig())


@dataclass(frozen=True)
class Row:
    """A line of a table: one way to train, with several seeds.

    Attributes:
        title: what stands in the first column.
        model: preset.
        dataset: what it learns.
        epochs: passes over the data.
        published: the paper's number and its source; empty where there is none.
        settings: what differs from the preset.
        task: what the row shares with others that are measured on the same pairs; empty: the data set says it.
        direction: the way that is measured of a model that translates both ways, trained once for both; else None.
    """

    title: str
    model: str
    dataset: str
    epochs: int
    published: str = ""
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    task: str = ""
    direction: str | None = None

    @property
    def group(self) -> str:
        """What is measured in the same way: the task, or the data set."""
        return self.task or self.dataset

    @property
    def translates(self) -> bool:
        """Whether it makes images of images."""
        return PRESETS[self.model].settings["model_class"] in TRANSLATORS

    def flags(self, seed: int, full: bool) -> list[str]:
        """Of `train`, without the folders."""
        given = {
            "model": self.model,
            "dataset": self.dataset,
            "epochs": FULL_EPOCHS if full else self.epochs,
            "seed": seed,
            **self.settings,
        }
        flags = []
        for key, value in given.items():
            texts = [] if value is True else map(str, value if isinstance(value, tuple) else (value,))
            flags += [f"--{key.replace('_', '-')}", *texts]
        return flags

    def config(self, seed: int, full: bool) -> dict[str, Any]:
        """What the run learns by, every setting: a cell that was measured with others is not this row's."""
        epochs = FULL_EPOCHS if full else self.epochs
        config = TrainConfig.from_preset(self.model, dataset=self.dataset, epochs=epochs, seed=seed, **self.settings)
        return {key: value for key, value in _as_json(config).items() if key not in ELSEWHERE}

    def run_name(self, seed: int, full: bool) -> str:
        """Of its run folder."""
        more = ""
        for key, value in self.settings.items():
            more += f"_{key if value is True else '-'.join(value) if isinstance(value, tuple) else value}"
        return f"{self.model}_{self.dataset}{more}_{FULL_EPOCHS if full else self.epochs}epochs_seed{seed}"

    def name(self, seed: int, full: bool) -> str:
        """Of its cells."""
        return f"{self.direction}_{name}" if (name := self.run_name(seed, full)) and self.direction else name


@dataclass(frozen=True)
class Table:
    """A table of the README.

    Attributes:
        title: one line.
        metrics: what `evaluate --metrics` takes.
        columns: the numbers shown, by name, each with its heading and its format.
        rows: the lines.
        may_diverge: whether a run that diverges is a result: it is counted, and its numbers are left out.
        samples: how many are measured.
    """

    title: str
    metrics: str
    columns: Mapping[str, tuple[str, str]]
    rows: tuple[Row, ...]
    may_diverge: bool = False
    samples: int = 10_000

    def metrics_of(self, row: Row) -> str:
        """The metrics that apply to a row: those of labels to conditional models alone."""
        conditional = PRESETS[row.model].settings["model_class"] == "ConditionalGAN"
        return ",".join(name for name in self.metrics.split(",") if conditional or name not in LABEL_METRICS)


_FRECHET = {"frechet_distance": ("FID", ".2f")}
_QUALITY = {
    **_FRECHET,
    "precision": ("precision", ".3f"),
    "recall": ("recall", ".3f"),
    "density": ("density", ".3f"),
    "coverage": ("coverage", ".3f"),
    "smallest_class_share": ("smallest class", ".1%"),
    "label_accuracy": ("label accuracy", ".1%"),
}

# What the table of stability compares, each with what it cannot be without.
OBJECTIVES: dict[str, dict[str, Any]] = {
    "`non_saturating`": {},
    "`non_saturating`, `r1`": {"penalty": "r1"},
    "`non_saturating`, `dragan`": {"penalty": "dragan"},
    "`hinge`, spectral norm": {"loss": "hinge", "spectral_norm": "discriminator"},
    "`wasserstein`, clipped to 0.01": {"loss": "wasserstein", "weight_clip": 0.01},
    "`wasserstein`, `gradient_penalty`": {"loss": "wasserstein", "penalty": "gradient_penalty"},
    "`relativistic`": {"loss": "relativistic"},
    "`relativistic`, `r1_r2`": {"loss": "relativistic", "penalty": "r1_r2"},
}


def _rates(rate: float) -> dict[str, float]:
    return {"generator_learning_rate": rate, "discriminator_learning_rate": rate}


# What a table of pairs shows. The rows of a task have the epochs that take about as long on two cores: a batch of one
# image, as published, takes as long as one of 16.
_OF_PAIRS = {
    "psnr": ("PSNR, dB", ".2f"),
    "ssim": ("SSIM", ".3f"),
    "l1": ("L1", ".4f"),
    "kernel_distance": ("KID", ".4f"),
}
PAIR_METRICS = "psnr,ssim,l1,kernel_distance"
# More than any run has: the difference alone is learned from.
CONTENT_ALONE = {"content_only_steps": 1_000_000}


def _pairs(task: str, model: str, dataset: str, epochs: int, **settings: Any) -> tuple[Row, ...]:
    """A task by the difference alone, and with the adversarial loss, for as many images."""
    return tuple(
        Row(f"{task}: {title}", model, dataset, epochs, settings={**settings, **more}, task=task)
        for title, more in (("L1 alone", CONTENT_ALONE), ("with the adversarial loss", {}))
    )


def _both_ways(
    title: str, tasks: tuple[str, str], model: str, dataset: str, epochs: int, **settings: Any
) -> tuple[Row, Row]:
    """A model that translates both ways, trained once, in the tables of both."""
    ways = zip(tasks, (A_TO_B, B_TO_A), strict=True)
    one, other = (
        Row(f"{task}: {title}", model, dataset, epochs, settings=settings, task=task, direction=direction)
        for task, direction in ways
    )
    return one, other


_EMOJI: dict[str, Any] = {"source": "noto", "target": "twemoji", "channels": 3}
_EMOJI_WAYS = ("Noto to Twemoji", "Twemoji to Noto")
_MNIST_WAYS = ("MNIST to thick and inverted", "thick and inverted to MNIST")
# An identity loss would hold on to what has to become its negative.
_MNIST_LOOK: dict[str, Any] = {
    "look": ("thick", "inverted"), "identity_weight": 0.0, "base_filters": 8, "residual_blocks": 2, "batch_size": 16,
}  # fmt: skip
_UNPAIRED = {name: _OF_PAIRS[name] for name in ("l1", "ssim", "kernel_distance")}
_FACADES: dict[str, Any] = {"pair_layout": "side_by_side", "reverse": True, "image_size": "64"}

DATASET_TITLES = {"mnist": "MNIST", "fashion_mnist": "Fashion-MNIST", "stacked_mnist": "stacked MNIST"}

TABLES: dict[str, Table] = {
    "presets": Table(
        "Presets beside the tutorials' recipes at the same number of epochs, MNIST",
        "frechet_distance,precision_recall,density_coverage,class_shares,label_accuracy",
        _QUALITY,
        (
            Row("`mlp_gan_wide`, as published", "mlp_gan_wide", "mnist", 15),
            Row("`mlp_gan`, ours", "mlp_gan", "mnist", 15),
            Row("`dcgan_tutorial`, as published", "dcgan_tutorial", "mnist", 5),
            Row("`dcgan`, ours", "dcgan", "mnist", 5),
            Row("`cgan`, ours", "cgan", "mnist", 5),
            Row("`dcgan_relativistic`, ours", "dcgan_relativistic", "mnist", 5),
            Row("`cgan_relativistic`, ours", "cgan_relativistic", "mnist", 5),
        ),
    ),
    "parzen": Table(
        "Parzen-window log-likelihood in nats, MNIST: a history, never a quality",
        "parzen_log_likelihood",
        {"parzen_log_likelihood": ("log-likelihood", ".0f")},
        (
            Row("`mlp_gan`", "mlp_gan", "mnist", 15, "225 +- 2 (Goodfellow 2014)"),
            Row("`cgan`", "cgan", "mnist", 5, "132 +- 1.8 (Mirza 2014)"),
        ),
    ),
    "losses": Table(
        "Losses and data sets at an equal number of generator steps, body of `mlp_gan`",
        "frechet_distance",
        _FRECHET,
        tuple(
            Row(f"`{loss}`, {title}", "mlp_gan", dataset, 10, settings={"loss": loss})
            for dataset, title in DATASET_TITLES.items()
            for loss in ("non_saturating", "minimax", "least_squares", "hinge")
        ),
    ),
    "stability": Table(
        "Objectives at three learning rates, MNIST, networks of `mlp_gan`, all else equal",
        "frechet_distance,precision_recall,density_coverage,class_shares",
        {name: _QUALITY[name] for name in ("frechet_distance", "recall", "coverage", "smallest_class_share")},
        tuple(
            Row(f"{title}, {factor}x", "mlp_gan", "mnist", 3, settings={**settings, **_rates(factor * 2e-4)})
            for title, settings in OBJECTIVES.items()
            for factor in (1, 5, 25)
        ),
        may_diverge=True,
    ),
    "modes": Table(
        "Modes of stacked MNIST, of 1,000, by 26,000 samples",
        "modes,mode_divergence",
        {"modes": ("modes", ".0f"), "mode_divergence": ("KL", ".3f")},
        (
            Row("`dcgan`", "dcgan", "stacked_mnist", 2, "99, 3.40 (in Huang 2024)"),
            Row("`wgan_gp`", "wgan_gp", "stacked_mnist", 4, "959, 0.73 (in Huang 2024)"),
            Row(
                "`dcgan_relativistic`, ours",
                "dcgan_relativistic",
                "stacked_mnist",
                20,
                "1,000, 0.029 (R3GAN, far larger)",
            ),
        ),
        samples=26_000,
    ),
    "emoji": Table(
        "Emoji of Noto in the style of Twemoji, 64x64, 332 pairs held out",
        PAIR_METRICS,
        _OF_PAIRS,
        (
            Row("L1 alone", "pix2pix", "emoji64", 20, settings={**_EMOJI, **CONTENT_ALONE}),
            Row("`pix2pix`, ours", "pix2pix", "emoji64", 20, settings=_EMOJI),
            Row("`pix2pix_isola2017`, as published", "pix2pix_isola2017", "emoji64", 2, settings={**_EMOJI, "crop": 4}),
        ),
    ),
    "facades": Table(
        "Labels of the CMP facades to photos, 64x64, 45 pairs held out",
        PAIR_METRICS,
        _OF_PAIRS,
        (
            Row("L1 alone", "pix2pix", "facades", 310, settings={**_FACADES, **CONTENT_ALONE}),
            Row("`pix2pix`, ours", "pix2pix", "facades", 310, settings=_FACADES),
            Row(
                "`pix2pix_isola2017`, as published",
                "pix2pix_isola2017",
                "facades",
                25,
                settings={**_FACADES, "crop": 4},
            ),
        ),
    ),
    "unpaired_emoji": Table(
        "Emoji of Noto and of Twemoji without pairs, 64x64, by the 332 pairs held out",
        f"{PAIR_METRICS},cycle",
        _UNPAIRED | {"cycle_noise_ratio": ("noise ratio", ".2f")},
        (
            *_both_ways("`cyclegan`, ours", _EMOJI_WAYS, "cyclegan", "emoji64", 11, **_EMOJI),
            *_both_ways(
                "`cyclegan_zhu2017`, as published", _EMOJI_WAYS, "cyclegan_zhu2017", "emoji64", 3, **_EMOJI, crop=4
            ),
            Row(f"{_EMOJI_WAYS[0]}: `cut`, ours", "cut", "emoji64", 16, settings=_EMOJI, task=_EMOJI_WAYS[0]),
            Row(
                f"{_EMOJI_WAYS[0]}: `cut_park2020`, as published",
                "cut_park2020",
                "emoji64",
                2,
                settings={**_EMOJI, "crop": 4},
                task=_EMOJI_WAYS[0],
            ),
        ),
    ),
    "unpaired_mnist": Table(
        "MNIST and a thick, inverted MNIST without pairs, by 2,000 test images",
        f"{PAIR_METRICS},label_accuracy_kept",
        _UNPAIRED | {"label_accuracy_kept": ("label accuracy kept", ".1%")},
        _both_ways("`cyclegan`, ours", _MNIST_WAYS, "cyclegan", "mnist", 2, **_MNIST_LOOK),
        samples=2000,
    ),
    "restoration": Table(
        "Restoration of Fashion-MNIST (28x28x1) and CIFAR-10 (32x32x3), 2,000 test images",
        PAIR_METRICS,
        _OF_PAIRS,
        (
            *_pairs("Fashion-MNIST, a hole", "inpaint", "fashion_mnist", 3),
            *_pairs("Fashion-MNIST, noise", "denoise", "fashion_mnist", 3),
            *_pairs("Fashion-MNIST, four times smaller", "super_resolve", "fashion_mnist", 1, scale=4),
            *_pairs("CIFAR-10, a hole", "inpaint", "cifar10", 3),
            # Without the features that the KID of colours looks at too.
            *_pairs("CIFAR-10, half as large", "super_resolve", "cifar10", 1, perceptual_weight=0.0),
        ),
        samples=2000,
    ),
    "nearest_label": Table(
        "Accuracy of a 1-nearest-neighbour classifier of pixels that is trained on conditional samples, MNIST",
        "nearest_label",
        {"nearest_neighbour_accuracy": ("accuracy", ".2%")},
        (Row("`cgan`", "cgan", "mnist", 5, "97.02 % (DCGAN, 50,000 samples)"),),
    ),
}
