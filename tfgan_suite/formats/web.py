"""A generator as a web page: a folder for any static web server, which asks no other host for anything."""

import json
from importlib import metadata, resources
from pathlib import Path

from tfgan_suite.errors import InputError, option
from tfgan_suite.files import refuse_full, writing_folder
from tfgan_suite.formats import onnx, runtime
from tfgan_suite.formats.conversion import Conversion
from tfgan_suite.formats.source import Source, opened
from tfgan_suite.formats.translator import TranslatorSource
from tfgan_suite.labels import Labels
from tfgan_suite.marking import check_parent
from tfgan_suite.ports import PNG_CHANNELS

SCRIPTS = ("page.js", "state.js", "pad.js", "generator.js", "latents.js", "picture.js", "png.js")
PAGE = ("index.html", "style.css", "icon.svg", *SCRIPTS)
MODEL, CARD, RUNTIME = "model.onnx", "card.json", "runtime"


def export_web(source: Path | str, folder: Path | str, runtime_tarball: Path | str | None = None) -> Conversion:
    """Writes a page that makes a generator's images in the browser.

    The folder holds the generator as ONNX, the runtime with its licences, the page, and `card.json`.

    Args:
        source: a run folder, or the folder of a SavedModel or of its versions.
        folder: new or empty; it appears whole.
        runtime_tarball: see `runtime.runtime_files`.

    Returns:
        What was written, with its difference.

    Raises:
        InputError: no generator, a folder that is not empty, missing libraries, no runtime, or images that no PNG file
            can hold or that differ by more than `export_onnx` allows.
    """
    folder = Path(folder)
    if folder.is_file():
        raise InputError(f"{option('output')} must be a folder. {folder} is a file.")
    refuse_full(folder)
    check_parent(folder)
    onnx.check_libraries("web")
    with opened(source) as generator:
        if isinstance(generator, TranslatorSource):
            raise InputError(f"{source} makes pictures of pictures, of which there is no page.")
        channels = generator.saved.image_shape[-1]
        if channels not in PNG_CHANNELS:
            raise InputError(f"A page shows images of 1 to 4 channels. Received: {channels}.")
        files = {f"{RUNTIME}/{name}": content for name, content in runtime.runtime_files(runtime_tarball).items()}
        files[MODEL], difference, note = onnx.converted(generator)
        page = resources.files(__package__).joinpath("page")
        files |= {name: page.joinpath(name).read_bytes() for name in PAGE}
        sizes = {name: len(content) for name, content in files.items()}
        files[CARD] = (json.dumps(_card(generator, sizes), indent=2) + "\n").encode()
    _write(folder, files)
    size = sum(len(content) for content in files.values())
    return Conversion(folder, size, difference.largest, difference.mean, note)


def _card(source: Source, sizes: dict[str, int]) -> dict[str, object]:
    """What the page must know, and what the export says of itself."""
    saved = source.saved
    needed = {
        "made_by": f"tfgan_suite {metadata.version('tfgan_suite')}",
        "name": source.name,
        "image_shape": saved.image_shape,
        "latent_dim": saved.latent_dim,
        **Labels.facts(saved.labels),
        "label_names": source.card.get("label_names") or [],
        "runtime": f"{runtime.NAME} {runtime.VERSION}",
        # What a server compresses has no length that a browser could show progress by.
        "sizes": {name: sizes[name] for name in (MODEL, f"{RUNTIME}/ort-wasm-simd-threaded.wasm")},
    }
    return {**source.card, **needed}


def _write(folder: Path, files: dict[str, bytes]) -> None:
    with writing_folder(folder) as partial:
        for name, content in files.items():
            (partial / name).parent.mkdir(parents=True, exist_ok=True)
            (partial / name).write_bytes(content)
