import math
from collections.abc import Callable

import numpy as np
import pytest

from tfgan_suite.errors import InputError
from tfgan_suite.metrics.path_length import BATCH_ROWS, perceptual_path_length, slerp

RNG = np.random.default_rng(0)
A, B = RNG.normal(size=(2, 50, 7))


def rows(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1)


def identity(latents: np.ndarray) -> np.ndarray:
    return latents


def test_slerp_starts_at_a_and_ends_at_b() -> None:
    np.testing.assert_allclose(slerp(A, B, 0), A, atol=1e-14)
    np.testing.assert_allclose(slerp(A, B, 1), B, atol=1e-14)


def test_slerp_by_hand() -> None:
    """A third of a right angle; lengths 1 and 4, at a third 2."""
    third = slerp(np.array([[1.0, 0.0]]), np.array([[0.0, 4.0]]), 1 / 3)
    np.testing.assert_allclose(third, [[math.sqrt(3), 1]], rtol=1e-14)


def test_lengths_are_linear_and_angles_as_well() -> None:
    t = RNG.uniform(size=50)
    between = slerp(A, B, t)
    lengths = [np.linalg.norm(vectors, axis=1) for vectors in (A, B, between)]
    np.testing.assert_allclose(lengths[2], (1 - t) * lengths[0] + t * lengths[1], rtol=1e-12)

    def angle(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        return np.arccos(np.sum(u * v, axis=1) / np.linalg.norm(u, axis=1) / np.linalg.norm(v, axis=1))

    np.testing.assert_allclose(angle(A, between), t * angle(A, B), rtol=1e-6)
    np.testing.assert_allclose(angle(between, B), (1 - t) * angle(A, B), rtol=1e-6)


def test_rows_do_not_see_each_other() -> None:
    t = RNG.uniform(size=50)
    np.testing.assert_array_equal(slerp(A, B, t)[3:4], slerp(A[3:4], B[3:4], t[3]))


@pytest.mark.parametrize("gap", [0.0, 1e-300, 1e-16, 1e-12, 1e-9, 1e-6, 1e-3])
def test_nearly_parallel_vectors(gap: float) -> None:
    """As good as a straight line there."""
    a, b = np.array([[1.0, 0.0, 0.0]]), np.array([[1.0, gap, 0.0]])
    half = slerp(a, b, 0.25)
    np.testing.assert_allclose(half[0, 1], 0.25 * gap, rtol=1e-5, atol=1e-13)
    np.testing.assert_allclose(half[0, 0], 1, atol=gap**2)


def test_nearly_opposite_vectors_go_round() -> None:
    a, b = np.array([[1.0, 0.0]]), np.array([[-1.0, 1e-9]])
    np.testing.assert_allclose(slerp(a, b, 0.5), [[0, 1]], atol=1e-8)


@pytest.mark.parametrize(
    ("a", "b", "t", "message"),
    [
        (A, -A, 0.5, "not opposite"),
        (A, np.zeros_like(A), 0.5, "rows with a direction"),
        (A, np.full_like(A, np.nan), 0.5, "rows with a direction"),
        (A, B[:1], 0.5, r"one shape. Received: \(50, 7\) and \(1, 7\)"),
        (A[0], B[0], 0.5, "one shape"),
        (A, B, np.zeros(3), "t must be a number, or one a row. Received: 3 for 50"),
    ],
)
def test_slerp_refuses(a: np.ndarray, b: np.ndarray, t: np.ndarray | float, message: str) -> None:
    with pytest.raises(InputError, match=message):
        slerp(a, b, t)


def closed_form(latent_dim: int, space: str) -> float:
    """E |d slerp / dt|^2 = E w^2 E r(t)^2 + E (|b| - |a|)^2, with the angle w and the length r = (1-t)|a| + t|b|."""
    squared_angle = {2: math.pi**2 / 3, 3: (math.pi**2 - 4) / 2}[latent_dim]
    mean_length = math.sqrt(2) * math.gamma((latent_dim + 1) / 2) / math.gamma(latent_dim / 2)
    squared_length = (2 * latent_dim + mean_length**2) / 3 if space == "full" else latent_dim
    return squared_angle * squared_length + 2 * (latent_dim - mean_length**2)


@pytest.mark.parametrize("latent_dim", [2, 3])
@pytest.mark.parametrize("space", ["full", "end"])
def test_a_linear_generator_has_a_closed_form(latent_dim: int, space: str) -> None:
    """Latents have no preferred direction: of |A v|^2 the mean is |A|^2 |v|^2 / L."""
    matrix = np.random.default_rng(5).normal(size=(latent_dim, 6)).astype(np.float32)
    mean, error = perceptual_path_length(lambda z: z @ matrix, identity, latent_dim, 40_000, space=space)
    expected = closed_form(latent_dim, space) * (matrix**2).sum() / latent_dim
    assert error < 0.02 * expected
    assert mean == pytest.approx(expected, abs=4 * error)


def test_many_dimensions_are_nearly_at_right_angles() -> None:
    """(pi / 2)^2 L, up to terms that do not grow with L."""
    mean, error = perceptual_path_length(identity, identity, 1000, 200)
    assert mean / 1000 == pytest.approx(math.pi**2 / 4, rel=0.01)
    assert error < 0.01 * mean


def test_mean_and_error_are_those_of_the_paths() -> None:
    """With one feature of one sign: each path's length is seen in the second call of its pair."""
    calls: list[np.ndarray] = []

    def generate(latents: np.ndarray) -> np.ndarray:
        calls.append(latents.astype(np.float64))
        return latents

    mean, error = perceptual_path_length(generate, identity, 4, 30, epsilon=0.01)
    lengths = ((calls[1] - calls[0]) ** 2).sum(axis=1) / 0.01**2
    assert mean == pytest.approx(lengths.mean(), rel=1e-12)
    assert error == pytest.approx(math.sqrt(lengths.var(ddof=1) / 30), rel=1e-12)


def test_the_latents_are_float32_and_normal() -> None:
    seen = []

    def generate(latents: np.ndarray) -> np.ndarray:
        seen.append(latents)
        return latents

    perceptual_path_length(generate, identity, 20, 1000)
    latents = np.concatenate(seen)
    assert latents.dtype == np.float32
    assert latents.std() == pytest.approx(1, abs=0.02)
    assert latents.mean() == pytest.approx(0, abs=0.02)


def test_scale_and_constants() -> None:
    def measure(scale: float, offset: float) -> float:
        return perceptual_path_length(np.tanh, lambda x: scale * rows(x).astype(float) + offset, 5, 60).mean

    assert measure(3, 0) == pytest.approx(9 * measure(1, 0), rel=1e-12)
    assert measure(1, 7) == pytest.approx(measure(1, 0), rel=1e-9)
    assert perceptual_path_length(np.zeros_like, identity, 5, 60) == (0, 0)


def test_the_default_step_is_above_the_rounding_of_float32() -> None:
    """A float32 network of three layers against the same in float64 with a step a hundred times as small."""
    weights = [np.random.default_rng(layer).normal(size=(64, 64)) / 8 for layer in range(3)]

    def network(dtype: type) -> Callable[[np.ndarray], np.ndarray]:
        def generate(latents: np.ndarray) -> np.ndarray:
            values = latents.astype(dtype)
            for matrix in weights:
                values = np.tanh(2 * values @ matrix.astype(dtype))
            return values

        return generate

    single = perceptual_path_length(network(np.float32), rows, 64, 200).mean
    for epsilon in (1e-3, 1e-5):
        assert single == pytest.approx(
            perceptual_path_length(network(np.float64), rows, 64, 200, epsilon=epsilon).mean, rel=0.01
        )


def test_a_path_depends_on_the_seed_and_its_number_alone() -> None:
    """Of a prefix the paths are the same: the mean of all is that of the prefix and the rest."""
    count = BATCH_ROWS + 7
    seen: list[np.ndarray] = []

    def generate(latents: np.ndarray) -> np.ndarray:
        seen.append(latents)
        return latents

    perceptual_path_length(generate, identity, 5, count, seed=3)
    fewer_start = len(seen)
    perceptual_path_length(generate, identity, 5, 20, seed=3)
    np.testing.assert_array_equal(seen[fewer_start], seen[0][:20])
    assert [len(batch) for batch in seen[:fewer_start]] == [BATCH_ROWS, BATCH_ROWS, 7, 7]
    for space in ("full", "end"):
        one, other = (perceptual_path_length(identity, identity, 5, 20, seed=seed, space=space) for seed in (3, 4))
        assert one != other


def test_points_are_anywhere_on_the_path() -> None:
    """In many dimensions the ends are at right angles, so that t is the angle from the start over pi / 2."""
    seen: dict[str, np.ndarray] = {}
    for space in ("end", "full"):

        def generate(latents: np.ndarray, space: str = space) -> np.ndarray:
            return seen.setdefault(space, latents)

        perceptual_path_length(generate, identity, 1000, BATCH_ROWS, space=space)
    starts, points = (seen[space] / np.linalg.norm(seen[space], axis=1, keepdims=True) for space in ("end", "full"))
    t = np.arccos((starts * points).sum(axis=1)) / (math.pi / 2)
    assert t.mean() == pytest.approx(0.5, abs=0.1)
    assert t.min() < 0.1
    assert t.max() > 0.9


def test_labels_go_with_their_paths() -> None:
    labels = np.arange(BATCH_ROWS + 50) % 10
    seen: list[np.ndarray] = []

    def generate(latents: np.ndarray, own: np.ndarray) -> np.ndarray:
        seen.append(own)
        return latents * own[:, None].astype(np.float32)

    mean = perceptual_path_length(generate, identity, 5, len(labels), labels=labels).mean
    np.testing.assert_array_equal(np.concatenate(seen[::2]), labels)
    np.testing.assert_array_equal(np.concatenate(seen[1::2]), labels)
    # A generator of the constant label 3 has 9 times the identity's.
    constant = perceptual_path_length(generate, identity, 5, 40, labels=np.full(40, 3)).mean
    assert constant == pytest.approx(9 * perceptual_path_length(identity, identity, 5, 40).mean, rel=1e-3)
    assert mean > 0


@pytest.mark.parametrize("dtype", [np.uint8, np.float16, np.int32])
def test_rounded_images_are_refused(dtype: type) -> None:
    with pytest.raises(InputError, match=r"must return float32 images: .* Received: "):
        perceptual_path_length(lambda z: z.astype(dtype), rows, 5, 10)


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (lambda x: x[:, 0], "must have the shape"),
        (lambda x: x.reshape(len(x), 1, -1), "must have the shape"),
        (lambda x: x[:3], "must return a row an image, 10. Received: 3"),
        (lambda x: x * np.nan, "must be finite"),
    ],
)
def test_features_that_are_none(features: Callable[[np.ndarray], np.ndarray], message: str) -> None:
    with pytest.raises(InputError, match="features " + message):
        perceptual_path_length(identity, features, 5, 10)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"latent_dim": 1}, "latent_dim must be at least 2"),
        ({"count": 1}, "count must be at least 2"),
        ({"epsilon": 0.0}, "epsilon must be between 0 and 1"),
        ({"epsilon": math.nan}, "epsilon must be between 0 and 1"),
        ({"seed": -1}, "seed must not be negative"),
        ({"space": "w"}, "Unknown space 'w'. Expected one of: end, full"),
        ({"labels": np.zeros(3, int)}, "labels must be as many as count, 10. Received: 3"),
    ],
)
def test_arguments_refused(arguments: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        perceptual_path_length(**{"generate": identity, "features": rows, "latent_dim": 5, "count": 10} | arguments)
