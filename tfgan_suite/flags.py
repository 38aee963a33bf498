"""The flags of the scripts, a class each with the help of every flag below it; `train` has those of `TrainConfig`."""

from dataclasses import dataclass
from typing import Annotated, Literal

import tyro

from tfgan_suite.config import TrainConfig


@dataclass(frozen=True)
class TrainCommandConfig(TrainConfig):
    config: str | None = None
    """Take the settings of a run folder, of its config.json, or of a JSON file of them; flags beat them."""


TrainCommandConfig.__doc__ = TrainConfig.__doc__


@dataclass(frozen=True)
class GenerateConfig:
    """Makes images with an exported generator, or reads what its PNG files say of themselves."""

    generator: Annotated[str | None, tyro.conf.Positional] = None
    """Folder of a SavedModel or of its versions, or a run folder, whose newest checkpoint is taken."""
    output: str | None = None
    """NAME.png for a grid, NAME.npz for arrays, else a folder of PNG files."""
    count: int = 64
    """How many images."""
    seed: int = 0
    """Of the first image; image i has the seed SEED + i."""
    labels: str | None = None
    """Classes by index or name such as 3,Sneaker, or attributes such as Smiling+Young,Male or 0110,1001; repeated as
    often as needed. A name with a comma goes by its digits."""
    list_labels: bool = False
    """Instead of making images: print index and name of every label that GENERATOR takes."""
    truncation: float | None = None
    """Keeps latents within -T to T, such as 0.7: more typical images, less diverse ones."""
    sweep: bool = False
    """Makes each seed with every label; those of a label stand together, in the order of the seeds."""
    interpolate: str | None = None
    """Two seeds such as 3:7, to write the way between them as --output NAME.gif, each label side by side."""
    frames: int = 60
    """Of --interpolate."""
    trust: bool = False
    """Load a SavedModel that holds operations which a generator has no need of: it may do anything that you may."""
    verify: str | None = None
    """Instead of all others: a PNG file or a folder of them, to print the marks that say how each was made."""


@dataclass(frozen=True)
class ExportConfig:
    """Exports the newest checkpoint of a run as a SavedModel, or in another format."""

    run: Annotated[str, tyro.conf.Positional]
    """Run folder of train; for another format also the folder of a SavedModel or of its versions."""
    format: Literal["saved_model", "litert", "onnx", "web"] = "saved_model"
    """saved_model for TensorFlow Serving, litert for phones, onnx, or web for a page that runs in a browser."""
    export_dir: str | None = None
    """Folder of the SavedModel's versions; else the run's own."""
    keep: int | None = None
    """How many versions stay, the new one among them; else all."""
    with_discriminator: bool = False
    """Export the discriminator too, for the signature score."""
    output: str | None = None
    """Of another format: NAME.tflite, NAME.onnx or a new folder; else beside the SavedModel's folder."""
    int8: bool = False
    """Of litert: weights in 8 bits, a quarter of the size."""
    runtime: str | None = None
    """Of web: onnxruntime-web as npm pack downloads it, where there is no network."""
    evaluation: str | None = None
    """JSON file of evaluate.py RUN --output, whose numbers the export shall carry."""


@dataclass(frozen=True)
class PreviewConfig:
    """Serves the page of export --format web on this machine, until Ctrl-C, and prints its address."""

    folder: Annotated[str, tyro.conf.Positional]
    """The web folder."""
    port: int = 8000
    """0 takes any that is free."""
    host: str = "127.0.0.1"
    """The address to listen at; any other than this shows the page to other machines."""


@dataclass(frozen=True)
class VerifyExportConfig:
    """Checks an exported generator as TensorFlow Serving would run it."""

    generator: Annotated[str, tyro.conf.Positional]
    """Folder of a SavedModel, or of its versions."""


@dataclass(frozen=True)
class QueryConfig:
    """Asks a generator behind TensorFlow Serving for images, or what it serves."""

    url: Annotated[str, tyro.conf.Positional]
    """http://HOST:8501 for REST, or grpc://HOST:8500 for gRPC."""
    model: str = "gan"
    """The name that the server gives the model."""
    output: str | None = None
    """NAME.png for a grid, NAME.npz for arrays, else a folder of PNG files; without it, what the server has is told."""
    seeds: str = "0:64"
    """Of the images: FIRST:END, without END itself, or numbers such as 3,7,9."""
    labels: str | None = None
    """Classes such as 3,1,4, or attributes such as 0110,1001; repeated as often as needed."""
    truncation: float | None = None
    """Keeps latents within -T to T, such as 0.7: more typical images, less diverse ones."""
    version: int | None = None
    """Of the model; else the newest that is ready."""
    version_label: str | None = None
    """Of the version, in place of its number, as the server's config file has it."""
    timeout: float = 10.0
    """Seconds until an answer must be there."""


