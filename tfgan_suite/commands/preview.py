"""A web folder on this machine's own web server."""

import contextlib
import errno
import functools
import json
import signal
import sys
import threading
from collections.abc import Iterator
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tfgan_suite.errors import InputError


def preview(folder: Path | str, port: int = 8000, host: str = "127.0.0.1") -> None:
    """Serves a folder of `export.py --format web` until Ctrl-C or SIGTERM, and prints its address.

    Args:
        folder: the web folder.
        port: 0 takes any that is free.
        host: the address to listen at; other machines can read the folder unless it is a loopback address.

    Raises:
        InputError: no web folder, or an address that cannot be listened at.
    """
    with serving(folder, port, host) as server, _ended_by_signals():
        address = f"http://{host}:{server.server_address[1]}/"
        print(f"preview: {address} (Ctrl-C ends it)", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()


@contextlib.contextmanager
def serving(folder: Path | str, port: int, host: str) -> Iterator[ThreadingHTTPServer]:
    """A server that listens; `serve_forever` lets it answer.

    Raises:
        InputError: see `preview`.
    """
    root = Path(folder).resolve()
    _check(root)
    if not 0 <= port <= 65535:
        raise InputError(f"--port must be in 0..65535. Received: {port}.")
    try:
        server = _Server((host, port), functools.partial(_Handler, directory=str(root)))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise InputError(f"Port {port} of {host} is taken. Choose another with --port.") from error
        raise InputError(f"{host}:{port} cannot be listened at: {error.strerror}. Choose another.") from error
    with server:
        yield server


def _check(root: Path) -> None:
    expected = "Expected a folder that export.py --format web wrote."
    try:
        card = json.loads((root / "card.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{root} is no web folder: its card.json cannot be read. {expected}") from error
    ours = isinstance(card, dict) and str(card.get("made_by", "")).startswith("tfgan_suite")
    if not ours or not (root / "index.html").is_file():
        raise InputError(f"{root} is no web folder of tfgan_suite. {expected}")


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Makes SIGTERM what Ctrl-C is, and Ctrl-C heard where a shell had a background process ignore it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Server(ThreadingHTTPServer):
    daemon_threads = True  # a browser that keeps its connection must not keep the server

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says nothing of a browser that leaves before it has all, as at a reload."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(SimpleHTTPRequestHandler):
    """Files of one folder, and nothing else: no listings, and no link that leads out of it."""

    # Not the machine's own table, which may lack them or have been changed.
    extensions_map = {  # noqa: RUF012
        ".html": "text/html; charset=utf-8",
        ".css": "text/css; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
        ".mjs": "text/javascript; charset=utf-8",
        ".json": "application/json",
        ".svg": "image/svg+xml",
        ".txt": "text/plain; charset=utf-8",
        ".wasm": "application/wasm",
        ".onnx": "application/octet-stream",
        "": "application/octet-stream",
    }

    def send_head(self) -> Any:
        path = Path(self.translate_path(self.path))
        try:
            if path.is_dir():
                path /= "index.html"
            is_ours = path.is_file() and path.resolve().is_relative_to(self.directory)
        except OSError:  # such as a name that is too long
            is_ours = False
        if not is_ours:
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        return super().send_head()

    def guess_type(self, path: Any) -> str:
        return self.extensions_map.get(Path(path).suffix.lower(), self.extensions_map[""])

    def end_headers(self) -> None:
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-cache")  # a folder that was exported again is seen at once
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: what fails is seen in the browser."""
