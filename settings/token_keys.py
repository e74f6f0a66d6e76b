"""The keys that session tokens are sealed with while they lie in Redis (docs/decisions/0030-sealed-tokens.md)."""

from __future__ import annotations

import base64
import binascii
import re

from pydantic import SecretStr

from settings import addresses

KEY_BYTES = 32


def usable_keys(value: object) -> SecretStr:
    """Keys joined by commas or white space; ValueError, without a part of them, where one is none."""
    texts = re.split(r"[,\s]+", addresses.plain(value).strip())
    if not all(_is_key(text) for text in texts):
        raise ValueError(f"one is no base64 of {KEY_BYTES} bytes")
    if len(set(texts)) < len(texts):
        raise ValueError("one stands twice")
    return SecretStr(",".join(texts))


def _is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == KEY_BYTES
    except (binascii.Error, ValueError):
        return False
