"""Translators as they are served: arrays and files of pictures in a Session, masks, limits, and their cards."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from exported import lively_model, lively_translator
from PIL import Image

from tfgan_suite import InputError, Pix2Pix, SavedGenerator
from tfgan_suite.data.degradations import Degradation
from tfgan_suite.exported import read_card
from tfgan_suite.images import convert, to_float, to_uint8
from tfgan_suite.models.costs import cost, rows_at_once
from tfgan_suite.models.refusals import refusal
from tfgan_suite.models.translating import reading_of, with_reading
from tfgan_suite.picture_rules import PictureRules
from tfgan_suite.ports import of_facts, port_of
from tfgan_suite.serving.allowed_ops import allowed_ops, foreign_ops, read_meta_graph
from tfgan_suite.serving.export import export_generator
from tfgan_suite.serving.session import ServingSession
from tfgan_suite.serving.succession import check_successor
from tfgan_suite.serving.verify import verify_export
from tfgan_suite.serving.warmup import BATCHING, read_warmup

DECODERS = {"DecodeJpeg", "DecodePng", "DecodeRaw", "ExtractJpegShape"}
SIDES = (12, 16)
FIT = {"fit": "pad", "background": "#c87828"}


@pytest.fixture(scope="module")
def painter() -> Pix2Pix:
    """Colours of colours and a mask."""
    return lively_translator(has_mask=True)


@pytest.fixture(scope="module")
def painter_version(painter: Pix2Pix, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export_generator(painter, tmp_path_factory.mktemp("painter"), FIT, max_pixels=20_000)


@pytest.fixture(scope="module")
def session(painter_version: Path) -> Iterator[ServingSession]:
    with ServingSession(painter_version) as session:
        yield session


def pictures(count: int, channels: int = 3, sides: tuple[int, int] = SIDES) -> np.ndarray:
    return np.random.default_rng(count).integers(0, 256, (count, *sides, channels)).astype(np.uint8)


def file_of(pixels: np.ndarray, kind: str = "PNG", **how: Any) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(stream, format=kind, **how)
    return stream.getvalue()


def files(pixels: np.ndarray) -> np.ndarray:
    return np.array([*(file_of(each) for each in pixels), None], object)[:-1]


def pixels_of(answer: dict[str, np.ndarray]) -> np.ndarray:
    return np.stack([np.asarray(Image.open(io.BytesIO(file))) for file in answer["image_bytes"]])


def box(count: int) -> np.ndarray:
    masks = np.zeros((count, *SIDES, 1), np.uint8)
    masks[:, 2:9, 3:10] = 255
    return masks


# ---- what it answers -------------------------------------------------------------------------------


def test_levels_in_and_out_are_those_of_the_model_on_what_training_gives_it(
    painter: Pix2Pix, session: ServingSession
) -> None:
    """The hole is 0 in [-1, 1] and the mask 1 in it, as the degradation makes them."""
    images = pictures(3)
    numbers = np.random.default_rng(0).uniform(size=(3, 3)).astype(np.float32)
    sources = Degradation("mask").sources(to_float(images), tf.constant(numbers)).numpy()
    expected = to_uint8(painter(sources))
    masks = (sources[..., 3:] * 255).astype(np.uint8)
    assert expected.std() > 20
    for hole, rest in ((255, 0), (128, 127)):  # from 128 on
        levels = np.where(masks > 0, hole, rest).astype(np.uint8)
        made = session.run("serving_default", {"images": images, "masks": levels})["images"]
        assert made.dtype == np.uint8
        assert np.abs(made.astype(int) - expected).max() <= 1
    # What the hole covers does not show.
    others = np.where(masks > 0, 77, images).astype(np.uint8)
    np.testing.assert_array_equal(session.run("serving_default", {"images": others, "masks": levels})["images"], made)
    assert np.abs(session.run("serving_default", {"images": images, "masks": 0 * masks})["images"] - made).max() > 5


def test_files_of_the_translators_size_are_its_arrays(session: ServingSession) -> None:
    images, masks = pictures(4), box(4)
    expected = session.run("serving_default", {"images": images, "masks": masks})["images"]
    answer = session.run("translate_png", {"image_bytes": files(images), "mask_bytes": files(masks)})
    assert [file[:8] for file in answer["image_bytes"]] == [b"\x89PNG\r\n\x1a\n"] * 4
    np.testing.assert_array_equal(pixels_of(answer), expected)
    # A row is the same file in every request.
    for row in range(4):
        alone = {"image_bytes": files(images[row : row + 1]), "mask_bytes": files(masks[row : row + 1])}
        assert session.run("translate_png", alone)["image_bytes"][0] == answer["image_bytes"][row]


def test_files_of_other_sizes_are_fitted_as_the_run_read_its_pictures(session: ServingSession) -> None:
    """Padded with its colour, of each kind in one request."""
    alpha = pictures(1, 4, (20, 31))[0]
    wide = np.repeat(np.repeat(pictures(1, 3, (5, 9))[0], 8, 0), 8, 1)
    given = [file_of(alpha), file_of(wide, "JPEG", quality=90), file_of(pictures(1, 1, (30, 30))[0])]
    rules = PictureRules(SIDES, 3, FIT["fit"], FIT["background"])
    read = np.stack([convert(Image.open(io.BytesIO(file)), rules).pixels for file in given])
    holes = [np.zeros((*Image.open(io.BytesIO(file)).size[::-1], 1), np.uint8) for file in given]
    answer = session.run(
        "translate_png",
        {
            "image_bytes": np.array(given, object),
            "mask_bytes": np.array(list(map(file_of, holes)), object),
        },
    )
    expected = session.run("serving_default", {"images": read, "masks": np.zeros((3, *SIDES, 1), np.uint8)})["images"]
    made = pixels_of(answer)
    assert made.shape == (3, *SIDES, 3)
    assert np.abs(made.astype(int) - expected).mean() < 1  # levels of the sources differ by one


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"image_bytes": [b"GIF89a" + b"\0" * 30]}, "image_bytes must be PNG or JPEG files. Received: row 0 which "),
        ({"mask_bytes": [b"BM"]}, "mask_bytes must be PNG or JPEG files. Received: row 0 which begins with 42 4d"),
        ({"mask_bytes": [file_of(pictures(1, 1, (9, 9))[0])]}, "mask_bytes must be as high and wide as image_bytes"),
        ({"image_bytes": [file_of(pictures(1, 3, (200, 101))[0])]}, "image_bytes and mask_bytes of a request must have"
         " at most 20000 pixels in all: make the pictures smaller. Received: 20392"),
        ({"image_bytes": [], "mask_bytes": []}, "A request must have 1 to 52 rows. Received: 0"),
        ({"mask_bytes": []}, "mask_bytes must have a row for each of image_bytes. Received: 0 for 1"),
        ({"image_bytes": [file_of(pictures(1)[0])] * 53, "mask_bytes": [file_of(box(1)[0])] * 53},
         "A request must have 1 to 52 rows. Received: 53"),
    ],
)  # fmt: skip
def test_what_is_refused_says_why_in_one_line(
    session: ServingSession, inputs: dict[str, list[bytes]], message: str
) -> None:
    good = {"image_bytes": [file_of(pictures(1)[0])], "mask_bytes": [file_of(box(1)[0])]}
    given = {name: np.array(value, object) for name, value in {**good, **inputs}.items()}
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        session.run("translate_png", given)
    assert refusal(caught.value).startswith(message)
    assert "\n" not in refusal(caught.value)


def test_a_translator_that_has_diverged_says_so(tmp_path: Path) -> None:
    model = lively_translator()
    model.translating_generator.weights[0].assign(np.nan * model.translating_generator.weights[0])
    with pytest.raises(InputError, match="its training has diverged"):
        model.endpoints()["serving_default"].function(tf.constant(pictures(1)))


# ---- the export ------------------------------------------------------------------------------------


def test_it_is_verified_and_says_what_it_takes(painter: Pix2Pix, painter_version: Path) -> None:
    said: list[str] = []
    assert verify_export(painter_version, painter, said.append) == []
    assert len(said) == 7
    card = read_card(painter_version)
    expected = {"source_shape": [12, 16, 4], "target_shape": [12, 16, 3], "has_mask": True, "max_pixels": 20_000}
    assert card.items() >= {**expected, **FIT, "levels": None, "max_rows": 52}.items()  # of 384 pixels each, with masks
    sizes = [1, 2, 4, 8, 16, 32]
    batching = (painter_version / BATCHING).read_text()
    assert [int(line.split()[-1]) for line in batching.splitlines() if line.startswith("allowed")] == sizes
    assert "max_batch_size { value: 32 }" in batching
    found = {(name, len(next(iter(inputs.values())))) for name, inputs in read_warmup(painter_version)}
    assert found == {(name, size) for name in ("serving_default", "translate_png") for size in sizes}


@pytest.mark.slow
def test_other_weights_are_seen(painter_version: Path) -> None:
    findings = verify_export(painter_version, lively_translator(has_mask=True, generator_norm="none"))
    assert {finding.split()[0] for finding in findings} == {"serving_default", "translate_png"}


@pytest.mark.parametrize("signature", ["serving_default", "translate_png"])
def test_each_port_is_known_again(painter: Pix2Pix, painter_version: Path, signature: str) -> None:
    """From its card, and from what a server says of it."""
    ports = painter.endpoints()[signature].ports
    for port in (*ports.inputs, ports.output):
        again = of_facts(json.loads(json.dumps(port.facts())))
        assert (again.facts(), again.spec()) == (port.facts(), port.spec())
        if port.example is not None:
            np.testing.assert_array_equal(again.example(np.arange(3)), port.example(np.arange(3)))  # type: ignore[misc]
            told = port_of(port.name, port.spec())
            assert (told.kind, told.spec()) == (port.kind, port.spec())


def test_decoders_are_let_through_for_translators_alone(
    painter_version: Path, dcgan_version: Path, tmp_path: Path
) -> None:
    assert allowed_ops(True) - allowed_ops() == DECODERS
    graph = read_meta_graph(painter_version)
    assert set(foreign_ops(graph)) == DECODERS
    assert foreign_ops(graph, of_translator=True) == []
    # A graph that decodes and says that it is a generator of latents.
    disguised = tmp_path / "1"
    disguised.mkdir()
    (disguised / "saved_model.pb").write_bytes((painter_version / "saved_model.pb").read_bytes())
    (disguised / "assets.extra").mkdir()
    (disguised / "assets.extra" / "tfgan_suite.json").write_text((dcgan_version / "card.json").read_text())
    (finding,) = verify_export(disguised)
    assert "not on the list" in finding and "DecodePng" in finding
    with pytest.raises(InputError, match=r"a generator has no need of, .*: DecodeJpeg, DecodePng, DecodeRaw, Extract"):
        SavedGenerator(disguised)


@pytest.mark.parametrize("channels", [(1, 4), (5, 3), (3, 5), (4, 2)])
def test_channels_that_files_do_not_have_are_asked_as_arrays_alone(channels: tuple[int, int]) -> None:
    endpoints = lively_translator(channels).endpoints()
    assert ("translate_png" in endpoints) == (channels in [(1, 4), (4, 2)])
    for endpoint in endpoints.values():
        inputs = endpoint.ports.examples(2)
        endpoint.function(*map(tf.constant, inputs.values()))


def test_max_pixels_is_of_translators_and_lets_one_picture_through(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^max_pixels must be at least 384, .* size and its mask\. Received: 383\.$"):
        export_generator(lively_translator(has_mask=True), tmp_path, max_pixels=383)
    with pytest.raises(InputError, match=r"^max_pixels is of translators, .* Received: a DCGAN\.$"):
        export_generator(lively_model("dcgan"), tmp_path, max_pixels=1000)
    assert not any(tmp_path.iterdir())


def test_a_card_says_how_pictures_are_read() -> None:
    facts = {"source_shape": [8, 9, 4], "has_mask": True}
    card = {"fit": "pad", "background": "black", "levels": [0, 4095], "source_kind": "labels"}
    read = reading_of(with_reading(facts, card), (8, 9, 3))
    assert read == PictureRules((8, 9), 3, "pad", "black", (0, 4095), resampling="nearest")
    assert reading_of(with_reading(facts, {}), (8, 9, 3)) == PictureRules((8, 9), 3)
    assert with_reading(facts, {})["max_pixels"] == 1_000_000
    large = {"source_shape": [1000, 1001, 3], "has_mask": False}
    assert with_reading(large, {})["max_pixels"] == 1_001_000  # one picture, at least


# ---- how much at once ------------------------------------------------------------------------------


def test_the_cost_of_a_row_is_worked_by_hand() -> None:
    layers = keras.layers
    network = keras.Sequential(
        [
            keras.Input((8, 6, 3)),  # 144 numbers
            layers.Conv2D(5, 3, strides=2, padding="same"),  # 4 x 3 places of 3 x 3 x 3 x 5; 60 numbers
            layers.Conv2DTranspose(2, 4, strides=2, padding="same"),  # 4 x 3 places of 4 x 4 x 2 x 5; 96 numbers
            keras.Sequential([keras.Input((8, 6, 2)), layers.Flatten(), layers.Dense(7)]),  # 96 x 7; 96 and 7 numbers
        ]
    )
    operations, numbers = cost(keras.Model(network.inputs, network.outputs))
    assert operations == 2 * (12 * 135 + 12 * 160 + 96 * 7)
    assert numbers == 144 + 60 + 96 + 96 + 7


def test_rows_end_where_a_batch_takes_ten_seconds_or_a_gibibyte() -> None:
    wide = keras.Sequential([keras.Input((1024, 1024, 1)), keras.layers.Conv2D(31, 1)])  # 32 maps of 4 MiB
    assert rows_at_once([wide]) == 8
    assert rows_at_once([wide, wide]) == 4
    long = keras.Sequential([keras.Input((100, 100, 100)), keras.layers.Conv2D(100, 31, padding="same")])
    assert rows_at_once([long]) == int(10 * 20e9 / (2 * 10_000 * 100 * 100 * 31 * 31)) == 1
    assert rows_at_once([keras.Sequential([keras.Input((1024, 1024, 400)), keras.layers.ReLU()])]) == 1


# ---- succession ------------------------------------------------------------------------------------


def test_a_successor_takes_and_gives_the_same_and_no_less(painter: Pix2Pix, painter_version: Path) -> None:
    base, card = painter_version.parent, read_card(painter_version)
    assert check_successor(base, card) is None
    assert check_successor(base, painter.facts()) is None  # before its export says how pictures are read
    for changes, message in (
        ({"has_mask": False, "signatures": {}}, "has_mask was True, now False"),
        ({"source_shape": [12, 16, 2]}, r"source_shape was \(12, 16, 4\), now \(12, 16, 2\)"),
        ({"target_shape": [12, 16, 1]}, r"target_shape was \(12, 16, 3\), now \(12, 16, 1\)"),
        ({"max_pixels": 19_999}, "max_pixels was 20000, now 19999"),
        ({"max_rows": 32}, "max_rows was 52, now 32"),
    ):
        with pytest.raises(
            InputError, match=f"version 1 of another generator, whose clients would break: {message}. Cho"
        ):
            check_successor(base, {**card, **changes})
    more = {"max_pixels": 30_000, "fit": "crop", "background": "white"}
    told = check_successor(base, {**card, **more})
    assert told == (
        f"export: {base} had version 1 with the same signature; fit was pad, now crop; background was #c87828, "
        "now white"
    )


def test_a_generator_of_latents_does_not_follow(dcgan_version: Path, painter: Pix2Pix, painter_version: Path) -> None:
    with pytest.raises(InputError, match=r"image_shape was \(8, 8, 1\), now None; .*has_mask was None, now True\. Ch"):
        check_successor(dcgan_version.parent, painter.facts())
    with pytest.raises(InputError, match=r"makes no images of latents, but pictures of pictures: use translate\.py"):
        SavedGenerator(painter_version)
