import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tiny_server import TinyGenerator, TinyTranslator, level_of, png, serving

from tfgan_suite.commands.query import describe, parse_seeds, query_picture_to, query_to, upright_file
from tfgan_suite.errors import InputError
from tfgan_suite.images import read_mark

PROTOCOLS = pytest.mark.parametrize("protocol", ["rest", "grpc"])
FLOATS = ("sample", "sample_truncated")


def facts_of(path: Path) -> dict[str, str]:
    """A mark without its first text, which is the version's."""
    mark = read_mark(path)
    assert mark.pop("Software").startswith("tfgan_suite ")
    return mark


@PROTOCOLS
def test_a_grid(protocol: str, tmp_path: Path) -> None:
    generator = TinyGenerator()
    with serving(protocol, generator) as url:
        assert query_to(url, "gan", str(tmp_path / "grid.png"), "10:16") == tmp_path / "grid.png"
    assert [name for name, _ in generator.asked] == ["sample_png"]
    with Image.open(tmp_path / "grid.png") as picture:
        pixels = np.asarray(picture)
    assert pixels.shape == (902, 600)  # three rows of two images of 2x2, each pixel 149 wide, 4 apart
    assert pixels[::302, ::302].tolist() == [[10, 11], [12, 13], [14, 15]]
    assert facts_of(tmp_path / "grid.png") == {"generator": "gan version 3 of 127.0.0.1", "seeds": "10:16"}


@PROTOCOLS
@pytest.mark.parametrize(
    ("kind", "labels", "levels", "values"),
    [
        (None, None, [3, 7, 9, 4], None),
        ("classes", "2,0", [203, 7, 209, 4], [2, 0, 2, 0]),
        ("attributes", "110,011,111", [5, 9, 12, 6], [[1, 1, 0], [0, 1, 1], [1, 1, 1], [1, 1, 0]]),
    ],
)
def test_arrays(
    protocol: str, kind: str | None, labels: str | None, levels: list[int], values: Any, tmp_path: Path
) -> None:
    for signatures in (("sample", "sample_png"), FLOATS):
        with serving(protocol, TinyGenerator(kind, signatures)) as url:
            query_to(url, "gan", str(tmp_path / "a.npz"), "3,7,9,4", labels)
        with np.load(tmp_path / "a.npz") as arrays:
            assert arrays["images"].dtype == np.uint8
            assert arrays["images"].shape == (4, 2, 2, 1)
            assert arrays["images"][:, 0, 0, 0].tolist() == levels
            assert arrays["seeds"].tolist() == [3, 7, 9, 4]
            assert ("labels" in arrays) == (values is not None)
            assert values is None or arrays["labels"].tolist() == values


def test_labels_stand_side_by_side(tmp_path: Path) -> None:
    with serving("rest", TinyGenerator("classes")) as url:
        query_to(url, "gan", str(tmp_path / "a.png"), "0:6", "1,2,0")
    with Image.open(tmp_path / "a.png") as picture:
        assert np.asarray(picture)[::204, ::204].tolist() == [[100, 201, 2], [103, 204, 5]]
    assert facts_of(tmp_path / "a.png")["labels"] == "1,2,0"


def test_a_folder(tmp_path: Path) -> None:
    with serving("rest", TinyGenerator("classes", FLOATS)) as url:
        query_to(url, "gan", str(tmp_path / "new"), "7,4611686018427387904", "1", truncation=0.5)
    files = sorted((tmp_path / "new").iterdir())
    assert [file.name for file in files] == ["seed_00000007.png", "seed_4611686018427387904.png"]
    assert facts_of(files[0]) == {
        "generator": "gan version 3 of 127.0.0.1", "seed": "7", "label": "1", "truncation": "0.5"
    }  # fmt: skip
    with Image.open(files[0]) as picture:
        assert np.asarray(picture).tolist() == [[107, 107], [107, 107]]


