"""Web folders of small generators, and the browser that looks at them."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tfgan_suite.errors import InputError
from tfgan_suite.formats.runtime import runtime_files

KINDS = ("classes", "attributes", "mlp_of_4_channels")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# What the page is kept from becomes a message.
WATCH = """document.addEventListener("securitypolicyviolation",
  (event) => console.error("policy", event.blockedURI));"""

# Of what a person can use or see, so that a screen reader has it as well.
NAMES_OF_CONTROLS = """() => [...document.querySelectorAll("button, input, select, canvas[role], progress, #pad")]
  .filter((one) => one.checkVisibility({ visibilityProperty: true }) || one.type === "range")
  .map((one) => [one.tagName + "#" + one.id, one.getAttribute("aria-label") ||
    document.getElementById(one.getAttribute("aria-labelledby"))?.textContent.trim() ||
    [...(one.labels ?? [])].map((label) => label.textContent.trim()).join(" ") || one.textContent.trim()])"""


def chromium() -> str:
    """The browser's path; skips the test where there is none."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"none of {', '.join(BROWSERS)} is on PATH: apt-get install chromium")
    return found


def need_runtime() -> None:
    """Skips the test where the runtime is neither cached nor can be fetched."""
    pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")
    pytest.importorskip("tf2onnx", reason="the extra onnx is not installed")
    try:
        runtime_files()
    except InputError as error:
        pytest.skip(str(error))


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def any_server(folder: Path) -> Iterator[str]:
    """Python's own static server, which knows nothing of these pages."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


class Visit:
    """A page that is open, and all that it said and asked for."""

    def __init__(self, browser: Any, address: str, **settings: Any):
        self.context = browser.new_context(**settings)
        self.context.add_init_script(WATCH)
        self.page = self.context.new_page()
        self.page.set_default_timeout(60_000)
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.context.on("request", lambda request: self.asked.append(request.url))
        self.address = address
        self.page.goto(address)

    def ready(self) -> "Visit":
        self.page.wait_for_selector("#first-picture[data-milliseconds]")
        return self

    def call(self, expression: str, argument: Any = None) -> Any:
        return self.page.evaluate(expression, argument)

    def image(self, shape: tuple[int, ...]) -> np.ndarray:
        """The floats of the picture, once the newest is shown."""
        self.call("async () => { await window.tfgan.ready; await window.tfgan.show({}); }")
        self.page.wait_for_timeout(100)
        return np.array(self.call("Array.from(window.tfgan.image)"), np.float32).reshape(shape)

    def shown(self, selector: str = "#picture") -> np.ndarray:
        """What a canvas shows, uint8 (H, W, 4)."""
        size, data = self.call(
            """(selector) => { const { height, width } = document.querySelector(selector);
            const context = document.querySelector(selector).getContext("2d");
            return [[height, width], Array.from(context.getImageData(0, 0, width, height).data)]; }""",
            selector,
        )
        return np.array(data, np.uint8).reshape(*size, 4)
