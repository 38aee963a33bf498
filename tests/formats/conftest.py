"""Exports that several tests convert, and pages that they open: each takes seconds to make."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sites import KINDS, Visit, any_server, chromium, need_runtime
from small_generators import exported
from small_translators import exported as exported_translator

from tfgan_suite.commands.train import train
from tfgan_suite.config import TrainConfig
from tfgan_suite.formats.conversion import Conversion
from tfgan_suite.formats.web import export_web
from tfgan_suite.serving.saved_generator import SavedGenerator


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs a browser, which few machines have, is in the slow lane."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def version(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Path]]:
    """From the name of a small generator to the folder of its export."""
    made: dict[str, Path] = {}

    def folder(name: str) -> Path:
        if name not in made:
            made[name] = exported(name, tmp_path_factory.mktemp(name))
        return made[name]

    yield folder


@pytest.fixture(scope="session")
def trained_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of two steps on the embedded digits."""
    folder = tmp_path_factory.mktemp("run")
    sizes = {"image_size": "8", "base_filters": 2, "latent_dim": 4, "batch_size": 16}
    settings = {"dataset": "digits", "epochs": 1, "steps_per_epoch": 2, "sample_count": 4, "tensorboard": False}
    paths = {"run_dir": str(folder / "run"), "export_dir": str(folder / "exported")}
    train(TrainConfig.from_preset("cgan", **sizes, **settings, **paths))
    return folder / "run"


@pytest.fixture(scope="session")
def sites(version: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that has a page of each kind in a folder below its root."""
    chromium()
    need_runtime()
    root = tmp_path_factory.mktemp("sites")
    (root / "deep").mkdir()
    for kind in KINDS:
        export_web(version(kind), root / "deep" / kind)
    shutil.copytree(root / "deep" / "classes", root / "deep" / "broken")
    (root / "deep" / "broken" / "model.onnx").unlink()
    with any_server(root) as address:
        yield f"{address}deep/"


@pytest.fixture(scope="session")
def translator(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """From the name of a small translator to the folder of its export."""
    made: dict[str, Path] = {}

    def folder(name: str) -> Path:
        if name not in made:
            made[name] = exported_translator(name, tmp_path_factory.mktemp(name))
        return made[name]

    return folder


@pytest.fixture(scope="session")
def translator_page(
    translator: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Conversion]:
    """From the name of a small translator to its web folder, all beside each other."""
    need_runtime()
    root = tmp_path_factory.mktemp("translator_pages")
    made: dict[str, Conversion] = {}

    def folder(name: str) -> Conversion:
        if name not in made:
            made[name] = export_web(translator(name), root / name)
        return made[name]

    return folder


@pytest.fixture(scope="session")
def translator_sites(translator_page: Callable[[str], Conversion]) -> Iterator[Callable[[str], str]]:
    """From the name of a small translator to the address of its page."""
    chromium()
    with ExitStack() as servers:
        yield cache(lambda name: servers.enter_context(any_server(translator_page(name).path)))


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    reason = "playwright is not installed: pip install playwright"
    playwright = pytest.importorskip("playwright.sync_api", reason=reason)
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def quiet_visit(browser: Any) -> Iterator[Callable[..., Visit]]:
    """Opens the page of an address; at the end none may have said anything or asked another host."""
    visits: list[Visit] = []

    def opened(address: str, **settings: Any) -> Visit:
        visits.append(Visit(browser, address, **settings))
        return visits[-1].ready()

    yield opened
    for one in visits:
        one.context.close()
        assert one.said == []
        own = (one.address.partition("#")[0], "blob:")
        assert [url for url in one.asked if not url.startswith(own)] == []


@pytest.fixture
def visit(quiet_visit: Callable[..., Visit], sites: str) -> Callable[..., Visit]:
    """Opens the page of a kind of generator; see `quiet_visit`."""
    return lambda kind, anchor="", **settings: quiet_visit(f"{sites}{kind}/{anchor}", **settings)


@pytest.fixture
def visit_translator(quiet_visit: Callable[..., Visit], translator_sites: Callable[[str], str]) -> Callable[..., Visit]:
    """Opens the page of a small translator; see `quiet_visit`."""
    return lambda name, **settings: quiet_visit(translator_sites(name), **settings)


@pytest.fixture(scope="session")
def generators(version: Callable[[str], Path]) -> dict[str, SavedGenerator]:
    return {kind: SavedGenerator(version(kind)) for kind in KINDS}
