from sandbox.seeds import WorldSeed, plant
from sandbox.users import Users
from sandbox.world import World

DIALOG, MESSAGE = "d" * 24, "a" * 24


def seed(**message: object) -> WorldSeed:
    return WorldSeed.model_validate(
        {
            "users": [7],
            "dialogs": [{"_id": DIALOG, "type": 2, "occupants_ids": [7, 8]}],
            "messages": [{"_id": MESSAGE, "chat_dialog_id": DIALOG, "sender_id": 7, "message": "hi"} | message],
        }
    )


def test_a_seed_grows_into_users_dialogs_and_messages() -> None:
    world, users = World(), Users()
    assert plant(seed(date_sent=5), world, users) == {}
    assert users.knows(7)
    assert world.dialogs[DIALOG].user_id == 7
    assert world.messages[MESSAGE].document()["date_sent"] == 5


def test_an_unknown_dialog_is_named_and_nothing_is_added() -> None:
    world, users = World(), Users()
    complaints = plant(seed(chat_dialog_id="e" * 24), world, users)
    assert list(complaints) == ["messages.0.chat_dialog_id"]
    assert not world.dialogs
    assert not users.knows(7)


def test_ids_that_are_taken_are_named() -> None:
    world, users = World(), Users()
    plant(seed(), world, users)
    assert list(plant(seed(), world, users)) == ["dialogs.0._id", "messages.0._id"]
    assert len(world.dialogs[DIALOG].messages) == 1


def test_ids_that_come_twice_in_one_seed_are_named() -> None:
    twice = seed()
    twice.messages.append(twice.messages[0])
    assert list(plant(twice, World(), Users())) == ["messages.1._id"]
