from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from receipt_sync.calls import DELIVERED, EDIT, READ
from tests.shorthand import DIALOG, EDITS, MARKS, msg
from worker.commands.letter_printing import described, print_letter, print_letters
from worker.commands.printing import age, plain, utc
from worker.ledger.letters import parse_letter
from worker.ledger.replaying import NotReplayableError, replay_arguments
from worker.letters import Wanted

NAMES = ("slot", "receipts", "reason", "status", "words", "request_id", "attempts", "crashes", "recorded_ms", "dead_ms",
    "read", "read_names", "read_ids", "delivered", "delivered_names", "delivered_ids", "revision", "text", "actor",
    "task", "arguments", "cut")  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from([DIALOG, msg(1), "(secret)"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
CALLS = st.fixed_dictionaries(
    {},
    optional={
        "args": JSON | st.lists(JSON, max_size=4),
        "kwargs": JSON | st.dictionaries(st.sampled_from(["dialog_id", "user_id", "message_ids", "up_to"]), JSON),
    },
)
LIKELY = [MARKS, EDITS, DIALOG, msg(1), f"{msg(1)},{msg(2)}", f",{msg(1)}", "*", "1", "0", "9" * 16, "u1", "s1", READ,
    DELIVERED, EDIT, "m:a:b", "e::"]  # fmt: skip
VALUES = st.one_of(
    st.binary(), st.sampled_from(LIKELY).map(str.encode), CALLS.map(lambda call: json.dumps(call).encode())
)
ENTRIES = st.dictionaries(st.sampled_from(NAMES).map(str.encode) | st.binary(max_size=8), VALUES, max_size=12)


@given(ENTRIES)
def test_any_entry_can_be_read_and_shown_and_is_replayed_or_refused(entry: dict[bytes, bytes]) -> None:
    letter = parse_letter(b"1764169200000-0", entry)
    json.dumps(described(letter, private=True))
    print_letters([letter], now_ms=1764169200000)
    print_letter(letter)
    Wanted(reason="x", dialog_id=DIALOG, message_id=msg(1)).means(letter)
    try:
        slot, *parts = replay_arguments(letter, "default", 65_536)
    except NotReplayableError:
        return
    assert str(slot).split(":")[0] in {"m", "e"}
    # What goes to Redis is text that it can be sent, and whole numbers.
    assert all(isinstance(part, int) or part.encode() is not None for part in parts)


@given(st.text(st.characters()))
def test_what_is_printed_is_one_line_that_a_terminal_shows_as_it_is(text: str) -> None:
    shown = plain(text)
    assert shown.isprintable()
    shown.encode()
    assert len(plain(text, 5)) <= 5


def test_ages_and_times() -> None:
    assert [age(0, ms) for ms in (0, 59_999, 60_000, 3_599_000, 3_600_000, 90_000_000)] == [
        "0s", "59s", "1m", "59m", "1h", "1d",
    ]  # fmt: skip
    assert age(10, 0) == "0s"
    assert utc(1764169200123) == "2025-11-26T15:00:00.123Z"
    assert utc(None) == utc(0) == utc(2**60) == ""
