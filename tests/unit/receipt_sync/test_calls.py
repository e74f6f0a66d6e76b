from __future__ import annotations

import inspect
from typing import Any

import pytest
import redis

from receipt_sync import EditMessage, InvalidReceipt, MarkDelivered, MarkRead, Receipt, ReceiptQueue
from receipt_sync.calls import DELIVERED, EDIT, PARAMETERS, READ, receipt_from_call

DIALOG = "53a99a7be4b094c7c6d31b41"
MESSAGE = "53aabe15e4b077ddd43e7fd3"
TOKEN = "eddf864695d72d33b959eec2ae6c640d817dfada"
METHODS: dict[str, Any] = {
    READ: ReceiptQueue.mark_dialog_read,
    DELIVERED: ReceiptQueue.mark_dialog_delivered,
    EDIT: ReceiptQueue.edit_message,
}
LEAST: dict[str, dict[str, Any]] = {
    READ: {"dialog_id": DIALOG, "user_id": 123},
    DELIVERED: {"dialog_id": DIALOG, "user_id": 123},
    EDIT: {"dialog_id": DIALOG, "message_id": MESSAGE, "text": "updated message", "user_id": 123},
}
every_name = pytest.mark.parametrize("name", [READ, DELIVERED, EDIT])


class Unreachable(redis.Redis):
    """A client that must not be used: what is wrong is refused before anything is stored."""

    def execute_command(self, *_args: Any, **_options: Any) -> Any:
        raise AssertionError("the ledger was asked")


def call(name: str, *args: object, **kwargs: object) -> Receipt:
    return receipt_from_call(name, args, kwargs, 65_536)


def refused(door: str, name: str, **kwargs: Any) -> InvalidReceipt:
    """What one of the two doors says to a call."""
    method: Any = call if door == "broker" else METHODS[name]
    first = name if door == "broker" else ReceiptQueue(client=Unreachable())
    with pytest.raises(InvalidReceipt) as caught:
        method(first, **kwargs)
    return caught.value


both_doors = pytest.mark.parametrize("door", ["broker", "queue"])


# The names are a contract ---------------------------------------------------------------------------------------


def test_the_names_are_those_that_foreign_clients_send() -> None:
    assert (READ, DELIVERED, EDIT) == (
        "receipts.mark_dialog_read",
        "receipts.mark_dialog_delivered",
        "receipts.edit_message",
    )
    assert PARAMETERS == {
        READ: ("dialog_id", "user_id", "token", "message_ids", "up_to"),
        DELIVERED: ("dialog_id", "user_id", "token", "message_ids", "up_to"),
        EDIT: ("dialog_id", "message_id", "text", "user_id", "token", "revision"),
    }


@every_name
def test_both_doors_take_the_same_arguments(name: str) -> None:
    taken = inspect.signature(METHODS[name]).parameters.values()
    by_name = [each.name for each in taken if each.kind is not inspect.Parameter.VAR_KEYWORD and each.name != "self"]
    # A trace is no part of a receipt: by the broker it comes in the message's headers.
    assert tuple(by_name) == (*PARAMETERS[name], "trace")


# What a call makes ----------------------------------------------------------------------------------------------


def test_each_name_makes_its_receipt() -> None:
    assert call(READ, **LEAST[READ]) == MarkRead(dialog_id=DIALOG, user_id=123)
    assert call(DELIVERED, **LEAST[DELIVERED]) == MarkDelivered(dialog_id=DIALOG, user_id=123)
    assert call(EDIT, **LEAST[EDIT]) == EditMessage(
        dialog_id=DIALOG, message_id=MESSAGE, text="updated message", user_id=123
    )


def test_ids_and_text_may_go_by_place() -> None:
    assert call(READ, DIALOG, token=TOKEN) == MarkRead(dialog_id=DIALOG, token=TOKEN)
    by_place = call(EDIT, DIALOG, MESSAGE, "updated message", user_id=123, revision=7)
    assert by_place == EditMessage(
        dialog_id=DIALOG, message_id=MESSAGE, text="updated message", user_id=123, revision=7
    )
    assert call(EDIT, DIALOG, message_id=MESSAGE, text="updated message", user_id=123) == call(EDIT, **LEAST[EDIT])


def test_none_is_as_good_as_nothing_for_what_may_be_left_out() -> None:
    more = {"token": None, "message_ids": None, "up_to": None}
    assert call(READ, **LEAST[READ], **more) == call(READ, **LEAST[READ])
    assert call(EDIT, **LEAST[EDIT], token=None, revision=None) == call(EDIT, **LEAST[EDIT])


def test_json_lists_of_ids_are_taken() -> None:
    assert call(READ, **LEAST[READ], message_ids=[MESSAGE]) == MarkRead(
        dialog_id=DIALOG, user_id=123, message_ids=[MESSAGE]
    )


# What is refused ------------------------------------------------------------------------------------------------


