"""Constants in place of what depends on no input."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from lanes import slow
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef

from tfgan_suite.formats.folding import folded
from tfgan_suite.formats.frozen import FrozenGenerator

KERNEL = np.arange(24, dtype=np.float32).reshape(2, 3, 4)


def nodes_of(function: Callable[[tf.Tensor], tf.Tensor]) -> list[NodeDef]:
    with tf.Graph().as_default() as graph:
        function(tf.compat.v1.placeholder(tf.float32, [None, 4], "x"))
    return list(graph.as_graph_def().node)


def run(nodes: list[NodeDef], x: np.ndarray) -> np.ndarray:
    with tf.Graph().as_default() as graph, tf.compat.v1.Session(graph=graph) as session:
        tf.import_graph_def(GraphDef(node=nodes), name="")
        return session.run("y:0", {"x:0": x})


def test_weights_are_rearranged_once() -> None:
    def function(x: tf.Tensor) -> tf.Tensor:
        first, second = tf.split(tf.reverse(tf.constant(KERNEL), [0, 2]), 2)  # the second output of an operation too
        return tf.add(tf.matmul(x, tf.transpose(tf.reshape(second, (3, 4)))), tf.reduce_sum(first), name="y")

    nodes = nodes_of(function)
    x = np.linspace(-1, 1, 8, dtype=np.float32).reshape(2, 4)
    expected = run(nodes, x)
    left = folded(nodes, "y")
    assert sorted(node.op for node in left) == ["AddV2", "Const", "Const", "MatMul", "Placeholder"]
    np.testing.assert_array_equal(run(left, x), expected)


def test_what_has_a_state_is_left() -> None:
    nodes = folded(nodes_of(lambda x: tf.add(x, 2.0 * tf.random.uniform([4]), name="y")), "y")
    assert {"RandomUniform", "Mul"} <= {node.op for node in nodes}
    x = np.zeros((1, 4), np.float32)
    assert (run(nodes, x) != run(nodes, x)).any()


def test_a_graph_that_hears_no_input_keeps_its_output() -> None:
    nodes = folded(nodes_of(lambda x: tf.add(tf.constant(KERNEL), 1.0, name="y")), "y")
    with tf.Graph().as_default() as graph, tf.compat.v1.Session(graph=graph) as session:
        tf.import_graph_def(GraphDef(node=nodes), name="")
        np.testing.assert_array_equal(session.run("y:0"), KERNEL + 1)


@pytest.mark.parametrize("name", [slow("oblong"), "classes", slow("half_classes"), "spectral"])
def test_the_kernels_of_generators_are_constants(version: Callable[[str], Path], name: str) -> None:
    nodes = {node.name: node for node in FrozenGenerator(version(name)).concrete.graph.as_graph_def().node}
    kernels = [nodes[node.input[1]].op for node in nodes.values() if node.op in ("Conv2D", "Conv2DBackpropInput")]
    assert len(kernels) > 1 and set(kernels) == {"Const"}
    assert "ReverseV2" not in {node.op for node in nodes.values()}
