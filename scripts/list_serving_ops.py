"""Writes the operations that an exported generator may hold, as the installed TensorFlow has them.

TensorFlow Serving comes out after TensorFlow, so the list is made with the minor before the one that exports:

    python3 -m venv older && older/bin/pip install "tensorflow-cpu==2.20.*"
    older/bin/python scripts/list_serving_ops.py > tfgan_suite/serving/op_allow_list.txt

On the list: the operations of the families below that have a CPU kernel and no state, so that they compute
tensors from tensors and do nothing else; and those of `NAMED`, each for its reason.
"""

import argparse
import importlib

FAMILIES = (
    "array_ops",
    "bitwise_ops",
    "functional_ops",
    "image_ops",
    "linalg_ops",
    "list_ops",
    "manip_ops",
    "math_ops",
    "nn_ops",
    "special_math_ops",
    "spectral_ops",
    "stateless_random_ops",
    "stateless_random_ops_v2",
    "string_ops",
)
# ImmutableConst reads a file; decoders read what others wrote, and a generator has nothing to decode (a translator has:
# see below); the others belong to debuggers and to TensorFlow 1.
UNWANTED = ("Debug", "Decode", "ExtractJpegShape", "ImmutableConst", "Ref")
# What a translator is given to decode, and no other export has a use for.
OF_TRANSLATORS = ("DecodeJpeg", "DecodePng", "DecodeRaw", "ExtractJpegShape")
# With state in TensorFlow's eyes: variables that are read, refusals, functions, and branches and loops that hold them.
NAMED = (
    "Assert",
    "Case",
    "If",
    "NoOp",
    "ReadVariableOp",
    "ResourceGather",
    "ResourceGatherNd",
    "StatefulPartitionedCall",
    "VarHandleOp",
    "VariableShape",
    "While",
)


def allowed_ops() -> list[str]:
    """The names in order.

    Raises:
        ValueError: this TensorFlow lacks a CPU kernel that every export needs.
    """
    import tensorflow as tf
    from tensorflow.python.framework import kernels, op_def_registry

    on_cpu = {kernel.op for kernel in kernels.get_all_registered_kernels().kernel if kernel.device_type == "CPU"}
    on_cpu |= {kernel.op for kernel in kernels.get_all_registered_kernels().kernel if kernel.device_type == "DEFAULT"}
    names = set(NAMED)
    if missing := (names | set(OF_TRANSLATORS)) - on_cpu:
        raise ValueError(f"TensorFlow {tf.__version__} has no CPU kernel of {sorted(missing)}.")
    for family in FAMILIES:
        for name in dir(importlib.import_module(f"tensorflow.python.ops.gen_{family}")):
            definition = op_def_registry.get(name)
            if definition is not None and name in on_cpu and not definition.is_stateful:
                names.add(name)
    return sorted(name for name in names if not name.startswith(UNWANTED))


def main() -> None:
    """Prints the list. Runs where there is TensorFlow and nothing else."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--version", action="version", version="made for the TensorFlow that is installed")
    parser.parse_args()
    import tensorflow as tf

    print(f"# Made by scripts/list_serving_ops.py with TensorFlow {tf.__version__}.")
    print("\n".join(allowed_ops()))
    print("# Of translators alone, which decode pictures.")
    print("\n".join(f"translator {name}" for name in OF_TRANSLATORS))


if __name__ == "__main__":
    main()
