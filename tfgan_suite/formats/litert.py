"""A generator for phones and small devices: LiteRT, which was TensorFlow Lite."""

from pathlib import Path
from typing import Any

import tensorflow as tf

from tfgan_suite.errors import InputError, one_line
from tfgan_suite.formats.conversion import Conversion
from tfgan_suite.formats.files import Run, checked, written
from tfgan_suite.formats.source import Source, check_output, missing_extra, opened
from tfgan_suite.formats.translator import TranslatorSource
from tfgan_suite.startup.quiet import quiet


def export_litert(source: Path | str, path: Path | str, int8: bool = False, direction: str | None = None) -> Conversion:
    """Writes a generator as a LiteRT file, compared with the original before it appears.

    Its signature is that of the SavedModel: `latents` float32 (N, L) and, of a conditional generator,
    `labels` -> `images` float32 (N, H, W, C) in [-1, 1], for any N. A translator takes `source` uint8 (N, H, W, C) and
    perhaps `masks`, gives `images` uint8, and has its card beside it; see `FrozenTranslator` and `written`.

    Args:
        source: a run folder, or the folder of a SavedModel or of its versions.
        path: the file, NAME.tflite.
        int8: whether to store weights in 8 bits, a quarter of the size. What is computed stays floats.
        direction: of a model that translates both ways; see `opened`.

    Returns:
        What was written, with its difference.

    Raises:
        InputError: no generator, a path that cannot be written, missing libraries, or images that differ: by more
            than `check_exact` or `check_pixels` allows, or with `int8` by more than those of other seeds or pictures.

    Reference: Jacob et al., 2017, arXiv 1712.05877.
    """
    path = check_output(path, ".tflite")
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        raise missing_extra("litert", error) from error
    with opened(source, direction) as generator, quiet():
        content = _convert(generator, int8)
        run = _run(Interpreter(model_content=content))
        difference, note = checked(run, generator, "weights in 8 bits" if int8 else "")
        return written(path, content, generator, difference, note)


def _convert(source: Source | TranslatorSource, int8: bool) -> bytes:
    holder = tf.Module()  # the converter wants what holds the variables, of which there are none
    converter = tf.lite.TFLiteConverter.from_concrete_functions([source.frozen.concrete], holder)
    if int8:
        # Of the weights alone. With activations in 8 bits too, calibrated on 100 samples, the images of a cgan of
        # MNIST were off by 0.16 in the mean, against 0.002 so.
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    try:
        return converter.convert()
    except Exception as error:  # the converter raises many kinds for operations that it does not know
        raise InputError(
            f"The generator {source.name} cannot be converted to LiteRT: {one_line(str(error))}"
        ) from error


def _run(interpreter: Any) -> Run:
    run = interpreter.get_signature_runner()
    return lambda inputs: run(**inputs)["images"]
