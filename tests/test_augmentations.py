"""What the discriminator sees of images: values worked by hand, and every augmentation in training."""

import itertools
import math
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from lanes import corners
from shrunk import ROWS, SHAPE, batches, shrunk_model

from tfgan_suite import GAN, MLPGAN, InputError
from tfgan_suite.config import TrainConfig
from tfgan_suite.errors import saying_flags
from tfgan_suite.models.algorithm import ADAPT_EVERY
from tfgan_suite.models.judging import judged, judged_fakes
from tfgan_suite.noise import Rows, Step
from tfgan_suite.objectives import objective as objectives
from tfgan_suite.objectives.ada import DRAWS, Amounts, drawn, reading_maps, recoloured
from tfgan_suite.objectives.augmentations import AUGMENTATIONS, augmented
from tfgan_suite.objectives.diff_augment import color, cutout, translation
from tfgan_suite.objectives.objective import ADA_IMAGES, Objective
from tfgan_suite.objectives.warp import affine
from tfgan_suite.options import objective as options

ALL = "color,translation,cutout"


def step(rows: int = 4, number: int = 0) -> Step:
    return Step(0, number, Rows(rows))


def images(shape: tuple[int, ...] = (4, 8, 8, 3), seed: int = 0) -> tf.Tensor:
    return tf.constant(np.random.default_rng(seed).uniform(-1, 1, shape), tf.float32)


def test_colours_by_hand() -> None:
    """Two pixels: brighter by 1/4; 3/2 times as far from the pixel's mean; 3/4 times as far from the image's."""
    pair = tf.constant([[[[-0.25, 0.05, -0.1], [0.35, 0.65, 0.2]]]])
    # Brighter: (0, .3, .15), (.6, .9, .45), of means .15 and .65; then (-.075, .375, .15), (.575, 1.025, .35);
    # then 3/4 of the way from .4.
    expected = [[[[0.04375, 0.38125, 0.2125], [0.53125, 0.86875, 0.3625]]]]
    numbers = tf.constant([[0.75, 0.75, 0.25]])
    np.testing.assert_allclose(color(pair, numbers), expected, atol=1e-6)
    with_alpha = tf.concat([pair, [[[[0.3], [-0.7]]]]], 3)
    np.testing.assert_allclose(color(with_alpha, numbers)[..., :3], expected, atol=1e-6)
    np.testing.assert_array_equal(color(with_alpha, numbers)[..., 3], with_alpha[..., 3])
    np.testing.assert_allclose(color(pair, tf.constant([[0.5, 0.5, 0.5]])), pair, atol=1e-6)


@pytest.mark.parametrize("shape", [(8, 8, 3), (12, 9, 1)])
def test_translation_is_by_whole_pixels_with_zeros(shape: tuple[int, int, int]) -> None:
    """Sides of 8 and 9 by up to 1 pixel, of 12 by up to 2: each shift as often as another."""
    height, width, _ = shape
    one = images((1, *shape))
    padded = np.pad(one[0], [(2, 2), (2, 2), (0, 0)])
    most = {8: 1, 9: 1, 12: 2}
    for down, right in itertools.product(range(-most[height], most[height] + 1), (-1, 0, 1)):
        numbers = [(most[height] - down + 0.5) / (2 * most[height] + 1), (1 - right + 0.5) / 3]
        expected = padded[2 - down : 2 - down + height, 2 - right : 2 - right + width]
        np.testing.assert_array_equal(translation(one, tf.constant([numbers], tf.float32))[0], expected)
    last = tf.constant([[np.nextafter(np.float32(1), np.float32(0))] * 2])
    np.testing.assert_array_equal(translation(one, last)[0, : -most[height], :-1], one[0, most[height] :, 1:])


