"""Where an exported generator lies, and what its card says. Read without TensorFlow."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tfgan_suite.errors import InputError, option

# Where TensorFlow keeps what is not its own; and the same in sight of whoever opens the folder.
CARD = "assets.extra/tfgan_suite.json"
CARD_BESIDE = "card.json"
# The ways of a model that translates both ways, each of which is exported by itself, into a folder of this name.
DIRECTIONS = A_TO_B, B_TO_A = "a_to_b", "b_to_a"


def version_folder(path: Path | str) -> Path:
    """The folder of a SavedModel: itself, or the highest version in a base folder.

    Raises:
        InputError: there is none.
    """
    path = Path(path)
    if (path / "saved_model.pb").is_file():
        return path
    versions = [entry for entry in path.glob("*") if entry.name.isdecimal() and (entry / "saved_model.pb").is_file()]
    if ways := [way for way in DIRECTIONS if (path / way).is_dir()]:
        raise InputError(f"{path} holds a model for each direction. Give one of them, such as {path / ways[0]}.")
    if not versions:
        raise InputError(
            f"{path} is no SavedModel. Expected a folder that train.py or export.py wrote, or one of its versions."
        )
    return max(versions, key=lambda entry: int(entry.name))


def way_folder(path: Path | str, direction: str | None) -> Path:
    """The folder of one way of a model that translates both ways, as `train.py` exports it; else the path itself.

    Args:
        path: of an export.
        direction: of `DIRECTIONS`; None: the first, where there are two.

    Raises:
        InputError: an export of another direction, or of none.
    """
    path = Path(path)
    if any((path / way).is_dir() for way in DIRECTIONS):
        return path / (direction or DIRECTIONS[0])
    if direction is not None and (found := card_of(version_folder(path)).get("direction")) != direction:
        has = f"goes {found}" if found else "goes one way"
        raise InputError(f"{path} {has}. Received: {option('direction', direction)}. Leave it out.")
    return path


def read_card(folder: Path) -> dict[str, Any]:
    """What an export says of itself.

    Of a generator: `image_shape`, `latent_dim`, `num_classes`, `num_attributes`; of any other model `signatures`, what
    its functions take and give, and of a translator `source_shape`, `target_shape`, `has_mask`; and more.

    Raises:
        InputError: the card is missing or damaged.
    """
    try:
        card: dict[str, Any] = json.loads((folder / CARD).read_text(encoding="utf-8"))
        if "signatures" in card:
            return card
        return {**card, "image_shape": tuple(card["image_shape"]), "latent_dim": int(card["latent_dim"])} | {
            key: card[key] for key in ("num_classes", "num_attributes")
        }
    except (KeyError, OSError, TypeError, ValueError) as error:
        raise InputError(f"The SavedModel {folder} is no generator of tfgan_suite: it lacks {CARD}.") from error


def card_of(folder: Path) -> dict[str, Any]:
    """What an export says of itself; nothing where its card is missing or damaged."""
    try:
        return read_card(folder)
    except InputError:
        return {}


def is_translator(card: Mapping[str, Any]) -> bool:
    """Whether a card is of a model that makes images of images, which its export can be given as files."""
    return "source_shape" in card