def test_truncation_is_sent_and_marked(tmp_path: Path) -> None:
    generator = TinyGenerator()
    with serving("rest", generator) as url:
        query_to(url, "gan", str(tmp_path / "a.png"), "0:3", truncation=0.7)
    ((name, inputs),) = generator.asked
    assert name == "sample_truncated"
    assert inputs["truncation"].tolist() == [np.float32(0.7)] * 3
    assert facts_of(tmp_path / "a.png")["truncation"] == "0.7"


@pytest.mark.parametrize(("chosen", "number"), [({"version": 2}, 2), ({"version_label": "stable"}, 3), ({}, 4)])
def test_the_mark_names_the_version(chosen: dict[str, Any], number: int, tmp_path: Path) -> None:
    with serving("rest", TinyGenerator(versions=dict.fromkeys((2, 3, 4), "AVAILABLE"))) as url:
        query_to(url, "gan", str(tmp_path / "a.png"), "0:1", **chosen)
    assert facts_of(tmp_path / "a.png")["generator"] == f"gan version {number} of 127.0.0.1"


@PROTOCOLS
def test_all_images_come_from_one_version(protocol: str, tmp_path: Path) -> None:
    generator = TinyGenerator()
    run = generator.run

    def and_publish(name: str, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        generator.versions = {3: "END", 4: "AVAILABLE"}
        return run(name, inputs)

    generator.run = and_publish  # type: ignore[method-assign]
    with serving(protocol, generator) as url, pytest.raises(InputError, match=r"Its versions are 3 \(END\), 4 \("):
        query_to(url, "gan", str(tmp_path / "a.png"), "0:65")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("kind", "arguments", "message"),
    [
        (None, {"seeds": "x"}, "--seeds takes FIRST:END, such as 0:16"),
        (None, {"output": "a.jpg"}, "^output must end in .png or .npz, or be a folder"),
        (None, {"output": "no/a.png"}, "The folder no of output does not exist"),
        (None, {"output": "full"}, "The output folder full is not empty"),
        (None, {"output": "new", "seeds": "3,4,3"}, "A seed has one file in a folder"),
        (None, {"labels": "1"}, "takes no labels: it is not conditional"),
        (None, {"truncation": 0.0}, "truncation must be finite and greater than 0. Received: 0.0"),
        (None, {"model": "nope"}, "Could not find any versions"),
        ("classes", {}, "needs labels: it is conditional. Give labels"),
        ("classes", {"labels": "0,x"}, "Labels are numbers, separated by commas"),
        ("classes", {"labels": "0,1,2"}, "more labels than images"),
        ("classes", {"labels": "11"}, "labels must be in 0..9"),
        ("attributes", {"labels": "01"}, "for each of the 3 attributes"),
    ],
)
def test_what_cannot_be_asked_writes_nothing(
    kind: str | None, arguments: dict[str, Any], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("full").mkdir()
    Path("full/file").touch()
    with serving("rest", TinyGenerator(kind)) as url, pytest.raises(InputError, match=message) as caught:
        query_to(**{"url": url, "model": "gan", "output": "a.png", "seeds": "0:2", **arguments})
    assert "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.rglob("*")] == ["full", "file"]


def test_a_model_of_other_signatures(tmp_path: Path) -> None:
    with serving("rest", TinyGenerator(signatures=("serving_default",))) as url:
        for truncation, wanted in ((None, "sample_png or sample"), (0.5, "sample_truncated")):
            with pytest.raises(InputError, match=f"takes the signature {wanted}, which .* Received: serving_default"):
                query_to(url, "gan", str(tmp_path / "a.png"), "0:2", truncation=truncation)


@pytest.mark.parametrize(
    ("signature", "output", "message"),
    [
        ("sample_png", lambda: np.array([b"no picture"], object), "are no PNG files of one size"),
        ("sample_png", lambda: np.array([png(np.zeros((2, 2, 1), np.uint8))[:45]], object), "are no PNG files"),
        ("sample", lambda: np.full((1, 2, 2, 1), np.nan, np.float32), "are not finite: its training has diverged"),
    ],
)
def test_answers_that_are_no_images(
    signature: str, output: Callable[[], np.ndarray], message: str, tmp_path: Path
) -> None:
    generator = TinyGenerator(signatures=(signature,))
    name = "image_bytes" if signature == "sample_png" else "images"
    generator.run = lambda *_: {name: output()}  # type: ignore[method-assign]
    with serving("rest", generator) as url, pytest.raises(InputError, match=message):
        query_to(url, "gan", str(tmp_path / "a.png"), "0:1")
    assert not list(tmp_path.iterdir())


def test_images_of_two_sizes(tmp_path: Path) -> None:
    generator = TinyGenerator()
    sizes = [np.zeros((side, side, 1), np.uint8) for side in (2, 3)]
    generator.run = lambda *_: {"image_bytes": np.array([png(image) for image in sizes], object)}  # type: ignore[method-assign]
    with serving("rest", generator) as url, pytest.raises(InputError, match="are no PNG files of one size"):
        query_to(url, "gan", str(tmp_path / "a.png"), "0:2")


@PROTOCOLS
def test_describe(protocol: str) -> None:
    generator = TinyGenerator("attributes", versions={3: "AVAILABLE", 2: "END"})
    with serving(protocol, generator) as url:
        assert list(describe(url, "gan")) == [
            f"model gan at {url}",
            "version 2: END",
            "version 3: AVAILABLE",
            "signatures of version 3:",
            "  sample(seeds int64 [N], labels float32 [N, 3]) -> images float32 [N, 2, 2, 1]",
            "  sample_png(seeds int64 [N], labels float32 [N, 3]) -> image_bytes bytes [N]",
            "  sample_truncated(seeds int64 [N], truncation float32 [N], labels float32 [N, 3])"
            " -> images float32 [N, 2, 2, 1]",
        ]
        assert list(describe(url, "gan", version=3))[1] == "version 3: AVAILABLE"


def test_describe_says_the_states_also_where_no_version_answers() -> None:
    with serving("rest", TinyGenerator(versions={5: "LOADING"})) as url:
        lines = describe(url, "gan")
        assert [next(lines), next(lines)] == [f"model gan at {url}", "version 5: LOADING"]
        with pytest.raises(InputError, match=r"Its versions are 5 \(LOADING\): .* or wait"):
            next(lines)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0:3", [0, 1, 2]),
        (" 5 : 6 ", [5]),
        ("9,3, 9", [9, 3, 9]),
        ("7", [7]),
        (f"{2**62}:{2**62 + 1}", [2**62]),
        (f"{2**53 + 1},{2**62}", [2**53 + 1, 2**62]),
    ],
)
def test_seeds(text: str, expected: list[int]) -> None:
    assert parse_seeds(text).tolist() == expected
    assert parse_seeds(text).dtype == np.int64


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "takes FIRST:END"),
        ("3:", "takes FIRST:END"),
        ("0:9:2", "takes FIRST:END"),
        ("0:4,7", "takes FIRST:END"),
        ("-1,2", "takes FIRST:END"),
        ("1.5", "takes FIRST:END"),
        ("²", "takes FIRST:END"),
        ("5:5", "must be 1 to 65,536. Received: 0"),
        ("9:5", "must be 1 to 65,536. Received: 0"),
        ("0:4611686018427387904", "must be 1 to 65,536. Received: 4,611,686,018,427,387,904"),
        (f"{2**62}:{2**62 + 2}", r"must be in 0..2\*\*62"),
        (f"{2**62 + 1}", r"must be in 0..2\*\*62"),
        ("1" * 5000, "takes FIRST:END"),
    ],
)
def test_seeds_that_cannot_be_read(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        parse_seeds(text)
    assert len(str(caught.value)) < 300


# ---- a translator ------------------------------------------------------------------------------------


def picture(path: Path, level: int = 40, mode: str = "RGB", **how: Any) -> Path:
    """Higher than wide."""
    colour = {"RGB": (level,) * 3, "L": level, "I;16": level * 257, "CMYK": (0, 0, 0, 255 - level)}[mode]
    Image.new(mode, (6, 9), colour).save(path, **how)
    return path


@PROTOCOLS
def test_a_picture_is_translated_and_marked(protocol: str, tmp_path: Path) -> None:
    translator = TinyTranslator()
    with serving(protocol, translator) as url:
        made = query_picture_to(url, "gan", str(tmp_path / "b.png"), str(picture(tmp_path / "a.png")))
    assert made == tmp_path / "b.png"
    ((name, inputs),) = translator.asked
    assert name == "translate_png"
    assert inputs["image_bytes"].tolist() == [(tmp_path / "a.png").read_bytes()]
    with Image.open(made) as image:
        assert np.asarray(image).tolist() == [[40, 40], [40, 40]]
    assert facts_of(made) == {"generator": "gan version 3 of 127.0.0.1"}


@PROTOCOLS
def test_a_mask_goes_beside_it(protocol: str, tmp_path: Path) -> None:
    paths = [str(picture(tmp_path / "a.png")), str(picture(tmp_path / "mask.png", 255, "L"))]
    with serving(protocol, TinyTranslator(has_mask=True)) as url:
        query_picture_to(url, "gan", str(tmp_path / "b.png"), *paths)
        assert level_of((tmp_path / "b.png").read_bytes()) == 255
        with pytest.raises(InputError, match="the model 'gan' takes a mask, white in the hole: give mask"):
            query_picture_to(url, "gan", str(tmp_path / "c.png"), paths[0])
    taken = pytest.raises(InputError, match="the model 'gan' takes no mask: leave out mask")
    with serving(protocol, TinyTranslator()) as url, taken:
        query_picture_to(url, "gan", str(tmp_path / "c.png"), *paths)
    assert not (tmp_path / "c.png").exists()


def test_what_is_sent_is_upright_and_png_or_jpeg(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # held upright, stored lying
    plain = picture(tmp_path / "plain.jpg")
    assert upright_file(plain) == plain.read_bytes()
    for name, mode, how in (
        ("turned.jpg", "RGB", {"exif": exif}),
        ("page.tiff", "RGB", {}),
        ("print.tiff", "CMYK", {}),
        ("deep.tiff", "I;16", {}),
        ("still.gif", "L", {}),
    ):
        file = upright_file(picture(tmp_path / name, mode=mode, **how))
        with Image.open(io.BytesIO(file)) as image:
            assert image.format == "PNG"
            assert image.size == ((9, 6) if name == "turned.jpg" else (6, 9))
            assert (image.mode == "I;16") == (name == "deep.tiff")  # which the server refuses
            assert name == "deep.tiff" or abs(np.asarray(image.convert("L")).astype(int) - 40).max() <= 1
    with pytest.raises(InputError, match=r"notes\.png is damaged or no picture\. Expected"):
        (tmp_path / "notes.png").write_text("no picture")
        upright_file(tmp_path / "notes.png")


def test_generators_and_translators_are_told_apart(tmp_path: Path) -> None:
    with serving("rest", TinyTranslator()) as url:
        with pytest.raises(InputError, match=r"the model 'gan', which makes pictures of pictures: give input\.$"):
            query_to(url, "gan", str(tmp_path / "a.png"), "0:2")
        assert "  translate_png(image_bytes bytes [N]) -> image_bytes bytes [N]" in list(describe(url, "gan"))
    missing = pytest.raises(InputError, match=r"takes the signature translate_png, which .* does not have")
    with serving("rest", TinyGenerator()) as url, missing:
        query_picture_to(url, "gan", str(tmp_path / "b.png"), str(picture(tmp_path / "a.png")))
    with pytest.raises(InputError, match=r"^output of input must be NAME\.png"):
        query_picture_to("http://127.0.0.1:9", "gan", str(tmp_path / "b.npz"), str(tmp_path / "a.png"))
