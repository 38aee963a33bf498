"""The formats by name, and where each lies when nothing else is said."""

from pathlib import Path

from tfgan_suite.errors import InputError, option, unknown_choice
from tfgan_suite.exported import DIRECTIONS, version_folder, way_folder
from tfgan_suite.files import is_run
from tfgan_suite.formats.conversion import Conversion
from tfgan_suite.formats.litert import export_litert
from tfgan_suite.formats.onnx import export_onnx
from tfgan_suite.formats.web import export_web
from tfgan_suite.runs.record import read_config

# What a path ends in beside the folder of the SavedModel's versions.
ENDINGS = {"litert": ".tflite", "onnx": ".onnx", "web": "_web"}


def export_as(
    format: str,
    source: str,
    output: str | None = None,
    *,
    int8: bool = False,
    runtime: str | None = None,
    direction: str | None = None,
) -> Conversion:
    """Writes a generator in a format other than a SavedModel.

    Args:
        format: a key of `ENDINGS`.
        source: a run folder, or the folder of a SavedModel or of its versions.
        output: the file or the folder; None: beside the folder of the SavedModel's versions.
        int8: see `export_litert`.
        runtime: see `export_web`.
        direction: of `DIRECTIONS`, of a model that translates both ways; None: the first of them.

    Raises:
        InputError: an unknown format, options of another one, or what the format's own function refuses.
    """
    if format not in ENDINGS:
        raise unknown_choice("format", format, ENDINGS)
    if int8 and format != "litert":
        raise InputError(f"{option('int8')} is of {option('format', 'litert')}. Received: {option('format', format)}.")
    if runtime and format != "web":
        raise InputError(f"{option('runtime')} is of {option('format', 'web')}. Received: {option('format', format)}.")
    path = Path(output) if output else default_output(source, format, direction)
    if format == "litert":
        return export_litert(source, path, int8, direction)
    if format == "onnx":
        return export_onnx(source, path, direction)
    return export_web(source, path, runtime, direction)


def default_output(source: str, format: str, direction: str | None = None) -> Path:
    """Beside the folder of versions: of a SavedModel its own, of a run the one that it is exported to.

    Raises:
        InputError: there is no generator.
    """
    if is_run(source):
        base = Path(read_config(Path(source)).config.export_dir or "saved_models/generator")
        if direction or any((base / way).is_dir() for way in DIRECTIONS):
            base /= direction or DIRECTIONS[0]
    else:
        base = _named(version_folder(way_folder(source, direction))).parent
    base = _named(base)
    return base.with_name(base.name + ENDINGS[format])


def _named(path: Path) -> Path:
    """The path, spelled out where it is one such as `.` or `..`."""
    return path if path.name not in ("", "..") else path.resolve()
