"""What each signature answers and refuses, asked in a Session as the server does."""

import io
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from scipy import stats

from tfgan_suite.images import to_uint8
from tfgan_suite.latents import interpolated, latents_from_seeds, truncated
from tfgan_suite.ports import example_inputs
from tfgan_suite.serving.session import ServingSession
from tfgan_suite.serving.signatures import MAX_ROWS

CLASSES = {"latent_dim": 4, "image_shape": (8, 8, 1), "num_classes": 3, "num_attributes": None}

EVERY_SIGNATURE = ["interpolate", "sample", "sample_png", "sample_truncated", "score", "serving_default"]
EXTREMES = np.array([[-5.6, -3.0, -1.0, -1e-3, 0.0, 1e-6, 0.5, 2.0, 4.0, 5.6]], np.float32)


@pytest.fixture(scope="module")
def plain(dcgan_version: Path) -> Iterator[ServingSession]:
    with ServingSession(dcgan_version) as session:
        yield session


@pytest.fixture(scope="module")
def conditional(cgan_version: Path) -> Iterator[ServingSession]:
    with ServingSession(cgan_version) as session:
        yield session


@pytest.mark.parametrize("name", EVERY_SIGNATURE)
def test_a_row_is_the_same_in_every_batch(conditional: ServingSession, name: str) -> None:
    inputs = example_inputs(conditional.signatures[name].inputs, 33, CLASSES)
    if "images" in inputs:
        inputs["images"] = np.random.default_rng(0).uniform(-1, 1, (33, 8, 8, 1)).astype(np.float32)
    ((key, whole),) = conditional.run(name, inputs).items()
    assert len(np.unique(whole.reshape(33, -1).astype(bytes), axis=0)) > 20
    order = np.random.default_rng(1).permutation(33)
    for rows in ([7], order[:5], order):
        part = conditional.run(name, {k: value[rows] for k, value in inputs.items()})[key]
        if name == "sample_png":
            assert part.tolist() == whole[rows].tolist()
        else:
            np.testing.assert_allclose(part, whole[rows], atol=1e-6)


def test_png_files_hold_the_levels_of_the_images(conditional: ServingSession) -> None:
    inputs = {"seeds": np.arange(-2, 7), "labels": np.arange(9) % 3}
    images = conditional.run("sample", inputs)["images"]
    assert images.std() > 0.05
    for file, image in zip(conditional.run("sample_png", inputs)["image_bytes"], images, strict=True):
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(file))), to_uint8(image)[..., 0])


def test_levels_halfway_are_rounded_as_in_python() -> None:
    """0 is 127.5 levels; the even one is taken on both sides."""
    from tfgan_suite.models.endpoints import png_files

    levels = (np.arange(-4, 520) / 2).astype(np.float32)
    images = (levels / 127.5 - 1).reshape(1, 4, -1, 1)
    (file,) = png_files(tf.constant(images)).numpy()
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(file))), to_uint8(images)[0, ..., 0])


def test_no_truncation_to_speak_of_is_sample(plain: ServingSession) -> None:
    seeds = np.arange(5)
    images = plain.run("sample", {"seeds": seeds})["images"]
    for t in (50.0, math.inf):
        far = plain.run("sample_truncated", {"seeds": seeds, "truncation": np.full(5, t)})["images"]
        np.testing.assert_allclose(far, images, atol=1e-5)
    near = plain.run("sample_truncated", {"seeds": seeds, "truncation": np.array([1e-4, 0.3, 1.0, 2.0, 50.0])})[
        "images"
    ]
    assert np.abs(near[:3] - images[:3]).max(axis=(1, 2, 3)).min() > 1e-3
    np.testing.assert_allclose(near[4], images[4], atol=1e-5)


@pytest.mark.parametrize("t", [1e-4, 0.01, 0.5, 1.0, 2.0, 5.0, 50.0, math.inf])
def test_truncation_against_the_formula_in_double_precision(t: float) -> None:
    moved = truncated(tf.constant(EXTREMES), tf.constant([t])).numpy()
    z, bound = EXTREMES.astype(np.float64), float(np.float32(t))
    tail = stats.norm.sf(np.abs(z)) * (1 - 2 * stats.norm.sf(bound)) + stats.norm.sf(bound)
    np.testing.assert_allclose(moved, np.sign(z) * stats.norm.isf(tail), atol=1e-6)
    assert np.abs(moved).max() <= np.float32(t)
    assert (np.diff(moved) >= 0).all()  # numbers keep their rank


def test_truncated_latents_are_truncated_normal() -> None:
    """Kolmogorov-Smirnov: a distance beyond 1.63 / sqrt(n) has a chance of 1 %."""
    latents = tf.function(latents_from_seeds)(tf.range(2_000), 5)  # eager, each row takes 2 ms
    moved = truncated(latents, tf.fill([2_000], 0.8)).numpy().reshape(-1)
    assert stats.kstest(moved, stats.truncnorm(-0.8, 0.8).cdf).statistic < 1.63 / math.sqrt(10_000)


