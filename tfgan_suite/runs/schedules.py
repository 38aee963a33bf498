"""Learning rates that fall as training goes on."""

import keras

from tfgan_suite.errors import unknown_choice


def learning_rate_schedule(
    decay: str, learning_rate: float, steps: int, rate: float = 0.1
) -> float | keras.optimizers.schedules.LearningRateSchedule:
    """The rate r(t) of an optimizer at its step t, from r(0) = `learning_rate`.

    Args:
        decay: `"none"`: r = r(0). `"step"`: r = r(0) rate^floor(t / steps). `"linear"`:
            r = r(0) (1 - min(t / steps, 1)). `"cosine"`: r = r(0) (1 + cos(pi min(t / steps, 1))) / 2.
        learning_rate: r(0).
        steps: optimizer steps of one fall by `rate`, or until the rate is 0.
        rate: factor of each fall of `"step"`.

    Raises:
        InputError: the name is unknown.

    Reference: Loshchilov and Hutter, 2017, arXiv 1608.03983, for the cosine, without restarts.
    """
    schedules = keras.optimizers.schedules
    if decay == "none":
        return learning_rate
    if decay == "step":
        return schedules.ExponentialDecay(learning_rate, steps, rate, staircase=True)
    if decay == "linear":
        return schedules.PolynomialDecay(learning_rate, steps, end_learning_rate=0.0)
    if decay == "cosine":
        return schedules.CosineDecay(learning_rate, steps)
    raise unknown_choice("decay", decay, ["none", "step", "linear", "cosine"])
