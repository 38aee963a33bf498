"""Pictures, arrays and animations from an exported generator."""

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from tfgan_suite.errors import InputError, printable
from tfgan_suite.files import is_run
from tfgan_suite.images import from_array, save_gif, to_uint8
from tfgan_suite.labels import Labels, titles
from tfgan_suite.latents import MAX_SEED, check_count, check_seed, latents_from_seeds
from tfgan_suite.marking import check_output, check_parent, samples_of, save_samples
from tfgan_suite.pictures import sheet
from tfgan_suite.runs.exporting import opened_generator
from tfgan_suite.serving.saved_generator import SavedGenerator, read_card, version_folder

MAX_FRAMES = 1000
FRAME_MILLISECONDS = 50


def generate_to(
    generator_path: str,
    output: str,
    count: int = 64,
    seed: int = 0,
    labels: str | None = None,
    truncation: float | None = None,
    sweep: bool = False,
    trust: bool = False,
) -> Path:
    """Writes samples; image i has the seed `seed` + i, whatever the count. PNG files are marked: see `read_mark`.

    Args:
        generator_path: folder of a SavedModel or of its versions, or a run folder, whose newest checkpoint is taken.
        output: `NAME.png` for a grid, `NAME.npz` for arrays (`images` uint8 (N, H, W, C), `seeds` int64 (N,),
            and of a conditional model `labels`), any other name for a folder of PNG files.
        count: N, how many.
        seed: of the first image.
        labels: of a conditional model, such as "3,1,4" or "Sneaker,Bag", or "0110,1001" or "Smiling+Young,Male" for
            attributes; repeated as often as needed. None: they cycle through the classes.
        truncation: see `SavedGenerator.generate`.
        sweep: each seed with every label: N times as many images as there are labels. Not for a folder.
        trust: see `SavedGenerator`.

    Returns:
        The path written.

    Raises:
        InputError: no generator, labels that do not fit, or an output that cannot be written.
    """
    path = Path(output)
    _check(count, seed, truncation, path, sweep)
    with opened_generator(generator_path, trust) as generator:
        given = _given(generator, labels)
        different = None if generator.labels is None else generator.labels.size
        period = different if given is None else len(given)
        every = _every_label(generator, given, "--sweep") if sweep else np.zeros(1)
        check_count(count * len(every), generator.image_shape)
        seeds = np.arange(seed, seed + count, dtype=np.int64)
        values: np.ndarray | None
        if sweep:
            seeds, values = np.repeat(seeds, len(every)), np.concatenate([every] * count)
        else:
            values = generator.check_labels(given, count)
        images = to_uint8(generator.generate(seeds, values, truncation=truncation))
        facts = {"seed": seed, "count": count} | ({"sweep": "each seed with every label"} if sweep else {})
        save_samples(path, samples_of(generator, images, seeds, values, truncation), facts, period)
    return path


def interpolate_to(
    generator_path: str, output: str, ends: str, frames: int = 60, labels: str | None = None, trust: bool = False
) -> Path:
    """Writes an animation of the way between the latents of two seeds, along the arc; see `latents.interpolated`.

    Args:
        generator_path: folder of a SavedModel or of its versions, or a run folder, whose newest checkpoint is taken.
        output: `NAME.gif`.
        ends: two seeds, such as "3:7".
        frames: how many, both ends among them.
        labels: of a conditional model: see `generate_to`; they go the way side by side. None: every class.
        trust: see `SavedGenerator`.

    Returns:
        The path written.

    Raises:
        InputError: no generator, one exported without this signature, or arguments that do not fit.
    """
    path, seeds = Path(output), ends.split(":")
    if len(seeds) != 2 or not all(seed.isdecimal() and int(seed) <= MAX_SEED for seed in seeds):
        raise InputError(f"--interpolate takes two seeds in 0..2**62, such as 3:7. Received: {ends!r}.")
    if not 2 <= frames <= MAX_FRAMES:
        raise InputError(f"--frames must be in 2..{MAX_FRAMES}. Received: {frames}.")
    if path.suffix.lower() != ".gif":
        raise InputError(f"--output of --interpolate must be NAME.gif. Received: {output}.")
    check_parent(path)
    with opened_generator(generator_path, trust) as generator:
        given = _given(generator, labels)
        every = _every_label(generator, given, "--labels") if generator.is_conditional or labels is not None else None
        side = 1 if every is None else len(every)
        latents = latents_from_seeds(np.array([int(seed) for seed in seeds], np.int64), generator.latent_dim).numpy()
        start, end = (np.broadcast_to(row, (frames * side, len(row))) for row in latents)
        t = np.repeat(np.linspace(0, 1, frames, dtype=np.float32), side)
        values = None if every is None else np.concatenate([every] * frames)
        images = to_uint8(generator.interpolate(start, end, t, values))
    names = [] if every is None else titles(every, generator.label_names)

    def pictures() -> Iterator[Image.Image]:
        for row in images.reshape(frames, side, *generator.image_shape):
            yield from_array(sheet(row, side, names))

    save_gif(path, pictures(), frames, FRAME_MILLISECONDS)
    return path


def list_labels(generator_path: str) -> Iterator[str]:
    """The labels that a generator takes, index and name a line; or that it takes none. Nothing of a SavedModel is run.

    Args:
        generator_path: folder of a SavedModel or of its versions, or a run folder, whose newest checkpoint is taken.

    Raises:
        InputError: no generator.
    """
    if is_run(generator_path):
        with opened_generator(generator_path) as generator:
            labels = generator.labels
    else:
        card = read_card(version_folder(generator_path))
        labels = Labels.of_card(card)
    yield from [f"The generator {generator_path} takes no labels."] if labels is None else labels.listing()


def _check(count: int, seed: int, truncation: float | None, path: Path, sweep: bool) -> None:
    if count < 1:
        raise InputError(f"--count must be at least 1. Received: {count}.")
    check_seed(seed)
    if truncation is not None and not (math.isfinite(truncation) and truncation > 0):
        raise InputError(f"--truncation must be greater than 0. Received: {truncation}.")
    if sweep and not path.suffix:
        raise InputError("--sweep needs --output NAME.png or NAME.npz: in a folder a seed has one file.")
    check_output(path)


def _given(generator: SavedGenerator, text: str | None) -> np.ndarray | None:
    """The labels of the command line; says so where digits are an index and would be another class's name."""
    if text is None:
        return None
    if generator.labels is None:
        raise InputError(f"The generator {generator.name} is not conditional and takes no labels.")
    given = generator.labels.parse(text)
    for line in generator.labels.renumbered(given):
        print(printable(line))
    return given


def _every_label(generator: SavedGenerator, given: np.ndarray | None, flag: str) -> np.ndarray:
    """The labels given, each once; else every class, or each attribute alone."""
    if generator.labels is None:
        raise InputError(f"{flag} needs labels: the generator {generator.name} is not conditional and takes none.")
    return generator.labels.check(given, generator.labels.size if given is None else len(given))