def test_interpolation_follows_a_circle() -> None:
    """From (3, 0) to (0, 3): the angle grows with t, the length stays."""
    t = np.array([0, 0.25, 1 / 3, 0.5, 1], np.float32)
    a, b = np.tile([[3.0, 0.0]], (5, 1)).astype(np.float32), np.tile([[0.0, 3.0]], (5, 1)).astype(np.float32)
    angle = t * math.pi / 2
    expected = 3 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    np.testing.assert_allclose(interpolated(a, b, t), expected, atol=1e-6)


def test_interpolation_starts_and_ends_exactly_and_never_breaks() -> None:
    random = np.random.default_rng(0)
    a, b = random.normal(size=(2, 6, 8)).astype(np.float32)
    a[1], b[2], b[3], b[4] = 0, 0, a[3], -a[4]
    b[5] = a[5] * (1 + 1e-6)
    np.testing.assert_array_equal(interpolated(a, b, tf.zeros(6)), a)
    np.testing.assert_array_equal(interpolated(a, b, tf.ones(6)), b)
    middle = interpolated(a, b, tf.fill([6], 0.5)).numpy()
    assert np.isfinite(middle).all()
    np.testing.assert_allclose(middle[[3, 5]], a[[3, 5]], rtol=1e-5)
    length = np.linalg.norm([a[0], b[0], middle[0]], axis=1)
    assert length[:2].min() * 0.9 < length[2] < length[:2].max() * 1.1


def test_interpolate_is_the_image_of_the_point_between(conditional: ServingSession) -> None:
    inputs = example_inputs(("latents_a", "latents_b", "t", "labels"), 5, CLASSES)
    between = interpolated(inputs["latents_a"], inputs["latents_b"], inputs["t"]).numpy()
    expected = conditional.run("serving_default", {"latents": between, "labels": inputs["labels"]})["images"]
    np.testing.assert_allclose(conditional.run("interpolate", inputs)["images"], expected, atol=1e-6)


def rows(count: int, **changed: Any) -> dict[str, np.ndarray]:
    names = changed.keys() | {"labels"}
    return {**example_inputs(names, count, CLASSES), **changed}


@pytest.mark.parametrize(
    ("name", "inputs", "message"),
    [
        ("sample", rows(3, seeds=[1, 2, 3], labels=[0, 3, 1]), r"labels must be in 0..2. Received:\] \[0\] \[to\] \[3"),
        ("sample_png", rows(2, seeds=[1, 2], labels=[0, -1]), "labels must be in 0..2"),
        (
            "sample",
            rows(2, seeds=[1, 2, 3]),
            r"labels must have a row for each of seeds. Received:\] \[2\] \[for\] \[3",
        ),
        ("sample", rows(0, seeds=[]), "A request must have 1 to 4096 rows"),
        ("sample", rows(MAX_ROWS + 1, seeds=np.arange(MAX_ROWS + 1)), r"1 to 4096 rows. Received:\] \[4097"),
        ("serving_default", rows(2, latents=[[0.0] * 4, [math.nan] * 4]), "latents must be finite"),
        ("serving_default", rows(2, latents=[[0.0] * 4, [math.inf] * 4]), "latents must be finite"),
        ("interpolate", rows(1, latents_a=[[0.0] * 4], latents_b=[[math.nan] * 4], t=[0.5]), "latents_b must be fin"),
        ("interpolate", rows(1, latents_a=[[0.0] * 4], latents_b=[[1.0] * 4], t=[1.01]), r"t must be in \[0, 1\]"),
        ("interpolate", rows(1, latents_a=[[0.0] * 4], latents_b=[[1.0] * 4], t=[math.nan]), r"t must be in \[0, 1\]"),
        ("sample_truncated", rows(2, seeds=[1, 2], truncation=[1.0, 0.0]), "truncation must be greater than 0"),
        ("sample_truncated", rows(2, seeds=[1, 2], truncation=[1.0, math.nan]), "truncation must be greater than 0"),
        ("score", rows(1, images=np.full((1, 8, 8, 1), 255.0)), r"images must be in \[-1, 1\]"),
        ("score", rows(1, images=np.full((1, 8, 8, 1), math.nan)), r"images must be in \[-1, 1\]"),
    ],
)
def test_what_cannot_be_right_is_refused(
    conditional: ServingSession, name: str, inputs: dict[str, Any], message: str
) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        conditional.run(name, inputs)
    good = example_inputs(conditional.signatures[name].inputs, 2, CLASSES)
    assert len(next(iter(conditional.run(name, good).values()))) == 2


def test_the_largest_request_is_answered(plain: ServingSession) -> None:
    assert plain.run("sample", {"seeds": np.arange(MAX_ROWS)})["images"].shape == (MAX_ROWS, 8, 8, 1)
