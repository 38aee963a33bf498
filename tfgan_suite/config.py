"""What a run is made of. Standard library only.

`TrainConfig.from_preset("cgan", epochs=5)` is what `train.py --model cgan --epochs 5` makes; the
constructor alone applies no preset.
"""

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfgan_suite.arguments import Range
from tfgan_suite.errors import InputError, option, unknown_choice
from tfgan_suite.files import CONFIG, is_run, run_of
from tfgan_suite.options.content import ContentOptions
from tfgan_suite.options.fitting import fitting
from tfgan_suite.options.networks import NAMES, NetworkOptions
from tfgan_suite.options.objective import LOSSES, PENALTIES, ObjectiveOptions
from tfgan_suite.options.pairs import LAYOUTS, MASK_KINDS, OF_PAIRS, SOURCE_KINDS, TRANSLATORS, PairOptions
from tfgan_suite.options.settings import (
    ABOVE_ZERO,
    AT_LEAST_ONE,
    AT_LEAST_ZERO,
    LENGTH,
    PICTURE,
    PLACE,
    WATCH,
    Family,
    check_settings,
    setting,
)
from tfgan_suite.picture_rules import FITS, parse_background, parse_levels
from tfgan_suite.presets import MODELS, PRESETS

# The names that a field may have. A test holds those that another file owns against it.
CHOICES: dict[str, tuple[str, ...]] = {
    "model_class": tuple(MODELS),
    "body": ("mlp", "dcgan", "dcgan_radford2015", "dcgan_tutorial", "resnet", "r3gan"),
    **NAMES,
    "fit": FITS,
    "pair_layout": LAYOUTS,
    "source_kind": SOURCE_KINDS,
    "mask_kind": MASK_KINDS,
    "loss": LOSSES,
    "penalty": PENALTIES,
    "updates": ("alternating", "simultaneous"),
    "optimizer": ("adam", "rmsprop"),
    "learning_rate_decay": ("none", "step", "linear", "cosine"),
    "dtype_policy": ("float32", "mixed_bfloat16", "float64"),
    "strategy": ("auto", "one_device", "mirrored", "multi_worker"),
    "on_collapse": ("warn", "stop", "rollback"),
}


def parse_size(text: str) -> tuple[int, int]:
    """Height and width in pixels.

    >>> parse_size("64"), parse_size("48x64")
    ((64, 64), (48, 64))

    Raises:
        InputError: the text is neither form, or a side is below 4 pixels.
    """
    parts = text.lower().split("x")
    if len(parts) not in (1, 2) or not all(part.isdecimal() for part in parts):
        raise InputError(f"An image size is one number or HEIGHTxWIDTH, such as 64 or 48x64. Received: {text!r}.")
    height, width = int(parts[0]), int(parts[-1])
    if min(height, width) < 4:
        raise InputError(f"Images must be at least 4 pixels high and wide. Received: {text!r}.")
    return height, width


_SHARE = Range(0.0, 1.0, "in [0, 1)")


def settings_of_role(*roles: str) -> tuple[str, ...]:
    """The names of the settings that are one of these to a run."""
    return tuple(field.name for field in dataclasses.fields(TrainConfig) if field.metadata.get("role") in roles)