@pytest.mark.parametrize(
    ("size", "number", "rows"),
    [
        (8, 0.0, range(2)),  # the middle at 0 of 0..8: rows -2..1
        (8, 0.5, range(2, 6)),
        (8, 0.999, range(6, 8)),  # at 8
        (5, 0.0, range(2)),  # a length of 3, the middle at 0 of 0..4
        (5, 0.5, range(1, 4)),
        (5, 0.999, range(3, 5)),
    ],
)
def test_cutout_by_hand(size: int, number: float, rows: range) -> None:
    ones = tf.ones([1, size, 4, 2])
    found = cutout(ones, tf.constant([[number, 0.5]])).numpy()
    expected = np.ones((1, size, 4, 2))
    expected[:, rows.start : rows.stop, 1:3] = 0
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("names", [ALL, "cutout", "translation,color"])
@pytest.mark.parametrize("shape", [(8, 8, 3), (7, 10, 4)])
def test_draws_are_functions_of_the_row(names: str, shape: tuple[int, ...]) -> None:
    whole = augmented(names.split(","), tf.tile(images((1, *shape)), [8, 1, 1, 1]), step(8), 3)
    assert len(np.unique(whole, axis=0)) > 4  # another change for each
    part = augmented(names.split(","), tf.tile(images((1, *shape)), [4, 1, 1, 1]), Step(0, 0, Rows(4, 4)), 3)
    np.testing.assert_array_equal(whole[4:], part)
    others = [(step(8, 1), 3), (step(8)._replace(seed=1), 3), (step(8), 4)]
    for other, draw in others:
        changed = augmented(names.split(","), tf.tile(images((1, *shape)), [8, 1, 1, 1]), other, draw)
        assert np.abs(changed - whole).max() > 1e-3


def test_each_of_several_changes_as_it_does_alone() -> None:
    x = images()
    one_by_one = x
    for name in ALL.split(","):
        one_by_one = augmented([name], one_by_one, step(), 0)
    np.testing.assert_array_equal(augmented(ALL.split(","), x, step(), 0), one_by_one)
    assert augmented([], x, step(), 0) is x


def test_bfloat16_is_computed_in_float32() -> None:
    x = tf.cast(images(), tf.bfloat16)
    found = augmented(["color"], x, step(), 0)
    assert found.dtype == tf.bfloat16
    expected = tf.cast(augmented(["color"], tf.cast(x, tf.float32), step(), 0), tf.bfloat16)
    np.testing.assert_array_equal(tf.cast(found, tf.float32), tf.cast(expected, tf.float32))


class Watcher:
    """A discriminator that keeps what it sees: D(x) = mean(x)."""

    def __init__(self) -> None:
        self.seen: list[tf.Tensor] = []

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        self.seen.append(x)
        return tf.reduce_mean(x, [1, 2, 3])[:, None]


def test_real_and_made_images_are_drawn_for_apart() -> None:
    """One draw a sample for reals, for fakes in the discriminator's step, and for fakes in the generator's."""
    watcher, x = Watcher(), images()
    objective = Objective("relativistic", augment="color,cutout")
    judged(objective, watcher, x, x, step(), 1)
    judged_fakes(objective, watcher, x, step(), 3, x)
    assert len(watcher.seen) == 4
    for one, other in itertools.combinations([*watcher.seen, x], 2):
        assert np.abs(one - other).max() > 1e-2
    again = Watcher()
    judged(objective, again, x, x, step(), 1)
    for one, other in zip(again.seen, watcher.seen, strict=False):
        np.testing.assert_array_equal(one, other)


def test_an_evaluation_sees_images_as_they_are() -> None:
    watcher, x = Watcher(), images()
    judged(Objective(augment=ALL), watcher, x, x)
    assert all(seen is x for seen in watcher.seen)
    model, plain = shrunk_model("mlp_gan", augment="translation,cutout"), shrunk_model("mlp_gan")
    assert model.evaluate(batches(), return_dict=True, verbose=0) == plain.evaluate(
        batches(), return_dict=True, verbose=0
    )


