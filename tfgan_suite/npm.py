"""Packages of the npm registry: fetched, and held to the hash that the registry states for them."""

import base64
import hashlib
import os
from typing import NamedTuple

from tfgan_suite.errors import InputError

REGISTRY = "https://registry.npmjs.org"
CONNECT_SECONDS, READ_SECONDS = 10, 60


class Package(NamedTuple):
    """A version of a package.

    Attributes:
        name, version: which.
        integrity: the hash of its tarball, as `npm view NAME@VERSION dist.integrity` says it.
    """

    name: str
    version: str
    integrity: str

    def is_genuine(self, content: bytes) -> bool:
        """Whether this is its tarball."""
        kind, _, expected = self.integrity.partition("-")
        return base64.b64encode(hashlib.new(kind, content).digest()).decode() == expected

    def fetched(self, advice: str) -> bytes:
        """Its tarball, from the registry, which `npm_config_registry` may name.

        Args:
            advice: what to do where it cannot be had, for people to read.

        Raises:
            InputError: no network, or content that is not what the registry promises.
        """
        import requests

        names = ("npm_config_registry", "NPM_CONFIG_REGISTRY")  # npm reads both
        registry = next((os.environ[name] for name in names if os.environ.get(name)), REGISTRY)
        url = f"{registry.rstrip('/')}/{self.name}/-/{self.name}-{self.version}.tgz"
        try:
            answer = requests.get(url, timeout=(CONNECT_SECONDS, READ_SECONDS))
            answer.raise_for_status()
            content = answer.content
        except (requests.RequestException, ValueError) as error:
            status = getattr(getattr(error, "response", None), "status_code", None)
            reason = f"HTTP {status}" if status else type(error).__name__
            raise InputError(f"{self.name} cannot be fetched from {_without_user(url)} ({reason}). {advice}") from error
        if not self.is_genuine(content):
            raise InputError(
                f"What {_without_user(url)} gave is not {self.name} {self.version}: its SHA-512 is another. {advice}"
            )
        return content


def _without_user(url: str) -> str:
    """An address without name and password, which a registry's may hold."""
    scheme, mark, rest = url.partition("://")
    if not mark:
        return "the registry"
    host, slash, path = rest.partition("/")
    return f"{scheme}{mark}{host.rpartition('@')[2]}{slash}{path}"
