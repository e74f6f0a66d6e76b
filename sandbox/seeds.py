"""Filling the world in bulk: tens of thousands of messages in one call, all or nothing."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from sandbox.faults import ObjectId
from sandbox.records import Dialog
from sandbox.users import Users
from sandbox.world import World

UserId = Annotated[int, Field(ge=1, lt=2**63)]
Complaints = dict[str, list[str]]


class _Seed(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class DialogSeed(_Seed):
    """A dialog; user_id, its creator, is the first occupant unless given."""

    id: Annotated[ObjectId, Field(alias="_id")]
    type: Annotated[int, Field(ge=1, le=3)]
    occupants_ids: Annotated[list[UserId], Field(min_length=1)]
    name: str | None = None
    user_id: UserId | None = None


class MessageSeed(_Seed):
    """A message; date_sent is a unix second, now unless given."""

    id: Annotated[ObjectId, Field(alias="_id")]
    chat_dialog_id: ObjectId
    sender_id: UserId
    message: str
    date_sent: Annotated[int, Field(ge=0)] | None = None


class LoginSeed(_Seed):
    """A user who can log in with `POST /session.json`; the login may be an e-mail address."""

    user_id: UserId
    login: Annotated[str, Field(min_length=1)]
    password: str


class WorldSeed(_Seed):
    """The body of `POST /_sandbox/world`; every part may be left out."""

    users: list[UserId] = []
    logins: list[LoginSeed] = []
    dialogs: list[DialogSeed] = []
    messages: list[MessageSeed] = []


def plant(seed: WorldSeed, world: World, users: Users) -> Complaints:
    """Add everything to the world, or nothing.

    Returns:
        The complaints by field: ids that are taken, dialogs that do not exist; empty when everything was added.
    """
    complaints = _complaints(seed, world)
    if not complaints:
        for user in seed.users:
            users.add(user)
        for login in seed.logins:
            users.let_in(login.user_id, login.login, login.password)
        for dialog in seed.dialogs:
            _plant_dialog(dialog, world)
        for message in seed.messages:
            _plant_message(message, world)
    return complaints


def _plant_dialog(seed: DialogSeed, world: World) -> Dialog:
    creator = seed.occupants_ids[0] if seed.user_id is None else seed.user_id
    return world.add_dialog(seed.type, seed.occupants_ids, user_id=creator, name=seed.name, dialog_id=seed.id)


def _plant_message(seed: MessageSeed, world: World) -> None:
    dialog = world.dialogs[seed.chat_dialog_id]
    world.add_message(dialog, seed.sender_id, seed.message, date_sent=seed.date_sent, message_id=seed.id)


def _complaints(seed: WorldSeed, world: World) -> Complaints:
    dialog_ids = [dialog.id for dialog in seed.dialogs]
    known = world.dialogs.keys() | set(dialog_ids)
    complaints = _taken("dialogs", dialog_ids, world.dialogs)
    complaints |= _taken("messages", [message.id for message in seed.messages], world.messages)
    for place, message in enumerate(seed.messages):
        if message.chat_dialog_id not in known:
            complaints[f"messages.{place}.chat_dialog_id"] = [f"{message.chat_dialog_id} is unknown"]
    return complaints


def _taken(part: str, ids: Iterable[str], existing: Iterable[str]) -> Complaints:
    seen = set(existing)
    complaints: Complaints = {}
    for place, one in enumerate(ids):
        if one in seen:
            complaints[f"{part}.{place}._id"] = [f"{one} is taken"]
        seen.add(one)
    return complaints
