"""The signed request that opens a session, `POST /session.json`. Pure.

What is signed and how is documented [A] (https://docs.quickblox.com/reference/authentication): every parameter but the
signature as `name=value`, raw, a nested one under the name a form gives it, sorted, joined with `&`.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

Parameters = Mapping[str, "str | Parameters"]


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """Who logs in, and to which application. Nothing of it shows in a repr.

    Attributes:
        application_id: the application's number, in digits.
        auth_key: names the application's credentials.
        auth_secret: signs; it never travels.
        login: the user's login, or e-mail address where there is an `@` in it.
        password: the user's.
    """

    application_id: str
    auth_key: str
    auth_secret: str
    login: str
    password: str


def session_request(credentials: Credentials, timestamp: int, nonce: int) -> dict[str, Parameters | str]:
    """The body of the request, ready for JSON.

    Args:
        credentials: who logs in.
        timestamp: unix seconds, by the API's clock within an hour [A].
        nonce: a number that is not sent twice with the same timestamp [A].
    """
    by = "email" if "@" in credentials.login else "login"
    request: dict[str, Parameters | str] = {
        "application_id": credentials.application_id,
        "auth_key": credentials.auth_key,
        "timestamp": str(timestamp),
        "nonce": str(nonce),
        "user": {by: credentials.login, "password": credentials.password},
    }
    return request | {"signature": signature(credentials.auth_secret, request)}


def signature(auth_secret: str, parameters: Parameters) -> str:
    """Hex HMAC-SHA1 of the parameters under the secret."""
    return hmac.new(auth_secret.encode(), signed_text(parameters).encode(), hashlib.sha1).hexdigest()


def signed_text(parameters: Parameters) -> str:
    """What is signed: `application_id=22&auth_key=…&user[login]=…`."""
    return "&".join(sorted(f"{name}={value}" for name, value in _flat(parameters)))


def _flat(parameters: Parameters, under: str = "") -> Iterator[tuple[str, str]]:
    for name, value in parameters.items():
        full = f"{under}[{name}]" if under else name
        if isinstance(value, Mapping):
            yield from _flat(value, full)
        else:
            yield full, value
