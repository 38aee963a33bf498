"""Pictures and arrays from a generator behind TensorFlow Serving, or a translator's of a picture; what it serves."""

import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import ExifTags, Image

from tfgan_suite.data.named_picture import read_named
from tfgan_suite.errors import InputError, option, printable
from tfgan_suite.images import save_png, to_uint8
from tfgan_suite.labels import Labels
from tfgan_suite.latents import MAX_SEED
from tfgan_suite.marking import MarkedImages, check_output, check_parent, save_samples
from tfgan_suite.serving.client import Client, connect

# Each image crosses the network: more are made faster beside the model, by generate.py.
MAX_SEEDS = 65_536
PNG_MODES = ("1", "L", "LA", "I;16", "P", "RGB", "RGBA")  # of Pillow, in which a file loses nothing


def query_to(
    url: str,
    model: str,
    output: str,
    seeds: str,
    labels: str | None = None,
    truncation: float | None = None,
    version: int | None = None,
    version_label: str | None = None,
    timeout: float = 10.0,
) -> Path:
    """Writes the images of seeds, which are those that `generate_to` writes. PNG files are marked: see `read_mark`.

    All images come from one version, also where the server takes a new one meanwhile.

    Args:
        url: see `connect`.
        model: the name that the server gives it.
        output: `NAME.png` for a grid, `NAME.npz` for arrays (`images` uint8 (N, H, W, C), `seeds` int64 (N,),
            and of a conditional model `labels`), any other name for a new folder of PNG files.
        seeds: N of them, such as "0:16", where 16 is the first that is not taken, or "3,7,9".
        labels: of a conditional model, such as "3,1,4", or "0110,1001" for attributes; repeated as
            often as needed.
        truncation: latents stay in [-truncation, truncation]; None: as the generator was trained.
        version: see `connect`.
        version_label: see `connect`.
        timeout: seconds for each request of at most 64 images.

    Returns:
        The path written.

    Raises:
        InputError: no answer, arguments that do not fit, or an output that cannot be written.
    """
    path, numbers = Path(output), parse_seeds(seeds)
    check_output(path)
    if not path.suffix and len(np.unique(numbers)) < len(numbers):
        raise InputError(f"A seed has one file in a folder, so that it cannot be there twice. Received: {seeds!r}.")
    with connect(url, model, version, version_label, timeout) as client:
        name = f"{model} version {client.pin()} of {client.endpoint.host}"
        signature = _signature(client, truncation)
        inputs: dict[str, np.ndarray] = {"seeds": numbers}
        rule = _labels(client, signature)
        given = None if labels is None else rule.parse(labels)
        values = None if given is None else rule.check(given, len(numbers))
        if values is not None:
            inputs["labels"] = values
        if truncation is not None:
            inputs["truncation"] = np.full(len(numbers), truncation)
        answer = client.predict(signature, inputs)
        images = _pixels(client, answer)
    period = None if given is None else len(given)
    save_samples(path, MarkedImages(images, numbers, values, name, truncation=truncation), {"seeds": seeds}, period)
    return path


def query_picture_to(
    url: str,
    model: str,
    output: str,
    picture: str,
    mask: str | None = None,
    version: int | None = None,
    version_label: str | None = None,
    timeout: float = 10.0,
) -> Path:
    """Writes what a served translator makes of a picture, as a marked PNG file.

    The server brings the picture to the translator's size. It does not turn pictures as EXIF says: that is done here,
    and what is no PNG or JPEG file becomes one.

    Args:
        url: see `connect`.
        model: the name that the server gives it.
        output: `NAME.png`.
        picture: any file that Pillow reads; of several frames or pages the first.
        mask: white in the hole, as large as the picture; for a translator that takes masks.
        version: see `connect`.
        version_label: see `connect`.
        timeout: seconds for the request.

    Returns:
        The path written.

    Raises:
        InputError: no answer, no translator, no picture, a mask that is missing or not taken, or an output that cannot
            be written.
    """
    path = Path(output)
    if path.suffix.lower() != ".png":
        raise InputError(f"{option('output')} of {option('input')} must be NAME.png. Received: {output}.")
    check_parent(path)
    files = {"image_bytes": [upright_file(Path(picture))]}
    if mask is not None:
        files["mask_bytes"] = [upright_file(Path(mask))]
    with connect(url, model, version, version_label, timeout) as client:
        name = f"{model} version {client.pin()} of {client.endpoint.host}"
        inputs = client.metadata().signatures[_having(client, ["translate_png"])].inputs
        if ("mask_bytes" in inputs) != (mask is not None):
            wants = "no mask: leave out" if mask is not None else "a mask, white in the hole: give"
            raise InputError(f"The translator {client.endpoint.asked} takes {wants} {option('mask')}.")
        (pixels,) = _pixels(client, client.predict("translate_png", files))
    save_png(path, pixels, {"generator": name})
    return path


def upright_file(path: Path) -> bytes:
    """A picture as a PNG or JPEG file that needs no turning: the file itself where it is one.

    Raises:
        InputError: no picture.
    """
    image = read_named(path)
    with Image.open(path) as file:
        is_plain = file.format in ("PNG", "JPEG") and file.getexif().get(ExifTags.Base.Orientation, 1) == 1
    if is_plain:
        return path.read_bytes()
    stream = io.BytesIO()
    (image if image.mode in PNG_MODES else image.convert("RGB")).save(stream, format="PNG")
    return stream.getvalue()


