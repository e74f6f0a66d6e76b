"""Whether the chat server has sent this, and lately: `X-Chat-Signature: t=<unix seconds>,v1=<hex digits>`.

The digits are HMAC-SHA256, with the shared secret, of `<t>.<body>`. Since the time is signed, too, whoever has seen a
request can send it again for five minutes only.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping, Sequence

from starlette.exceptions import HTTPException

HEADER = "X-Chat-Signature"
LEAST_CHARS = 16
TOLERANCE_S = 300

_FORM = re.compile(r"t=([0-9]{1,12}),v1=([0-9a-f]{64})")


def secrets_from_env(environ: Mapping[str, str]) -> tuple[bytes, ...]:
    """`WEBHOOK_SECRETS`: one, or several joined by commas while a new one takes an old one's place.

    Raises:
        ValueError: there is none, or one that could be guessed.
    """
    secrets = environ.get("WEBHOOK_SECRETS", "").split(",")
    if min(len(secret) for secret in secrets) < LEAST_CHARS:
        raise ValueError(f"WEBHOOK_SECRETS: expected secrets of at least {LEAST_CHARS} characters, got a shorter one")
    return tuple(secret.encode() for secret in secrets)


def sign(body: bytes, secret: bytes, now_s: float) -> str:
    """The header as the chat server makes it."""
    at = str(int(now_s))
    return f"t={at},v1={_digest(body, secret, at)}"


def check(header: str, body: bytes, secrets: Sequence[bytes], now_s: float) -> None:
    """Raises HTTPException (401) unless one of the secrets has signed this body within the last five minutes."""
    form = _FORM.fullmatch(header)
    if form is None:
        raise HTTPException(401, f"{HEADER}: expected t=<unix seconds>,v1=<64 hex digits>")
    at, digest = form.groups()
    if not any(hmac.compare_digest(digest, _digest(body, secret, at)) for secret in secrets):
        raise HTTPException(401, f"{HEADER}: signed with another secret, or the body is another")
    if abs(now_s - int(at)) > TOLERANCE_S:
        raise HTTPException(401, f"{HEADER}: signed more than {TOLERANCE_S} s ago, or ahead")


def _digest(body: bytes, secret: bytes, at: str) -> str:
    return hmac.new(secret, at.encode() + b"." + body, "sha256").hexdigest()
