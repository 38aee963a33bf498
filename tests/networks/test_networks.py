"""One harness takes every network through shape, range, dtype and round trip; the published ones have known sizes."""

import inspect
import json
import math
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from lanes import slow

from tfgan_suite.errors import InputError
from tfgan_suite.layers.keyed_dropout import KeyedDropout
from tfgan_suite.layers.layer_norm import InstanceNormalization
from tfgan_suite.networks.bodies import BODIES, TRANSLATORS, build_body, get_body, options_of
from tfgan_suite.networks.conditional import ConditionalDiscriminator, ConditionalGenerator
from tfgan_suite.networks.dcgan import DCGANDiscriminator, DCGANGenerator
from tfgan_suite.networks.dcgan_tutorial import TutorialDCGANDiscriminator, TutorialDCGANGenerator
from tfgan_suite.networks.geometry import base_grid, num_doublings, surplus
from tfgan_suite.networks.mlp import MLPDiscriminator, MLPGenerator
from tfgan_suite.networks.r3gan import R3GANDiscriminator, R3GANGenerator
from tfgan_suite.networks.resnet import ResNetDiscriminator, ResNetGenerator
from tfgan_suite.options.networks import OPTIONS, NetworkOptions

Shape = tuple[int, int, int]

SHAPES: list[Shape] = [(28, 28, 1), (32, 32, 3), (64, 64, 3), (48, 64, 3), (17, 33, 4), (5, 4, 1), (30, 50, 1)]
ODD_SHAPE = (17, 33, 4)
LATENT_DIM = 5
# Small, and with no default left where another value is possible.
GENERATORS: dict[str, partial[keras.Model]] = {
    "mlp": partial(MLPGenerator, units=(8, 6), initializer_stddev=0.05),
    "mlp_batch_norm": partial(MLPGenerator, units=(8, 6), batch_norm=True),
    "dcgan": partial(DCGANGenerator, base_filters=2, initializer_stddev=0.05),
    "dcgan_tutorial": partial(TutorialDCGANGenerator, base_filters=2),
    "resnet": partial(ResNetGenerator, base_filters=3),
    "r3gan": partial(R3GANGenerator, base_filters=3, groups=2),
}
DISCRIMINATORS: dict[str, partial[keras.Model]] = {
    "mlp": partial(MLPDiscriminator, units=(8, 6), dropout=0.2),
    "mlp_no_hidden": partial(MLPDiscriminator, units=()),
    "dcgan": partial(DCGANDiscriminator, base_filters=2, dropout=0.2, initializer_stddev=0.05),
    "dcgan_tutorial": partial(TutorialDCGANDiscriminator, base_filters=2, dropout=0.2),
    "resnet": partial(ResNetDiscriminator, base_filters=3),
    "r3gan": partial(R3GANDiscriminator, base_filters=3, groups=2),
    "resnet_layer_norm": partial(ResNetDiscriminator, base_filters=3, norm="layer"),
    "resnet_batch_norm": partial(ResNetDiscriminator, base_filters=3, norm="batch"),
}
PLAIN_NETWORKS = list(dict.fromkeys(make.func for make in [*GENERATORS.values(), *DISCRIMINATORS.values()]))
OWN_WAY = ("resnet", "r3gan")  # of hearing a label
LABELS: dict[str, dict[str, int]] = {"": {}, "classes": {"num_classes": 3}, "attributes": {"num_attributes": 4}}


class Case(NamedTuple):
    """A network to build: its body, and what it is told."""

    body: str
    labels: str
    is_generator: bool
    projection: bool = False

    def __str__(self) -> str:
        kind = "generator" if self.is_generator else "discriminator"
        return "-".join(filter(None, (self.body, kind, self.labels, "projection" * self.projection)))

    @property
    def owns_labels(self) -> bool:
        return self.body.startswith(OWN_WAY)

    def build(self, shape: Shape, dtype: str | None = None) -> keras.Model:
        told = LABELS[self.labels]
        if self.owns_labels:
            sizes = {"latent_dim": LATENT_DIM} if self.is_generator else {}
            make = (GENERATORS if self.is_generator else DISCRIMINATORS)[self.body]
            return as_trained(make(image_shape=shape, dtype=dtype, **sizes, **told))
        if self.is_generator:
            joined = LATENT_DIM + sum(told.values())
            body = GENERATORS[self.body](image_shape=shape, latent_dim=joined, dtype=dtype)
            return ConditionalGenerator(body, **told, dtype=dtype) if told else body
        if not told:
            return DISCRIMINATORS[self.body](image_shape=shape, dtype=dtype)
        body = DISCRIMINATORS[self.body](image_shape=(*shape[:2], shape[2] + 1), dtype=dtype)
        return ConditionalDiscriminator(body, **told, projection=self.projection, dtype=dtype)

    def inputs(self, shape: Shape, rows: int = 2, scale: float = 1.0) -> Any:
        """Latents or images, with labels for a conditional network."""
        rng = np.random.default_rng(1)
        if self.is_generator:
            values = scale * rng.normal(size=(rows, LATENT_DIM))
        else:
            values = scale * rng.uniform(-1, 1, (rows, *shape))
        labels = {
            "classes": np.arange(rows, dtype=np.int32) % 3,
            "attributes": rng.integers(0, 2, (rows, 4)).astype(np.float32),
        }
        return [values.astype(np.float32), labels[self.labels]] if self.labels else values.astype(np.float32)


