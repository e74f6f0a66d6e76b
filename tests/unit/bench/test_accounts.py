"""Accounts that balance, and each way in which they do not."""

from collections import Counter

import pytest

from bench.accounts import at_rest, complaints

GOOD = Counter(recorded=10, covered=10)


def test_accounts_that_balance_are_not_complained_about() -> None:
    assert complaints(GOOD, GOOD, recorded=10) == []


@pytest.mark.parametrize(
    ("counts", "complaint"),
    [
        (Counter(recorded=9, covered=9), "10 receipts were recorded, the ledger counts 9"),
        (Counter(recorded=10, covered=9), "covered + dead + pending + in flight are 9, recorded 10"),
        (Counter(recorded=10, covered=9, pending=1), "1 receipts are still pending, 0 in flight"),
        (Counter(recorded=10, covered=9, in_flight=1), "0 receipts are still pending, 1 in flight"),
        (Counter(recorded=10, covered=9, dead=1), "1 receipts are dead"),
    ],
)
def test_what_does_not_balance_is_said(counts: Counter[str], complaint: str) -> None:
    assert complaint in complaints(counts, counts, recorded=10)


def test_slots_that_differ_from_the_totals_are_said() -> None:
    assert complaints(GOOD, Counter(recorded=10, covered=8), recorded=10) == ["covered: 8 over all slots, 10 in total"]


def test_a_ledger_with_nothing_pending_or_in_flight_is_at_rest() -> None:
    assert at_rest(GOOD)
    assert not at_rest(GOOD + Counter(pending=1))
    assert not at_rest(GOOD + Counter(in_flight=1))
