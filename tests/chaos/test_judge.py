"""The judge finds what it is there for: made-up histories, each with one thing wrong."""

from __future__ import annotations

from dataclasses import replace

from tests.chaos.journal import Attempt
from tests.chaos.judge import Findings, Limits, judge, peak
from tests.chaos.puts import Put
from tests.chaos.town import dialog_id, edit, message_id, text_of
from traffic.evidence import Accepted, Recorded

DIALOG, MESSAGE = dialog_id(1), message_id(1, 0)
LIMITS = Limits(request_s=2.5)


def _mark(at_s: float, name: str = "") -> Recorded:
    return Recorded(at_s, "read", DIALOG, 101, name)


def _edit(at_s: float, revision: int) -> Recorded:
    return edit(at_s, DIALOG, MESSAGE, revision)


def _acked(*receipts: Recorded) -> Attempt:
    return Attempt(receipts, receipts[0].recorded_s + 0.01)


def _read(at_s: float, until_s: float | None = None, status: int | None = 200, port: int = 1) -> Put:
    said = Accepted(at_s, DIALOG, 101, read=True)
    return Put(said, at_s + 0.01 if until_s is None else until_s, status, applied=status == 200, port=port)


def _text(at_s: float, revision: int) -> Put:
    said = Accepted(at_s, DIALOG, 101, (MESSAGE,), text=text_of(revision))
    return Put(said, at_s + 0.01, 200, applied=True, port=1)


def _judge(attempts: list[Attempt], puts: list[Put], limits: Limits = LIMITS, stored: int = -1) -> Findings:
    return judge(attempts, puts, {MESSAGE: text_of(stored) if stored >= 0 else "as sent"}, limits)


def _faults(found: Findings) -> list[str]:
    return [name for name in ("lost", "backwards", "stale_texts", "doubled", "duplicates") if getattr(found, name)]


def test_good_run() -> None:
    found = _judge(
        [_acked(_mark(1)), _acked(_edit(1, 5)), _acked(_mark(3))], [_read(2), _text(2, 5), _read(4)], stored=5
    )
    assert _faults(found) == []
    assert (found.acknowledged, found.unknown, found.waits_s) == (3, 0, [1, 1, 1])


def test_receipt_without_a_put_is_lost() -> None:
    found = _judge([_acked(_mark(1)), _acked(_mark(3))], [_read(2)])
    assert (found.lost, _faults(found)) == ([_mark(3)], ["lost"])


def test_put_that_was_refused_or_not_answered_covers_nothing() -> None:
    for status in (None, 503):
        assert _judge([_acked(_mark(1))], [_read(2, status=status)]).lost == [_mark(1)]


def test_other_flag_covers_nothing() -> None:
    delivered = replace(_read(2), said=Accepted(2, DIALOG, 101, delivered=True))
    assert _judge([_acked(_mark(1))], [delivered]).lost == [_mark(1)]


def test_dead_receipt_is_not_lost() -> None:
    found = _judge([_acked(_mark(1))], [], replace(LIMITS, dead_slots=frozenset({f"m:{DIALOG}:u101"})))
    assert (found.lost, found.dead) == ([], [_mark(1)])


def test_attempt_of_unknown_end_is_not_owed_and_its_repetition_is() -> None:
    unknown = Attempt((_mark(1, MESSAGE),), None)
    assert _faults(_judge([unknown], [])) == []
    assert _judge([unknown, _acked(_mark(2, MESSAGE))], []).lost == [_mark(2, MESSAGE)]
    # Recorded the first time and covered: the second named the same message and needed no PUT.
    assert _faults(_judge([unknown, _acked(_mark(2, MESSAGE))], [_read(1.5)])) == []


def test_lost_edit() -> None:
    found = _judge([_acked(_edit(1, 5)), _acked(_edit(2, 6))], [_text(1.5, 5)], stored=5)
    assert (found.lost, _faults(found)) == ([_edit(2, 6)], ["lost", "stale_texts"])


def test_edit_backwards() -> None:
    found = _judge([_acked(_edit(1, 5)), _acked(_edit(1, 6))], [_text(2, 6), _text(3, 5)], stored=5)
    assert [(before.said.text, after.said.text) for before, after in found.backwards] == [(text_of(6), text_of(5))]
    assert found.stale_texts == [MESSAGE]


def test_backwards_even_if_nobody_heard_the_answer() -> None:
    later = replace(_text(3, 5), status=None)
    assert "backwards" in _faults(_judge([_acked(_edit(1, 5)), _acked(_edit(1, 6))], [_text(2, 6), later], stored=6))


def test_backwards_because_the_earlier_one_landed_later() -> None:
    late = replace(_text(2, 5), status=None, applied_s=3.7)
    assert "backwards" in _faults(_judge([_acked(_edit(1, 5)), _acked(_edit(1, 6))], [late, _text(3, 6)], stored=6))


def test_doubled_flight() -> None:
    found = _judge([_acked(_mark(1))], [_read(2, 2.5), _read(2.4)])
    assert [(before.arrived_s, after.arrived_s) for before, after in found.doubled] == [(2, 2.4)]


def test_doubled_behind_a_short_call() -> None:
    found = _judge([_acked(_mark(1))], [_read(2, 3), _read(2.1, 2.2), _read(2.9)])
    assert len(found.doubled) == 2


def test_call_counts_no_longer_than_its_client_can_wait() -> None:
    assert _judge([_acked(_mark(1))], [_read(2, 9, status=None), _read(4.49)]).doubled != []
    assert _judge([_acked(_mark(1))], [_read(2, 9, status=None), _read(4.51)]).doubled == []


def test_cut_ends_calls_on_its_own_wire_alone() -> None:
    calls = [_read(2, 4, status=None), _read(3)]
    assert _judge([_acked(_mark(1))], calls, replace(LIMITS, cuts={1: [1.0, 2.5]})).doubled == []
    assert _judge([_acked(_mark(1))], calls, replace(LIMITS, cuts={2: [2.5], 1: [1.0]})).doubled != []


def test_duplicate() -> None:
    found = _judge([_acked(_mark(1))], [_read(2), _read(4)])
    assert ([(before.arrived_s, put.arrived_s) for before, put in found.duplicates], _faults(found)) == (
        [(2, 4)],
        ["duplicates"],
    )


def test_a_put_of_a_slot_for_which_nothing_was_recorded_yet() -> None:
    assert _judge([_acked(_mark(3))], [_read(2), _read(4)]).groundless == [_read(2)]
    assert _judge([], [_read(2)]).groundless == [_read(2)]
    assert _judge([_acked(_mark(1))], [_read(2)]).groundless == []


def test_no_duplicate_where_a_receipt_may_have_missed_the_put_before() -> None:
    assert _judge([_acked(_mark(1)), _acked(_mark(1.8))], [_read(2), _read(4)]).duplicates == []


def test_call_of_unknown_end_excuses_one_put() -> None:
    assert _judge([_acked(_mark(1)), Attempt((_mark(3),), None)], [_read(2), _read(4)]).duplicates == []


def test_peak() -> None:
    assert peak([_read(at_s) for at_s in (1, 1.5, 1.9, 2.1, 9)], 1) == 3
    assert peak([], 1) == 0