def describe(
    url: str, model: str, version: int | None = None, version_label: str | None = None, timeout: float = 10.0
) -> Iterator[str]:
    """What a server says of a model, in lines for people: its versions, and the signatures of the one that answers.

    Args:
        url: see `connect`.
        model: the name that the server gives it.
        version: see `connect`.
        version_label: see `connect`.
        timeout: seconds for each request.

    Raises:
        InputError: no answer, or no such model or version; after the lines that there are.
    """
    with connect(url, model, version, version_label, timeout) as client:
        statuses = client.status()
        yield f"model {model} at {client.endpoint.url}"
        for status in statuses:
            yield printable(f"version {status.version}: {status.state} {status.message}".rstrip())
        found = client.metadata()
        yield f"signatures of version {found.version}:"
        for name, signature in found.signatures.items():
            yield printable(f"  {name}({_spelled(signature.inputs)}) -> {_spelled(signature.outputs)}")


def parse_seeds(text: str) -> np.ndarray:
    """Seeds of the command line, int64 (N,).

    >>> parse_seeds("3:6").tolist(), parse_seeds("7,3").tolist()
    ([3, 4, 5], [7, 3])

    Raises:
        InputError: the text is not of that form.
    """
    separator = ":" if ":" in text else ","
    parts = [part.strip() for part in text.split(separator)]
    if not all(re.fullmatch("[0-9]{1,20}", part) for part in parts) or (separator == ":" and len(parts) != 2):
        raise InputError(f"--seeds takes FIRST:END, such as 0:16, or numbers such as 3,7,9. Received: {text[:40]!r}.")
    numbers = [int(part) for part in parts]
    first, end = (numbers[0], numbers[1]) if separator == ":" else (0, len(numbers))
    if not 1 <= end - first <= MAX_SEEDS:
        raise InputError(f"--seeds must be 1 to {MAX_SEEDS:,}. Received: {max(0, end - first):,} in {text[:40]!r}.")
    if max(numbers) > (MAX_SEED + 1 if separator == ":" else MAX_SEED):
        raise InputError(f"--seeds must be in 0..2**62. Received: {text[:40]!r}.")
    return np.arange(first, end, dtype=np.int64) if separator == ":" else np.array(numbers, np.int64)


def _signature(client: Client, truncation: float | None) -> str:
    """What to ask: PNG files are a tenth of the numbers where the generator can make them."""
    return _having(client, ["sample_png", "sample"] if truncation is None else ["sample_truncated"])


def _having(client: Client, wanted: Sequence[str]) -> str:
    """The first of some signatures that a model has."""
    found = client.metadata().signatures
    for name in wanted:
        if name in found:
            return name
    if "translate_png" in found:
        raise InputError(
            f"No seed is known to {client.endpoint.asked}, which makes pictures of pictures: give {option('input')}."
        )
    raise InputError(
        f"It takes the signature {' or '.join(wanted)}, which {client.endpoint.asked} at {client.endpoint.url} does "
        f"not have. Received: {', '.join(found) or 'none'}. Export it with this version of tfgan_suite."
    )


def _labels(client: Client, signature: str) -> Labels:
    """Labels as the signature takes them: classes or attributes. A server says neither names nor how many classes."""
    spec = client.metadata().signatures[signature].inputs.get("labels")
    row_shape = list(spec.shape[1:]) if spec is not None and spec.shape.rank else []
    return Labels.of_rows([] if None in row_shape else row_shape)


def _pixels(client: Client, answer: dict[str, np.ndarray]) -> np.ndarray:
    """uint8 (N, H, W, C) of numbers in [-1, 1], or of PNG files."""
    asked = f"{client.endpoint.asked} at {client.endpoint.url}"
    if "images" in answer:
        if answer["images"].ndim != 4 or answer["images"].dtype.kind != "f":
            raise InputError(f"The images of {asked} are no floats [N, H, W, C]: it is no generator of ours.")
        if not np.isfinite(answer["images"]).all():
            raise InputError(f"The images of {asked} are not finite: its training has diverged.")
        return to_uint8(answer["images"])
    try:
        return np.stack([_decoded(file) for file in answer["image_bytes"]])
    except (KeyError, OSError, SyntaxError, TypeError, ValueError, Image.DecompressionBombError) as error:
        raise InputError(f"The images of {asked} are no PNG files of one size: it is no generator of ours.") from error


def _decoded(file: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(file), formats=["PNG"]) as image:
        pixels = np.asarray(image, np.uint8)
    return pixels.reshape(*pixels.shape[:2], -1)


def _spelled(tensors: dict[str, tf.TensorSpec]) -> str:
    """`seeds int64 [N], labels int32 [N]`: what every row has, then the labels."""
    return ", ".join(
        f"{name} {'bytes' if spec.dtype == tf.string else spec.dtype.name} [{_dims(spec.shape)}]"
        for name, spec in sorted(tensors.items(), key=lambda item: (item[0] == "labels", item[0]))
    )


def _dims(shape: tf.TensorShape) -> str:
    if shape.rank is None:
        return "..."
    return ", ".join(("N" if index == 0 else "?") if dim is None else str(dim) for index, dim in enumerate(shape))
