from dataclasses import replace

import pytest

from tests.unit.worker.examples import DIALOG, TOKEN, message_id
from worker.ledger import EditClaim, MarkClaim, UnreadableSlotError
from worker.ledger.claims import parse_claim

A, B, C = message_id(1), message_id(2), message_id(3)
MARK_SLOT = f"m:{DIALOG}:u123".encode()
EDIT_SLOT = f"e:{DIALOG}:{A}".encode()
MARK: list[bytes | int] = [MARK_SLOT, b"7", 2, b"1700000000000", TOKEN.encode(), 25, 3, 1]
EDIT: list[bytes | int] = [EDIT_SLOT, b"7", 2, b"1700000000000", b"", b"u123", b"1700000000001", "Grüße 👋".encode()]


def replaced(answer: list[bytes | int], at: int, value: bytes | int) -> list[bytes | int]:
    return [*answer[:at], value, *answer[at + 1 :]]


def test_a_mark_slot() -> None:
    assert parse_claim([*MARK, b"r" + A.encode(), b"1", b"d" + B.encode(), b"4"], 12.5) == MarkClaim(
        slot=MARK_SLOT.decode(),
        generation=7,
        attempts=2,
        recorded_ms=1_700_000_000_000,
        dialog_id=DIALOG,
        actor="u123",
        token=TOKEN,
        claimed_s=12.5,
        read_all=3,
        delivered_all=1,
        ids={A: "r", B: "d"},
        list_limit=25,
    )


def test_the_traces_that_its_receipts_came_from() -> None:
    one, two = (f"00-{n:032x}-{n:016x}-01" for n in (1, 2))
    traces = f",{one},{two}".encode()
    for answer in (MARK, [*MARK, b"r" + A.encode(), b"1"], EDIT):
        assert parse_claim(answer, 12.5).traces == ()
        claim = parse_claim([*answer, traces], 12.5)
        assert claim.traces == (one, two)
        assert replace(claim, traces=()) == parse_claim(answer, 12.5)


@pytest.mark.parametrize("damage", [b"", b"\xff", b"00-1-2-01", 7])
def test_what_is_no_trace_keeps_no_slot_from_being_sent(damage: bytes | int) -> None:
    assert parse_claim([*MARK, damage], 12.5) == parse_claim(MARK, 12.5)


def test_an_edit_slot() -> None:
    assert parse_claim(EDIT, 12.5) == EditClaim(
        slot=EDIT_SLOT.decode(),
        generation=7,
        attempts=2,
        recorded_ms=1_700_000_000_000,
        dialog_id=DIALOG,
        actor="u123",
        token=None,
        claimed_s=12.5,
        message_id=A,
        revision=1_700_000_000_001,
        text="Grüße 👋",
    )


def test_the_largest_revision_stays_exact() -> None:
    claim = parse_claim(replaced(EDIT, 6, str(2**53 - 1).encode()), 0)
    assert isinstance(claim, EditClaim)
    assert claim.revision == 2**53 - 1


def test_nothing_learnt_and_no_token_are_none() -> None:
    claim = parse_claim([*MARK[:4], b"", 0, 1, 0], 0)
    assert isinstance(claim, MarkClaim)
    assert (claim.token, claim.list_limit, claim.ids) == (None, None, {})


@pytest.mark.parametrize("members", [[b"r", b"d"], [b"d", b"r"]])
def test_an_id_with_both_flags_reads_rd_in_any_order(members: list[bytes]) -> None:
    both: list[bytes | int] = [part for letter in members for part in (letter + A.encode(), b"1")]
    claim = parse_claim([*MARK, *both], 0)
    assert isinstance(claim, MarkClaim)
    assert claim.ids == {A: "rd"}


def test_ids_come_in_one_order_whatever_redis_says() -> None:
    answers: list[bytes | int] = [part for id_ in (C, A, B) for part in (b"r" + id_.encode(), b"1")]
    claim = parse_claim([*MARK, *answers], 0)
    assert isinstance(claim, MarkClaim)
    assert list(claim.ids) == [A, B, C]


def test_token_and_text_show_in_no_repr() -> None:
    assert TOKEN not in repr(parse_claim(MARK, 0))
    assert "Grüße" not in repr(parse_claim(EDIT, 0))


@pytest.mark.parametrize(
    "answer",
    [
        replaced(MARK, 2, b"two"),
        replaced(MARK, 3, b""),
        replaced(MARK, 4, b"\xff"),
        replaced(MARK, 6, b"1.5"),
        MARK[:6],
        [*MARK, b"\xff" + A.encode(), b"1"],
        replaced(EDIT, 6, b"latest"),
        replaced(EDIT, 7, b"\xff\xfe"),
        EDIT[:7],
        replaced(MARK, 0, b"m"),
        replaced(MARK, 0, b"m:a:b:c"),
        replaced(MARK, 0, f"x:{DIALOG}:{A}".encode()),
        replaced(EDIT, 0, f"x:{DIALOG}:{A}".encode()),
    ],
)
def test_what_the_scripts_never_write_is_named_with_its_generation(answer: list[bytes | int]) -> None:
    with pytest.raises(UnreadableSlotError) as caught:
        parse_claim(answer, 0)
    slot = answer[0]
    assert isinstance(slot, bytes)
    assert (caught.value.slot, caught.value.generation) == (slot.decode(), 7)
    assert caught.value.what


def test_the_error_shows_no_text() -> None:
    with pytest.raises(UnreadableSlotError) as caught:
        parse_claim(replaced(EDIT, 7, b"private \xff private"), 0)
    assert "private" not in str(caught.value) + repr(caught.value) + caught.value.what
