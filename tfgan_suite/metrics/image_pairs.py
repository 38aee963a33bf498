"""Images beside those that they should be: what the metrics of pairs share."""

from collections.abc import Callable

import numpy as np

from tfgan_suite.errors import InputError

CHUNK_ROWS = 256  # float64 takes eight times the room of the images


def image_means(
    map_of: Callable[[np.ndarray, np.ndarray], np.ndarray],
    made: np.ndarray,
    true: np.ndarray,
    where: np.ndarray | None,
    border: int = 0,
) -> np.ndarray:
    """The mean of a map over each image, float64 (N,); NaN for an image without a place in `where`.

    Args:
        map_of: two float64 (n, H, W, C) -> (n, H - 2 b, W - 2 b, C).
        made: real numbers (N, H, W, C).
        true: the images that they should be, row with row; the same shape.
        where: bool (N, H, W), the places that count, in every channel; None: all.
        border: b, what the map leaves out at each edge.

    Raises:
        InputError: arrays of other kinds or shapes.
    """
    made, true = _checked(made, "made"), _checked(true, "true")
    if made.shape != true.shape:
        raise InputError(f"made and true must have one shape. Received: {made.shape} and {true.shape}.")
    if where is not None and (np.asarray(where).dtype != bool or np.shape(where) != made.shape[:3]):
        raise InputError(
            f"where must be bool {made.shape[:3]}, a place of each image. Received: {np.asarray(where).dtype} "
            f"{np.shape(where)}."
        )
    height, width = made.shape[1:3]
    means = []
    for start in range(0, len(made), CHUNK_ROWS):
        rows = slice(start, start + CHUNK_ROWS)
        over_channels = map_of(made[rows].astype(np.float64), true[rows].astype(np.float64)).mean(axis=-1)
        places = np.ones(over_channels.shape, bool)
        if where is not None:
            places = np.asarray(where)[rows, border : height - border, border : width - border]
        totals, counts = (over_channels * places).sum(axis=(1, 2)), places.sum(axis=(1, 2))
        means.append(np.divide(totals, counts, out=np.full(len(totals), np.nan), where=counts > 0))
    return np.concatenate(means)


def check_span(span: float) -> None:
    """Refuses a distance from black to white that is none.

    Raises:
        InputError: it is not greater than 0.
    """
    if not 0 < span < float("inf"):
        raise InputError(f"span must be greater than 0: the distance from black to white. Received: {span}.")


def _checked(images: np.ndarray, name: str) -> np.ndarray:
    try:
        images = np.asarray(images)
    except ValueError as error:
        raise InputError(f"{name} must be images of one shape.") from error
    if images.ndim != 4 or images.size == 0 or images.dtype.kind not in "uif" or not np.isfinite(images).all():
        raise InputError(
            f"{name} must be finite numbers (N, H, W, C), at least one image. Received: {images.dtype} {images.shape}."
        )
    return images
