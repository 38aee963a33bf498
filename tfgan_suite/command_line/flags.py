"""The flags of the scripts, a class each with the help of every flag below it; `train` has those of `TrainConfig`."""

from dataclasses import dataclass
from typing import Annotated, Literal

import tyro

from tfgan_suite.config import TrainConfig
from tfgan_suite.options.settings import Family, setting


@dataclass(frozen=True)
class TrainCommandConfig(TrainConfig):
    config: str | None = setting(Family.START, None)
    """Take the settings of a run folder, of its config.json, or of a JSON file of them; flags beat them."""


TrainCommandConfig.__doc__ = TrainConfig.__doc__


@dataclass(frozen=True)
class GenerateConfig:
    """Makes images with an exported generator, or reads what its PNG files say of themselves."""

    generator: Annotated[str | None, tyro.conf.Positional] = None
    """Take the generator of a SavedModel's folder, of the folder of its versions, or of a run's newest checkpoint."""
    output: str | None = None
    """Write NAME.png for a grid, NAME.npz for arrays, else a folder of PNG files."""
    count: int = 64
    """Make so many images."""
    seed: int = 0
    """Draw the first image from this number, and image i from this number + i."""
    labels: str | None = None
    """Make classes by index or name such as 3,Sneaker, or attributes such as Smiling+Young,Male or 0110,1001, in turn;
    a name with a comma goes by its digits."""
    list_labels: bool = False
    """Print index and name of every label that the generator takes, and make no images."""
    truncation: float | None = None
    """Keep latents within -T to T, such as 0.7: more typical images, less diverse ones."""
    sweep: bool = False
    """Make each seed with every label; those of a label stand together, in the order of the seeds."""
    interpolate: str | None = None
    """Write the way between two seeds such as 3:7 as --output NAME.gif, each label side by side."""
    frames: int = 60
    """Make the way of --interpolate in so many pictures, both ends among them."""
    trust: bool = False
    """Load a SavedModel that holds operations which a generator has no need of: it may do anything that you may."""
    verify: str | None = None
    """Print the marks of a PNG file or of a folder of them, which say how each was made; no other flag goes with it."""


@dataclass(frozen=True)
class TranslateConfig:
    """Makes pictures of pictures with a trained translator, such as one of pix2pix, as PNG files of the same names."""

    translator: Annotated[str, tyro.conf.Positional]
    """Take the translator of a SavedModel's folder, of that of its versions, of a run, of RUN/best, or NAME.keras."""
    output: str
    """Write into this new folder; of one picture alone also NAME.png."""
    pictures: Annotated[tuple[str, ...], tyro.conf.Positional] = ()
    """Translate these files, and all pictures in these folders, turned as their EXIF says."""
    mask: str | None = None
    """Fill the white of this mask, which is as large as each picture, with a translator that takes one."""
    direction: Literal["a_to_b", "b_to_a"] | None = None
    """Go this way with a model that translates both ways, such as one of cyclegan; else from a to b."""
    test_dropout: bool = False
    """Leave Dropout on, the noise of pix2pix: another result for each number of --seed; of no export."""
    seed: int = 0
    """Draw the masks of --test-dropout from this number."""
    trust: bool = False
    """Load a SavedModel that holds operations which a translator has no need of: it may do anything that you may."""


@dataclass(frozen=True)
class RestoreConfig:
    """Fills a hole in a picture with what a trained generator would put there, by a search among its latents."""

    generator: Annotated[str, tyro.conf.Positional]
    """Take a run folder or NAME.keras, of which the discriminator helps, or a SavedModel's folder, without it."""
    photo: Annotated[str, tyro.conf.Positional]
    """Fill the hole of this picture, which is brought to the generator's size as its own pictures were."""
    mask: str
    """Take the hole from this picture of the same size: white where pixels are missing, black elsewhere."""
    output: str
    """Write the restored picture as NAME.png, in the generator's size."""
    label: str | None = None
    """Make this class or these attributes, such as 3 or Smiling+Young; else every class is tried."""
    steps: int = 1000
    """Go so many steps from each latent."""
    starts: int = 4
    """Start from so many latents for each label, and keep the best."""
    seed: int = 0
    """Draw the first latent from this number, and latent i from this number + i."""
    trust: bool = False
    """Load a SavedModel that holds operations which a generator has no need of: it may do anything that you may."""


