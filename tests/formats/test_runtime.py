"""The runtime of the web page: where it comes from, and that it is the right one."""

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from registry import Registry, packed

from tfgan_suite.errors import InputError
from tfgan_suite.formats import runtime
from tfgan_suite.formats.runtime import cache_folder, runtime_files

pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")

CONTENT = {member: f"code of {name}".encode() for name, member in runtime.FILES.items()}
TRAPS = {"package/../../outside": b"trap", "/tmp/outside": b"trap", "package/README.md": b"not needed"}


def trusted(content: bytes, monkeypatch: pytest.MonkeyPatch) -> bytes:
    digest = base64.b64encode(hashlib.sha512(content).digest()).decode()
    monkeypatch.setattr(runtime, "INTEGRITY", f"sha512-{digest}")
    return content


@pytest.fixture
def registry(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Registry]:
    content, status = getattr(request, "param", (packed(CONTENT | TRAPS), 200))
    found = Registry(content, status)
    monkeypatch.setenv("npm_config_registry", found.url)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    yield found
    found.close()


def test_fetched_once_and_taken_apart_by_name(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    content = trusted(packed(CONTENT | TRAPS), monkeypatch)
    registry_content = Registry(content)
    monkeypatch.setenv("npm_config_registry", registry_content.url)
    for _ in range(2):
        files = runtime_files()
        assert set(files) == {*runtime.FILES, "LICENSE.txt", "ThirdPartyNotices.txt"}
        assert {name: files[name] for name in runtime.FILES} == {n: CONTENT[m] for n, m in runtime.FILES.items()}
        assert files["LICENSE.txt"].startswith(b"MIT License") and b"Microsoft" in files["LICENSE.txt"]
    assert registry_content.paths == [f"/npm/onnxruntime-web/-/onnxruntime-web-{runtime.VERSION}.tgz"]
    cached = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert [path.name for path in cached] == [f"onnxruntime-web-{runtime.VERSION}.tgz"]
    cached[0].write_bytes(b"damaged")
    assert runtime_files() == files and len(registry_content.paths) == 2
    registry_content.close()


@pytest.mark.parametrize(
    ("registry", "said"),
    [
        (
            (b"", 404),
            r"cannot be fetched from http://127\.0\.0\.1:\d+/npm/.* \(HTTP 404\)\. Where there is a network: ",
        ),
        ((b"something else", 200), r"is not onnxruntime-web .*: its SHA-512 is another"),
    ],
    indirect=["registry"],
)
def test_registries_that_do_not_have_it(registry: Registry, said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=said) as refused:
        runtime_files()
    assert "secret" not in str(refused.value) and "\n" not in str(refused.value)
    assert [path for path in (tmp_path / "cache").rglob("*") if path.is_file()] == []


def test_no_network_is_one_clear_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", "http://127.0.0.1:9")
    monkeypatch.delenv("npm_config_registry", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(InputError, match=r"\(ConnectionError\)\. Where there is a network: npm pack onnxruntime-web@"):
        runtime_files()


def test_a_tarball_of_ones_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "own.tgz"
    with pytest.raises(InputError, match=r"own\.tgz of runtime does not exist"):
        runtime_files(path)
    path.write_bytes(packed(CONTENT))
    with pytest.raises(InputError, match=r"own\.tgz is not onnxruntime-web"):
        runtime_files(path)
    trusted(path.read_bytes(), monkeypatch)
    assert set(runtime_files(path)) > set(runtime.FILES)
    lacking = packed(dict(list(CONTENT.items())[1:]))
    path.write_bytes(trusted(lacking, monkeypatch))
    with pytest.raises(InputError, match="cannot be read"):
        runtime_files(path)


@pytest.mark.parametrize(
    ("environ", "platform", "expected"),
    [
        ({"XDG_CACHE_HOME": "/caches"}, "linux", Path("/caches/tfgan_suite")),
        ({}, "linux", Path.home() / ".cache/tfgan_suite"),
        ({}, "darwin", Path.home() / "Library/Caches/tfgan_suite"),
        ({"LOCALAPPDATA": "/local"}, "win32", Path("/local/tfgan_suite")),
    ],
)
def test_caches_lie_where_the_platform_has_them(environ: dict[str, str], platform: str, expected: Path) -> None:
    assert cache_folder(environ, platform) == expected
