"""Which servers tests can ask here: the stand-in everywhere, tensorflow_model_server where there is one.

TFGAN_TF_SERVING_BIN, or tensorflow_model_server on PATH, is the real one; TFGAN_TF_SERVING_URL one that runs already.
TFGAN_REQUIRE_REAL_SERVING=1 makes a failure of there being neither.
"""

import os
import shutil


def real_binary() -> str | None:
    """The real server's path."""
    return os.environ.get("TFGAN_TF_SERVING_BIN") or shutil.which("tensorflow_model_server")


def there(*kinds: str) -> list[str]:
    """Those of `stand_in`, `real` and `url` that a test is collected for; a real one that is required always."""
    url = bool(os.environ.get("TFGAN_TF_SERVING_URL"))
    is_required = os.environ.get("TFGAN_REQUIRE_REAL_SERVING") == "1" and not url
    found = {"stand_in": True, "real": bool(real_binary()) or is_required, "url": url}
    return [kind for kind in kinds if found[kind]]
