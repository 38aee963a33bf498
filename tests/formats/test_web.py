"""The web folder as it lies on the disk."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sites import need_runtime
from small_generators import CARD
from small_translators import small_translator, unet

from tfgan_suite.errors import InputError
from tfgan_suite.formats import web
from tfgan_suite.formats.conversion import Conversion
from tfgan_suite.formats.web import export_web
from tfgan_suite.models.costs import cost
from tfgan_suite.serving.export import export_generator

PAGE = Path(web.__file__).parent / "page"
PAGES = {"generator": web.OF_GENERATORS, "translator": web.OF_TRANSLATORS}
BESIDE = {"card.json", "model.onnx"} | {
    f"runtime/{name}"
    for name in ("LICENSE.txt", "ThirdPartyNotices.txt", "ort-wasm-simd-threaded.wasm", "ort.wasm.bundle.min.js")
}


def test_the_folder_holds_what_the_page_needs_and_no_more(version: Callable[[str], Path], tmp_path: Path) -> None:
    need_runtime()
    folder = tmp_path / "site"
    folder.mkdir()
    conversion = export_web(version("classes"), folder)
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    assert set(found) == {*web.OF_GENERATORS, *BESIDE} and list(tmp_path.iterdir()) == [folder]
    assert conversion.size == sum(path.stat().st_size for path in found.values())
    assert conversion.path == folder and conversion.difference < 1e-5
    card = json.loads(found["card.json"].read_text())
    assert card.items() >= CARD.items()
    assert card["image_shape"] == [8, 8, 1] and (card["latent_dim"], card["num_classes"]) == (6, 3)
    assert card["made_by"].startswith("tfgan_suite ") and card["runtime"].startswith("onnxruntime-web 1.")
    assert card["name"] == "cgan trained on tiny, train (32 images)"
    assert card["sizes"] == {name: found[name].stat().st_size for name in card["sizes"]}
    import onnxruntime

    session = onnxruntime.InferenceSession(found["model.onnx"].read_bytes(), providers=["CPUExecutionProvider"])
    inputs = {"latents": np.zeros((3, 6), np.float32), "labels": np.arange(3, dtype=np.int32)}
    assert session.run(None, inputs)[0].shape == (3, 8, 8, 1)


@pytest.mark.parametrize("page", PAGES)
def test_every_file_of_a_page_is_asked_for(page: str) -> None:
    text = "".join((PAGE / origin).read_text(encoding="utf-8") for origin in PAGES[page].values())
    for name in {*PAGES[page], *BESIDE} - {"index.html"}:
        assert f'"{name}"' in text or f'"./{name}"' in text, name
    asked = set(re.findall(r'from "\./([\w.]+)"', text))
    assert asked <= set(PAGES[page])


def test_every_file_is_shipped() -> None:
    assert {path.name for path in PAGE.iterdir()} == {name for page in PAGES.values() for name in page.values()}


@pytest.mark.parametrize(("page", "script"), [("generator", "page.js"), ("translator", "translating.js")])
def test_a_page_names_no_other_host_and_has_no_inline_code(page: str, script: str) -> None:
    for name in PAGES[page].values():
        addresses = re.findall(r"(?:https?:)?//[\w.-]+\.\w{2,}[^\s\"']*", (PAGE / name).read_text(encoding="utf-8"))
        assert set(addresses) <= {"http://www.w3.org/2000/svg"}, name
    html = (PAGE / PAGES[page]["index.html"]).read_text(encoding="utf-8")
    assert re.findall(r"<script[^>]*>", html) == [f'<script type="module" src="{script}">']
    assert not re.search(r"\sstyle=|\son\w+=|<style", html)
    policy = dict(part.split(" ", 1) for part in re.search(r'Policy" content="([^"]*)"', html)[1].split("; "))
    assert policy["default-src"] == "'none'"
    assert set(policy.values()) == {"'none'", "'self'", "'self' 'wasm-unsafe-eval'"}


def test_the_folder_of_a_translator(translator_page: Callable[[str], Conversion]) -> None:
    conversion = translator_page("holes")
    found = {
        path.relative_to(conversion.path).as_posix(): path for path in conversion.path.rglob("*") if path.is_file()
    }
    assert set(found) == {*web.OF_TRANSLATORS, *BESIDE}
    assert conversion.in_levels and conversion.size == sum(path.stat().st_size for path in found.values())
    card = json.loads(found["card.json"].read_text())
    assert card["source_shape"] == [20, 28, 4] and card["has_mask"] and card["background"] == "#ffa500"
    assert card["name"] == "pix2pix trained on tiny, train (32 pairs)" and card["fit"] == "pad"
    assert card["converted"]["levels_from_saved_model"]["largest"] <= 1
    network = small_translator("holes").translating_generator
    assert card["operations"] == pytest.approx(cost(network)[0], rel=0.02)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "said"), [("two", "given pictures of 1, 3 or 4 channels"), ("five", "shows images")])
def test_pictures_that_no_browser_has(name: str, said: str, tmp_path: Path) -> None:
    need_runtime()
    channels = {"two": (2, 3), "five": (3, 5)}[name]
    version = export_generator(unet((8, 8), *channels), tmp_path / "out", verify=False)
    with pytest.raises(InputError, match=said):
        export_web(version, tmp_path / "site")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_folders_that_cannot_be_written(version: Callable[[str], Path], tmp_path: Path) -> None:
    pytest.importorskip("tf2onnx", reason="the extra onnx is not installed")
    full = tmp_path / "full"
    full.mkdir()
    (full / "notes.txt").touch()
    with pytest.raises(InputError, match="is not empty"):
        export_web(version("classes"), full)
    with pytest.raises(InputError, match="does not exist"):
        export_web(version("classes"), tmp_path / "nowhere" / "site")
    with pytest.raises(InputError, match="of runtime does not exist"):
        export_web(version("classes"), tmp_path / "site", tmp_path / "none.tgz")
    with pytest.raises(InputError, match=r"must be a folder\. .*notes\.txt is a file"):
        export_web(version("classes"), full / "notes.txt")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["full"]


def test_a_write_that_fails_leaves_nothing(
    version: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need_runtime()
    written: list[Path] = []
    write = Path.write_bytes

    def until_the_disk_is_full(path: Path, content: bytes) -> int:
        if ".partial_site" in str(path):
            written.append(path)
            if len(written) == 5:
                raise OSError(28, "No space left on device")
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", until_the_disk_is_full)
    with pytest.raises(OSError, match="No space"):
        export_web(version("classes"), tmp_path / "site")
    assert len(written) == 5 and list(tmp_path.iterdir()) == []
