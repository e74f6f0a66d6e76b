import pytest

from sandbox.records import GROUP, PRIVATE, PUBLIC, Dialog, Message
from sandbox.world import World, by_date_sent, mark_dialog, mark_messages

SENDER, READER, OTHER = 1, 2, 3


class Clock:
    def __init__(self) -> None:
        self.now_s = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def world(clock: Clock) -> World:
    return World(clock)


@pytest.fixture
def dialog(world: World) -> Dialog:
    return world.add_dialog(GROUP, [SENDER, READER, OTHER], user_id=SENDER, name="talk", dialog_id=None)


@pytest.fixture
def messages(world: World, dialog: Dialog) -> list[Message]:
    return [world.add_message(dialog, SENDER, f"text {number}") for number in range(3)]


def test_the_sender_has_read_and_received_a_message_from_the_start(messages: list[Message]) -> None:
    assert messages[0].readers() == messages[0].receivers() == [SENDER]
    assert messages[0].document()["read"] == 0


def test_a_mark_of_one_message_adds_the_acting_user_and_nobody_else(messages: list[Message]) -> None:
    mark_messages(messages[:1], READER, read=True, delivered=False)
    assert messages[0].readers() == [SENDER, READER]
    assert messages[1].readers() == [SENDER]
    assert messages[0].document()["read"] == 1


def test_read_does_not_imply_delivered_nor_the_other_way_round(dialog: Dialog, messages: list[Message]) -> None:
    mark_messages(messages[:1], READER, read=True, delivered=False)
    mark_dialog(dialog, OTHER, read=False, delivered=True)
    assert messages[0].receivers() == [SENDER, OTHER]
    assert messages[0].readers() == [SENDER, READER]


def test_a_repeated_mark_changes_nothing(dialog: Dialog, messages: list[Message]) -> None:
    for _ in range(2):
        mark_messages(messages, READER, read=True, delivered=True)
        mark_dialog(dialog, READER, read=True, delivered=True)
    assert messages[0].readers() == messages[0].receivers() == [SENDER, READER]


def test_a_mark_of_the_dialog_covers_what_stands_in_it_and_nothing_later(
    world: World, dialog: Dialog, messages: list[Message]
) -> None:
    mark_dialog(dialog, READER, read=True, delivered=False)
    later = world.add_message(dialog, SENDER, "later", date_sent=messages[0].date_sent - 60)
    assert [message.readers() for message in messages] == [[SENDER, READER]] * 3
    assert later.readers() == [SENDER]


def test_unread_counts_leave_out_own_and_read_messages(world: World, dialog: Dialog, messages: list[Message]) -> None:
    world.add_message(dialog, READER, "mine")
    assert dialog.unread_count(READER) == 3
    mark_messages(messages[:1], READER, read=True, delivered=False)
    assert dialog.unread_count(READER) == world.unread_total(READER) == 2
    mark_dialog(dialog, READER, read=False, delivered=True)
    assert dialog.unread_count(READER) == 2
    mark_dialog(dialog, READER, read=True, delivered=False)
    assert dialog.unread_count(READER) == world.unread_total(READER) == 0
    assert dialog.unread_count(OTHER) == 4


def test_an_edit_changes_text_and_updated_at(world: World, clock: Clock, messages: list[Message]) -> None:
    before = messages[0].document()
    clock.now_s += 5
    world.edit(messages[0], "other")
    after = messages[0].document()
    assert after["message"] == "other"
    assert after["created_at"] == before["created_at"] == "2023-11-14T22:13:20Z"
    assert after["updated_at"] == "2023-11-14T22:13:25Z"


def test_last_message_follows_an_edit_of_the_last_message_alone(
    world: World, dialog: Dialog, messages: list[Message]
) -> None:
    world.edit(messages[0], "not the last")
    assert dialog.document(READER)["last_message"] == "text 2"
    world.edit(messages[2], "edited")
    assert dialog.document(READER)["last_message"] == "edited"


def test_the_last_message_is_the_latest_sent_not_the_latest_to_arrive(
    world: World, dialog: Dialog, messages: list[Message]
) -> None:
    early = world.add_message(dialog, OTHER, "early", date_sent=messages[0].date_sent - 60)
    assert dialog.document(READER)["last_message_id"] == messages[2].id
    assert by_date_sent(dialog) == [early, *messages]


