"""A SavedModel is code: which of its operations do more than compute tensors from tensors?"""

import functools
from collections.abc import Iterable
from importlib import resources
from pathlib import Path

from google.protobuf.message import DecodeError
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef
from tensorflow.core.protobuf.meta_graph_pb2 import MetaGraphDef
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

from tfgan_suite.errors import InputError

SERVING_TAG = "serve"
# Reading and writing weights, which nothing but the SavedModel's own saver may do.
RESTORE_OPS = frozenset({"AssignVariableOp", "RestoreV2"})
SAVE_OPS = frozenset({"DisableCopyOnRead", "MergeV2Checkpoints", "SaveV2", "ShardedFilename"})


@functools.cache
def allowed_ops(of_translator: bool = False) -> frozenset[str]:
    """The operations that an export may hold; `scripts/list_serving_ops.py` makes the list.

    Args:
        of_translator: whether it makes pictures of pictures: it may decode them.
    """
    text = resources.files(__package__).joinpath("op_allow_list.txt").read_text(encoding="utf-8")
    lines = [line.split() for line in text.splitlines() if not line.startswith("#")]
    return frozenset(name for *whose, name in lines if of_translator or not whose)


def read_meta_graph(folder: Path | str) -> MetaGraphDef:
    """The graph of a version folder, read and not run.

    Raises:
        InputError: there is none, or it is damaged.
    """
    path = Path(folder) / "saved_model.pb"
    try:
        graphs = SavedModel.FromString(path.read_bytes()).meta_graphs
    except (OSError, DecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is damaged"
        raise InputError(f"The SavedModel {path} cannot be loaded: {reason}.") from error
    for graph in graphs:
        if SERVING_TAG in graph.meta_info_def.tags:
            return graph
    raise InputError(f"The SavedModel {path} cannot be loaded: it has no graph with the tag {SERVING_TAG!r}.")


def foreign_ops(graph: MetaGraphDef, of_translator: bool = False) -> list[str]:
    """The operations that are not on the list, in order; those of the saver count where anything else reaches them.

    Args:
        graph: of a SavedModel.
        of_translator: see `allowed_ops`.
    """
    allowed = allowed_ops(of_translator)
    found = _Reached(graph.graph_def)
    saver = graph.saver_def
    restore = found.closure([saver.restore_op_name])
    save = found.closure([saver.save_tensor_name]) - restore
    everything = set(found.nodes) | set(found.functions)
    entries = [name for name in found.nodes if name not in restore | save]
    entries += [info.name for signature in graph.signature_def.values() for info in signature.outputs.values()]
    entries += [name for collection in graph.collection_def.values() for name in collection.node_list.value]
    called = found.closure([*entries, *graph.object_graph_def.concrete_functions])
    # What nothing reaches is judged with what is called: a name that is not understood is no excuse.
    called |= everything - restore - save
    foreign = found.ops(called) - allowed
    foreign |= found.ops(restore) - allowed - RESTORE_OPS
    foreign |= found.ops(save) - allowed - SAVE_OPS
    return sorted(foreign)


def refuse_foreign_ops(folder: Path | str, of_translator: bool = False) -> None:
    """Refuses a SavedModel that holds an operation which is not on the list. Nothing of it is run.

    Args:
        folder: version folder.
        of_translator: see `allowed_ops`.

    Raises:
        InputError: such an operation, or no SavedModel.
    """
    if foreign := foreign_ops(read_meta_graph(folder), of_translator):
        kind = "translator" if of_translator else "generator"
        way = "--trust of translate.py" if of_translator else "--trust of generate.py"
        raise InputError(
            f"The SavedModel {folder} holds operations that a {kind} has no need of, and that may read files, "
            f"write them or run other code: {', '.join(foreign)}. "
            f"Load it, by {way}, only if you trust who made it."
        )


class _Reached:
    """Which nodes and functions of a graph lead to which."""

    def __init__(self, graph: GraphDef):
        self.nodes = {node.name: node for node in graph.node}
        self.functions = {function.signature.name: function for function in graph.library.function}

    def closure(self, names: Iterable[str]) -> set[str]:
        """Names of nodes and functions, and of all that they need; tensors `name:0` and `^name` count as their node."""
        pending = [name.lstrip("^").partition(":")[0] for name in names]
        reached: set[str] = set()
        while pending:
            name = pending.pop()
            if name in reached:
                continue
            if name in self.nodes:
                reached.add(name)
                pending += [source.lstrip("^").partition(":")[0] for source in self.nodes[name].input]
                pending += self._called(self.nodes[name])
            elif name in self.functions:
                reached.add(name)
                for node in self.functions[name].node_def:
                    pending += self._called(node)
        return reached

    def _called(self, node: NodeDef) -> list[str]:
        """The functions that a node names."""
        attributes = node.attr.values()
        listed = [function.name for value in attributes for function in value.list.func]
        return [*listed, *(value.func.name for value in attributes if value.HasField("func"))]

    def ops(self, names: Iterable[str]) -> set[str]:
        """The operations of nodes and functions."""
        found: set[str] = set()
        for name in names:
            nodes = [self.nodes[name]] if name in self.nodes else self.functions[name].node_def
            found.update(node.op for node in nodes)
        return found
