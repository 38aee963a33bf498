"""Data sets that are fetched: of tiny tarballs, and in the slow lane the real ones."""

import base64
import csv
import hashlib
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from registry import Registry, packed

from tfgan_suite.cli import COMMANDS, run
from tfgan_suite.commands import fetch_data
from tfgan_suite.data.pair_files import load_pairs
from tfgan_suite.npm import Package

# By the last digits of their hashes: train, train, test, and left out.
LISTED = [
    {
        "name": "WAVING HAND SIGN",
        "unified": "1F44B",
        "image": "1f44b.png",
        "category": "People & Body",
        "skin_variations": {
            "1F3FB": {"image": "1f44b-1f3fb.png"},
            "1F3FF-1F3FC": {"image": "1f44b-1f3ff-1f3fc.png"},
        },
    },
    {"name": "GRINNING FACE", "unified": "1F600", "image": "1f600.png", "category": "Smileys & Emotion"},
    {"name": "FATHER CHRISTMAS", "unified": "1F385", "image": "1f385.png", "category": "People & Body"},
    {"name": "UP!", "unified": "1F199", "image": "1f199.png", "category": "Symbols"},
]
NAMES = [
    *(each["image"] for each in LISTED),
    *(variant["image"] for variant in LISTED[0]["skin_variations"].values()),  # type: ignore[attr-defined]
]
TRAIN = ["people_and_body/1f44b-1f3fb.png", "people_and_body/1f44b-1f3ff-1f3fc.png", "people_and_body/1f44b.png",
         "smileys_and_emotion/1f600.png"]  # fmt: skip


def picture(number: int, palette: bool) -> Image.Image:
    """4x4 pixels, of which the first is transparent."""
    pixels = np.full((4, 4, 4), (10 * number, 50, 60, 255), np.uint8)
    pixels[0, 0, 3] = 0
    image = Image.fromarray(pixels)
    return image.quantize(8) if palette else image


def tarball(folder: str, palette: bool) -> bytes:
    files = {"package/emoji.json": json.dumps(LISTED).encode(), "package/../../outside": b"trap", "/tmp/outside": b"t"}
    for number, name in enumerate(NAMES):
        stream = io.BytesIO()
        picture(number, palette).save(stream, "PNG")
        files[f"{folder}{name}"] = stream.getvalue()
    return packed(files)


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Registry]:
    """One that has tiny packages, which are held to be genuine."""
    files, styles = {}, {}
    for style, (package, folder) in fetch_data.STYLES.items():
        content = tarball(folder, palette=style == "twemoji")
        digest = base64.b64encode(hashlib.sha512(content).digest()).decode()
        files[f"{package.name}-16.0.0.tgz"] = content
        styles[style] = fetch_data.Style(Package(package.name, "16.0.0", f"sha512-{digest}"), folder)
    monkeypatch.setattr(fetch_data, "STYLES", styles)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    found = Registry(files)
    monkeypatch.setenv("npm_config_registry", found.url)
    monkeypatch.chdir(tmp_path)
    yield found
    found.close()


def call(*arguments: object) -> int:
    return run(COMMANDS["fetch_data"], [str(argument) for argument in arguments], "fetch_data.py")


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """The one line of an exit with code 2."""
    assert call(*arguments) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1, error
    return error


