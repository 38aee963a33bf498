"""A SavedModel in a TensorFlow 1 Session, which is how TensorFlow Serving holds it."""

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import tensorflow as tf

from tfgan_suite.serving.allowed_ops import read_meta_graph

INIT_OP = "__saved_model_init_op"


class ServingSession:
    """A version's graph with its weights; close it, or use it in a `with`.

    A check by `tf.saved_model.load` would not do: models load there that fail in a Session.

    Args:
        folder: version folder.

    Attributes:
        signatures: the `SignatureDef` of each signature.

    Raises:
        InputError: no SavedModel, or a damaged one.
        tf.errors.OpError: a graph that does not run.
    """

    def __init__(self, folder: Path | str):
        meta_graph = read_meta_graph(folder)
        self.signatures = {key: value for key, value in meta_graph.signature_def.items() if key != INIT_OP}
        graph = tf.Graph()
        with graph.as_default():
            tf.import_graph_def(meta_graph.graph_def, name="")
        self._session = tf.compat.v1.Session(graph=graph)
        saver = meta_graph.saver_def
        self._session.run(saver.restore_op_name, {saver.filename_tensor_name: str(Path(folder, "variables/variables"))})

    def run(self, signature: str, inputs: Mapping[str, Any]) -> dict[str, np.ndarray]:
        """The outputs of a signature by name.

        Raises:
            KeyError: a signature or an input that is not there.
            tf.errors.InvalidArgumentError: inputs that the graph refuses.
        """
        definition = self.signatures[signature]
        feeds = {definition.inputs[name].name: value for name, value in inputs.items()}
        return self._session.run({name: info.name for name, info in definition.outputs.items()}, feeds)

    def close(self) -> None:
        """Frees the weights."""
        self._session.close()

    def __enter__(self) -> "ServingSession":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
