"""A SavedModel is code: what is refused before any of it is run."""

from collections.abc import Callable
from pathlib import Path

import pytest
import tensorflow as tf

from tfgan_suite import InputError, SavedGenerator
from tfgan_suite.serving.allowed_ops import SAVE_OPS, allowed_ops, foreign_ops, read_meta_graph, refuse_foreign_ops


def saved(folder: Path, function: Callable[[tf.Tensor], tf.Tensor], **attributes: object) -> Path:
    module = tf.Module()
    module.x = tf.Variable([1.0])
    for name, value in attributes.items():
        setattr(module, name, value)
    spec = tf.TensorSpec([None], tf.float32, name="seeds")
    module.function = tf.function(function, input_signature=[spec])
    tf.saved_model.save(module, str(folder), signatures={"sample": module.function})
    return folder


def read(x: tf.Tensor) -> tf.Tensor:
    return x + tf.cast(tf.strings.length(tf.io.read_file("never")), tf.float32)


def write(x: tf.Tensor) -> tf.Tensor:
    with tf.control_dependencies([tf.io.write_file("never", "x")]):
        return tf.identity(x)


def run_python(x: tf.Tensor) -> tf.Tensor:
    return tf.py_function(lambda y: y, [x], tf.float32)


def in_a_branch(x: tf.Tensor) -> tf.Tensor:
    return tf.cond(tf.reduce_sum(x) > 1e9, lambda: read(x), lambda: x)


def in_a_map(x: tf.Tensor) -> tf.Tensor:
    return tf.map_fn(read, x)


def save_elsewhere(x: tf.Tensor) -> tf.Tensor:
    with tf.control_dependencies(
        [tf.raw_ops.SaveV2(prefix="never", tensor_names=["x"], shape_and_slices=[""], tensors=[x])]
    ):
        return tf.identity(x)


def restore_elsewhere(x: tf.Tensor) -> tf.Tensor:
    return x + tf.raw_ops.RestoreV2(prefix="never", tensor_names=["x"], shape_and_slices=[""], dtypes=[tf.float32])[0]


def unseeded(x: tf.Tensor) -> tf.Tensor:
    return x + tf.random.normal([1])


@pytest.mark.parametrize(
    ("function", "op"),
    [
        (read, "ReadFile"),
        (write, "WriteFile"),
        (run_python, "EagerPyFunc"),
        (in_a_branch, "ReadFile"),
        (in_a_map, "ReadFile"),
        (save_elsewhere, "SaveV2"),
        (restore_elsewhere, "RestoreV2"),
        (unseeded, "RandomStandardNormal"),
    ],
)
def test_an_operation_that_does_more_is_refused(
    function: Callable[[tf.Tensor], tf.Tensor], op: str, tmp_path: Path
) -> None:
    folder = saved(tmp_path, function)
    assert foreign_ops(read_meta_graph(folder)) == [op]
    with pytest.raises(InputError, match=f"{op}. Load it, by --trust of generate.py, only if you trust"):
        SavedGenerator(folder)
    with pytest.raises(InputError, match="no generator"):  # which is found after loading it
        SavedGenerator(folder, trust=True)


def test_arithmetic_is_not_refused(tmp_path: Path) -> None:
    refuse_foreign_ops(saved(tmp_path, lambda x: tf.nn.softmax(2 * x)))


def test_a_signature_that_writes_a_variable_is_refused(tmp_path: Path) -> None:
    """As a layer with Keras's SeedGenerator would: answers would depend on the requests before."""
    variable = tf.Variable([0.0])
    folder = saved(tmp_path, lambda x: x + variable.assign_add([1.0]), variable=variable)
    assert foreign_ops(read_meta_graph(folder)) == ["AssignAddVariableOp"]
    folder = saved(tmp_path / "assign", lambda x: x + variable.assign(variable + 1.0), variable=variable)
    assert foreign_ops(read_meta_graph(folder)) == ["AssignVariableOp"]


def test_a_signature_that_leads_to_the_saver_is_refused(dcgan_version: Path) -> None:
    """The saver's own operations are let through, but not for whom a request can reach them."""
    graph = read_meta_graph(dcgan_version)
    assert foreign_ops(graph) == []
    graph.signature_def["sample"].outputs["images"].name = graph.saver_def.save_tensor_name
    assert set(foreign_ops(graph)) == set(SAVE_OPS)


def test_a_function_that_nothing_calls_is_judged(dcgan_version: Path) -> None:
    graph = read_meta_graph(dcgan_version)
    function = graph.graph_def.library.function.add()
    function.signature.name = "stray"
    function.node_def.add(name="x", op="WriteFile")
    assert foreign_ops(graph) == ["WriteFile"]


def test_the_list_holds_nothing_that_touches_files() -> None:
    allowed = allowed_ops()
    assert {"MatMul", "Conv2DBackpropInput", "EncodePng", "StatelessRandomNormalV2", "Assert"} <= allowed
    forbidden = ("ReadFile", "WriteFile", "SaveV2", "RestoreV2", "ImmutableConst", "PyFunc", "EagerPyFunc", "PrintV2")
    assert not allowed & {*forbidden, "RandomUniform", "AssignVariableOp", "DebugIdentityV2", "Abort", "RemoteCall"}


def test_a_damaged_graph_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be loaded: No such file"):
        read_meta_graph(tmp_path)
    (tmp_path / "saved_model.pb").write_bytes(b"not a model")
    with pytest.raises(InputError, match="it is damaged"):
        read_meta_graph(tmp_path)
    (tmp_path / "saved_model.pb").write_bytes(b"")
    with pytest.raises(InputError, match="no graph with the tag 'serve'"):
        read_meta_graph(tmp_path)
