"""The sandbox's world, made from what a trace mentions."""

from bench.trace_world import one_dialog_each, world_of
from traffic.arrivals import Arrival, Kind

D, E, M, N = "d" * 24, "e" * 24, "a" * 24, "b" * 24


def arrival(kind: Kind = "read", dialog: str = D, user: int = 1, message: str = M) -> Arrival:
    return Arrival(0.0, kind, dialog, user, message, 0)


def test_a_message_keeps_its_id_in_the_first_of_its_dialogs() -> None:
    first, second, again = one_dialog_each([arrival(), arrival(dialog=E), arrival(dialog=E, user=2)])
    assert first.message == M
    assert second.message not in {M, N}
    assert len(second.message) == 24
    assert second.message == again.message


def test_everybody_and_everything_mentioned_exists() -> None:
    world = world_of([arrival(user=2), arrival(user=1), arrival(dialog=E, user=3, message=N)])
    assert world["users"] == [1, 2, 3]
    assert [(one["_id"], one["occupants_ids"]) for one in world["dialogs"]] == [(D, [2, 1]), (E, [3])]
    assert [(one["_id"], one["chat_dialog_id"]) for one in world["messages"]] == [(M, D), (N, E)]


def test_who_edits_a_message_has_sent_it() -> None:
    world = world_of([arrival(user=2), arrival("edit", user=1)])
    assert world["messages"][0]["sender_id"] == 1
    assert world_of([arrival(user=2), arrival(user=1)])["messages"][0]["sender_id"] == 2
