"""Whether a generator may be the next version of a served model: its clients ask on, and do not look what answers."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tfgan_suite.errors import InputError, option
from tfgan_suite.exported import CARD, is_translator, read_card
from tfgan_suite.labels import Labels

SIGNATURE = ("image_shape", "latent_dim", *Labels.facts(None), "source_shape", "target_shape", "has_mask")
# Of what a client may send, that it must not become less; and what answers otherwise without breaking a client.
LIMITS, READING = ("max_pixels", "max_rows"), ("fit", "background", "levels")


def check_successor(base: Path | str, card: Mapping[str, Any], chosen: bool = True) -> str | None:
    """Looks whether the newest version of ours in a folder takes and gives the same.

    Args:
        base: folder of the versions.
        card: what the new version will say of itself. Facts that one of the two cards lacks are not compared.
        chosen: whether the user has named this folder, which makes it right for data that lie elsewhere.

    Returns:
        A line where the model or its data are others than before, or a translator reads pictures otherwise; None where
        they are not, or nothing is there.

    Raises:
        InputError: clients of the version before would break, or it has learned from a data set of the same name
            in another place, and nobody has chosen the folder.
    """
    before = _newest_card(Path(base))
    if before is None:
        return None
    version, old = before
    if differences := list(_signature_differences(old, card)):
        raise InputError(
            f"The export folder {base} holds version {version} of another generator, whose clients would break: "
            f"{'; '.join(differences)}. Choose another with {option('export_dir')}."
        )
    then, now = old.get("data"), card.get("data")
    others = []
    if old.get("model") and card.get("model") and old["model"] != card["model"]:
        others.append(f"the model was {old['model']}, now {card['model']}")
    if then and now and then["fingerprint"] != now["fingerprint"]:
        if then["place_sha256"] != now["place_sha256"] and not chosen:
            raise InputError(
                f"The export folder {base} holds version {version}, which learned from {old.get('dataset')}, and this "
                f"run's data are {card.get('dataset')} of another place. Choose another with {option('export_dir')}, "
                f"or give {option('export_dir', base)} to go on there."
            )
        others.append(f"the data were {old.get('dataset')}, now {card.get('dataset')}")
    read = [(key, old[key], card[key]) for key in READING if key in old and key in card and is_translator(card)]
    others += [f"{key} was {_plain(before)}, now {_plain(after)}" for key, before, after in read if before != after]
    return f"export: {base} had version {version} with the same signature; {'; '.join(others)}" if others else None


def _newest_card(base: Path) -> tuple[int, dict[str, Any]] | None:
    """The highest version with a card that can be read."""
    if not base.is_dir():
        return None
    for version in sorted((int(entry.name) for entry in base.iterdir() if entry.name.isdecimal()), reverse=True):
        if (base / str(version) / CARD).is_file():
            return version, read_card(base / str(version))
    return None


def _signature_differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    found = [(key, _plain(old.get(key)), _plain(new.get(key))) for key in SIGNATURE]
    differences = [f"{key} was {then}, now {now}" for key, then, now in found if then != now]
    # They follow from the facts above where a model has these, and say the same at length.
    if not differences and old.get("signatures") != new.get("signatures"):
        differences.append(f"signatures was {old.get('signatures')}, now {new.get('signatures')}")
    limits = [(key, old[key], new[key]) for key in LIMITS if key in old and key in new]
    yield from (*differences, *(f"{key} was {then}, now {now}" for key, then, now in limits if now < then))
    if Labels.of_card(old) is None:
        return  # of a generator without labels the names are of its data
    names = old.get("label_names") or (), new.get("label_names") or ()
    for index, (before, now) in enumerate(zip(*names, strict=False)):
        if before != now:
            yield f"label {index} was {before}, now {now}"
            return


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
