"""Translators as they are served: pictures of 256 levels in and out, as arrays or as files; [-1, 1] stays inside."""

from collections.abc import Callable, Mapping
from typing import Any

import keras
import tensorflow as tf

from tfgan_suite.errors import InputError, option
from tfgan_suite.images import HOLE, to_float
from tfgan_suite.models.costs import rows_at_once
from tfgan_suite.models.decoding import FILE_CHANNELS, decoded, decoded_masks, let_through, opened
from tfgan_suite.models.endpoints import Endpoint, in_levels
from tfgan_suite.models.refusals import refuse
from tfgan_suite.picture_rules import PictureRules
from tfgan_suite.ports import PNG_CHANNELS, Ports, files_port, masks_port, pixels_port, png_port

MAX_PIXELS = 1_000_000  # of a request for files, unless one picture of the translator's size has more
MOST_ROWS = 64  # of a request, as a server's batches have

Translate = Callable[[tf.Tensor], tf.Tensor]


def made_of(translate: Translate, images: tf.Tensor, masks: tf.Tensor | None = None) -> tf.Tensor:
    """What a translator makes of pictures.

    Args:
        translate: float32 (N, H, W, C) in [-1, 1] -> (N, H, W, D) in [-1, 1].
        images: uint8, or uint16, (N, H, W, C); of a translator with masks a channel fewer.
        masks: uint8 (N, H, W, 1), 128 or more in the hole. Its pixels become 0 in [-1, 1], and the mask the last
            channel, as `Degradation` does it.

    Returns:
        float32 (N, H, W, D) in [-1, 1].
    """
    source = to_float(images)
    if masks is not None:
        hole = tf.cast(tf.cast(masks, tf.int32) >= HOLE, tf.float32)  # LiteRT compares no uint8
        source = tf.concat([source * (1.0 - hole), hole], -1)
    made = tf.cast(translate(source), tf.float32)
    message = "What the translator makes must be finite: its training has diverged."
    # A level has no NaN: it would be black.
    with tf.control_dependencies([refuse(tf.math.is_finite(made), message, tf.reduce_max(tf.abs(made)))]):
        return tf.identity(made)


def with_reading(facts: Mapping[str, Any], card: Mapping[str, Any]) -> dict[str, Any]:
    """A card that says how pictures become what a translator is given, also where its run does not.

    Args:
        facts: of the translator: `source_shape` and `has_mask`.
        card: of its export; what it says of `max_pixels`, `fit`, `background` and `levels` stays.
    """
    usual = {"max_pixels": max(MAX_PIXELS, _pixels(facts)), "fit": "crop", "background": "white", "levels": None}
    return {**usual, **card}


def _pixels(facts: Mapping[str, Any]) -> int:
    """Of a picture of the translator's own size, with its mask."""
    height, width, _ = facts["source_shape"]
    return int(height * width * (1 + facts["has_mask"]))


def translator_endpoints(
    translate: Translate, network: keras.Model, facts: Mapping[str, Any], card: Mapping[str, Any]
) -> dict[str, Endpoint]:
    """What a translator can be asked: `serving_default` of arrays, and of files `translate_png`.

    Files need 1, 3 or 4 channels to be read and 1 to 4 to be written, as PNG has them.

    Args:
        translate: see `made_of`.
        network: that does it.
        facts: `source_shape`, of what it is given, a mask among its channels; `target_shape`, of what it makes;
            `has_mask`, whether the last channel of a source is a mask.
        card: of the export; see `with_reading`.

    Raises:
        InputError: `max_pixels` that no picture of the translator's own size keeps.
    """
    card, has_mask, target_shape = with_reading(facts, card), facts["has_mask"], tuple(facts["target_shape"])
    height, width, channels = facts["source_shape"]
    shape = (height, width, channels - has_mask)
    max_pixels, pixels = card["max_pixels"], _pixels(facts)
    if max_pixels < pixels:
        raise InputError(
            f"{option('max_pixels')} must be at least {pixels:,}, a picture of the translator's size"
            f"{' and its mask' if has_mask else ''}. Received: {max_pixels:,}."
        )
    rows = min(MOST_ROWS, rows_at_once([network]), max_pixels // pixels)

    def serve(images: tf.Tensor, masks: tf.Tensor | None = None) -> tf.Tensor:
        return in_levels(made_of(translate, images, masks))

    masks = (masks_port(height, width),) if has_mask else ()
    ports = Ports((pixels_port(shape), *masks), pixels_port(target_shape))
    found = {"serving_default": Endpoint(serve, ports, (network,), rows)}
    if shape[2] not in FILE_CHANNELS or target_shape[2] not in PNG_CHANNELS:
        return found
    rules = reading_of(card, shape)

    def serve_files(images: tf.Tensor, masks: tf.Tensor | None = None) -> tf.Tensor:
        given = [opened(images, "image_bytes"), *([] if masks is None else [opened(masks, "mask_bytes")])]
        picture, *mask = let_through(tuple(given), max_pixels)
        holes = decoded_masks(mask[0], rules) if mask else None
        return tf.io.encode_png(in_levels(made_of(translate, decoded(picture, rules), holes)))

    masks = (files_port((height, width, 1), "mask_bytes"),) if has_mask else ()
    ports = Ports((files_port(shape, "image_bytes"), *masks), png_port())
    return {**found, "translate_png": Endpoint(serve_files, ports, (network,), rows)}


def reading_of(card: Mapping[str, Any], shape: tuple[int, int, int]) -> PictureRules:
    """How pictures are brought to what a translator is given.

    Args:
        card: of its export; see `with_reading`.
        shape: (height, width, channels), without a mask.
    """
    height, width, channels = shape
    levels = card.get("levels")
    return PictureRules(
        (height, width),
        channels,
        card["fit"],
        card["background"],
        tuple(levels) if isinstance(levels, list | tuple) else None,
        # Maps of labels have nothing between two labels.
        resampling="nearest" if card.get("source_kind") == "labels" else "bicubic",
    )