def as_trained(network: keras.Model) -> keras.Model:
    """A network with other numbers where it starts from zeros and ones."""
    random = np.random.default_rng(0)
    for variable in network.trainable_variables:
        if len(np.unique(variable)) == 1:
            variable.assign_add(random.normal(0, 0.3, variable.shape))
    return network


CASES = [Case(body, labels, True) for body in GENERATORS for labels in LABELS]
CASES += [Case(body, labels, False) for body in DISCRIMINATORS for labels in LABELS]
CASES += [Case(body, labels, False, True) for body in DISCRIMINATORS for labels in LABELS if labels]
CASES = [case for case in CASES if case.is_generator or not case.labels or case.projection or not case.owns_labels]
# Of networks with as many layers as these, the fast lane takes one a side.
QUICK = ("resnet-generator-classes", "r3gan-discriminator-classes-projection")


def in_lanes(cases: Iterable[Any]) -> list[Any]:
    """Cases, alone or first of a pair, in the fast lane or in the slow one."""
    pairs = [(each,) if isinstance(each, Case) else each for each in cases]
    return [pytest.param(*pair) if not pair[0].owns_labels or str(pair[0]) in QUICK else slow(*pair) for pair in pairs]


every_case = pytest.mark.parametrize("case", in_lanes(CASES), ids=str)
every_generator = pytest.mark.parametrize("case", in_lanes(case for case in CASES if case.is_generator), ids=str)
every_discriminator = pytest.mark.parametrize(
    "case", in_lanes(case for case in CASES if not case.is_generator), ids=str
)
every_conditional = pytest.mark.parametrize("case", in_lanes(case for case in CASES if case.labels), ids=str)


def all_layers(network: keras.Model) -> Iterator[layers.Layer]:
    """The layers, those of nested networks included."""
    for layer in network.layers:
        if isinstance(layer, keras.Model):
            yield from all_layers(layer)
        else:
            yield layer


def test_every_body_has_a_case() -> None:
    assert {network for body in BODIES.values() for network in body} == set(PLAIN_NETWORKS)


# A label changes nothing about the shape of images: two shapes are enough where the body is tried with all.
SHAPES_OF_CASES = [(case, shape) for case in CASES for shape in (SHAPES if not case.labels else [ODD_SHAPE, (5, 4, 1)])]


@pytest.mark.parametrize(("case", "shape"), in_lanes(SHAPES_OF_CASES), ids=str)
def test_shapes(case: Case, shape: Shape) -> None:
    network = case.build(shape)
    output = network(case.inputs(shape))
    assert network.built
    assert output.shape == ((2, *shape) if case.is_generator else (2, 1))
    assert output.dtype == tf.float32
    assert network.output_shape == (None, *output.shape[1:])


@every_generator
def test_generator_fills_the_range_and_keeps_it(case: Case) -> None:
    images = case.build(ODD_SHAPE)(case.inputs(ODD_SHAPE, rows=8, scale=1e6)).numpy()
    assert -1 <= images.min() < -0.9
    assert 0.9 < images.max() <= 1


@every_discriminator
def test_discriminator_ends_in_logits(case: Case) -> None:
    """Neither a sigmoid nor a tanh would let such images beyond 1."""
    logits = case.build(ODD_SHAPE)(case.inputs(ODD_SHAPE, rows=8, scale=1e6)).numpy()
    assert np.isfinite(logits).all()
    assert np.abs(logits).max() > 1