def test_a_dialog_lists_its_fields_and_the_unread_count_of_its_reader(dialog: Dialog, messages: list[Message]) -> None:
    shown = dialog.document(READER)
    assert shown["occupants_ids"] == [SENDER, READER, OTHER]
    dialog.occupants_ids.reverse()
    assert dialog.document(READER)["occupants_ids"] == [SENDER, READER, OTHER]
    assert shown["last_message_user_id"] == SENDER
    assert shown["last_message_date_sent"] == messages[2].date_sent
    assert shown["unread_messages_count"] == 3
    assert "unread_messages_count" not in dialog.document(None)


def test_a_new_dialog_has_no_last_message(dialog: Dialog) -> None:
    assert dialog.document(READER)["last_message"] is None


def test_ids_are_object_ids_that_start_with_the_second(world: World, messages: list[Message]) -> None:
    assert messages[0].id.startswith(f"{1_700_000_000:08x}")
    assert len({message.id for message in messages}) == 3 == len(world.messages)


def test_a_private_dialog_knows_the_recipient(world: World) -> None:
    private = world.add_dialog(PRIVATE, [SENDER, READER, READER], user_id=SENDER, name=None, dialog_id=None)
    assert private.occupants_ids == [SENDER, READER]
    assert world.add_message(private, READER, "hi").recipient_id == SENDER


def test_a_public_dialog_admits_everyone_and_stands_in_nobodys_list(world: World, dialog: Dialog) -> None:
    public = world.add_dialog(PUBLIC, [SENDER], user_id=SENDER, name="all", dialog_id=None)
    assert public.admits(99)
    assert not dialog.admits(99)
    assert world.dialogs_of(SENDER) == [dialog]


def test_a_users_dialogs_come_latest_message_first(world: World, dialog: Dialog, messages: list[Message]) -> None:
    newer = world.add_dialog(GROUP, [READER], user_id=READER, name=None, dialog_id=None)
    world.add_message(newer, READER, "new", date_sent=messages[2].date_sent + 1)
    assert world.dialogs_of(READER) == [newer, dialog]


def test_clearing_forgets_everything(world: World, messages: list[Message]) -> None:
    assert messages
    world.clear()
    assert not world.dialogs
    assert not world.messages
    assert world.dialogs_of(READER) == []


def test_a_deleted_message_takes_its_place_and_its_marks_with_it(
    world: World, dialog: Dialog, messages: list[Message]
) -> None:
    mark_dialog(dialog, READER, read=True, delivered=False)
    mark_messages(messages[:1], OTHER, read=True, delivered=True)
    later = world.add_message(dialog, SENDER, "later")
    world.delete_message(messages[1])
    assert [message.readers() for message in (messages[0], messages[2], later)] == [
        [SENDER, OTHER, READER],
        [SENDER, READER],
        [SENDER],
    ]
    assert (dialog.unread_count(READER), dialog.unread_count(OTHER)) == (1, 2)
    mark_dialog(dialog, READER, read=True, delivered=False)
    assert later.readers() == [SENDER, READER]
    assert messages[1].id not in world.messages


def test_the_last_message_follows_a_deletion(world: World, dialog: Dialog, messages: list[Message]) -> None:
    world.delete_message(messages[2])
    assert dialog.document(READER)["last_message_id"] == messages[1].id
    for message in messages[:2]:
        world.delete_message(message)
    assert dialog.document(READER)["last_message"] is None


def test_a_deleted_dialog_leaves_nothing(world: World, dialog: Dialog, messages: list[Message]) -> None:
    assert world.unread_total(READER) == len(messages)
    world.delete_dialog(dialog)
    assert (world.dialogs, world.messages, world.dialogs_of(READER), world.unread_total(READER)) == ({}, {}, [], 0)


def test_what_is_hidden_from_a_user_counts_for_everybody_else(
    world: World, dialog: Dialog, messages: list[Message]
) -> None:
    messages[0].hidden_from |= {READER}
    assert (dialog.unread_count(READER), dialog.unread_count(OTHER)) == (2, 3)
    dialog.hidden_from |= {READER}
    assert (world.dialogs_of(READER), world.unread_total(READER), world.dialogs_of(OTHER)) == ([], 0, [dialog])