@dataclass(frozen=True)
class ExportConfig:
    """Exports the newest checkpoint of a run as a SavedModel, or in another format."""

    run: Annotated[str, tyro.conf.Positional]
    """Take the run folder of train; for another format also the folder of a SavedModel or of its versions."""
    format: Literal["saved_model", "litert", "onnx", "web"] = "saved_model"
    """Write a saved_model for TensorFlow Serving, litert for phones, onnx, or web, a page that runs in a browser."""
    export_dir: str | None = None
    """Write the SavedModel as a new version into this folder; else into the run's own."""
    keep: int | None = None
    """Leave so many versions, the new one among them; else all."""
    with_discriminator: bool = False
    """Export the discriminator too, for the signature score."""
    max_pixels: int | None = None
    """Let the files of a request to a translator have so many pixels in all; else 1,000,000."""
    output: str | None = None
    """Write another format as NAME.tflite, NAME.onnx or a new folder; else beside the SavedModel's folder."""
    int8: bool = False
    """Store the weights of litert in 8 bits, a quarter of the size."""
    runtime: str | None = None
    """Take onnxruntime-web for the web page from this file of npm pack, where there is no network."""
    direction: Literal["a_to_b", "b_to_a"] | None = None
    """Write this way of a model that translates both ways in another format; else from a to b."""
    evaluation: str | None = None
    """Carry the numbers of this JSON file, which evaluate.py RUN --output wrote, in the export."""


@dataclass(frozen=True)
class PreviewConfig:
    """Serves the page of export --format web on this machine, until Ctrl-C, and prints its address."""

    folder: Annotated[str, tyro.conf.Positional]
    """Serve this folder of export --format web."""
    port: int = 8000
    """Listen at this port; 0 takes any that is free."""
    host: str = "127.0.0.1"
    """Listen at this address; any other than 127.0.0.1 shows the page to other machines."""


@dataclass(frozen=True)
class VerifyExportConfig:
    """Checks an exported generator as TensorFlow Serving would run it."""

    generator: Annotated[str, tyro.conf.Positional]
    """Check the SavedModel of this folder, or the newest of a folder of its versions."""


@dataclass(frozen=True)
class QueryConfig:
    """Asks a generator behind TensorFlow Serving for images, a translator for a picture, or what it serves."""

    url: Annotated[str, tyro.conf.Positional]
    """Ask this server: http://HOST:8501 for REST, or grpc://HOST:8500 for gRPC."""
    model: str = "gan"
    """Ask the model of this name, which the server gives it."""
    output: str | None = None
    """Write NAME.png for a grid, NAME.npz for arrays, else a folder of PNG files; else say what the server has."""
    input: str | None = None
    """Give this picture to a translator, and write NAME.png of it."""
    mask: str | None = None
    """Give a translator that takes one this mask beside its picture: white in the hole, and as large."""
    seeds: str = "0:64"
    """Ask for the images of FIRST:END, without END itself, or of numbers such as 3,7,9."""
    labels: str | None = None
    """Ask for classes such as 3,1,4, or attributes such as 0110,1001, in turn."""
    truncation: float | None = None
    """Keep latents within -T to T, such as 0.7: more typical images, less diverse ones."""
    version: int | None = None
    """Ask this version of the model; else the newest that is ready."""
    version_label: str | None = None
    """Ask the version that has this label in the server's config file, in place of a number."""
    timeout: float = 10.0
    """Wait so many seconds for an answer."""


@dataclass(frozen=True)
class EvaluateConfig:
    """Measures generated images against real ones, and prints each number beside what real images get.

    Of a run that learned from pairs, or from two kinds of images, it measures what is made of sources against their
    targets, or against pictures of the target's kind, beside what is got without learning."""

    subject: Annotated[str, tyro.conf.Positional]
    """Measure a SavedModel, a run folder or NAME.npz of images, or of a run of pairs NAME.keras in its folder; or show
    NAME.json that --output wrote."""
    dataset: str | None = None
    """Compare with digits, a TensorFlow Datasets name, a folder or a CSV file; else with what the run learned from."""
    source: str | None = None
    """Read the sources of pairs from the folders of this name below the data set; else as the run says."""
    target: str | None = None
    """Read the targets of pairs from the folders of this name below the data set; else as the run says."""
    data_dir: str | None = None
    """Look here for the data of TensorFlow Datasets; else in TFDS_DATA_DIR, else in ~/tensorflow_datasets."""
    split: str | None = None
    """Compare with this split of the real images; else with test where there is one, else with a random half."""
    metrics: str = "all"
    """Measure these, names separated by commas, or all that apply."""
    count: int = 10_000
    """Make so many images, and take as many real ones."""
    seed: int = 0
    """Draw the first image from this number, and image i from this number + i."""
    direction: Literal["a_to_b", "b_to_a"] | None = None
    """Go this way with a model that translates both ways, such as one of cyclegan; else as the export, or a to b."""
    test_dropout: bool = False
    """Let Dropout drop as in training where images are made of others, by masks drawn from --seed."""
    extractor: str | None = None
    """Compare by classifier (of mnist, fashion_mnist, digits; theirs where none is named), general (of all other
    images; features only), inception, or NAME.keras."""
    inception_weights: str | None = None
    """Read the weights of Keras's InceptionV3 from this file; else Keras downloads them."""
    all_checkpoints: bool = False
    """Measure every kept checkpoint of a run folder in place of the newest."""
    output: str | None = None
    """Write the records into this JSON file."""
    compare: str | None = None
    """Show the differences to the JSON file of another evaluation, measured alike."""


