"""What the page's buttons play."""

from collections import Counter
from random import Random

import pytest

from demo.office import PEOPLE, Office
from demo.plays import DAY_S, PLAYS, STORM_SILENCE_S, STORM_WITHIN_S, UNREAD, Play, Step, a_storm, fifty_unread
from receipt_sync import EditMessage, MarkRead
from traffic.day import Message


def steps_of(play: Play) -> list[Step]:
    random = Random(1)
    return list(play.steps(random, Office.open(random)))


@pytest.mark.parametrize("play", PLAYS, ids=[play.name for play in PLAYS])
def test_everything_reported_was_said_before_in_a_dialog_of_that_user(play: Play) -> None:
    random = Random(1)
    office = Office.open(random)
    occupants = {dialog.id: dialog.occupants for dialog in office.dialogs}
    said_s: dict[str, float] = {}
    steps = sorted(play.steps(random, office), key=lambda step: step.at_s)
    for step in steps:
        happens = step.happens
        if isinstance(happens, Message):
            assert happens.sender in occupants[happens.dialog]
            said_s[happens.id] = step.at_s
        else:
            message = happens.message_id if isinstance(happens, EditMessage) else happens.up_to
            assert message is not None
            assert said_s[message] <= step.at_s
            assert happens.user_id in occupants[happens.dialog_id]
    assert steps[0].at_s >= 0
    assert steps[-1].at_s < DAY_S + 10


def test_a_storm_is_silent_and_then_everything_comes_at_once() -> None:
    random = Random(1)
    receipts = [step for step in a_storm(random, Office.open(random)) if not isinstance(step.happens, Message)]
    assert all(STORM_SILENCE_S <= step.at_s <= STORM_SILENCE_S + STORM_WITHIN_S + 1 for step in receipts)
    assert len(receipts) > 4 * len(PEOPLE)


def test_fifty_unread_messages_are_reported_one_by_one() -> None:
    random = Random(1)
    reads = [step.happens for step in fifty_unread(random, Office.open(random)) if isinstance(step.happens, MarkRead)]
    assert Counter(read.user_id for read in reads).most_common() == [(reads[0].user_id, UNREAD)]
    assert len({read.up_to for read in reads}) == UNREAD


def test_every_play_has_a_name_of_its_own() -> None:
    assert len({play.name for play in PLAYS}) == len(PLAYS)
    assert all(steps_of(play) for play in PLAYS)
