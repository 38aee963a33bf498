"""What comes back through both ways, by hand: of honest ways, and of ways that hide the picture in fine noise."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from tfgan_suite.errors import DivergenceError, InputError
from tfgan_suite.metrics.catalogue import METRICS, best_of, lacks
from tfgan_suite.metrics.comparison import Comparison, Samples
from tfgan_suite.metrics.cycle import cycle_errors

SIGMA = 0.02
MEAN_NOISE = SIGMA * np.sqrt(2 / np.pi)  # the mean of |n| of a Gaussian


def pictures(rows: int = 70, value: float | None = None) -> np.ndarray:
    """Random ones, or of one value, far from black and white."""
    shape = (rows, 6, 6, 3)
    return np.random.default_rng(0).uniform(-0.5, 0.5, shape) if value is None else np.full(shape, value)


def as_it_is(images: np.ndarray, first: int) -> np.ndarray:
    return images


def test_honest_ways() -> None:
    """What comes back is 0.1 brighter, with noise of a mean of 0 besides."""
    plain, noisy = cycle_errors(as_it_is, lambda images, first: images + 0.1, pictures())
    assert plain.shape == noisy.shape == (70,)
    np.testing.assert_allclose(plain, 0.1, rtol=1e-5)
    assert noisy.mean() == pytest.approx(0.1, rel=0.01)


def test_the_noise_is_that_of_a_picture() -> None:
    """A function of the seed and of its number alone; where nothing else is wrong it is all that comes back."""
    _, noisy = cycle_errors(as_it_is, as_it_is, pictures(), SIGMA, seed=3)
    expected = [np.abs(np.random.default_rng([3, row]).standard_normal((6, 6, 3))).mean() * SIGMA for row in range(70)]
    np.testing.assert_allclose(noisy, expected, rtol=1e-4)
    assert noisy.mean() == pytest.approx(MEAN_NOISE, rel=0.02)


def test_a_picture_in_between_stays_one() -> None:
    """Of white ones only the noise that darkens is left: half of its mean."""
    _, noisy = cycle_errors(as_it_is, as_it_is, pictures(value=1.0))
    assert noisy.mean() == pytest.approx(MEAN_NOISE / 2, rel=0.05)


def test_ways_that_hide_the_picture_are_found() -> None:
    """All that is made is grey but for a 500th of the picture, which the way back finds; and 500 times the noise."""

    def back(images: np.ndarray, first: int) -> np.ndarray:
        return 500 * images + 0.1

    plain, noisy = cycle_errors(lambda images, first: images / 500, back, pictures())
    assert plain.mean() == pytest.approx(0.1, rel=1e-4)
    assert noisy.mean() == pytest.approx(500 * MEAN_NOISE, rel=0.03)
    assert noisy.mean() / plain.mean() > 75


def test_the_ways_are_told_which_pictures_they_have() -> None:
    asked: list[tuple[str, int, int]] = []

    def way(name: str) -> Any:
        def go(images: np.ndarray, first: int) -> np.ndarray:
            asked.append((name, first, len(images)))
            return images

        return go

    cycle_errors(way("there"), way("back"), pictures())
    assert asked == [
        ("there", 0, 64),
        ("back", 0, 64),
        ("back", 0, 64),
        ("there", 64, 6),
        ("back", 64, 6),
        ("back", 64, 6),
    ]


def measured(plain: list[float], noisy: list[float], groups: list[int] | None = None) -> dict[str, Any]:
    images = np.zeros((len(plain), 2, 2, 1), np.uint8)
    samples = Samples(images, np.empty((len(plain), 0), np.float32))
    comparison = Comparison(
        samples, samples, images, images[:0], None, True, cycle=(np.array(plain), np.array(noisy)),
        groups=None if groups is None else np.array(groups),
    )  # fmt: skip
    assert lacks(comparison, "cycle") is None
    assert lacks(dataclasses.replace(comparison, cycle=None), "cycle") == (
        "cycle needs the way back too: a model that translates both ways"
    )
    return {each.name: each for each in METRICS["cycle"].measure(comparison)}


def test_the_numbers_of_the_metric() -> None:
    found = measured([0.1, 0.3], [0.2, 0.8])
    assert found["cycle_l1"].value == pytest.approx(0.2)
    assert found["cycle_l1"].uncertainty == pytest.approx(0.1)  # 0.1 sqrt(2) / sqrt(2)
    assert found["cycle_noise_ratio"].value == pytest.approx(0.5 / 0.2)
    assert found["cycle_noise_ratio"].details == {"cycle_l1_after": pytest.approx(0.5)}
    assert found["cycle_l1"].protocol["noise_sigma"] == SIGMA
    of_groups = measured([0.1, 0.3, 0.6], [0.1, 0.3, 0.9], [4, 4, 7])  # 0.2 and 0.6; 0.2 and 0.9
    assert of_groups["cycle_l1"].value == pytest.approx(0.4)
    assert of_groups["cycle_noise_ratio"].value == pytest.approx(0.55 / 0.4)


def test_of_nothing_there_is_no_multiple() -> None:
    assert set(measured([0.0, 0.0], [0.1, 0.1])) == {"cycle_l1"}


def test_a_perfect_cycle_is_no_aim() -> None:
    """The identity has it: `--keep-best` takes neither number."""
    assert best_of("cycle_l1") is None and best_of("cycle_noise_ratio") is None


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"sources": np.zeros((3, 4, 4, 1), np.uint8)}, InputError, "sources must be float"),
        ({"sources": np.zeros((0, 4, 4, 1))}, InputError, "at least one"),
        ({"sigma": 0.0}, InputError, "sigma must be greater than 0"),
        ({"back": lambda images, first: images[..., :1]}, InputError, r"shape of the sources, \(64, 6, 6, 3\)"),
        ({"back": lambda images, first: images * np.nan}, DivergenceError, "not finite"),
    ],
)
def test_refusals(arguments: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        cycle_errors(**{"there": as_it_is, "back": as_it_is, "sources": pictures(), **arguments})