def test_emoji_of_tiny_tarballs(registry: Registry, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("emoji64") == 0
    lines = capsys.readouterr().out.splitlines()
    assert (lines[1], lines[-1]) == ("writing: 5 emoji in 2 styles", "wrote: emoji64")
    assert "Apache-2.0" in lines[-2] and "CC BY 4.0" in lines[-2]
    assert registry.paths == [
        f"/npm/emoji-datasource-{vendor}/-/emoji-datasource-{vendor}-16.0.0.tgz" for vendor in ("google", "twitter")
    ]
    folder = tmp_path / "emoji64"
    assert [path.name for path in tmp_path.iterdir()] == ["emoji64"]
    for style in ("noto", "twemoji"):
        for split, names in (("train", TRAIN), ("test", ["people_and_body/1f385.png"])):
            base = folder / split / style
            found = sorted(path for path in base.rglob("*.png"))
            assert [path.relative_to(base).as_posix() for path in found] == names
            for path in found:
                with Image.open(path) as image:
                    assert image.mode == "RGBA"
                    expected = picture(NAMES.index(path.name), style == "twemoji").convert("RGBA")
                    np.testing.assert_array_equal(np.asarray(image), np.asarray(expected))
    with (folder / "captions.csv").open(newline="") as stream:
        rows = [tuple(row.values()) for row in csv.DictReader(stream)]
    assert rows == [
        ("train", "people_and_body/1f44b.png", "waving hand sign", "people_and_body"),
        ("train", TRAIN[0], "waving hand sign with light skin", "people_and_body"),
        ("train", TRAIN[1], "waving hand sign with dark skin and medium light skin", "people_and_body"),
        ("train", "smileys_and_emotion/1f600.png", "grinning face", "smileys_and_emotion"),
        ("test", "people_and_body/1f385.png", "father christmas", "people_and_body"),
    ]


def test_they_are_pairs(registry: Registry) -> None:
    assert call("emoji64", "--output", "somewhere") == 0
    train, test = (load_pairs("somewhere", "noto", "twemoji", split=split, channels=3) for split in ("train", "test"))
    assert (len(train.names), test.names) == (4, ("people_and_body/1f385",))
    assert train.source_shape == (4, 4, 3)


def test_a_folder_that_is_there_must_be_empty(
    registry: Registry, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").touch()
    assert "The output folder full is not empty" in refused(capsys, "emoji64", "--output", "full")
    assert "emoji64" in refused(capsys, "emoji46")
    assert "folder none of --output does not exist" in refused(capsys, "emoji64", "--output", "none/emoji")
    assert registry.paths == []
    (tmp_path / "empty").mkdir()
    assert call("emoji64", "--output", "empty") == 0
    assert (tmp_path / "empty" / "captions.csv").is_file()


def test_no_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    line = refused(capsys, "emoji64", "--output", tmp_path / "emoji")
    assert "emoji-datasource-google cannot be fetched from http://127.0.0.1:9/" in line
    assert "(ConnectionError). Look at the network" in line
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_genuine_is_not_unpacked(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The second package is another than it should be: of the first nothing is left either."""
    package, folder = fetch_data.STYLES["twemoji"]
    wrong = fetch_data.Style(package._replace(integrity=fetch_data.STYLES["noto"].package.integrity), folder)
    monkeypatch.setattr(fetch_data, "STYLES", fetch_data.STYLES | {"twemoji": wrong})
    line = refused(capsys, "emoji64")
    assert "is not emoji-datasource-twitter 16.0.0: its SHA-512 is another. Look at the network" in line
    assert "secret" not in line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_emoji64_is_what_was_measured_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Pixel by pixel, where the set lies beside the data of TensorFlow Datasets and the registry answers."""
    known = Path(os.environ.get("TFDS_DATA_DIR", "none")).absolute().parent / "data" / "emoji64"
    if not (known / "captions.csv").is_file():
        pytest.skip("no emoji64 in the folder data beside TFDS_DATA_DIR to compare with")
    if code := call("emoji64", "--output", tmp_path / "made"):
        line = capsys.readouterr().err
        assert code == 2 and "cannot be fetched" in line, line
        pytest.skip(line)
    made, files = tmp_path / "made", [path.relative_to(known) for path in sorted(known.rglob("*.*"))]
    assert sorted(path.relative_to(made) for path in made.rglob("*.*")) == files
    assert len(files) == 2 * 3_388 + 1
    for file in files:
        if file.suffix == ".csv":
            assert (made / file).read_bytes() == (known / file).read_bytes()
            continue
        with Image.open(made / file) as image, Image.open(known / file) as expected:
            assert image.mode == expected.mode == "RGBA"
            np.testing.assert_array_equal(np.asarray(image), np.asarray(expected))
