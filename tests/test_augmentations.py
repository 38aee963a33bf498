"""What the discriminator sees of images: values worked by hand, and every augmentation in training."""

import itertools
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from lanes import corners
from shrunk import ROWS, SHAPE, batches, shrunk_model

from tfgan_suite import DCGAN, GAN, InputError
from tfgan_suite.config import TrainConfig
from tfgan_suite.errors import saying_flags
from tfgan_suite.models.judging import judged, judged_fakes
from tfgan_suite.noise import Rows, Step
from tfgan_suite.objectives.augmentations import AUGMENTATIONS, augmented, color, cutout, translation
from tfgan_suite.objectives.objective import Objective
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
    model = shrunk_model("dcgan", augment="translation,cutout")
    plain = shrunk_model("dcgan")
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
    "with r1": {"augment": "translation,cutout", "penalty": "r1"},
    "of pairs": {"augment": "cutout", "loss": "relativistic", "penalty": "r1_r2"},
}
BODIES = ("mlp_gan", "dcgan", "cgan")


@pytest.mark.parametrize(
    ("body", "axis"), corners(itertools.product(BODIES, AXES), ("mlp_gan", "translation,cutout"), ("dcgan", "with r1"))
)
def test_every_axis_trains_every_body_on_one_and_on_two(
    body: str, axis: str, mirrored: tf.distribute.Strategy, tmp_path: Any
) -> None:
    one = shrunk_model(body, **AXES[axis])
    with mirrored.scope():
        two = shrunk_model(body, **AXES[axis])
    histories = [model.fit(batches(), verbose=0).history for model in (one, two)]
    assert set(histories[0]) == {*one.KEYS, *one.objective.logs}
    for key, values in histories[0].items():
        assert np.isfinite(values).all()
        np.testing.assert_allclose(histories[1][key], values, rtol=1e-4, atol=1e-6, err_msg=key)
    for mine, theirs in zip(one.weights, two.weights, strict=True):
        np.testing.assert_allclose(np.array(mine), np.array(theirs), atol=1e-5, err_msg=mine.path)
    one.save(tmp_path / "model.keras")
    assert keras.saving.load_model(tmp_path / "model.keras").objective == one.objective


def test_it_goes_with_several_channels_and_mixed_precision() -> None:
    model = DCGAN((8, 10, 4), 4, base_filters=2, dtype="mixed_bfloat16")
    model.compile(augment=ALL)
    history = model.fit(images((ROWS, 8, 10, 4)), batch_size=4, verbose=0).history
    assert all(np.isfinite(values).all() for values in history.values())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"augment": "colour"}, "Unknown augmentation 'colour'. Did you mean color?"),
        ({"augment": ""}, "Unknown augmentation ''"),
        ({"augment": "color,none"}, "Unknown augmentation 'none'"),
        ({"augment": "cutout, cutout"}, "takes each augmentation once"),
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
