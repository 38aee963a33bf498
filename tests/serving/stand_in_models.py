"""Which versions of which models are loaded: folders and the configuration are polled, the old goes after the new."""

import contextlib
import threading
import time
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import grpc
from google.protobuf import text_format
from stand_in_batching import Parameters, read_parameters
from stand_in_session import ServingError, invalid
from stand_in_version import Version
from tensorflow_serving.apis.get_model_status_pb2 import GetModelStatusResponse, ModelVersionStatus
from tensorflow_serving.apis.model_pb2 import ModelSpec
from tensorflow_serving.config.model_server_config_pb2 import ModelConfig, ModelServerConfig


class Models:
    """All that is served.

    Args:
        flags: of the command line.

    Raises:
        ServingError: a configuration that cannot be.
    """

    def __init__(self, flags: Namespace):
        self._flags = flags
        self._lock = threading.Condition()
        self._versions: dict[str, dict[int, Version]] = {}
        self._labels: dict[str, dict[str, int]] = {}
        self._batching = None
        if flags.enable_batching:
            file = flags.batching_parameters_file
            self._batching = read_parameters(Path(file)) if file else Parameters()
        self._configs = self.read_config()

    def read_config(self) -> dict[str, ModelConfig]:
        """The models by name; their labels count from here on.

        Raises:
            ServingError: no such file or message, or a label of a version that is not available.
        """
        config = ModelServerConfig()
        if file := self._flags.model_config_file:
            try:
                text_format.Parse(Path(file).read_text(encoding="utf-8"), config)
            except (OSError, text_format.ParseError) as error:
                raise invalid(f"Invalid protobuf file: '{file}': {error}") from error
        else:
            name, base = self._flags.model_name, self._flags.model_base_path
            config.model_config_list.config.add(name=name, base_path=base, model_platform="tensorflow")
        models = {model.name: model for model in config.model_config_list.config}
        for name, model in models.items():
            if model.model_platform != "tensorflow" or not Path(model.base_path).is_absolute():
                raise invalid(f"Expected model {name} of the platform tensorflow with an absolute path as base_path")
            for label, number in model.version_labels.items():
                version = self._versions.get(name, {}).get(number)
                is_new = self._labels.get(name, {}).get(label, number) == number
                allowed = is_new and self._flags.allow_version_labels_for_unavailable_models
                if not allowed and (version is None or version.state != ModelVersionStatus.AVAILABLE):
                    raise ServingError(
                        grpc.StatusCode.FAILED_PRECONDITION,
                        f"Request to assign label to version {number} of model {name}, "
                        "which is not currently available for inference",
                    )
        self._labels = {name: dict(model.version_labels) for name, model in models.items()}
        return models

    def reload_config(self) -> None:
        """Reads the configuration again.

        Raises:
            ServingError: see `read_config`; what was served goes on.
        """
        self._configs = self.read_config()

    def poll(self) -> None:
        """Loads what has come and lets go what need not stay."""
        for name in [*self._configs, *(set(self._versions) - set(self._configs))]:
            known = self._versions.setdefault(name, {})
            wanted = _wanted(self._configs[name]) if name in self._configs else {}
            if wanted is None:
                continue
            for number, folder in sorted(wanted.items()):
                if number not in known or (known[number].state == ModelVersionStatus.END and not known[number].error):
                    known[number] = Version(name, number)
                if known[number].state in (ModelVersionStatus.START, ModelVersionStatus.LOADING):
                    self._try_to_load(known[number], folder)
            if not wanted or any(known[number].state == ModelVersionStatus.AVAILABLE for number in wanted):
                for version in [version for number, version in known.items() if number not in wanted]:
                    self._unload(version)

    def _try_to_load(self, version: Version, folder: Path) -> None:
        if time.monotonic() < version.next_attempt:
            return
        try:
            version.load(folder, self._batching, self._flags.enable_per_model_batching_parameters)
        except ServingError as error:
            print(f"Loading servable: {version.model} {version.number} failed: {error.message}", flush=True)
            version.attempts += 1
            version.next_attempt = time.monotonic() + self._flags.load_retry_interval_micros / 1e6
            version.error = error
            last = version.attempts > self._flags.max_num_load_retries
            version.state = ModelVersionStatus.END if last else ModelVersionStatus.LOADING

    def _unload(self, version: Version) -> None:
        version.error = None
        if version.state == ModelVersionStatus.LOADING:
            version.state = ModelVersionStatus.END
        if version.state == ModelVersionStatus.AVAILABLE:
            with self._lock:
                version.state = ModelVersionStatus.UNLOADING
                self._lock.wait_for(lambda: version.users == 0)
            version.unload()

    def ready(self) -> bool:
        """Whether each model has a version.

        Raises:
            ServingError: a version that cannot be loaded.
        """
        states = [[*self._versions.get(name, {}).values()] for name in self._configs]
        for version in [version for versions in states for version in versions]:
            if version.state == ModelVersionStatus.END and version.error:
                raise version.error
        return all(any(v.state == ModelVersionStatus.AVAILABLE for v in versions) for versions in states)

    def close(self) -> None:
        """Unloads all."""
        for versions in self._versions.values():
            for version in versions.values():
                self._unload(version)

    @contextlib.contextmanager
    def version(self, spec: ModelSpec) -> Iterator[Version]:
        """The version that a request means, kept while it is used.

        Raises:
            ServingError: none such.
        """
        number = self._number(spec)
        with self._lock:
            loaded = [
                v for v in [*self._versions.get(spec.name, {}).values()] if v.state == ModelVersionStatus.AVAILABLE
            ]
            found = max((v for v in loaded if number in (None, v.number)), key=lambda v: v.number, default=None)
            if found is None:
                what = f"Latest({spec.name})" if number is None else f"Specific({spec.name}, {number})"
                raise ServingError(grpc.StatusCode.NOT_FOUND, f"Servable not found for request: {what}")
            found.users += 1
        try:
            yield found
        finally:
            with self._lock:
                found.users -= 1
                self._lock.notify_all()

    def _number(self, spec: ModelSpec) -> int | None:
        if not spec.name:
            raise invalid("ModelSpec has no name specified.")
        if spec.WhichOneof("version_choice") == "version_label":
            if spec.version_label not in self._labels.get(spec.name, {}):
                raise invalid(f"Unrecognized servable version label: {spec.version_label}")
            return self._labels[spec.name][spec.version_label]
        return spec.version.value if spec.HasField("version") else None

    def status(self, spec: ModelSpec) -> GetModelStatusResponse:
        """The states of a model's versions, the newest first.

        Raises:
            ServingError: no such model or version.
        """
        number = self._number(spec)
        versions = dict(self._versions.get(spec.name, {}))
        response = GetModelStatusResponse()
        for version in sorted(versions.values(), key=lambda v: -v.number):
            if number in (None, version.number):
                entry = response.model_version_status.add(version=version.number, state=version.state)
                entry.status.SetInParent()
                if version.error:
                    entry.status.error_code = version.error.code.value[0]
                    entry.status.error_message = version.error.message
        if not response.model_version_status:
            what = "any versions" if number is None else f"version {number}"
            raise ServingError(grpc.StatusCode.NOT_FOUND, f"Could not find {what} of model {spec.name}")
        return response


def _wanted(config: ModelConfig) -> dict[int, Path] | None:
    """The folders of the versions that the policy asks for; None where they cannot be read."""
    try:
        folders = {
            int(path.name): path
            for path in Path(config.base_path).iterdir()
            if path.name.isdecimal() and path.name.isascii()
        }
    except OSError:
        return None
    policy = config.model_version_policy
    if policy.HasField("all"):
        return folders
    if policy.HasField("specific"):
        return {number: path for number, path in folders.items() if number in policy.specific.versions}
    newest = sorted(folders)[-(policy.latest.num_versions or 1) :]
    return {number: folders[number] for number in newest}
