"""Our layers are Keras's to rounding: outputs, gradients, variables."""

import contextlib

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_suite.errors import InputError
from tfgan_suite.layers import convolutions
from tfgan_suite.layers.batch_norm import FusedBatchNormalization
from tfgan_suite.layers.clip import ClipOutsideTraining
from tfgan_suite.layers.convolutions import ImageConv2D, ImageConv2DTranspose
from tfgan_suite.layers.fourier_convolution import fourier_transposed, product_matrices
from tfgan_suite.layers.keyed_dropout import KeyedDropout
from tfgan_suite.layers.layer_norm import ImageNormalization, InstanceNormalization
from tfgan_suite.layers.resampling import BilinearDoubling, BlurredHalving, NearestDoubling, ReflectionPadding
from tfgan_suite.noise import mask_key, stateless_seed


def outputs_and_gradients(layer: keras.layers.Layer, inputs: np.ndarray, **call: bool) -> list[np.ndarray]:
    """The layer's output, and the gradients of a loss that is not linear in it, by inputs and weights."""
    x = tf.constant(inputs)
    with tf.GradientTape(persistent=True) as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = layer(x, **call)
            loss = tf.reduce_sum(tf.sin(y))
        first = inner.gradient(loss, x)
        penalty = tf.reduce_sum(tf.square(first))
    variables = [v.value for v in layer.trainable_variables]
    results = [y, first, *outer.gradient(loss, variables), *outer.gradient(penalty, [x, *variables[:1]])]
    return [np.array(value) for value in results]


def assert_equal_layers(ours: keras.layers.Layer, theirs: keras.layers.Layer, inputs: np.ndarray, **call: bool) -> None:
    for layer in (ours, theirs):
        layer.build(inputs.shape)
    ours.set_weights(theirs.get_weights())
    results = [outputs_and_gradients(layer, inputs, **call) for layer in (ours, theirs)]
    for mine, kerass in zip(*results, strict=True):
        np.testing.assert_allclose(mine, kerass, rtol=1e-4, atol=1e-4 * max(1.0, np.abs(kerass).max()))
    for mine, kerass in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(mine, kerass, atol=1e-6)


def numbers(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("kernel", [3, 4, 5])
@pytest.mark.parametrize("channels", [1, 3, 8])
@pytest.mark.parametrize(("use_bias", "training"), [(False, True), (True, True), (True, False)])
def test_transposed_convolution(kernel: int, channels: int, use_bias: bool, training: bool) -> None:
    options = {"strides": 2, "padding": "same", "use_bias": use_bias, "bias_initializer": "ones"}
    make = [kind(channels, kernel, **options) for kind in (ImageConv2DTranspose, keras.layers.Conv2DTranspose)]
    assert_equal_layers(*make, numbers(2, 3, 5, 6), training=training)


@pytest.mark.parametrize("kernel", [3, 4, 5])
@pytest.mark.parametrize("shape", [(2, 8, 6, 1), (2, 8, 8, 3), (2, 7, 8, 1), (2, 8, 8, 9)])
@pytest.mark.parametrize("training", [False, True])
def test_convolution(kernel: int, shape: tuple[int, ...], training: bool) -> None:
    make = [kind(5, kernel, strides=2, padding="same") for kind in (ImageConv2D, keras.layers.Conv2D)]
    assert_equal_layers(*make, numbers(*shape), training=training)


@pytest.mark.parametrize(("kernel", "channels", "use_bias"), [(7, 3, True), (5, 1, False), (7, 5, True), (3, 3, True)])
@pytest.mark.parametrize("training", [False, True])
def test_convolution_that_ends_in_images(kernel: int, channels: int, use_bias: bool, training: bool) -> None:
    make = [
        kind(channels, kernel, use_bias=use_bias, bias_initializer="ones")
        for kind in (ImageConv2D, keras.layers.Conv2D)
    ]
    assert_equal_layers(*make, numbers(2, 9, 8, 6), training=training)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7])