@pytest.mark.parametrize("every", [1, 2])
def test_a_slope_is_that_by_the_image_before_it_is_augmented(every: int) -> None:
    """Of D(x) = sum(x): a pixel that is cut out or shifted away has the slope 0, any other 1."""
    total = lambda x: tf.reduce_sum(x, [1, 2, 3])[:, None]  # noqa: E731
    objective = Objective(penalty="r1", penalty_every=every, augment="translation,cutout")
    x = images()
    found = judged(objective, total, x, images(seed=1), step(), 1)
    kept = np.count_nonzero(objective.seen(x, step(), 2), axis=(1, 2, 3))
    assert 3 * 16 < kept.min() < 3 * 64
    np.testing.assert_allclose(found.penalty, every * kept, rtol=1e-6)


def test_gradients_reach_the_generator_through_it() -> None:
    x = images()
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = tf.reduce_sum(judged_fakes(Objective("hinge", augment=ALL), Watcher(), x, step(), 3))
    slope = tape.gradient(loss, x).numpy()
    for index, along in enumerate(np.random.default_rng(2).normal(size=(4, 8, 8, 3))):
        moved = [tf.tensor_scatter_nd_add(x, [[index]], [sign * 1e-2 * along]) for sign in (1, -1)]
        ends = [tf.reduce_sum(judged_fakes(Objective("hinge", augment=ALL), Watcher(), y, step(), 3)) for y in moved]
        assert float(ends[0] - ends[1]) / 2e-2 == pytest.approx(np.sum(slope[index] * along), rel=1e-3, abs=1e-4)


AXES: dict[str, dict[str, Any]] = {
    "translation,cutout": {"augment": "translation,cutout"},
    "ada": {"augment": "ada"},
    "ada with r1": {"augment": "ada", "augment_final": 0.5, "penalty": "r1"},
    "with r1": {"augment": "translation,cutout", "penalty": "r1"},
    "of pairs": {"augment": "cutout", "loss": "relativistic", "penalty": "r1_r2"},
}
BODIES = ("mlp_gan", "dcgan", "cgan")


@pytest.mark.parametrize(("body", "axis"), corners(zip(itertools.cycle(BODIES), AXES)))
def test_every_axis_trains_a_body_on_one_and_on_two(body: str, axis: str, mirrored: tf.distribute.Strategy) -> None:
    one = shrunk_model(body, **AXES[axis])
    with mirrored.scope():
        two = shrunk_model(body, **AXES[axis])
    for model in (one, two):
        if model.augmentation is not None:
            model.augmentation.assign([0.5, 0.0, 0.0])
    histories = [model.fit(batches(), verbose=0).history for model in (one, two)]
    assert set(histories[0]) == {*one.KEYS, *one.objective.logs}
    for key, values in histories[0].items():
        assert np.isfinite(values).all()
        np.testing.assert_allclose(histories[1][key], values, rtol=1e-4, atol=1e-6, err_msg=key)
    for mine, theirs in zip(one.weights, two.weights, strict=True):
        np.testing.assert_allclose(np.array(mine), np.array(theirs), atol=1e-5, err_msg=mine.path)


