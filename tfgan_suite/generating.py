"""Pictures and arrays from an exported generator."""

from pathlib import Path
from typing import Any

import numpy as np

from tfgan_suite.errors import InputError
from tfgan_suite.images import grid, save_png, to_uint8
from tfgan_suite.labels import parse_labels
from tfgan_suite.serving.saved_generator import SavedGenerator


def generate_to(generator_path: str, output: str, count: int = 64, seed: int = 0, labels: str | None = None) -> Path:
    """Writes samples; image i has the seed `seed` + i, whatever the count.

    Args:
        generator_path: folder of a SavedModel, or of its versions.
        output: `NAME.png` for a grid, `NAME.npz` for arrays (`images` uint8 (N, H, W, C), `seeds` int64 (N,),
            and of a conditional model `labels`), any other name for a folder of PNG files.
        count: N, how many.
        seed: of the first image.
        labels: of a conditional model, such as "3,1,4", or "0110,1001" for attributes; repeated as
            often as needed. None: they cycle through the classes.

    Returns:
        The path written.

    Raises:
        InputError: no generator, labels that do not fit, or an output that cannot be written.
    """
    if count < 1:
        raise InputError(f"--count must be at least 1. Received: {count}.")
    if not 0 <= seed <= 2**62:
        raise InputError(f"--seed must be in 0..2**62. Received: {seed}.")
    path = Path(output)
    suffix = path.suffix.lower()
    if suffix not in (".png", ".npz", ""):
        raise InputError(f"--output must end in .png or .npz, or be a folder. Received: {output}.")
    if suffix and not path.parent.is_dir():
        raise InputError(f"The folder {path.parent} of --output does not exist.")
    if not suffix and path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise InputError(f"The output folder {path} is not empty. Choose another.")
    generator = SavedGenerator(generator_path)
    given = None if labels is None else parse_labels(labels, generator.num_attributes)
    values = generator.check_labels(given, count)
    seeds = np.arange(seed, seed + count, dtype=np.int64)
    images = to_uint8(generator.generate(seeds, values))
    if suffix == ".png":
        classes = len(given) if given is not None else generator.num_classes or generator.num_attributes
        columns = classes if classes and 1 < classes <= count else round(count**0.5)
        save_png(path, grid(images, max(1, min(columns, count))))
    elif suffix == ".npz":
        arrays: dict[str, Any] = {"images": images, "seeds": seeds, **({} if values is None else {"labels": values})}
        partial = path.with_suffix(".partial")
        with partial.open("wb") as stream:
            np.savez_compressed(stream, **arrays)
        partial.replace(path)
    else:
        path.mkdir(parents=True, exist_ok=True)
        for number, image in zip(seeds, images, strict=True):
            save_png(path / f"seed_{number:08d}.png", image)
    return path
