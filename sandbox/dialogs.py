"""The calls on dialogs."""

from sandbox.answers import Answer, json_answer
from sandbox.asked import Asked
from sandbox.bodies import count, user_ids
from sandbox.deleting import Deletion, Fate
from sandbox.errors import invalid
from sandbox.records import GROUP, PRIVATE, PUBLIC, Dialog
from sandbox.world import World

PAGE = 100
TYPES = {str(kind): kind for kind in (PUBLIC, GROUP, PRIVATE)}


class DialogCalls:
    """`/chat/Dialog…`."""

    def __init__(self, world: World) -> None:
        self._world = world

    def create(self, asked: Asked) -> Answer:
        """`POST /chat/Dialog.json` → 201 and the dialog; its creator is an occupant."""
        kind = TYPES.get(str(asked.fields.get("type")))
        if kind is None:
            raise invalid("type", "must be 1, 2 or 3")
        others = user_ids(asked.fields.get("occupants_ids"), "occupants_ids")
        if kind == PRIVATE and sum(one != asked.user_id for one in others) != 1:
            raise invalid("occupants_ids", "must name one other user")
        dialog = self._world.add_dialog(
            kind, [asked.user_id, *others], user_id=asked.user_id, name=_name(asked), dialog_id=None
        )
        return json_answer(dialog.document(asked.user_id), 201)

    def show(self, asked: Asked) -> Answer:
        """`GET /chat/Dialog/{id}.json` → the dialog."""
        return json_answer(asked.dialog(self._world, asked.ids, "_id").document(asked.user_id))

    def update(self, asked: Asked) -> Answer:
        """`PUT /chat/Dialog/{id}.json` → the dialog: its name, and users let in or out of a group [A].

        Any occupant may [C]; photo and custom data are not imitated.
        """
        dialog = asked.dialog(self._world, asked.ids, "_id")
        if not asked.fields:
            raise invalid("base", "nothing to change")  # what the real one says is not known [?]
        added, removed = _occupants(asked, "push_all"), _occupants(asked, "pull_all")
        if (added or removed) and dialog.type != GROUP:
            raise invalid("occupants_ids", "can be changed in a group dialog alone")
        name = _name(asked)
        if name is not None and dialog.type == PRIVATE:
            raise invalid("name", "is the other user's in a private dialog")
        if name is not None:
            dialog.name = name
        self._world.change_occupants(dialog, added, removed)
        return json_answer(dialog.document(asked.user_id))

    def delete(self, asked: Asked) -> Answer:
        """`DELETE /chat/Dialog/{ids}.json`: for the caller alone, or by its owner with `force=1` for everyone [A]."""
        deletion, for_everyone = Deletion(), asked.for_everyone
        for one in asked.several_ids():
            deletion.note(one, self._delete_one(asked, self._world.dialogs.get(one), for_everyone=for_everyone))
        return deletion.answer()

    def _delete_one(self, asked: Asked, dialog: Dialog | None, *, for_everyone: bool) -> Fate:
        if dialog is None or asked.user_id in dialog.hidden_from:
            return Fate.NOT_FOUND
        if not dialog.admits(asked.user_id) or (for_everyone and asked.user_id != dialog.user_id):
            return Fate.WRONG_PERMISSIONS
        if for_everyone:
            self._world.delete_dialog(dialog)
        else:
            dialog.hidden_from |= {asked.user_id}
        return Fate.DELETED

    def page(self, asked: Asked) -> Answer:
        """`GET /chat/Dialog.json`: the caller's group and private dialogs, the latest message first [?]."""
        dialogs = self._world.dialogs_of(asked.user_id)
        skip, limit = count(asked.query, "skip", 0, 2**31), count(asked.query, "limit", PAGE, PAGE)
        items = [dialog.document(asked.user_id) for dialog in dialogs[skip : skip + limit]]
        return json_answer({"total_entries": len(dialogs), "skip": skip, "limit": limit, "items": items})


def _name(asked: Asked) -> str | None:
    name = asked.fields.get("name")
    if name is not None and not isinstance(name, str):
        raise invalid("name", "must be a text")
    return name


def _occupants(asked: Asked, change: str) -> list[int]:
    named = asked.fields.get(change)
    if named is None:
        return []
    if not isinstance(named, dict):
        raise invalid(change, "must hold occupants_ids")
    return user_ids(named.get("occupants_ids"), "occupants_ids")
