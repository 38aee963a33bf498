"""A command as a process runs it: an exit code, and one line for an error."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib import metadata

from tfgan_suite.errors import DIVERGED, DivergenceError, InputError, saying_flags
from tfgan_suite.startup.backend import check_backend
from tfgan_suite.startup.interrupts import answered
from tfgan_suite.startup.quiet import open_closed_streams, quiet
from tfgan_suite.versions import NAME

TRY_AGAIN = 75  # EX_TEMPFAIL of sysexits.h


def run(command: Callable[[Sequence[str], str], int], arguments: Sequence[str], program: str) -> int:
    """A command's exit code; an error that the user can mend becomes one line and 2, a training that diverged 3."""
    open_closed_streams()
    if list(arguments) == ["--version"]:
        print(f"tfgan-suite {metadata.version(NAME)}")
        return 0
    try:
        with saying_flags(), answered():
            return command(arguments, program)
    except (InputError, DivergenceError) as error:
        message, code = str(error), DIVERGED if isinstance(error, DivergenceError) else 2
    except OSError as error:
        if error.strerror is None:
            raise
        message, code = f"{error.strerror}: {error.filename}" if error.filename else error.strerror, 2
    except KeyboardInterrupt:
        return 130
    print(f"{program}: {' '.join(message.split())}", file=sys.stderr)
    return code


@contextlib.contextmanager
def quiet_import() -> Iterator[None]:
    """Keeps TensorFlow's notices at import off standard error, which its log level cannot.

    An import that fails raises, and its traceback is printed after this has ended.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    check_backend()
    with quiet():
        yield
        import tensorflow as tf

        tf.config.list_physical_devices()  # speaks of missing GPU drivers, once
