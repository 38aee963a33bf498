"""The graph that the converters are given."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.framework import types_pb2

from tfgan_suite.errors import InputError
from tfgan_suite.formats.frozen import FrozenGenerator
from tfgan_suite.formats.source import opened
from tfgan_suite.models.loading import load_model
from tfgan_suite.runs.record import newest_of_run
from tfgan_suite.serving.allowed_ops import read_meta_graph
from tfgan_suite.serving.saved_generator import SavedGenerator

# What no other runtime knows: messages, refusals, variables.
FOREIGN = {"Assert", "AsString", "VarHandleOp", "ReadVariableOp", "StatefulPartitionedCall", "NoOp"}


def nodes_of(frozen: FrozenGenerator) -> list:
    return list(frozen.concrete.graph.as_graph_def().node)


@pytest.mark.parametrize("name", ["classes", "mlp_of_4_channels"])
def test_it_holds_what_makes_images_and_no_more(version: Callable[[str], Path], name: str) -> None:
    folder = version(name)
    frozen = FrozenGenerator(folder)
    meta = {node.op for function in read_meta_graph(folder).graph_def.library.function for node in function.node_def}
    assert {"Assert", "AsString"} <= meta
    assert not {node.op for node in nodes_of(frozen)} & FOREIGN
    assert not frozen.was_half
    assert [spec.name for spec in frozen.specs] == ["latents", *(["labels"] if name == "classes" else [])]
    assert all(spec.shape[0] is None for spec in frozen.specs)


@pytest.mark.parametrize("name", ["classes", "attributes", "oblong"])
def test_it_gives_the_images_of_the_export(version: Callable[[str], Path], name: str) -> None:
    with opened(version(name)) as source:
        latents, labels = source.inputs(5)
        given = [latents] if labels is None else [latents, labels]
        images = source.frozen.function(*given)["images"].numpy()
        assert images.std() > 0.1
        np.testing.assert_array_equal(images, SavedGenerator(version(name)).images_from_latents(latents, labels))


def test_sixteen_bits_become_thirty_two(version: Callable[[str], Path]) -> None:
    with opened(version("half_classes")) as source:
        assert source.frozen.was_half
        types = {value.type for node in nodes_of(source.frozen) for value in node.attr.values()}
        assert types_pb2.DT_FLOAT in types and not types & {types_pb2.DT_BFLOAT16, types_pb2.DT_HALF}
        latents, labels = source.inputs(16)
        images = source.frozen.function(latents, labels)["images"].numpy()
        distance = np.abs(images - source.images(latents, labels))
        assert 1e-4 < distance.max() < 0.2 and distance.mean() < 0.01


@pytest.mark.slow
def test_a_run_is_compared_with_its_keras_generator(trained_run: Path) -> None:
    with opened(trained_run) as source:
        latents, labels = source.inputs(4)
        model = load_model(newest_of_run(trained_run))
        expected = model.sampling_generator([tf.constant(latents), tf.constant(labels)], training=False).numpy()
        np.testing.assert_array_equal(source.images(latents, labels), expected)
        assert source.card["model"] == "cgan" and source.saved.num_classes == 10
        assert np.abs(source.frozen.function(latents, labels)["images"].numpy() - expected).max() < 1e-5
        temporary = source.saved.path
    assert not temporary.exists()


def test_what_is_no_generator(tmp_path: Path) -> None:
    (tmp_path / "config.json").touch()
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(InputError), opened(path):
            pass
