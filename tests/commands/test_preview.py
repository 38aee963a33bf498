"""The server of a web folder."""

import http.client
import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tfgan_suite.commands.preview import preview, serving
from tfgan_suite.errors import InputError

FILES = {
    "index.html": b"<p>page</p>",
    "card.json": json.dumps({"made_by": "tfgan_suite 0"}).encode(),
    "page.js": b"1",
    "model.onnx": b"\0\1",
    "runtime/ort.mjs": b"2",
    "runtime/ort.wasm": b"\0asm",
    "style.css": b"p {}",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        (tmp_path / "site" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "site" / name).write_bytes(content)
    (tmp_path / "secret.txt").write_text("secret")
    return tmp_path / "site"


@pytest.fixture
def port(folder: Path) -> Iterator[int]:
    with serving(folder, 0, "127.0.0.1") as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def ask(port: int, path: str, method: str = "GET") -> tuple[int, str | None, bytes]:
    """Status, type and body; the path goes out as it is."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, answer.getheader("Content-Type"), body


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("", "text/html; charset=utf-8"),
        ("page.js", "text/javascript; charset=utf-8"),
        ("style.css", "text/css; charset=utf-8"),
        ("model.onnx", "application/octet-stream"),
        ("runtime/ort.mjs", "text/javascript; charset=utf-8"),
        ("runtime/ort.wasm", "application/wasm"),
        ("card.json", "application/json"),
    ],
)
def test_files_and_their_types(port: int, name: str, kind: str) -> None:
    assert ask(port, f"/{name}?x=1#y") == (200, kind, FILES[name or "index.html"])
    assert ask(port, f"/{name}", "HEAD") == (200, kind, b"")


@pytest.mark.parametrize(
    "path",
    ["/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "//secret.txt", "/nowhere", "/runtime/", "/%00"],
)
def test_nothing_else_is_given(port: int, path: str) -> None:
    status, _, body = ask(port, path)
    assert status == 404 and b"secret" not in body.replace(b"/secret.txt", b"") and b"ort.wasm" not in body


def test_no_link_leads_out(port: int, folder: Path) -> None:
    (folder / "out.txt").symlink_to(folder.parent / "secret.txt")
    (folder / "up").symlink_to(folder.parent)
    (folder / "inside.js").symlink_to(folder / "page.js")
    assert ask(port, "/out.txt")[0] == ask(port, "/up/secret.txt")[0] == 404
    assert ask(port, "/inside.js")[2] == b"1"


def test_it_only_reads(port: int, folder: Path) -> None:
    for method in ("POST", "PUT", "DELETE"):
        assert ask(port, "/page.js", method)[0] == 501
    assert (folder / "page.js").read_bytes() == b"1"


@pytest.mark.parametrize("damage", ["card", "other card", "no object", "index"])
def test_folders_of_others_are_refused(folder: Path, damage: str) -> None:
    cards = {"card": "{", "other card": '{"made_by": "someone"}', "no object": "[]"}
    if damage == "index":
        (folder / "index.html").unlink()
    else:
        (folder / "card.json").write_text(cards[damage])
    with pytest.raises(InputError, match=r"is no web folder.*Expected a folder that export\.py --format web wrote"):
        preview(folder, 0)


def test_addresses_that_cannot_be_listened_at(folder: Path, port: int) -> None:
    with pytest.raises(InputError, match=rf"^Port {port} of 127\.0\.0\.1 is taken\. Choose another with --port\.$"):
        preview(folder, port)
    with pytest.raises(InputError, match="--port must be in"):
        preview(folder, 65536)
    with pytest.raises(InputError, match=r"203\.0\.113\.1:8000 cannot be listened at"):
        preview(folder, 8000, "203.0.113.1")


def behind_a_shell() -> None:
    """What a shell without job control does to what it puts behind it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_it_quietly(folder: Path, number: int) -> None:
    code = "import sys; from tfgan_suite.commands.preview import preview; preview(sys.argv[1], 0)"
    command = [sys.executable, "-c", code, str(folder)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=behind_a_shell
    ) as process:
        try:
            line = process.stdout.readline()
            assert line.startswith("preview: http://127.0.0.1:") and line.endswith("/ (Ctrl-C ends it)\n")
            port = int(line.split(":")[3].partition("/")[0])
            assert ask(port, "/")[2] == b"<p>page</p>"
            assert ask(port, "/" + "x" * 300)[0] == 404
            # A browser keeps its connection open.
            with socket.create_connection(("127.0.0.1", port)):
                process.send_signal(number)
                rest, errors = process.communicate(timeout=20)
        finally:
            process.kill()
    assert (process.returncode, rest, errors) == (0, "", "")
