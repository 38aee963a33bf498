"""The two ways of a model that makes images of kind a of images of kind b, and the other way round."""

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from tfgan_suite.models.endpoints import Endpoint
from tfgan_suite.models.rows import predict_rows
from tfgan_suite.models.translating import translator_endpoints
from tfgan_suite.networks.geometry import ImageShape


class Direction:
    """One way of such a model, which is looked at and exported as a translator of its own.

    Args:
        name: of `exported.DIRECTIONS`.
        network: that goes it.
        source_shape: (height, width, channels) of what it is given.
        target_shape: of what it makes.
    """

    def __init__(self, name: str, network: keras.Model, source_shape: ImageShape, target_shape: ImageShape):
        self.name, self.network = name, network
        self.source_shape, self.target_shape = source_shape, target_shape

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Images (N, H, W, C) in [-1, 1] -> images (N, H, W, D) in [-1, 1]."""
        return predict_rows(self.network, inputs)

    __call__ = call

    def facts(self) -> dict[str, Any]:
        """See `Algorithm.facts`."""
        signatures = {name: endpoint.ports.facts() for name, endpoint in self.endpoints().items()}
        return {"signatures": signatures, **self._shapes(), "direction": self.name}

    def _shapes(self) -> dict[str, Any]:
        shapes = {"source_shape": list(self.source_shape), "target_shape": list(self.target_shape)}
        return {**shapes, "has_mask": False}

    def endpoints(self, with_discriminator: bool = False) -> dict[str, Endpoint]:
        """See `Algorithm.endpoints`."""
        return self.served({})

    def served(self, card: Mapping[str, Any], with_discriminator: bool = False) -> dict[str, Endpoint]:
        """See `Algorithm.served`."""
        return translator_endpoints(self.call, self.network, self._shapes(), card)