@dataclass(frozen=True)
class _BeforeNetworks:
    """Settings of `TrainConfig`: a dataclass has the fields of its last base first, so that help and a dry run tell
    these, then the options of the networks, then the others."""

    model: str = setting(Family.MODEL, "cgan_relativistic")
    """Take the settings of this preset, such as dcgan_relativistic or mlp_gan; every other flag beats them."""
    dataset: str = setting(Family.DATA, "digits")
    """Learn from digits (embedded), a folder of images, a CSV file, or a TensorFlow Datasets name such as mnist."""
    data_dir: str | None = setting(Family.DATA, None, role=WATCH)
    """Look here for the data of TensorFlow Datasets; else in TFDS_DATA_DIR, else in ~/tensorflow_datasets."""
    split: str = setting(Family.DATA, "train")
    """Learn from this part of a TensorFlow Datasets data set, or of a folder with train, test and val on top."""
    image_size: str | None = setting(Family.DATA, None)
    """Resize images to one number of pixels, or HEIGHTxWIDTH; else leave them as they are (digits: 32)."""
    channels: int | None = setting(Family.DATA, None)
    """Convert images to 1 (grey), 3 (RGB) or 4 (RGBA) channels; else leave them as they are."""
    fit: str = setting(Family.DATA, "crop")
    """Bring pictures of another shape to --image-size: crop to the middle, pad with --background, or stretch."""
    background: str = setting(Family.DATA, "white")
    """Put transparent pictures on this colour, a name or #rrggbb, unless they become RGBA."""
    levels: str | None = setting(Family.DATA, None)
    """Map MIN:MAX of 16-bit pictures, such as 0:4095, to black and white; auto takes the data's; else all 65,536."""
    skip_damaged: bool = setting(Family.DATA, False)
    """Leave out image files that cannot be decoded, and say how many."""
    cache_gigabytes: float = setting(Family.DATA, 4.0, role=WATCH, valid=AT_LEAST_ZERO)
    """Keep images in RAM up to so many GiB, beyond that in a temporary file mapped to memory."""
    flip: bool = setting(Family.AUGMENTATION, False)
    """Flip half of the real images left to right, which samples learn too; see --augment for what they do not learn."""
    crop: int = setting(Family.AUGMENTATION, 0, valid=AT_LEAST_ZERO)
    """Shift real images at random by up to so many pixels."""
    rotation: float = setting(Family.AUGMENTATION, 0.0, valid=Range(0.0, 180.0 + 1e-9, "in [0, 180]"))
    """Rotate real images at random by up to so many degrees."""

    epochs: int | None = setting(Family.LENGTH, None, role=LENGTH, valid=AT_LEAST_ONE)
    """Train for so many passes over the data; else for 300,000 images, but 5 to 60 passes: MNIST 5, digits 60."""
    batch_size: int = setting(Family.LENGTH, 64, valid=AT_LEAST_ONE)
    """Take so many images in a discriminator step, on all devices together."""
    steps_per_epoch: int | None = setting(Family.LENGTH, None, valid=AT_LEAST_ONE)
    """End an epoch after so many generator steps; else after one pass over the data."""
    seed: int = setting(Family.START, 0, valid=Range(0, 2**31, "in 0..2147483647"))
    """Draw weights, order, noise and augmentation from this number; another number gives another run."""
    init_from: str | None = setting(Family.START, None)
    """Start from the weights of a .keras file, of a run folder, or of a SavedModel, which has the generator's alone."""

    model_class: str = setting(Family.HIDDEN, "ConditionalGAN")
    """Name the preset's class, such as ConditionalGAN, from which it follows: nobody needs to."""
    body: str | None = setting(Family.MODEL, None, of=("DCGAN", "ConditionalGAN"))
    """Build the networks mlp, dcgan, dcgan_radford2015, dcgan_tutorial, resnet or r3gan; else the model's own."""
    latent_dim: int = setting(Family.MODEL, 100, of=CHOICES["body"], valid=AT_LEAST_ONE)
    """Give the generator latent vectors z of this length."""
    projection: bool | None = setting(Family.MODEL, None, of=("ConditionalGAN",))
    """Let the discriminator add the label's projection on its features, or not; else as the model does."""


