"""The small network that compares places of images, as CUT trains it beside its generator."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from tfgan_suite.errors import InputError
from tfgan_suite.layers.unit_length import UnitLength
from tfgan_suite.networks.geometry import check_positive
from tfgan_suite.networks.initializers import kernel_initializer, outer_dtype, resolved_policy
from tfgan_suite.networks.network import Network
from tfgan_suite.options.networks import check_options

WIDTH, INITIALIZER_STDDEV = 256, 0.02


@keras.saving.register_keras_serializable(package="tfgan_suite")
class PatchProjector(Network):
    """Vectors at places of several maps -> Dense, ReLU, Dense of each map's own -> vectors of length 1.

    It is made whole at once. The authors' code makes it of the first batch, so that a checkpoint may lack it.

    Args:
        channels: of each map.
        width: of the layers, and so of the vectors.
        initializer_stddev: kernels from N(0, stddev); None: Keras's Glorot uniform.
        dtype: dtype policy of the layers; the vectors are float32, or float64 under `"float64"`.

    Call: a list of (N, P, channels) -> a list of float32 (N, P, width), P of each map its own.

    Raises:
        InputError: no map, or a size that is not positive.

    Reference: Park, Efros, Zhang and Zhu, 2020, arXiv 2007.15651, section 3 and appendix C.1.
    """

    def __init__(
        self,
        channels: Sequence[int],
        width: int = WIDTH,
        initializer_stddev: float | None = INITIALIZER_STDDEV,
        dtype: Any = None,
        name: str = "patch_projector",
    ):
        dtype = resolved_policy(dtype)
        channels = list(channels)
        if not channels:
            raise InputError("channels must name at least one map. Received: none.")
        check_positive(width=width, **{f"channels_{index}": count for index, count in enumerate(channels)})
        check_options(initializer_stddev=initializer_stddev)
        outer = outer_dtype(dtype)
        inputs = [keras.Input((None, count), dtype=outer, name=f"map_{index}") for index, count in enumerate(channels)]
        vectors = []
        for x in inputs:  # (N, P, C)
            for activation in ("relu", None):
                kernels = kernel_initializer(initializer_stddev)
                x = layers.Dense(width, activation, kernel_initializer=kernels, dtype=dtype)(x)  # (N, P, width)
            vectors.append(UnitLength(dtype=outer)(x))
        super().__init__(inputs, vectors, locals())