def test_it_goes_with_several_channels_and_mixed_precision() -> None:
    model = MLPGAN((8, 10, 4), 4, (5,), (5,), dtype="mixed_bfloat16")
    for settings in ({"augment": ALL}, {"augment": "ada", "augment_final": 0.8}):
        model.compile(**settings)
        history = model.fit(images((ROWS, 8, 10, 4)), batch_size=4, verbose=0).history
        assert all(np.isfinite(values).all() for values in history.values())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"augment": "colour"}, "Unknown augmentation 'colour'. Did you mean color?"),
        ({"augment": ""}, "Unknown augmentation ''"),
        ({"augment": "color,none"}, "augment='none' stands alone. Received: color,none"),
        ({"augment": "cutout, cutout"}, "takes each augmentation once"),
        ({"augment": "ada,cutout"}, "stands alone"),
        ({"augment_target": 0.5}, r"augment.target needs .*augment.*ada"),
        ({"augment": "cutout", "augment_final": 0.5}, "needs"),
        ({"augment": "ada", "augment_burn_in": 5}, r"augment.burn.in needs .*augment.final"),
        ({"augment": "ada", "augment_target": 0.5, "augment_final": 0.5}, "Leave one out"),
        ({"augment": "ada", "augment_target": 1.0}, "between 0 and 1"),
        ({"augment": "ada", "augment_final": 1.5}, r"in \[0, 1\]"),
        ({"augment": "ada", "augment_final": -0.1}, r"in \[0, 1\]"),
        ({"augment": "ada", "augment_final": math.nan}, r"in \[0, 1\]"),
        ({"augment": "ada", "augment_final": 0.5, "augment_burn_in": 0}, "at least 1"),
        ({"augment": "ada", "loss": "relativistic"}, r"have no zero. Give augment_final"),
        ({"augment": "ada", "loss": "wasserstein"}, r"have no zero. Give augment_final"),
    ],
)
def test_what_cannot_be_is_refused(settings: dict[str, Any], message: str) -> None:
    for make in (Objective, TrainConfig, shrunk_model("mlp_gan").compile):
        with pytest.raises(InputError, match=message) as caught:
            make(**settings)
        assert "\n" not in str(caught.value)


def test_colours_of_one_channel_are_refused_with_the_way_out() -> None:
    assert SHAPE[-1] == 1
    with pytest.raises(InputError, match=r"several channels. Received: 1 channel. Use augment='translation,cutout'"):
        shrunk_model("cgan", augment="color")
    with saying_flags(), pytest.raises(InputError, match=r"--augment color needs .* Use --augment cutout\."):
        shrunk_model("dcgan", augment="color,cutout")


def test_names_are_those_of_the_changes() -> None:
    assert tuple(AUGMENTATIONS) == options.AUGMENTATIONS


def test_old_settings_are_what_they_were() -> None:
    model: GAN = shrunk_model("mlp_gan")
    assert model.objective.augment == "none" and "augment" not in model.get_compile_config()


# ---- ada ------------------------------------------------------------------------------------------


def changed(x: tf.Tensor, **amounts: Any) -> np.ndarray:
    """Images after changes of the same amounts for all."""
    all_of_them = Amounts()._asdict() | amounts
    told = Amounts(**{name: tf.constant([value] * len(x), x.dtype) for name, value in all_of_them.items()})
    return recoloured(affine(x, reading_maps(told)), told).numpy()


@pytest.mark.parametrize("shape", [(8, 8, 3), (7, 7, 1), (6, 9, 4)])
def test_whole_steps_are_exact(shape: tuple[int, int, int]) -> None:
    x = images((2, *shape))
    np.testing.assert_array_equal(changed(x, mirror=1.0), x)
    np.testing.assert_array_equal(changed(x, mirror=-1.0), x[:, :, ::-1])
    np.testing.assert_array_equal(changed(x, turns=2.0), tf.image.rot90(x, 2))
    if shape[0] == shape[1]:
        for turns in (1, 3):
            np.testing.assert_array_equal(changed(x, turns=float(turns)), tf.image.rot90(x, turns))
    mirrored_beyond = np.pad(x, [(0, 0), (2, 2), (3, 3), (0, 0)], mode="reflect")
    for right, down in ((2, -1), (-3, 2), (0, 1)):
        expected = np.roll(mirrored_beyond, (down, right), (1, 2))[:, 2:-2, 3:-3]
        np.testing.assert_array_equal(changed(x, shift=(float(right), float(down))), expected)
    np.testing.assert_allclose(changed(x, first_angle=math.pi), tf.image.rot90(x, 2), atol=1e-5)