@every_case
def test_mixed_precision_computes_in_bfloat16_and_answers_in_float32(case: Case) -> None:
    network = case.build((8, 12, 3), dtype="mixed_bfloat16")
    plain = case.build((8, 12, 3), dtype="float32")
    plain.set_weights(network.get_weights())
    output = network(case.inputs((8, 12, 3)))
    assert output.dtype == tf.float32
    assert {str(variable.dtype) for variable in network.variables} <= {"float32", "uint32", "int64"}
    computing = {layer.compute_dtype for layer in all_layers(network) if layer.trainable_variables}
    assert "bfloat16" in computing or case.body == "mlp_no_hidden"
    np.testing.assert_allclose(output, plain(case.inputs((8, 12, 3))), atol=0.05)


@every_case
def test_configuration_round_trip(case: Case) -> None:
    network = case.build(ODD_SHAPE, "mixed_bfloat16")
    output = network(case.inputs(ODD_SHAPE))
    text = json.dumps(keras.saving.serialize_keras_object(network))
    copies = [type(network).from_config(network.get_config()), keras.saving.deserialize_keras_object(json.loads(text))]
    for copy in copies:
        assert type(copy) is type(network)
        assert copy.name == network.name
        assert copy.get_config() == network.get_config()
        copy.set_weights(network.get_weights())
        np.testing.assert_array_equal(copy(case.inputs(ODD_SHAPE)), output)


@pytest.mark.parametrize("network", PLAIN_NETWORKS)
def test_configuration_has_every_argument(network: type[keras.Model]) -> None:
    assert set(network((5, 4, 1)).get_config()) == set(inspect.signature(network).parameters)


@every_conditional
def test_conditional_configuration_has_every_argument(case: Case) -> None:
    network = case.build((5, 4, 1))
    assert set(network.get_config()) == set(inspect.signature(type(network)).parameters)


@pytest.mark.parametrize("case", in_lanes(case for case in CASES if case.labels == "classes"), ids=str)
def test_a_saved_file_gives_the_same_network(case: Case, tmp_path: Path) -> None:
    network = case.build((8, 12, 3))
    network.save(tmp_path / "network.keras")
    copy = keras.saving.load_model(tmp_path / "network.keras")
    np.testing.assert_array_equal(copy(case.inputs((8, 12, 3))), network(case.inputs((8, 12, 3))))


def test_a_network_keeps_the_dtype_policy_it_was_made_under() -> None:
    keras.config.set_dtype_policy("mixed_bfloat16")
    network = MLPGenerator((5, 4, 1))
    text = json.dumps(keras.saving.serialize_keras_object(network))
    keras.config.set_dtype_policy("float32")
    copy = keras.saving.deserialize_keras_object(json.loads(text))
    computing = [[layer.compute_dtype for layer in n.layers if layer.weights] for n in (network, copy)]
    assert computing[0] == computing[1] == ["bfloat16"] * 4


# BatchNorm layers at 32x32, which has three doublings.
NUM_BATCH_NORMS = {
    ("mlp_batch_norm", True): 2,
    ("dcgan", True): 3,
    ("dcgan_tutorial", True): 3,
    ("dcgan", False): 2,
    ("resnet", True): 7,  # two a block and one
    ("resnet_batch_norm", False): 6,  # two in each block but the first
}


@every_case
def test_no_bias_directly_before_batch_norm(case: Case) -> None:
    batch_norms = [
        layer for layer in all_layers(case.build((32, 32, 3))) if isinstance(layer, layers.BatchNormalization)
    ]
    assert len(batch_norms) == NUM_BATCH_NORMS.get((case.body, case.is_generator), 0)
    for batch_norm in batch_norms:
        before = batch_norm.input._keras_history.operation
        if isinstance(before, layers.Add | layers.Reshape) and case.body.startswith("resnet"):
            continue  # what is added up goes past it too
        assert isinstance(before, layers.Dense | layers.Conv2D | layers.Conv2DTranspose)
        assert before.use_bias is False


@pytest.mark.parametrize(("network", "count"), [(DCGANDiscriminator, 1), (ResNetDiscriminator, 4)])
def test_instance_norm_in_place_of_another(network: type[keras.Model], count: int) -> None:
    built = network((16, 16, 1), base_filters=2, norm="instance")
    found = [layer for layer in all_layers(built) if isinstance(layer, InstanceNormalization)]
    assert len(found) == count
    images = np.random.default_rng(0).uniform(-1, 1, (3, 16, 16, 1)).astype(np.float32)
    np.testing.assert_allclose(built(images)[:1], built(images[:1]), rtol=1e-5)