@dataclass(frozen=True)
class TrainConfig(ContentOptions, ObjectiveOptions, NetworkOptions, PairOptions, _BeforeNetworks):
    """Trains a GAN on images, shows samples as it learns, and exports its generator as a SavedModel."""

    discriminator_steps: int = setting(Family.LOSS, 1, valid=AT_LEAST_ONE)
    """Take so many discriminator steps for each generator step."""
    updates: str = setting(Family.LOSS, "alternating")
    """Update the discriminator before the generator (alternating), or both at once (simultaneous)."""
    generator_learning_rate: float = setting(Family.OPTIMIZER, 2e-4, valid=ABOVE_ZERO)
    """Train the generator at this rate."""
    discriminator_learning_rate: float = setting(Family.OPTIMIZER, 2e-4, valid=ABOVE_ZERO)
    """Train the discriminator at this rate."""
    beta_1: float = setting(Family.OPTIMIZER, 0.5, valid=_SHARE)
    """Give Adam this first momentum, for both networks."""
    beta_2: float = setting(Family.OPTIMIZER, 0.999, valid=_SHARE)
    """Give Adam this second momentum, for both networks."""
    optimizer: str = setting(Family.OPTIMIZER, "adam")
    """Train both networks by adam, or by rmsprop, which has no momenta."""
    learning_rate_decay: str = setting(Family.OPTIMIZER, "none")
    """Lower the rates of both optimizers: by step, linear or cosine; none leaves them."""
    decay_steps: int | None = setting(Family.OPTIMIZER, None, valid=AT_LEAST_ONE)
    """Let linear and cosine reach 0 in so many generator steps, or step fall after each; else the run, or 30 epochs."""
    decay_rate: float = setting(Family.OPTIMIZER, 0.1, valid=Range(math.ulp(0.0), 1.0, "between 0 and 1"))
    """Multiply the rates by this at each fall of a step decay."""
    ema_momentum: float = setting(Family.OPTIMIZER, 0.0, valid=_SHARE)
    """Average the generator's weights over steps, for samples and export, with this momentum; 0 is off."""

    dtype_policy: str = setting(Family.DEVICE, "float32")
    """Compute in float32, mixed_bfloat16, or float64 (slow, to check what rounding hides)."""
    strategy: str = setting(Family.DEVICE, "auto", role=WATCH)
    """Use auto (all GPUs where there are several), one_device, mirrored, or multi_worker (machines of TF_CONFIG)."""
    logical_devices: int = setting(Family.DEVICE, 1, role=WATCH, valid=AT_LEAST_ONE)
    """Divide the CPU into so many devices, to try a strategy without GPUs."""
    steps_per_execution: int = setting(Family.DEVICE, 1, valid=AT_LEAST_ONE)
    """Take so many training steps in a call of the graph; callbacks then see every so many steps only."""
    deterministic: bool = setting(Family.DEVICE, False)
    """Use operations that give the same bits each time, at some cost in speed."""
    worker_timeout: float = setting(Family.DEVICE, 120.0, role=WATCH, valid=ABOVE_ZERO)
    """Wait so many seconds for the other machines of multi_worker at the start."""

    run_dir: str | None = setting(Family.START, None, role=PLACE)
    """Keep the run in this folder; else in runs/MODEL_DATASET."""
    export_dir: str | None = setting(Family.START, None, role=PLACE)
    """Export the versions of the SavedModel into this folder; else into saved_models/MODEL_DATASET."""
    restart: bool = setting(Family.START, False, role=PLACE)
    """Begin anew: the run that the run folder holds is moved aside."""
    checkpoint_every: int = setting(Family.CHECKPOINT, 1000, role=WATCH, valid=AT_LEAST_ONE)
    """Write a checkpoint every so many steps, and one after each epoch too."""
    keep_checkpoints: int = setting(Family.CHECKPOINT, 2, role=WATCH, valid=AT_LEAST_ONE)
    """Keep so many of the newest checkpoints."""
    on_collapse: str = setting(Family.WATCHING, "warn", role=LENGTH)
    """Warn, stop, or rollback to a checkpoint before, once the generator collapses or the discriminator wins."""
    evaluate_every: int | None = setting(Family.WATCHING, None, role=WATCH, valid=AT_LEAST_ONE)
    """Measure samples every so many epochs, into the history; else never."""
    metrics: str | None = setting(Family.WATCHING, None, role=WATCH)
    """Measure these names of evaluate.py, separated by commas; else frechet_distance, and of pairs psnr,ssim,l1."""
    evaluate_count: int = setting(Family.WATCHING, 2000, role=WATCH, valid=Range(2, math.inf, "at least 2"))
    """Compare so many samples with as many images learned from, or measure so many pairs held out."""
    extractor: str | None = setting(Family.WATCHING, None, role=WATCH)
    """Compare by this network at each --evaluate-every (evaluate.py names them); else by the data's own."""
    keep_best: str | None = setting(Family.CHECKPOINT, None, role=WATCH)
    """Keep the checkpoint with the best of this number of --evaluate-every, such as recall, in RUN_DIR/best."""
    sample_count: int = setting(Family.WATCHING, 64, role=PICTURE, valid=AT_LEAST_ONE)
    """Show so many images in a sample grid; a conditional model has its classes as columns."""
    tensorboard: bool = setting(Family.WATCHING, True, role=WATCH)
    """Write TensorBoard logs."""
    dry_run: bool = setting(Family.START, False, role=PLACE)
    """Print what would be done, and stop."""

    def __post_init__(self) -> None:
        check_settings(self)
        self.check_together()
        for field, names in CHOICES.items():
            value = getattr(self, field)
            if value not in names and not (field in ("body", *NAMES) and value is None):
                raise unknown_choice(option(field), value, names)
        if self.model not in PRESETS:
            raise unknown_choice("model", self.model, PRESETS)
        if self.model_class != PRESETS[self.model].settings["model_class"]:
            raise InputError(
                f"{option('model', self.model)} is a {PRESETS[self.model].settings['model_class']}. Received: "
                f"{option('model_class', self.model_class)}. Leave it out; in Python make the configuration by "
                "TrainConfig.from_preset."
            )
        self.check_content()
        self.check_pairs(self.model, self.model_class)
        if self.channels not in (None, 1, 3, 4):
            raise InputError(f"{option('channels')} must be 1, 3 or 4. Received: {self.channels}.")
        if self.image_size is not None:
            parse_size(self.image_size)
        parse_background(self.background)
        if self.levels is not None:
            parse_levels(self.levels)
        if self.logical_devices > 1 and self.strategy != "mirrored":
            raise InputError(
                f"{option('logical_devices')} needs {option('strategy', 'mirrored')}. Received: "
                f"{option('logical_devices', self.logical_devices)} with {option('strategy', self.strategy)}."
            )
        if self.restart and self.strategy == "multi_worker":
            raise InputError(
                f"{option('restart', True)} with {option('strategy', 'multi_worker')} would begin anew at each start "
                "of a worker. Move the run folder aside by hand, or choose another."
            )
        if self.decay_steps is not None and self.learning_rate_decay == "none":
            raise InputError(
                f"{option('decay_steps')} needs {option('learning_rate_decay')} step, linear or cosine. Received: none."
            )
        if self.optimizer == "rmsprop":
            for field in ("beta_1", "beta_2"):
                if getattr(self, field) != getattr(TrainConfig, field):
                    raise InputError(f"{option(field)} is Adam's. {option('optimizer', 'rmsprop')} does not take it.")
        if self.evaluate_every is None:
            for field in _OF_EVALUATION:
                if getattr(self, field) != getattr(TrainConfig, field):
                    raise InputError(
                        f"{option(field)} needs {option('evaluate_every', 'N')}, such as 1 for each epoch."
                    )
        if self.content_only_steps % self.steps_per_execution:
            raise InputError(
                f"{option('content_only_steps')} must be a multiple of {option('steps_per_execution')}: what they give "
                f"is kept. Received: {self.content_only_steps} and {self.steps_per_execution}."
            )
        if self.updates == "simultaneous" and self.discriminator_steps > 1:
            raise InputError(
                f"{option('updates', 'simultaneous')} takes one discriminator step for each generator step. "
                f"Received: {option('discriminator_steps', self.discriminator_steps)}."
            )

    @classmethod
    def from_preset(cls, model: str, **settings: Any) -> "TrainConfig":
        """The settings of a preset, with others put over them; see `fitting` for those that go with none of them.

        Raises:
            InputError: the preset is unknown, or a setting out of its range.
        """
        if model not in PRESETS:
            raise unknown_choice("model", model, PRESETS)
        return cls(**{"model": model, **fitting(PRESETS[model].settings, settings), **settings})

    @classmethod
    def from_file(cls, path: str) -> "TrainConfig":
        """The settings of a run folder, of its `config.json`, or of a JSON file of settings alone, over its preset's.

        Where the run lay, and how it was started, is not taken.

        Raises:
            InputError: no such file, no JSON, or settings that are none.
        """
        try:
            if is_run(path):
                path = str(run_of(path) / CONFIG)
            fields = json.loads(Path(path).read_text(encoding="utf-8"))
            fields = fields.get("config", fields)
            settings = {key: value for key, value in as_settings(fields).items() if key not in settings_of_role(PLACE)}
        except OSError as error:
            raise InputError(f"{option('config', path)}: {error.strerror}. Expected a run's config.json.") from None
        except (ValueError, AttributeError, TypeError):
            raise InputError(
                f"{option('config', path)}: no JSON object of settings. Expected a run's config.json."
            ) from None
        names = [field.name for field in dataclasses.fields(TrainConfig)]
        for name in settings:
            if name not in names:
                raise unknown_choice(f"setting in {path}", name, names)
        try:
            return TrainConfig.from_preset(settings.pop("model", TrainConfig.model), **settings)
        except InputError as error:
            raise InputError(f"{option('config', path)}: {error}") from None

    @property
    def learns_from_pairs(self) -> bool:
        """Whether the model learns from pairs of a source and a target."""
        return self.model_class in OF_PAIRS

    @property
    def translates(self) -> bool:
        """Whether the model makes images of images: learned from pairs, or from two kinds without pairs."""
        return self.model_class in TRANSLATORS

    @property
    def measured(self) -> str:
        """The names of what `evaluate_every` measures, separated by commas."""
        return self.metrics or ("psnr,ssim,l1" if self.translates else "frechet_distance")

    @property
    def num_epochs(self) -> int:
        """The epochs of a run whose data are known: see `assembly.with_epochs`."""
        assert self.epochs is not None
        return self.epochs

    def resolved(self) -> "TrainConfig":
        """With the folders that stand for None."""
        dataset = "".join(c if c.isalnum() or c in "-_" else "_" for c in self.dataset.rstrip("/").split("/")[-1])
        name = f"{self.model}_{dataset}"
        return dataclasses.replace(
            self,
            run_dir=self.run_dir or f"runs/{name}",
            export_dir=self.export_dir or f"saved_models/{name}",
        )


_OF_EVALUATION = ("metrics", "evaluate_count", "extractor", "keep_best")


def as_settings(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as JSON has them, with tuples in place of its lists."""
    return {key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()}
