"""A stand-in for tensorflow_model_server, for tests: its flags, its protocol, a TensorFlow 1 Session, 127.0.0.1 only.

    python tests/serving/stand_in.py --rest_api_port=8501 --model_name=gan --model_base_path=/folder/of/the/versions

It is no server for anything else: Python computes JSON and batches in one process.
"""

import argparse
import os
import signal
import sys
import threading
import time
from collections.abc import Callable

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from stand_in_grpc import make_grpc_server
from stand_in_models import Models
from stand_in_rest import RestServer
from stand_in_session import ServingError


def parse_flags(arguments: list[str]) -> argparse.Namespace:
    """Flags by the names and with the defaults of tensorflow_model_server."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    add = parser.add_argument
    add("--port", type=int, default=8500, help="of gRPC; 0: off")
    add("--rest_api_port", type=int, default=0, help="of REST; 0: off")
    add("--rest_api_timeout_in_ms", type=int, default=30000)
    add("--model_name", default="default")
    add("--model_base_path", default="", help="absolute path of the folder with the versions 1, 2, ...")
    add("--model_config_file", help="ModelServerConfig as text, in place of a name and a path")
    add("--model_config_file_poll_wait_seconds", type=float, default=0, help="0: read once")
    add("--file_system_poll_wait_seconds", type=float, default=1, help="0: once")
    add("--batching_parameters_file", help="BatchingParameters as text")
    add("--max_num_load_retries", type=int, default=5)
    add("--load_retry_interval_micros", type=int, default=60_000_000)
    for switch in (
        "enable_batching",
        "enable_per_model_batching_parameters",
        "allow_version_labels_for_unavailable_models",
    ):
        add(f"--{switch}", type=_truth, nargs="?", const=True, default=False)
    flags = parser.parse_args(arguments)
    if flags.batching_parameters_file and not flags.enable_batching:
        parser.error("--batching_parameters_file without --enable_batching")
    if (not flags.port and not flags.rest_api_port) or flags.port == flags.rest_api_port:
        parser.error("--port and --rest_api_port must differ, and one of them be on")
    return flags


def _truth(word: str) -> bool:
    if word not in ("true", "false"):
        raise argparse.ArgumentTypeError("must be true or false")
    return word == "true"


def serve(flags: argparse.Namespace, stopped: threading.Event) -> None:
    """Loads, opens the ports when each model has a version, and polls until it is stopped.

    Raises:
        ServingError: a configuration or a first version that cannot be.
    """
    models = Models(flags)
    wait = flags.file_system_poll_wait_seconds
    try:
        models.poll()
        while not models.ready() and not stopped.wait(wait or 1):
            models.poll()
        servers = []
        if flags.port:
            grpc_server = make_grpc_server(models, flags.port)
            servers.append(lambda: grpc_server.stop(1).wait())
            print(f"Running gRPC ModelServer at 127.0.0.1:{flags.port} ...", file=sys.stderr, flush=True)
        if flags.rest_api_port:
            servers.append(RestServer(models, flags.rest_api_port, flags.rest_api_timeout_in_ms / 1000).close)
            print(f"Exporting HTTP/REST API at:127.0.0.1:{flags.rest_api_port} ...", file=sys.stderr, flush=True)
        _poll(models, flags, stopped)
        for close in servers:
            close()
    finally:
        models.close()


def _poll(models: Models, flags: argparse.Namespace, stopped: threading.Event) -> None:
    """The folders and the configuration, each in its own time."""
    every = {models.poll: flags.file_system_poll_wait_seconds}
    if flags.model_config_file:
        every[_reload(models)] = flags.model_config_file_poll_wait_seconds
    due = {task: time.monotonic() + wait for task, wait in every.items() if wait > 0}
    while not stopped.wait(max(0.0, min(due.values(), default=time.monotonic() + 60) - time.monotonic())):
        for task in [task for task, at in due.items() if at <= time.monotonic()]:
            task()
            due[task] = time.monotonic() + every[task]


def _reload(models: Models) -> Callable[[], None]:
    def reload() -> None:
        try:
            models.reload_config()
        except ServingError as error:
            print(f"The configuration is not taken: {error.message}", file=sys.stderr, flush=True)

    return reload


def main() -> int:
    """Runs until SIGTERM or Ctrl-C."""
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    try:
        serve(parse_flags(sys.argv[1:]), stopped)
    except ServingError as error:
        print(f"Failed to start server. Error: {error.code.name}: {error.message}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
