"""What `ReceiptQueue.from_env` reads. The names are a contract (docs/contract.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from receipt_sync import validation
from receipt_sync.errors import InvalidReceipt


@dataclass(frozen=True, slots=True)
class Given:
    """What the environment says of a queue; `redis_url_from` is the variable that gave the URL, `timeout_s` seconds."""

    redis_url_from: str
    redis_url: str = field(repr=False)
    application: str
    timeout_s: float
    max_text_bytes: int


def read(environ: Mapping[str, str]) -> Given:
    """Reads `REDIS_URL` or `REDIS_URL_FILE`, `RECEIPTS_APPLICATION`, `_REDIS_TIMEOUT_S` and `_MAX_TEXT_BYTES`.

    Raises:
        ValueError: a variable is missing or wrong; the message names it.
    """
    return Given(
        *_redis_url(environ),
        application=_application(environ),
        timeout_s=_number(environ, "RECEIPTS_REDIS_TIMEOUT_S", 0.5),
        max_text_bytes=_whole_number(environ, "RECEIPTS_MAX_TEXT_BYTES", validation.MAX_TEXT_BYTES),
    )


def _redis_url(environ: Mapping[str, str]) -> tuple[str, str]:
    url, path = environ.get("REDIS_URL"), environ.get("REDIS_URL_FILE")
    if url and path:
        raise ValueError("REDIS_URL and REDIS_URL_FILE are both set: expected one of them")
    if path:
        try:
            return "REDIS_URL_FILE", Path(path).read_text(encoding="utf-8").rstrip("\r\n")
        except OSError as error:
            raise ValueError(f"REDIS_URL_FILE: expected a readable file, got {error.strerror}") from error
        except UnicodeDecodeError:
            raise ValueError("REDIS_URL_FILE: expected a file in UTF-8, got another") from None
    if not url:
        raise ValueError("REDIS_URL: expected the ledger's URL, e.g. redis://127.0.0.1:6379/0, got nothing")
    return "REDIS_URL", url


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
