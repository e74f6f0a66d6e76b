import json
from typing import Any

import pytest

from demo.puts import Slot, read_call, read_calls
from sandbox.client import Call
from traffic.waits import Accepted

D, M = "d" * 24, "1" * 24


def call(
    body: Any,
    path: str = "/chat/Message.json",
    method: str = "PUT",
    arrived: float = 1.0,
    status: int | None = 200,
    user_id: int | None = 7,
) -> Call:
    text = body if isinstance(body, str) else json.dumps(body)
    headers = {"on-behalf-of": "7"}
    return Call(
        1, arrived, 2.0, method, path, "", headers, text, status, applied=True, applied_at=arrived, user_id=user_id
    )


def test_reads_a_mark() -> None:
    put = read_call(call({"chat_dialog_id": D, "read": "1", "delivered": "1"}))
    assert put is not None
    assert put.slot == Slot("mark", D, "7")
    assert put.accepted == Accepted(1.0, D, 7, read=True, delivered=True)


def test_reads_an_edit() -> None:
    put = read_call(call({"chat_dialog_id": D, "message": "new"}, f"/chat/Message/{M}.json"))
    assert put is not None
    assert put.slot == Slot("edit", D, M)
    assert put.accepted == Accepted(1.0, D, 7, (M,), text="new")


@pytest.mark.parametrize("status", [503, None])
def test_a_put_that_was_not_accepted_has_a_slot_all_the_same(status: int | None) -> None:
    put = read_call(call({"chat_dialog_id": D, "read": "1"}, status=status, user_id=None))
    assert put is not None
    assert (put.slot, put.status, put.accepted) == (Slot("mark", D, "7"), status, None)


@pytest.mark.parametrize(
    "strange",
    [
        call({"chat_dialog_id": D, "message": "new"}),  # a text for a whole dialog
        call({"chat_dialog_id": D}),
        call({"read": "1"}),  # of no dialog
        call({"chat_dialog_id": D, "read": "1"}, f"/chat/Message/{M}.json"),
        call({"chat_dialog_id": D, "read": "1", "message": "new"}, f"/chat/Message/{M}.json"),
        call({"chat_dialog_id": D, "read": "1"}, method="POST"),
        call([]),
        call("{"),
    ],
)
def test_keeps_apart_what_the_play_cannot_cause(strange: Call) -> None:
    assert read_calls([strange]) == ([], [strange])


def test_puts_are_in_order_of_their_arrival() -> None:
    body = {"chat_dialog_id": D, "read": "1"}
    puts, _ = read_calls([call(body, arrived=2.0), call(body, arrived=1.0)])
    assert [put.arrived_s for put in puts] == [1.0, 2.0]


def test_a_slot_names_its_dialog_and_its_user_or_message() -> None:
    assert str(Slot("mark", D, "7")) == f"dialog {D}, user 7"
    assert str(Slot("edit", D, M)) == f"dialog {D}, message {M}"
