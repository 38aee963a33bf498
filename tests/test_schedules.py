import math

import keras
import pytest

from tfgan_suite.config import CHOICES
from tfgan_suite.errors import InputError
from tfgan_suite.runs.schedules import learning_rate_schedule

# r(0) = 0.8, 10 steps, factor 0.25.
VALUES = [
    ("step", 0, 0.8),
    ("step", 9, 0.8),
    ("step", 10, 0.2),
    ("step", 19, 0.2),
    ("step", 20, 0.05),
    ("linear", 0, 0.8),
    ("linear", 1, 0.72),
    ("linear", 5, 0.4),
    ("linear", 10, 0.0),
    ("linear", 99, 0.0),
    ("cosine", 0, 0.8),
    ("cosine", 2.5, 0.4 * (1 + math.sqrt(0.5))),
    ("cosine", 5, 0.4),
    ("cosine", 10, 0.0),
    ("cosine", 99, 0.0),
]


@pytest.mark.parametrize(("decay", "step", "rate"), VALUES)
def test_rate(decay: str, step: float, rate: float) -> None:
    schedule = learning_rate_schedule(decay, 0.8, steps=10, rate=0.25)
    assert float(schedule(step)) == pytest.approx(rate, abs=1e-6)


def test_no_decay_is_the_number_itself() -> None:
    assert learning_rate_schedule("none", 0.8, steps=10) == 0.8


@pytest.mark.parametrize("decay", CHOICES["learning_rate_decay"])
def test_every_choice_suits_an_optimizer(decay: str) -> None:
    optimizer = keras.optimizers.Adam(learning_rate_schedule(decay, 0.5, steps=10))
    assert float(optimizer.learning_rate) == 0.5


def test_unknown_decay() -> None:
    with pytest.raises(InputError, match="Did you mean cosine"):
        learning_rate_schedule("cosin", 0.8, steps=10)