@dataclass(frozen=True)
class EvaluateConfig:
    """Measures generated images against real ones, and prints each number beside what real images get."""

    subject: Annotated[str, tyro.conf.Positional]
    """Folder of a SavedModel or of its versions, a run folder, NAME.npz of images, or NAME.json of --output to show."""
    dataset: str | None = None
    """What it learned from: digits, a TensorFlow Datasets name, a folder, a CSV file; else what the run folder says."""
    data_dir: str | None = None
    """Where TensorFlow Datasets keeps its data."""
    split: str | None = None
    """Split of the real images compared with; else test where there is one, else a random half."""
    metrics: str = "all"
    """Names separated by commas, or all that apply."""
    count: int = 10_000
    """How many images to make, and how many real ones to take."""
    seed: int = 0
    """Of the first image."""
    extractor: str | None = None
    """Network to compare by: classifier (of mnist, fashion_mnist, digits; theirs where none is named), general (of all
    other images; features only), inception, or NAME.keras."""
    inception_weights: str | None = None
    """File of the weights of Keras's InceptionV3; else Keras downloads them."""
    all_checkpoints: bool = False
    """Of a run folder: every kept checkpoint in place of the newest."""
    output: str | None = None
    """JSON file for the records."""
    compare: str | None = None
    """JSON file of another evaluation, measured alike, to show the differences to."""


@dataclass(frozen=True)
class TrainClassifierConfig:
    """Trains the classifier that a labelled data set's generators are measured by."""

    dataset: str
    """Labelled data: digits, a TensorFlow Datasets name, a folder, a CSV file; or general, to repeat that extractor."""
    output: str
    """The file to write, NAME.keras; NAME.json beside it says what it is."""
    data_dir: str | None = None
    """Where TensorFlow Datasets keeps its data."""
    image_size: str | None = None
    """Resize to one number of pixels, or HEIGHTxWIDTH; else as the images are."""
    fit: str = "crop"
    """Bring pictures of another shape to --image-size: crop to the middle, pad with --background, or stretch."""
    background: str = "white"
    """Put transparent pictures on this colour, a name or #rrggbb, unless they stay RGBA."""
    levels: str | None = None
    """Map MIN:MAX of 16-bit pictures, such as 0:4095, to black and white; auto takes the data's; else all 65,536."""
    epochs: int = 8
    """Passes over the data."""
    seed: int = 0
    """Of weights, order and shifts."""


@dataclass(frozen=True)
class AugmentConfig:
    """Writes a labelled synthetic set, and measures what it adds to few real images in training a classifier."""

    generator: Annotated[str, tyro.conf.Positional]
    """Folder of a SavedModel of a generator of classes, or of its versions."""
    dataset: str
    """The real images of the same classes: digits, a TensorFlow Datasets name, a folder, a CSV file."""
    output: str
    """New folder for the synthetic images, one subfolder a class."""
    data_dir: str | None = None
    """Where TensorFlow Datasets keeps its data."""
    per_class: int = 1000
    """Synthetic images of each class."""
    seed: int = 0
    """Of the first synthetic image."""
    real_per_class: tuple[int, ...] = (10, 100, 1000)
    """How many real images of each class the classifiers get, such as 10 100."""
    num_seeds: int = 5
    """Pairs of classifiers for each of these numbers; 0 writes the synthetic set alone."""
    steps: int = 500
    """Training steps of each classifier, with synthetic images or without."""
    results: str | None = None
    """JSON file of the table; else augment.json in the folder of --output."""


@dataclass(frozen=True)
class ModelCardConfig:
    """Exports a run with a model card, its measurements and a grid of its samples beside it."""

    run: Annotated[str, tyro.conf.Positional]
    """Run folder of train."""
    output: str
    """Folder of the SavedModel's versions, such as saved_models/pretrained/cgan_mnist."""
    data_dir: str | None = None
    """Where TensorFlow Datasets keeps its data."""
    count: int = 10_000
    """How many samples to measure."""
    extractor: str | None = None
    """Network to measure by: classifier (of mnist, fashion_mnist, digits; theirs where none is named), general (of all
    other images; features only), or NAME.keras."""
    licence: str | None = None
    """Of the data; else as it is known of mnist, fashion_mnist and digits."""


@dataclass(frozen=True)
class ReproduceConfig:
    """Trains and measures what is missing of a table of the README, and prints it; it can be cut off at any time."""

    table: Annotated[str, tyro.conf.Positional] = "all"
    """presets, parzen, losses, nearest_label, or all of them."""
    seeds: tuple[int, ...] = (0, 1, 2)
    """Of training."""
    full: bool = False
    """25 epochs in every row; kept apart from the short runs."""
    data_dir: str | None = None
    """Where TensorFlow Datasets keeps its data."""
    results: str = "results"
    """Folder of the measured cells, as JSON."""
    runs: str = "runs/reproduce"
    """Folder of the runs."""
    render: str | None = None
    """Only write the tables that are there into this Markdown file, between <!-- table: NAME --> and <!-- end -->."""
    check: str | None = None
    """Only say whether this file's tables are those of the cells."""
