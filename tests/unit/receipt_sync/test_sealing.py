import base64
import builtins
from typing import Any

import pytest

from receipt_sync import InvalidReceipt, MarkRead, TokenSeal
from receipt_sync.sealing import MARK, UnknownKeyError

OLD, NEW, OTHER = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2, 3))
TOKEN = "bfa6d94f5c3d2e1a0b9c8d7e6f5a4b3c2d1e0f9a"
ANN, BOB = "rs:{default}:s123", "rs:{default}:s7"
DIALOG = "53a99a7be4b094c7c6d31b41"


def seal_of(*keys: str) -> TokenSeal:
    return TokenSeal.from_text(",".join(keys))


def test_what_was_sealed_opens_and_shows_nothing() -> None:
    sealed = seal_of(NEW).seal(TOKEN, ANN)
    assert sealed.startswith(MARK)
    assert TOKEN not in sealed
    assert sealed.isascii()
    assert seal_of(NEW).open(sealed, ANN) == TOKEN


def test_the_same_token_is_the_same_text_so_that_the_ledger_can_compare() -> None:
    assert seal_of(NEW).seal(TOKEN, ANN) == seal_of(NEW).seal(TOKEN, ANN)
    assert seal_of(NEW).seal(TOKEN, ANN) != seal_of(NEW).seal(TOKEN[::-1], ANN)


def test_the_first_key_seals_and_all_open() -> None:
    by_old = seal_of(OLD).seal(TOKEN, ANN)
    assert seal_of(NEW, OLD).open(by_old, ANN) == TOKEN
    assert seal_of(NEW, OLD).seal(TOKEN, ANN) == seal_of(NEW).seal(TOKEN, ANN)


def test_a_key_that_is_not_here_is_named_and_not_shown() -> None:
    sealed = seal_of(OLD).seal(TOKEN, ANN)
    with pytest.raises(UnknownKeyError) as caught:
        seal_of(NEW, OTHER).open(sealed, ANN)
    assert caught.value.key_name in sealed
    assert "RECEIPTS_TOKEN_KEYS" in str(caught.value)
    with pytest.raises(UnknownKeyError):
        TokenSeal().open(sealed, ANN)


def test_a_sealed_token_opens_for_its_own_actor_alone() -> None:
    with pytest.raises(ValueError, match="another's"):
        seal_of(NEW).open(seal_of(NEW).seal(TOKEN, ANN), BOB)


@pytest.mark.parametrize("at", [18, 40, -1])
def test_a_damaged_one_does_not_open(at: int) -> None:
    sealed = seal_of(NEW).seal(TOKEN, ANN)
    damaged = sealed[:at] + ("A" if sealed[at] != "A" else "B") + (sealed[at + 1 :] if at != -1 else "")
    with pytest.raises(ValueError, match="does not open"):
        seal_of(NEW).open(damaged, ANN)


@pytest.mark.parametrize("stored", ["sealed1.", "sealed1.x.y", "sealed1.0a1b2c3d.", "sealed1.0a1b2c3d.ä"])
def test_what_only_begins_like_one_is_none(stored: str) -> None:
    with pytest.raises(ValueError, match="no sealed token"):
        seal_of(NEW).open(stored, ANN)


def test_without_keys_and_from_before_the_keys_tokens_are_plain() -> None:
    assert TokenSeal().seal(TOKEN, ANN) == TOKEN
    assert seal_of(NEW).open(TOKEN, ANN) == TOKEN
    assert seal_of(NEW).seal("", ANN) == ""


def test_a_sealed_token_that_was_read_in_redis_is_of_no_use_to_a_producer() -> None:
    with pytest.raises(InvalidReceipt, match="a token as the chat API gave it"):
        MarkRead(dialog_id=DIALOG, user_id=123, token=seal_of(NEW).seal(TOKEN, ANN))


@pytest.mark.parametrize("text", ["short", NEW[:-4], f"{NEW},{NEW}", f"{NEW},!"])
def test_what_is_no_key_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(ValueError, match="one") as caught:
        TokenSeal.from_text(text)
    assert text[:8] not in str(caught.value)


def test_the_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *more: Any) -> Any:
        if name.startswith("cryptography"):
            raise ImportError(name)
        return real(name, *more)

    monkeypatch.setattr(builtins, "__import__", without)
    TokenSeal().seal(TOKEN, ANN)
    with pytest.raises(ImportError, match=r"receipt-sync\[encryption\]"):
        seal_of(NEW)