@pytest.mark.parametrize("body", ["mlp_batch_norm", "dcgan", "dcgan_tutorial", "resnet"])
def test_batch_norm_is_synchronized_where_there_are_replicas(body: str, mirrored: tf.distribute.Strategy) -> None:
    case = Case(body, "", is_generator=True)
    with mirrored.scope():
        shared = case.build((8, 8, 1))
    for network, expected in ((shared, True), (case.build((8, 8, 1)), False)):
        found = [layer.synchronized for layer in all_layers(network) if isinstance(layer, layers.BatchNormalization)]
        assert found
        assert set(found) == {expected}


@every_discriminator
def test_dropout_while_training_only(case: Case) -> None:
    network = case.build((8, 12, 3))
    has_dropout = any(isinstance(layer, KeyedDropout) for layer in all_layers(network))
    assert has_dropout == (case.body != "mlp_no_hidden" and not case.owns_labels)
    inputs = case.inputs((8, 12, 3), rows=8)
    np.testing.assert_array_equal(network(inputs), network(inputs))
    if case.body == "resnet_batch_norm":
        return  # its statistics move
    same = np.array_equal(network(inputs, training=True), network(inputs, training=True))
    assert same != has_dropout


@every_conditional
def test_the_label_matters(case: Case) -> None:
    network = case.build((8, 12, 3))
    values, _ = case.inputs((8, 12, 3), rows=1)
    labels = np.array([[0], [1], [2]], np.int32) if case.labels == "classes" else np.eye(4, dtype=np.float32)[:, None]
    outputs = [network([values, label]).numpy() for label in labels]
    for index, output in enumerate(outputs):
        assert not any(np.array_equal(output, other) for other in outputs[:index])


def test_attributes_add_their_maps() -> None:
    """The attributes 0 and 2 give row 0 + row 2 of the kernel, and the bias."""
    network = Case("mlp", "attributes", is_generator=False).build((5, 4, 1))
    embedding = next(layer for layer in network.layers if isinstance(layer, layers.Dense))
    pixels = np.arange(20, dtype=np.float32)
    embedding.set_weights([np.arange(80, dtype=np.float32).reshape(4, 20), 100 * pixels])
    np.testing.assert_allclose(
        embedding(np.array([[1, 0, 1, 0]], np.float32))[0], pixels + (40 + pixels) + 100 * pixels
    )


takes_stddev = [n for n in PLAIN_NETWORKS if "initializer_stddev" in inspect.signature(n).parameters]


@pytest.mark.parametrize("network", takes_stddev)
@pytest.mark.parametrize("stddev", [0.02, 0.5])
def test_kernels_start_from_the_normal_distribution_asked_for(network: type[keras.Model], stddev: float) -> None:
    options = {"units": (200,)} if network.__name__.startswith("MLP") else {"base_filters": 16}
    built = network((16, 16, 3), initializer_stddev=stddev, **options)
    kernels = [v.numpy().ravel() for v in built.trainable_variables if v.path.endswith("/kernel") and v.shape[-1] > 1]
    for kernel in kernels:
        assert kernel.std() == pytest.approx(stddev, rel=4 / math.sqrt(2 * kernel.size))
        assert abs(kernel.mean()) < 4 * stddev / math.sqrt(kernel.size)
    assert kernels


@pytest.mark.parametrize("network", [MLPGenerator, MLPDiscriminator])
@pytest.mark.parametrize("stddev", [None, 0.02])
def test_layers_of_one_shape_start_differently(network: type[keras.Model], stddev: float | None) -> None:
    built = network((5, 4, 1), units=(6, 6, 6), initializer_stddev=stddev)
    first, second = [v.numpy() for v in built.trainable_variables if v.shape == (6, 6)]
    assert not np.any(first == second)


# At 28x28x1: the slopes below zero of the activations between the layers, and the default of initializer_stddev.
DEFAULTS: list[tuple[type[keras.Model], list[float], float | None]] = [
    (MLPGenerator, [0.2] * 3, None),
    (MLPDiscriminator, [0.2] * 2, None),
    (DCGANGenerator, [0.0] * 3, 0.02),
    (DCGANDiscriminator, [0.2] * 3, 0.02),
    (TutorialDCGANGenerator, [0.3] * 3, None),
    (TutorialDCGANDiscriminator, [0.3] * 2, None),
]


@pytest.mark.parametrize(("network", "slopes", "stddev"), DEFAULTS)
def test_published_activations_and_initializers(
    network: type[keras.Model], slopes: list[float], stddev: float | None
) -> None:
    built = network((28, 28, 1))
    found = [layer for layer in built.layers if isinstance(layer, layers.ReLU | layers.LeakyReLU)]
    assert [float(-layer(np.float32([-1.0]))[0]) for layer in found] == pytest.approx(slopes)
    assert built.get_config()["initializer_stddev"] == stddev
    kind = keras.initializers.GlorotUniform if stddev is None else keras.initializers.RandomNormal
    assert {type(layer.kernel_initializer) for layer in built.layers if hasattr(layer, "kernel")} == {kind}


