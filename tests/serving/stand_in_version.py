"""One version of a model: loaded, warmed up, asked and unloaded."""

from collections.abc import Mapping, Sequence
from concurrent.futures import TimeoutError as TookTooLong
from pathlib import Path

import grpc
import numpy as np
from stand_in_batching import Batcher, Parameters, read_parameters
from stand_in_session import RawSession, ServingError, check_request, invalid
from tensorflow_serving.apis.get_model_status_pb2 import ModelVersionStatus

from tfgan_suite.serving.warmup import BATCHING, WARMUP, read_warmup


class Version:
    """A version of a model, from START to END."""

    def __init__(self, model: str, number: int):
        self.model = model
        self.number = number
        self.state = ModelVersionStatus.START
        self.error: ServingError | None = None
        self.attempts = 0
        self.next_attempt = 0.0
        self.users = 0
        self.session: RawSession
        self._batcher: Batcher | None = None

    def load(self, folder: Path, batching: Parameters | None, per_model: bool) -> None:
        """Reads the graph and the weights and runs the warmup, all of which must succeed.

        Raises:
            ServingError: why the version cannot be served.
        """
        self.state = ModelVersionStatus.LOADING
        try:
            self.session = RawSession(folder)
        except Exception as error:  # of a damaged file TensorFlow says many things
            raise invalid(str(error)) from error
        try:
            if batching and per_model:
                batching = read_parameters(folder / BATCHING) if (folder / BATCHING).is_file() else None
            self._batcher = Batcher(self.session.run, batching) if batching else None
            for signature, inputs in read_warmup(folder) if (folder / WARMUP).is_file() else ():
                self.predict(signature, inputs)
        except Exception as error:
            self.unload()
            raise error if isinstance(error, ServingError) else invalid(str(error)) from error
        self.state = ModelVersionStatus.AVAILABLE

    def predict(
        self,
        signature: str,
        inputs: Mapping[str, np.ndarray],
        outputs: Sequence[str] = (),
        timeout: float | None = None,
    ) -> dict[str, np.ndarray]:
        """The outputs that are asked for, all where none is named.

        Raises:
            ServingError: what is refused, or takes longer than `timeout` seconds in a batch.
        """
        check_request(self.session, signature, inputs, outputs)
        if self._batcher is None or not inputs:
            return self.session.run(signature, inputs, outputs)
        try:
            values = self._batcher.submit(signature, inputs).result(timeout)
        except TookTooLong as error:
            raise ServingError(grpc.StatusCode.DEADLINE_EXCEEDED, "Timed out waiting for the batch") from error
        return {name: values[name] for name in outputs or values}

    def unload(self) -> None:
        """Frees what it holds."""
        if self._batcher:
            self._batcher.close()
        self.session.close()
        self.state = ModelVersionStatus.END
