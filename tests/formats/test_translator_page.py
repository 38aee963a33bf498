"""The page of a translator in a real browser: what goes in and comes out held against Python's, and what it refuses."""

import itertools
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lanes import slow
from PIL import Image
from sites import NAMES_OF_CONTROLS, Visit
from small_translators import pictures_of

from tfgan_suite.images import convert, read_mark
from tfgan_suite.models.translating import reading_of
from tfgan_suite.picture_rules import FITS
from tfgan_suite.ports import png_head
from tfgan_suite.serving.saved_translator import SavedTranslator

HOLES, LINES = (20, 28, 3), (64, 64, 1)  # what the two are given, without a mask
Visits = Callable[..., Visit]
Version = Callable[[str], Path]


def array(page: Visit, name: str, shape: tuple[int, ...]) -> np.ndarray:
    """What the page has given to its model, or got from it, once it is at rest."""
    page.page.wait_for_timeout(150)
    page.page.wait_for_function("document.getElementById('message').textContent.includes('made in')")
    return np.array(page.call(f"Array.from(window.tfgan.{name})"), np.uint8).reshape(shape)


def photo(path: Path, sides: tuple[int, int] = (75, 90), channels: int = 3, **how: Any) -> Path:
    """A picture as a file: slopes and some noise."""
    pixels = pictures_of((*sides, channels), 1)[0]
    Image.fromarray(pixels[..., 0] if channels == 1 else pixels).save(path, **how)
    return path


def choose(page: Visit, path: Path) -> None:
    page.page.set_input_files("#file", path)
    page.page.wait_for_selector(f"#message:has-text('Answer to {path.name}, made in')")