@pytest.mark.parametrize(("height", "width"), [(7, 7), (3, 5), (8, 6), (1, 1)])
def test_few_products_are_the_convolution(height: int, width: int, size: int) -> None:
    features, kernel = numbers(2, height, width, 3), numbers(size, size, 4, 3)
    layer = keras.layers.Conv2DTranspose(4, size, padding="same", use_bias=False, dtype="float64")
    layer.build(features.shape)
    layer.kernel.assign(kernel)
    expected = np.array(layer(features.astype(np.float64)))
    np.testing.assert_allclose(fourier_transposed(features, tf.constant(kernel)), expected, atol=3e-6 * expected.std())


def test_products_are_an_eighth_or_less_of_those_of_the_direct_way() -> None:
    matrices = product_matrices(7, 7, 5)
    # 9 x 9 real numbers are 40 complex frequencies, of three products each, and a real one.
    assert [matrix.shape for matrix in matrices] == [(121, 49), (121, 25), (121, 49)]
    assert 8 * 121 < 49 * 25


@pytest.mark.parametrize(
    ("use_bias", "dtype", "training", "pays"),
    [
        (False, "float32", True, True),
        (True, "float32", True, True),
        (True, "float32", False, False),
        (True, "mixed_bfloat16", True, False),
    ],
)
def test_transposed_convolution_of_small_maps(
    use_bias: bool, dtype: str, training: bool, pays: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    spy = lambda *inputs: calls.append(inputs) or fourier_transposed(*inputs)  # noqa: E731
    monkeypatch.setattr(convolutions, "fourier_transposed", spy)
    options = {"padding": "same", "use_bias": use_bias, "bias_initializer": "ones", "dtype": dtype}
    make = [kind(32, 5, **options) for kind in (ImageConv2DTranspose, keras.layers.Conv2DTranspose)]
    assert_equal_layers(*make, numbers(2, 7, 7, 64), training=training)
    assert bool(calls) == pays


@pytest.mark.parametrize(("strides", "padding", "use_bias"), [(1, "same", True), (2, "valid", False)])
def test_grouped_convolution(strides: int, padding: str, use_bias: bool) -> None:
    options = {"strides": strides, "padding": padding, "groups": 3, "use_bias": use_bias, "bias_initializer": "ones"}
    make = [kind(9, 3, **options) for kind in (ImageConv2D, keras.layers.Conv2D)]
    assert_equal_layers(*make, numbers(2, 7, 8, 6), training=True)


def test_a_clip_is_none_in_training() -> None:
    inputs = np.float32([-3, -1, 0.5, 1, 3])
    np.testing.assert_array_equal(ClipOutsideTraining()(inputs, training=True), inputs)
    np.testing.assert_array_equal(ClipOutsideTraining()(inputs), [-1, -1, 0.5, 1, 1])


def test_nearest_doubling() -> None:
    assert_equal_layers(NearestDoubling(), keras.layers.UpSampling2D(2), numbers(2, 3, 5, 6))
    assert NearestDoubling()(keras.Input((3, 5, 6))).shape == (None, 6, 10, 6)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("shape", [(16, 7), (4, 3, 5, 7)])
def test_batch_normalization(shape: tuple[int, ...], training: bool) -> None:
    make = [kind(momentum=0.8) for kind in (FusedBatchNormalization, keras.layers.BatchNormalization)]
    assert_equal_layers(*make, 2.0 * numbers(*shape) + 0.5, training=training)


@pytest.mark.parametrize(("center", "scale"), [(False, False), (True, False)])
def test_batch_normalization_without_scale(center: bool, scale: bool) -> None:
    kinds = (FusedBatchNormalization, keras.layers.BatchNormalization)
    make = [kind(momentum=0.8, center=center, scale=scale) for kind in kinds]
    assert_equal_layers(*make, 2.0 * numbers(4, 3, 5, 7) + 0.5, training=True)


def test_batch_normalization_of_one_row_is_finite() -> None:
    layer = FusedBatchNormalization()
    assert np.isfinite(np.array(layer(numbers(1, 3), training=True))).all()
    assert all(np.isfinite(weight).all() for weight in layer.get_weights())


def test_dropout_masks_belong_to_global_rows() -> None:
    layer, inputs = KeyedDropout(0.3, key=1), tf.ones([6, 5, 3])
    with mask_key(stateless_seed(0, 1, 2)):
        whole = layer(inputs, training=True)
    parts = []
    for first, count in ((0, 1), (1, 3), (4, 2)):
        with mask_key(stateless_seed(0, 1, 2), tf.constant(first)):
            parts.append(layer(inputs[:count], training=True))
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_dropout_masks_differ_by_seed_stream_step_and_layer() -> None:
    masks = []
    for seed, stream, step, key in ((0, 0, 0, 0), (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)):
        with mask_key(stateless_seed(seed, stream, step)):
            masks.append(np.array(KeyedDropout(0.5, key)(tf.ones([4, 100]), training=True)))
    for index, mask in enumerate(masks):
        assert all(0.2 < np.mean(mask != other) < 0.8 for other in masks[:index])


@pytest.mark.parametrize("keyed", [True, False])
@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_dropout_drops_its_share_and_keeps_the_mean(keyed: bool, dtype: str) -> None:
    layer, inputs = KeyedDropout(0.3, key=0, dtype=dtype), tf.ones([500, 101])
    with mask_key(stateless_seed(3, 0, 0)) if keyed else contextlib.nullcontext():
        outputs = np.array(tf.cast(layer(inputs, training=True), tf.float32))
    assert abs(np.mean(outputs == 0.0) - 0.3) < 0.01  # 5 standard deviations
    np.testing.assert_allclose(np.unique(outputs), [0.0, 1 / 0.7], rtol=4e-3)
    np.testing.assert_array_equal(layer(inputs, training=False), tf.cast(inputs, layer.compute_dtype))
    np.testing.assert_array_equal(layer(inputs), tf.cast(inputs, layer.compute_dtype))


def test_dropout_passes_the_gradient_through_its_mask() -> None:
    inputs = tf.constant(numbers(4, 7))
    with tf.GradientTape() as tape, mask_key(stateless_seed(0, 0, 0)):
        tape.watch(inputs)
        outputs = KeyedDropout(0.4, key=0)(inputs, training=True)
    gradient = np.array(tape.gradient(outputs, inputs))
    np.testing.assert_allclose(gradient * inputs, outputs, rtol=1e-6)


def test_dropout_round_trip_and_refusal() -> None:
    layer = KeyedDropout(0.25, key=3, name="drop")
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert copy.get_config() == layer.get_config()
    assert not layer.variables
    for rate in (1.0, -0.1, float("nan")):
        with pytest.raises(InputError, match=r"rate must be in \[0, 1\)"):
            KeyedDropout(rate, key=0)


@pytest.mark.parametrize("policy", ["float32", "float64", "mixed_bfloat16"])
def test_image_normalization_gives_what_a_group_of_all_channels_does(policy: str) -> None:
    maps = np.random.default_rng(0).normal(2, 3, (3, 4, 5, 6)).astype(np.float32)
    layers = [ImageNormalization(dtype=policy), keras.layers.GroupNormalization(1, epsilon=1e-5, dtype=policy)]
    outputs = [np.asarray(layer(maps), np.float32) for layer in layers]
    np.testing.assert_allclose(outputs[0], outputs[1], atol=0.05 if "16" in policy else 1e-5)
    copy = ImageNormalization.from_config(layers[0].get_config())
    assert copy.epsilon == 1e-5
    assert [weight.path.split("/")[-1] for weight in layers[0].weights] == ["gamma", "beta"]


@pytest.mark.parametrize("policy", ["float32", "float64", "mixed_bfloat16"])
def test_instance_normalization_is_batch_normalization_of_one_image(policy: str) -> None:
    maps = np.random.default_rng(0).normal(2, 3, (3, 4, 5, 6)).astype(np.float32)
    layer, batch = InstanceNormalization(dtype=policy), keras.layers.BatchNormalization(epsilon=1e-5, dtype=policy)
    found = np.asarray(layer(maps), np.float32)
    expected = np.concatenate([np.asarray(batch(maps[row : row + 1], training=True), np.float32) for row in range(3)])
    np.testing.assert_allclose(found, expected, atol=0.05 if "16" in policy else 1e-5)
    assert type(layer).from_config(layer.get_config()).axes == (1, 2)
    assert [weight.path.split("/")[-1] for weight in layer.weights] == ["gamma", "beta"]


def test_reflection_padding() -> None:
    maps = np.arange(24, dtype=np.float32).reshape(1, 3, 4, 2)
    layer = ReflectionPadding(((1, 2), (0, 3)))
    expected = np.pad(maps, [(0, 0), (1, 2), (0, 3), (0, 0)], "reflect")
    np.testing.assert_array_equal(layer(maps), expected)
    assert expected[0, 0, 0, 0] == maps[0, 1, 0, 0]  # not the outermost pixel again
    assert layer.compute_output_shape((None, 3, 4, 2)) == (None, *expected.shape[1:])
    assert type(layer).from_config(layer.get_config()).around == [[1, 2], [0, 3]]


def test_image_normalization_has_the_second_derivative_of_a_difference() -> None:
    """Keras's has not: `tf.nn.moments` holds the mean still within the variance."""
    layer = ImageNormalization(dtype="float64")
    random = np.random.default_rng(0)
    x, direction, weights = (random.normal(size=(1, 3, 3, 2)) for _ in "xdw")

    def slope(x: np.ndarray) -> tf.Tensor:
        x = tf.constant(x)
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                value = tf.reduce_sum(tf.sin(layer(x)) * weights)
            square = tf.reduce_sum(tf.square(inner.gradient(value, x)))
        return square, outer.gradient(square, x)

    size = 1e-6
    difference = (slope(x + size * direction)[0] - slope(x - size * direction)[0]) / (2 * size)
    assert float(difference) == pytest.approx(float(tf.reduce_sum(slope(x)[1] * direction)), rel=1e-7)


@pytest.mark.parametrize("shape", [(2, 4, 6, 3), (1, 1, 5, 2)])
def test_maps_doubled_between_their_pixels_are_those_of_tensorflow(shape: tuple[int, ...]) -> None:
    maps = numbers(*shape)
    doubled = tf.image.resize(maps, (2 * shape[1], 2 * shape[2]), "bilinear")
    layer = BilinearDoubling()
    np.testing.assert_allclose(layer(maps), doubled, atol=1e-6)
    assert layer.compute_output_shape(shape) == tuple(doubled.shape)


@pytest.mark.parametrize("shape", [(2, 4, 6, 3), (1, 5, 7, 2)])
def test_a_blur_before_every_second_pixel_is_a_fixed_convolution(shape: tuple[int, ...]) -> None:
    maps = numbers(*shape)
    kernel = np.outer([1, 2, 1], [1, 2, 1])[..., None, None].repeat(shape[-1], 2).astype(np.float32) / 16
    around = tf.pad(maps, [[0, 0], [1, 1], [1, 1], [0, 0]], "REFLECT")
    expected = tf.nn.depthwise_conv2d(around, kernel, (1, 2, 2, 1), "VALID")
    layer = BlurredHalving()
    np.testing.assert_allclose(layer(maps), expected, atol=1e-6)
    assert layer.compute_output_shape(shape) == tuple(expected.shape)
    # What a strided convolution folds into a pattern of two pixels, a blur takes away.
    board = (np.indices((6, 6)).sum(0) % 2 * 2.0 - 1.0)[None, ..., None].astype(np.float32)
    np.testing.assert_allclose(layer(board), np.zeros((1, 3, 3, 1)), atol=1e-7)