def test_angles_scales_and_fractions_by_hand() -> None:
    ramp = tf.tile(tf.range(9.0)[None, None, :, None], [1, 9, 1, 1])  # x itself, 4 in the middle
    inner = np.s_[0, 2:-2, 2:-2, 0]
    x, y = np.meshgrid(np.arange(2.0, 7), np.arange(2.0, 7))
    np.testing.assert_allclose(changed(ramp, scale=2.0)[inner], 4 + (x - 4) / 2, atol=1e-5)
    np.testing.assert_allclose(changed(ramp, stretch=1.25)[inner], 4 + (x - 4) / 1.25, atol=1e-5)
    np.testing.assert_allclose(changed(ramp, fraction=(0.25, 0.5))[inner], x - 0.25, atol=1e-5)
    # By a twelfth of a turn against the clock what was right comes up: y points down.
    for name in ("first_angle", "second_angle"):
        found = changed(ramp, **{name: math.pi / 6})[0, 3:6, 3:6, 0]
        expected = 4 + math.cos(math.pi / 6) * (x - 4) - math.sin(math.pi / 6) * (y - 4)
        np.testing.assert_allclose(found, expected[1:4, 1:4], atol=1e-5)
    # The order: turned by a quarter, then made wider, the ramp runs up and is as low as it is wide.
    both = changed(ramp, first_angle=math.pi / 2, stretch=2.0)[0, 3:6, 3:6, 0]
    np.testing.assert_allclose(both, (4 - 2 * (y - 4))[1:4, 1:4], atol=1e-5)


def test_colours_of_ada_by_hand() -> None:
    red = tf.constant([[[[0.9, 0.0, 0.3]]]])  # of the mean .4: (.5, -.4, -.1) from grey
    for amounts, expected in [
        ({"brightness": 0.25}, [1.15, 0.25, 0.55]),
        ({"contrast": 0.5}, [0.45, 0.0, 0.15]),
        ({"brightness": 0.1, "contrast": 2.0}, [2.0, 0.2, 0.8]),
        ({"grey": -1.0}, [0.1, -0.8, -0.5]),
        ({"saturation": 2.0}, [1.4, -0.4, 0.2]),
        ({"hue": 2 * math.pi / 3}, [0.3, 0.9, 0.0]),  # the axes into each other
        ({"brightness": 0.1, "grey": -1.0, "saturation": 0.0}, [-0.5, -0.5, -0.5]),
    ]:
        np.testing.assert_allclose(changed(red, **amounts)[0, 0, 0], expected, atol=1e-6, err_msg=str(amounts))
        alpha = changed(tf.concat([red, [[[[0.7]]]]], 3), **amounts)[0, 0, 0]
        np.testing.assert_allclose(alpha, [*expected, np.float32(0.7)], atol=1e-6)
    grey = tf.constant([[[[0.4]]]])
    for amounts, value in [
        ({"brightness": 0.1, "contrast": 2.0}, 1.0),
        ({"grey": -1.0}, -0.4),
        ({"hue": 1.0, "saturation": 3.0}, 0.4),
    ]:
        np.testing.assert_allclose(changed(grey, **amounts)[0, 0, 0], [value], atol=1e-6)


def test_each_change_comes_as_often_as_p_says() -> None:
    """Of 20,000 rows; half of all mirrors and a quarter of all turns by chance change nothing."""
    numbers = step(20_000).uniform(5, (DRAWS - 3,))
    p, angle = 0.4, 1 - math.sqrt(1 - 0.4)
    shares = {
        "mirror": p / 2, "turns": p * 3 / 4, "shift": p, "scale": p, "first_angle": angle, "stretch": p,
        "second_angle": angle, "fraction": p, "brightness": p / 2, "contrast": p / 2, "grey": p / 4, "hue": p / 2,
        "saturation": p / 2,
    }  # fmt: skip
    found = drawn(numbers, tf.constant(p), 64, 64)
    for name, share in shares.items():
        values = getattr(found, name).numpy()
        is_changed = np.reshape(values != getattr(Amounts(), name), [len(values), -1]).any(1)
        slack = 0.003 if name == "shift" else 0.0  # by less than half of a pixel either way
        assert is_changed.mean() == pytest.approx(share - slack, abs=0.011), name
        assert np.isfinite(values).all()
    always = drawn(numbers, tf.constant(1.0), 64, 32)
    assert set(np.unique(always.turns)) == {0.0, 2.0}  # not square
    spread = {"scale": 0.2, "stretch": 0.2, "contrast": 0.5, "saturation": 1.0}
    twice = drawn(numbers, tf.constant(2.0), 64, 32)
    for name, deviation in spread.items():
        logs = np.log2(getattr(twice, name))
        assert logs.std() == pytest.approx(deviation, rel=0.03) and abs(logs.mean()) < 0.03, name
    np.testing.assert_allclose(np.std(always.fraction, 0), [4.0, 8.0], rtol=0.03)  # (x, y) of sides 32 and 64
    assert np.ptp(always.shift, 0).tolist() == [8.0, 16.0]
    assert np.abs(twice.brightness).max() > 0.6 and np.std(twice.brightness) == pytest.approx(0.2, rel=0.03)
    ends = drawn(tf.stack([tf.zeros([28]), tf.fill([28], 1 - 2.0**-23)]), tf.constant(2.0), 8, 8)
    assert all(np.isfinite(each).all() for each in ends)


