"""What session tokens are sealed with while they lie in Redis, for whoever records or sends in the workers' name."""

from __future__ import annotations

from receipt_sync.sealing import TokenSeal
from settings import Settings


def seal_of(settings: Settings) -> TokenSeal:
    """The seal of `RECEIPTS_TOKEN_KEYS`; without keys the one that leaves tokens as they are."""
    keys = settings.token_keys
    return TokenSeal.from_text(keys.get_secret_value() if keys else None)
