"""onnxruntime-web, which runs ONNX files in a browser: fetched once, checked, and taken apart by name."""

import io
import os
import sys
import tarfile
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from tfgan_suite.errors import InputError, option
from tfgan_suite.files import writing_whole
from tfgan_suite.npm import Package

NAME, VERSION = "onnxruntime-web", "1.30.0"
# As the registry states it for this version.
INTEGRITY = "sha512-q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ=="
# The build without GPU, which holds the code of one script and one binary. Their names in a web folder from those
# in the tarball: of `.js` every web server knows the type, and browsers refuse a module without one.
FILES = {
    "ort.wasm.bundle.min.js": "package/dist/ort.wasm.bundle.min.mjs",
    "ort-wasm-simd-threaded.wasm": "package/dist/ort-wasm-simd-threaded.wasm",
}
# The tarball has no licence beside that in its code; the Python package of the same project ships the texts.
LICENCES = {"LICENSE.txt": "LICENSE", "ThirdPartyNotices.txt": "ThirdPartyNotices.txt"}


def runtime_files(tarball: Path | str | None = None) -> dict[str, bytes]:
    """The files of the runtime and its licences by name.

    Args:
        tarball: of this very version, as `npm pack` downloads it; None: from the cache of the user, else from the
            registry, which `npm_config_registry` may name.

    Raises:
        InputError: no such file, no network, or content that is not what the registry promises.
    """
    package = Package(NAME, VERSION, INTEGRITY)
    path = Path(tarball) if tarball is not None else cache_folder() / f"{NAME}-{VERSION}.tgz"
    if tarball is None and not (path.is_file() and package.is_genuine(path.read_bytes())):
        path.parent.mkdir(parents=True, exist_ok=True)
        with writing_whole(path) as partial:
            partial.write_bytes(package.fetched(_advice()))
    if not path.is_file():
        raise InputError(
            f"The file {path} of {option('runtime')} does not exist. Get it with: npm pack {NAME}@{VERSION}"
        )
    content = path.read_bytes()
    if not package.is_genuine(content):
        raise InputError(f"The file {path} is not {NAME} {VERSION}: its SHA-512 is another. {_advice()}")
    licences = resources.files("onnxruntime")
    return _extracted(content, path) | {
        name: licences.joinpath(original).read_bytes() for name, original in LICENCES.items()
    }


def cache_folder(environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """Where the platform wants files that can be fetched again.

    >>> cache_folder({"XDG_CACHE_HOME": "/caches"}, "linux").as_posix()
    '/caches/tfgan_suite'
    """
    if environ.get("XDG_CACHE_HOME"):
        base = Path(environ["XDG_CACHE_HOME"])
    elif platform == "win32":
        base = Path(environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    else:
        base = Path.home() / ("Library/Caches" if platform == "darwin" else ".cache")
    return base / "tfgan_suite"


def _advice() -> str:
    return f"Where there is a network: npm pack {NAME}@{VERSION}; then give that file with {option('runtime')}."


def _extracted(content: bytes, path: Path) -> dict[str, bytes]:
    """The named files alone, read into memory: no path in an archive is ever written to."""
    found = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
            for name, member in FILES.items():
                stream = archive.extractfile(member)
                if stream is None:
                    raise InputError(f"{member} in {path} is no file.")
                found[name] = stream.read()
    except (KeyError, EOFError, tarfile.TarError, OSError) as error:
        raise InputError(f"The file {path} cannot be read: {error}. {_advice()}") from error
    return found
