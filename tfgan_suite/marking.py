"""What a generated picture says of itself: the generator, the seed and the label, written and read."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from tfgan_suite.data.image_files import SUFFIXES
from tfgan_suite.errors import InputError
from tfgan_suite.images import read_mark, save_png
from tfgan_suite.serving.saved_generator import SavedGenerator, read_card


def generator_name(generator: SavedGenerator) -> str:
    """What a picture shall say of the generator that made it: its model and data, else its folder's name."""
    card = read_card(generator.path)
    if "model" not in card or "dataset" not in card:
        folder = generator.path.resolve()
        return folder.parent.name if folder.name.isdecimal() else folder.name
    # Pictures are passed on: they do not say where on a disk the data lay.
    dataset = str(card["dataset"])
    return f"{card['model']} trained on {Path(dataset).name if Path(dataset).is_absolute() else dataset}"


def spelled(label: np.ndarray) -> str:
    """A label as the command line takes it.

    >>> spelled(np.int32(3)), spelled(np.array([0.0, 1.0, 1.0, 0.0]))
    ('3', '0110')
    """
    return str(label) if np.ndim(label) == 0 else "".join(str(int(value)) for value in label)


def named(label: np.ndarray, names: Sequence[str]) -> str:
    """A label with the names of its class or of the attributes that it has; "3" for the digit 3.

    >>> named(np.int32(1), ["ship", "cat"]), named(np.array([1.0, 0.0, 1.0]), ["hat", "beard", "smile"])
    ('1 (cat)', '101 (hat, smile)')
    """
    number = spelled(label)
    rows = [int(label)] if np.ndim(label) == 0 else np.flatnonzero(label).tolist()
    text = ", ".join(names[row] for row in rows if row < len(names))
    return number if text in ("", number) else f"{number} ({text})"


def refuse_full(folder: Path) -> None:
    """Refuses an output folder that holds anything.

    Raises:
        InputError: it does, or is a file.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"The output folder {folder} is not empty. Choose another.")


def save_each(
    folders: Sequence[Path],
    images: np.ndarray,
    seeds: np.ndarray,
    labels: np.ndarray | None,
    generator: SavedGenerator,
    truncation: float | None = None,
) -> None:
    """Writes each image as `FOLDER/seed_00000007.png`, marked with its seed and label.

    Args:
        folders: N, one an image; made when needed.
        images: uint8 (N, H, W, C).
        seeds: int64 (N,).
        labels: (N,) classes or (N, A) attributes; None for a generator without labels.
        generator: what made them.
        truncation: that they were made with.
    """
    for folder in set(folders):
        folder.mkdir(parents=True, exist_ok=True)
    name, label_names = generator_name(generator), read_card(generator.path).get("label_names", [])
    for index, (folder, image, seed) in enumerate(zip(folders, images, seeds, strict=True)):
        facts: dict[str, object] = {"generator": name, "seed": seed}
        if labels is not None:
            facts["label"] = named(labels[index], label_names)
        if truncation is not None:
            facts["truncation"] = truncation
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
        yield from (_printable(f"{key}: {text}") for key, text in read_mark(path).items())
        return
    pictures = sorted(file for file in Path(path).rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())
    if not pictures:
        raise InputError(f"The folder {path} has no pictures ({', '.join(sorted(SUFFIXES))}).")
    unmarked = 0
    for picture in pictures:
        try:
            facts = "; ".join(f"{key}: {text}" for key, text in read_mark(picture).items())
            yield _printable(f"{picture.relative_to(path)}: {facts}")
        except InputError:
            unmarked += 1
            yield _printable(f"{picture.relative_to(path)}: carries no mark of tfgan_suite")
    if unmarked:
        raise InputError(f"{unmarked} of the {len(pictures)} pictures in {path} carry no mark of tfgan_suite.")


def _printable(text: str) -> str:
    """One line without characters that could steer a terminal: a mark can be forged."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