@pytest.mark.parametrize("shape", [(8, 8, 3), (7, 10, 4), (5, 5, 1), (1, 2, 1)])
def test_at_probability_0_nothing_changes(shape: tuple[int, ...]) -> None:
    x = images((8, *shape))
    np.testing.assert_array_equal(augmented(["ada"], x, step(8), 0, 0.0), x)
    some = np.any(augmented(["ada"], x, step(8), 0, 0.7) != x, axis=(1, 2, 3))
    assert some.any()
    part = augmented(["ada"], x[4:], Step(0, 0, Rows(4, 4)), 0, 0.7)
    np.testing.assert_allclose(part, augmented(["ada"], x, step(8), 0, 0.7)[4:], atol=1e-6)


def test_the_gradient_of_the_warp_is_its_adjoint_and_so_on() -> None:
    """In float64: by differences, once and twice, of a function that is not quadratic in the images."""
    rng = np.random.default_rng(3)
    x, along = (tf.constant(rng.normal(size=(3, 6, 7, 2))) for _ in range(2))
    maps = tf.constant(np.eye(2, 3) + rng.normal(size=(3, 2, 3)) * [0.3, 0.3, 2.0])

    def value(y: tf.Tensor) -> tf.Tensor:
        return tf.reduce_sum(tf.exp(affine(y, maps)))

    def slope(y: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(y)
            total = value(y)
        return tf.reduce_sum(tf.square(tape.gradient(total, y)))

    for function in (value, slope):
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = function(x)
        found = tf.reduce_sum(tape.gradient(total, x) * along)
        difference = (function(x + 1e-6 * along) - function(x - 1e-6 * along)) / 2e-6
        assert float(found) == pytest.approx(float(difference), rel=1e-7)
    other = tf.constant(rng.normal(size=(3, 6, 7, 2)))
    with tf.GradientTape() as tape:
        tape.watch(x)
        product = tf.reduce_sum(affine(x, maps) * other)  # <A x, y> = <x, A' y>
    assert float(product) == pytest.approx(float(tf.reduce_sum(x * tape.gradient(product, x))), rel=1e-12)


def test_the_probability_goes_by_a_cosine_or_stays() -> None:
    objective = Objective("relativistic", augment="ada", augment_final=0.4, augment_burn_in=400)
    found = [float(objective.augment_probability(step(4, number))) for number in (0, 25, 50, 100, 1000)]
    np.testing.assert_allclose(found, [0, 0.2 * (1 - math.cos(math.pi / 4)), 0.2, 0.4, 0.4], atol=1e-6)
    assert float(Objective(augment="ada", augment_final=0.4).augment_probability(step())) == pytest.approx(0.4)
    logs = judged(objective, Watcher(), images(), images(seed=1), step(4, 50)).logs()
    np.testing.assert_allclose(logs["augment_probability"], np.full(4, 0.2), atol=1e-6)
    assert "real_sign" not in logs and objective.logs == ("augment_probability",)


@pytest.mark.parametrize("loss", ["non_saturating", "least_squares", "hinge"])
def test_signs_are_those_about_the_middle_of_a_loss(loss: str) -> None:
    """Of patches the mean; least squares lies between the labels 1 and 0."""
    logits = tf.constant([[[[2.0], [0.4]]], [[[-1.0], [-3.0]]]])
    expected = [0.0 if loss == "least_squares" else 1.0, -1.0]
    np.testing.assert_array_equal(Objective(loss, augment="ada").sign(logits), expected)


def test_the_probability_adapts_as_the_formula_says() -> None:
    """Up and down by images / 500,000, never below 0, by the sum of the signs of 4 steps."""
    assert ADA_IMAGES == 500_000 and ADAPT_EVERY == 4
    objective = Objective(augment="ada")
    for before, signs, after in [(0.0, 256.0, 256 / 500_000), (0.5, 150.0, 0.5 - 256 / 500_000), (1e-4, -256.0, 0.0)]:
        assert float(objective.adapted(before, signs, 256.0)) == pytest.approx(after, rel=1e-6)
    assert float(objective.adapted(1.5, 255.0, 256.0)) > 1.5  # not held at 1
    assert float(objective.adapted(0.5, 0.0, 0.0)) == 0.5
    assert float(Objective(augment="ada", augment_target=0.7).adapted(0.5, 0.65 * 256, 256.0)) < 0.5


def test_a_model_adapts_by_what_it_logs_and_keeps_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setattr(objectives, "ADA_IMAGES", 100)  # so that 32 images move it by .32
    model = shrunk_model("mlp_gan", augment="ada", augment_target=0.1, dropout=0.0)
    model.augmentation.assign([0.5, 0.0, 0.0])
    signs, used = [], []
    for bias in (-5.0, 5.0):  # first the discriminator takes nothing for real, then everything
        model.discriminator.trainable_variables[-1].assign([bias])
        history = model.fit(batches(80), epochs=10, steps_per_epoch=1, verbose=0).history
        signs += history["real_sign"]
        used += history["augment_probability"]
    expected, p = [], 0.5
    for number in range(20):
        expected.append(p)
        if number % 4 == 3:
            p = max(0.0, p + math.copysign(0.32, np.mean(signs[number - 3 : number + 1]) - 0.1))
    np.testing.assert_allclose(used, expected, atol=1e-6)
    assert used[8] == 0.0 and used[-1] > 0.3
    model.fit(batches(16), verbose=0)
    state = np.array(model.augmentation)
    np.testing.assert_allclose(state, [p, 16, 16], atol=1e-6)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.augmentation, state)
    assert loaded.objective == model.objective
    count = len(model.weights)
    model.compile(augment="ada", augment_target=0.5)
    np.testing.assert_array_equal(model.augmentation, state)
    model.compile()
    assert model.augmentation is None and len(model.weights) == count - 1
    model.save(tmp_path / "model.keras")
    assert len(keras.saving.load_model(tmp_path / "model.keras").weights) == count - 1


@pytest.mark.parametrize("names", [("color", "translation", "cutout"), ("ada",)], ids=str)
def test_joined_images_are_changed_alike_and_each_has_its_own_colours(names: tuple[str, ...]) -> None:
    """A source and a target of one draw: each as it would be alone."""
    source, target = images(), images((4, 8, 8, 4), seed=1)
    changed = augmented(names, tf.concat([source, target], -1), step(), 2, 1.0, parts=(3, 4))
    for part, alone in zip(tf.split(changed, (3, 4), -1), (source, target), strict=True):
        np.testing.assert_array_equal(part, augmented(names, alone, step(), 2, 1.0))
    assert np.abs(changed[..., :3] - source).max() > 0.1


def test_colours_of_a_grey_part_are_refused() -> None:
    with pytest.raises(InputError, match=r"color needs images of several channels\. Received: 1 channel"):
        augmented(("color",), images(), step(), 0, parts=(1, 2))
