"""Session tokens sealed for their time in Redis: whoever reads Redis, its file or its backup can act for nobody.

    key      32 random bytes in base64 (openssl rand -base64 32); several, joined by commas: the first seals, all open
    sealed   sealed1.<key's name>.<AES-SIV (RFC 5297) of the token, bound to application and actor; base64url>

AES-SIV seals the same token of the same actor to the same text. The ledger compares texts, to tell a newer token from
one that was refused; so it needs to know nothing of this (docs/decisions/0030-sealed-tokens.md). A sealed token that is
moved to another actor does not open.

Needs the package cryptography: `receipt-sync[encryption]`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from typing import Any, Self

KEY_BYTES = 32
MARK = "sealed1."
_SEPARATORS = re.compile(r"[,\s]+")
_SEALED = re.compile(r"sealed1\.([0-9a-f]{8})\.([A-Za-z0-9_-]+)", re.ASCII)


class UnknownKeyError(ValueError):
    """A token was sealed with a key that is not among those given; `key_name` tells it from others."""

    def __init__(self, key_name: str) -> None:
        super().__init__(key_name)
        self.key_name = key_name

    def __str__(self) -> str:
        return f"sealed with the key {self.key_name}, which is none of RECEIPTS_TOKEN_KEYS here"


class TokenSeal:
    """Seals and opens tokens; without keys it seals nothing, and opens what is not sealed.

    Args:
        keys: 32 bytes each; the first seals.

    Raises:
        ImportError: the package cryptography is missing.
    """

    def __init__(self, keys: Iterable[bytes] = ()) -> None:
        self._ciphers: dict[str, Any] = {_name(key): _cipher(key) for key in keys}
        self._first = next(iter(self._ciphers), None)

    @classmethod
    def from_text(cls, text: str | None) -> Self:
        """The seal of keys joined by commas or white space; of None or '' the one without keys.

        Raises:
            ValueError: one is no key, or stands twice; without a part of it.
            ImportError: the package cryptography is missing.
        """
        keys = [_key(part) for part in _SEPARATORS.split((text or "").strip()) if part]
        if len(set(keys)) < len(keys):
            raise ValueError("one key stands twice")
        return cls(keys)

    def seal(self, token: str, owner: str) -> str:
        """A token as it lies in Redis.

        Args:
            token: '' is no token, and stays.
            owner: to whom it is bound; it opens for the same owner alone.
        """
        if not token or self._first is None:
            return token
        sealed = self._ciphers[self._first].encrypt(token.encode(), [owner.encode()])
        return f"{MARK}{self._first}.{base64.urlsafe_b64encode(sealed).decode().rstrip('=')}"

    def open(self, stored: str, owner: str) -> str:
        """The token; what was stored unsealed is one.

        Raises:
            UnknownKeyError: its key is not here.
            ValueError: it is damaged, or another owner's.
        """
        if not stored.startswith(MARK):
            return stored
        parts = _SEALED.fullmatch(stored)
        if parts is None:
            raise ValueError("no sealed token")
        name, text = parts.groups()
        if name not in self._ciphers:
            raise UnknownKeyError(name)
        return _opened(self._ciphers[name], text, owner)


def owner_of(prefix: str, actor: str) -> str:
    """To whom an actor's token is bound; `prefix` is its application's."""
    return f"{prefix}:{actor}"


def _opened(cipher: Any, text: str, owner: str) -> str:
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - an extra; a cipher is only there where it is

    try:
        sealed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        return str(cipher.decrypt(sealed, [owner.encode()]).decode())
    except (InvalidTag, ValueError):
        raise ValueError("a sealed token that does not open: it is damaged, or another's") from None


def _key(text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError(f"one is no base64 of {KEY_BYTES} bytes")
    return key


def _name(key: bytes) -> str:
    """Tells keys apart; of 32 random bytes nothing can be learnt from it."""
    return hashlib.sha256(b"receipt_sync token key name\n" + key).hexdigest()[:8]


def _cipher(key: bytes) -> Any:
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESSIV  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ImportError("token keys need the package cryptography: pip install 'receipt-sync[encryption]'") from error
    # AES-256-SIV takes two keys of 32 bytes.
    return AESSIV(hashlib.sha512(b"receipt_sync token key\n" + key).digest())