def test_batch_norm_forgets_its_start_by_a_tenth_a_step() -> None:
    """A moving mean of 0 that sees means of 1 is at 1 - 0.9 after a step."""
    batch_norm = next(layer for layer in DCGANGenerator((8, 8, 1)).layers if hasattr(layer, "moving_mean"))
    batch_norm(tf.ones([2, *batch_norm.input.shape[1:]]), training=True)
    np.testing.assert_allclose(batch_norm.moving_mean, 0.1, rtol=1e-5)


# ---- sizes of the published networks, worked by hand ----------------------------------------------

# BatchNorm has 4 numbers a channel: scale, offset, moving mean, moving variance.
TUTORIAL_GENERATOR_MIDDLE = (
    + 5 * 5 * 256 * 128 + 4 * 128  # ConvT to 128 channels, BatchNorm: 819,712
    + 5 * 5 * 128 * 64 + 4 * 64    # ConvT to 64 channels, BatchNorm: 205,056
)  # fmt: skip
RADFORD_GENERATOR_MIDDLE = (
    + 4 * 4 * 256 * 128 + 4 * 128  # ConvT to 128 channels, BatchNorm: 524,800
    + 4 * 4 * 128 * 64 + 4 * 64    # ConvT to 64 channels, BatchNorm: 131,328
)  # fmt: skip
RADFORD_DISCRIMINATOR_MIDDLE = (
    + 4 * 4 * 64 * 128 + 4 * 128   # Conv to 128 channels, BatchNorm: 131,584
    + 4 * 4 * 128 * 256 + 4 * 256  # Conv to 256 channels, BatchNorm: 525,312
)  # fmt: skip
MLP_GENERATOR_HIDDEN = (100 + 1) * 128 + (128 + 1) * 256 + (256 + 1) * 512  # 177,536
MLP_DISCRIMINATOR_REST = (512 + 1) * 256 + (256 + 1) * 1  # 131,585

PARAMETERS: list[tuple[type[keras.Model], Shape, int]] = [
    # Dense to a quarter of the sides, BatchNorm, the middle, ConvT to the image.
    (TutorialDCGANGenerator, (28, 28, 1), (100 + 4) * 7 * 7 * 256 + TUTORIAL_GENERATOR_MIDDLE + 5 * 5 * 64 * 1),
    (TutorialDCGANGenerator, (32, 32, 3), (100 + 4) * 8 * 8 * 256 + TUTORIAL_GENERATOR_MIDDLE + 5 * 5 * 64 * 3),
    (TutorialDCGANGenerator, (64, 64, 3), (100 + 4) * 16 * 16 * 256 + TUTORIAL_GENERATOR_MIDDLE + 5 * 5 * 64 * 3),
    # Two convolutions and Dense, all with biases.
    (TutorialDCGANDiscriminator, (28, 28, 1), (25 * 1 + 1) * 64 + (25 * 64 + 1) * 128 + 7 * 7 * 128 + 1),
    (TutorialDCGANDiscriminator, (32, 32, 3), (25 * 3 + 1) * 64 + (25 * 64 + 1) * 128 + 8 * 8 * 128 + 1),
    (TutorialDCGANDiscriminator, (64, 64, 3), (25 * 3 + 1) * 64 + (25 * 64 + 1) * 128 + 16 * 16 * 128 + 1),
    # ConvT of z to 4x4 and BatchNorm, the middle, ConvT to the image with biases; 64x64 has a stage of 512 more.
    (DCGANGenerator, (28, 28, 1), (16 * 100 + 4) * 256 + RADFORD_GENERATOR_MIDDLE + (16 * 64 + 1) * 1),
    (DCGANGenerator, (32, 32, 3), (16 * 100 + 4) * 256 + RADFORD_GENERATOR_MIDDLE + (16 * 64 + 1) * 3),
    (
        DCGANGenerator,
        (64, 64, 3),
        (16 * 100 + 4) * 512 + (16 * 512 + 4) * 256 + RADFORD_GENERATOR_MIDDLE + (16 * 64 + 1) * 3,
    ),
    # Conv with biases, the middle, Conv of 4x4 to the logit.
    (DCGANDiscriminator, (28, 28, 1), (16 * 1 + 1) * 64 + RADFORD_DISCRIMINATOR_MIDDLE + 16 * 256 + 1),
    (DCGANDiscriminator, (32, 32, 3), (16 * 3 + 1) * 64 + RADFORD_DISCRIMINATOR_MIDDLE + 16 * 256 + 1),
    (
        DCGANDiscriminator,
        (64, 64, 3),
        (16 * 3 + 1) * 64 + RADFORD_DISCRIMINATOR_MIDDLE + (16 * 256 + 4) * 512 + 16 * 512 + 1,
    ),
    (MLPGenerator, (28, 28, 1), MLP_GENERATOR_HIDDEN + (512 + 1) * 784),
    (MLPGenerator, (32, 32, 3), MLP_GENERATOR_HIDDEN + (512 + 1) * 3072),
    (MLPGenerator, (64, 64, 3), MLP_GENERATOR_HIDDEN + (512 + 1) * 12288),
    (MLPDiscriminator, (28, 28, 1), (784 + 1) * 512 + MLP_DISCRIMINATOR_REST),
    (MLPDiscriminator, (32, 32, 3), (3072 + 1) * 512 + MLP_DISCRIMINATOR_REST),
    (MLPDiscriminator, (64, 64, 3), (12288 + 1) * 512 + MLP_DISCRIMINATOR_REST),
]


