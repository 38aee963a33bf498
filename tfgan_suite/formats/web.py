"""A generator or translator as a web page: a folder for any static web server, which asks no other host."""

import json
from importlib import metadata, resources
from pathlib import Path

from tfgan_suite.errors import InputError, option
from tfgan_suite.files import refuse_full, writing_folder
from tfgan_suite.formats import onnx, runtime
from tfgan_suite.formats.conversion import Conversion
from tfgan_suite.formats.files import card_of
from tfgan_suite.formats.source import Source, opened
from tfgan_suite.formats.translator import TranslatorSource
from tfgan_suite.labels import Labels
from tfgan_suite.marking import check_parent
from tfgan_suite.models.decoding import FILE_CHANNELS
from tfgan_suite.picture_rules import parse_background
from tfgan_suite.ports import PNG_CHANNELS

SHARED = ("style.css", "icon.svg", "common.js", "model.js", "picture.js", "png.js")
# The pages: names of their files from those in the package.
OF_GENERATORS = {
    name: name for name in ("index.html", *SHARED, "page.js", "state.js", "pad.js", "generator.js", "latents.js")
}
OF_TRANSLATORS = {"index.html": "translator.html"} | {
    name: name
    for name in (*SHARED, "translating.js", "translator.js", "fitting.js", "opening.js", "drawing.js", "example.js")
}
MODEL, CARD, RUNTIME = "model.onnx", "card.json", "runtime"


def export_web(
    source: Path | str, folder: Path | str, runtime_tarball: Path | str | None = None, direction: str | None = None
) -> Conversion:
    """Writes a page that makes a generator's images in the browser, or what a translator makes of one's own pictures.

    The folder holds the model as ONNX, the runtime with its licences, the page, and `card.json`.

    Args:
        source: a run folder, or the folder of a SavedModel or of its versions.
        folder: new or empty; it appears whole.
        runtime_tarball: see `runtime.runtime_files`.
        direction: of a model that translates both ways; see `opened`.

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
    with opened(source, direction) as generator:
        translates = isinstance(generator, TranslatorSource)
        _check_channels(generator)
        files = {f"{RUNTIME}/{name}": content for name, content in runtime.runtime_files(runtime_tarball).items()}
        files[MODEL], difference, note = onnx.converted(generator)
        page = resources.files(__package__).joinpath("page")
        names = OF_TRANSLATORS if translates else OF_GENERATORS
        files |= {name: page.joinpath(origin).read_bytes() for name, origin in names.items()}
        sizes = {name: len(content) for name, content in files.items()}
        if isinstance(generator, TranslatorSource):
            facts = {**card_of(generator, difference, note), **_of_pictures(generator)}
        else:
            facts = {**generator.card, **_of_latents(generator)}
        files[CARD] = (json.dumps({**facts, **_of_page(sizes)}, indent=2) + "\n").encode()
    _write(folder, files)
    size = sum(len(content) for content in files.values())
    return Conversion(folder, size, difference.largest, difference.mean, note, translates)


def _check_channels(source: Source | TranslatorSource) -> None:
    """Refuses what a browser cannot show, or cannot make of a file."""
    shown = source.target_shape[-1] if isinstance(source, TranslatorSource) else source.saved.image_shape[-1]
    if shown not in PNG_CHANNELS:
        raise InputError(f"A page shows images of 1 to 4 channels. Received: {shown}.")
    if isinstance(source, TranslatorSource) and source.row_shape[-1] not in FILE_CHANNELS:
        raise InputError(f"A page is given pictures of 1, 3 or 4 channels. Received: {source.row_shape[-1]}.")


def _of_latents(source: Source) -> dict[str, object]:
    """What the page of a generator must know."""
    saved = source.saved
    return {
        "name": source.name,
        "image_shape": saved.image_shape,
        "latent_dim": saved.latent_dim,
        **Labels.facts(saved.labels),
        "label_names": source.card.get("label_names") or [],
    }


def _of_pictures(source: TranslatorSource) -> dict[str, object]:
    """What the page of a translator must know beside the card: the background as numbers, and what an answer takes."""
    return {"background": parse_background(source.card["background"]), "operations": source.operations()}


def _of_page(sizes: dict[str, int]) -> dict[str, object]:
    return {
        "made_by": f"tfgan_suite {metadata.version('tfgan_suite')}",
        "runtime": f"{runtime.NAME} {runtime.VERSION}",
        # What a server compresses has no length that a browser could show progress by.
        "sizes": {name: sizes[name] for name in (MODEL, f"{RUNTIME}/ort-wasm-simd-threaded.wasm")},
    }


def _write(folder: Path, files: dict[str, bytes]) -> None:
    with writing_folder(folder) as partial:
        for name, content in files.items():
            (partial / name).parent.mkdir(parents=True, exist_ok=True)
            (partial / name).write_bytes(content)
