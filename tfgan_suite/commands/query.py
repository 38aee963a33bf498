"""Pictures and arrays from a generator behind TensorFlow Serving, and what it says of itself."""

import io
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image

from tfgan_suite.errors import InputError, printable
from tfgan_suite.images import to_uint8
from tfgan_suite.labels import Labels
from tfgan_suite.latents import MAX_SEED
from tfgan_suite.marking import MarkedImages, check_output, save_samples
from tfgan_suite.serving.client import Client, connect

# Each image crosses the network: more are made faster beside the model, by generate.py.
MAX_SEEDS = 65_536


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
    found = client.metadata().signatures
    wanted = ["sample_png", "sample"] if truncation is None else ["sample_truncated"]
    for name in wanted:
        if name in found:
            return name
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
