"""The network that compares places of images."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan_suite.errors import InputError
from tfgan_suite.networks.patch_projector import PatchProjector


def test_each_map_has_layers_of_its_own_and_vectors_of_length_one() -> None:
    random = np.random.default_rng(0)
    projector = PatchProjector([3, 5], width=7, initializer_stddev=0.3)
    maps = [random.normal(size=(2, places, count)).astype(np.float32) for places, count in ((9, 3), (4, 5))]
    vectors = [np.asarray(each) for each in projector(maps)]
    assert [each.shape for each in vectors] == [(2, 9, 7), (2, 4, 7)]
    weights = projector.get_weights()
    assert [each.shape for each in weights] == [(3, 7), (7,), (5, 7), (7,), (7, 7), (7,), (7, 7), (7,)]
    hidden = np.maximum(maps[1] @ weights[2] + weights[3], 0) @ weights[6] + weights[7]
    np.testing.assert_allclose(vectors[1], hidden / np.linalg.norm(hidden, axis=-1, keepdims=True), atol=1e-5)


def test_the_slope_at_a_place_without_any_colour_is_bounded() -> None:
    projector = PatchProjector([1])
    with tf.GradientTape() as tape:
        (vectors,) = projector([tf.zeros((1, 2, 1))])
        loss = tf.reduce_sum(vectors)
    slopes = tape.gradient(loss, projector.trainable_variables, unconnected_gradients="zero")
    assert all(np.abs(slope).max() <= 2e3 for slope in slopes) and np.abs(slopes[-1]).max() == pytest.approx(2e3)


def test_its_configuration_makes_it_again() -> None:
    projector = PatchProjector([3, 5], width=7)
    copy = PatchProjector.from_config(projector.get_config())
    assert copy.get_config() == projector.get_config()
    assert [w.shape for w in copy.weights] == [w.shape for w in projector.weights]


@pytest.mark.parametrize(
    ("settings", "named"),
    [({"channels": []}, "at least one map"), ({"channels": [0]}, "at least 1"), ({"width": 0}, "at least 1")],
)
def test_what_it_refuses(settings: dict[str, object], named: str) -> None:
    with pytest.raises(InputError, match=named):
        PatchProjector(**{"channels": [3], **settings})
