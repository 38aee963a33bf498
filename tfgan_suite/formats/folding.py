"""What a graph computes of its weights alone, computed once."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import tensorflow as tf
from tensorflow.core.framework.attr_value_pb2 import AttrValue
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef
from tensorflow.python.framework import op_def_registry


def folded(nodes: Sequence[NodeDef], output: str) -> list[NodeDef]:
    """The nodes with a constant in place of each tensor that depends on no input.

    The converter of LiteRT does so up to a size. What it leaves is computed anew with every request, is not
    stored in 8 bits, and may be refused by the runtime, as the reversal of a wide kernel along two axes is.

    Args:
        nodes: of a graph whose weights are constants; changed in place.
        output: the node that the graph is for, which stays.
    """
    varying = _varying(nodes, output)
    kept = [node for node in nodes if node.name in varying]
    read = sorted({source for node in kept for source in node.input if node_of(source) not in varying})
    values = _values([node for node in nodes if node.name not in varying], read)
    names = {source: source.replace(":", "/output_") for source in read}
    for node in kept:
        node.input[:] = [names.get(source, source) for source in node.input]
    return kept + [_constant(names[source], value) for source, value in values.items()]


def node_of(source: str) -> str:
    """The name of the node that gives an input, which is written `name` or `name:number`."""
    return source.partition(":")[0]


def _varying(nodes: Iterable[NodeDef], output: str) -> set[str]:
    """The output, and all that an input or a state, such as that of random numbers, has a part in."""
    readers = defaultdict(list)
    pending = [output]
    for node in nodes:
        for source in node.input:
            readers[node_of(source)].append(node.name)
        if node.op == "Placeholder" or op_def_registry.get(node.op).is_stateful:
            pending.append(node.name)
    found: set[str] = set()
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending += readers[name]
    return found


def _values(nodes: Iterable[NodeDef], tensors: Sequence[str]) -> dict[str, tf.Tensor]:
    if not tensors:
        return {}
    graph = tf.Graph()
    with graph.as_default():
        tf.import_graph_def(GraphDef(node=nodes), name="")
    with tf.compat.v1.Session(graph=graph) as session:
        return session.run({name: name if ":" in name else f"{name}:0" for name in tensors})


def _constant(name: str, value: object) -> NodeDef:
    tensor = tf.make_tensor_proto(value)
    attributes = {"dtype": AttrValue(type=tensor.dtype), "value": AttrValue(tensor=tensor)}
    return NodeDef(name=name, op="Const", attr=attributes)
