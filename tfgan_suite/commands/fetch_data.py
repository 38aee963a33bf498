"""Data sets that are made of what others publish: fetched, checked by hash, and written as a folder."""

import csv
import hashlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

from tfgan_suite.errors import InputError, option, unknown_choice
from tfgan_suite.files import PARTIAL, refuse_full
from tfgan_suite.npm import Package

EMOJI_ADVICE = "Look at the network and try again; nothing was written."
TONES = {"1F3FB": "light", "1F3FC": "medium light", "1F3FD": "medium", "1F3FE": "medium dark", "1F3FF": "dark"}
CAPTIONS = "captions.csv"
CREDITS = (
    "credits: noto is Noto Emoji by Google, Apache-2.0; twemoji is Twemoji, copyright Twitter, Inc. and other "
    "contributors, CC BY 4.0. Name both where you show what is made of them."
)


class Style(NamedTuple):
    """Where the pictures of a style come from.

    Attributes:
        package: that has them.
        folder: in its tarball.
    """

    package: Package
    folder: str


STYLES = {
    "noto": Style(
        Package(
            "emoji-datasource-google",
            "16.0.0",
            "sha512-ZRexfzs7MVoLnmzZmNsO4TKhnAJp5D++Vm6PpUpH/jEQQlemp3l88CjZ+DoZ2faM9R4QxZkOPJCoT8DlPhfQ3A==",
        ),
        "package/img/google/64/",
    ),
    "twemoji": Style(
        Package(
            "emoji-datasource-twitter",
            "16.0.0",
            "sha512-7F+uCuHH+7Qnrc15P5tnbvKkg9E6tlzi4MnT2uW1RlN4pLYTza6cP/dstIfSDMtpjFLWuZewWg8jBbuL2eyELQ==",
        ),
        "package/img/twitter/64/",
    ),
}
EMOJI_LIST = "package/emoji.json"  # in every one of these packages the same


class Emoji(NamedTuple):
    """A picture of the set.

    Attributes:
        split: `train` or `test`.
        file: CATEGORY/CODE.png, below the folder of its style.
        caption: what it shows.
    """

    split: str
    file: str
    caption: str

    @property
    def name(self) -> str:
        """The file's name alone."""
        return self.file.rpartition("/")[2]

    @property
    def category(self) -> str:
        """The folder of the file."""
        return self.file.partition("/")[0]


def fetch_data(name: str, output: str | None = None, say: Callable[[str], None] = print) -> Path:
    """Makes a data set that is no one's to hand on whole.

    Args:
        name: a key of `DATA_SETS`.
        output: the folder, new or empty; None: of the set's name. It appears whole.
        say: gets lines for people.

    Returns:
        The folder.

    Raises:
        InputError: no such set, a folder that is not empty, no network, or other files than were expected.
    """
    if name not in DATA_SETS:
        raise unknown_choice("data set", name, DATA_SETS)
    folder = Path(output or name).expanduser()
    refuse_full(folder)
    if not folder.absolute().parent.is_dir():
        raise InputError(f"The folder {folder.parent} of {option('output')} does not exist.")
    partial = folder.absolute().with_name(f"{PARTIAL}{folder.absolute().name}_{os.getpid()}")
    try:
        DATA_SETS[name](partial, say)
        if folder.exists():
            folder.rmdir()  # empty, as was checked; not every system renames onto a folder
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return folder


def make_emoji64(folder: Path, say: Callable[[str], None]) -> None:
    """Emoji in two styles, 64x64 RGBA: FOLDER/SPLIT/STYLE/CATEGORY/CODE.png, equal names in both, and captions.csv.

    Of 3,786 emoji of Unicode 16 those are left out whose code's hash ends in 0, which nothing here learns from: they
    are for whoever wants to know what a model makes of emoji that are new to it.
    """
    chosen: list[Emoji] | None = None
    for style, (package, inside) in STYLES.items():
        say(f"fetching: {package.name} {package.version} from the npm registry, some 70 MB")
        content = package.fetched(EMOJI_ADVICE)
        files = dict(_files(content, (EMOJI_LIST, inside)))
        if chosen is None:
            chosen = emoji_of(json.loads(files[EMOJI_LIST]))
            say(f"writing: {len(chosen):,} emoji in {len(STYLES)} styles")
        for emoji in chosen:
            path = folder / emoji.split / style / emoji.file
            path.parent.mkdir(parents=True, exist_ok=True)
            with Image.open(io.BytesIO(files[inside + emoji.name])) as image:
                image.convert("RGBA").save(path, optimize=True)
    assert chosen is not None
    with (folder / CAPTIONS).open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("split", "file", "caption", "category"))
        writer.writerows((emoji.split, emoji.file, emoji.caption, emoji.category) for emoji in chosen)
    say(CREDITS)


def emoji_of(listed: list[dict[str, Any]]) -> list[Emoji]:
    """The emoji of the set, of a list of all: each with its tones of skin behind it, in the same split."""
    return [
        Emoji(split, f"{_folder_name(each['category'])}/{variant['image']}", f"{each['name'].lower()}{tones}")
        for each in listed
        if (split := split_of(each["unified"]))
        for variant, tones in [(each, ""), *_variants(each)]
    ]


def split_of(code: str) -> str | None:
    """The split of an emoji and of all its tones of skin, by the last digit of its code's SHA-256 as a number.

    >>> split_of("1F600"), split_of("1F385"), split_of("1F199")
    ('train', 'test', None)
    """
    digit = int(hashlib.sha256(code.encode()).hexdigest(), 16) % 10
    return {0: None, 1: "test"}.get(digit, "train")


def _variants(each: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """The tones of an emoji, and what a caption says of each."""
    for codes, variant in each.get("skin_variations", {}).items():
        yield variant, " with " + " and ".join(f"{TONES[code]} skin" for code in codes.split("-"))


def _folder_name(category: str) -> str:
    """A category as the name of a folder.

    >>> _folder_name("Smileys & Emotion")
    'smileys_and_emotion'
    """
    return category.lower().replace("&", "and").replace(" ", "_")


def _files(tarball: bytes, beginnings: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    """Files of a tarball, by how their paths begin, read into memory: no path in an archive is ever written to."""
    with tarfile.open(fileobj=io.BytesIO(tarball), mode="r:gz") as archive:
        for member in archive:
            stream = archive.extractfile(member) if member.name.startswith(beginnings) else None
            if stream is not None:
                yield member.name, stream.read()


DATA_SETS: dict[str, Callable[[Path, Callable[[str], None]], None]] = {"emoji64": make_emoji64}
