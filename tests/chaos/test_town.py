"""The town: every dialog falls silent, and edits can be told apart."""

from __future__ import annotations

from itertools import islice
from random import Random

from tests.chaos.town import Town, dialog_id, revision_of, text_of

TOWN = Town(awake=5, receipts=1_000, producers=2)


def test_every_group_falls_silent_before_the_end() -> None:
    receipts = list(islice(TOWN.drawn(Random(1), 0), 500))
    last = {receipt.dialog: at for at, receipt in enumerate(receipts)}
    assert set(last) == {dialog_id(number) for number in range(TOWN.dialogs)}
    silent = [last[dialog_id(number)] for number in range(TOWN.dialogs - TOWN.awake)]
    assert silent
    assert max(silent) < 450


def test_a_producer_late_in_its_share_stays_in_the_town() -> None:
    receipts = islice(TOWN.drawn(Random(1), 0), 2_000)
    assert {receipt.dialog for receipt in receipts} <= {dialog_id(number) for number in range(TOWN.dialogs)}


def test_no_two_edits_of_a_message_have_the_same_revision_and_some_come_out_of_order() -> None:
    edits = [
        (receipt.message, receipt.revision)
        for producer in range(2)
        for receipt in islice(TOWN.drawn(Random(1), producer), 300)
        if receipt.kind == "edit"
    ]
    assert len(set(edits)) == len(edits) > 50
    assert sorted(edits, key=lambda edit: edit[1]) != edits


def test_a_text_says_its_revision() -> None:
    assert revision_of(text_of(1_700_000_000_000_123)) == 1_700_000_000_000_123
    assert revision_of("as sent") == -1