@dataclass(frozen=True)
class FetchDataConfig:
    """Makes a data set of what others publish, which it fetches and checks."""

    name: Annotated[str, tyro.conf.Positional]
    """Make this one: emoji64, pairs of emoji in two styles for --source noto --target twemoji, of 140 MB from npm."""
    output: str | None = None
    """Write it into this new folder; else into one of its name."""


@dataclass(frozen=True)
class TrainClassifierConfig:
    """Trains the classifier that a labelled data set's generators are measured by."""

    dataset: str
    """Learn from labelled data: digits, a TensorFlow Datasets name, a folder, a CSV file; or repeat the
    extractor general."""
    output: str
    """Write the classifier into this file, NAME.keras; NAME.json beside it says what it is."""
    data_dir: str | None = None
    """Look here for the data of TensorFlow Datasets; else in TFDS_DATA_DIR, else in ~/tensorflow_datasets."""
    image_size: str | None = None
    """Resize images to one number of pixels, or HEIGHTxWIDTH; else leave them as they are."""
    fit: str = "crop"
    """Bring pictures of another shape to --image-size: crop to the middle, pad with --background, or stretch."""
    background: str = "white"
    """Put transparent pictures on this colour, a name or #rrggbb, unless they stay RGBA."""
    levels: str | None = None
    """Map MIN:MAX of 16-bit pictures, such as 0:4095, to black and white; auto takes the data's; else all 65,536."""
    flip: bool = False
    """Flip half of the images left to right: not those of digits or letters."""
    epochs: int = 8
    """Train for so many passes over the data."""
    seed: int = 0
    """Draw weights, order, mirrors and shifts from this number."""


@dataclass(frozen=True)
class AugmentConfig:
    """Writes a labelled synthetic set, and measures what it adds to few real images in training a classifier."""

    generator: Annotated[str, tyro.conf.Positional]
    """Take the SavedModel of a generator of classes from its folder, or from that of its versions."""
    dataset: str
    """Add to the real images of the same classes: digits, a TensorFlow Datasets name, a folder, a CSV file."""
    output: str
    """Write the synthetic images into this new folder, one subfolder a class."""
    data_dir: str | None = None
    """Look here for the data of TensorFlow Datasets; else in TFDS_DATA_DIR, else in ~/tensorflow_datasets."""
    per_class: int = 1000
    """Make so many synthetic images of each class."""
    seed: int = 0
    """Draw the first synthetic image from this number."""
    real_per_class: tuple[int, ...] = (10, 100, 1000)
    """Give the classifiers so many real images of each class, such as 10 100."""
    num_seeds: int = 5
    """Train so many pairs of classifiers for each of these numbers; 0 writes the synthetic set alone."""
    steps: int = 500
    """Train each classifier for so many steps, with synthetic images or without."""
    results: str | None = None
    """Write the table into this JSON file; else into augment.json in the folder of --output."""


@dataclass(frozen=True)
class ModelCardConfig:
    """Exports a run with a model card, its measurements and a grid of its samples beside it."""

    run: Annotated[str, tyro.conf.Positional]
    """Take the newest checkpoint of this run folder of train."""
    output: str
    """Write versions of the SavedModel into this folder, such as saved_models/pretrained/cgan_mnist."""
    data_dir: str | None = None
    """Look here for the data of TensorFlow Datasets; else in TFDS_DATA_DIR, else in ~/tensorflow_datasets."""
    count: int = 10_000
    """Measure so many samples."""
    extractor: str | None = None
    """Measure by classifier (of mnist, fashion_mnist, digits; theirs where none is named), general (of all other
    images; features only), or NAME.keras."""
    licence: str | None = None
    """Name the licence of the data; else it is as known of mnist, fashion_mnist and digits."""
    direction: Literal["a_to_b", "b_to_a"] | None = None
    """Take this way of a run that translates both ways, such as one of cyclegan; else from a to b."""


@dataclass(frozen=True)
class ReproduceConfig:
    """Trains and measures what is missing of a table of the README, and prints it; it can be cut off at any time."""

    table: Annotated[str, tyro.conf.Positional] = "all"
    """Fill this table, such as presets or unpaired_mnist (a wrong name lists them), or all of them."""
    seeds: tuple[int, ...] = (0, 1, 2)
    """Train once with each of these numbers."""
    full: bool = False
    """Train every row for 25 epochs, kept apart from the short runs."""
    data_dir: str | None = None
    """Look here for the data of TensorFlow Datasets; else in TFDS_DATA_DIR, else in ~/tensorflow_datasets."""
    results: str = "results"
    """Keep the measured cells in this folder, as JSON."""
    runs: str = "runs/reproduce"
    """Keep the runs in this folder."""
    render: str | None = None
    """Write the tables that are there into this Markdown file, between <!-- table: NAME --> and <!-- end -->."""
    check: str | None = None
    """Say whether the tables of this file are those of the cells, and do no more."""
