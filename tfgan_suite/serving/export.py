"""A generator as a SavedModel for TensorFlow Serving."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from tfgan_suite.errors import InputError
from tfgan_suite.models.gan import GAN
from tfgan_suite.serving.saved_generator import CARD


def next_version(base: Path | str) -> int:
    """1 more than the highest version in a base folder; 1 where there is none.

    Raises:
        InputError: the base is a file.
    """
    base = Path(base)
    if base.exists() and not base.is_dir():
        raise InputError(f"The export folder {base} is a file. Choose another with --export-dir.")
    versions = [int(entry.name) for entry in base.glob("*") if entry.name.isdecimal()] if base.is_dir() else []
    return max(versions, default=0) + 1


def export_generator(model: GAN, base: Path | str, card: dict[str, Any] | None = None) -> Path:
    """Writes the generator as the next version in a base folder, whole or not at all.

    Signatures, each with one leading dimension that is free: `serving_default(latents float32
    [None, L])` and `sample(seeds int64 [None])`, with `labels` int32 [None] or float32 [None, A]
    for a conditional model; output `images` float32 [None, H, W, C] in [-1, 1].

    Args:
        model: the moving average is exported where there is one.
        base: folder of the versions 1, 2, ...
        card: facts to be kept beside the model, such as its data set; JSON types.

    Returns:
        The version's folder.

    Raises:
        InputError: the base folder is a file.
    """
    base = Path(base)
    version = next_version(base)
    base.mkdir(parents=True, exist_ok=True)
    # Beside its place and on the same file system: TensorFlow Serving polls the base for numbers,
    # and a rename is whole or nothing.
    partial = base / f".partial_{version}_{os.getpid()}"
    try:
        _write(model, partial)
        facts = {
            "image_shape": model.image_shape,
            "latent_dim": model.latent_dim,
            "num_classes": getattr(model, "num_classes", None),
            "num_attributes": getattr(model, "num_attributes", None),
            **(card or {}),
        }
        (partial / CARD).parent.mkdir(exist_ok=True)
        (partial / CARD).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
        partial.rename(base / str(version))
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return base / str(version)


def _write(model: GAN, folder: Path) -> None:
    label_spec = model.label_spec()
    more = [] if label_spec is None else [label_spec]

    def serve(latents: tf.Tensor, labels: Any = None) -> dict[str, tf.Tensor]:
        return {"images": model.sampling_generator(model.generator_inputs(latents, labels), training=False)}

    def sample(seeds: tf.Tensor, labels: Any = None) -> dict[str, tf.Tensor]:
        return {"images": model.sample(seeds, labels)}

    # Not archive.track(model): that writes every weight twice. The endpoints hold what they use.
    archive = keras.export.ExportArchive()
    latents_spec = tf.TensorSpec([None, model.latent_dim], tf.float32, name="latents")
    archive.add_endpoint("serving_default", serve, input_signature=[latents_spec, *more])
    archive.add_endpoint("sample", sample, input_signature=[tf.TensorSpec([None], tf.int64, name="seeds"), *more])
    archive.write_out(str(folder), verbose=False)
