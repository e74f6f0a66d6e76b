"""The certificates of one's own authority: which file, and that it holds any, looked at when a process starts."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import AfterValidator

from settings.variable import Variable


def _authority(path: Path) -> Path:
    """The path of a file of certificates; ValueError with the reason where it is none."""
    try:
        found = ssl.create_default_context(cafile=str(path)).get_ca_certs()
    except ssl.SSLError:
        raise ValueError("it holds no certificate") from None
    except OSError as error:
        raise ValueError(error.strerror or type(error).__name__) from None
    if not found:
        raise ValueError("it holds no certificate of an authority")
    return path.absolute()


Authority = Annotated[Path, AfterValidator(_authority)]


def authority(name: str, whose: str) -> Any:
    """A field for the file with the authority that has signed a server's certificate."""
    meaning = f"The authority that {whose} certificate is checked with, in place of those that the machine trusts."
    return Variable(name, "the path of a PEM file of certificates", meaning).field(None)


def with_authority(url: str, path: Path | None) -> str:
    """An address of Redis with its authority, as redis-py and kombu take it; one that it names already stays.

    Raises:
        ValueError: the address is not one with TLS, so nothing would be checked.
    """
    if path is None or "ssl_ca_certs=" in url:
        return url
    if not url.startswith(("rediss://", "rediss+")):
        raise ValueError("with a file of an authority the scheme has to be one with TLS: rediss://")
    return f"{url}{'&' if '?' in url else '?'}ssl_ca_certs={quote(str(path))}"
