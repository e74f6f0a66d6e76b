"""The calls beside the PUTs, as far as our sandbox imitates them."""

from __future__ import annotations

from typing import Any

from tests.contract.facts.fact import UNKNOWN, A, B, equal, fact, hold
from tests.contract.facts.of_requests import NOBODY
from tests.contract.facts.stage import ALL, Stage

MESSAGE = {
    "_id", "chat_dialog_id", "message", "date_sent", "created_at", "updated_at", "sender_id", "recipient_id",
    "read_ids", "delivered_ids", "read", "attachments",
}  # fmt: skip
DIALOG = {
    "_id", "type", "name", "user_id", "occupants_ids", "last_message", "last_message_id", "last_message_date_sent",
    "last_message_user_id", "unread_messages_count", "created_at", "updated_at",
}  # fmt: skip


def _lacks(document: dict[str, Any], fields: set[str]) -> None:
    missing = sorted(fields - set(document))
    hold(not missing, f"without {', '.join(missing)}")


@fact(A, "a listing of messages has skip, limit and items, by date_sent")
def messages_are_listed_in_order(stage: Stage) -> None:
    talk = stage.talk(2)
    page = stage.get(ALL, stage.sender, chat_dialog_id=talk.id, mark_as_read="0").document
    _lacks(page, {"skip", "limit", "items"})
    sent = [item["date_sent"] for item in page["items"]]
    equal((len(sent), sent), (2, sorted(sent)))


@fact(A, "sort_desc=date_sent lists them the other way round")
def messages_are_listed_backwards(stage: Stage) -> None:
    talk = stage.talk(2)
    query = {"chat_dialog_id": talk.id, "mark_as_read": "0", "sort_desc": "date_sent"}
    sent = [item["date_sent"] for item in stage.get(ALL, stage.sender, **query).document["items"]]
    equal((len(sent), sent), (2, sorted(sent, reverse=True)))


@fact(A, "a message has the documented fields")
def a_message_has_its_fields(stage: Stage) -> None:
    _lacks(stage.look(stage.talk(1))[0], MESSAGE)


@fact(A, "a listing of dialogs has total_entries, skip, limit and items")
def dialogs_are_listed(stage: Stage) -> None:
    stage.talk(1)
    _lacks(stage.get("/chat/Dialog.json", limit="1").document, {"total_entries", "skip", "limit", "items"})


@fact(A, "a dialog has the documented fields")
def a_dialog_has_its_fields(stage: Stage) -> None:
    _lacks(stage.get(f"/chat/Dialog/{stage.talk(1).id}.json").document, DIALOG)


@fact(B, "a dialog's occupants stand in ascending order")
def occupants_are_in_order(stage: Stage) -> None:
    occupants = stage.get(f"/chat/Dialog/{stage.talk(1).id}.json").document["occupants_ids"]
    hold(occupants == sorted(occupants), "not in order")


@fact(A, "a dialog's unread_messages_count is the caller's")
def the_unread_count_is_the_callers(stage: Stage) -> None:
    path = f"/chat/Dialog/{stage.talk(2).id}.json"
    seen = [stage.get(path, actor).document["unread_messages_count"] or 0 for actor in (stage.reader, stage.sender)]
    equal(seen, [2, 0])


@fact(A, "unread.json counts by dialog, and together")
def unread_counts_by_dialog(stage: Stage) -> None:
    first, second = stage.talk(2), stage.talk(1)
    counted = stage.get("/chat/Message/unread.json", chat_dialog_ids=f"{first.id},{second.id}").document
    equal([counted.get(name) for name in (first.id, second.id, "total")], [2, 1, 3])


@fact(UNKNOWN, "its sender deletes a message for everyone in a dialog of another")
def a_sender_deletes_in_anothers_dialog(stage: Stage) -> str:
    talk = stage.talk(1)
    said = stage.say(talk.id, "mine", by=stage.reader)["_id"]
    path = f"/chat/Message/{said}.json"
    heard = stage.chat.call("DELETE", path, headers=stage.headers(stage.reader), body={"force": "1"}, form=True)
    hold(heard.is_good, heard.short)
    left = stage.get(ALL, stage.sender, chat_dialog_id=talk.id, mark_as_read="0").document["items"]
    equal(len(left), 1)
    return heard.short


@fact(A, "a message is deleted for its caller, or with force=1 for everyone, told id by id")
def messages_are_deleted(stage: Stage) -> None:
    talk = stage.talk(3)
    own = stage.chat.call("DELETE", f"/chat/Message/{talk.ids[0]}.json", headers=stage.headers(stage.reader))
    hold(own.is_good, own.short)
    path = f"/chat/Message/{talk.ids[1]},{NOBODY}.json"
    heard = stage.chat.call("DELETE", path, headers=stage.headers(stage.sender), body={"force": "1"}, form=True)
    hold(heard.is_good and isinstance(heard.document, dict), heard.short)
    told = {fate: heard.document.get(fate, {}).get("ids", []) for fate in ("SuccessfullyDeleted", "NotFound")}
    hold(told == {"SuccessfullyDeleted": [talk.ids[1]], "NotFound": [NOBODY]}, "told otherwise")
    page = stage.get(ALL, chat_dialog_id=talk.id, mark_as_read="0").document
    equal(([item["_id"] for item in page["items"]], len(stage.look(talk))), ([talk.ids[2]], 2))
