"""Pictures made of pictures by a trained translator."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from tfgan_suite.data.folder_scan import scan_folder
from tfgan_suite.data.named_picture import read_named
from tfgan_suite.errors import InputError, option
from tfgan_suite.files import writing_folder
from tfgan_suite.images import convert, mask_of, save_png
from tfgan_suite.latents import check_seed
from tfgan_suite.marking import check_parent, generator_name, refuse_full
from tfgan_suite.runs.translating import Translator, open_translator


class Job(NamedTuple):
    """A picture to be translated, and where below the output what is made of it goes."""

    picture: Path
    result: Path


def translate_to(
    translator_path: str,
    pictures: Sequence[str],
    output: str,
    mask: str | None = None,
    test_dropout: bool = False,
    seed: int = 0,
    trust: bool = False,
    direction: str | None = None,
) -> tuple[Path, int]:
    """Writes what a translator makes of pictures as marked PNG files, all of them or none.

    Pictures are turned as their EXIF says, and brought to the translator's size as its run has read its own; results
    have the translator's size. Those of a run of 16-bit pairs, whose `levels` it knows, have 16 bits and the data's
    own values; of its export they have 8.

    Args:
        translator_path: a folder of a SavedModel or of its versions, a run folder, whose newest checkpoint is taken,
            `RUN/best`, or a file NAME.keras.
        pictures: files that Pillow reads, and folders, in which all pictures are taken at any depth.
        output: a new folder, in which each result has the name of its picture, and its place in its folder; of one
            file alone also `NAME.png`.
        mask: a picture that is white in the hole and as large as each of the pictures; of a translator that takes one.
        test_dropout: whether Dropout stays on, which is the noise of pix2pix; not of an export.
        seed: of its masks, the same for each picture.
        trust: see `SavedTranslator`.
        direction: of a model that translates both ways; None: from a to b.

    Returns:
        The path written, and the number of pictures.

    Raises:
        InputError: no translator, no picture, a mask that is missing, not taken or of another size, or an output that
            cannot be written.
    """
    check_seed(seed)
    jobs, path = list(_jobs(pictures)), Path(output)
    _refuse_twins(jobs)
    is_file = path.suffix.lower() == ".png"
    if is_file and (len(jobs) > 1 or Path(pictures[0]).is_dir()):
        raise InputError(f"{option('output')} is NAME.png of one file alone; of more a folder. Received: {output}.")
    if is_file:
        check_parent(path)
    else:
        refuse_full(path)
    translator = open_translator(translator_path, seed if test_dropout else None, trust, direction)
    if translator.has_mask != (mask is not None):
        wants = "a mask, white in the hole: give" if translator.has_mask else "no mask: leave out"
        raise InputError(f"The translator {translator_path} takes {wants} {option('mask')}.")
    if not translator.card:
        print(
            "pictures: cropped, transparent ones on white: a file NAME.keras does not say how its run has read its "
            "own, as the run folder does"
        )
    hole = None if mask is None else read_named(Path(mask), translator.rules)
    facts = {"generator": generator_name(translator)} | ({"seed": seed} if test_dropout else {})
    if is_file:
        ((_, pixels),) = _results(translator, jobs, hole)
        save_png(path, pixels, facts)
        return path, 1
    with writing_folder(path) as folder:
        for job, pixels in _results(translator, jobs, hole):
            (folder / job.result).parent.mkdir(parents=True, exist_ok=True)
            save_png(folder / job.result, pixels, facts)
    return path, len(jobs)


def _jobs(pictures: Sequence[str]) -> Iterator[Job]:
    """The pictures that are given, and those in the folders that are."""
    for given in map(Path, pictures):
        if not given.is_dir():
            yield Job(given, Path(f"{given.stem}.png"))
            continue
        found = scan_folder(given).pictures
        if not found:
            raise InputError(f"The folder {given} has no pictures (.png, .jpg or another format that Pillow reads).")
        yield from (Job(given.joinpath(*parts), Path(*parts).with_suffix(".png")) for parts in found)


def _refuse_twins(jobs: Sequence[Job]) -> None:
    """Refuses two pictures that would be written as one file, on any system."""
    seen: dict[str, Path] = {}
    for job in jobs:
        before = seen.setdefault(str(job.result).casefold(), job.picture)
        if before is not job.picture:
            raise InputError(
                f"{before} and {job.picture} would both be written as {job.result}. Give one of them another name, or "
                "translate them one after the other."
            )


def _results(translator: Translator, jobs: Sequence[Job], hole: Image.Image | None) -> Iterator[tuple[Job, np.ndarray]]:
    """Each picture, and uint8 (H, W, C), or uint16, that is made of it."""
    masks = None if hole is None else mask_of(hole, translator.rules)[np.newaxis]
    for start in range(0, len(jobs), translator.max_rows):
        part = jobs[start : start + translator.max_rows]
        images = np.stack([_pixels(job.picture, translator, hole) for job in part])
        made = translator.translate(images, None if masks is None else np.repeat(masks, len(part), 0))
        yield from zip(part, made, strict=True)


def _pixels(path: Path, translator: Translator, hole: Image.Image | None) -> np.ndarray:
    """A picture as the translator is given it, uint8 (H, W, C), or uint16."""
    image = read_named(path, translator.rules)
    if hole is not None and image.size != hole.size:
        raise InputError(
            f"The mask must be as large as each picture. Received: a mask of {_sides(hole)} for {path} of "
            f"{_sides(image)}."
        )
    try:
        pixels = convert(image, translator.rules).pixels
    except InputError as error:
        raise InputError(f"The image {path}: {error}") from error
    # Beside pictures of 16 bits those of 8 have each level at its place.
    return pixels.astype(np.uint16) * 257 if translator.rules.deep and pixels.dtype == np.uint8 else pixels


def _sides(image: Image.Image) -> str:
    return f"{image.height}x{image.width}"
