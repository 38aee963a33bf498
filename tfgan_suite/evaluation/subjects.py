"""What can be evaluated: exported generators, runs and their checkpoints, arrays of images."""

import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tfgan_suite.continuation.checkpoints import arrays_sha256, complete_checkpoints
from tfgan_suite.errors import InputError, option
from tfgan_suite.files import checkpoints_of, is_run, sha256_of
from tfgan_suite.images import to_uint8
from tfgan_suite.labels import Labels, classes_of
from tfgan_suite.models.from_latents import FromLatents
from tfgan_suite.models.loading import load_model
from tfgan_suite.picture_rules import PictureRules
from tfgan_suite.runs.record import newest_of_run, read_config
from tfgan_suite.serving.saved_generator import SavedGenerator, read_card

# What NumPy raises for files that are damaged or hold something else.
DAMAGES = (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile, zlib.error)


class Subject(NamedTuple):
    """Something that has images.

    Attributes:
        facts: where it lies, and what it says of itself; JSON types.
        image_shape: (height, width, channels).
        sample: (count, first seed) -> uint8 (count, H, W, C), and int32 labels (count,) or None.
        draw: latents float32 (N, L)[, labels] -> float32 images in [-1, 1]; None where there are images only.
        latent_dim: L; None without `draw`.
        seeded: whether images come from seeds.
        rules: how the pictures that it learned from were read; the usual ones where it does not say.
    """

    facts: dict[str, Any]
    image_shape: tuple[int, int, int]
    sample: Callable[[int, int], tuple[np.ndarray, np.ndarray | None]]
    draw: Callable[..., np.ndarray] | None = None
    latent_dim: int | None = None
    seeded: bool = True
    rules: PictureRules = PictureRules()


def find_subjects(path: str, all_checkpoints: bool = False) -> list[Subject]:
    """What lies at a path: a SavedModel or a folder of its versions, a run folder, or an `.npz` file.

    Args:
        path: where.
        all_checkpoints: of a run folder every kept checkpoint, the oldest first, in place of the newest.

    Raises:
        InputError: none of these, or something that is damaged.
    """
    place = Path(path)
    if all_checkpoints and not is_run(place):
        raise InputError(f"{option('all_checkpoints')} needs a run folder of train.py. Received: {path}.")
    if place.suffix == ".npz":
        return [of_arrays(place)]
    if not place.exists() and not is_run(place):
        raise InputError(f"{path} does not exist. Expected a SavedModel, a run folder, or a file NAME.npz.")
    if not is_run(place):
        return [of_saved_model(path)]
    return [of_checkpoint(place, checkpoint) for checkpoint in checkpoints_to_measure(place, all_checkpoints)]


def checkpoints_to_measure(run_dir: Path, every: bool) -> list[str]:
    """The paths of a run's checkpoints, the oldest first; or of the newest alone.

    Raises:
        InputError: there is none.
    """
    found = [checkpoint.path for checkpoint in complete_checkpoints(checkpoints_of(run_dir))] if every else []
    return found[::-1] or [newest_of_run(run_dir)]


def of_saved_model(path: str) -> Subject:
    """An exported generator."""
    generator = SavedGenerator(path)

    def sample(count: int, seed: int) -> tuple[np.ndarray, np.ndarray | None]:
        labels = generator.check_labels(None, count)
        images = generator.generate(np.arange(seed, seed + count, dtype=np.int64), labels)
        return to_uint8(images), classes_of(labels)

    def draw(latents: np.ndarray, labels: np.ndarray | None = None) -> np.ndarray:
        return generator.images_from_latents(latents, labels)

    card = read_card(generator.path)
    facts = {"path": path, **{key: card.get(key) for key in ("model", "dataset", "seed", "split")}}
    rules = PictureRules.of_facts(card)
    return Subject(facts, generator.image_shape, sample, draw, generator.latent_dim, rules=rules)


def of_checkpoint(run_dir: Path, path: str) -> Subject:
    """The generator of a run at one of its checkpoints."""
    model = load_model(path, FromLatents)
    subject = of_model(model, {**facts_of_checkpoint(run_dir, path), "step": int(model.step.numpy())})
    return subject._replace(rules=read_config(run_dir).picture_rules())


def facts_of_checkpoint(run_dir: Path, path: str) -> dict[str, Any]:
    """What a record says of a checkpoint of a run."""
    record = read_config(run_dir)
    facts = {"path": path, "model": record.config.model, "dataset": record.data["source"], "seed": record.config.seed}
    facts |= {"split": record.config.split, "checkpoint_sha256": sha256_of(path)}
    return {**facts, "arrays_sha256": arrays_sha256(path)}


def of_model(model: FromLatents, facts: dict[str, Any]) -> Subject:
    """A model in memory: its moving average where it has one."""

    def sample(count: int, seed: int) -> tuple[np.ndarray, np.ndarray | None]:
        labels = model.check_labels(None, count)
        return _levels(model.generate(count, seed, labels), str(facts.get("path", model.name))), classes_of(labels)

    def draw(latents: np.ndarray, labels: np.ndarray | None = None) -> np.ndarray:
        return np.asarray(model(model.generator_inputs(latents, model.check_labels(labels, len(latents)))))

    return Subject(facts, model.image_shape, sample, draw, model.latent_dim)


def of_arrays(path: Path) -> Subject:
    """Images in an `.npz` file: `images` uint8 (N, H, W, C), and as `generate_to` writes them `labels` or none."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            images, labels = arrays["images"], arrays.get("labels")
            counts = len(images), len(images) if labels is None else len(labels)
    except FileNotFoundError:
        raise InputError(f"The file {path} does not exist.") from None
    except DAMAGES as error:
        raise InputError(f"{path} holds no array 'images', or is damaged: {error}.") from error
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[-1] not in (1, 3, 4) or not len(images):
        span = f" from {images.min()} to {images.max()}" if images.size else ""
        raise InputError(
            f"{path}: images must be uint8 (N, H, W, C) of 0 to 255. Received: {images.dtype} {images.shape}{span}."
        )
    if images.max() <= 1:
        print(
            f"warning: {path}: no value is above 1, so that all is black. Images are uint8 of 0 to 255: map [0, 1] by "
            "255 x first.",
            file=sys.stderr,
        )
    if counts[0] != counts[1]:
        raise InputError(f"{path} has {counts[0]} images but {counts[1]} labels.")
    labels = None if labels is None else _checked(labels, path)

    def sample(count: int, seed: int) -> tuple[np.ndarray, np.ndarray | None]:
        if count > len(images):
            raise InputError(
                f"{path} has {len(images):,} images. Received: {option('count', count)}. Give "
                f"{option('count', len(images))}."
            )
        # At random, since images often lie in the order of their classes, but always the same.
        rows = np.sort(np.random.default_rng(0).permutation(len(images))[:count])
        return images[rows], None if labels is None else classes_of(labels[rows])

    return Subject({"path": str(path)}, images.shape[1:], sample, seeded=False)


def _checked(labels: np.ndarray, path: Path) -> np.ndarray:
    """Labels of a file, which does not say how many classes there are: integers, or rows of floats for attributes."""
    rule = Labels.of_rows(labels.shape[1:] if labels.dtype.kind == "f" else ())
    try:
        return rule.values(labels)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _levels(images: np.ndarray, path: str) -> np.ndarray:
    """Generated floats as uint8."""
    if not np.isfinite(images).all():
        raise InputError(f"{path} makes images that are not finite: its training has diverged.")
    return to_uint8(images)