@both_doors
@every_name
def test_an_unknown_argument_is_named_and_not_shown(door: str, name: str) -> None:
    error = refused(door, name, **LEAST[name], session_token=TOKEN)
    assert error.argument == "argument"
    assert error.found == "'session_token'"
    assert error.expected == f"one of {', '.join(PARAMETERS[name])}"
    assert TOKEN not in str(error) + repr(error)


@both_doors
def test_an_argument_of_the_other_kind_is_unknown(door: str) -> None:
    assert refused(door, READ, **LEAST[READ], text="updated message").found == "'text'"
    assert refused(door, EDIT, **LEAST[EDIT], up_to=MESSAGE).found == "'up_to'"


@both_doors
@pytest.mark.parametrize(
    ("name", "wrong", "argument"),
    [
        (READ, {"dialog_id": DIALOG.upper()}, "dialog_id"),
        (READ, {"dialog_id": None}, "dialog_id"),
        (READ, {"user_id": True}, "user_id"),
        (READ, {"user_id": None}, "user_id"),
        (READ, {"message_ids": [MESSAGE], "up_to": MESSAGE}, "up_to"),
        (DELIVERED, {"user_id": 2**63}, "user_id"),
        (DELIVERED, {"token": f"{TOKEN} "}, "token"),
        (DELIVERED, {"message_ids": {}}, "message_ids"),
        (EDIT, {"message_id": "latest"}, "message_id"),
        (EDIT, {"text": "a private\x00 text"}, "text"),
        (EDIT, {"text": "a private text" * 10_000}, "text"),
        (EDIT, {"text": ["a private text"]}, "text"),
        (EDIT, {"revision": 1.5}, "revision"),
    ],
)
def test_both_doors_refuse_the_same_with_the_same_words(
    door: str, name: str, wrong: dict[str, Any], argument: str
) -> None:
    arguments = LEAST[name] | wrong
    error = refused(door, name, **arguments)
    assert error.argument == argument
    assert str(error) == str(refused("broker", name, **arguments))
    assert "private" not in str(error) + repr(error)
    assert TOKEN not in str(error) + repr(error)


@pytest.mark.parametrize("max_text_bytes", [1, 14])
def test_both_doors_keep_to_the_size_that_is_set(max_text_bytes: int) -> None:
    with pytest.raises(InvalidReceipt, match=f"at most {max_text_bytes} bytes"):
        receipt_from_call(EDIT, (), LEAST[EDIT], max_text_bytes)
    with pytest.raises(InvalidReceipt, match=f"at most {max_text_bytes} bytes"):
        ReceiptQueue(client=Unreachable(), max_text_bytes=max_text_bytes).edit_message(**LEAST[EDIT])


def test_a_receipt_made_elsewhere_keeps_to_the_queues_size() -> None:
    queue = ReceiptQueue(client=Unreachable(), max_text_bytes=14)
    with pytest.raises(InvalidReceipt, match="at most 14 bytes"):
        queue.record_many([MarkRead(dialog_id=DIALOG, user_id=123), EditMessage(**LEAST[EDIT])])


@every_name
@pytest.mark.parametrize("missing", ["dialog_id", "message_id", "text"])
def test_what_is_missing_is_named(name: str, missing: str) -> None:
    if missing not in LEAST[name]:
        return
    arguments = {key: value for key, value in LEAST[name].items() if key != missing}
    error = refused("broker", name, **arguments)
    assert (error.argument, error.found, error.expected) == (missing, "nothing", "a value")


@every_name
def test_a_call_without_anything_names_the_dialog(name: str) -> None:
    assert refused("broker", name).argument == "dialog_id"


def test_a_call_without_an_actor_names_the_user() -> None:
    for door in ("broker", "queue"):
        assert refused(door, READ, dialog_id=DIALOG).argument == "user_id"


def test_an_argument_given_twice_is_named() -> None:
    with pytest.raises(InvalidReceipt) as caught:
        call(READ, DIALOG, dialog_id=DIALOG, user_id=123)
    assert str(caught.value) == "dialog_id: expected it once, got it twice"


@pytest.mark.parametrize(("name", "most"), [(READ, 1), (DELIVERED, 1), (EDIT, 3)])
def test_more_by_place_than_ids_and_text_is_refused(name: str, most: int) -> None:
    with pytest.raises(InvalidReceipt) as caught:
        call(name, *[TOKEN] * (most + 1))
    assert (caught.value.argument, caught.value.found) == ("arguments", f"{most + 1} without a name")
    assert TOKEN not in str(caught.value) + repr(caught.value)


@pytest.mark.parametrize("wrong", [None, "receipt", {"dialog_id": DIALOG}, 5, object()])
def test_what_is_no_receipt_is_named_by_its_place(wrong: Any) -> None:
    with pytest.raises(InvalidReceipt) as caught:
        ReceiptQueue(client=Unreachable()).record_many([MarkRead(dialog_id=DIALOG, user_id=123), wrong])
    assert caught.value.argument == "receipts[1]"
    assert caught.value.expected == "MarkRead, MarkDelivered or EditMessage"


def test_recording_nothing_asks_nobody() -> None:
    ReceiptQueue(client=Unreachable()).record_many([])
