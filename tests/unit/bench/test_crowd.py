"""A crowd: as many slots as wanted."""

from bench.crowd import USERS, dialogs_for, marks


def test_every_mark_has_a_slot_of_its_own_in_a_dialog_of_the_world() -> None:
    slots = 2 * len(USERS) + 1
    made = list(marks(slots))
    assert len({mark.wire()[1] for mark in made}) == slots
    assert {mark.dialog_id for mark in made} == set(dialogs_for(slots))
    assert {mark.user_id for mark in made} <= set(USERS)


def test_no_dialog_is_made_for_nobody() -> None:
    assert (len(dialogs_for(1)), len(dialogs_for(1_000)), len(dialogs_for(1_001))) == (1, 1, 2)
