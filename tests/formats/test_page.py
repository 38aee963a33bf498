"""The web page in a real browser: its pictures held against Python's."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lanes import corners, slow
from PIL import Image
from sites import Visit

from tfgan_suite.images import read_mark, to_uint8
from tfgan_suite.latents import interpolated, latents_from_seeds
from tfgan_suite.serving.saved_generator import SavedGenerator

SEEDS = [0, 1, 2, 3, 12345, 2**31, 2**32 + 5, 2**53 - 1, 2**62, -7]


@pytest.mark.parametrize(
    ("kind", "seed", "label"),
    [("classes", 3, 2), slow("classes", 2**40, 0), ("attributes", 7, [1, 0, 1]), ("mlp_of_4_channels", 5, None)],
)
def test_a_seed_shows_the_picture_that_python_makes(
    visit: Callable[..., Visit], generators: dict[str, SavedGenerator], kind: str, seed: int, label: Any
) -> None:
    digits = "" if label is None else "".join(map(str, np.ravel(label)))
    page = visit(kind, f"#seed={seed}&label={digits}")
    generator = generators[kind]
    labels = None if label is None else np.array([label], np.int32 if kind == "classes" else np.float32)
    expected = generator.generate(np.array([seed]), labels)[0]
    image = page.image(generator.image_shape)
    assert expected.std() > 0.1
    np.testing.assert_allclose(image, expected, atol=1e-5)
    if expected.shape[-1] < 4:  # a canvas rounds what is partly transparent
        levels = to_uint8(expected).astype(int) * np.ones(3, int)
        shown = page.shown()
        assert np.abs(shown[..., :3].astype(int) - levels).max() <= 1 and (shown[..., 3] == 255).all()


def test_latents_are_those_of_python(visit: Callable[..., Visit]) -> None:
    page = visit("classes")
    script = """async (seeds) => { const { latentsOfSeed } = await import("./latents.js");
        return seeds.map((seed) => Array.from(latentsOfSeed(BigInt(seed), 101))); }"""
    found = np.array(page.call(script, [str(seed) for seed in SEEDS]))
    np.testing.assert_allclose(found, latents_from_seeds(np.array(SEEDS), 101).numpy(), atol=1e-6)
    script = """async ([a, b, ts]) => { const { arc } = await import("./latents.js");
        return ts.map((t) => Array.from(arc(a, b, t))); }"""
    ts = np.array([0, 0.2, 0.5, 1], np.float32)
    for a, b in ((found[0], found[1]), (found[0], found[0]), (found[0], -found[0])):
        expected = interpolated(*(np.tile(x, (4, 1)).astype(np.float32) for x in (a, b)), ts).numpy()
        arcs = np.array(page.call(script, [a.tolist(), b.tolist(), ts.tolist()]))
        np.testing.assert_allclose(arcs, expected, atol=2e-6)


def test_walks_keep_the_length_and_the_angle(visit: Callable[..., Visit]) -> None:
    page = visit("classes")
    script = """async ([from, right, up, x, y]) => { const { walk } = await import("./latents.js");
        return Array.from(walk(Float32Array.from(from), right, up, x, y)); }"""
    start, right, up = latents_from_seeds(np.array([1, 2, 3]), 20).numpy().astype(float)
    unit = start / np.linalg.norm(start)
    for x, y in ((0.3, 0.0), (0.0, -1.2), (0.9, 0.9)):
        end = np.array(page.call(script, [start.tolist(), right.tolist(), up.tolist(), x, y]))
        assert np.linalg.norm(end) == pytest.approx(np.linalg.norm(start), rel=1e-6)
        assert end @ unit / np.linalg.norm(end) == pytest.approx(np.cos(np.hypot(x, y)), abs=1e-6)
        for direction, way in ((right, x), (up, y)):
            if not (x and y):  # of both at once neither is alone
                assert np.sign((end - (end @ unit) * unit) @ direction) == np.sign(way) or not way
    assert page.call(script, [start.tolist(), right.tolist(), up.tolist(), 0, 0]) == pytest.approx(start, abs=1e-6)
    for few in ([0.5], [0.5, 1.0], [0.0, 0.0]):  # too few dimensions for two directions
        assert np.isfinite(page.call(script, [few, few[::-1], few, 0.4, 0.2])).all()


def test_classes_switch_by_mouse_and_keyboard(
    visit: Callable[..., Visit], generators: dict[str, SavedGenerator]
) -> None:
    page = visit("classes", "#seed=4")
    names = page.page.locator("#label-choices label").all_inner_texts()
    assert names == ["ship", "cat", "Füße"]
    of_each = generators["classes"].generate(np.full(3, 4), np.arange(3))
    page.page.get_by_text("cat", exact=True).click()
    np.testing.assert_allclose(page.image((8, 8, 1)), of_each[1], atol=1e-5)
    page.page.keyboard.press("ArrowRight")
    np.testing.assert_allclose(page.image((8, 8, 1)), of_each[2], atol=1e-5)
    assert page.page.locator("#message").inner_text() == "Seed 4, class 2 (Füße)"
    assert page.page.get_by_role("radio", name="Füße").is_checked()


def test_attributes_are_check_boxes(visit: Callable[..., Visit], generators: dict[str, SavedGenerator]) -> None:
    page = visit("attributes", "#seed=4&label=100")
    page.page.get_by_text("Füße", exact=True).click()
    page.page.get_by_text("ship", exact=True).click()
    assert page.page.get_by_role("checkbox", name="Füße").is_checked()
    expected = generators["attributes"].generate(np.array([4]), np.array([[0, 0, 1]], np.float32))
    np.testing.assert_allclose(page.image((9, 8, 3)), expected[0], atol=1e-5)
    assert page.page.locator("#message").inner_text() == "Seed 4, attributes 001 (Füße)"


def test_interpolation_follows_the_arc(visit: Callable[..., Visit], generators: dict[str, SavedGenerator]) -> None:
    page = visit("classes")
    page.page.get_by_role("spinbutton", name="From").fill("3")
    page.page.get_by_role("spinbutton", name="To").fill("7")
    page.page.get_by_label("Way between them").fill("0.4")
    a, b = latents_from_seeds(np.array([[3, 7]]).ravel(), 6).numpy()
    expected = generators["classes"].interpolate(a[None], b[None], np.array([0.4]), np.array([0]))[0]
    np.testing.assert_allclose(page.image((8, 8, 1)), expected, atol=1e-5)
    for t, seed in ((0, 3), (1, 7)):
        page.page.get_by_label("Way between them").fill(str(t))
        expected = generators["classes"].generate(np.array([seed]), [0])[0]
        np.testing.assert_allclose(page.image((8, 8, 1)), expected, atol=1e-5)
    page.page.get_by_role("spinbutton", name="From").fill("-1")  # no seed of this page: the last one stays
    assert page.call("window.tfgan.state.a") == 3


def test_play_goes_the_way_and_can_be_stopped(visit: Callable[..., Visit]) -> None:
    page = visit("classes")
    button = page.page.get_by_role("button", name="Play")
    button.click()
    page.page.wait_for_timeout(700)
    page.page.get_by_role("button", name="Pause").click()
    mix = page.call("window.tfgan.state.mix")
    assert 0 < mix < 1
    page.page.wait_for_timeout(300)
    assert page.call("window.tfgan.state.mix") == mix and button.get_attribute("aria-pressed") == "false"


def test_the_keyboard_moves_the_pad(visit: Callable[..., Visit]) -> None:
    page = visit("classes", "#seed=4")
    start = page.image((8, 8, 1))
    tabs = 0
    while page.call("document.activeElement.id") != "walk-x":
        page.page.keyboard.press("Tab")
        tabs += 1
        assert tabs < 30
    outline = "getComputedStyle(document.getElementById('pad')).outlineStyle"
    assert page.call(outline) == "solid"
    page.page.keyboard.press("ArrowRight")
    page.page.keyboard.press("Shift+ArrowUp")
    assert page.call("[window.tfgan.state.x, window.tfgan.state.y]") == [3, 15]
    moved = page.image((8, 8, 1))
    assert np.abs(moved - start).max() > 1e-3
    assert page.page.locator("#message").inner_text() == "Seed 4, class 0 (ship), 3° right, 15° up"
    assert page.page.locator("#walk-y").get_attribute("aria-valuetext") == "15 degrees up"
    for _ in range(20):
        page.page.keyboard.press("Shift+ArrowDown")
    x, y = page.call("[window.tfgan.state.x, window.tfgan.state.y]")
    assert np.hypot(x, y) == pytest.approx(90, abs=0.2) and y < -80
    page.page.keyboard.press("Home")
    np.testing.assert_array_equal(page.image((8, 8, 1)), start)
    page.page.wait_for_selector("#status:has-text('Seed 4, class 0 (ship)')", state="attached")
    page.page.keyboard.press("Tab")
    assert page.call("document.activeElement.id") == "walk-y"
    page.page.keyboard.press("Tab")
    assert page.call(outline) == "none"


def test_the_pointer_moves_the_pad(visit: Callable[..., Visit]) -> None:
    page = visit("classes")
    box = page.page.locator("#pad").bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.page.mouse.move(*middle)
    page.page.mouse.down()
    page.page.mouse.move(middle[0] + box["width"] / 4, middle[1] - box["height"] / 8)
    page.page.mouse.up()
    page.page.mouse.move(*middle)
    assert page.call("[window.tfgan.state.x, window.tfgan.state.y]") == pytest.approx([45, 22.5], abs=1)
    page.page.get_by_role("button", name="Back to the middle").click()
    assert page.call("[window.tfgan.state.x, window.tfgan.state.y]") == [0, 0]


@pytest.mark.parametrize(
    ("kind", "anchor", "facts"),
    [
        ("classes", "#seed=3&label=1", {"seed": "3", "label": "1 (cat)"}),
        slow("classes", "#seed=3&to=7&mix=0.25&label=2", {"seeds": "3:7", "t": "0.25", "label": "2 (Füße)"}),
        slow("attributes", "#seed=1&label=110", {"seed": "1", "label": "110 (ship, cat)"}),
        ("mlp_of_4_channels", "#seed=9&x=10&y=-20", {"seed": "9", "walk": "10 degrees towards seed 1000000007"}),
    ],
)
def test_downloads_are_the_picture_and_marked(
    visit: Callable[..., Visit],
    generators: dict[str, SavedGenerator],
    kind: str,
    anchor: str,
    facts: dict,
    tmp_path: Path,
) -> None:
    page = visit(kind, anchor)
    image = page.image(generators[kind].image_shape)
    with page.page.expect_download() as begun:
        page.page.get_by_role("button", name="Download PNG").click()
    begun.value.save_as(tmp_path / "picture.png")
    with Image.open(tmp_path / "picture.png") as opened:
        assert opened.mode == {1: "L", 3: "RGB", 4: "RGBA"}[image.shape[-1]]
        pixels = np.asarray(opened).reshape(image.shape)
    np.testing.assert_array_equal(pixels, to_uint8(image))
    assert pixels.std() > 10
    mark = read_mark(tmp_path / "picture.png")
    assert mark.pop("generator") and re.match(r"tfgan_suite \d", mark.pop("Software"))
    assert set(mark) == set(facts) and all(mark[key].startswith(value) for key, value in facts.items())
    assert re.fullmatch(r"generated_\w+\.png", begun.value.suggested_filename)


def test_the_sheet_shows_the_next_seeds(visit: Callable[..., Visit], generators: dict[str, SavedGenerator]) -> None:
    page = visit("classes", "#seed=20&label=1&mix=0.5")
    page.page.wait_for_selector("#samples button:nth-child(12)")
    expected = to_uint8(generators["classes"].generate(np.arange(21, 33), [1]))
    for index in (0, 11):
        shown = page.shown(f"#samples button:nth-child({index + 1}) canvas")
        assert np.abs(shown[..., :1].astype(int) - expected[index]).max() <= 1
    page.page.get_by_role("button", name="Seed 25", exact=True).click()
    image = page.image((8, 8, 1))
    np.testing.assert_allclose(image, generators["classes"].generate(np.array([25]), [1])[0], atol=1e-5)


def test_an_address_brings_the_picture_back(visit: Callable[..., Visit]) -> None:
    page = visit("classes", "#seed=5&to=6&mix=0.3&x=12&y=-7.5&label=2")
    image = page.image((8, 8, 1))
    page.page.get_by_text("cat", exact=True).click()
    page.page.wait_for_url("**label=1")
    again = visit("classes", page.page.url[len(page.address.partition("#")[0]) :].replace("label=1", "label=2"))
    np.testing.assert_array_equal(again.image((8, 8, 1)), image)
    nonsense = visit("classes", "#seed=-1&to=x&mix=7&x=1e9&label=99&y=<b>")
    assert nonsense.call("Object.values(window.tfgan.state)") == [0, 1, 0, 0, 0, 0, []]


@pytest.mark.parametrize(
    ("kind", "label"),
    corners(
        [("classes", label) for label in ("3", "-1", "1.5", "<b>", "")]
        + [("attributes", label) for label in ("12", "102", "x01")],
        ("classes", "<b>"),
        ("attributes", "102"),
    ),
)
def test_a_label_that_there_is_not_is_told(visit: Callable[..., Visit], kind: str, label: str) -> None:
    said = {"classes": "A class is one of 0 to 2", "attributes": "Attributes are 3 digits, 0 or 1"}[kind]
    page = visit(kind, f"#seed=4&label={label}")
    first = {"classes": "class 0 (ship)", "attributes": "attributes 000"}[kind]
    notice = page.page.locator("#notice")
    assert notice.inner_text() == f"{said}. Received: {label}. The address asks for it; this is {first}."
    assert notice.get_attribute("role") == "alert"
    assert page.page.locator("#message").inner_text() == f"Seed 4, {first}"
    page.page.get_by_text("cat", exact=True).click()
    assert not notice.is_visible()
    page.call("(label) => { location.hash = `label=${label}`; }", label)
    page.page.wait_for_selector("#notice:not([hidden])")
    assert "(cat)" in notice.inner_text()


@pytest.mark.parametrize(
    ("kind", "labels"),
    [
        slow("classes", [[0, 99], [-1, 0], [0.5, 0], ["1", 0]]),
        ("attributes", [[[0, 1, 2], [0, 0, 0]], [[1, 0], [1, 0, 0]], [1, 0]]),
    ],
)
def test_the_generator_is_not_asked_for_labels_that_there_are_not(
    visit: Callable[..., Visit], kind: str, labels: list
) -> None:
    page = visit(kind)
    script = """([length, labels]) => window.tfgan.images(new Float32Array(2 * length), labels).then(
        (images) => images.length, (error) => error.message)"""
    for wrong in labels:
        assert "Received: " in page.call(script, [6, wrong])
    right = [0, 2] if kind == "classes" else [[1, 0, 1], [0, 0, 0]]
    assert page.call(script, [6, right]) == 2 * np.prod({"classes": (8, 8, 1), "attributes": (9, 8, 3)}[kind])
