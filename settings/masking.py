"""Secrets as they may be shown. In doubt more is masked than needed: nobody misses what a mask hid too much."""

from __future__ import annotations

import re

MASK = "********"
NOT_SET = "not set"

_NEXT_URL = re.compile(r";(?=[a-z][a-z0-9+]*://)")
_SECRET_OPTION = re.compile(r"([?&][^=&]*(?:pass|pwd|secret|token|key|auth|cred)[^=&]*=)[^&]*", re.IGNORECASE)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_HOST_AND_PORT = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[\w.-]*)(?::\d{0,5})?")


def mask_url(text: str) -> str:
    """A URL, or what was meant to be one, without its password; several joined by `;` are masked one by one.

    What stands before the last `@` counts as user and password, because a password that was not percent-encoded may
    hold any character. An authority that does not read as `host:port` may be a password whose `@host` was forgotten.
    """
    return ";".join(_mask_one(part) for part in _NEXT_URL.split(text))


def _mask_one(text: str) -> str:
    text = _SECRET_OPTION.sub(rf"\g<1>{MASK}", text)
    scheme = found.group() if (found := _SCHEME.match(text)) else ""
    credentials, at, rest = text[len(scheme) :].rpartition("@")
    if at:
        return f"{scheme}{_mask_credentials(credentials)}@{rest}"
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    # Only these addresses hold several hosts; elsewhere a comma is part of a password.
    several = scheme.endswith(("+sentinel://", "+cluster://"))
    if all(_HOST_AND_PORT.fullmatch(host) for host in (authority.split(",") if several else [authority])):
        return text
    return f"{scheme}{MASK}"


def _mask_credentials(text: str) -> str:
    user, colon, _ = text.partition(":")
    return f"{user}:{MASK}" if colon and re.fullmatch(r"[\w.-]*", user) else MASK
