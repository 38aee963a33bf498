"""What a converted generator gives where the SavedModel refuses: NaN in that row alone, in every format."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lanes import corners
from runtimes import FORMATS, needs_runtimes, run_alone

from tfgan_suite.errors import InputError
from tfgan_suite.formats.source import opened
from tfgan_suite.serving.saved_generator import SavedGenerator

pytestmark = needs_runtimes
OUTSIDE: dict[str, tuple] = {
    "classes": (-1, 3, 99, 2**31 - 1, -(2**31)),
    "half_classes": (-1, 3),
    "attributes": (-1, 2, 0.5, np.nan, np.inf, 1e-30),
    "mlp_of_4_channels": (),
}
ROWS, WRONG = 5, 2
BESIDE = np.arange(ROWS) != WRONG


@pytest.fixture(scope="module")
def converted(version: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """The file of a small generator in a format, made once."""
    made: dict[tuple[str, str], Path] = {}

    def path(kind: str, format: str) -> Path:
        if (kind, format) not in made:
            suffix, export = FORMATS[format]
            made[kind, format] = export(version(kind), tmp_path_factory.mktemp(kind) / f"g{suffix}").path
        return made[kind, format]

    return path


@pytest.mark.parametrize(
    ("kind", "format"),
    corners(
        itertools.product(OUTSIDE, FORMATS),
        *(("classes", format) for format in FORMATS),
        ("attributes", "onnx"),
        ("mlp_of_4_channels", "litert"),
    ),
)
def test_wrong_rows_are_nan_and_spoil_no_other(
    converted: Callable[..., Path], version: Callable[[str], Path], kind: str, format: str
) -> None:
    generator = SavedGenerator(version(kind))
    with opened(version(kind)) as source:
        latents, labels = source.inputs(ROWS)
    path = converted(kind, format)
    right = run_alone(path, latents, labels)
    assert np.isfinite(right).all() and right.std() > 0.05

    def check(latents: np.ndarray, labels: Any) -> None:
        with pytest.raises(InputError):
            generator.images_from_latents(latents, labels)
        images = run_alone(path, latents, labels)
        assert np.isnan(images[WRONG]).all()
        np.testing.assert_allclose(images[BESIDE], right[BESIDE], rtol=0, atol=1e-6)

    for value in (np.nan, np.inf, -np.inf):
        wrong = latents.copy()
        wrong[WRONG, 3] = value
        check(wrong, labels)
    for value in OUTSIDE[kind]:
        wrong = labels.copy()
        wrong[(WRONG, 1)[: wrong.ndim]] = value
        check(latents, wrong)


@pytest.mark.parametrize("format", FORMATS)
def test_every_label_inside_gives_an_image(converted: Callable[..., Path], format: str) -> None:
    latents = np.tile(np.linspace(-1, 1, 6, dtype=np.float32), (8, 1))
    for kind, labels in (
        ("classes", np.arange(8, dtype=np.int32) % 3),
        ("attributes", np.array([list(np.binary_repr(i, 3)) for i in range(8)], np.float32)),
    ):
        images = run_alone(converted(kind, format), latents, labels)
        assert np.isfinite(images).all() and len(np.unique(images, axis=0)) == len(np.unique(labels, axis=0))