@pytest.mark.parametrize(("network", "shape", "count"), PARAMETERS)
def test_number_of_parameters(network: type[keras.Model], shape: Shape, count: int) -> None:
    assert network(shape).count_params() == count


# Numbers as others print them.
PUBLISHED: list[tuple[type[keras.Model], Shape, int, int]] = [
    # `summary()` of the TensorFlow tutorial's networks.
    (TutorialDCGANGenerator, (28, 28, 1), 2_330_944, 0),
    (TutorialDCGANDiscriminator, (28, 28, 1), 212_865, 0),
    # The authors' later form: it counts no moving statistics and has no bias, ours one a colour.
    (DCGANGenerator, (64, 64, 3), 3_576_704, 3 + 2 * (512 + 256 + 128 + 64)),
    # The same; ours has a bias in the first Conv and in the last.
    (DCGANDiscriminator, (64, 64, 3), 2_765_568, 64 + 1 + 2 * (128 + 256 + 512)),
    (MLPGenerator, (28, 28, 1), 579_728, 0),
    (MLPDiscriminator, (28, 28, 1), 533_505, 0),
]


@pytest.mark.parametrize(("network", "shape", "published", "difference"), PUBLISHED)
def test_published_number_of_parameters(
    network: type[keras.Model], shape: Shape, published: int, difference: int
) -> None:
    assert network(shape).count_params() == published + difference


# ---- geometry --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "doublings", "grid", "crop"),
    [
        ((64, 64, 3), 4, (4, 4), ((0, 0), (0, 0))),
        ((32, 32, 3), 3, (4, 4), ((0, 0), (0, 0))),
        ((28, 28, 1), 3, (4, 4), ((2, 2), (2, 2))),  # 32 - 28
        ((48, 80, 3), 4, (3, 5), ((0, 0), (0, 0))),
        ((17, 33, 4), 3, (3, 5), ((3, 4), (3, 4))),  # 24 - 17, 40 - 33
        ((5, 4, 1), 1, (3, 2), ((0, 1), (0, 0))),
        ((128, 128, 3), 5, (4, 4), ((0, 0), (0, 0))),
    ],
)
def test_geometry(shape: Shape, doublings: int, grid: tuple[int, int], crop: tuple[Any, Any]) -> None:
    assert num_doublings(shape) == doublings
    assert base_grid(shape, doublings) == grid
    assert surplus(shape, doublings) == crop


# ---- what is refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "shape", [(28, 28), (28, 28, 1, 1), (3, 28, 1), (28, 3, 1), (28, 28, 0), (-28, 28, 1), (None, None, 3), ()], ids=str
)
@pytest.mark.parametrize("network", PLAIN_NETWORKS)
def test_refuses_an_image_shape(network: type[keras.Model], shape: Any) -> None:
    with pytest.raises(InputError, match="image_shape"):
        network(image_shape=shape)


@pytest.mark.parametrize("size", [0, -1])
@pytest.mark.parametrize(
    ("network", "argument"),
    [
        (MLPGenerator, "latent_dim"),
        (DCGANGenerator, "latent_dim"),
        (DCGANGenerator, "base_filters"),
        (DCGANDiscriminator, "base_filters"),
        (TutorialDCGANGenerator, "latent_dim"),
        (TutorialDCGANGenerator, "base_filters"),
        (TutorialDCGANDiscriminator, "base_filters"),
        (ResNetGenerator, "latent_dim"),
        (ResNetGenerator, "base_filters"),
        (ResNetDiscriminator, "base_filters"),
        (R3GANGenerator, "latent_dim"),
        (R3GANGenerator, "base_filters"),
        (R3GANGenerator, "groups"),
        (R3GANDiscriminator, "base_filters"),
        (R3GANDiscriminator, "groups"),
    ],
)
def test_refuses_a_size(network: type[keras.Model], argument: str, size: int) -> None:
    with pytest.raises(InputError, match=f"{argument} must be at least 1"):
        network((8, 8, 1), **{argument: size})


