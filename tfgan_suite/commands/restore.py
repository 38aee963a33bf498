"""A hole in a picture, filled by what a generator would put there."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
import tqdm

from tfgan_suite.data.named_picture import read_named
from tfgan_suite.errors import InputError, option
from tfgan_suite.files import is_run
from tfgan_suite.images import convert, mask_of, save_png, to_uint8
from tfgan_suite.labels import Labels
from tfgan_suite.latents import check_seed
from tfgan_suite.marking import check_parent, generator_name, named
from tfgan_suite.models.from_latents import FromLatents
from tfgan_suite.models.latent_search import (
    BOUND,
    PRIOR_WEIGHT,
    STARTS,
    STEPS,
    Generate,
    Prior,
    mean_square,
    pasted,
    search_latents,
)
from tfgan_suite.models.loading import load_model
from tfgan_suite.objectives.losses import per_sample_mean
from tfgan_suite.picture_rules import PictureRules
from tfgan_suite.runs.record import newest_of_run, read_config
from tfgan_suite.serving.saved_generator import SavedGenerator


class Searched(NamedTuple):
    """A generator to search in.

    Attributes:
        name: what pictures say of it.
        image_shape: (height, width, channels).
        latent_dim: length of a latent vector.
        labels: that it takes; None without them.
        rules: how its own pictures were read.
        generate, prior: see `search_latents`.
        said: which prior it is, for people.
    """

    name: str
    image_shape: tuple[int, int, int]
    latent_dim: int
    labels: Labels | None
    rules: PictureRules
    generate: Generate
    prior: Prior
    said: str


def restore_to(
    generator_path: str,
    photo: str,
    mask: str,
    output: str,
    label: str | None = None,
    steps: int = STEPS,
    starts: int = STARTS,
    seed: int = 0,
    trust: bool = False,
) -> Iterator[str]:
    """Writes a picture whose hole is filled: see `search_latents`. The known pixels stay; the file is marked.

    Args:
        generator_path: a run folder, whose newest checkpoint is taken, a file `NAME.keras`, or a folder of a SavedModel
            or of its versions.
        photo: the picture; it is brought to the generator's size by the rules of the generator's own pictures.
        mask: a picture of the same size, white in the hole.
        output: `NAME.png`.
        label: of a conditional generator, as `Labels.parse` takes it; None: each is tried, and the best kept.
        steps, starts, seed: see `search_latents`.
        trust: see `SavedGenerator`.

    Yields:
        What is done and what was written, in lines for people.

    Raises:
        InputError: no generator, pictures that do not fit, or an output that cannot be written.
    """
    path = Path(output)
    if path.suffix.lower() != ".png":
        raise InputError(f"{option('output')} must be NAME.png. Received: {output}.")
    check_parent(path)
    check_seed(seed)
    searched = searched_at(generator_path, trust)
    labels = _labels(searched, label)
    image, hole = read_photo(Path(photo), Path(mask), searched)
    yield searched.said
    yield f"latents: N(0, 1) at the start, each number kept in [{-BOUND:g}, {BOUND:g}]"
    with tqdm.tqdm(total=steps, unit="step", leave=False, disable=None) as bar:
        found = search_latents(
            searched.generate, searched.prior, image.astype(np.float32) / 127.5 - 1.0, hole, searched.latent_dim,
            labels, steps, starts, seed, bar.update,
        )  # fmt: skip
    facts: dict[str, Any] = {"generator": searched.name, "restored": f"{int(hole.sum())} of {hole.size} pixels"}
    if found.label is not None and searched.labels is not None and labels is not None:
        facts["label"] = named(found.label, searched.labels.names)
        yield f"label: {facts['label']}" + ("" if len(labels) == 1 else f", the best of {len(labels)}")
    save_png(path, pasted(image, to_uint8(found.image), hole), {**facts, "steps": steps, "seed": seed})
    yield f"around the hole the generator's image is {found.distance:.3f} off, of 2 from black to white"
    yield f"wrote: {path}"


def searched_at(path: str, trust: bool = False) -> Searched:
    """The generator of a path: see `restore_to`.

    Raises:
        InputError: there is none.
    """
    place = Path(path)
    if place.suffix == ".keras" or is_run(place):
        run = place if is_run(place) else next((parent for parent in place.parents if is_run(parent)), None)
        model = load_model(newest_of_run(place) if is_run(place) else path)
        if not isinstance(model, FromLatents):
            raise InputError(
                f"{path} makes pictures of pictures, and has no latents to search. One that learned to fill holes does "
                "so by translate.py --mask."
            )
        return _of_model(model, run, place.name)
    saved = SavedGenerator(path, trust)
    return Searched(
        generator_name(saved), saved.image_shape, saved.latent_dim, saved.labels, PictureRules.of_facts(saved.card),
        saved.graph_of_images, mean_square,
        f"prior: {PRIOR_WEIGHT:g} times the mean square of z; an export has no discriminator to ask, a run has",
    )  # fmt: skip


def _of_model(model: FromLatents, run: Path | None, name: str) -> Searched:
    labels, rules = model.labels, PictureRules()
    if run is not None:
        record = read_config(run)
        name, rules = f"{record.config.model} trained on {Path(record.config.dataset).name}", record.picture_rules()
        labels = None if labels is None else dataclasses.replace(labels, names=tuple(record.data["label_names"]))
    return Searched(
        name, model.image_shape, model.latent_dim, labels, rules, model.images_from_latents, judged_by(model),
        f"prior: {PRIOR_WEIGHT:g} times the generator's loss by its discriminator",
    )  # fmt: skip


def judged_by(model: FromLatents) -> Prior:
    """The generator's loss by its discriminator, as it is outside of training.

    A loss that looks at pairs has no real image beside this one: the negative of its logit is taken.
    """

    def prior(latents: tf.Tensor, images: tf.Tensor, labels: Any) -> tf.Tensor:
        logits = tf.cast(model.discriminator(model.discriminator_inputs(images, labels), training=False), tf.float32)
        if model.objective.pair.pairs:
            return -per_sample_mean(logits)
        return model.objective.generator_loss(None, logits)

    return prior


def _labels(searched: Searched, label: str | None) -> np.ndarray | None:
    """Those that are tried."""
    if searched.labels is None:
        if label is not None:
            raise InputError(f"The generator {searched.name} takes no {option('label')}. Received: {label}.")
        return None
    if label is None and searched.labels.kind == "attributes":
        raise InputError(
            f"The generator {searched.name} takes {searched.labels.size} attributes, too many together to try: give "
            f"{option('label')}."
        )
    given = None if label is None else searched.labels.parse(label)
    if given is not None and len(given) > 1:
        raise InputError(f"{option('label')} must be one label. Received: {label}.")
    return searched.labels.check(given, searched.labels.size if given is None else 1)


def read_photo(photo: Path, mask: Path, searched: Searched) -> tuple[np.ndarray, np.ndarray]:
    """A picture uint8 (H, W, C) and its hole bool (H, W), in the generator's size.

    Raises:
        InputError: a file that is no picture, or a mask of another size.
    """
    height, width, channels = searched.image_shape
    if channels not in (1, 3, 4):
        raise InputError(f"The generator {searched.name} makes images of {channels} channels, which no picture has.")
    rules = dataclasses.replace(searched.rules, size=(height, width), channels=channels)
    if rules.levels == "auto":  # of data that have no pictures of 16 bits
        rules = dataclasses.replace(rules, levels=None)
    picture, marked = read_named(photo, rules), read_named(mask)
    if picture.size != marked.size:
        raise InputError(
            f"The mask {mask} is {marked.height}x{marked.width} pixels, {photo} is {picture.height}x{picture.width}. "
            "Expected the same size."
        )
    try:
        return convert(picture, rules).pixels, mask_of(marked, rules)[..., 0] == 255
    except InputError as error:
        raise InputError(f"The picture {photo}: {error}") from error
