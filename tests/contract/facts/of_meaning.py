"""What marks and edits mean, and what is seen of them afterwards."""

from __future__ import annotations

from tests.contract.facts.fact import UNKNOWN, A, B, C, DiffersError, equal, fact, hold
from tests.contract.facts.of_requests import BOTH, BY_SENDER
from tests.contract.facts.stage import ALL, Stage

LONG = "ä👋" * 2_000


@fact(B, "the sender has read and received a message from the start")
def the_sender_is_in_both_lists(stage: Stage) -> None:
    talk = stage.talk(1)
    equal((stage.readers(talk), stage.receivers(talk)), ([BY_SENDER], [BY_SENDER]))


@fact(A, "`delivered` adds the acting user to delivered_ids")
def delivered_adds_the_user(stage: Stage) -> None:
    talk = stage.talk(2)
    stage.mark(talk, "d", talk.ids[1])
    equal(stage.receivers(talk), [BY_SENDER, BOTH])


@fact(B, "read does not imply delivered")
def read_is_not_delivered(stage: Stage) -> None:
    talk = stage.talk(1)
    stage.mark(talk, "r")
    equal((stage.readers(talk), stage.receivers(talk)), ([BOTH], [BY_SENDER]))


@fact(B, "delivered does not imply read")
def delivered_is_not_read(stage: Stage) -> None:
    talk = stage.talk(1)
    stage.mark(talk, "d")
    equal(stage.readers(talk), [BY_SENDER])


@fact(C, "repeating a mark changes nothing")
def repeating_changes_nothing(stage: Stage) -> None:
    talk = stage.talk(1)
    stage.mark(talk, "r")
    before = stage.look(talk)[0]["read_ids"]
    stage.mark(talk, "r")
    stage.mark(talk, "r", talk.ids[0])
    after = stage.look(talk)[0]["read_ids"]
    hold(before == after, f"{len(before)} readers before, {len(after)} after")


@fact(B, "`read` without an id brings the caller's unread count to 0")
def read_all_empties_the_unread_count(stage: Stage) -> None:
    talk = stage.talk(2)
    equal(stage.unread(talk), 2)
    stage.mark(talk, "r")
    equal(stage.unread(talk), 0)


@fact(C, "`read` without an id does not cover what is sent later")
def a_later_message_is_unread(stage: Stage) -> None:
    talk = stage.talk(1)
    stage.mark(talk, "r")
    stage.say(talk.id, "later")
    equal(stage.unread(talk), 1)


@fact(A, "an edit replaces the text")
def an_edit_replaces_the_text(stage: Stage) -> None:
    talk = stage.talk(2)
    text = 'new & "quoted" 100 %\n👋'
    stage.edit(talk, talk.ids[0], text)
    equal([item["message"] for item in stage.look(talk)], [text, "message 2"])


@fact(B, "an edit of the last message changes the dialog's last_message, too")
def an_edit_changes_the_last_message(stage: Stage) -> None:
    talk = stage.talk(2)
    stage.edit(talk, talk.ids[1], "new")
    equal(stage.get(f"/chat/Dialog/{talk.id}.json").document["last_message"], "new")


@fact(UNKNOWN, "nobody but its sender may edit a message")
def only_the_sender_edits(stage: Stage) -> str:
    talk = stage.talk(1)
    try:
        stage.edit(talk, talk.ids[0], "not mine", by=stage.reader)
    except DiffersError as refusal:
        equal([item["message"] for item in stage.look(talk)], ["message 1"])
        return str(refusal)
    changed = stage.look(talk)[0]["message"] == "not mine"
    raise DiffersError(f"it was taken, and the text has {'' if changed else 'not '}changed")


@fact(UNKNOWN, f"a text of {len(LONG):,} characters is kept whole")
def a_long_text_is_kept(stage: Stage) -> None:
    talk = stage.talk(1)
    stage.edit(talk, talk.ids[0], LONG)
    kept = stage.look(talk)[0]["message"]
    hold(kept == LONG, f"{len(kept):,} characters")


@fact(A, "listing a dialog's messages marks them as read")
def listing_marks_as_read(stage: Stage) -> None:
    talk = stage.talk(2)
    stage.get(ALL, chat_dialog_id=talk.id)
    equal(stage.readers(talk), [BOTH, BOTH])


@fact(A, "with mark_as_read=0 it marks nothing")
def listing_need_not_mark(stage: Stage) -> None:
    talk = stage.talk(2)
    stage.get(ALL, chat_dialog_id=talk.id, mark_as_read="0")
    equal(stage.readers(talk), [BY_SENDER, BY_SENDER])


@fact(C, "getting one message marks nothing")
def getting_one_marks_nothing(stage: Stage) -> None:
    talk = stage.talk(1)
    stage.get(f"/chat/Message/{talk.ids[0]}.json")
    equal(stage.readers(talk), [BY_SENDER])