@pytest.mark.parametrize("network", [MLPGenerator, MLPDiscriminator])
def test_refuses_units(network: type[keras.Model]) -> None:
    with pytest.raises(InputError, match=r"units\[1\] must be at least 1"):
        network((8, 8, 1), units=(8, 0))


@pytest.mark.parametrize("dropout", [1.0, -0.1])
@pytest.mark.parametrize("network", [MLPDiscriminator, DCGANDiscriminator, TutorialDCGANDiscriminator])
def test_refuses_dropout(network: type[keras.Model], dropout: float) -> None:
    with pytest.raises(InputError, match="dropout"):
        network((8, 8, 1), dropout=dropout)


@pytest.mark.parametrize("network", takes_stddev)
def test_refuses_a_negative_standard_deviation(network: type[keras.Model]) -> None:
    with pytest.raises(InputError, match="initializer_stddev"):
        network((8, 8, 1), initializer_stddev=-0.02)


@pytest.mark.parametrize(
    "told", [{}, {"num_classes": 3, "num_attributes": 2}, {"num_classes": 0}, {"num_attributes": -1}]
)
def test_conditional_networks_are_told_one_kind_of_label(told: dict[str, int]) -> None:
    with pytest.raises(InputError, match="either num_classes"):
        ConditionalGenerator(MLPGenerator((8, 8, 1)), **told)
    with pytest.raises(InputError, match="either num_classes"):
        ConditionalDiscriminator(MLPDiscriminator((8, 8, 2)), **told)


@pytest.mark.parametrize("latent_dim", [1, 3])
def test_refuses_a_body_without_room_for_z(latent_dim: int) -> None:
    with pytest.raises(InputError, match="plus 3 for the label"):
        ConditionalGenerator(MLPGenerator((8, 8, 1), latent_dim=latent_dim), num_classes=3)


def test_the_generator_sees_the_label_as_it_is() -> None:
    body = MLPGenerator((4, 4, 1), latent_dim=5, units=())
    latents = np.random.default_rng(0).normal(size=(2, 2)).astype(np.float32)
    joined = np.concatenate([latents, [[0, 0, 1], [1, 0, 0]]], axis=1).astype(np.float32)
    of_classes = ConditionalGenerator(body, num_classes=3)([latents, np.array([2, 0], np.int32)])
    of_attributes = ConditionalGenerator(body, num_attributes=3)([latents, joined[:, 2:]])
    np.testing.assert_array_equal(of_classes, body(joined))
    np.testing.assert_array_equal(of_attributes, body(joined))


def test_refuses_a_body_without_a_channel_for_the_label() -> None:
    with pytest.raises(InputError, match="one more for the label"):
        ConditionalDiscriminator(MLPDiscriminator((8, 8, 1)), num_classes=3)


# ---- bodies by name --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "shape", "generator"),
    [
        ("dcgan", (28, 28, 1), TutorialDCGANGenerator),
        ("dcgan", (28, 28, 3), TutorialDCGANGenerator),
        ("dcgan", (32, 32, 3), DCGANGenerator),
        ("dcgan", (28, 32, 1), DCGANGenerator),
        ("dcgan_radford2015", (28, 28, 1), DCGANGenerator),
        ("dcgan_tutorial", (64, 64, 3), TutorialDCGANGenerator),
        ("mlp", (28, 28, 1), MLPGenerator),
        ("resnet", (28, 28, 1), ResNetGenerator),
        ("r3gan", (28, 28, 1), R3GANGenerator),
    ],
)
def test_body_of_a_name(name: str, shape: Shape, generator: type[keras.Model]) -> None:
    assert get_body(name, shape).generator is generator


def test_build_body_hands_each_network_what_is_its_own() -> None:
    options = NetworkOptions((10, 9), (6,), batch_norm=True, dropout=0.25, initializer_stddev=0.1)
    generator, discriminator = build_body("mlp", (8, 8, 1), (8, 8, 2), 7, options)
    expected = {"latent_dim": 7, "units": (10, 9), "batch_norm": True, "initializer_stddev": 0.1, "dtype": "float32"}
    assert generator.get_config().items() >= expected.items()
    expected = {"image_shape": (8, 8, 2), "units": (6,), "dropout": 0.25, "initializer_stddev": 0.1}
    assert discriminator.get_config().items() >= expected.items()


