"""What a receipt's arguments must be, for every door alike: pure functions that return the value or raise.

Facts from the API's documentation: dialog and message ids are 24 lower-case hex digits (ObjectIds), user ids are
positive 64-bit integers, control characters in a text once broke a dialog.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

from receipt_sync import sealing
from receipt_sync.errors import InvalidReceipt, shown, shown_private

MAX_TEXT_BYTES = 65_536
MAX_IDS = 1_000
MAX_TOKEN_CHARS = 4_096
MAX_USER_ID = 2**63 - 1
MAX_REVISION = 2**53 - 1  # larger ones are not exact in Redis' Lua

_OBJECT_ID = re.compile(r"[0-9a-f]{24}", re.ASCII)
_TOKEN = re.compile(r"[!-~]+", re.ASCII)
_APPLICATION = re.compile(r"[a-z0-9-]{1,32}", re.ASCII)
_ALLOWED_CONTROLS = "\n\t"


def object_id(argument: str, value: object) -> str:
    """A dialog's or message's id: 24 lower-case hex digits."""
    if not isinstance(value, str) or not _OBJECT_ID.fullmatch(value):
        raise InvalidReceipt(argument, shown(value), "24 lower-case hex digits")
    return value


def object_ids(argument: str, value: object) -> tuple[str, ...]:
    """Ids without repetition, in the order given: a list, tuple or set of 1 to 1,000."""
    expected = f"a list of 1 to {MAX_IDS} message ids"
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        raise InvalidReceipt(argument, shown(value), expected)
    ids: dict[str, None] = {}
    for i, item in enumerate(value):
        ids[object_id(f"{argument}[{i}]", item)] = None
        if len(ids) > MAX_IDS:  # at once: what comes may have no end
            raise InvalidReceipt(argument, f"more than {MAX_IDS} ids", expected)
    if not ids:
        raise InvalidReceipt(argument, "0 ids", expected)
    return tuple(ids)


def whole_number(argument: str, value: object, least: int, most: int) -> int:
    """An integer within bounds; True and False are not integers here."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise InvalidReceipt(argument, shown(value), f"an integer from {least} to {most}")
    return value


def user_id(value: object) -> int:
    """A QuickBlox user: a positive integer of 64 bits."""
    return whole_number("user_id", value, 1, MAX_USER_ID)


def revision(value: object) -> int:
    """The place of an edit among the edits of its message: 0 to 2**53 - 1."""
    return whole_number("revision", value, 0, MAX_REVISION)


def token(value: object) -> str:
    """A session token: opaque, but visible ASCII, since it travels in a header."""
    if not isinstance(value, str) or not _TOKEN.fullmatch(value) or len(value) > MAX_TOKEN_CHARS:
        raise InvalidReceipt("token", shown_private(value), f"1 to {MAX_TOKEN_CHARS} visible ASCII characters")
    if value.startswith(sealing.MARK):
        # Somebody has read it in Redis: opened by a worker it would act for its user.
        raise InvalidReceipt("token", "a sealed one", "a token as the chat API gave it")
    return value


def text(value: object, max_bytes: int) -> str:
    """A message's text: not empty, UTF-8, within `max_bytes`, no control characters but newline and tab."""
    if not isinstance(value, str) or not value:
        raise InvalidReceipt("text", shown_private(value), "a text that is not empty")
    for at, char in enumerate(value):
        if char not in _ALLOWED_CONTROLS and unicodedata.category(char) in {"Cc", "Cs"}:
            expected = "no control characters but newline and tab, and no lone surrogates"
            raise InvalidReceipt("text", f"U+{ord(char):04X} at position {at}", expected)
    size = len(value.encode())
    if size > max_bytes:
        raise InvalidReceipt("text", f"{size} bytes", f"at most {max_bytes} bytes of UTF-8")
    return value


def application(value: object) -> str:
    """An application's name: 1 to 32 of a-z, 0-9 and '-'."""
    if not isinstance(value, str) or not _APPLICATION.fullmatch(value):
        raise InvalidReceipt("application", shown(value), "1 to 32 of a-z, 0-9 and '-'")
    return value


def check_actor(user: object, session: object) -> None:
    """Whoever reports must be named: by a user id, a session token, or both."""
    if user is None and session is None:
        raise InvalidReceipt("user_id", "None", "a user_id, a token, or both")
    if user is not None:
        user_id(user)
    if session is not None:
        token(session)
