"""What `ReceiptQueue.from_env` reads. The names are a contract (docs/contract.md)."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from receipt_sync import validation
from receipt_sync.errors import InvalidReceipt
from receipt_sync.sealing import TokenSeal

LARGEST_FILE_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Given:
    """What the environment says of a queue; `redis_url_from` is the variable that gave the URL, `timeout_s` seconds."""

    seal: TokenSeal = field(repr=False)
    redis_url_from: str
    redis_url: str = field(repr=False)
    application: str
    timeout_s: float
    max_text_bytes: int


def read(environ: Mapping[str, str]) -> Given:
    """Reads `REDIS_URL`, `RECEIPTS_TOKEN_KEYS` (or the files of their `_FILE`), `REDIS_CA_FILE` and plain variables.

    Raises:
        ValueError: a variable is missing or wrong; the message names it.
        ImportError: there are token keys, and the package cryptography is missing.
    """
    url, url_from = _text(environ, "REDIS_URL")
    if not url:
        raise ValueError(f"{url_from}: expected the ledger's URL, e.g. redis://127.0.0.1:6379/0, got nothing")
    return Given(
        seal=_seal(environ),
        redis_url_from=url_from,
        redis_url=_with_authority(url, environ.get("REDIS_CA_FILE")),
        application=_application(environ),
        timeout_s=_number(environ, "RECEIPTS_REDIS_TIMEOUT_S", 0.5),
        max_text_bytes=_whole_number(environ, "RECEIPTS_MAX_TEXT_BYTES", validation.MAX_TEXT_BYTES),
    )


def _text(environ: Mapping[str, str], name: str) -> tuple[str, str]:
    """A variable's text, from itself or from the file that its `_FILE` names, and which of the two said it."""
    text, path = environ.get(name), environ.get(f"{name}_FILE")
    if text and path:
        raise ValueError(f"{name} and {name}_FILE are both set: expected one of them")
    if not path:
        return text or "", name
    try:
        with Path(path).open("rb") as file:
            content = file.read(LARGEST_FILE_BYTES + 1)
        if len(content) > LARGEST_FILE_BYTES:
            raise ValueError(f"{name}_FILE: expected at most {LARGEST_FILE_BYTES} bytes, got more")
        return content.decode("utf-8").rstrip("\r\n"), f"{name}_FILE"
    except OSError as error:
        raise ValueError(f"{name}_FILE: expected a readable file, got {error.strerror}") from error
    except UnicodeDecodeError:
        raise ValueError(f"{name}_FILE: expected a file in UTF-8, got another") from None


def _seal(environ: Mapping[str, str]) -> TokenSeal:
    text, name = _text(environ, "RECEIPTS_TOKEN_KEYS")
    try:
        return TokenSeal.from_text(text)
    except ValueError as error:
        raise ValueError(f"{name}: expected keys of 32 bytes in base64, joined by commas: {error}") from None


def _with_authority(url: str, path: str | None) -> str:
    """The URL with the file of the authority that the server's certificate is checked with."""
    if not path or "ssl_ca_certs=" in url:
        return url
    if not url.startswith(("rediss://", "rediss+")):
        raise ValueError("REDIS_CA_FILE: expected a REDIS_URL with TLS beside it (rediss://), got another")
    try:
        ssl.create_default_context(cafile=path)
    except OSError as error:  # ssl's own errors are OSErrors, too
        found = "another" if isinstance(error, ssl.SSLError) else error.strerror
        raise ValueError(f"REDIS_CA_FILE: expected a PEM file of certificates, got {found}") from None
    return f"{url}{'&' if '?' in url else '?'}ssl_ca_certs={quote(path)}"


def _application(environ: Mapping[str, str]) -> str:
    try:
        return validation.application(environ.get("RECEIPTS_APPLICATION") or "default")
    except InvalidReceipt as error:
        raise ValueError(f"RECEIPTS_APPLICATION: expected {error.expected}, got {error.found}") from None


def _whole_number(environ: Mapping[str, str], name: str, default: int) -> int:
    number = _number(environ, name, default)
    if number != int(number):
        raise ValueError(f"{name}: expected a whole number, got {environ[name]!r}")
    return int(number)


def _number(environ: Mapping[str, str], name: str, default: float) -> float:
    value = environ.get(name)
    if not value:
        return default
    try:
        number = float(value)
    except ValueError:
        number = float("nan")
    if not 0 < number < float("inf"):
        raise ValueError(f"{name}: expected a number above 0, got {value!r}")
    return number