def test_build_body_leaves_the_defaults_of_a_network() -> None:
    generator, discriminator = build_body("dcgan", (28, 28, 1), (28, 28, 1), 100)
    assert generator.count_params() == 2_330_944
    assert discriminator.get_config()["dropout"] == 0.3


def test_build_body_takes_the_global_dtype_policy() -> None:
    keras.config.set_dtype_policy("mixed_bfloat16")
    generator, _ = build_body("mlp", (8, 8, 1), (8, 8, 1), 7)
    assert generator.get_config()["dtype"] == "mixed_bfloat16"


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("dcgam", {}, "Did you mean dcgan"),
        ("dcgan", {"generator_units": (8,)}, "TutorialDCGANGenerator does not take generator_units"),
        ("dcgan", {"batch_norm": False}, "does not take batch_norm"),
        ("mlp", {"base_filters": 8}, "MLPGenerator does not take base_filters"),
        ("mlp", {"dropout": 1.0}, "dropout must be in"),
    ],
)
def test_build_body_refuses(name: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        build_body(name, (28, 28, 1), (28, 28, 1), 10, NetworkOptions(**options))


@pytest.mark.parametrize("dtype", ["mixed_float16", "bfloat16"])
def test_build_body_refuses_a_policy(dtype: str) -> None:
    with pytest.raises(InputError, match=f"float32, mixed_bfloat16, float64 .* Received: {dtype}"):
        build_body("mlp", (28, 28, 1), (28, 28, 1), 10, dtype=dtype)


def test_an_option_of_one_side_alone_is_refused_with_its_network() -> None:
    with pytest.raises(InputError, match=r"^TutorialDCGANDiscriminator does not take discriminator_units"):
        build_body("dcgan", (28, 28, 1), (28, 28, 1), 10, NetworkOptions(discriminator_units=(8,)))


def test_every_parameter_of_a_network_is_an_option() -> None:
    """So that it has a flag, and a keyword of the models; `build_body` gives the rest."""
    given = {"image_shape", "latent_dim", "num_classes", "num_attributes", "source_shape", "target_channels"}
    given |= {"scale", "dtype", "name"}
    for body in (*BODIES.values(), *TRANSLATORS.values()):
        for side in body._fields:
            parameters = set(inspect.signature(getattr(body, side)).parameters)
            assert parameters - given == set(body.parameters(side).values())


def test_every_option_is_a_parameter_of_a_network() -> None:
    assert options_of(*BODIES, *TRANSLATORS) == list(OPTIONS)


def test_projection_by_hand() -> None:
    """A body without hidden layers: the logit is w.x + b, and the projection adds v.x, x the image beside its map."""
    body = MLPDiscriminator((4, 4, 2), units=())
    network = ConditionalDiscriminator(body, num_classes=3, projection=True)
    maps, vectors = (layer for layer in network.layers if isinstance(layer, keras.layers.Embedding))
    images = np.random.default_rng(0).normal(size=(3, 4, 4, 1)).astype(np.float32)
    labels = np.array([2, 0, 1], np.int32)
    kernel, bias = body.get_layer("logits").get_weights()
    label_maps = maps.get_weights()[0][labels].reshape(3, 4, 4, 1)
    rows = np.concatenate([images, label_maps], axis=-1).reshape(3, 32)
    expected = rows @ kernel + bias + (rows * vectors.get_weights()[0][labels]).sum(1, keepdims=True)
    np.testing.assert_allclose(network([images, labels]).numpy(), expected, rtol=1e-5, atol=1e-6)


def test_kernels_of_he_keep_the_size_of_maps() -> None:
    """Without a norm, 0.02 leaves a sixth of it at each of these layers."""
    spread = {}
    for initializer in ("he", "normal"):
        keras.utils.set_random_seed(0)
        network = DCGANDiscriminator((64, 64, 3), base_filters=16, norm="none", initializer=initializer)
        kernels = [layer.kernel.numpy() for layer in network.layers if layer.weights]
        spread[initializer] = [float(kernel.std()) for kernel in kernels[:-1]]
        fans = [kernel[..., 0].size for kernel in kernels[:-1]]
    np.testing.assert_allclose(spread["he"], np.sqrt(2 / np.array(fans)), rtol=0.05)
    np.testing.assert_allclose(spread["normal"], [0.02] * len(fans), rtol=0.05)
