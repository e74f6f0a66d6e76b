"""One table of what the ledger promises about joining: histories of few steps and what they leave behind.

The model is driven with it in tests/unit/receipt_sync/test_join_cases.py, the Lua scripts in
tests/integration/ledger/test_join_cases.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from receipt_sync import EditMessage, MarkDelivered, MarkRead, keys
from receipt_sync.join import DELIVERED, READ, EditHalf, MarkHalf, WholeDialog
from tests.histories import LATER_MS, Claim, ComeDue, Reap, Record, Settle, Step
from tests.shorthand import DIALOG, EDITS, MARKS, USER, delivered, edit, msg, read
from tests.slot_state import SlotState, text_digest
from worker.ledger import Again, Back, Dead, Done, Part
from worker.plan import Put

SESSION_MARKS = keys.mark_slot(DIALOG, f"s{USER}")


@dataclass(frozen=True)
class Case:
    """A history and what it leaves.

    Attributes:
        name: the promise, as a sentence.
        history: what happens.
        puts: the first PUT of each claim, as `said` says it.
        slot: the one slot that the history is about.
        state: what it holds in the end.
        absorbed: receipts that needed no PUT.
    """

    name: str
    history: tuple[Step, ...]
    puts: tuple[str, ...]
    slot: str
    state: SlotState
    absorbed: int = 0


def said(put: Put) -> str:
    """A PUT in short: its flags and the last digits of its ids, or its text."""
    if put.text is not None:
        return f"text {put.text}"
    return " ".join([put.flags, *(id_.lstrip("0") for id_ in put.message_ids)])


def record(*receipts: MarkRead | MarkDelivered | EditMessage) -> Record:
    return Record(receipts)


def whole(count: int, *names: int, owed: bool = False) -> WholeDialog:
    return WholeDialog(count, frozenset(msg(n) for n in names), owed)


def half(text: str, revision: int, count: int = 1, token: str | None = None) -> EditHalf:
    return EditHalf(count, revision, text, f"s{USER}" if token else f"u{USER}", token)


def covered(*names: int, flag: str = READ) -> Mapping[str, frozenset[str]]:
    return {READ: frozenset(), DELIVERED: frozenset()} | {flag: frozenset(msg(n) for n in names)}


LATER = Again("refused", "unavailable", delay_ms=LATER_MS, costs_attempt=True)
REFUSED = Again("refused", "unauthorized", wants_token=True)

MARK_CASES = (
    Case(
        "marks of one dialog join into one PUT",
        (record(read()), record(read(), read()), Claim(), Settle(0)),
        ("r",),
        MARKS,
        SlotState(recorded=3, covered=3, generation=1),
    ),
    Case(
        "read and delivered travel in one PUT, and neither implies the other",
        (record(read(up_to=1), delivered(up_to=2)), Claim(), Settle(0)),
        ("rd",),
        MARKS,
        SlotState(
            recorded=2,
            covered=2,
            generation=1,
            covered_names={READ: frozenset({msg(1)}), DELIVERED: frozenset({msg(2)})},
        ),
    ),
    Case(
        "a mark of the dialog absorbs marks of single messages, and those that come after it",
        (record(read(1, 2)), record(read(up_to=3)), record(read(4), delivered(4))),
        (),
        MARKS,
        SlotState(
            recorded=5,
            waits_for="due",
            pending=MarkHalf(read=whole(4, 1, 2, 3, 4), ids={msg(4): {DELIVERED: 1}}),
        ),
    ),
    Case(
        "of nine names the greatest eight stay and the PUT is owed",
        (record(read(*range(1, 10))), record(read(up_to=1))),
        (),
        MARKS,
        SlotState(recorded=10, waits_for="due", pending=MarkHalf(read=whole(10, *range(2, 10), owed=True))),
    ),
    Case(
        "a newcomer in flight waits for the next PUT",
        (record(read()), Claim(), record(read()), Settle(0), Claim(), Settle(1)),
        ("r", "r"),
        MARKS,
        SlotState(recorded=2, covered=2, generation=2),
    ),
    Case(
        "the dialog named by a message once covered costs no PUT",
        (record(read(up_to=1)), Claim(), Settle(0), record(read(up_to=1))),
        ("r",),
        MARKS,
        SlotState(recorded=2, covered=2, generation=1, covered_names=covered(1)),
        absorbed=1,
    ),
    Case(
        "read and delivered are covered apart",
        (record(read(up_to=1)), Claim(), Settle(0), record(delivered(up_to=1))),
        ("r",),
        MARKS,
        SlotState(
            recorded=2,
            covered=1,
            generation=1,
            covered_names=covered(1),
            waits_for="due",
            pending=MarkHalf(delivered=whole(1, 1)),
        ),
    ),
    Case(
        "the second device's mark during the flight costs no PUT",
        (record(read(up_to=1)), Claim(), record(read(up_to=1)), Settle(0)),
        ("r",),
        MARKS,
        SlotState(recorded=2, covered=2, generation=1, covered_names=covered(1)),
        absorbed=1,
    ),
    Case(
        "it is sent when another message was named beside it",
        (record(read(up_to=1)), Claim(), record(read(up_to=1), read(up_to=2)), Settle(0)),
        ("r",),
        MARKS,
        SlotState(
            recorded=3,
            covered=1,
            generation=1,
            covered_names=covered(1),
            waits_for="due",
            pending=MarkHalf(read=whole(2, 1, 2)),
        ),
    ),
    Case(
        "it costs none even while the slot has other PUTs to send",
        (record(read(up_to=1), delivered(5)), Claim(), record(read(up_to=1)), Settle(0), Claim(), Settle(1)),
        ("r", "d 5"),
        MARKS,
        SlotState(recorded=3, covered=3, generation=2, covered_names=covered(1)),
        absorbed=1,
    ),
    Case(
        "what died is not covered",
        (record(read(up_to=1)), Claim(), Settle(0, "dead"), record(read(up_to=1))),
        ("r",),
        MARKS,
        SlotState(recorded=2, dead=1, generation=1, waits_for="due", pending=MarkHalf(read=whole(1, 1))),
    ),
    Case(
        "a message read by itself does not cover the dialog up to it",
        (record(read(3)), Claim(), Settle(0), record(read(up_to=3)), Claim(), Settle(1)),
        ("r 3", "r"),
        MARKS,
        SlotState(recorded=2, covered=2, generation=2, covered_names=covered(3)),
    ),
    Case(
        "nor when the dialog's mark arrives while the message's PUT is in flight",
        (record(read(3)), Claim(), record(read(up_to=3)), Settle(0), Claim(), Settle(1)),
        ("r 3", "r"),
        MARKS,
        SlotState(recorded=2, covered=2, generation=2, covered_names=covered(3)),
    ),
    Case(
        "the dialog up to a message covers that message",
        (record(read(up_to=3)), Claim(), Settle(0), record(read(3))),
        ("r",),
        MARKS,
        SlotState(recorded=2, covered=2, generation=1, covered_names=covered(3)),
        absorbed=1,
    ),
    Case(
        "single messages go by flags, one PUT after the other",
        (record(read(1, 2), delivered(2, 3)), Claim(), Settle(0), Claim(), Settle(1), Claim()),
        ("rd 2", "r 1", "d 3"),
        MARKS,
        SlotState(
            recorded=4,
            covered=3,
            generation=3,
            waits_for="lease",
            in_flight=MarkHalf(ids={msg(3): {DELIVERED: 1}}),
        ),
    ),
    Case(
        "what died of a claim leaves the rest",
        (record(read(1), delivered(2, 1), delivered()), Claim(), Settle(0, "dead")),
        ("d",),
        MARKS,
        SlotState(recorded=4, dead=3, generation=1, waits_for="due", pending=MarkHalf(ids={msg(1): {READ: 1}})),
    ),
    Case(
        "a list that was rejected is halved until the bad message stands alone",
        (
            record(read(1, 2, 3, 4)),
            *(Claim(), Settle(0, Again("rejected", "rejected", list_limit=2))),
            *(Claim(), Settle(1), Claim(), Settle(2, Done(Part("r", (msg(3), msg(4)))))),
        ),
        ("r 1 2 3 4", "r 1 2", "r 3 4"),
        MARKS,
        SlotState(recorded=4, covered=4, generation=3),
    ),
    Case(
        "the list grows again with every list accepted",
        (
            record(read(1, 2, 3, 4, 5)),
            *(Claim(), Settle(0, Again("rejected", "rejected", list_limit=1))),
            *(Claim(), Settle(1, "dead"), Claim(), Settle(2)),
        ),
        ("r 1 2 3 4 5", "r 1", "r 2 3"),
        MARKS,
        SlotState(
            recorded=5,
            covered=2,
            dead=1,
            generation=3,
            list_limit=4,
            waits_for="due",
            pending=MarkHalf(ids={msg(4): {READ: 1}, msg(5): {READ: 1}}),
        ),
    ),
    Case(
        "a retry joins with what came meanwhile",
        (record(read(1, 2), delivered(1)), Claim(), record(read(up_to=9), delivered(1)), Settle(0, LATER)),
        ("rd 1",),
        MARKS,
        SlotState(
            recorded=5,
            generation=1,
            attempts=1,
            waits_for="due",
            pending=MarkHalf(read=whole(3, 1, 2, 9), ids={msg(1): {DELIVERED: 2}}),
        ),
    ),
    Case(
        "the dialog in flight absorbs single messages that came meanwhile, when it is joined back",
        (record(read(), read(up_to=9)), Claim(), record(read(1), delivered(1)), Settle(0, Back("closing"))),
        ("r",),
        MARKS,
        SlotState(
            recorded=4,
            generation=1,
            waits_for="due",
            pending=MarkHalf(read=whole(3, 1, 9, owed=True), ids={msg(1): {DELIVERED: 1}}),
        ),
    ),
)

FATE_CASES = (
    Case(
        "a settle of an old generation is ignored",
        (record(read()), Claim(), Reap(), Claim(), Settle(0)),
        ("r", "r"),
        MARKS,
        SlotState(
            recorded=1,
            generation=2,
            crashes=1,
            waits_for="lease",
            in_flight=MarkHalf(read=whole(1, owed=True)),
        ),
    ),
    Case(
        "a settle counts once",
        (record(read()), Claim(), record(read()), Settle(0), Settle(0), Settle(0, "dead")),
        ("r",),
        MARKS,
        SlotState(recorded=2, covered=1, generation=1, waits_for="due", pending=MarkHalf(read=whole(1, owed=True))),
    ),
    Case(
        "a lease that ran out joins back",
        (record(read(1), delivered()), Claim(), record(read(2)), Reap()),
        ("d",),
        MARKS,
        SlotState(
            recorded=3,
            generation=1,
            crashes=1,
            waits_for="due",
            pending=MarkHalf(delivered=whole(1, owed=True), ids={msg(1): {READ: 1}, msg(2): {READ: 1}}),
        ),
    ),
    Case(
        "what outlives too many crashes is dead; what came meanwhile is not",
        (record(read(1), delivered()), Claim(), Reap(), Claim(), record(delivered(up_to=7)), Reap()),
        ("d", "d"),
        MARKS,
        SlotState(recorded=3, dead=2, generation=2, waits_for="due", pending=MarkHalf(delivered=whole(1, 7))),
    ),
    Case(
        "crashes that are not in a row do not add up",
        (record(read()), Claim(), Reap(), Claim(), Settle(1, Back("closing")), Claim(), Reap()),
        ("r", "r", "r"),
        MARKS,
        SlotState(
            recorded=1,
            generation=3,
            crashes=1,
            waits_for="due",
            pending=MarkHalf(read=whole(1, owed=True)),
        ),
    ),
    Case(
        "attempts in a row end with success",
        (record(read()), Claim(), record(read()), Settle(0, LATER), ComeDue(), Claim(), record(read()), Settle(1)),
        ("r", "r"),
        MARKS,
        SlotState(recorded=3, covered=2, generation=2, waits_for="due", pending=MarkHalf(read=whole(1, owed=True))),
    ),
    Case(
        "all of a claim can die at once",
        (record(read(1), delivered(), read(2)), Claim(), Settle(0, Dead("unreadable", ""))),
        ("d",),
        MARKS,
        SlotState(recorded=3, dead=3, generation=1),
    ),
)

TOKEN_CASES = (
    Case(
        "the newest token is sent, and none is kept in a slot at rest",
        (record(read(token="a")), record(read(token="b")), Claim(), Settle(0)),
        ("r",),
        SESSION_MARKS,
        SlotState(recorded=2, covered=2, generation=1),
    ),
    Case(
        "a newer token sets a refused actor going",
        (record(read(token="a")), Claim(), Settle(0, REFUSED), Claim(), record(read(token="b")), Claim()),
        ("r", "r"),
        SESSION_MARKS,
        SlotState(
            recorded=2,
            generation=2,
            waits_for="lease",
            in_flight=MarkHalf(read=whole(2, owed=True)),
            token="b",
            sent_token="b",
        ),
    ),
    Case(
        "the refused token again does not",
        (record(read(token="a")), Claim(), Settle(0, REFUSED), record(read(token="a")), Claim()),
        ("r",),
        SESSION_MARKS,
        SlotState(
            recorded=2,
            generation=1,
            waits_for_token=True,
            waits_for="due",
            pending=MarkHalf(read=whole(2, owed=True)),
            token="a",
        ),
    ),
    Case(
        "a newer token that came during the flight is tried at once",
        (record(read(token="a")), Claim(), record(read(token="b")), Settle(0, REFUSED), Claim()),
        ("r", "r"),
        SESSION_MARKS,
        SlotState(
            recorded=2,
            generation=2,
            waits_for="lease",
            in_flight=MarkHalf(read=whole(2, owed=True)),
            token="b",
            sent_token="b",
        ),
    ),
    Case(
        "a token does not cut short the wait for an API that is down",
        (
            record(read(token="a")),
            *(Claim(), Settle(0, LATER)),
            *(record(read(token="b")), Claim()),
        ),
        ("r",),
        SESSION_MARKS,
        SlotState(
            recorded=2,
            generation=1,
            attempts=1,
            waits_for="due",
            pending=MarkHalf(read=whole(2, owed=True)),
            token="b",
        ),
    ),
    Case(
        "a refused edit is set going by a newer one with another token",
        (record(edit("x", 1, "a")), Claim(), Settle(0, REFUSED), record(edit("y", 2, "b")), Claim()),
        ("text x", "text y"),
        EDITS,
        SlotState(recorded=2, generation=2, waits_for="lease", in_flight=half("y", 2, 2, "b")),
    ),
    Case(
        "an older edit of its actor brings the token, too",
        (record(edit("x", 2, "a")), Claim(), Settle(0, REFUSED), record(edit("w", 1, "b")), Claim()),
        ("text x", "text x"),
        EDITS,
        SlotState(recorded=2, generation=2, waits_for="lease", in_flight=half("x", 2, 2, "b")),
    ),
    Case(
        "also when it comes during the flight",
        (record(edit("x", 2, "a")), Claim(), record(edit("w", 1, "b")), Settle(0, REFUSED), Claim()),
        ("text x", "text x"),
        EDITS,
        SlotState(recorded=2, generation=2, waits_for="lease", in_flight=half("x", 2, 2, "b")),
    ),
)

EDIT_CASES = (
    Case(
        "the highest revision wins, whatever the order; of equals the later one",
        (record(edit("b", 2), edit("a", 1)), record(edit("c", 2), edit("z", 0)), Claim(), Settle(0)),
        ("text c",),
        EDITS,
        SlotState(recorded=4, covered=4, generation=1, sent_revision=2, stored=text_digest("c")),
    ),
    Case(
        "an edit older than the one sent is absorbed",
        (record(edit("b", 2)), Claim(), Settle(0), record(edit("a", 1))),
        ("text b",),
        EDITS,
        SlotState(recorded=2, covered=2, generation=1, sent_revision=2, stored=text_digest("b")),
        absorbed=1,
    ),
    Case(
        "also when it arrives during the flight",
        (record(edit("b", 2)), Claim(), record(edit("a", 1)), Settle(0)),
        ("text b",),
        EDITS,
        SlotState(recorded=2, covered=2, generation=1, sent_revision=2, stored=text_digest("b")),
        absorbed=1,
    ),
    Case(
        "an equal revision that arrives during the flight is newer",
        (record(edit("b", 2)), Claim(), record(edit("c", 2)), Settle(0), Claim(), Settle(1)),
        ("text b", "text c"),
        EDITS,
        SlotState(recorded=2, covered=2, generation=2, sent_revision=2, stored=text_digest("c")),
    ),
    Case(
        "the text that was sent last costs no PUT",
        (record(edit("b", 2)), Claim(), Settle(0), record(edit("b", 5)), record(edit("a", 4))),
        ("text b",),
        EDITS,
        SlotState(recorded=3, covered=3, generation=1, sent_revision=5, stored=text_digest("b")),
        absorbed=2,
    ),
    Case(
        "an edit back to it takes the waiting ones along",
        (record(edit("b", 2)), Claim(), Settle(0), record(edit("c", 3)), record(edit("b", 4))),
        ("text b",),
        EDITS,
        SlotState(recorded=3, covered=3, generation=1, sent_revision=4, stored=text_digest("b")),
        absorbed=2,
    ),
    Case(
        "the same text during its own flight costs no PUT once that was accepted",
        (record(edit("b", 2)), Claim(), record(edit("b", 3)), Settle(0)),
        ("text b",),
        EDITS,
        SlotState(recorded=2, covered=2, generation=1, sent_revision=3, stored=text_digest("b")),
        absorbed=1,
    ),
    Case(
        "it costs one when another was claimed in between, for nobody knows what the API holds",
        (
            record(edit("b", 2)),
            *(Claim(), Settle(0), record(edit("c", 3))),
            *(Claim(), Settle(1, LATER), record(edit("b", 4))),
            *(ComeDue(), Claim()),
        ),
        ("text b", "text c", "text b"),
        EDITS,
        SlotState(
            recorded=3,
            covered=1,
            generation=3,
            attempts=1,
            sent_revision=2,
            waits_for="lease",
            in_flight=half("b", 4, 2),
        ),
    ),
    Case(
        "a retry carries the newest",
        (record(edit("b", 2)), Claim(), record(edit("c", 3)), Settle(0, LATER), ComeDue(), Claim()),
        ("text b", "text c"),
        EDITS,
        SlotState(recorded=2, generation=2, attempts=1, waits_for="lease", in_flight=half("c", 3, 2)),
    ),
    Case(
        "a retry keeps the later of equal revisions",
        (record(edit("b", 2)), Claim(), record(edit("c", 2)), Reap(), Claim()),
        ("text b", "text c"),
        EDITS,
        SlotState(recorded=2, generation=2, crashes=1, waits_for="lease", in_flight=half("c", 2, 2)),
    ),
    Case(
        "a retry keeps the higher revision of the flight",
        (record(edit("b", 2)), Claim(), record(edit("a", 1)), Settle(0, Back("closing")), Claim()),
        ("text b", "text b"),
        EDITS,
        SlotState(recorded=2, generation=2, waits_for="lease", in_flight=half("b", 2, 2)),
    ),
    Case(
        "an edit that follows a needless one in the same call is sent",
        (
            record(edit("b", 2)),
            *(Claim(), Settle(0), record(edit("c", 3))),
            *(record(edit("b", 4), edit("d", 5)), Claim(), Settle(1)),
        ),
        ("text b", "text d"),
        EDITS,
        SlotState(recorded=4, covered=4, generation=2, sent_revision=5, stored=text_digest("d")),
        absorbed=2,
    ),
    Case(
        "a rejected edit dies, the next one is sent",
        (record(edit("b", 2)), Claim(), record(edit("a", 1)), Settle(0, "dead"), Claim(), Settle(1)),
        ("text b", "text a"),
        EDITS,
        SlotState(recorded=2, covered=1, dead=1, generation=2, sent_revision=1, stored=text_digest("a")),
    ),
)

CASES = MARK_CASES + FATE_CASES + TOKEN_CASES + EDIT_CASES
