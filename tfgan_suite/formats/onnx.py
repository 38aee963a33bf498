"""A generator for ONNX Runtime, which runs on most systems and in browsers."""

import json
from pathlib import Path

from tfgan_suite.errors import InputError, one_line
from tfgan_suite.formats.conversion import Conversion
from tfgan_suite.formats.files import AnyDifference, checked, written
from tfgan_suite.formats.source import Source, check_output, missing_extra, opened
from tfgan_suite.formats.translator import TranslatorSource
from tfgan_suite.startup.quiet import quiet

# Of January 2021, so that older runtimes read it too; the generators need nothing newer.
OPSET = 15


def export_onnx(source: Path | str, path: Path | str, direction: str | None = None) -> Conversion:
    """Writes a generator as an ONNX file, compared with the original before it appears.

    Inputs `latents` float32 (N, L) and, of a conditional generator, `labels`; output `images` float32
    (N, H, W, C) in [-1, 1], for any N. A translator takes `source` uint8 (N, H, W, C) and perhaps `masks`, gives
    `images` uint8, and has its card beside it; see `FrozenTranslator` and `written`. The file's metadata hold the card
    of the export.

    Args:
        source: a run folder, or the folder of a SavedModel or of its versions.
        path: the file, NAME.onnx.
        direction: of a model that translates both ways; see `opened`.

    Returns:
        What was written, with its difference.

    Raises:
        InputError: no generator, a path that cannot be written, missing libraries, or images that differ by
            more than `check_exact` or `check_pixels` allows.
    """
    path = check_output(path, ".onnx")
    check_libraries("onnx")
    with opened(source, direction) as generator:
        content, difference, note = converted(generator)
        return written(path, content, generator, difference, note)


def check_libraries(name: str) -> None:
    """Refuses the format where its libraries are missing.

    Raises:
        InputError: they are.
    """
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
        import tf2onnx  # noqa: F401
    except ImportError as error:
        raise missing_extra(name, error) from error


def converted(source: Source | TranslatorSource) -> tuple[bytes, AnyDifference, str]:
    """The content of an ONNX file, its difference and a note, checked as `export_onnx` says."""
    import onnxruntime

    with quiet():
        content = _convert(source)
        try:
            session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
        except Exception as error:  # an operation without a kernel; the runtime has kinds of its own
            raise _refusal(source, error) from error
        difference, note = checked(lambda inputs: session.run(["images"], inputs)[0], source)
        return content, difference, note


def _convert(source: Source | TranslatorSource) -> bytes:
    import onnx
    import tf2onnx

    # The name of the generator's own, in place of that of a function that was traced.
    try:
        model, _ = tf2onnx.convert.from_function(source.frozen.function, source.frozen.specs, opset=OPSET)
    except Exception as error:  # for operations that it does not know
        raise _refusal(source, error) from error
    model.graph.name = source.name
    onnx.helper.set_model_props(model, {"tfgan_suite": json.dumps(source.card)})
    return model.SerializeToString()


def _refusal(source: Source | TranslatorSource, error: Exception) -> InputError:
    return InputError(f"The generator {source.name} cannot be converted to ONNX: {one_line(str(error))}")
