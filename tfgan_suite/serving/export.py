"""A generator as a SavedModel for TensorFlow Serving."""

import contextlib
import json
import os
import shutil
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras

from tfgan_suite.arguments import checked_types
from tfgan_suite.errors import InputError, option
from tfgan_suite.exported import CARD, CARD_BESIDE, is_translator
from tfgan_suite.models.algorithm import Algorithm
from tfgan_suite.models.endpoints import Servable
from tfgan_suite.models.translating import with_reading
from tfgan_suite.serving.signatures import MAX_ROWS, signatures
from tfgan_suite.serving.succession import check_successor
from tfgan_suite.serving.verify import verify_export
from tfgan_suite.serving.warmup import batch_sizes, write_warmup
from tfgan_suite.versions import versions


def next_version(base: Path | str) -> int:
    """1 more than the highest version in a base folder; 1 where there is none.

    Raises:
        InputError: the base is a file.
    """
    base = Path(base)
    if base.exists() and not base.is_dir():
        raise InputError(f"The export folder {base} is a file. Choose another folder.")
    versions = [int(entry.name) for entry in base.glob("*") if entry.name.isdecimal()] if base.is_dir() else []
    return max(versions, default=0) + 1


@checked_types
def export_generator(
    model: Algorithm,
    base: Path | str,
    card: Mapping[str, Any] | None = None,
    *,
    keep: int | None = None,
    with_discriminator: bool = False,
    max_pixels: int | None = None,
    verify: bool = True,
    direction: str | None = None,
) -> Path:
    """Writes the generator as the next version in a base folder, whole or not at all.

    `signatures` says what it can be asked; `docs/serving.md` what lies in the folder.

    Args:
        model: the moving average is exported where there is one.
        base: folder of the versions 1, 2, ...
        card: facts to be kept with the model, such as its data set and that one's licence; JSON types.
        keep: how many versions of this package stay, the new one among them; None: all.
        with_discriminator: whether to write the discriminator too, for the signature `score`.
        max_pixels: of a translator, how many pixels the files of a request to `translate_png` may have in all; None:
            1,000,000.
        verify: whether to run `verify_export` before the version appears.
        direction: of a model that translates both ways, which of them; None: the first. `export_model` writes both.

    Returns:
        The version's folder.

    Raises:
        InputError: the base folder is a file or holds another model's versions (see `check_successor`), `keep` is
            below 1, `max_pixels` is of no translator or lets no picture through, the model does not go in the
            direction, or the export does not pass its check.
    """
    if keep is not None and keep < 1:
        raise InputError(f"keep must be at least 1, or None for all versions. Received: {keep}.")
    base = Path(base)
    part = _in_float32(model).directed(direction)
    next_version(base)
    facts = _facts(part, with_discriminator, card or {}, max_pixels)
    check_successor(base, facts)
    base.mkdir(parents=True, exist_ok=True)
    # Beside its place and on the same file system: TensorFlow Serving polls the base for numbers,
    # and a rename is whole or nothing.
    partial = base / f".partial_{os.getpid()}_{threading.get_ident()}"
    try:
        _write(part, partial, with_discriminator, facts)
        if verify and (findings := verify_export(partial, part)):
            raise InputError(f"The export does not pass its check and was not written: {' '.join(findings)}")
        version = _appear(partial, base, facts)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    if keep is not None:
        _prune(base, keep)
    return version


def export_model(model: Algorithm, base: Path | str, card: Mapping[str, Any] | None = None, **how: Any) -> Path:
    """Exports a model, of one that translates both ways each into a folder of its own.

    Args:
        model, base, card, how: see `export_generator`.

    Returns:
        The version's folder; of such a model the base, which holds a folder of versions for each direction.

    Raises:
        InputError: as `export_generator`.
    """
    folders = export_folders(model, base)
    versions = [export_generator(model, folder, card, direction=way, **how) for way, folder in folders.items()]
    return versions[0] if len(versions) == 1 else Path(base)


def export_folders(model: Algorithm, base: Path | str) -> dict[str | None, Path]:
    """Where `export_model` writes the versions of each direction; of a model that goes one way alone: None."""
    return {way: Path(base) / way for way in model.directions} or {None: Path(base)}


def _appear(partial: Path, base: Path, facts: Mapping[str, Any]) -> Path:
    """Renames a written folder to the next version; of several processes that do so at once each gets its own."""
    while True:
        # What another process has exported meanwhile is looked at as well: its version and this one are one model.
        version = base / str(next_version(base))
        check_successor(base, facts)
        try:
            return partial.rename(version)
        except OSError:
            if not version.exists():
                raise


def _in_float32(model: Algorithm) -> Algorithm:
    """The model itself, or a copy of one that computes in float64: no server or phone has a use for that."""
    config = model.get_config()
    if config.get("dtype") != "float64":
        return model
    copy = type(model).from_config({**config, "dtype": "float32"})
    for mine, theirs in zip(copy.weights, model.weights, strict=True):
        mine.assign(theirs)
    return copy


def _facts(
    model: Servable, with_discriminator: bool, card: Mapping[str, Any], max_pixels: int | None
) -> dict[str, Any]:
    """What the export says of itself."""
    facts = model.facts()
    if max_pixels is not None:
        if not is_translator(facts):
            raise InputError(
                f"{option('max_pixels')} is of translators, which are given files. Received: a {type(model).__name__}."
            )
        card = {**card, "max_pixels": max_pixels}
    if is_translator(facts):
        card = with_reading(facts, card)
    served = model.served(card, with_discriminator).values()
    networks = {id(network): network for endpoint in served for network in endpoint.networks}
    rows = min(endpoint.max_rows for endpoint in served)
    return {
        **facts,
        **({"max_rows": rows} if rows < MAX_ROWS else {}),
        "parameters": sum(network.count_params() for network in networks.values()),
        # No date: the same model gives the same card.
        "versions": versions(),
        **card,
    }


def _write(model: Servable, folder: Path, with_discriminator: bool, facts: Mapping[str, Any]) -> None:
    found = signatures(model, facts, with_discriminator)
    # Not archive.track(model): that writes every weight twice. The endpoints hold what they use.
    archive = keras.export.ExportArchive()
    for name, signature in found.items():
        archive.add_endpoint(name, signature.function, input_signature=[port.spec() for port in signature.ports.inputs])
    archive.write_out(str(folder), verbose=False)
    (folder / CARD).parent.mkdir(exist_ok=True)
    for place in (CARD, CARD_BESIDE):
        (folder / place).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    write_warmup(folder, {name: signature.ports for name, signature in found.items()}, batch_sizes(facts))


def _prune(base: Path, keep: int) -> None:
    """Deletes all but the newest versions; a folder without our card is not ours."""
    ours = sorted((path for path in base.glob("*") if path.name.isdecimal() and (path / CARD).is_file()), key=_number)
    for old in ours[:-keep]:
        # Out of the server's sight in one step, and then file by file; another process may have done it.
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(old.rename(base / f".pruned_{old.name}_{os.getpid()}"))


def _number(path: Path) -> int:
    return int(path.name)
