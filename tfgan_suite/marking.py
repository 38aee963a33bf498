"""What a generated picture says of itself: the generator, the seed and the label, written and read."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tfgan_suite.data.picture_files import readable_suffixes
from tfgan_suite.errors import InputError, option, printable
from tfgan_suite.files import refuse_full, writing_whole
from tfgan_suite.images import read_mark, save_png
from tfgan_suite.labels import indices_of, spelled, titles
from tfgan_suite.pictures import sheet

if TYPE_CHECKING:
    from tfgan_suite.runs.translating import Translator
    from tfgan_suite.serving.saved_generator import SavedGenerator
    from tfgan_suite.serving.saved_translator import SavedTranslator


class MarkedImages(NamedTuple):
    """Generated images, N of them, and what their marks say."""

    images: np.ndarray
    """uint8 (N, H, W, C)."""
    seeds: np.ndarray
    """int64 (N,)."""
    labels: np.ndarray | None
    """(N,) classes or (N, A) attributes; None of a generator without labels."""
    generator: str
    """What made them."""
    label_names: Sequence[str] = ()
    """Of the classes or attributes."""
    truncation: float | None = None
    """That they were made with."""


def generator_name(generator: "SavedGenerator | SavedTranslator | Translator") -> str:
    """What a picture shall say of the generator that made it: its model and data, else its folder's name."""
    card = generator.card
    if "model" not in card or "dataset" not in card:
        folder = generator.path.resolve()
        return folder.parent.name if folder.name.isdecimal() else folder.name
    # Pictures are passed on: they do not say where on a disk the data lay.
    dataset = str(card["dataset"])
    return f"{card['model']} trained on {Path(dataset).name if Path(dataset).is_absolute() else dataset}"


def named(label: np.ndarray, names: Sequence[str]) -> str:
    """A label with the names of its class or of the attributes that it has; "3" for the digit 3.

    >>> named(np.int32(1), ["ship", "cat"]), named(np.array([1.0, 0.0, 1.0]), ["hat", "beard", "smile"])
    ('1 (cat)', '101 (hat, smile)')
    """
    number = spelled(label)
    text = ", ".join(names[row] for row in indices_of(label) if row < len(names))
    return number if text in ("", number) else f"{number} ({text})"


def check_output(path: Path) -> None:
    """Refuses what `save_samples` cannot write, before anything is made.

    Raises:
        InputError: another suffix than .png, .npz or none, no folder to write into, or one that holds anything.
    """
    suffix = path.suffix.lower()
    if suffix not in (".png", ".npz", ""):
        raise InputError(f"{option('output')} must end in .png or .npz, or be a folder. Received: {path}.")
    if suffix:
        check_parent(path)
    else:
        refuse_full(path)


def check_parent(path: Path) -> None:
    """Refuses an output file without a folder to write it into.

    Raises:
        InputError: there is none.
    """
    if not path.parent.is_dir():
        raise InputError(f"The folder {path.parent} of {option('output')} does not exist.")


def save_samples(path: Path, samples: MarkedImages, facts: Mapping[str, object], period: int | None) -> None:
    """Writes `NAME.png`, a marked grid, `NAME.npz`, arrays, or else a folder of marked PNG files.

    One image alone is no grid: `NAME.png` is then pixel by pixel what it is.

    Args:
        path: see `check_output`.
        samples: the images.
        facts: of a grid, such as the seed of the first image.
        period: M, after how many images the labels repeat: those of one label stand together; None without labels.
    """
    images, labels = samples.images, samples.labels
    if path.suffix.lower() == ".png":
        different = min(period or 1, len(images))
        names = [] if labels is None else titles(labels[:different], samples.label_names)
        pixels = images[0] if len(images) == 1 else sheet(images, different, names)
        spelled_labels = {} if labels is None else {"labels": ",".join(spelled(label) for label in labels[:period])}
        truncation = {} if samples.truncation is None else {"truncation": samples.truncation}
        save_png(path, pixels, {"generator": samples.generator, **facts, **spelled_labels, **truncation})
    elif path.suffix.lower() == ".npz":
        arrays = {"images": images, "seeds": samples.seeds} | ({} if labels is None else {"labels": labels})
        with writing_whole(path) as partial, partial.open("wb") as stream:
            np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]
    else:
        save_each([path] * len(images), samples)


def samples_of(
    generator: "SavedGenerator",
    images: np.ndarray,
    seeds: np.ndarray,
    labels: np.ndarray | None,
    truncation: float | None = None,
) -> MarkedImages:
    """Images of an exported generator, with the names that it knows.

    Args:
        generator: what made them.
        images: uint8 (N, H, W, C).
        seeds: int64 (N,).
        labels: (N,) classes or (N, A) attributes; None for a generator without labels.
        truncation: that they were made with.
    """
    return MarkedImages(images, seeds, labels, generator_name(generator), generator.label_names, truncation)


def save_each(folders: Sequence[Path], samples: MarkedImages) -> None:
    """Writes each image as `FOLDER/seed_00000007.png`, marked with its seed and label.

    Args:
        folders: N, one an image; made when needed.
        samples: the images.
    """
    for folder in set(folders):
        folder.mkdir(parents=True, exist_ok=True)
    for index, (folder, image, seed) in enumerate(zip(folders, samples.images, samples.seeds, strict=True)):
        facts: dict[str, object] = {"generator": samples.generator, "seed": seed}
        if samples.labels is not None:
            facts["label"] = named(samples.labels[index], samples.label_names)
        if samples.truncation is not None:
            facts["truncation"] = samples.truncation
        save_png(folder / f"seed_{seed:08d}.png", image, facts)


def marks(path: str) -> Iterator[str]:
    """What pictures say of themselves, in lines for people.

    Args:
        path: a PNG file, which gives a line a keyword, or a folder, which gives a line a picture below it.

    Raises:
        InputError: a file without a mark (see `read_mark`), a folder without pictures; after the last line:
            pictures without a mark in the folder.
    """
    if not Path(path).is_dir():
        yield from (printable(f"{key}: {text}") for key, text in read_mark(path).items())
        return
    suffixes = readable_suffixes()
    pictures = sorted(file for file in Path(path).rglob("*") if file.suffix.lower() in suffixes and file.is_file())
    if not pictures:
        raise InputError(f"The folder {path} has no pictures (.png, .jpg or another format that Pillow reads).")
    unmarked = 0
    for picture in pictures:
        try:
            facts = "; ".join(f"{key}: {text}" for key, text in read_mark(picture).items())
            yield printable(f"{picture.relative_to(path)}: {facts}")
        except InputError:
            unmarked += 1
            yield printable(f"{picture.relative_to(path)}: carries no mark of tfgan_suite")
    if unmarked:
        raise InputError(f"{unmarked} of the {len(pictures)} pictures in {path} carry no mark of tfgan_suite.")
