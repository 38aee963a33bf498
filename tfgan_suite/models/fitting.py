"""Decoded pictures brought to a network's size within a graph, as `images.convert` brings those of training to it."""

import tensorflow as tf

from tfgan_suite.picture_rules import PictureRules


def fitted(pixels: tf.Tensor, rules: PictureRules, background: tf.Tensor, kernel: str = "keyscubic") -> tf.Tensor:
    """One picture at the size of the rules; of that size already it stays as it is.

    Pillow rounds after each of its two passes and this after both, so that levels may differ by one.

    Args:
        pixels: float32 (h, w, C), of any sides.
        rules: `size`, `fit` and `resampling`.
        background: float32 (C,), of the edges that `pad` adds.
        kernel: what is antialiased by, as ScaleAndTranslate calls it; `nearest` of the rules beats it.

    Returns:
        float32 (H, W, C), not rounded.
    """
    assert rules.size is not None
    # In double precision, as Pillow computes where it cuts: one rounding beside a half would move a whole pixel.
    height, width = (tf.constant(side, tf.float64) for side in rules.size)
    h, w = (tf.cast(tf.shape(pixels)[axis], tf.float64) for axis in (0, 1))
    zero = tf.constant(0.0, tf.float64)
    if rules.fit == "pad":
        scale = tf.minimum(width / w, height / h)
        inner_h, inner_w = (tf.maximum(tf.constant(1.0, tf.float64), tf.round(side * scale)) for side in (h, w))
        inner = _resized(pixels, (zero, zero, h, w), (inner_h, inner_w), rules, kernel)
        room = [tf.cast(outer - side, tf.int32) for outer, side in ((height, inner_h), (width, inner_w))]
        edges = [[each // 2, each - each // 2] for each in room]
        padded = tf.pad(inner - background, [*edges, [0, 0]]) + background
        return tf.ensure_shape(padded, [*rules.size, pixels.shape[-1]])
    if rules.fit == "stretch":
        box = (zero, zero, h, w)
    else:
        # The middle with the shape of the network's images.
        box_h, box_w = tf.minimum(h, w * height / width), tf.minimum(w, h * width / height)
        box = ((h - box_h) / 2.0, (w - box_w) / 2.0, box_h, box_w)
    made = _resized(pixels, box, (height, width), rules, kernel)
    return tf.ensure_shape(made, [*rules.size, pixels.shape[-1]])


def _resized(
    pixels: tf.Tensor,
    box: tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor],
    size: tuple[tf.Tensor, tf.Tensor],
    rules: PictureRules,
    kernel: str,
) -> tf.Tensor:
    """A box of a picture, as (top, left, height, width), at another size."""
    top, left, box_h, box_w = box
    if rules.resampling == "nearest":
        rows, columns = (
            _nearest(start, span, side, tf.shape(pixels)[axis])
            for axis, (start, span, side) in enumerate(((top, box_h, size[0]), (left, box_w, size[1])))
        )
        return tf.gather(tf.gather(pixels, rows, axis=0), columns, axis=1)
    scale = tf.stack([size[0] / box_h, size[1] / box_w])
    made = tf.raw_ops.ScaleAndTranslate(
        images=pixels[tf.newaxis],
        size=tf.cast(tf.stack(size), tf.int32),
        scale=tf.cast(scale, tf.float32),
        translation=tf.cast(-scale * tf.stack([top, left]), tf.float32),
        kernel_type=kernel,
        antialias=True,
    )
    return made[0]


def _nearest(start: tf.Tensor, span: tf.Tensor, side: tf.Tensor, end: tf.Tensor) -> tf.Tensor:
    """The pixels of which each is the nearest to one of the new ones, int32 (side,)."""
    places = start + (tf.range(side, dtype=tf.float64) + 0.5) * (span / side)
    return tf.minimum(tf.cast(tf.floor(places), tf.int32), end - 1)