def check_answer(page: Visit, saved: SavedTranslator, source: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
    """Holds what the page shows against what Python makes of the same levels."""
    masks = None if mask is None else mask[np.newaxis]
    expected = saved.translate(source[np.newaxis], masks)[0].astype(int)
    image = array(page, "image", expected.shape)
    assert expected.std() > 10 and np.abs(image - expected).max() <= 1
    np.testing.assert_array_equal(page.shown("#picture")[..., :3], np.broadcast_to(image, (*image.shape[:2], 3)))
    return image


# ---- pictures ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["jpg", slow("png")])
def test_a_picture_becomes_what_python_makes_of_it(
    visit_translator: Visits, translator: Version, kind: str, tmp_path: Path
) -> None:
    page, saved = visit_translator("holes"), SavedTranslator(translator("holes"))
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    how = {"quality": 95, "exif": exif} if kind == "jpg" else {}
    path = photo(tmp_path / f"own.{kind}", **how)
    choose(page, path)
    source, mask = array(page, "source", HOLES), array(page, "mask", (*HOLES[:2], 1))
    with Image.open(path) as image:
        turned = image.transpose(Image.Transpose.ROTATE_270) if kind == "jpg" else image
        right = convert(turned, reading_of(saved.card, HOLES)).pixels
    distance = np.abs(source.astype(int) - right)
    assert distance.max() <= (2 if kind == "jpg" else 1) and distance.mean() < 0.2 and right.std() > 20
    made = check_answer(page, saved, source, mask)
    by_python = saved.translate(right[np.newaxis], mask[np.newaxis])[0].astype(int)
    assert (
        np.abs(made - by_python).mean() < 1 and np.abs(made - by_python).max() <= 8
    )  # of other levels, by large weights
    assert page.page.locator("#source-text").inner_text() == f"({path.name})"


FITTED = """async ([bytes, card]) => {
  const [{ fitted }, { opened }] = await Promise.all([import("./fitting.js"), import("./opening.js")]);
  return Array.from(fitted(await opened(new File([new Uint8Array(bytes)], "a.png")), card)); }"""


@pytest.mark.parametrize("sides", [(200, 90), slow((30, 41)), slow((20, 12)), slow((9, 300))])
def test_pictures_are_fitted_as_training_fits_them(visit_translator: Visits, sides: Any, tmp_path: Path) -> None:
    page, path = visit_translator("holes"), tmp_path / "a.png"
    for channels, fit in itertools.product((1, 3, 4), FITS):
        photo(path, sides, channels)
        card = {"source_shape": [20, 12, channels], "has_mask": False, "fit": fit, "background": "#c87828"}
        with Image.open(path) as image:
            right = convert(image, reading_of(card, (20, 12, channels))).pixels
        found = np.array(page.call(FITTED, [list(path.read_bytes()), card])).reshape(right.shape)
        distance = np.abs(found - right.astype(int))
        if channels == 4:  # a canvas rounds colours that are seen through
            distance = np.where(right[..., 3:] > 100, distance, 0)
        assert distance.max() <= (3 if channels == 4 else 1), (channels, fit)
        assert distance.mean() < (0.5 if channels == 4 else 0.2), (channels, fit)


@pytest.mark.slow
def test_transparent_pictures_and_maps_of_labels(visit_translator: Visits, tmp_path: Path) -> None:
    page, path = visit_translator("holes"), tmp_path / "a.png"
    photo(path, (50, 33), 4)
    card = {"source_shape": [20, 12, 3], "has_mask": False, "fit": "pad", "background": "#c87828"}
    for more in ({}, {"source_kind": "labels"}):
        with Image.open(path) as image:
            right = convert(image, reading_of({**card, **more}, (20, 12, 3))).pixels
        found = np.array(page.call(FITTED, [list(path.read_bytes()), {**card, **more}])).reshape(right.shape)
        assert np.abs(found - right.astype(int)).max() <= 2, more


@pytest.mark.slow
def test_twice_the_sides(visit_translator: Visits, translator: Version, tmp_path: Path) -> None:
    page, saved = visit_translator("upscaler"), SavedTranslator(translator("upscaler"))
    choose(page, photo(tmp_path / "own.png"))
    made = check_answer(page, saved, array(page, "source", (6, 10, 3)), None)
    assert made.shape == (12, 20, 3) and not page.page.locator("#tools").is_visible()
    boxes = [page.page.locator(f"#{name}").bounding_box() for name in ("source", "picture")]
    assert boxes[0]["width"] == boxes[1]["width"] and boxes[0]["width"] % 20 == 0


@pytest.mark.slow
def test_the_way_back_of_a_model_that_goes_both(visit_translator: Visits, translator: Version, tmp_path: Path) -> None:
    page, saved = visit_translator("both_ways"), SavedTranslator(translator("both_ways"))
    assert saved.card["direction"] == "b_to_a"
    choose(page, photo(tmp_path / "own.png"))
    made = check_answer(page, saved, array(page, "source", (16, 12, 3)), None)
    assert made.shape == (16, 12, 1)


# ---- what is drawn ----------------------------------------------------------------------------------


def drag(page: Visit, shape: tuple[int, ...], *places: tuple[int, int]) -> None:
    """A stroke through the middles of pixels, each (column, row)."""
    box = page.page.locator("#source").bounding_box()
    points = [
        (box["x"] + (x + 0.5) / shape[1] * box["width"], box["y"] + (y + 0.5) / shape[0] * box["height"])
        for x, y in places
    ]
    page.page.mouse.move(*points[0])
    page.page.mouse.down()
    for point in points[1:]:
        page.page.mouse.move(*point)
    page.page.mouse.up()


def test_a_hole_is_drawn_erased_and_brought_back(visit_translator: Visits, translator: Version) -> None:
    page, saved = visit_translator("holes"), SavedTranslator(translator("holes"))
    first, source = array(page, "mask", (*HOLES[:2], 1)), array(page, "source", HOLES)
    assert 0.2 < (first == 255).mean() < 0.3 and set(np.unique(first)) == {0, 255}
    page.page.get_by_role("button", name="Clear").click()
    np.testing.assert_array_equal(array(page, "image", HOLES), source)  # pasted, as nothing is to be filled
    page.page.get_by_label("Width").fill("3")
    drag(page, HOLES, (5, 6), (15, 6))
    mask = array(page, "mask", (*HOLES[:2], 1))
    expected = np.zeros_like(mask)
    expected[5:8, 4:17] = 255
    np.testing.assert_array_equal(mask, expected)
    made = check_answer(page, saved, source, mask)
    is_hole = mask[..., 0] == 255
    np.testing.assert_array_equal(made[~is_hole], source[~is_hole])
    assert np.abs(made[is_hole].astype(int) - source[is_hole]).mean() > 5
    shown = page.shown("#source")[..., :3].astype(int)
    assert np.abs(shown[is_hole] - [214, 51, 132]).max() < 70  # a hole is seen
    np.testing.assert_array_equal(shown[~is_hole], source[~is_hole])
    page.page.get_by_text("Erase", exact=True).click()
    drag(page, HOLES, (5, 6), (9, 6))
    assert (array(page, "mask", (*HOLES[:2], 1))[..., 0] == 255).sum() == 3 * 6
    for _ in range(2):
        page.page.get_by_role("button", name="Undo").click()
    assert not array(page, "mask", (*HOLES[:2], 1)).any()
    page.page.keyboard.press("Control+z")
    np.testing.assert_array_equal(array(page, "mask", (*HOLES[:2], 1)), first)


def test_lines_are_drawn_by_pointer_and_by_keyboard(visit_translator: Visits, translator: Version) -> None:
    page, saved = visit_translator("lines"), SavedTranslator(translator("lines"))
    example = array(page, "source", LINES)
    assert set(np.unique(example)) == {0, 255} and 0.02 < (example == 0).mean() < 0.1
    page.page.get_by_role("button", name="Clear").click()
    assert page.call("document.activeElement.id") == "source"  # which the button, now off, has handed on
    drag(page, LINES, (10, 20), (30, 20), (30, 50))
    expected = np.full(LINES, 255, np.uint8)
    expected[20, 10:31], expected[20:51, 30] = 0, 0
    np.testing.assert_array_equal(array(page, "source", LINES), expected)
    for key in ("Space", "ArrowRight", "ArrowRight", "Shift+ArrowDown", "Space", "ArrowRight"):
        page.page.keyboard.press(key)
    expected[32, 32:35], expected[32:41, 34] = 0, 0
    np.testing.assert_array_equal(array(page, "source", LINES), expected)
    assert page.page.locator("#cursor").is_visible()
    page.page.wait_for_selector("#status:has-text('Answer to your drawing')", state="attached")
    page.page.keyboard.press("ArrowUp")
    assert page.page.locator("#status").text_content() == "Column 36, row 40, pen up"
    np.testing.assert_array_equal(page.shown("#source")[..., :1], expected)
    page.page.get_by_text("Erase", exact=True).click()
    page.page.get_by_label("Width").fill("3")
    drag(page, LINES, (20, 20), (20, 20))
    expected[19:22, 19:22] = 255
    np.testing.assert_array_equal(array(page, "source", LINES), expected)
    check_answer(page, saved, expected, None)


# ---- how pictures come, and what is none ------------------------------------------------------------

DROP = """async ([kind, files, text]) => { const data = new DataTransfer();
  for (const [name, bytes] of files) data.items.add(new File([new Uint8Array(bytes)], name, { type: "image/png" }));
  if (text) data.setData("text/uri-list", text);
  const event = kind === "paste" ? new ClipboardEvent("paste", { clipboardData: data, bubbles: true })
    : new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
  document.getElementById("mat-made").dispatchEvent(event); }"""


@pytest.mark.slow
def test_pictures_are_dropped_and_pasted(visit_translator: Visits, tmp_path: Path) -> None:
    page = visit_translator("holes")
    contents = list(photo(tmp_path / "a.png").read_bytes())
    for kind in ("drop", "paste"):
        page.call(DROP, [kind, [[f"{kind}.png", contents]], ""])
        page.page.wait_for_selector(f"#message:has-text('Answer to {kind}.png, made in')")
    notice = page.page.locator("#notice")
    for kind, files, text, said in (
        ("drop", [], "https://example.org/a.png", "That is no file. Save the picture first, and drop its file here."),
        ("drop", [["a.png", contents], ["b.png", contents]], "", "Drop one picture at a time."),
        ("paste", [], "", "The clipboard holds no picture."),
    ):
        page.call(DROP, [kind, files, text])
        assert notice.inner_text() == said and notice.get_attribute("role") == "alert"
    page.page.get_by_role("button", name="Example").click()
    page.page.wait_for_selector("#message:has-text('Answer to the example, made in')")
    assert not notice.is_visible()


def test_what_is_no_picture_is_told_and_changes_nothing(visit_translator: Visits, tmp_path: Path) -> None:
    page = visit_translator("holes")
    before = array(page, "image", HOLES)
    Image.fromarray(np.zeros((9, 9), np.uint16)).save(tmp_path / "deep.png")
    (tmp_path / "huge.png").write_bytes(png_head(30_000, 30_000))
    (tmp_path / "cut.png").write_bytes(photo(tmp_path / "whole.png").read_bytes()[:60])
    (tmp_path / "empty.png").touch()
    (tmp_path / "notes.txt").write_text("<img src=x onerror=alert(1)>")
    for name, said in (
        ("notes.txt", "notes.txt is no picture that this browser can read. Choose a PNG or JPEG file."),
        ("empty.png", "empty.png is empty."),
        ("deep.png", "deep.png has 16 bits a channel, and this page reads 8. Save it with 8 bits."),
        ("huge.png", "huge.png has 900 million pixels. Make it smaller: 100 million are the most."),
        ("cut.png", "cut.png is no picture that this browser can read. Choose a PNG or JPEG file."),
    ):
        page.page.set_input_files("#file", tmp_path / name)
        page.page.wait_for_function("(said) => document.getElementById('notice').textContent === said", arg=said)
    np.testing.assert_array_equal(array(page, "image", HOLES), before)
    assert page.page.locator("#message").inner_text().startswith("Answer to the example")


# ---- what is said of time, and kept of a picture ----------------------------------------------------


@pytest.mark.slow
def test_the_seconds_are_told_and_the_answer_is_saved_with_its_mark(visit_translator: Visits, tmp_path: Path) -> None:
    page = visit_translator("lines")
    seconds = r"(less than 0\.01|\d+\.\d+) s"
    assert re.fullmatch(f"Answer to the example, made in {seconds}", page.page.locator("#message").inner_text())
    said = page.page.locator("#expected").inner_text()
    assert re.fullmatch(rf"The next answer takes about {seconds}, on one thread\.", said)
    image = array(page, "image", (64, 64, 3))
    with page.page.expect_download() as begun:
        page.page.get_by_role("button", name="Download PNG").click()
    begun.value.save_as(tmp_path / "answer.png")
    with Image.open(tmp_path / "answer.png") as opened:
        np.testing.assert_array_equal(np.asarray(opened), image)
    mark = read_mark(tmp_path / "answer.png")
    assert mark.pop("generator") == "pix2pix trained on tiny, train (32 pairs)"
    assert re.match(r"tfgan_suite \d", mark.pop("Software")) and not mark
    assert begun.value.suggested_filename == "translated_Answer_to_the_example.png"


@pytest.mark.slow
def test_what_takes_long_asks_first(browser: Any, translator_sites: Callable[[str], str]) -> None:
    address = translator_sites("lines")
    page = browser.new_page()
    card = json.loads(page.request.get(f"{address}card.json").text()) | {"operations": 200e9}
    page.route("**/card.json", lambda route: route.fulfill(json=card))
    page.goto(address)
    button = page.get_by_role("button", name="Make the answer (about 40 s)")
    button.wait_for()
    assert page.locator("#message").inner_text() == "No answer yet"
    assert page.locator("#expected").inner_text() == "An answer takes about 40 s, on one thread."
    assert page.locator("#download").is_disabled()
    page.wait_for_selector("#run:enabled")
    button.click()
    page.wait_for_selector("#message:has-text('made in')")
    assert not button.is_visible() and page.locator("#download").is_enabled()
    page.close()


# ---- whom it serves ---------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", slow("dark")])
def test_a_phone_and_a_screen_reader(visit_translator: Visits, scheme: str) -> None:
    page = visit_translator("holes", color_scheme=scheme, viewport={"width": 360, "height": 740}, has_touch=True)
    names = page.call(NAMES_OF_CONTROLS)
    assert len(names) >= 8 and [control for control, name in names if not name] == []
    assert page.call("document.documentElement.scrollWidth") <= 360
    heights = page.call(
        "[...document.querySelectorAll('button, .choice')].filter((one) => one.checkVisibility())"
        ".map((one) => one.getBoundingClientRect().height)"
    )
    assert len(heights) >= 7 and min(heights) >= 44
    label = page.page.locator("#source").get_attribute("aria-label")
    assert label == "Picture: the example, with a hole"
    assert page.page.locator("#picture").get_attribute("aria-label") == "Answer to the example"
    assert page.call("getComputedStyle(document.getElementById('source')).touchAction") == "none"
    for name in ("source", "picture"):
        box = page.page.locator(f"#{name}").bounding_box()
        assert box["width"] % 28 == 0 and box["width"] / 28 == box["height"] / 20 >= 8
    tabs = 0
    while page.call("document.activeElement.id") != "source":
        page.page.keyboard.press("Tab")
        tabs += 1
        assert tabs < 20
    assert page.call("getComputedStyle(document.activeElement).outlineStyle") == "solid"
