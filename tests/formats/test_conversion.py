"""What a converted generator must keep to, with generators whose differences are known."""

import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tfgan_suite.errors import InputError
from tfgan_suite.formats.conversion import BATCH_SIZES, Conversion, check_exact, check_lossy, check_refusals, compare
from tfgan_suite.labels import Labels
from tfgan_suite.startup.quiet import quiet

Images = Callable[[np.ndarray, np.ndarray | None], np.ndarray]


def plain(latents: np.ndarray, labels: np.ndarray | None = None) -> np.ndarray:
    """Two latents as an image of two pixels."""
    return np.clip(latents, -1, 1).reshape(-1, 2, 1, 1)


def shifted(by: float) -> Images:
    return lambda latents, labels: plain(latents) + np.float32(by)


def source_of(images: Images = plain, was_half: bool = False, wide: Images = plain) -> SimpleNamespace:
    def inputs(rows: int) -> tuple[np.ndarray, None]:
        return np.random.default_rng(0).normal(0, 0.3, (rows, 2)).astype(np.float32), None

    def function(latents: np.ndarray) -> dict[str, SimpleNamespace]:
        return {"images": SimpleNamespace(numpy=lambda: wide(latents, None))}

    frozen = SimpleNamespace(was_half=was_half, function=function)
    return SimpleNamespace(inputs=inputs, images=images, frozen=frozen, name="toy")


def test_differences_are_those_of_all_batches() -> None:
    seen = []

    def off_in_one_place(latents: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
        images = plain(latents).copy()
        seen.append(len(images))
        if len(images) == 5:
            images[3, 1] += 0.5
        return images

    source = source_of()
    difference = compare(off_in_one_place, source, source.images)
    assert tuple(seen) == BATCH_SIZES and len(set(BATCH_SIZES)) == 3
    assert difference.largest == pytest.approx(0.5)
    assert difference.mean == pytest.approx(0.5 / (2 * sum(BATCH_SIZES)))
    latents = source.inputs(16)[0]
    assert difference.of_others == pytest.approx(np.abs(latents - np.roll(latents, 1, 0)).mean(), rel=0.1)
    assert 0 < difference.of_last_bit < 1e-7


@pytest.mark.parametrize("by", [0.0, 5e-6, -5e-6])
def test_rounding_is_let_through(by: float) -> None:
    difference, note = check_exact(shifted(by), source_of())
    assert difference.largest == pytest.approx(abs(by), abs=1e-7) and note == ""


@pytest.mark.parametrize("by", [2e-5, -2e-5, 1.0, np.nan])
def test_a_difference_is_refused(by: float) -> None:
    with pytest.raises(InputError, match=r"was not written: its images differ from those of toy by .*at most 1e-05"):
        check_exact(shifted(by), source_of())


@pytest.mark.parametrize(("steepness", "by", "passes"), [(100, 4e-5, True), (100, 4e-4, False), (1e6, 2e-3, False)])
def test_what_the_last_bit_of_latents_does_is_no_fault_of_a_conversion(
    steepness: float, by: float, passes: bool
) -> None:
    """A step of 2**-25 at 0.3 is made a hundred times larger; no steepness lets 2e-3 through."""

    def steep(latents: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
        return np.sin(np.float32(steepness) * latents).reshape(-1, 2, 1, 1)

    def moved(latents: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
        return steep(latents, labels) + np.float32(by)

    if passes:
        assert check_exact(moved, source_of(steep))[0].largest > 1e-5
    else:
        with pytest.raises(InputError, match="was not written"):
            check_exact(moved, source_of(steep))


def test_sixteen_bits_are_told_and_not_held_against_it() -> None:
    source = source_of(images=shifted(0.01), was_half=True)
    difference, note = check_exact(plain, source)
    assert difference.largest == pytest.approx(0.01, rel=1e-3) and "16 bits" in note
    with pytest.raises(InputError, match="was not written"):
        check_exact(shifted(0.01), source)
    for absurd in (10.0, np.nan):
        with pytest.raises(InputError, match="those of different seeds"):
            check_exact(plain, source_of(images=shifted(absurd), was_half=True))


def test_lossy_differences() -> None:
    source = source_of()
    other = np.abs(np.diff(source.inputs(16)[0], axis=0)).mean()
    assert check_lossy(shifted(0.1), source).mean == pytest.approx(0.1, rel=1e-4)
    for absurd in (2 * other, np.nan, np.inf):
        with pytest.raises(InputError, match=r"in the mean, those of different seeds by "):
            check_lossy(shifted(absurd), source)


def labelled(num_classes: int | None) -> SimpleNamespace:
    """A source of two rows, with classes or with attributes."""
    labels = np.zeros(2, np.int32) if num_classes else np.zeros((2, 3), np.float32)
    saved = SimpleNamespace(labels=Labels.of(num_classes, None if num_classes else 3))
    return SimpleNamespace(inputs=lambda rows: (np.full((rows, 2), 0.5, np.float32), labels), saved=saved)


def careful(num_classes: int | None) -> Images:
    """NaN for a row of wrong inputs."""

    def images(latents: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
        assert labels is not None
        is_right = np.isin(labels.reshape(len(labels), -1), np.arange(num_classes or 2)).all(1)
        is_right &= np.isfinite(latents).all(1)
        return np.where(is_right[:, None, None, None], plain(latents), np.float32(np.nan))

    return images


@pytest.mark.parametrize("num_classes", [3, None])
def test_wrong_rows(num_classes: int | None) -> None:
    source, right = labelled(num_classes), careful(num_classes)
    check_refusals(right, source)

    def clamping(latents: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
        return right(latents, np.clip(labels, 0, (num_classes or 2) - 1))

    def of_one_end(latents: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
        return right(latents, np.maximum(labels, 0))

    def of_any_latents(latents: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
        return right(np.nan_to_num(latents), labels)

    def all_or_none(latents: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
        images = right(latents, labels)
        return images if np.isfinite(images).all() else np.full_like(images, np.nan)

    def in_part(latents: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
        images = right(latents, labels)
        images[:, 0] = 1
        return images

    for wrong in (clamping, of_one_end, of_any_latents, all_or_none, in_part):
        with pytest.raises(InputError, match=r"was not written: a row of (latents|labels) \S+ must give NaN"):
            check_refusals(wrong, source)


def test_what_does_not_run() -> None:
    def one_row_only(latents: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
        if len(latents) > 1:
            raise RuntimeError("Shapes do\nnot fit")
        return plain(latents)

    with pytest.raises(InputError, match="does not run with 16 rows: Shapes do not fit"):
        compare(one_row_only, source_of(), plain)
    with pytest.raises(InputError, match=r"gives \(1, 2\) where \(1, 2, 1, 1\) was expected"):
        compare(lambda latents, labels: latents, source_of(), plain)


@pytest.mark.parametrize(
    ("size", "note", "line"),
    [
        (9_687_144, "", "a/m.onnx: 9.7 MB; images differ by 3.1e-06 at most"),
        (31_500, "lossy", "a/m.onnx: 31.5 kB; images differ by 3.1e-06 at most, 0.0002 in the mean (lossy)"),
    ],
)
def test_one_line(size: int, note: str, line: str) -> None:
    assert str(Conversion(Path("a/m.onnx"), size, 3.1142e-6, 2e-4, note)) == line


def test_quiet_is_for_compiled_libraries_and_ends(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError, match="with its words"), quiet():
        os.write(2, b"noise")
        raise RuntimeError("with its words")
    os.write(2, b"heard")
    assert capfd.readouterr().err == "heard"
