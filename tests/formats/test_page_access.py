"""The web page in a real browser: whom it serves, what it keeps to itself, and what it says when it fails."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lanes import corners
from sites import KINDS, NAMES_OF_CONTROLS, Visit, any_server

from tfgan_suite.serving.saved_generator import SavedGenerator


def test_the_policy_keeps_the_page_to_itself(browser: Any, sites: str) -> None:
    page = Visit(browser, f"{sites}classes/").ready()
    with any_server(Path(__file__).parent) as other:
        refused = page.call("(url) => fetch(url).then(() => 'fetched', () => 'refused')", f"{other}sites.py")
        assert refused == "refused"
        page.call("(url) => { document.body.append(Object.assign(new Image(), { src: url })); }", f"{other}x.png")
    inline = "Object.assign(document.createElement('script'), { textContent: 'window.broken = 1' })"
    page.call(f"() => document.body.append({inline})")
    page.page.wait_for_timeout(200)
    assert page.call("window.broken === undefined")
    assert len([line for line in page.said if line.startswith("policy")]) == 3
    page.context.close()


@pytest.mark.parametrize("kind", corners(KINDS, "classes", "attributes"))
def test_every_control_has_a_name(visit: Callable[..., Visit], kind: str) -> None:
    page = visit(kind)
    page.page.wait_for_selector("#samples button:nth-child(12)")
    names = page.call(NAMES_OF_CONTROLS)
    assert len(names) >= 20 and [control for control, name in names if not name] == []
    assert page.page.locator("canvas#picture").get_attribute("aria-label") == page.call("window.tfgan.description")
    assert page.call("[document.documentElement.lang, document.querySelectorAll('h1').length]") == ["en", 1]
    assert page.page.locator("#status").get_attribute("aria-live") == "polite"


CONTRASTS = """() => { const style = getComputedStyle(document.documentElement);
  const luminance = (name) => { const hex = style.getPropertyValue(name).trim();
    const [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255)
      .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const pairs = [["--text", "--page"], ["--text", "--card"], ["--quiet", "--page"], ["--quiet", "--card"],
    ["--accent", "--page"], ["--on-accent", "--accent"]];
  return pairs.map((pair) => { const [low, high] = pair.map(luminance).sort((a, b) => a - b);
      return (high + 0.05) / (low + 0.05); }); }"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark_on_a_phone(visit: Callable[..., Visit], scheme: str) -> None:
    page = visit("classes", color_scheme=scheme, viewport={"width": 360, "height": 740})
    page.page.wait_for_selector("#samples button:nth-child(12)")
    background = page.call("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", background))) > 384) == (scheme == "light")
    ratios = page.call(CONTRASTS)
    assert len(ratios) == 6 and min(ratios) >= 4.5  # WCAG 2.2, level AA
    assert page.call("document.documentElement.scrollWidth") <= 360
    heights = page.call(
        "[...document.querySelectorAll('button, .choice')].map((one) => one.getBoundingClientRect().height)"
    )
    assert len(heights) > 15 and min(heights) >= 44
    page.page.locator("#pad").scroll_into_view_if_needed()
    top, bottom = page.call(
        "(({ top, bottom }) => [top, bottom])(document.getElementById('picture').getBoundingClientRect())"
    )
    assert 0 <= top < bottom <= 740  # in sight while one walks


def test_the_picture_grows_by_whole_pixels(visit: Callable[..., Visit]) -> None:
    page = visit("mlp_of_4_channels", viewport={"width": 1000, "height": 700})
    box = page.page.locator("#picture").bounding_box()
    assert box["width"] % 7 == box["height"] % 5 == 0 and box["width"] / 7 == box["height"] / 5 > 20
    assert page.call("getComputedStyle(document.getElementById('picture')).imageRendering") == "pixelated"


def test_the_time_to_the_first_picture_is_told(visit: Callable[..., Visit]) -> None:
    output = visit("classes").page.locator("#first-picture")
    milliseconds = float(output.get_attribute("data-milliseconds"))
    seconds = re.fullmatch(r"(\d+\.\d) s", output.inner_text())
    assert 10 < milliseconds < 60_000 and seconds
    assert float(seconds[1]) == pytest.approx(milliseconds / 1000, abs=0.051)  # of milliseconds that were rounded


def test_a_folder_that_lacks_its_model_says_so(browser: Any, sites: str) -> None:
    page = Visit(browser, f"{sites}broken/")
    page.page.wait_for_selector("#message[role=alert]")
    assert page.page.locator("#message").inner_text() == "This cannot go on: model.onnx: HTTP 404"
    assert page.page.locator("#download").is_disabled()
    page.context.close()


def test_cards_hold_no_surprise(sites: str, browser: Any) -> None:
    """Label names are text, whatever they hold."""
    page = browser.new_page()
    card = json.loads(page.request.get(f"{sites}classes/card.json").text())
    card["label_names"] = ["<img src=x onerror=alert(1)>", "b", "c"]
    page.route("**/card.json", lambda route: route.fulfill(json=card))
    page.goto(f"{sites}classes/")
    page.wait_for_selector("#first-picture[data-milliseconds]")
    assert page.locator("#label-choices label").first.inner_text() == "<img src=x onerror=alert(1)>"
    assert page.locator("#label-choices img").count() == 0
    page.close()


def test_many_classes_become_a_list(browser: Any, sites: str, generators: dict[str, SavedGenerator]) -> None:
    page = browser.new_page()
    card = json.loads(page.request.get(f"{sites}classes/card.json").text())
    card |= {"num_classes": 30, "label_names": ["a", "b", "c"]}
    page.route("**/card.json", lambda route: route.fulfill(json=card))
    page.goto(f"{sites}classes/#seed=4")
    page.wait_for_selector("#first-picture[data-milliseconds]")
    choice = page.get_by_role("combobox", name="Class")
    assert choice.locator("option").all_inner_texts() == ["a", "b", "c", *map(str, range(3, 30))]
    choice.select_option("c")
    page.wait_for_selector("#message:has-text('class 2 (c)')")
    image = np.array(page.evaluate("Array.from(window.tfgan.image)"), np.float32).reshape(8, 8, 1)
    np.testing.assert_allclose(image, generators["classes"].generate(np.array([4]), [2])[0], atol=1e-5)
    page.close()
