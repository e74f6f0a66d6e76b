"""Who may look: the password from the environment, and none only where nobody but this machine can."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from pathlib import Path

_PASSWORD, _PASSWORD_FILE = "FLOWER_BASIC_AUTH", "FLOWER_BASIC_AUTH_FILE"
_EXPECTED = "expected user:password, several joined by commas"


def passwords(environ: Mapping[str, str]) -> str:
    """The value of `FLOWER_BASIC_AUTH`, given or in the file that `FLOWER_BASIC_AUTH_FILE` names; '' for none.

    Raises:
        ValueError: both are given, the file cannot be read, or a part is no user:password; no password is in the words.
    """
    given, path = environ.get(_PASSWORD, ""), environ.get(_PASSWORD_FILE, "")
    if given and path:
        raise ValueError(f"{_PASSWORD} and {_PASSWORD_FILE} are both set: expected one of them")
    source = _PASSWORD_FILE if path else _PASSWORD
    if path:
        given = _read(path)
    for each in given.split(",") if given else ():
        user, colon, password = each.partition(":")
        if not (user and colon and password):
            raise ValueError(f"{source}: {_EXPECTED}, got another")
    if path and not given:
        raise ValueError(f"{source}: {_EXPECTED}, got an empty file")
    return given


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise ValueError(f"{_PASSWORD_FILE}: expected a readable file, got {error.strerror}") from error
    except UnicodeDecodeError:
        raise ValueError(f"{_PASSWORD_FILE}: expected a file in UTF-8, got another") from None


def require_password(address: str, password: str) -> None:
    """Raises ValueError where others than this machine's users could look without a password."""
    if not password and not _is_loopback(address):
        raise ValueError(
            f"Flower on {address or 'every address'} needs a password: set {_PASSWORD} or {_PASSWORD_FILE} "
            "(user:password), or FLOWER_ADDRESS to 127.0.0.1"
        )


def _is_loopback(address: str) -> bool:
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
